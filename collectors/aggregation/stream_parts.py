"""Counts rows one at a time: parts of streamed calls, and rows that are taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from operator import itemgetter
from typing import Any, Protocol

from leverwatch.collectors.aggregation.batch_counter import Judge
from leverwatch.collectors.aggregation.batch_loops import NAMING
from leverwatch.collectors.aggregation.bulk_timestamps import Stamp, Stamps
from leverwatch.collectors.aggregation.cells import CellRef
from leverwatch.collectors.aggregation.counting_rule import First, compile_row_rule
from leverwatch.collectors.counted_fields import told_together
from leverwatch.collectors.interface import UNKNOWN_MODEL, Operation, Result
from leverwatch.collectors.records.fields import FIELDS, field_indexes, template_slice
from leverwatch.collectors.records.formats.interface import Row
from leverwatch.collectors.records.layout import Layout
from leverwatch.collectors.records.names import Refusal, model_of
from leverwatch.collectors.records.vocabulary import CallStatus, is_cache_hit, operation_of

_A_DAY = timedelta(days=1)
_TIME, _REQUEST, _HIT = map(FIELDS.index, ("time", "request_id", "cache_hit"))
_naming = itemgetter(*map(FIELDS.index, NAMING))
_ASPECTS = told_together()
"""The fields that the parts of a streamed call tell together; each is counted once for a call."""
_USAGE = tuple(_ASPECTS).index("usage")
_MOST_MODELS, _MOST_NAMES = 1_000, 20_000
"""The largest number of models that are remembered for one system and operation, and altogether: a later part
may name another model."""
_COUNTED_BEFORE = Result.PART, "part of a call that is counted"
_SEEN_BEFORE = Result.DUPLICATE, "request id seen before"

Kind = tuple[object, ...]


class Memory(Protocol):
    """Remembers ids with a time in seconds since the epoch: request ids by their seed, all others by their
    kind."""

    def remember_request(self, request_id: object, seed: int, seconds: int) -> bool:
        """Remember the request id of a record. Returns whether the record is to be counted: its id is new, or
        it has none."""
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

    def remembers(self, kind: Kind, text: object, seconds: int) -> bool:
        """Return whether an id was remembered before, without remembering it."""
        ...


@dataclass(frozen=True, slots=True)
class _Known:
    """The cell of a row, and the keys under which the parts of its call are remembered."""

    place: CellRef
    call: Kind
    aspects: tuple[Kind, ...]
    operation: Operation | None
    model: str
    day: date

    @property
    def cell(self) -> Kind:
        """The key under which a call that counts in this cell is remembered."""
        return (self.place.system, self.operation, "cell", self.model, self.day)


class RowCounter:
    """Adds single rows to their cells; `clear` forgets the cells."""

    def __init__(self, stamps: Stamps, judge: Judge, memory: Memory, first: First, *, has_extended: bool) -> None:
        self._stamps, self._judge, self._memory, self._first = stamps, judge, memory, first
        self._template = template_slice(has_extended=has_extended)
        place = field_indexes(has_extended=has_extended)
        self._aspects = [tuple(place[name] for name in names if name in place) for names in _ASPECTS.values()]
        self._told = tuple(at for places_ in self._aspects for at in places_)
        self._tell = itemgetter(*self._told)
        self._nothing = (None,) * len(self._told)
        self._rule = compile_row_rule(Layout({name: (at,) for name, at in place.items()}))
        self._places: dict[tuple[object, ...], _Known] = {}
        self._models: dict[Kind, dict[str, None]] = {}
        """Models of counted calls by system and operation, the most recent one last."""
        self._names = 0

    def clear(self) -> None:
        """Forget the cells."""
        self._places.clear()

    def add(
        self, rows: Sequence[Row], parts: frozenset[int], limit: datetime
    ) -> tuple[int, list[tuple[int, Result, str]], datetime | None]:
        """Count rows that are not later than `limit`; `parts` are the indices of parts of streamed calls.

        Returns the number of counted rows; index, result and detail of each other row; and the time of the newest
        row that changed a count.
        """
        times = self._stamps.read([row[_TIME] for row in rows], limit)
        others: list[tuple[int, Result, str]] = []
        changed = bytearray(len(rows))
        for index, (row, stamp) in enumerate(zip(rows, times.stamps, strict=True)):
            known = self._know(row, stamp)
            if not isinstance(known, _Known):
                refused: Refusal | None = known
            elif index in parts:
                refused, changed[index] = self._part(row, known, stamp.minute * 60)
            else:
                refused = self._record(row, known.place, stamp.minute * 60)
                changed[index] = refused is None
            if refused is not None:
                others.append((index, *refused))
        newest = self._stamps.newest(times.only(changed)) if any(changed) else None
        return len(rows) - len(others), others, newest

    def take_back(self, row: Row, limit: datetime) -> None:
        """Subtract exactly what was counted for a row."""
        (stamp,) = self._stamps.read([row[_TIME]], limit).stamps
        known = self._know(row, stamp)
        if isinstance(known, _Known):
            self._memory.forget_record(row, known.place, stamp.minute * 60)
            self._count(row, known.place, known.place.outcome, stamp.minute * 60, -1.0)

    def _know(self, row: Row, stamp: Stamp) -> _Known | Refusal:
        if stamp.refusal is not None:
            return stamp.refusal
        model, word, status, hit = _naming(row)
        template = row[self._template]
        # 1 and True are equal as keys, but not as texts.
        key = (stamp.day, model, word, status, type(status), hit, template, *map(type, template))
        known = self._places.get(key)
        if known is None:
            place = self._judge(stamp.day, model, word, status, hit, template)
            if not isinstance(place, CellRef):
                return place
            operation = operation_of(word)
            aspects = tuple((place.system, operation, kind) for kind in _ASPECTS)
            call = (place.system, operation, "call")
            known = _Known(place, call, aspects, operation, model_of(model), stamp.day)
            self._places[key] = known
        return known

    def _record(self, row: Row, place: CellRef, seconds: int) -> Refusal | None:
        """Count a whole record, unless it was seen before. Returns why it is not counted."""
        if not self._memory.remember_record(row, place, seconds):
            return _SEEN_BEFORE
        self._count(row, place, place.outcome, seconds, 1.0)
        return None

    def _whole(self, named: Row, row: Sequence[Any], place: CellRef, seconds: int) -> Refusal | None:
        """Count a row, unless the request id of `named` was seen before. Returns why it is not counted."""
        if not self._memory.remember_request(named[_REQUEST], place.id_seed, seconds):
            return _SEEN_BEFORE
        self._count(row, place, place.outcome, seconds, 1.0)
        return None

    def _part(self, row: Row, known: _Known, seconds: int) -> tuple[Refusal | None, bool]:
        """Count a part; return its result when it is not counted itself, and whether a count changed.

        The first part of a call counts it; a later one with more values adds them to the same cell, once.
        """
        place, id_ = known.place, row[_REQUEST]
        is_first = self._memory.remember(known.call, id_, seconds)
        if place.outcome is CallStatus.ERROR:
            return self._failed_part(row, known, seconds, is_first=is_first)
        if is_first and not self._memory.remember_request(id_, place.id_seed, seconds):
            for kind in known.aspects:
                self._memory.remember(kind, id_, seconds)
            return _SEEN_BEFORE, False
        told, tells = self._news(row, known, seconds)
        if is_first:
            self._count(told, place, place.outcome, seconds, 1.0)
            self._settle(known, id_, seconds)
            return None, True
        if tells:
            place = self._home(row, known, seconds)
            self._count(told, place, place.outcome, seconds, 1.0)
            self._count(self._bare(row), place, place.outcome, seconds, -1.0)
        return _COUNTED_BEFORE, tells

    def _settle(self, known: _Known, id_: object, seconds: int) -> None:
        """Remember the cell in which a call counts: a later part may be of the next day, or name another model."""
        self._memory.remember(known.cell, id_, seconds)
        models = self._models.setdefault(known.call, {})
        self._names += known.model not in models
        models.pop(known.model, None)
        models[known.model] = None
        if len(models) > _MOST_MODELS:
            del models[next(iter(models))]
            self._names -= 1
        while self._names > _MOST_NAMES:
            self._names -= len(self._models.pop(next(iter(self._models))))

    def _home(self, row: Row, known: _Known, seconds: int) -> CellRef:
        """Return the cell in which the call of a later part was counted; the part's own cell when that is not
        known."""
        if self._memory.remembers(known.cell, row[_REQUEST], seconds):
            return known.place
        models = (known.model, UNKNOWN_MODEL, *reversed(self._models.get(known.call, ())))
        for day in (known.day, known.day - _A_DAY):
            for model in dict.fromkeys(models):
                if self._memory.remembers(replace(known, model=model, day=day).cell, row[_REQUEST], seconds):
                    _, word, status, hit = _naming(row)
                    place = self._judge(day, model, word, status, hit, row[self._template])
                    return place if isinstance(place, CellRef) else known.place
        return known.place

    def _news(self, row: Row, known: _Known, seconds: int) -> tuple[Sequence[Any], bool]:
        """Return the row without values that earlier parts gave, and whether any is left."""
        if self._tell(row) == self._nothing:
            return row, False
        told = list(row)
        tells = False
        for kind, places in zip(known.aspects, self._aspects, strict=True):
            for at in places:
                if row[at] is not None:
                    break
            else:
                continue
            if self._memory.remember(kind, row[_REQUEST], seconds):
                tells = True
                continue
            for at in places:
                told[at] = None
        return told, tells

    def _failed_part(
        self, row: Row, known: _Known, seconds: int, *, is_first: bool
    ) -> tuple[Refusal | None, bool]:
        place, bare = known.place, self._bare(row)
        refused = self._whole(row, bare, place, seconds) if is_first else _COUNTED_BEFORE
        if refused is None:
            self._settle(known, row[_REQUEST], seconds)
        if not self._memory.remember(known.aspects[_USAGE], row[_REQUEST], seconds) or is_first:
            return refused, refused is None
        place = self._home(row, known, seconds)
        # An earlier part counted the call as an inference; it failed before a part gave its usage.
        was = CallStatus.CACHE_HIT if is_cache_hit(row[_HIT]) else CallStatus.SUCCESS
        self._count(bare, place, was, seconds, -1.0)
        self._count(bare, place, CallStatus.ERROR, seconds, 1.0)
        return refused, True

    def _bare(self, row: Row) -> list[Any]:
        """Return the row without any of the values that parts tell: it only counts as a call."""
        bare = list(row)
        for at in self._told:
            bare[at] = None
        return bare

    def _count(self, row: Sequence[Any], place: CellRef, outcome: CallStatus, seconds: int, sign: float) -> None:
        self._rule(row, place, outcome, seconds // 60, sign, self._first)
