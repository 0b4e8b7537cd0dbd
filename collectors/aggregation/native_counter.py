"""Counts JSON lines with the compiled helper, which counts plain records only and returns the others to Python.

The helper adds up the values of plain records. For each new time, and each new combination of names, it asks
Python once; so their meaning is decided by the same functions as for single rows.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta, tzinfo
from typing import TypeVar, overload

from leverwatch.collectors.aggregation import _native
from leverwatch.collectors.aggregation.cells import Key
from leverwatch.collectors.aggregation.day_filter import Window, contains
from leverwatch.collectors.aggregation.dedupe import SeenIds
from leverwatch.collectors.aggregation.id_table import Ids
from leverwatch.collectors.aggregation.native_counts import Counts
from leverwatch.collectors.aggregation.native_places import COUNTS, LEFT_OUT, ODD, Attribute, Places, WholeCall
from leverwatch.collectors.aggregation.native_scanned import Scanned
from leverwatch.collectors.aggregation.native_scans import new_scan, wanted
from leverwatch.collectors.aggregation.open_calls import OpenCalls
from leverwatch.collectors.aggregation.tier_cells import sized_group
from leverwatch.collectors.records.filters import ValueTest
from leverwatch.collectors.records.formats.interface import Parsed
from leverwatch.collectors.records.formats.plain import (
    Plan,
)
from leverwatch.collectors.records.formats.span_lines import CallLines
from leverwatch.collectors.records.observation import Outline
from leverwatch.collectors.records.timestamps import A_MINUTE, EPOCH, parse_time

_DONE, _ODD_LINES, _NEW_TIME = 0, 1, 2
_SEEN, _PASSED = 2**32 - 1, 2**32 - 2
"""Stand for the place of a record that was counted before, and of one that is no call."""
_MOST_TIMES, _MOST_PLACES, _MOST_TEXTS = 50_000, 20_000, 16 << 20
"""Limits of what is remembered between batches; a month has 43,200 minutes. The last one is in bytes of names."""
_RARELY = 16
"""When more than one in so many runs of lines is not plain, the helper does not pay off."""
_DECLARED_RARELY = 2
"""The same for single lines of declared records, which take Python longer."""
_ASKED_RARELY = 4
"""When it asks for more than one in so many lines, neither."""
_PAUSE = 16
_SHORT_PAUSE = 4
_FEW = 256
"""Lines of which many may be new to the helper."""

T = TypeVar("T")


class NativeCounter:
    """Adds up the records of one source since the last `take`; `attribute` finds the group of a record, and
    `whole_call` is that of the rows of calls, of which `open_calls` are those that may have more.

    Raises:
        ValueError: the field map needs more than the helper supports.
    """

    def __init__(
        self,
        plan: Plan,
        attribute: Attribute,
        zone: tzinfo,
        seen: SeenIds | None,
        calls: SeenIds,
        tested: Mapping[str, tuple[ValueTest, ...]] | None = None,
        open_calls: OpenCalls | None = None,
        whole_call: WholeCall | None = None,
    ) -> None:
        self._read, self._plan = plan.read, plan
        self._zone, self._seen, self._calls = zone, seen, calls
        self._seen_ids = None if seen is None else _native_ids(seen.ids)
        self._call_ids = _native_ids(calls.ids)
        self._tally = _native.Tally(secrets.randbits(64))
        self._wanted, self._tested = wanted(plan.paths), tested or {}
        self._scans = [self._new_scan()]
        has_rows = plan.rule is not None and plan.rule.rows and open_calls is not None
        self._open_keys = _native.Ids(0) if has_rows else None
        if open_calls is not None and has_rows:
            open_calls.keys = self._open_keys
        self._places = Places(
            plan, self._tally, attribute, self.parsed, self._tested, whole_call if has_rows else None
        )
        self._window: Window | None = None
        self._pause = 0

    is_table = False
    """Whether its records are rows, which may have several lines."""

    @property
    def groups(self) -> int:
        """The number of cells in memory."""
        return self._tally.sizes()[0]

    def pauses(self) -> bool:
        """Whether to read the next chunk in Python, because many lines of the last ones were not plain."""
        self._pause = max(0, self._pause - 1)
        return self._pause > 0

    def pause(self) -> None:
        """Leave the next chunks to Python."""
        self._pause = _PAUSE

    def _new_scan(self) -> _native.Scan:
        return new_scan(self._plan, self._wanted, self._tested)

    @property
    def is_declared(self) -> bool:
        """Whether its records are those of a declaration, which may belong together."""
        return self._plan.rule is not None

    @property
    def unwraps(self) -> bool:
        """Whether it takes the records out of what is around each line."""
        return bool(self._plan.wrappers)

    def takes(self, data: bytes | bytearray | memoryview, others_count: bool) -> bool:
        """Whether to count these records here; `others_count`: what was read before may change what they mean."""
        if data[-1:] != b"\n" or self.pauses():
            return False
        rule = self._plan.rule
        if self._plan.wrappers:  # whose framing may be that of documents; what marks them is inside
            return not others_count
        return rule is None or not (others_count or self._has_mark(data))

    def _has_mark(self, data: bytes | bytearray | memoryview) -> bool:
        """Whether records in a text may belong together."""
        mark = b"" if self._plan.rule is None else self._plan.rule.marker
        return bool(mark) and _native.holds(data, mark)

    @staticmethod
    def lines(data: bytes | bytearray | memoryview) -> int:
        """Count the newlines, several times as fast as Python."""
        return _native.count_lines(data)

    def scan(self, data: bytes | bytearray | memoryview, header: bytes | None = None) -> Scanned | None:  # noqa: ARG002 - of rows alone
        """Find the values in whole lines. Returns None when they are too short to be records, or Python has
        to read them together.

        Counts nothing, and may run in any thread.
        """
        outer, starts, is_open, newlines = None, b"", False, 0
        rows: bytes | None = None
        if self._plan.divides:
            divided = _native.divide(data, self._plan.reads_texts)
            if divided is None:
                return None
            outer, (data, rows) = data, divided
        if self._plan.spans is not None:
            spans = _native.flatten(data, self._plan.spans.names, self._plan.spans.contexts)
            if spans is None:
                self._pause = _SHORT_PAUSE
                return None
            data, rows, newlines = spans
        if self._plan.wrappers:
            made = _native.unwrap(data, self._plan.wrappers, self._plan.by_brace)
            if made is None or self._has_mark(made[0]):
                return None
            outer, (data, starts, is_open) = data, made
        scan = self.taken()
        number = scan.read(data)
        if number < 0:
            self.give(scan)
            return None
        return Scanned(
            data, scan, number, newlines=newlines, outer=outer, starts=memoryview(starts).cast("I"),
            is_open=is_open, rows=rows,
        )  # fmt: skip

    def gives_up(self, runs: int, records: int) -> bool:  # noqa: ARG002 - of rows alone
        """Whether to leave the rest of a chunk to Python, after so many runs of what is not plain among so many
        records."""
        return False

    def begun(self, data: bytes | bytearray | memoryview, header: bytes | None) -> Scanned | None:
        """As `scan`, of the whole rows that data begins with."""
        return self.scan(data, header)

    def taken(self) -> _native.Scan:
        """Return a scan that nobody uses, until it is given back."""
        try:
            return self._scans.pop()
        except IndexError:
            return self._new_scan()

    def give(self, scan: _native.Scan) -> None:
        """Take back a scan."""
        self._scans.append(scan)

    def parsed(self, unit: bytes, found: Scanned) -> Parsed:  # noqa: ARG002 - of rows alone
        """Read one record of those that were found."""
        return self._read((unit,))

    def count(
        self,
        found: Scanned,
        limit: datetime,
        window: Window | None,
        odd: Callable[[int, int, bytes], bool],
        *,
        notes: bool = True,
    ) -> Counts:
        """Count scanned records in order. `odd` is called with the indices of the first that is not plain and of
        the one behind the last, and with their text; it returns whether none of the records behind them are.
        `notes`: somebody asks which records are no calls.

        Counts only records up to `limit` and of the days in `window`.
        """
        if window is not self._window:
            self._tally.ask_again()
            self._window = window
        until, at, runs, read, asked = (limit - EPOCH) // A_MINUTE, 0, 0, 0, 0
        while True:
            before = None if self._seen is None else _native_ids(self._seen.before)
            stop, at, other, given = self._tally.count(
                found.scan, found.data, at, until, self._seen_ids, before, self._call_ids, notes, self._open_keys
            )
            if stop == _DONE:
                break
            if stop == _ODD_LINES:
                read += other - at
                if odd(at, other, found.text(at, other)) or self.gives_up(runs, other):
                    if other < found.lines:
                        odd(other, found.lines, found.text(other, found.lines))
                    break
                at, runs = other, runs + 1
            elif stop == _NEW_TIME and given is not None:
                self._tell_time(other, given)
            else:
                asked += 1
                self._tell_place(other, found, at)
        self.give(found.scan)
        rarely, many = (_DECLARED_RARELY, read) if self.is_declared else (_RARELY, runs)
        if many * rarely > found.lines or (self.is_declared and asked * _ASKED_RARELY > found.lines > _FEW):
            self.pause()
        counted, repeated, left_out, filtered, others, nothing, refused, left_out_times = self._tally.chunk()
        for time in left_out_times:
            if window is not None and (moment := self._moment(self._tally.time(time))):
                window.keeps(moment.toordinal())
        again = [line for line, place in refused if place == _SEEN]
        passed = [line for line, place in refused if place == _PASSED]
        refusals = [(line, *self._places.refusals[place]) for line, place in refused if place < _PASSED]
        return Counts(counted, repeated, left_out, filtered, nothing, refusals, again, passed, others)

    def outline(self, found: Scanned, limit: datetime) -> tuple[CallLines, Outline] | None:
        """Return what shows whether calls of scanned spans can be seen twice; None when Python has to count them.

        Nothing is counted. Where there is an outline, all of them can be.
        """
        calls, until, at, asked = bytearray(found.lines), (limit - EPOCH) // A_MINUTE, 0, 0
        spans = self._plan.spans
        if self._window is not None:
            self._tally.ask_again()
            self._window = None
        while spans is not None:
            stop, at, other, given = self._tally.check(found.scan, found.data, at, until, calls)
            if stop == _DONE and found.rows is not None:
                told = _native.outline(found.data, found.rows, calls)
                if told is None:
                    break
                ids, parents, contexts, text = told
                if asked * _ASKED_RARELY > found.lines > _FEW:
                    self.pause()
                return CallLines(text, calls, spans), Outline(spans.scopes(contexts), ids, parents)
            if stop == _NEW_TIME and given is not None:
                self._tell_time(other, given)
            elif stop not in (_DONE, _ODD_LINES):
                asked += 1
                self._tell_place(other, found, at)
            else:
                break
        return None

    def leave(self, found: Scanned) -> None:
        """Leave scanned lines to Python, and the next ones too."""
        self.give(found.scan)
        self._pause = _SHORT_PAUSE

    def _moment(self, given: tuple[str, str] | int, rest: str | int = ":00") -> datetime | None:
        """Return the time of a minute and the rest behind it, or of a number of minutes or microseconds since
        the epoch."""
        if isinstance(given, tuple):
            return parse_time(f"{given[0]}{rest}{given[1]}", self._zone)
        return EPOCH + (timedelta(microseconds=rest) if isinstance(rest, int) else given * A_MINUTE)

    def _tell_time(self, at: int, given: tuple[str, str] | int) -> None:
        moment = self._moment(given)
        if moment is None:
            self._tally.set_time(at, ODD, 0, 0, 0, 0)
            return
        minute, day = (moment - EPOCH) // A_MINUTE, moment.toordinal()
        verdict = COUNTS if self._window is None or contains(self._window.days, day) else LEFT_OUT
        slot = 0 if self._seen is None else minute * 60 // self._seen.slot_seconds
        self._tally.set_time(at, verdict, minute, day, slot, minute * 60 // self._calls.slot_seconds)

    def _tell_place(self, at: int, found: Scanned, index: int) -> None:
        self._places.tell(at, found, index)

    def take(self) -> tuple[Iterator[tuple[Key, list[float]]], set[date], datetime | None]:
        """Return the sums by system, model, operation and day; the days seen; the time of the newest counted
        record."""
        cells, times = self._tally.take()
        groups = list(self._places.groups)
        sums = (
            ((*sized_group(groups[group], size), date.fromordinal(day)), counts)
            for group, size, day, counts in _given_up(cells)
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
        spans = self._plan.spans
        contexts = 0 if spans is None else len(spans.contexts)
        if known_times > _MOST_TIMES or max(known_places, contexts) > _MOST_PLACES or texts > _MOST_TEXTS:
            self._tally.forget()
            if spans is not None:
                spans.forget()
            self._places.forget()
        return sums, days, newest_record

    def clear(self) -> None:
        """Forget what was counted since the last `take`."""
        self._tally.clear()


def _given_up(values: list[T]) -> Iterator[T]:
    """Return the values in their order, and keep none that was returned, as all of them are large together."""
    values.reverse()
    while values:
        yield values.pop()


@overload
def _native_ids(ids: Ids) -> _native.Ids: ...
@overload
def _native_ids(ids: Ids | None) -> _native.Ids | None: ...
def _native_ids(ids: Ids | None) -> _native.Ids | None:
    if ids is not None and not isinstance(ids, _native.Ids):
        raise TypeError("the helper adds to ids of its own kind only")
    return ids
