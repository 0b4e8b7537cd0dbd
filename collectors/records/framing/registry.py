"""Every framing by its name in the configuration."""

from __future__ import annotations

from collections.abc import Mapping

from leverwatch.collectors.records.formats.interface import Framing
from leverwatch.collectors.records.framing.frames import FRAMES
from leverwatch.collectors.records.framing.lines import LINES
from leverwatch.collectors.records.framing.partial import Cri, Docker, Wrapping
from leverwatch.collectors.records.framing.values import VALUES

FRAMINGS: Mapping[str, Framing] = {"lines": LINES, "json": VALUES, "length-prefixed": FRAMES}
"""What `framing` can be."""

CONTAINERS: Mapping[str, Wrapping] = {"docker": Docker(), "cri": Cri()}
"""Wrappers that decide where a record ends, so that nothing can be around them."""
