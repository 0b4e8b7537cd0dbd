"""Finds where in a chunk the records are that could not be read, so that they can be read again. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.interface import MALFORMED, Result
from leverwatch.collectors.records.decoder import GroupFraming
from leverwatch.collectors.records.formats.interface import Framing, Parsed, Units, split_lines
from leverwatch.collectors.records.framing.values import ValueFraming

REFUSED = MALFORMED - {Result.TORN_LINE} | {Result.UNATTRIBUTED}
"""The results of records that may count once the settings are others; a part of a line is none of them."""
_NEWLINE = re.compile(rb"\n")
_Other = tuple[int, Result, str]
_ALL = object()


class Settled(Struct, frozen=True):
    """Which records of a line that has refused ones were not refused."""

    records: int
    """The number of records of the line."""
    done: tuple[int, ...]
    """The indices of those that were not refused, ascending."""

    def left_of(self, parsed: Parsed) -> Parsed:
        """Return only the refused records of the line, which is read again; one refusal when it has other records
        than before, as then it waits for the settings that it was read with."""
        if parsed.refused or len(parsed.rows) != self.records:
            return Parsed(refused=[(0, Result.INVALID_LINE, "does not have the records that it had")])
        parsed.keep(self._left)
        parsed.ignored, parsed.passed, parsed.seen = 0, {}, []
        return parsed

    def after(self, refused: Sequence[_Other], rows: Sequence[_Other]) -> Mixed:
        """Return which records are settled once those that `left_of` returned were added; `rows` are those of them
        that did not count."""
        if refused:
            return {0: self}
        again = {self._left[index] for index, result, _ in rows if result in REFUSED}
        done = tuple(index for index in range(self.records) if index not in again)
        return {0: Settled(self.records, done)} if again else {}

    @property
    def _left(self) -> list[int]:
        return sorted({*range(self.records)}.difference(self.done))


Mixed = Mapping[int, Settled | None]
"""The lines that have both refused and other records; None: which are which cannot be told."""


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
    settled: Settled | None = None
    """The other records of the same line; None: it has none."""


class Refusals(Struct, frozen=True):
    """The records of one chunk that were refused."""

    lines: Lines
    others: Sequence[_Other]
    """Index of the line, result and detail of each of them."""
    mixed: Mixed
    counted: bool
    """Whether the chunk has records that were not refused."""

    def places(self, framing: Framing) -> list[Place]:
        """Return where they are, ascending; without those that cannot be told from records that count."""
        data = bytes(self.lines.data)
        numbers = Counter(index for index, _, _ in self.others if self.mixed.get(index, _ALL) is not None)
        future = {index for index, result, _ in self.others if result is Result.FUTURE}
        records = _records(framing, data, numbers)
        if records is not None:
            settled = {line: it for line, it in self.mixed.items() if it is not None}
            return list(_joined(records, _refused(records, numbers, settled), future, len(data), settled))
        if self.counted or self.mixed or not numbers:
            return []
        return [Place(0, len(data), 0, numbers.total(), bool(future))]


def mixed(
    lines: Sequence[int] | None, shown: Sequence[int] | None, refused: Iterable[_Other], rows: Sequence[_Other]
) -> Mixed:
    """Return the lines that have both refused and other records.

    `lines` has the line of each row before any was left out, None when each line is one record; `shown` has those
    of the rows that were added. `refused` are the lines that gave no row, `rows` the rows that did not count.
    """
    if lines is None or shown is None:
        return {}
    others = [index for index, result, _ in rows if result in REFUSED]
    here, numbers = Counter(shown[index] for index in others), Counter(lines)
    lost = {index for index, _, _ in refused}
    found: dict[int, Settled | None] = {line: None for line in lost | here.keys() if numbers[line] > here[line]}
    if shown is lines and not lost.issuperset(found):
        wrong = set(others)
        records: dict[int, list[int]] = {line: [] for line in found if line not in lost}
        for index, line in enumerate(lines):
            if line in records:
                records[line].append(index)
        for line, at in records.items():
            done = tuple(place for place, index in enumerate(at) if index not in wrong)
            found[line] = Settled(len(at), done)
    return found


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


def _refused(
    records: Sequence[tuple[int, int]], numbers: Mapping[int, int], settled: dict[int, Settled]
) -> dict[int, int]:
    """Return the indices of the records that were refused, each with how many it stands for. Of `settled` only the
    lines are left that are one record."""
    by_line: dict[int, list[int]] = {}
    for at, (_, line) in enumerate(records):
        by_line.setdefault(line, []).append(at)
    found: dict[int, int] = {}
    for line, number in numbers.items():
        places = by_line.get(line, [])
        known = settled.pop(line, None) if len(places) > 1 else None
        if known is None:
            found.update(dict.fromkeys(places, 0))
            found.update(dict.fromkeys(places[:1], number))
        elif known.records == len(places):
            # Each has a place of its own. Of a line with more records than begin on it nothing is read again.
            found.update(dict.fromkeys({*places}.difference(places[it] for it in known.done), 1))
    return found


def _joined(
    records: Sequence[tuple[int, int]],
    refused_ones: Mapping[int, int],
    future: Collection[int],
    end: int,
    settled: Mapping[int, Settled],
) -> Iterator[Place]:
    """Yield the stretches of neighbouring refused records: what lies between two records belongs to the first. A
    line that has other records too is a stretch of its own."""
    first: int | None = None
    for at in range(len(records) + 1):
        refused = at in refused_ones
        alone = refused and (records[at][1] in settled or (first is not None and records[first][1] in settled))
        if first is not None and (alone or not refused):
            lines = {line for _, line in records[first:at]}
            yield Place(
                records[first][0] if first else 0,
                records[at][0] if at < len(records) else end,
                records[first][1],
                sum(refused_ones[place] for place in range(first, at)),
                not lines.isdisjoint(future),
                settled.get(records[first][1]),
            )
            first = None
        if refused and first is None:
            first = at
