"""When what a file holds is final, although its last record has no end. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from leverwatch.collectors.paths import Found
from leverwatch.collectors.sources.files.checkpoint import FileCheckpoint

NS = 1e-9
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """When a file counts as finished."""

    now: float
    """Seconds since the epoch."""
    after: float
    """Seconds."""

    def since(self, mtime_ns: int, changed: float) -> bool:
        """Whether neither the file's clock nor ours saw a change for long enough.

        The earlier of the two decides, so that an mtime in the future does not hold a line back for ever.
        """
        return self.now - min(mtime_ns * NS, changed) >= self.after


def is_final(state: FileCheckpoint, found: Found) -> bool:
    """Whether the file was rotated away: it lies elsewhere than at first, or outside the glob."""
    return found.path != state.origin or bool(found.origin) or found.archive


def is_due(state: FileCheckpoint, found: Found, quiet: Quiet, wants_header: bool) -> bool:
    """Whether there is something to count in a file that did not change since the last visit."""
    still = quiet.since(found.mtime_ns, state.changed)
    if state.incomplete:
        return still and not state.torn
    if not state.rest_length or state.rest_counted or (wants_header and state.header is None):
        return False
    return still or is_final(state, found)
