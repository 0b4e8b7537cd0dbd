"""Every framing by its name in the configuration."""

from __future__ import annotations

from collections.abc import Mapping

from collectors.files.formats.interface import Framing
from collectors.files.framing.frames import FRAMES
from collectors.files.framing.lines import LINES
from collectors.files.framing.partial import Cri, Docker, Wrapping
from collectors.files.framing.values import VALUES

FRAMINGS: Mapping[str, Framing] = {"lines": LINES, "json": VALUES, "length-prefixed": FRAMES}
"""What `framing` can be."""

CONTAINERS: Mapping[str, Wrapping] = {"docker": Docker(), "cri": Cri()}
"""Wrappers that decide where a record ends, so that nothing can be around them."""
