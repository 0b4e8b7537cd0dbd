"""Decides by checksums whether a file has the content of a known checkpoint. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

from isal.isal_zlib import crc32

from leverwatch.collectors.sources.files.checkpoint import FileCheckpoint


class Relation(Enum):
    """How the content of a file relates to a checkpoint."""

    DIFFERENT = auto()
    CONTINUES = auto()
    """The file begins with everything that was consumed."""
    SHORTER = auto()
    """The file is shorter than that, and is a beginning of it."""


def could_match(state: FileCheckpoint, head: bytes, complete: bool) -> bool:
    """Compare the start of a file (all of it when `complete`) quickly: False means DIFFERENT for certain."""
    length, crc = state.marks[0] if state.marks else (state.span, state.span_crc)
    if not length:
        return False
    if length > len(head):
        return not complete
    if crc32(head[:length]) != crc:
        return False
    # The first lines of many small files are the same, such as a lone brace: the longest mark in sight decides.
    longest = max((mark for mark in state.marks if mark[0] <= len(head)), default=(length, crc))
    return bool(crc32(head[: longest[0]]) == longest[1])


def lengths_to_measure(state: FileCheckpoint) -> set[int]:
    """Return the lengths, in bytes, at which `relation` needs checksums."""
    return {state.span, *(length for length, _ in state.marks)}


def relation(
    state: FileCheckpoint, crcs: Mapping[int, int], total: int | None, last_line_end: int, end: int | None = None
) -> Relation:
    """Compare a file with a checkpoint.

    `crcs` are checksums of the file's start at the lengths that it reaches; `total` is its length, or None when it
    is longer than all of these; `last_line_end` is the end of its last complete record, as far as it was read.
    `end` is where its last element ends, when another version may go on there; None: its length.
    """
    if total is None or total >= state.span:
        return Relation.CONTINUES if crcs[state.span] == state.span_crc else Relation.DIFFERENT
    end = total if end is None else min(total, end)
    reached = [mark for mark in state.marks if mark[0] <= end]
    if not reached or any(crcs[length] != crc for length, crc in reached):
        return Relation.DIFFERENT
    covered = reached[-1][0]
    if state.header is not None and covered <= len(state.header) + len(b"\r\n"):
        return Relation.DIFFERENT  # a header is the same in every file
    # The part after the last mark is unchecked: it may be half the file at most, or an incomplete line.
    return Relation.SHORTER if 2 * covered >= end or last_line_end <= covered else Relation.DIFFERENT
