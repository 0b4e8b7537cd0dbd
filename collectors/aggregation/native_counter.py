"""Counts JSON lines with the compiled helper, which counts plain records only and returns the others to Python.

The helper adds up the values of plain records. For each new time, and each new combination of names, it asks
Python once; so their meaning is decided by the same functions as for single rows.
"""

from __future__ import annotations

import secrets
from array import array
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, overload

from msgspec import Struct

from leverwatch.collectors.aggregation import _native
from leverwatch.collectors.aggregation.batch_loops import NAMING
from leverwatch.collectors.aggregation.cells import Group, Key
from leverwatch.collectors.aggregation.counting_rule import JUDGES
from leverwatch.collectors.aggregation.day_filter import Window, contains
from leverwatch.collectors.aggregation.dedupe import SeenIds
from leverwatch.collectors.aggregation.id_table import Ids
from leverwatch.collectors.aggregation.native_columns import NUMBERS
from leverwatch.collectors.aggregation.tier_cells import sized_group
from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.fields import Path, field_indexes, template_slice
from leverwatch.collectors.records.formats.interface import Row
from leverwatch.collectors.records.formats.jsonl import JsonLines
from leverwatch.collectors.records.names import Refusal
from leverwatch.collectors.records.timestamps import A_MINUTE, EPOCH, parse_time
from leverwatch.collectors.records.vocabulary import CallStatus

_ROLES = ("time", "request_id", "trace_id", *NUMBERS)
"""The fields whose values the helper reads, by number; all others are names, which it only compares."""
_COUNTS, _ODD, _LEFT_OUT, _REFUSED = 1, 2, 3, 4
_DONE, _ODD_LINES, _NEW_TIME = 0, 1, 2
_MOST_TIMES, _MOST_PLACES, _MOST_TEXTS = 50_000, 20_000, 16 << 20
"""Limits of what is remembered between batches; a month has 43,200 minutes. The last one is in bytes of names."""
_RARELY = 16
"""When more than one in so many runs of lines is not plain, the helper does not pay off."""
_PAUSE = 16

Attribute = Callable[
    [str | None, str | None, object, object, object, tuple[object, ...]],
    tuple[Group, CallStatus, int, int, int] | Refusal,
]
"""Returns group and outcome of a record, and the seeds of the keys of records, of ids alone and of traces; or why
it is refused, given its model, operation, status, cache hit, tier and template values."""


def _wanted(paths: Mapping[str, Path]) -> tuple[tuple[tuple[bytes, ...], int], ...]:
    """Return the paths that a scan looks for and their roles, in the form that the helper takes."""
    names = [name for name in paths if name not in _ROLES]
    roles = {name: role for role, name in enumerate((*_ROLES, *names))}
    return tuple((tuple(key.encode() for key in path), roles[name]) for name, path in paths.items())


class Scanned(Struct):
    """Lines whose values were found by a scan."""

    data: bytes | bytearray | memoryview
    scan: _native.Scan
    lines: int

    def text(self, first: int, behind: int) -> bytes:
        """Return the lines from index `first` up to, not including, `behind`."""
        start, end = self.scan.span(first, behind)
        return bytes(self.data[start:end])


class Counts(Struct):
    """The results of the lines of a chunk that the helper counted."""

    counted: int
    repeated: int
    left_out: int
    refused: list[tuple[int, Result, str]]


