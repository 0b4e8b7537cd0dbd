"""Counts rows one at a time: those that are parts of streamed calls, and what is taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from operator import itemgetter
from typing import Any, Protocol

from leverwatch.collectors.aggregation.batch_counter import Judge
from leverwatch.collectors.aggregation.bulk_timestamps import Stamp, Stamps
from leverwatch.collectors.aggregation.cells import CellRef
from leverwatch.collectors.aggregation.codegen import BARE_SUMS, JUDGED, NAMING, SUMS
from leverwatch.collectors.interface import UNKNOWN_MODEL, Operation, Result
from leverwatch.collectors.records.fields import FIELD_INDEX, FIELDS, field_indexes, template_slice
from leverwatch.collectors.records.formats.interface import Row
from leverwatch.collectors.records.names import Refusal, model_of
from leverwatch.collectors.records.vocabulary import CallStatus, is_cache_hit, operation_of

_A_DAY = timedelta(days=1)
_TIME, _REQUEST, _HIT, _TRACE, _COST = map(
    FIELDS.index, ("time", "request_id", "cache_hit", "trace_id", "cost_usd")
)
_STATIC = FIELD_INDEX["static_input_tokens"]
_INFERENCES, _RATE, _ATTEMPTS = map(FIELDS.index, ("inferences", "sample_rate", "attempts"))
_naming = itemgetter(*map(FIELDS.index, NAMING))
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
_USAGE = tuple(_ASPECTS).index("usage")
_MOST_MODELS, _MOST_NAMES = 1_000, 20_000
"""Models that are remembered of one system and operation, and of all: a later part may name another one."""
_COUNTED_BEFORE = Result.PART, "part of a call that is counted"
_SEEN_BEFORE = Result.DUPLICATE, "request id seen before"

IsNew = Callable[[object, int, int, float], bool]
"""Whether a request id was not seen with a seed before; with a negative sign, it is forgotten and was not."""
Trace = Callable[[list[float], str, object, float, int], None]
"""Counts the trace of an inference of a system, of a weight, around a second since the epoch."""


Kind = tuple[object, ...]


class Memory(Protocol):
    """What was met, by its kind, its id, and a second since the epoch around which it was."""

    def is_first(self, kind: Kind, text: object, seconds: int) -> bool:
        """Whether it is met for the first time; it is remembered."""
        ...

    def was_met(self, kind: Kind, text: object, seconds: int) -> bool:
        """Whether it is remembered."""
        ...


@dataclass(frozen=True, slots=True)
class _Known:
    """A place, and under what it remembers the parts of its calls."""

    place: CellRef
    call: Kind
    aspects: tuple[Kind, ...]
    operation: Operation | None
    model: str
    day: date

    @property
    def cell(self) -> Kind:
        """What a call that counts here is remembered by."""
        return (self.place.system, self.operation, "cell", self.model, self.day)


class RowCounter:
    """Adds rows to their cells; `clear` forgets which these are."""

    def __init__(
        self,
        columns: Sequence[str],
        stamps: Stamps,
        judge: Judge,
        is_new: IsNew,
        memory: Memory,
        trace: Trace,
        *,
        has_extended: bool,
    ) -> None:
        self._stamps, self._judge = stamps, judge
        self._is_new, self._memory, self._is_first, self._trace = is_new, memory, memory.is_first, trace
        self._has_rare = has_extended
        self._template = template_slice(has_extended=has_extended)
        place = field_indexes(has_extended=has_extended)
        self._aspects = [tuple(place[name] for name in names if name in place) for names in _ASPECTS.values()]
        self._told = tuple(at for places_ in self._aspects for at in places_)
        self._tell = itemgetter(*self._told)
        self._nothing = (None,) * len(self._told)
        self._at = {name: place for place, name in enumerate(columns)}
        self._sums = [(place[field], self._at[field], self._at[unknown]) for field, unknown in SUMS.items()]
        self._bare_sums = [(FIELD_INDEX[field], self._at[field]) for field in BARE_SUMS]
        self._judged = [
            (FIELD_INDEX[field], judge, self._at[known], self._at[true])
            for field, (judge, known, true) in JUDGED.items()
        ]
        self._places: dict[tuple[object, ...], _Known] = {}
        self._models: dict[Kind, dict[str, None]] = {}
        """Models of counted calls, by system and operation, the last one last."""
        self._names = 0

    def clear(self) -> None:
        """Forget the cells."""
        self._places.clear()

    def add(
        self, rows: Sequence[Row], parts: frozenset[int], limit: datetime
    ) -> tuple[int, list[tuple[int, Result, str]], datetime | None]:
        """Count rows that are not later than `limit`; `parts` are the indices of parts of streamed calls.

        Gives how many were counted; index, result and detail of each that was not; and the time of the newest one
        that changed a count.
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
                refused = self._whole(row, row, known.place, stamp.minute * 60)
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
            self._is_new(row[_REQUEST], known.place.seed, stamp.minute * 60, -1.0)
            self._count(row, known.place, known.place.outcome, stamp.minute * 60, -1.0)

    def _know(self, row: Row, stamp: Stamp) -> _Known | Refusal:
        if stamp.refusal is not None:
            return stamp.refusal
        model, word, status, hit = _naming(row)
        template = row[self._template]
        # 1 and True are equal as keys, and as words they are not.
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

    def _whole(self, named: Row, row: Sequence[Any], place: CellRef, seconds: int) -> Refusal | None:
        """Count a row unless its request, as the other one names it, was seen before."""
        if not self._is_new(named[_REQUEST], place.seed, seconds, 1.0):
            return _SEEN_BEFORE
        self._count(row, place, place.outcome, seconds, 1.0)
        return None

    def _part(self, row: Row, known: _Known, seconds: int) -> tuple[Refusal | None, bool]:
        """Why a part is not counted, and whether it changed what is.

        The first part of a call counts it; a later one that knows more corrects the same cell, once.
        """
        place, id_ = known.place, row[_REQUEST]
        is_first = self._is_first(known.call, id_, seconds)
        if place.outcome is CallStatus.ERROR:
            return self._failed_part(row, known, seconds, is_first=is_first)
        if is_first and not self._is_new(id_, place.seed, seconds, 1.0):
            for kind in known.aspects:
                self._is_first(kind, id_, seconds)
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
        """Remember in which cell a call counts: a later part may be of the next day, or name another model."""
        self._is_first(known.cell, id_, seconds)
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
        """The place in whose cell the call of a later part counts; the part's own one when that is not known."""
        if self._memory.was_met(known.cell, row[_REQUEST], seconds):
            return known.place
        models = (known.model, UNKNOWN_MODEL, *reversed(self._models.get(known.call, ())))
        for day in (known.day, known.day - _A_DAY):
            for model in dict.fromkeys(models):
                if self._memory.was_met(replace(known, model=model, day=day).cell, row[_REQUEST], seconds):
                    _, word, status, hit = _naming(row)
                    place = self._judge(day, model, word, status, hit, row[self._template])
                    return place if isinstance(place, CellRef) else known.place
        return known.place

    def _news(self, row: Row, known: _Known, seconds: int) -> tuple[Sequence[Any], bool]:
        """A row without what other parts told before, and whether anything is left."""
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
            if self._is_first(kind, row[_REQUEST], seconds):
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
        if not self._is_first(known.aspects[_USAGE], row[_REQUEST], seconds) or is_first:
            return refused, refused is None
        place = self._home(row, known, seconds)
        # What counted as an inference while it ran has failed, as it had not told its usage.
        was = CallStatus.CACHE_HIT if is_cache_hit(row[_HIT]) else CallStatus.SUCCESS
        self._count(bare, place, was, seconds, -1.0)
        self._count(bare, place, CallStatus.ERROR, seconds, 1.0)
        return refused, True

    def _bare(self, row: Row) -> list[Any]:
        """A row that tells nothing but that there was a call."""
        bare = list(row)
        for at in self._told:
            bare[at] = None
        return bare

    def _count(self, row: Sequence[Any], place: CellRef, outcome: CallStatus, seconds: int, sign: float) -> None:
        cell, at = place.cell, self._at
        rate, inferences, attempts = row[_RATE], row[_INFERENCES], row[_ATTEMPTS]
        scale = sign if rate is None else sign / rate
        weight = scale if inferences is None else scale * inferences
        if outcome is CallStatus.CACHE_HIT:
            cell[at["cache_hits"]] += weight
            return
        cell[at["attempts"]] += weight if attempts is None else scale * attempts
        if outcome is CallStatus.ERROR:
            cell[at["errors"]] += weight
            if row[_COST] is not None:
                cell[at["cost_usd"]] += scale * row[_COST]
            return
        cell[at["inferences"]] += weight
        for field, known, unknown in self._sums:
            if row[field] is None:
                cell[unknown] += weight
            else:
                cell[known] += scale * row[field]
        if row[_TRACE] is not None:
            self._trace(cell, place.system, row[_TRACE], weight, seconds)
        if self._has_rare:
            self._count_rare(cell, row, scale, weight)

    def _count_rare(self, cell: list[float], row: Sequence[Any], scale: float, weight: float) -> None:
        for place, column in self._bare_sums:
            if row[place] is not None:
                cell[column] += scale * row[place]
        for place, judge, known, true in self._judged:
            verdict = judge(row[place])
            if verdict is not None:
                cell[known] += weight
                cell[true] += weight if verdict else 0.0
        if row[_STATIC] is not None:
            cell[self._at["static_known"]] += weight
            cell[self._at["static_tokens"]] += scale * row[_STATIC]
