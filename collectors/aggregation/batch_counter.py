"""Counts records as they were decoded, many at a time, with the result that counting their rows one by one has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from functools import partial
from itertools import compress
from typing import Any

from leverwatch.collectors.aggregation.batch_loops import Loops, compile_loops
from leverwatch.collectors.aggregation.bulk_timestamps import Stamp, Stamps, Times
from leverwatch.collectors.aggregation.cells import NOWHERE, CellRef
from leverwatch.collectors.aggregation.counting_rule import First
from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.layout import Layout
from leverwatch.collectors.records.names import Refusal

Judge = Callable[[date, str | None, str | None, object, object, tuple[object, ...]], CellRef | Refusal]
"""The place of a record, from its day, model, operation, status, cache hit and template values."""

_Known = dict[tuple[object, ...], CellRef]
_AMBIGUOUS = (0, 1)


@dataclass(slots=True)
class Prepared:
    """Records that have their places, and are not counted yet."""

    loops: Loops
    records: Sequence[Any]
    times: Times
    places: list[CellRef]
    ids: list[int | None]
    """Keys of request ids; empty when they are not asked for. A refused record has none."""
    others: list[tuple[int, Result, str]]
    """Index, result and detail of each record that is refused."""


class BatchCounter:
    """The records that were added since `settle` or `clear`.

    `slot_minutes` divides every span of time that is asked of a stamp; `dedupe` asks for the keys of request ids.
    """

    def __init__(
        self,
        zone: tzinfo,
        slot_minutes: int,
        judge: Judge,
        first: First,
        *,
        dedupe: bool,
    ) -> None:
        self._judge, self._first, self._dedupe = judge, first, dedupe
        self._stamps = Stamps(zone, slot_minutes)
        self._loops: dict[Layout, tuple[Loops, _Known]] = {}

    def prepare(self, records: Sequence[Any], layout: Layout, limit: datetime) -> Prepared:
        """Find the places of records that are not later than `limit`."""
        loops, known = self._loops_of(layout)
        times = self._stamps.read(loops.times(records), limit)
        found = Prepared(loops, records, times, [], [], [])
        judge = partial(self._place, known, found.others)
        loops.attribute(records, times.stamps, known, judge, found.places, found.ids)
        if found.ids:
            for index, _, _ in found.others:
                found.ids[index] = None
        return found

    def count(
        self, found: Prepared, repeated: Sequence[int]
    ) -> tuple[int, list[tuple[int, Result, str]], datetime | None]:
        """Count prepared records but for the repeated ones.

        Gives how many were counted; index, result and detail of each that was not; and the time of the newest one
        that was.
        """
        records, places, times = found.records, found.places, found.times
        others = found.others + [(index, Result.DUPLICATE, "request id seen before") for index in repeated]
        if others:
            others.sort()
            counts = bytearray(b"\1" * len(records))
            for index, _, _ in others:
                counts[index] = 0
            records, places = list(compress(records, counts)), list(compress(places, counts))
            times = times.only(counts)
        found.loops.count(records, places, times.stamps, self._first)
        return len(records), others, self._stamps.newest(times)

    def _loops_of(self, layout: Layout) -> tuple[Loops, _Known]:
        found = self._loops.get(layout)
        if found is None:
            found = (compile_loops(layout, dedupe=self._dedupe), {})
            self._loops[layout] = found
        return found

    def _place(
        self,
        known: _Known,
        others: list[tuple[int, Result, str]],
        index: int,
        stamp: Stamp,
        key: tuple[object, ...],
        model: str | None,
        word: str | None,
        status: object,
        hit: object,
        template: tuple[object, ...],
    ) -> CellRef:
        """The place of a record whose key is not known, or says too little."""
        if any(value in _AMBIGUOUS for value in (status, *template)):
            # As keys 1 and True are equal, and as words they are not.
            key = (*key, *map(type, key))
            if key in known:
                return known[key]
        place = stamp.refusal or self._judge(stamp.day, model, word, status, hit, template)
        if isinstance(place, CellRef):
            known[key] = place
            return place
        others.append((index, *place))
        return NOWHERE

    def settle(self) -> None:
        """Bring the cells up to date, and forget them."""
        for loops, known in self._loops.values():
            for place in known.values():
                if place.counted:
                    for column in loops.implied:
                        place.cell[column] += place.counted
        self.clear()

    def clear(self) -> None:
        """Forget the cells."""
        for _, known in self._loops.values():
            known.clear()
