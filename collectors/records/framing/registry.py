"""The table of framings, by their names in the configuration."""

from __future__ import annotations

from collections.abc import Mapping

from leverwatch.collectors.records.formats.interface import Framing
from leverwatch.collectors.records.framing.frames import FRAMES
from leverwatch.collectors.records.framing.journal import Journal
from leverwatch.collectors.records.framing.lines import LINES
from leverwatch.collectors.records.framing.partial import Cri, Docker, Wrapping
from leverwatch.collectors.records.framing.values import VALUES

FRAMINGS: Mapping[str, Framing] = {"lines": LINES, "json": VALUES, "length-prefixed": FRAMES}
"""The values that `framing` can have."""

CONTAINERS: Mapping[str, Wrapping] = {"docker": Docker(), "cri": Cri(), "journald": Journal()}
"""Wrappers that also determine where a record ends, and so have to be the outermost ones."""
