"""Adds single rows to cells, and notes what each open call added, so that it can be taken back exactly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import compress
from operator import add, itemgetter, sub
from typing import Any, Protocol

from leverwatch.collectors.aggregation.cells import CellRef, Key, scratch
from leverwatch.collectors.aggregation.counting_rule import CountRow, First, compile_row_rule
from leverwatch.collectors.aggregation.open_calls import Group, OpenCall
from leverwatch.collectors.counted_fields import COLUMN_INDEX, COLUMNS
from leverwatch.collectors.interface import Operation, Result
from leverwatch.collectors.records.fields import field_indexes
from leverwatch.collectors.records.formats.interface import Row
from leverwatch.collectors.records.layout import Layout
from leverwatch.collectors.records.names import Refusal
from leverwatch.collectors.records.vocabulary import CallStatus

_TRACES = COLUMN_INDEX["traces"]
_TRACE = "trace_id"
_WEIGHTS = ("sample_rate", "inferences")
"""The fields that say how many calls a record stands for."""
_MOST_WEIGHTS = _MOST_SCRATCHES = 1_000
_PLACES = range(len(COLUMNS))
Kind = tuple[object, ...]
CellOf = Callable[[Key, str], list[float]]
"""Returns the counts of a cell, given its key, and the version of the prompt."""
SEEN_BEFORE: Refusal = (Result.DUPLICATE, "request id seen before")


class Memory(Protocol):
    """Remembers ids with a time in seconds since the epoch: request ids by their seed, all others by their
    kind."""

    def remember_request(self, request_id: object, seed: int, seconds: int) -> bool:
        """Remember the request id of a record. Returns whether the record is to be counted: its id is new, or
        it has none."""
        ...

    def remembers_call(self, request_id: object, system: str, operation: Operation, seconds: int) -> bool:
        """Return whether a request id was remembered for a call, whatever its outcome was."""
        ...

    def remember_record(self, row: Row, place: CellRef, seconds: int) -> bool:
        """Remember a whole record. Returns whether it is to be counted: nothing like it was seen, or it has no
        id."""
        ...

    def forget_record(self, row: Row, place: CellRef, seconds: int) -> None:
        """Take back what is remembered of a whole record, as if it had never been seen."""
        ...

    def forget_call(self, key: int, request_id: object, seed: int) -> None:
        """Take back what `remember_key` and `remember_request` remember of a call."""
        ...

    def remember(self, kind: Kind, text: object, seconds: int) -> bool:
        """Remember an id of a kind. Returns whether it is new."""
        ...

    def remember_key(self, key: int, seconds: int) -> bool:
        """Remember what `key` returned, as `remember` does."""
        ...

    def remembers(self, kind: Kind, text: object, seconds: int) -> bool:
        """Return whether an id was remembered before, without remembering it."""
        ...

    def seed(self, kind: Kind) -> int:
        """Return the seed of the keys of a kind."""
        ...

    def key(self, seed: int, text: object) -> int:
        """Return the key of an id: its hash with the seed of its kind."""
        ...


@dataclass(frozen=True, slots=True)
class Known:
    """The cell of a row, and the kinds under which its call is remembered."""

    place: CellRef
    operation: Operation
    """As the record tells it; that of the cell may be known by the name of the model."""
    model: str
    day: date
    stream: Kind
    """The kind of streamed calls."""
    stream_seed: int
    version_seed: int
    """The seed of the keys of calls with versions."""
    _fresh: OpenCall = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        fresh = OpenCall(
            system=self.place.system, operation=self.place.key[2], model=self.model, day=self.day,
            outcome=self.place.outcome, begun=0.0, until=0.0, counts=(), told=0, usage=(), series="",
            version=False, ended=False, alone=False, waits=False, prompt=self.place.prompt,
            tier=self.place.tier, tallied=False,
        )  # fmt: skip
        object.__setattr__(self, "_fresh", fresh)

    @property
    def group(self) -> Group:
        """What calls have in common whose chunks cannot be told apart by id."""
        return self._fresh.group

    def call(self, moment: float, *, series: str = "", version: bool = False) -> OpenCall:
        """Return a new call that counts in this cell, of which nothing is known yet."""
        fresh: Any = self._fresh
        call: OpenCall = fresh.__copy__()  # which `copy` would look for first
        call.begun = call.until = moment
        call.series, call.version = series, version
        return call


class Ledger:
    """Adds rows of one shape to their cells."""

    def __init__(
        self, first: First, cell_of: CellOf, memory: Memory, *, has_extended: bool, settled: bool = False
    ) -> None:
        self._first, self._cell_of, self._memory = first, cell_of, memory
        places = field_indexes(has_extended=has_extended)
        self._layout = Layout({name: (at,) for name, at in places.items()}, settled=settled)
        self._rule = compile_row_rule(self._layout)
        self._rules: dict[tuple[str, ...], CountRow] = {}
        self._trace = places[_TRACE]
        self._weights = [places[name] for name in _WEIGHTS]
        self._weight = itemgetter(*self._weights)
        self._nothing: dict[tuple[object, ...], list[float]] = {}
        self._scratches: dict[tuple[str, CallStatus], CellRef] = {}

    def count(self, row: Sequence[Any], place: CellRef, moment: float, sign: float = 1.0) -> None:
        """Count a row that needs no further attention, or take it back with a sign of -1."""
        self._rule(row, place, place.outcome, int(moment) // 60, sign, self._first)

    def counts(self, row: Sequence[Any], system: str, outcome: CallStatus, moment: float) -> list[float]:
        """Return what a row adds to its cell, as a call with an outcome."""
        place = self._scratch(system, outcome)
        self.count(row, place, moment)
        return place.cell

    def _scratch(self, system: str, outcome: CallStatus) -> CellRef:
        """Return a cell of its own for a call of a system; it is emptied with the next call."""
        place = self._scratches.get((system, outcome))
        if place is None:
            if len(self._scratches) >= _MOST_SCRATCHES:
                self._scratches.clear()
            seed = self._memory.seed((system, "trace"))
            place = self._scratches[system, outcome] = scratch([], system, outcome, seed)
        place.cell = [0.0] * len(COLUMNS)
        return place

    def add(self, call: OpenCall, row: Sequence[Any], moment: float) -> None:
        """Count a row as an open call."""
        self._add(call, self.counts(row, call.system, call.outcome, moment))

    def change(
        self, call: OpenCall, row: Sequence[Any], moment: float, names: tuple[str, ...], old: Sequence[Any] | None
    ) -> None:
        """Add what these fields of a row tell of an open call. `old` is a row with what was known of them; None:
        nothing was."""
        # The trace may be new too.
        rule = self._rules.get(names)
        if rule is None:
            rule = self._rules[names] = compile_row_rule(self._layout, (*names, _TRACE))
        place, minute = self._scratch(call.system, call.outcome), int(moment) // 60
        if old is not None:
            rule(old, place, call.outcome, minute, -1.0, self._first)
        else:
            place.cell = list(self._untold(rule, row, call.outcome))
        rule(row, place, call.outcome, minute, 1.0, self._first)
        self._add(call, place.cell)

    def _untold(self, rule: CountRow, row: Sequence[Any], outcome: CallStatus) -> list[float]:
        """Return what counted, with the sign turned, while nothing was known of what a rule is for."""
        weight, trace = self._weight(row), row[self._trace] is not None
        key = (rule, weight, trace, outcome)
        found = self._nothing.get(key)
        if found is None:
            bare: list[Any] = [None] * len(row)
            for at, value in zip(self._weights, weight, strict=True):
                bare[at] = value
            bare[self._trace] = "" if trace else None
            place = scratch([0.0] * len(COLUMNS), "", outcome, 0)
            rule(bare, place, outcome, 0, -1.0, self._first)
            found = place.cell
            if len(self._nothing) < _MOST_WEIGHTS:
                self._nothing[key] = found
        return found

    def take_back(self, call: OpenCall) -> None:
        """Subtract all that an open call added."""
        if call.counts:
            cell = self._cell(call)
            cell[:] = map(sub, cell, call.counts)
            call.counts = ()

    def move(self, call: OpenCall, tier: str) -> None:
        """Move all that an open call added to the cell of another tier."""
        if call.tier != tier:
            counts = call.counts
            self.take_back(call)
            call.tier = tier
            if counts:
                self._add(call, list(counts))

    def rename(self, call: OpenCall, model: str, operation: Operation) -> None:
        """Move all that an open call added to the cells of another model."""
        counts = call.counts
        self.take_back(call)
        call.model, call.operation = model, operation
        if counts:
            self._add(call, list(counts))

    def move_traces(self, call: OpenCall, count: float) -> None:
        """Add distinct traces that the call had added before: they stay known, and are not found again."""
        if count:
            self._cell(call)[_TRACES] += count
            told = call.counts
            call.counts = (*told[:_TRACES], told[_TRACES] + count, *told[_TRACES + 1 :])

    def _add(self, call: OpenCall, counts: list[float]) -> None:
        cell = self._cell(call)
        if not call.counts:
            cell[:] = map(add, cell, counts)
            call.counts = tuple(counts)
            return
        # What a later record tells is in a few columns.
        told = list(call.counts)
        for at in compress(_PLACES, counts):
            cell[at] += counts[at]
            told[at] += counts[at]
        call.counts = tuple(told)

    def _cell(self, call: OpenCall) -> list[float]:
        return self._cell_of((call.system, call.model, call.operation, call.tier, call.day), call.prompt)