class NativeCounter:
    """Adds up the records of one source since the last `take`; `attribute` finds the group of a record.

    Raises:
        ValueError: the field map needs more than the helper supports.
    """

    def __init__(
        self, lines: JsonLines, attribute: Attribute, zone: tzinfo, seen: SeenIds | None, calls: SeenIds
    ) -> None:
        self._read, self._attribute = lines.read, attribute
        self._fields = field_indexes(has_extended=lines.has_extended)
        self._template = template_slice(has_extended=lines.has_extended)
        self._zone, self._seen, self._calls = zone, seen, calls
        self._seen_ids = None if seen is None else _native_ids(seen.ids)
        self._call_ids = _native_ids(calls.ids)
        self._tally = _native.Tally(secrets.randbits(64))
        self._wanted = _wanted(lines.paths)
        self._scans = [_native.Scan(self._wanted)]
        self._groups: dict[Group, int] = {}
        self._refusals: dict[int, Refusal] = {}
        self._window: Window | None = None
        self._pause = 0

    @property
    def groups(self) -> int:
        """The number of cells in memory."""
        return self._tally.sizes()[0]

    def pauses(self) -> bool:
        """Whether to read the next chunk in Python, because many lines of the last ones were not plain."""
        self._pause = max(0, self._pause - 1)
        return self._pause > 0

    @staticmethod
    def lines(data: bytes | bytearray | memoryview) -> int:
        """Count the newlines, several times as fast as Python."""
        return _native.count_lines(data)

    def scan(self, data: bytes | bytearray | memoryview) -> Scanned | None:
        """Find the values in whole lines. Returns None when they are too short to be records.

        Counts nothing, and may run in any thread.
        """
        try:
            scan = self._scans.pop()
        except IndexError:
            scan = _native.Scan(self._wanted)
        number = scan.read(data)
        if number < 0:
            self._scans.append(scan)
            return None
        return Scanned(data, scan, number)

    def count(
        self, found: Scanned, limit: datetime, window: Window | None, odd: Callable[[int, bytes], None]
    ) -> Counts:
        """Count scanned lines in order. `odd` is called with lines that are not plain, and the index of the first.

        Counts only records up to `limit` and of the days in `window`.
        """
        if window is not self._window:
            self._tally.ask_again()
            self._window = window
        until, at, runs = (limit - EPOCH) // A_MINUTE, 0, 0
        while True:
            before = None if self._seen is None else _native_ids(self._seen.before)
            stop, at, other, given = self._tally.count(
                found.scan, found.data, at, until, self._seen_ids, before, self._call_ids
            )
            if stop == _DONE:
                break
            if stop == _ODD_LINES:
                odd(at, found.text(at, other))
                at, runs = other, runs + 1
            elif stop == _NEW_TIME and given is not None:
                self._tell_time(other, given)
            else:
                self._tell_place(other, found.text(at, at + 1))
        self._scans.append(found.scan)
        self._pause = _PAUSE if runs * _RARELY > found.lines else self._pause
        counted, repeated, left_out, refused, left_out_times = self._tally.chunk()
        for time in left_out_times:
            if window is not None and (moment := self._moment(self._tally.time(time))):
                window.keeps(moment.toordinal())
        return Counts(counted, repeated, left_out, [(line, *self._refusals[place]) for line, place in refused])

    def _moment(self, given: tuple[str, str] | int, rest: str | int = ":00") -> datetime | None:
        """Return the time of a minute and the rest behind it, or of a number of minutes or microseconds since
        the epoch."""
        if isinstance(given, tuple):
            return parse_time(f"{given[0]}{rest}{given[1]}", self._zone)
        return EPOCH + (timedelta(microseconds=rest) if isinstance(rest, int) else given * A_MINUTE)

    def _tell_time(self, at: int, given: tuple[str, str] | int) -> None:
        moment = self._moment(given)
        if moment is None:
            self._tally.set_time(at, _ODD, 0, 0, 0, 0)
            return
        minute, day = (moment - EPOCH) // A_MINUTE, moment.toordinal()
        verdict = _COUNTS if self._window is None or contains(self._window.days, day) else _LEFT_OUT
        slot = 0 if self._seen is None else minute * 60 // self._seen.slot_seconds
        self._tally.set_time(at, verdict, minute, day, slot, minute * 60 // self._calls.slot_seconds)

    def _tell_place(self, at: int, line: bytes) -> None:
        parsed = self._read((line,))
        if not parsed.rows or parsed.unreadable:
            # Each record with these values goes to Python, which notes what cannot be read.
            self._tally.set_place(at, _ODD, 0, 0, 0, 0, 0, (-1, -1, -1))
            return
        row = parsed.rows[0]
        model, operation, status, hit, tier = (self._value(row, name) for name in NAMING)
        place = self._attribute(model, operation, status, hit, tier, row[self._template])
        if len(place) == 2:
            self._refusals[at] = place
            self._tally.set_place(at, _REFUSED, 0, 0, 0, 0, 0, (-1, -1, -1))
            return
        group, outcome, seed, id_seed, trace_seed = place
        number = self._groups.setdefault(group, len(self._groups))
        invalid, schema, truncated = (_bit(judge(self._value(row, it))) for it, judge in JUDGES.items())
        self._tally.set_place(
            at, _COUNTS, number, outcome, seed, id_seed, trace_seed, (invalid, schema, truncated)
        )

    def _value(self, row: Row, name: str) -> Any:
        index = self._fields.get(name)
        return None if index is None else row[index]

    def take(self) -> tuple[Iterator[tuple[Key, list[float]]], set[date], datetime | None]:
        """Return the sums by system, model, operation and day; the days seen; the time of the newest counted
        record."""
        cells, times = self._tally.take()
        groups = list(self._groups)
        sums = (
            # All zeros share one object, as most counts of most cells are zero.
            (
                (*sized_group(groups[group], size), date.fromordinal(day)),
                [count or 0.0 for count in array("d", packed)],
            )
            for group, size, day, packed in cells
        )
        days = {date.fromordinal(day) for day in {day for _, day, _, _ in times}}
        last = max((minute for _, _, minute, newest in times if newest is not None), default=0)
        moments = [
            self._moment(self._tally.time(at), newest if isinstance(newest, int) else f":{newest}")
            for at, _, minute, newest in times
            if minute == last and newest is not None
        ]
        newest_record = max((moment for moment in moments if moment is not None), default=None)
        _, known_times, known_places, texts = self._tally.sizes()
        if known_times > _MOST_TIMES or known_places > _MOST_PLACES or texts > _MOST_TEXTS:
            self._tally.forget()
            self._groups, self._refusals = {}, {}
        return sums, days, newest_record

    def clear(self) -> None:
        """Forget what was counted since the last `take`."""
        self._tally.clear()


def _bit(value: bool | None) -> int:
    return -1 if value is None else int(value)


@overload
def _native_ids(ids: Ids) -> _native.Ids: ...
@overload
def _native_ids(ids: Ids | None) -> _native.Ids | None: ...
def _native_ids(ids: Ids | None) -> _native.Ids | None:
    if ids is not None and not isinstance(ids, _native.Ids):
        raise TypeError("the helper adds to ids of its own kind only")
    return ids
