"""Finds the checkpoints that may belong to a file without comparing each of them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable
from typing import TypeVar

from isal.isal_zlib import crc32

from leverwatch.collectors.sources.files.checkpoint import FileCheckpoint

_Key = TypeVar("_Key")
_SMALLEST = 64
"""From this length on there is a mark at every power of two."""


class FingerprintIndex:
    """Ids of checkpoints by checksums of their starts, and by device and inode of their file."""

    def __init__(self, states: Iterable[FileCheckpoint]) -> None:
        self._spans: dict[int, dict[int, set[str]]] = {}
        """Ids by length and checksum of the span that identifies the content."""
        self._lengths: list[int] = []
        """The lengths of these spans, ascending."""
        self._powers: dict[tuple[int, int], set[str]] = defaultdict(set)
        """Ids by the marks at powers of two."""
        self._short: set[str] = set()
        """Ids with marks before the first power of two."""
        self._open: set[str] = set()
        """Ids with a rest that extends over a power of two, where it has no mark."""
        self._keys: dict[tuple[int, int], set[str]] = defaultdict(set)
        for state in states:
            self.replace(None, state)

    def replace(self, old: FileCheckpoint | None, new: FileCheckpoint | None) -> None:
        """Update the index for a checkpoint that changed, is new (`old` is None) or was removed (`new` is
        None)."""
        if old is not None and new is not None and _facts(old) == _facts(new):
            return
        # A file that grows keeps its marks, of which there are dozens, with nearly every chunk that is read.
        if old is None or new is None or (old.id, old.marks) != (new.id, new.marks):
            before, after = _powers(old), _powers(new)
            for mark, id_ in before - after:
                _discard(self._powers, mark, id_)
            for mark, id_ in after - before:
                self._powers[mark].add(id_)
        if old is not None:
            spans = self._spans[old.span]
            _discard(spans, old.span_crc, old.id)
            if not spans:
                del self._spans[old.span]
                del self._lengths[bisect_left(self._lengths, old.span)]
            _discard(self._keys, old.key, old.id)
            self._short.discard(old.id)
            self._open.discard(old.id)
        if new is not None:
            if new.span not in self._spans:
                self._spans[new.span] = {}
                insort(self._lengths, new.span)
            self._spans[new.span].setdefault(new.span_crc, set()).add(new.id)
            self._keys[new.key].add(new.id)
            if new.marks and new.marks[0][0] < _SMALLEST:
                self._short.add(new.id)
            if new.marks and new.span.bit_length() > new.offset.bit_length():
                self._open.add(new.id)

    def at(self, key: tuple[int, int]) -> frozenset[str]:
        """Return the ids of checkpoints last seen in the file with this device and inode."""
        return frozenset(self._keys.get(key, ()))

    def candidates(self, head: bytes, complete: bool) -> set[str]:
        """Return the ids of checkpoints that a file may continue, or be a beginning of.

        `head` is the start of the file; all of it when `complete`.
        """
        found: set[str] = set()
        at = crc = 0
        reached = bisect_right(self._lengths, len(head))
        for span in self._lengths[:reached]:
            crc, at = crc32(head[at:span], crc), span
            if crc in self._spans[span]:
                found |= self._spans[span][crc]
        if not complete:
            # A checkpoint longer than `head` and without marks can only be compared when the whole file is read.
            found.update(*(ids for span in self._lengths[reached:] for ids in self._spans[span].values()))
        if len(head) < _SMALLEST:
            return found | self._short
        found |= self._open
        power = 1 << (len(head).bit_length() - 1)
        return found | self._powers.get((power, crc32(head[:power])), set())


def _facts(state: FileCheckpoint) -> tuple[object, ...]:
    return (state.key, state.offset, state.span, state.span_crc, state.marks)


def _powers(state: FileCheckpoint | None) -> set[tuple[tuple[int, int], str]]:
    """Return the marks at powers of two, each with the id of the file."""
    if state is None:
        return set()
    return {(mark, state.id) for mark in state.marks if mark[0] >= _SMALLEST and mark[0].bit_count() == 1}


def _discard(index: dict[_Key, set[str]], key: _Key, value: str) -> None:
    index[key].discard(value)
    if not index[key]:
        del index[key]
