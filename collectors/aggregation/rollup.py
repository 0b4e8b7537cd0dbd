"""Adds rows up by system, model, operation and UTC day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from math import gcd
from operator import add
from typing import Any

from xxhash import xxh64_intdigest

from leverwatch.collectors.aggregation.batch_counter import BatchCounter, Prepared
from leverwatch.collectors.aggregation.batch_loops import NO_ID
from leverwatch.collectors.aggregation.bulk_timestamps import Stamps
from leverwatch.collectors.aggregation.cells import CellRef
from leverwatch.collectors.aggregation.dedupe import SeenIds
from leverwatch.collectors.aggregation.stream_parts import Kind, RowCounter
from leverwatch.collectors.counted_fields import COLUMNS
from leverwatch.collectors.interface import Operation, Result, UsageRow
from leverwatch.collectors.records.fields import ALL_FIELDS, row_layout
from leverwatch.collectors.records.formats.interface import Row
from leverwatch.collectors.records.layout import Layout
from leverwatch.collectors.records.names import Refusal, model_fault, model_of
from leverwatch.collectors.records.vocabulary import (
    CallStatus,
    is_cache_hit,
    operation_of,
    status_of,
)

Group = tuple[str, str, Operation]
"""System, model, operation."""
Key = tuple[str, str, Operation, date]
"""The same, and the UTC day."""

_MOST_SEEDS = 20_000
"""Remembered at a time."""


class Rollup:
    """The counts of one source since the last `take`.

    `system_of` names a row's system from its template values (None: unattributed), `zone` is what a time without a
    zone means, `now` the clock, and `seen` what removes duplicates (None: nothing does). `calls` remembers
    streamed calls and traces. Rows end in the values of `EXTENDED_FIELDS` when `has_extended`, and only tell the
    `known` fields.
    """

    def __init__(
        self,
        system_of: Callable[[tuple[object, ...]], str | None],
        zone: tzinfo,
        now: Callable[[], datetime],
        future_tolerance: timedelta,
        seen: SeenIds | None,
        calls: SeenIds,
        has_extended: bool,
        known: frozenset[str] = ALL_FIELDS,
    ) -> None:
        self._system_of, self._zone, self._now, self._tolerance = system_of, zone, now, future_tolerance
        self._seen, self._calls = seen, calls
        self._has_extended, self._known = has_extended, known
        self._layout: Layout | None = None
        self._slot_seconds = seen.slot_seconds if seen else 3600
        self._seeds: dict[Kind, int] = {}
        self.cells: dict[Key, list[float]] = {}
        self.days: set[date] = set()
        self.newest: datetime | None = None
        slot_minutes = gcd(calls.slot_seconds, seen.slot_seconds if seen else 0) // 60
        self._stamps = Stamps(zone, slot_minutes)
        self._single = RowCounter(self._stamps, self._judge, self, self._first_trace, has_extended=has_extended)
        self._bulk = BatchCounter(zone, slot_minutes, self._judge, self._first_trace, dedupe=seen is not None)

    def add_records(self, records: Sequence[Any], layout: Layout) -> tuple[int, list[tuple[int, Result, str]]]:
        """The same as `add` for the rows of these records, none of them a part, with far less work for each."""
        found = self._bulk.prepare(records, layout, self.limit())
        repeated: list[int] = []
        if self._seen is not None and found.ids:
            repeated = self._seen.add_all(found.ids, slots_of(found, self._seen.slot_seconds))
        counted, others, newest = self._bulk.count(found, repeated)
        self._saw_newest(newest)
        return counted, others

    def limit(self) -> datetime:
        """The latest time that a record may have."""
        return self._now() + self._tolerance

    def merge(
        self, sums: Iterable[tuple[Key, list[float]]], days: Iterable[date], newest: datetime | None
    ) -> None:
        """Add what was counted elsewhere."""
        for key, counts in sums:
            cell = self.cells.setdefault(key, counts)
            if cell is not counts:
                cell[:] = map(add, cell, counts)
        self.days.update(days)
        self._saw_newest(newest)

    def _cell(self, key: Key) -> list[float]:
        cell = self.cells.get(key)
        if cell is None:
            self.cells[key] = cell = [0.0] * len(COLUMNS)
        return cell

    def _saw_newest(self, newest: datetime | None) -> None:
        if newest is not None and (self.newest is None or newest > self.newest):
            self.newest = newest

    def _judge(
        self,
        day: date,
        model: str | None,
        word: str | None,
        status: object,
        hit: object,
        template: tuple[object, ...],
    ) -> CellRef | Refusal:
        self.days.add(day)
        found = self.attribute(model, word, status, hit, template)
        if len(found) == 2:
            return found
        group, outcome, seed, _ = found
        return CellRef(self._cell((*group, day)), group[0], outcome, seed)

    def attribute(
        self, model: str | None, word: str | None, status: object, hit: object, template: tuple[object, ...]
    ) -> tuple[Group, CallStatus, int, int] | Refusal:
        """Group, outcome and the seeds of ids and traces of a record, or why it is not counted."""
        name = model_of(model)
        if fault := model_fault(name):
            return fault
        operation = operation_of(word)
        if operation is None:
            return Result.UNKNOWN_OPERATION, "an operation of no known kind"
        outcome = status_of(status)
        if outcome is None:
            return Result.UNKNOWN_STATUS, "neither a success nor an error"
        system = self._system_of(template)
        if system is None:
            return Result.UNATTRIBUTED, "names no system"
        if outcome is CallStatus.SUCCESS and is_cache_hit(hit):
            outcome = CallStatus.CACHE_HIT
        group = (system, name, operation)
        return group, outcome, self._seed((system, operation, outcome)), self._seed((system, "trace"))

    def add(
        self, rows: Sequence[Row], parts: frozenset[int] = frozenset()
    ) -> tuple[int, list[tuple[int, Result, str]]]:
        """Count rows; gives how many were counted, and index, result and detail of each that was not.

        `parts` are the indices of the rows that are parts of streamed calls. The first part of a call counts it; a
        later one that knows more corrects the same cell, once.
        """
        if not rows:
            return 0, []
        if not parts:
            # All rows of a source are equally long.
            self._layout = self._layout or row_layout(self._known, len(rows[0]), has_extended=self._has_extended)
            return self.add_records(rows, self._layout)
        return self.add_each(rows, parts)

    def add_each(
        self, rows: Sequence[Row], parts: frozenset[int] = frozenset()
    ) -> tuple[int, list[tuple[int, Result, str]]]:
        """What `add` does, one row after the other."""
        counted, others, newest = self._single.add(rows, parts, self.limit())
        self._saw_newest(newest)
        return counted, others

    def take_back(self, row: Row) -> None:
        """Subtract exactly what `add` counted for a row, and forget its request id."""
        self._single.take_back(row, datetime.max.replace(tzinfo=UTC))

    def remember_request(self, request_id: object, seed: int, seconds: int) -> bool:
        """Remember the request id of a record around a second since the epoch.

        Returns whether the record is to be counted: unless its id was remembered before, and always without one.
        """
        if self._seen is None:
            return True
        identity = self._request(request_id, seed)
        return identity is None or self._seen.add(identity, seconds // self._slot_seconds)

    def forget_request(self, request_id: object, seed: int) -> None:
        """Take a request id back, as if it had never been met."""
        if self._seen is not None:
            identity = self._request(request_id, seed)
            if identity is not None:
                self._seen.forget(identity)

    @staticmethod
    def _request(request_id: object, seed: int) -> int | None:
        """The key of a request id; None when it says nothing."""
        if request_id is None:
            return None
        text = str(request_id).strip()
        # A failed attempt and the retry that succeeded may share an id, and so may two systems: all of them count.
        return None if text.lower() in NO_ID else _identity(seed, text)

    def _seed(self, kind: Kind) -> int:
        seed = self._seeds.get(kind)
        if seed is None:
            if len(self._seeds) > _MOST_SEEDS:
                self._seeds.clear()
            self._seeds[kind] = seed = xxh64_intdigest("\0".join(str(part) for part in kind).encode())
        return seed

    def remember(self, kind: Kind, text: object, seconds: int) -> bool:
        """Remember something of a kind with an id around a second since the epoch.

        Returns whether it was not met before.
        """
        identity = _identity(self._seed(kind), str(text).strip())
        return self._calls.add(identity, seconds // self._calls.slot_seconds)

    def remembers(self, kind: Kind, text: object, seconds: int) -> bool:
        """Returns whether it was met before, and remembers nothing."""
        identity = _identity(self._seed(kind), str(text).strip())
        return self._calls.holds(identity, seconds // self._calls.slot_seconds)

    def _first_trace(self, place: CellRef, trace: object, minute: int) -> bool:
        return self.remember((place.system, "trace"), trace, minute * 60)

    def saw(self, times: Iterable[object]) -> None:
        """Remember the days of readable records that gave no row."""
        stamps = self._stamps.read(list(times), self.limit()).stamps
        self.days.update(stamp.day for stamp in set(stamps) if stamp.refusal is None)

    def take(self) -> tuple[tuple[UsageRow, ...], frozenset[date], datetime | None]:
        """Everything since the last call: rows of usage, days seen, time of the newest counted record."""
        self._bulk.settle()
        usage = tuple(UsageRow(*key, *cell) for key, cell in self.cells.items() if any(cell))
        taken = (usage, frozenset(self.days), self.newest)
        self.clear()
        return taken

    def clear(self) -> None:
        """Forget what was added."""
        self.cells, self.days, self.newest = {}, set(), None
        self._bulk.clear()
        self._single.clear()


def _identity(seed: int, text: str) -> int:
    return xxh64_intdigest(text.encode(errors="surrogatepass"), seed)


def slots_of(found: Prepared, slot_seconds: int) -> list[int]:
    """The slot of each record."""
    minutes, stamps = slot_seconds // 60, found.times.stamps
    slot_of = {stamp: stamp.minute // minutes for stamp in set(stamps)}
    return [slot_of[stamp] for stamp in stamps]


def lines_of(
    rows: Iterable[tuple[int, Result, str]], lines: Sequence[int] | None
) -> list[tuple[int, Result, str]]:
    """The same refusals with the index of their line instead of that of their row."""
    return [(index if lines is None else lines[index], result, detail) for index, result, detail in rows]
