"""Finds where in a chunk the records are that could not be read, so that they can be read again. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

from msgspec import Struct

from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.interface import MALFORMED, Result
from leverwatch.collectors.records.decoder import GroupFraming
from leverwatch.collectors.records.formats.interface import Framing, Units, split_lines
from leverwatch.collectors.records.framing.values import ValueFraming

REFUSED = MALFORMED - {Result.TORN_LINE} | {Result.UNATTRIBUTED}
"""The results of records that may count once the settings are others; a part of a line is none of them."""
_NEWLINE = re.compile(rb"\n")
_Other = tuple[int, Result, str]


class Place(Struct, frozen=True):
    """Neighbouring records that were refused."""

    start: int
    end: int
    """Where they are in the chunk, in bytes."""
    line: int
    """The index of the first line."""
    records: int
    future: bool = False
    """Whether at least one of them is only refused until its time has come."""


class Refusals(Struct, frozen=True):
    """The records of one chunk that were refused."""

    lines: Lines
    others: Sequence[_Other]
    """Index of the line, result and detail of each of them."""
    mixed: Collection[int]
    """Indices of lines that also have records which were not refused."""
    counted: bool
    """Whether the chunk has records that were not refused."""

    def places(self, framing: Framing) -> list[Place]:
        """Return where they are, ascending; without those that cannot be told from records that count."""
        data = bytes(self.lines.data)
        numbers = Counter(index for index, _, _ in self.others if index not in self.mixed)
        future = {index for index, result, _ in self.others if result is Result.FUTURE}
        records = _records(framing, data, numbers)
        if records is not None:
            return list(_joined(records, numbers, future, len(data)))
        if self.counted or self.mixed or not numbers:
            return []
        return [Place(0, len(data), 0, numbers.total(), bool(future))]


def mixed(lines: Sequence[int] | None, refused: Iterable[_Other], rows: Iterable[_Other]) -> frozenset[int]:
    """Return the lines that have both refused and other records.

    `lines` has the line of each row before any was left out, None when each line is one record. `refused` are the
    lines that gave no row, `rows` the rows that did not count, by their lines.
    """
    if lines is None:
        return frozenset()
    others = Counter(index for index, result, _ in rows if result in REFUSED)
    numbers = Counter(lines)
    concerned = {index for index, _, _ in refused} | others.keys()
    return frozenset(index for index in concerned if numbers[index] > others[index])


def _records(framing: Framing, data: bytes, lines: Collection[int]) -> list[tuple[int, int]] | None:
    """Return start and line of each record, ascending; None when they cannot be told from each other."""
    if framing.by_newline:
        return _by_line(data)
    if isinstance(framing, GroupFraming) and framing.has_groups(data):
        return None  # a part of a group says something else than the whole
    units = framing.split(data)
    if units.lines is not None and units.starts is not None:
        return _by_value(data, units, lines)
    plain = isinstance(framing, GroupFraming | ValueFraming) and units.lines is None
    single = len(units.units) + units.ignored + len(units.refused) == len(split_lines(data))
    return _by_line(data) if plain or (single and framing.count(data) == data.count(b"\n")) else None


def _by_line(data: bytes) -> list[tuple[int, int]]:
    starts = [0, *(match.end() for match in _NEWLINE.finditer(data))]
    if starts[-1] == len(data):
        starts.pop()
    return [(start, line) for line, start in enumerate(starts)]


def _by_value(data: bytes, units: Units, lines: Collection[int]) -> list[tuple[int, int]]:
    """A value begins where it begins; what is no value, with the line that it is on."""
    found = list(zip(units.starts or (), units.lines or (), strict=True))
    rest = set(lines) - set(units.lines or ())
    if rest:
        found += [(start, line) for start, line in _by_line(data) if line in rest]
    return sorted(found)


def _joined(
    records: Sequence[tuple[int, int]], numbers: Counter[int], future: Collection[int], end: int
) -> Iterator[Place]:
    """Yield the stretches of neighbouring refused records: what lies between two records belongs to the first."""
    first: int | None = None
    for at in range(len(records) + 1):
        refused = at < len(records) and records[at][1] in numbers
        if refused and first is None:
            first = at
        elif not refused and first is not None:
            lines = {line for _, line in records[first:at]}
            yield Place(
                records[first][0] if first else 0,
                records[at][0] if at < len(records) else end,
                records[first][1],
                sum(numbers[line] for line in lines),
                not lines.isdisjoint(future),
            )
            first = None
