"""Adds rows up by system, model, operation and UTC day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from math import gcd
from operator import add, itemgetter
from types import MappingProxyType
from typing import Any

from leverwatch.collectors.aggregation.batch_counter import BatchCounter, Prepared
from leverwatch.collectors.aggregation.batch_loops import NAMING
from leverwatch.collectors.aggregation.bulk_timestamps import Stamps
from leverwatch.collectors.aggregation.cells import CellRef, Group, Key
from leverwatch.collectors.aggregation.counters import Counters, Sessions
from leverwatch.collectors.aggregation.dedupe import SeenIds
from leverwatch.collectors.aggregation.id_memory import IdMemory
from leverwatch.collectors.aggregation.identity import Identify, id_key, identity
from leverwatch.collectors.aggregation.observed import NOTHING, Joined, Observed
from leverwatch.collectors.aggregation.open_calls import OpenCalls
from leverwatch.collectors.aggregation.row_counter import RowCounter
from leverwatch.collectors.aggregation.stored_ids import KeyOf
from leverwatch.collectors.aggregation.tier_cells import sized_group, tier_counts, whole_cells
from leverwatch.collectors.counted_fields import COLUMN_INDEX, COLUMNS
from leverwatch.collectors.interface import Operation, PromptCount, Result, TierCount, UsageRow
from leverwatch.collectors.prompt_counts import heaviest
from leverwatch.collectors.records.fields import (
    ALL_FIELDS,
    FIELD_INDEX,
    row_layout,
    template_slice,
)
from leverwatch.collectors.records.formats.interface import Piece, Row
from leverwatch.collectors.records.layout import Layout
from leverwatch.collectors.records.model_operations import operation_of_model
from leverwatch.collectors.records.names import Refusal, model_fault, model_of
from leverwatch.collectors.records.observation import Observations
from leverwatch.collectors.records.service_tiers import row_sizes, tier_name, tier_of
from leverwatch.collectors.records.systems import NO_SYSTEM
from leverwatch.collectors.records.vocabulary import (
    CallStatus,
    is_cache_hit,
    operation_of,
    status_of,
)

_TIME, _REQUEST, _TRACE = map(FIELD_INDEX.__getitem__, ("time", "request_id", "trace_id"))
_naming = itemgetter(*map(FIELD_INDEX.__getitem__, NAMING))
_TRACES = COLUMN_INDEX["traces"]


class Rollup:
    """The counts of one source since the last `take`.

    `system_of` names a row's system from its template values (None: unattributed), `zone` is what a time without a
    zone means, `now` the clock, and `seen` removes duplicates (None: they are not removed); of what its keys are
    decides which those are. `calls` remembers streamed calls and traces, `open_calls` where those count of which a
    later record may say more. Rows end in the values of
    `EXTENDED_FIELDS` when `has_extended`; only the `known` fields of a row can have a value, and its tokens are
    `settled` as in `Layout`. `identify` computes the keys of records. `prompt_at` is the place of the
    version of the prompt among the template values; None: no version is counted. `operations` has models whose
    calls have an operation whatever their records say. `counters` remembers what fields
    were that only grow; None: there are none. `unnamed` returns what is said of a row that names no system.
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
        identify: Identify = identity,
        open_calls: OpenCalls | None = None,
        settled: bool = False,
        prompt_at: int | None = None,
        operations: Mapping[str, Operation] = MappingProxyType({}),
        counters: Counters | None = None,
        unnamed: Callable[[tuple[object, ...]], str] | None = None,
    ) -> None:
        self._unnamed = unnamed or getattr(system_of, "unnamed", None) or _names_none
        self._operations, self._counters = operations, counters
        self._prompt_at = prompt_at
        self._by_prompt: dict[str, dict[Key, list[float]]] = {}
        self._system_of, self._zone, self._now, self._tolerance = system_of, zone, now, future_tolerance
        self._seen, self._calls = seen, calls
        self._by_record = seen is not None and seen.key_of is KeyOf.RECORD
        self._memory = IdMemory(seen, calls, identify, zone, has_extended=has_extended)
        self._has_extended, self._known, self._settled = has_extended, known, settled
        self._size = row_sizes(has_extended=has_extended, settled=settled)
        self._layout: Layout | None = None
        self.cells: dict[Key, list[float]] = {}
        self.days: set[date] = set()
        self.newest: datetime | None = None
        slot_minutes = gcd(calls.slot_seconds, seen.slot_seconds if seen else 0) // 60
        self._stamps = Stamps(zone, slot_minutes)
        self._open = OpenCalls() if open_calls is None else open_calls
        self._single = RowCounter(
            self._stamps, self._judge, self._sized, self._memory, self._memory.first_trace, self._cell, self._open,
            zone, known, has_extended=has_extended, settled=settled,
        )  # fmt: skip
        self._bulk = BatchCounter(zone, slot_minutes, self._judge, self._sized, self._memory.first_trace, identify)
        self.observed = Observed(self, now)

    def add_records(
        self, records: Sequence[Any], layout: Layout, observed: Observations | None = None
    ) -> tuple[int, list[tuple[int, Result, str]]]:
        """Count records that are no parts of streamed calls, with the same result as `add`, but much faster."""
        found = self._bulk.prepare(records, layout, self.limit())
        repeated = self._repeated(found)
        joined = NOTHING
        if observed is not None:
            joined = self._join(found, repeated, observed)
            repeated = [*repeated, *joined.rows, *(joined.again if self._seen else ())]
        counted, others, newest = self._bulk.count(found, repeated)
        self._saw_newest(newest)
        if joined.calls:
            calls = set(joined.rows[: joined.calls])
            others = [other for other in others if other[0] not in calls]
        return counted + joined.calls, others

    def _join(self, found: Prepared, repeated: Sequence[int], observed: Observations) -> Joined:
        """Join the observations of new records to those of the same calls."""
        left_out = {index for index, result, _ in found.others if result is not Result.UNATTRIBUTED}
        left_out.update(repeated)
        joined = self.observed.add(observed, found.records, left_out)
        if found.others and (joined.rows or joined.again):
            # One that does not name the system itself counts for that of another one.
            taken = {*joined.rows, *(joined.again if self._seen else ())}
            found.others = [other for other in found.others if other[0] not in taken]
        return joined

    def add_one(self, row: Row) -> None:
        """Count the row of a call, without looking at its request id."""
        self.add_each([_without_id(row)])

    def take_one(self, row: Row, *, with_trace: bool) -> None:
        """Take back what `add_one` counted; `with_trace`: also its trace, of which no other call is known."""
        self.take_back(_without_id(row))
        if with_trace:
            self._forget_trace(row)

    def _repeated(self, found: Prepared) -> list[int]:
        """Remember the keys of records. Returns the indices of the repeated ones."""
        if self._seen is None:
            return []
        keys = self._bulk.keys(found) if self._by_record else self._bulk.id_keys(found)
        if not keys:
            return []
        slots = slots_of(found, self._seen.slot_seconds)
        repeated = self._seen.add_all(keys, slots)
        if self._seen.before is None:
            return repeated
        old = enumerate(zip(self._bulk.id_keys(found), slots, strict=True))
        before = (index for index, (key, slot) in old if key is not None and self._seen.held_before(key, slot))
        return sorted({*repeated, *before})

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

    def _cell(self, key: Key, prompt: str = "") -> list[float]:
        cells = self._by_prompt.setdefault(prompt, {}) if prompt else self.cells
        cell = cells.get(key)
        if cell is None:
            cells[key] = cell = [0.0] * len(COLUMNS)
        return cell

    @property
    def groups(self) -> int:
        """The number of cells in memory."""
        return len(self.cells) + sum(map(len, self._by_prompt.values()))

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
        tier: object,
        template: tuple[object, ...],
    ) -> CellRef | Refusal:
        self.days.add(day)
        found = self.attribute(model, word, status, hit, tier, template)
        if len(found) == 2:
            return found
        group, outcome, seed, id_seed, trace_seed = found
        prompt = "" if self._prompt_at is None else str(template[self._prompt_at] or "")
        key = (*group, day)
        return CellRef(self._cell(key, prompt), key, outcome, seed, id_seed, trace_seed, prompt)

    def _sized(self, place: CellRef, size: int) -> CellRef:
        """Return the same reference for inputs of a size."""
        key = (*sized_group(place.key[:4], size), place.key[4])
        return CellRef(
            self._cell(key, place.prompt),
            key,
            place.outcome,
            place.seed,
            place.id_seed,
            place.trace_seed,
            place.prompt,
        )

    def attribute(
        self,
        model: str | None,
        word: str | None,
        status: object,
        hit: object,
        tier: object,
        template: tuple[object, ...],
    ) -> tuple[Group, CallStatus, int, int, int] | Refusal:
        """Return group and outcome of a record, and the seeds of the keys of records, of ids alone and of traces;
        or why it is refused."""
        name = model_of(model)
        if fault := model_fault(name):
            return fault
        said, operation = operation_of(word), self._operations.get(name)
        if operation is None and said is not None:
            named = operation_of_model(name) if not (word or "").strip() else None
            operation = named or said
        if operation is None:
            return Result.UNKNOWN_OPERATION, "an operation of no known kind"
        said = said or operation
        outcome = status_of(status)
        if outcome is None:
            return Result.UNKNOWN_STATUS, "neither a success nor an error"
        system = self._system_of(template)
        if system is None:
            return Result.UNATTRIBUTED, self._unnamed(template)
        if outcome is CallStatus.SUCCESS and is_cache_hit(hit):
            outcome = CallStatus.CACHE_HIT
        group = (system, name, operation, tier_name(tier_of(tier), 0))
        # A failed attempt and the retry that succeeded may share an id, and so may two systems: all of them count.
        # The tier is of no id: what is read again after an upgrade may tell it for the first time. Nor is what the
        # name of the model tells, which another table or setting may tell otherwise.
        seeds = (system, name, said, outcome), (system, said, outcome), (system, "trace")
        seed, id_seed, trace_seed = map(self._memory.seed, seeds)
        return group, outcome, seed, id_seed, trace_seed

    def add(
        self,
        rows: Sequence[Row],
        pieces: Mapping[int, Piece] = MappingProxyType({}),
        observed: Observations | None = None,
        sessions: Sequence[Sessions] | None = None,
    ) -> tuple[int, list[tuple[int, Result, str]]]:
        """Count rows. Returns the number of counted rows, and index, result and detail of each other row.

        `pieces` says by their indices which rows are parts or versions of calls. The first one of a call counts
        it; a later part adds what it tells to the same cell, once; a later version replaces what was counted.
        `sessions` are those of the counters of each row.
        """
        if not rows:
            return 0, []
        if sessions is not None and self._counters is not None:
            return self._add_grown(rows, sessions, self._counters)
        if not pieces and not self._open.versions:
            return self.add_records(rows, self._layout_of(rows[0]), observed)
        return self.add_each(rows, pieces)

    def _add_grown(
        self, rows: Sequence[Row], sessions: Sequence[Sessions], counters: Counters
    ) -> tuple[int, list[tuple[int, Result, str]]]:
        """Count rows of which each tells counters that only grow. Whether a row is a duplicate is told by what it
        says, and the length of its input by how much that grew."""
        layout = self._layout_of(rows[0])
        repeated = self._repeated(found := self._bulk.prepare(rows, layout, self.limit()))
        left_out = {index for index, _, _ in found.others}.union(repeated)
        outcomes = [None if index in left_out else place.outcome for index, place in enumerate(found.places)]
        grown = counters.increases(rows, sessions, outcomes)
        counted, others, newest = self._bulk.count(self._bulk.prepare(grown, layout, self.limit()), repeated)
        self._saw_newest(newest)
        return counted, others

    def _layout_of(self, row: Row) -> Layout:
        # All rows of a source are equally long.
        self._layout = self._layout or row_layout(
            self._known, len(row), has_extended=self._has_extended, settled=self._settled
        )
        return self._layout

    def add_each(
        self, rows: Sequence[Row], pieces: Mapping[int, Piece] = MappingProxyType({})
    ) -> tuple[int, list[tuple[int, Result, str]]]:
        """Count rows one by one, with the arguments and the result of `add`."""
        counted, others, newest = self._single.add(rows, pieces, self.limit())
        self._saw_newest(newest)
        return counted, others

    def whole_call(self, row: Row, system: str, outcome: CallStatus) -> int | None:
        """As `RowCounter` has it."""
        return self._single.whole_call(row, system, outcome)

    def take_back(self, row: Row, sessions: Sessions | None = None) -> None:
        """Subtract exactly what `add` counted for a row, and forget its request id."""
        counted = None
        if self._counters is not None:
            model, word, status, hit, tier = _naming(row)
            template = row[template_slice(has_extended=self._has_extended)]
            found = self.attribute(model, word, status, hit, tier, template)
            counted = row if len(found) == 2 else self._counters.undo(row, sessions, found[1])
        self._single.take_back(row, datetime.max.replace(tzinfo=UTC), counted)

    def take_version_back(self, row: Row) -> None:
        """Subtract the call of a row that is its only version so far, and forget its id."""
        self._single.take_version_back(row, datetime.max.replace(tzinfo=UTC))

    def _forget_trace(self, row: Row) -> None:
        """Take back the trace of an inference that was counted, as if it had never been seen."""
        (stamp,) = self._stamps.read([row[_TIME]], datetime.max.replace(tzinfo=UTC)).stamps
        model, word, status, hit, tier = _naming(row)
        template = row[template_slice(has_extended=self._has_extended)]
        found = self.attribute(model, word, status, hit, tier, template)
        if stamp.refusal is not None or len(found) == 2:
            return
        key = id_key(str(row[_TRACE]).strip(), self._memory.seed((found[0][0], "trace")))
        if self._calls.holds(key, stamp.minute * 60 // self._calls.slot_seconds):
            self._calls.forget(key)
            self._cell((*sized_group(found[0], self._size(row)), stamp.day))[_TRACES] -= 1

    def saw(self, times: Iterable[object]) -> None:
        """Note the days of readable records that gave no row."""
        stamps = self._stamps.read(list(times), self.limit()).stamps
        self.days.update(stamp.day for stamp in set(stamps) if stamp.refusal is None)

    def take_prompts(self) -> tuple[PromptCount, ...]:
        """Return the calls of each version of a prompt since the last `take`. To be called before it and before
        `take_tiers`."""
        self._bulk.settle()
        found = heaviest(self._by_prompt)
        for cells in self._by_prompt.values():
            self.merge(cells.items(), (), None)
        self._by_prompt = {}
        return found

    def take_tiers(self) -> tuple[TierCount, ...]:
        """Return what each tier but the standard one has since the last `take`. To be called before it."""
        self._bulk.settle()
        return tier_counts(self.cells)

    def take(self) -> tuple[tuple[UsageRow, ...], frozenset[date], datetime | None]:
        """Return everything since the last call: usage rows, days seen, and the time of the newest counted
        record."""
        self._bulk.settle()
        usage = tuple(UsageRow(*key, *cell) for key, cell in whole_cells(self.cells) if any(cell))
        taken = (usage, frozenset(self.days), self.newest)
        self.clear()
        return taken

    def clear(self) -> None:
        """Forget what was added since the last `take`."""
        self.cells, self.days, self.newest = {}, set(), None
        self._by_prompt = {}
        self._bulk.clear()
        self._single.clear()


def _names_none(_template: tuple[object, ...]) -> str:
    return NO_SYSTEM


def _without_id(row: Row) -> Row:
    return (*row[:_REQUEST], None, *row[_REQUEST + 1 :])


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
