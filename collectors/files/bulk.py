"""Counts records as they were decoded, many at a time, with the result that counting their rows one by one has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, tzinfo
from functools import partial
from itertools import compress
from math import gcd
from typing import Any

from collectors.files.dedupe import SeenIds
from collectors.files.layout import Layout
from collectors.files.loops import Loops, compile_loops
from collectors.files.places import NOWHERE, Place, Refusal
from collectors.files.stamps import Stamp, Stamps
from collectors.interface import Result

Judge = Callable[[date, str | None, str | None, object, object, tuple[object, ...]], Place | Refusal]
"""The place of a record, from its day, model, operation, status, cache hit and template values."""
Trace = Callable[[Place, object, float, int], None]
"""Counts the trace of an inference of a weight, in a minute since the epoch."""

_Known = dict[tuple[object, ...], Place]
_AMBIGUOUS = (0, 1)


class Bulk:
    """The records that were added since `settle` or `clear`; `seen` and `calls` are those of the roll-up."""

    def __init__(
        self,
        columns: Sequence[str],
        zone: tzinfo,
        seen: SeenIds | None,
        calls: SeenIds,
        judge: Judge,
        trace: Trace,
    ) -> None:
        self._columns, self._seen, self._judge, self._trace = columns, seen, judge, trace
        slots = (calls.slot_seconds, seen.slot_seconds if seen else 0)
        self._stamps = Stamps(zone, gcd(*slots) // 60)
        self._loops: dict[Layout, tuple[Loops, _Known]] = {}

    def add(
        self, records: Sequence[Any], layout: Layout, limit: datetime
    ) -> tuple[int, list[tuple[int, Result, str]], datetime | None]:
        """Count records that are not later than `limit`.

        Gives how many were counted; index, result and detail of each that was not; and the time of the newest one
        that was.
        """
        loops, known = self._loops_of(layout)
        times = self._stamps.read(loops.times(records), limit)
        places: list[Place] = []
        ids: list[int | None] = []
        others: list[tuple[int, Result, str]] = []
        loops.attribute(records, times.stamps, known, partial(self._place, known, others), places, ids)
        if self._seen is not None and ids:
            others += self._repeated(self._seen, ids, times.stamps, others)
        if others:
            others.sort()
            counts = bytearray(b"\1" * len(records))
            for index, _, _ in others:
                counts[index] = 0
            records, places = list(compress(records, counts)), list(compress(places, counts))
            times = times.only(counts)
        loops.count(records, places, times.stamps, self._trace)
        return len(records), others, self._stamps.newest(times)

    @staticmethod
    def _repeated(
        seen: SeenIds, ids: list[int | None], stamps: list[Stamp], refused: list[tuple[int, Result, str]]
    ) -> list[tuple[int, Result, str]]:
        for index, _, _ in refused:
            ids[index] = None
        minutes = seen.slot_seconds // 60
        slot_of = {stamp: stamp.minute // minutes for stamp in set(stamps)}
        repeated = seen.add_all(ids, [slot_of[stamp] for stamp in stamps])
        return [(index, Result.DUPLICATE, "request id seen before") for index in repeated]

    def _loops_of(self, layout: Layout) -> tuple[Loops, _Known]:
        found = self._loops.get(layout)
        if found is None:
            found = (compile_loops(layout, self._columns, dedupe=self._seen is not None), {})
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
    ) -> Place:
        """The place of a record whose key is not known, or says too little."""
        if any(value in _AMBIGUOUS for value in (status, *template)):
            # As keys 1 and True are equal, and as words they are not.
            key = (*key, *map(type, key))
            if key in known:
                return known[key]
        place = stamp.refusal or self._judge(stamp.day, model, word, status, hit, template)
        if isinstance(place, Place):
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
