"""Keeps the daily counts of every system between evaluations, and reads only the days that were written since."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Set
from datetime import date
from itertools import compress
from math import nan

from sqlalchemy import ColumnElement, Connection, and_, func, select, tuple_

from leverwatch.agent.store.engine import batched
from leverwatch.agent.store.names import OVERFLOW_SYSTEM, named
from leverwatch.agent.store.plain_rows import day_of, plain_rows, same_day
from leverwatch.agent.store.schema import usage_daily, usage_totals
from leverwatch.agent.store.source_stamps import SourceStamp, Stamps, read_stamps, written_between
from leverwatch.agent.store.written_days import WrittenDays
from leverwatch.collectors.interface import Operation

Counts = Callable[[str], Mapping[str, Mapping[date, float]]]
"""Returns the inferences of a system by source and UTC day. Made when it is asked for: all at once are large."""

_GENERATION = Operation.GENERATION.value
_MOST_DAYS = 100
"""More days of a source than this are not looked up one by one: all of them are read."""
_ROOM = 400
"""Days without a count that a run of days may have in addition to as many as it has counts."""


class Run:
    """The counts of a system by one source: a number for each day from the first one on, NaN for none.

    A day costs 8 bytes. Days that are far apart, such as those of a wrong clock, are kept one by one.
    """

    __slots__ = ("_apart", "_first", "_missing", "_values")

    def __init__(self) -> None:
        self._first, self._values, self._missing = 0, array("d"), 0
        self._apart: dict[int, float] | None = None

    def put(self, ordinal: int, count: float) -> None:
        """Set the count of a day."""
        if self._apart is None:
            if not self._values:
                self._first = ordinal
            before, after = self._first - ordinal, ordinal - self._first - len(self._values)
            new = max(before, after, -1) + 1 if before > 0 else max(after + 1, 0)
            if new + self._missing > len(self._values) + _ROOM:
                self._apart = dict(self._items())
                self._values = array("d")
            else:
                self._put(ordinal, count, before, after)
                return
        self._apart[ordinal] = count

    def _put(self, ordinal: int, count: float, before: int, after: int) -> None:
        if before > 0:
            self._values = array("d", [nan]) * before + self._values
            self._missing += before
            self._first = ordinal
        elif after >= 0:
            self._values.extend([nan] * (after + 1))
            self._missing += after + 1
        index = ordinal - self._first
        self._missing -= self._values[index] != self._values[index]
        self._values[index] = count

    def drop(self, ordinal: int) -> None:
        """Forget the count of a day, if there is one."""
        if self._apart is not None:
            self._apart.pop(ordinal, None)
            return
        index = ordinal - self._first
        if 0 <= index < len(self._values) and self._values[index] == self._values[index]:
            self._values[index] = nan
            self._missing += 1

    def days(self) -> dict[date, float]:
        """Return the counts by day, in ascending order."""
        if self._apart is None and not self._missing:
            days = map(same_day, range(self._first, self._first + len(self._values)))
            return dict(zip(days, self._values, strict=True))
        return {same_day(ordinal): count for ordinal, count in self._items()}

    def _items(self) -> Iterator[tuple[int, float]]:
        if self._apart is not None:
            return iter(sorted(self._apart.items()))
        told = [count == count for count in self._values]
        return compress(enumerate(self._values, self._first), told)


class CountedDays:
    """The counts of all generations up to a day, as they were read last."""

    def __init__(self) -> None:
        self._runs: dict[str, dict[str, Run]] = {}
        self._stamps: Stamps = {}
        self._until: date | None = None
        self._systems: frozenset[str] | None = None

    def read(
        self,
        connection: Connection,
        as_of: date,
        systems: frozenset[str] | None,
        written: WrittenDays,
        generation: int,
    ) -> Counts:
        """Return the counts up to the end of a day; `systems`: only these; None: all with names of their own."""
        now = read_stamps(connection, written, generation)
        known = self._until is not None and self._until <= as_of and systems == self._systems
        if not known or not self._stamps.keys() <= now.keys():
            self._runs, self._stamps, self._until = {}, {}, None
        until, self._until = self._until, None
        wanted = {source: self._wanted(source, stamp, until, as_of, written) for source, stamp in now.items()}
        if until is None:
            self._all(connection, as_of, systems)
        else:
            for source, days in wanted.items():
                self._renew(connection, source, days, as_of, systems)
        self._stamps, self._systems, self._until = now, systems, as_of
        return self._of

    def _of(self, system: str) -> Mapping[str, Mapping[date, float]]:
        return {source: run.days() for source, run in self._runs.get(system, {}).items()}

    def _wanted(
        self, source: str, now: SourceStamp, until: date | None, as_of: date, written: WrittenDays
    ) -> Set[date] | None:
        """Return the days to read of a source; None: all."""
        found = written_between(self._stamps.get(source), now, source, written)
        if until is None or found is None:
            return None
        new = {same_day(ordinal) for ordinal in range(until.toordinal() + 1, as_of.toordinal() + 1)}
        days = new | {day for day in found.days if day <= as_of}
        return days if len(days) <= _MOST_DAYS else None

    def _renew(
        self,
        connection: Connection,
        source: str,
        days: Set[date] | None,
        as_of: date,
        systems: frozenset[str] | None,
    ) -> None:
        if days is None:
            for by_source in self._runs.values():
                by_source.pop(source, None)
            self._take(connection, systems, usage_daily.c.source == source, usage_daily.c.day <= as_of)
        elif days:
            ordinals = [day.toordinal() for day in days]
            for by_source in self._runs.values():
                run = by_source.get(source)
                if run is not None:
                    for ordinal in ordinals:
                        run.drop(ordinal)
            for part in batched(sorted(days)):
                self._take(connection, systems, _cells(source), usage_daily.c.day.in_(part))

    def _all(self, connection: Connection, as_of: date, systems: frozenset[str] | None) -> None:
        for chosen in named(usage_daily.c.system, systems):
            self._take(connection, systems, chosen, usage_daily.c.day <= as_of)

    def _take(
        self, connection: Connection, systems: frozenset[str] | None, *conditions: ColumnElement[bool]
    ) -> None:
        cell = usage_daily.c
        query = (
            select(cell.system, cell.source, cell.day, func.sum(cell.inferences))
            .where(cell.operation == _GENERATION, *conditions)
            .group_by(cell.system, cell.source, cell.day)
        )
        day = day_of(connection)
        for system, source, value, inferences in plain_rows(connection, query):
            if system == OVERFLOW_SYSTEM or (systems is not None and system not in systems):
                continue
            by_source = self._runs.get(system)
            if by_source is None:
                by_source = self._runs[system] = {}
            run = by_source.get(source)
            if run is None:
                run = by_source[source] = Run()
            run.put(day(value).toordinal(), inferences)


def _cells(source: str) -> ColumnElement[bool]:
    """The rows of a source, by the keys that its totals have, so that days are looked up in the index."""
    total, cell = usage_totals.c, usage_daily.c
    keys = select(total.system, total.model, total.operation).where(
        total.source == source, total.operation == _GENERATION
    )
    return and_(cell.source == source, tuple_(cell.system, cell.model, cell.operation).in_(keys))
