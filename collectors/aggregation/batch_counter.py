"""Counts many decoded records at a time, with the same result as counting their rows one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, tzinfo
from functools import partial
from itertools import compress
from typing import Any

from msgspec import Struct

from leverwatch.collectors.aggregation.batch_loops import Loops, compile_loops
from leverwatch.collectors.aggregation.bulk_timestamps import Stamp, Stamps, Times
from leverwatch.collectors.aggregation.cells import NOWHERE, CellRef
from leverwatch.collectors.aggregation.counting_rule import First
from leverwatch.collectors.aggregation.identity import Identify
from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.layout import Layout
from leverwatch.collectors.records.names import Refusal
from leverwatch.collectors.records.service_tiers import size_of

Judge = Callable[[date, str | None, str | None, object, object, object, tuple[object, ...]], CellRef | Refusal]
"""Returns the cell reference of a record with a short input, given its day, model, operation, status, cache hit,
tier and template values."""
Sized = Callable[[CellRef, int], CellRef]
"""Returns the same reference for inputs of a size."""

_Known = dict[tuple[object, ...], CellRef]
_AMBIGUOUS = (0, 1)


class Prepared(Struct):
    """Records whose cells are found, and which are not counted yet."""

    loops: Loops
    records: Sequence[Any]
    times: Times
    places: list[CellRef]
    others: list[tuple[int, Result, str]]
    """Index, result and detail of each refused record."""


class BatchCounter:
    """Adds many records at a time to their cells; `settle` or `clear` forgets the cells.

    `slot_minutes` divides the length of every time slot that is computed from a stamp. `identify` computes the key
    of a record.
    """

    def __init__(
        self,
        zone: tzinfo,
        slot_minutes: int,
        judge: Judge,
        sized: Sized,
        first: First,
        identify: Identify,
    ) -> None:
        self._judge, self._sized, self._first, self._identify = judge, sized, first, identify
        self._stamps = Stamps(zone, slot_minutes)
        self._loops: dict[Layout, tuple[Loops, _Known]] = {}

    def prepare(self, records: Sequence[Any], layout: Layout, limit: datetime) -> Prepared:
        """Find the cells of records; those later than `limit` are refused."""
        loops, known = self._loops_of(layout)
        times = self._stamps.read(loops.times(records), limit)
        found = Prepared(loops, records, times, [], [])
        judge = partial(self._place, known, found.others)
        long: list[tuple[int, float]] = []
        loops.attribute(records, times.stamps, known, judge, found.places, long)
        for index, tokens in long:
            place = found.places[index]
            if place is not NOWHERE:
                found.places[index] = self._of_size(known, place, size_of(tokens))
        return found

    def _of_size(self, known: _Known, place: CellRef, size: int) -> CellRef:
        found = known.get((place, size))
        if found is None:
            found = known[place, size] = self._sized(place, size)
        return found

    def keys(self, found: Prepared) -> list[int | None]:
        """Return the keys of prepared records, None for a refused one or one without an id; empty when none has
        one."""
        if found.loops.keys is None:
            return []
        return _but_for(found, found.loops.keys(found.records, found.places, self._stamps.millis(found.times)))

    @staticmethod
    def id_keys(found: Prepared) -> list[int | None]:
        """Return the keys of the ids alone of prepared records, as `keys` does."""
        if found.loops.id_keys is None:
            return []
        return _but_for(found, found.loops.id_keys(found.records, found.places, found.places))

    def count(
        self, found: Prepared, repeated: Sequence[int]
    ) -> tuple[int, list[tuple[int, Result, str]], datetime | None]:
        """Count prepared records except the repeated ones.

        Returns the number of counted records; index, result and detail of each record that is not counted; and the
        time of the newest counted record.
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
            found = (compile_loops(layout, self._identify), {})
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
        tier: object,
        template: tuple[object, ...],
    ) -> CellRef:
        """Return the cell reference of a record whose key is not known yet, or is ambiguous."""
        if any(value in _AMBIGUOUS for value in (status, tier, *template)):
            # 1 and True are equal as keys, but not as texts.
            key = (*key, *map(type, key))
            if key in known:
                return known[key]
        place = stamp.refusal or self._judge(stamp.day, model, word, status, hit, tier, template)
        if isinstance(place, CellRef):
            known[key] = place
            return place
        others.append((index, *place))
        return NOWHERE

    def settle(self) -> None:
        """Add what is still to be added to the cells, then forget them."""
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


def _but_for(found: Prepared, keys: list[int | None]) -> list[int | None]:
    """Return keys without those of refused records."""
    for index, _, _ in found.others:
        keys[index] = None
    return keys
