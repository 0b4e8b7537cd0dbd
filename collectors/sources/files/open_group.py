"""Finds the group of records, such as the events of a message, in the middle of which a log was rotated."""

from __future__ import annotations

from isal.isal_zlib import crc32

from leverwatch.collectors.content.reader import FileReader, Moved
from leverwatch.collectors.paths import live_path, look
from leverwatch.collectors.records.decoder import GroupFraming
from leverwatch.collectors.sources.files.checkpoint import FileCheckpoint
from leverwatch.collectors.sources.files.checkpoint_set import CheckpointSet
from leverwatch.collectors.sources.files.matching import resume

_MOST = 1 << 20
"""The longest group that is read once more, in bytes."""


def group_before(checkpoints: CheckpointSet, state: FileCheckpoint, mtime_ns: int, framing: GroupFraming) -> bytes:
    """Return the records without an end that a log had before this file followed it, which was written at
    `mtime_ns`; empty when there are none, or they are not to be found."""
    group, seen, until = b"", {state.id}, mtime_ns
    while (before := _file_before(checkpoints, state, seen, until)) is not None:
        seen.add(before.id)
        rest = _rest(before)
        if not rest and before.blank:
            continue  # its file was emptied before anything of it was counted: that is in a copy
        if not rest or len(group) + len(rest) > _MOST:
            return b""
        group = rest + b"\n" * (not rest.endswith(b"\n")) + group
        if before.offset or not framing.goes_on(rest):
            return group
        until = _written(before)  # all of that file is the middle of the group
    return b""


def _file_before(
    checkpoints: CheckpointSet, state: FileCheckpoint, seen: set[str], until: int
) -> FileCheckpoint | None:
    """Return the newest of the files that a log had before."""
    log = live_path(state.origin)
    others = (
        other
        for other in checkpoints.states.values()
        if not other.gone
        and other.id not in seen
        and _written(other) <= until
        and (other.origin == state.origin or live_path(other.origin) == log)
    )
    return max(others, key=_written, default=None)


def _written(state: FileCheckpoint) -> int:
    """When a content was written last, in nanoseconds since the epoch. Not all that compress keep the time."""
    return state.live_mtime_ns if state.compressed and state.live_mtime_ns else state.mtime_ns


def _rest(state: FileCheckpoint) -> bytes:
    """Return the records at the end of a file that are not consumed."""
    if not 0 < state.rest_length <= _MOST:
        return b""
    try:
        found = look(state.path)
        if found is None or found.key != state.key:
            return b""
        with FileReader(found) as content:
            resumed = resume(content, state)
            if resumed is None:
                return b""
            rest = resumed.rest or content.read_exactly(state.rest_length)
    except (Moved, OSError):
        return b""
    return rest if crc32(rest, resumed.prefix.crc) == state.rest_crc else b""
