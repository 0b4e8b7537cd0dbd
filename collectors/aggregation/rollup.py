"""Adds rows up by system, model, operation and UTC day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from math import gcd
from operator import add
from types import MappingProxyType
from typing import Any

from xxhash import xxh64_intdigest

from leverwatch.collectors.aggregation.batch_counter import BatchCounter, Prepared
from leverwatch.collectors.aggregation.batch_loops import NO_ID
from leverwatch.collectors.aggregation.bulk_timestamps import Stamps
from leverwatch.collectors.aggregation.cells import CellRef
from leverwatch.collectors.aggregation.dedupe import SeenIds
from leverwatch.collectors.aggregation.ledger import Kind
from leverwatch.collectors.aggregation.open_calls import OpenCalls
from leverwatch.collectors.aggregation.row_counter import RowCounter
from leverwatch.collectors.counted_fields import COLUMNS
from leverwatch.collectors.interface import Operation, Result, UsageRow
from leverwatch.collectors.records.fields import ALL_FIELDS, row_layout
from leverwatch.collectors.records.formats.interface import Piece, Row
from leverwatch.collectors.records.layout import Layout
from leverwatch.collectors.records.names import Refusal, model_fault, model_of
from leverwatch.collectors.records.vocabulary import (
    CallStatus,
    is_cache_hit,
    operation_of,
    status_of,
)

Group = tuple[str, str, Operation]
"""System, model and operation."""
Key = tuple[str, str, Operation, date]
"""System, model, operation and UTC day."""

_MOST_SEEDS = 20_000
"""The largest number of seeds that are remembered."""


class Rollup:
    """The counts of one source since the last `take`.

    `system_of` names a row's system from its template values (None: unattributed), `zone` is what a time without a
    zone means, `now` the clock, and `seen` removes duplicates (None: they are not removed). `calls` remembers
    streamed calls and traces, `open_calls` where those count of which a later record may say more. Rows end in the
    values of `EXTENDED_FIELDS` when `has_extended`; only the `known` fields of a row can have a value.
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
        open_calls: OpenCalls | None = None,
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
        self._open = OpenCalls() if open_calls is None else open_calls
        self._single = RowCounter(
            self._stamps, self._judge, self, self._first_trace, self._cell, self._open, zone,
            has_extended=has_extended,
        )  # fmt: skip
        self._bulk = BatchCounter(zone, slot_minutes, self._judge, self._first_trace, dedupe=seen is not None)

    def add_records(self, records: Sequence[Any], layout: Layout) -> tuple[int, list[tuple[int, Result, str]]]:
        """Count records that are no parts of streamed calls, with the same result as `add`, but much faster."""
        found = self._bulk.prepare(records, layout, self.limit())
        repeated: list[int] = []
        if self._seen is not None and found.ids:
            repeated = self._seen.add_all(found.ids, slots_of(found, self._seen.slot_seconds))
        counted, others, newest = self._bulk.count(found, repeated)
        self._saw_newest(newest)
        return counted, others

    def limit(self) -> datetime:
        """Return the latest time that a record may have."""
        return self._now() + self._tolerance

    def merge(
        self, sums: Iterable[tuple[Key, list[float]]], days: Iterable[date], newest: datetime | None
    ) -> None:
        """Add sums that were counted elsewhere."""
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
        """Return group, outcome and the seeds of ids and traces of a record, or why it is refused."""
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
        return group, outcome, self.seed((system, operation, outcome)), self.seed((system, "trace"))

    def add(
        self, rows: Sequence[Row], pieces: Mapping[int, Piece] = MappingProxyType({})
    ) -> tuple[int, list[tuple[int, Result, str]]]:
        """Count rows. Returns the number of counted rows, and index, result and detail of each other row.

        `pieces` says by their indices which rows are parts or versions of calls. The first one of a call counts
        it; a later part adds what it tells to the same cell, once; a later version replaces what was counted.
        """
        if not rows:
            return 0, []
        if not pieces and not self._open.versions:
            # All rows of a source are equally long.
            self._layout = self._layout or row_layout(self._known, len(rows[0]), has_extended=self._has_extended)
            return self.add_records(rows, self._layout)
        return self.add_each(rows, pieces)

    def add_each(
        self, rows: Sequence[Row], pieces: Mapping[int, Piece] = MappingProxyType({})
    ) -> tuple[int, list[tuple[int, Result, str]]]:
        """Count rows one by one, with the arguments and the result of `add`."""
        counted, others, newest = self._single.add(rows, pieces, self.limit())
        self._saw_newest(newest)
        return counted, others

    def take_back(self, row: Row) -> None:
        """Subtract exactly what `add` counted for a row, and forget its request id."""
        self._single.take_back(row, datetime.max.replace(tzinfo=UTC))

    def remember_request(self, request_id: object, seed: int, seconds: int) -> bool:
        """Remember the request id of a record around a second since the epoch.

        Returns whether the record is to be counted: its id is new, or it has none.
        """
        if self._seen is None:
            return True
        identity = self._request(request_id, seed)
        return identity is None or self._seen.add(identity, seconds // self._slot_seconds)

    def forget_request(self, request_id: object, seed: int) -> None:
        """Take back a request id, as if it had never been seen."""
        if self._seen is not None:
            identity = self._request(request_id, seed)
            if identity is not None:
                self._seen.forget(identity)

    @staticmethod
    def _request(request_id: object, seed: int) -> int | None:
        """Return the key of a request id; None when there is no id."""
        if request_id is None:
            return None
        text = str(request_id).strip()
        # A failed attempt and the retry that succeeded may share an id, and so may two systems: all of them count.
        return None if text.lower() in NO_ID else _identity(seed, text)

    def seed(self, kind: Kind) -> int:
        """Return the seed of the keys of a kind."""
        seed = self._seeds.get(kind)
        if seed is None:
            if len(self._seeds) > _MOST_SEEDS:
                self._seeds.clear()
            self._seeds[kind] = seed = xxh64_intdigest("\0".join(str(part) for part in kind).encode())
        return seed

    def remember(self, kind: Kind, text: object, seconds: int) -> bool:
        """Remember an id of a kind, at a time in seconds since the epoch.

        Returns whether it is new.
        """
        return self.remember_key(self.key(self.seed(kind), text), seconds)

    def remember_key(self, key: int, seconds: int) -> bool:
        """Remember what `key` returned, as `remember` does."""
        return self._calls.add(key, seconds // self._calls.slot_seconds)

    def remembers(self, kind: Kind, text: object, seconds: int) -> bool:
        """Return whether an id was remembered before, without remembering it."""
        return self._calls.holds(self.key(self.seed(kind), text), seconds // self._calls.slot_seconds)

    def key(self, seed: int, text: object) -> int:
        """Return the key of an id: its hash with the seed of its kind."""
        return _identity(seed, str(text).strip())

    def remembers_call(self, request_id: object, system: str, operation: Operation, seconds: int) -> bool:
        """Return whether a request id was remembered for a call, whatever its outcome was."""
        if self._seen is None:
            return False
        seeds = (self.seed((system, operation, outcome)) for outcome in CallStatus)
        found = (self._request(request_id, seed) for seed in seeds)
        slot = seconds // self._slot_seconds
        return any(identity is not None and self._seen.holds(identity, slot) for identity in found)

    def _first_trace(self, place: CellRef, trace: object, minute: int) -> bool:
        return self.remember((place.system, "trace"), trace, minute * 60)

    def saw(self, times: Iterable[object]) -> None:
        """Note the days of readable records that gave no row."""
        stamps = self._stamps.read(list(times), self.limit()).stamps
        self.days.update(stamp.day for stamp in set(stamps) if stamp.refusal is None)

    def take(self) -> tuple[tuple[UsageRow, ...], frozenset[date], datetime | None]:
        """Return everything since the last call: usage rows, days seen, and the time of the newest counted
        record."""
        self._bulk.settle()
        usage = tuple(UsageRow(*key, *cell) for key, cell in self.cells.items() if any(cell))
        taken = (usage, frozenset(self.days), self.newest)
        self.clear()
        return taken

    def clear(self) -> None:
        """Forget what was added since the last `take`."""
        self.cells, self.days, self.newest = {}, set(), None
        self._bulk.clear()
        self._single.clear()


def _identity(seed: int, text: str) -> int:
    return xxh64_intdigest(text.encode(errors="surrogatepass"), seed)


def slots_of(found: Prepared, slot_seconds: int) -> list[int]:
    """Return the slot of each record."""
    minutes, stamps = slot_seconds // 60, found.times.stamps
    slot_of = {stamp: stamp.minute // minutes for stamp in set(stamps)}
    return [slot_of[stamp] for stamp in stamps]


def lines_of(
    rows: Iterable[tuple[int, Result, str]], lines: Sequence[int] | None
) -> list[tuple[int, Result, str]]:
    """Return the refusals with the index of the line in place of the index of the row."""
    return [(index if lines is None else lines[index], result, detail) for index, result, detail in rows]
