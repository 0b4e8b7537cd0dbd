"""Adds single rows to cells, and notes what each open call added, so that it can be taken back exactly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from operator import add, sub
from typing import Any, Protocol

from leverwatch.collectors.aggregation.cells import CellRef
from leverwatch.collectors.aggregation.counting_rule import First, compile_row_rule
from leverwatch.collectors.aggregation.open_calls import OpenCall
from leverwatch.collectors.counted_fields import COLUMN_INDEX, COLUMNS
from leverwatch.collectors.interface import Operation, Result
from leverwatch.collectors.records.fields import field_indexes
from leverwatch.collectors.records.formats.interface import Row
from leverwatch.collectors.records.layout import Layout
from leverwatch.collectors.records.names import Refusal
from leverwatch.collectors.records.vocabulary import CallStatus

_TRACES = COLUMN_INDEX["traces"]
Kind = tuple[object, ...]
CellOf = Callable[[tuple[str, str, Operation, date], str], list[float]]
"""Returns the counts of a cell, given its system, model, operation and day, and the version of the prompt."""
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
    model: str
    day: date
    stream: Kind
    """The kind of streamed calls."""
    stream_seed: int
    version_seed: int
    """The seed of the keys of calls with versions."""

    def call(self, moment: float, *, series: str = "", version: bool = False) -> OpenCall:
        """Return a new call that counts in this cell, of which nothing is known yet."""
        return OpenCall(
            system=self.place.system, operation=self.operation, model=self.model, day=self.day,
            outcome=self.place.outcome, begun=moment, until=moment, counts=(), told=0, usage=(), series=series,
            version=version, ended=False, alone=False, waits=False, prompt=self.place.prompt,
        )  # fmt: skip


class Ledger:
    """Adds rows of one shape to their cells."""

    def __init__(self, first: First, cell_of: CellOf, *, has_extended: bool, settled: bool = False) -> None:
        self._first, self._cell_of = first, cell_of
        places = field_indexes(has_extended=has_extended)
        self._rule = compile_row_rule(Layout({name: (at,) for name, at in places.items()}, settled=settled))

    def count(self, row: Sequence[Any], place: CellRef, moment: float, sign: float = 1.0) -> None:
        """Count a row that needs no further attention, or take it back with a sign of -1."""
        self._rule(row, place, place.outcome, int(moment) // 60, sign, self._first)

    def counts(self, row: Sequence[Any], system: str, outcome: CallStatus, moment: float) -> list[float]:
        """Return what a row adds to its cell, as a call with an outcome."""
        place = CellRef([0.0] * len(COLUMNS), system, outcome, 0, 0)
        self.count(row, place, moment)
        return place.cell

    def add(self, call: OpenCall, row: Sequence[Any], moment: float) -> None:
        """Count a row as an open call."""
        self._add(call, self.counts(row, call.system, call.outcome, moment))

    def change(self, call: OpenCall, old: Sequence[Any], new: Sequence[Any], moment: float) -> None:
        """Count a row instead of another one in the cell of an open call."""
        place = CellRef([0.0] * len(COLUMNS), call.system, call.outcome, 0, 0)
        # A trace is found only once: what is new counts first.
        self.count(new, place, moment)
        self.count(old, place, moment, -1.0)
        self._add(call, place.cell)

    def take_back(self, call: OpenCall) -> None:
        """Subtract all that an open call added."""
        if call.counts:
            cell = self._cell(call)
            cell[:] = map(sub, cell, call.counts)
            call.counts = ()

    def move_traces(self, call: OpenCall, count: float) -> None:
        """Add distinct traces that the call had added before: they stay known, and are not found again."""
        if count:
            self._cell(call)[_TRACES] += count
            told = call.counts
            call.counts = (*told[:_TRACES], told[_TRACES] + count, *told[_TRACES + 1 :])

    def _add(self, call: OpenCall, counts: list[float]) -> None:
        cell = self._cell(call)
        cell[:] = map(add, cell, counts)
        call.counts = tuple(map(add, call.counts, counts) if call.counts else counts)

    def _cell(self, call: OpenCall) -> list[float]:
        return self._cell_of((call.system, call.model, call.operation, call.day), call.prompt)
