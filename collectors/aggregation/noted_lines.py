"""What is still to be noted of records that were counted: digests are made when somebody asks for them.

Most logs are read far beyond the number of records that are told apart. Of these only a sample is kept, so that
most lines that the compiled helper counted need never be read in Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Protocol

from msgspec import Struct

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.formats.interface import Parsed, Row

_SHORT = 600
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


class Texts(Protocol):
    """The records of some lines as they were read."""

    @property
    def size(self) -> int:
        """Bytes that are held."""
        ...

    def whole(self) -> bytes:
        """Return all of them."""
        ...

    def some(self, places: Sequence[int]) -> bytes:
        """Return those at some places, which are in order."""
        ...


class LineTexts(Struct, frozen=True):
    """Records, each on lines of its own."""

    data: bytes
    number: int
    cut: Callable[[bytes], list[bytes]] | None = None
    """Takes the data apart into records without their newlines; None: each line is one."""

    @property
    def size(self) -> int:
        """Bytes that are held."""
        return len(self.data)

    def whole(self) -> bytes:
        """Return all of them."""
        return self.data

    def some(self, places: Sequence[int]) -> bytes:
        """Return those at some places, which are in order."""
        if self.cut is None and len(self.data) > self.number * _SHORT:
            return _only(self.data, places)
        records = self.data.split(b"\n") if self.cut is None else self.cut(self.data)
        return b"".join([records[place] + b"\n" for place in places])


def _only(data: bytes, lines: Iterable[int]) -> bytes:
    """Return some lines, which are in order: most are passed by, and not copied."""
    find, texts, at, here = data.find, [], 0, 0
    for line in lines:
        for _ in range(line - here):
            at = find(b"\n", at) + 1
        end = find(b"\n", at) + 1
        texts.append(data[at:end])
        at, here = end, line + 1
    return b"".join(texts)


class NotedLines(Struct, frozen=True):
    """Records, each on lines of its own, counted without a row of it."""

    texts: Texts
    lines: int
    """The number of records."""
    others: Mapping[int, Result]
    """The results of those that did not count by themselves, by the lines on which they begin."""
    refused: Sequence[int]
    """The indices of those among them that are not to be noted, in order."""
    read: Callable[[bytes], Parsed]
    noted: Callable[[Parsed, Mapping[int, Result]], NotedRows]
    """Makes what is noted of rows, given the results of some."""

    @property
    def number(self) -> int:
        """The number of digests."""
        return self.lines - len(self.refused)

    @property
    def size(self) -> int:
        """Bytes of records that are held."""
        return self.texts.size

    def some(self, places: Sequence[int]) -> list[int]:
        """Return the digests at some places, which are in order."""
        if not places:
            return []
        gone = frozenset(self.refused)
        kept = [line for line in range(self.lines) if line not in gone] if gone else range(self.lines)
        parsed = self.read(self.texts.some([kept[place] for place in places]))
        return self.noted(parsed, {}).digests

    def rows(self) -> NotedRows:
        """Return what is noted of all of them."""
        parsed = self.read(self.texts.whole())
        lines = range(len(parsed.rows)) if parsed.lines is None else parsed.lines
        others = {row: self.others[line] for row, line in enumerate(lines) if line in self.others}
        return self.noted(parsed, others)


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
