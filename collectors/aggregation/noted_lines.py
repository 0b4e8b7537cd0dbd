"""What is still to be noted of records that were counted: digests are made when somebody asks for them.

Most logs are read far beyond the number of records that are told apart. Of these only a sample is kept, so that
most lines that the compiled helper counted need never be read in Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate

from msgspec import Struct

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.formats.interface import Parsed, Row

_SHORT = 1_000
"""Bytes of a line that is copied sooner than it is passed by."""


class NotedRows(Struct, frozen=True):
    """Rows that were counted."""

    digests: list[int]
    """Those of all that are to be noted, in their order."""
    counted: list[tuple[int, Row]]
    """The last ones that counted by themselves, each with the number of digests before it."""

    @property
    def number(self) -> int:
        """The number of digests."""
        return len(self.digests)

    @property
    def size(self) -> int:
        """Bytes of records that are held."""
        return 0

    def some(self, places: Sequence[int]) -> list[int]:
        """Return the digests at some places."""
        return [self.digests[place] for place in places]

    def rows(self) -> NotedRows:
        """Return the same."""
        return self


class NotedLines(Struct, frozen=True):
    """Records, each on lines of its own, counted without a row of it."""

    data: bytes
    lines: int
    """The number of records."""
    others: Mapping[int, Result]
    """The results of those that did not count by themselves, by the lines on which they begin."""
    refused: Sequence[int]
    """The indices of those among them that are not to be noted, in order."""
    read: Callable[[bytes], Parsed]
    cut: Callable[[bytes], list[bytes]] | None
    """Takes the data apart into records without their newlines; None: each line is one."""
    noted: Callable[[Parsed, Mapping[int, Result]], NotedRows]
    """Makes what is noted of rows, given the results of some."""

    @property
    def number(self) -> int:
        """The number of digests."""
        return self.lines - len(self.refused)

    @property
    def size(self) -> int:
        """Bytes of records that are held."""
        return len(self.data)

    def some(self, places: Sequence[int]) -> list[int]:
        """Return the digests at some places, which are in order."""
        if not places:
            return []
        gone = frozenset(self.refused)
        kept = [line for line in range(self.lines) if line not in gone] if gone else range(self.lines)
        at = [kept[place] for place in places]
        parsed = self.read(_only(self.data, at) if self.cut is None else self._rows(self.cut, at))
        return self.noted(parsed, {}).digests

    def _rows(self, cut: Callable[[bytes], list[bytes]], at: Iterable[int]) -> bytes:
        records = cut(self.data)
        return b"".join([records[number] + b"\n" for number in at])

    def rows(self) -> NotedRows:
        """Return what is noted of all of them."""
        parsed = self.read(self.data)
        lines = range(len(parsed.rows)) if parsed.lines is None else parsed.lines
        others = {row: self.others[line] for row, line in enumerate(lines) if line in self.others}
        return self.noted(parsed, others)


def _only(data: bytes, lines: Iterable[int]) -> bytes:
    """Return some lines, which are in order: most of those that are not short are passed by, and not copied."""
    if len(data) < _SHORT * data.count(b"\n"):
        records = data.split(b"\n")
        return b"".join([records[line] + b"\n" for line in lines])
    find, texts, at, here = data.find, [], 0, 0
    for line in lines:
        for _ in range(line - here):
            at = find(b"\n", at) + 1
        end = find(b"\n", at) + 1
        texts.append(data[at:end])
        at, here = end, line + 1
    return b"".join(texts)


Noted = NotedRows | NotedLines


def sample_of(entries: Sequence[Noted], most: int) -> list[int]:
    """Return as many digests of all entries, at equal distances."""
    total = sum(entry.number for entry in entries)
    wanted = [place * total // most for place in range(most)] if total > most else list(range(total))
    found: list[int] = []
    at = 0
    for entry, end in zip(entries, accumulate(entry.number for entry in entries), strict=True):
        start = end - entry.number
        behind = at
        while behind < len(wanted) and wanted[behind] < end:
            behind += 1
        found += entry.some([place - start for place in wanted[at:behind]])
        at = behind
    return found


def in_order(
    first: Iterable[tuple[int, int, list[Noted]]], lines: int, plain: Callable[[int, int], Noted]
) -> list[Noted]:
    """Return what is noted of `lines` lines: of stretches of them, which come with their entries, and of what lies
    between these, of which `plain` makes an entry."""
    found: list[Noted] = []
    at = 0
    for start, end, entries in first:
        if start > at:
            found.append(plain(at, start))
        found += entries
        at = end
    if lines > at:
        found.append(plain(at, lines))
    return found
