"""Adds rows up by system, model, operation and UTC day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from math import gcd
from typing import Any

from xxhash import xxh3_64_intdigest

from collectors.files.bulk import Bulk, Prepared
from collectors.files.dedupe import SeenIds
from collectors.files.fields import ALL_FIELDS, FIELDS, RARE
from collectors.files.formats.interface import Row
from collectors.files.layout import Layout
from collectors.files.places import Place, Refusal
from collectors.files.stamps import Stamps
from collectors.files.times import parse_time
from collectors.files.words import (
    Outcome,
    is_cache_hit,
    is_invalid,
    is_schema_mode,
    is_truncated,
    operation_of,
    outcome_of,
)
from collectors.interface import UNKNOWN_MODEL, Operation, Result, UsageRow

Key = tuple[str, str, Operation, date]
"""System, model, operation, UTC day."""

COLUMNS: tuple[str, ...] = (
    "inferences", "errors", "cache_hits", "attempts", "input_tokens", "cached_input_tokens", "output_tokens",
    "unknown_input", "unknown_cached", "unknown_output", "cost_usd", "unpriced", "latency_ms", "unknown_latency",
    "cache_write_tokens", "reasoning_tokens", "traced", "traces", "checked", "invalid", "schema_checked",
    "schema_mode", "finish_known", "truncated", "static_known", "static_tokens",
)  # fmt: skip
"""The counts of a `UsageRow`, in the order of a cell."""

_TEMPLATE = len(FIELDS)
_TIME, _REQUEST, _OPERATION, _STATUS = map(FIELDS.index, ("time", "request_id", "operation", "status"))
_ASPECTS = {
    "usage": (
        "input_tokens", "cached_input_tokens", "output_tokens", "cost_usd",
        "cache_write_tokens", "reasoning_tokens",
    ),
    "latency": ("latency_ms",),
    "finish": ("finish_reason",),
    "output": ("valid", "schema_mode", "static_input_tokens"),
}  # fmt: skip
"""What parts of a streamed call may tell, each thing once."""
_NO_ID = frozenset({"", "none", "null"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Rollup:
    """The counts of one source since the last `take`.

    `system_of` names a row's system from its template values (None: unattributed), `zone` is what a time without a
    zone means, `now` the clock, and `seen` what removes duplicates (None: nothing does). `calls` remembers
    streamed calls and traces. Rows end in the values of RARE when `has_rare`, and only tell the `known` fields.
    """

    def __init__(
        self,
        system_of: Callable[[tuple[object, ...]], str | None],
        zone: tzinfo,
        now: Callable[[], datetime],
        future_tolerance: timedelta,
        seen: SeenIds | None,
        calls: SeenIds,
        has_rare: bool,
        known: frozenset[str] = ALL_FIELDS,
    ) -> None:
        self._system_of, self._zone, self._now, self._tolerance = system_of, zone, now, future_tolerance
        self._seen, self._calls = seen, calls
        self._template = slice(_TEMPLATE, -len(RARE) if has_rare else None)
        self._has_rare = has_rare
        self._known = known
        self._layout: Layout | None = None
        places = {name: index for index, name in enumerate(FIELDS)}
        if has_rare:
            places |= {name: index - len(RARE) for index, name in enumerate(RARE)}
        self._aspects = [
            (kind, tuple(places[name] for name in names if name in places)) for kind, names in _ASPECTS.items()
        ]
        self._told = tuple(place for _, told in self._aspects for place in told)
        self._slot_seconds = seen.slot_seconds if seen else 3600
        self._minutes: dict[str, tuple[date, int]] = {}
        self._operations: dict[str | None, Operation | None] = {}
        self._seeds: dict[tuple[object, ...], int] = {}
        self.cells: dict[Key, list[float]] = {}
        self.days: set[date] = set()
        self.newest: datetime | None = None
        slot_minutes = gcd(calls.slot_seconds, seen.slot_seconds if seen else 0) // 60
        self._stamps = Stamps(zone, slot_minutes)
        self._bulk = Bulk(COLUMNS, zone, slot_minutes, self._judge, self._trace_of, dedupe=seen is not None)

    def add_records(self, records: Sequence[Any], layout: Layout) -> tuple[int, list[tuple[int, Result, str]]]:
        """The same as `add` for the rows of these records, none of them a part, with far less work for each."""
        found = self.prepare(records, layout, self.limit())
        repeated: list[int] = []
        if self._seen is not None and found.ids:
            repeated = self._seen.add_all(found.ids, slots_of(found, self._seen.slot_seconds))
        return self.count(found, repeated)

    def limit(self) -> datetime:
        """The latest time that a record may have."""
        return self._now() + self._tolerance

    def prepare(self, records: Sequence[Any], layout: Layout, limit: datetime) -> Prepared:
        """The first half of `add_records`: everything before duplicates are removed."""
        return self._bulk.prepare(records, layout, limit)

    def count(self, found: Prepared, repeated: Sequence[int]) -> tuple[int, list[tuple[int, Result, str]]]:
        """The second half: count what is not repeated."""
        counted, others, newest = self._bulk.count(found, repeated)
        self._saw_newest(newest)
        return counted, others

    def merge(self, usage: Iterable[UsageRow], days: Iterable[date], newest: datetime | None) -> None:
        """Add what another roll-up of the same source gave to `take`."""
        for row in usage:
            cell = self._cell((row.system, row.model, row.operation, row.day))
            for index, name in enumerate(COLUMNS):
                cell[index] += getattr(row, name)
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
    ) -> Place | Refusal:
        self.days.add(day)
        operation = operation_of(word)
        if operation is None:
            return Result.UNKNOWN_OPERATION, "an operation of no known kind"
        outcome = outcome_of(status)
        if outcome is None:
            return Result.UNKNOWN_STATUS, "neither a success nor an error"
        system = self._system_of(template)
        if system is None:
            return Result.UNATTRIBUTED, "names no system"
        if outcome is Outcome.SUCCESS and is_cache_hit(hit):
            outcome = Outcome.CACHE_HIT
        cell = self._cell((system, model or UNKNOWN_MODEL, operation, day))
        return Place(cell, system, outcome, self._seed((system, operation, outcome)))

    def _trace_of(self, place: Place, trace: object, weight: float, minute: int) -> None:
        self._trace(place.cell, place.system, trace, weight, minute * 60)

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
            self._layout = self._layout or row_layout(self._known, len(rows[0]), has_rare=self._has_rare)
            return self.add_records(rows, self._layout)
        counted = 0
        others: list[tuple[int, Result, str]] = []
        limit = self.limit()
        for index, row in enumerate(rows):
            refused = self._add_part(row, limit) if index in parts else self._add(row, limit, 1.0)
            if refused is None:
                counted += 1
            else:
                others.append((index, *refused))
        return counted, others

    def take_back(self, row: Row) -> None:
        """Subtract exactly what `add` counted for a row, and forget its request id."""
        self._add(row, datetime.max.replace(tzinfo=UTC), -1.0)

    def _add(self, row: Row, limit: datetime, sign: float) -> tuple[Result, str] | None:
        (
            time, model, request_id, operation_word, status, input_tokens, cached_tokens, output_tokens, cost,
            latency, trace, inferences, rate, hit, attempts,
        ) = row[:_TEMPLATE]  # fmt: skip
        if time is None:
            return Result.MISSING_FIELD, "no time"
        moment = parse_time(time, self._zone)
        if moment is None:
            return Result.BAD_TIME, "not a time that an inference can have"
        if moment > limit:
            return Result.FUTURE, "later than the clock"
        day = moment.date()
        self.days.add(day)
        try:
            operation = self._operations[operation_word]
        except KeyError:
            operation = self._operations.setdefault(operation_word, operation_of(operation_word))
        if operation is None:
            return Result.UNKNOWN_OPERATION, "an operation of no known kind"
        outcome = Outcome.SUCCESS if status is None else outcome_of(status)
        if outcome is None:
            return Result.UNKNOWN_STATUS, "neither a success nor an error"
        system = self._system_of(row[self._template])
        if system is None:
            return Result.UNATTRIBUTED, "names no system"
        if outcome is Outcome.SUCCESS and hit is not None and is_cache_hit(hit):
            outcome = Outcome.CACHE_HIT
        if (
            self._seen is not None
            and request_id is not None
            and not self._is_new(request_id, (system, operation, outcome), moment, sign)
        ):
            return Result.DUPLICATE, "request id seen before"
        cell = self._cell((system, model or UNKNOWN_MODEL, operation, day))
        scale = sign if rate is None else sign / rate
        weight = scale if inferences is None else scale * inferences
        if outcome is Outcome.SUCCESS:
            cell[0] += weight
            cell[3] += weight if attempts is None else scale * attempts
            if input_tokens is None:
                cell[7] += weight
            else:
                cell[4] += scale * input_tokens
            if cached_tokens is None:
                cell[8] += weight
            else:
                cell[5] += scale * cached_tokens
            if output_tokens is None:
                cell[9] += weight
            else:
                cell[6] += scale * output_tokens
            if cost is None:
                cell[11] += weight
            else:
                cell[10] += scale * cost
            if latency is None:
                cell[13] += weight
            else:
                cell[12] += scale * latency
            if trace is not None:
                self._trace(cell, system, trace, weight, _seconds(moment))
            if self._has_rare:
                _add_rare(cell, row[-len(RARE) :], scale, weight)
        elif outcome is Outcome.ERROR:
            cell[1] += weight
            cell[3] += weight if attempts is None else scale * attempts
            if cost is not None:
                cell[10] += scale * cost
        else:
            cell[2] += weight
        if self.newest is None or moment > self.newest:
            self.newest = moment
        return None

    def _is_new(
        self, request_id: str | int, kind: tuple[str, Operation, Outcome], moment: datetime, sign: float
    ) -> bool:
        text = str(request_id).strip()
        if self._seen is None or text.lower() in _NO_ID:
            return True
        # A failed attempt and the retry that succeeded may share an id, and so may two systems: all of them count.
        identity = self._identity(kind, text)
        if sign < 0:
            self._seen.forget(identity)
            return True
        return self._seen.add(identity, _seconds(moment) // self._slot_seconds)

    def _identity(self, kind: tuple[object, ...], text: str) -> int:
        return xxh3_64_intdigest(text.encode(errors="surrogatepass"), self._seed(kind))

    def _seed(self, kind: tuple[object, ...]) -> int:
        seed = self._seeds.get(kind)
        if seed is None:
            self._seeds[kind] = seed = xxh3_64_intdigest("\0".join(str(part) for part in kind).encode())
        return seed

    def _is_first(self, kind: tuple[object, ...], text: object, seconds: int) -> bool:
        return self._calls.add(self._identity(kind, str(text).strip()), seconds // self._calls.slot_seconds)

    def _trace(self, cell: list[float], system: str, trace: object, weight: float, seconds: int) -> None:
        cell[16] += weight
        # A line that is taken back is read again at once: its trace stays known, and stays counted.
        if weight > 0 and self._is_first((system, "trace"), trace, seconds):
            cell[17] += 1.0

    def _add_part(self, row: Row, limit: datetime) -> tuple[Result, str] | None:
        moment, system = parse_time(row[_TIME], self._zone), self._system_of(row[self._template])
        operation, outcome = operation_of(row[_OPERATION]), outcome_of(row[_STATUS])
        if moment is None or moment > limit or system is None or operation is None or outcome is None:
            return self._add(row, limit, 1.0)  # refuses it, for one of these reasons

        def is_first(kind: str) -> bool:
            return self._is_first((system, operation, kind), row[_REQUEST], _seconds(moment))

        bare = _with(row, dict.fromkeys(self._told))
        nameless = _with(bare, {_REQUEST: None})
        first = is_first("call")
        result = self._add(bare, limit, 1.0) if first else (Result.PART, "part of a call that is counted")
        if outcome is Outcome.ERROR:
            # What counted as an inference while it ran has failed, unless it had already told its usage.
            if is_first("usage") and not first:
                self._add(_with(nameless, {_STATUS: None}), limit, -1.0)
                self._add(nameless, limit, 1.0)
            return result
        for kind, places in self._aspects:
            told = {place: row[place] for place in places if row[place] is not None}
            counts = not first or result is None
            if (told or not counts) and is_first(kind) and counts:
                self._add(_with(nameless, told), limit, 1.0)
                self._add(nameless, limit, -1.0)
        return result

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


def _seconds(moment: datetime) -> int:
    return int((moment - _EPOCH).total_seconds())


def _with(row: Row, values: Mapping[int, object]) -> Row:
    """A row with other values at some places."""
    changed = list(row)
    for place, value in values.items():
        changed[place] = value
    return tuple(changed)


def _add_rare(cell: list[float], rare: Row, scale: float, weight: float) -> None:
    cache_write, reasoning, valid, schema_mode, finish, static = rare
    if cache_write is not None:
        cell[14] += scale * cache_write
    if reasoning is not None:
        cell[15] += scale * reasoning
    for at, value, is_so in (
        (18, valid, is_invalid),
        (20, schema_mode, is_schema_mode),
        (22, finish, is_truncated),
    ):
        known = None if value is None else is_so(value)
        if known is not None:
            cell[at] += weight
            cell[at + 1] += weight if known else 0.0
    if static is not None:
        cell[24] += weight
        cell[25] += scale * static


def row_layout(known: frozenset[str], width: int, *, has_rare: bool) -> Layout:
    """Where rows of so many values have each of the fields that they may tell."""
    end = width - len(RARE) if has_rare else width
    places = {name: index for index, name in enumerate(FIELDS)}
    if has_rare:
        places |= {name: end + index for index, name in enumerate(RARE)}
    fields = {name: (place,) for name, place in places.items() if name in known}
    template = tuple((place,) for place in range(_TEMPLATE, end))
    return Layout(fields, template)  # type: ignore[arg-type]  # the loops read an index as they read an attribute


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
