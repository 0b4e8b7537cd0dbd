"""Every framing by its name in the configuration."""

from __future__ import annotations

from collections.abc import Mapping

from collectors.records.formats.interface import Framing
from collectors.records.framing.frames import FRAMES
from collectors.records.framing.lines import LINES
from collectors.records.framing.partial import Cri, Docker, Wrapping
from collectors.records.framing.values import VALUES

FRAMINGS: Mapping[str, Framing] = {"lines": LINES, "json": VALUES, "length-prefixed": FRAMES}
"""What `framing` can be."""

CONTAINERS: Mapping[str, Wrapping] = {"docker": Docker(), "cri": Cri()}
"""Wrappers that decide where a record ends, so that nothing can be around them."""
