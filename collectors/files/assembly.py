"""Puts together what counts the records of one source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from collectors.files.config import FilesConfig
from collectors.files.decoder import build_format
from collectors.files.dedupe import SeenIds
from collectors.files.fields import parse_template, system_lookup
from collectors.files.formats.interface import Format, known_fields
from collectors.files.rollup import Rollup

CALLS = "calls/"
"""State keys of streamed calls and traces."""
_CALLS_SECONDS = 3600.0
"""Span within which a streamed call has all its parts, at the least."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What reads, remembers and adds up."""

    format: Format
    seen: SeenIds | None
    """Request ids; None when duplicates count."""
    calls: SeenIds
    rollup: Rollup


def assemble(config: FilesConfig, now: Callable[[], datetime]) -> Parts:
    """The parts of a configured source, with nothing counted yet."""
    template = parse_template(config.system)
    made = build_format(config.format, template.paths)
    window = config.dedupe_window.total_seconds()
    seen = SeenIds(window) if window > 0 else None
    calls = SeenIds(max(window, _CALLS_SECONDS), CALLS)
    rollup = Rollup(
        system_lookup(template),
        ZoneInfo(config.timezone),
        now,
        config.future_tolerance,
        seen,
        calls,
        made.has_rare,
        known_fields(made),
    )
    return Parts(made, seen, calls, rollup)
