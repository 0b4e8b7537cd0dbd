"""Decides when the content of a file is final although its last record has no end. Pure."""

from __future__ import annotations

from msgspec import Struct

from leverwatch.collectors.paths import Found
from leverwatch.collectors.sources.files.checkpoint import FileCheckpoint

NS = 1e-9
"""Seconds in a nanosecond."""


class Quiet(Struct, frozen=True):
    """Decides when a file is no longer written to."""

    now: float
    """Seconds since the epoch."""
    after: float
    """Seconds without a change after which a file is final."""

    def since(self, mtime_ns: int, changed: float) -> bool:
        """Whether the file is unchanged for long enough, by its mtime or by when the agent saw it change.

        The earlier of the two decides, so that an mtime in the future does not delay a line for ever.
        """
        return self.now - min(mtime_ns * NS, changed) >= self.after


def is_final(state: FileCheckpoint, found: Found) -> bool:
    """Whether the file was rotated: it is not at its first path, or it is outside the glob."""
    return found.path != state.origin or bool(found.origin) or found.archive


def is_due(state: FileCheckpoint, found: Found, quiet: Quiet, wants_header: bool) -> bool:
    """Whether there is something to count in a file that did not change since the last visit."""
    still = quiet.since(found.mtime_ns, state.changed)
    if state.incomplete:
        return still and not state.torn
    if not state.rest_length or state.rest_counted or (wants_header and state.header is None):
        return False
    return still or is_final(state, found)
