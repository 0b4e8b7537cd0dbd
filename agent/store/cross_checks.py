"""Reads what sources that only compare counted beside those that count, on days that both know whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta

from msgspec import Struct
from sqlalchemy import Connection, func, select

from leverwatch.agent.framework.cross_check import WINDOW_DAYS, CrossCheck, CrossCheckSettings, cross_check
from leverwatch.agent.store.names import named
from leverwatch.agent.store.schema import EMPTIED, source_days, source_state, usage_daily, usage_totals
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.source_life import name_of
from leverwatch.collectors.errors import CollectorError
from leverwatch.collectors.interface import Operation

_DAY = timedelta(days=1)
_GONE = timedelta(days=7)
"""A part of a source without a record for so long before the newest one of all parts is not waited for."""


class Known(Struct, frozen=True):
    """The days for which a source, or a part of it, had a record."""

    first: date
    """Of all days."""
    newest: date
    """Of all days."""
    seen: frozenset[date]
    """Within the window."""
    whole: frozenset[date] | None = None
    """Of a source that is asked for whole days, those of which it has a whole answer; None: it follows records."""

    def knows(self, day: date) -> bool:
        """Return whether everything of a day was read.

        Of records that are followed, a later day must have one: until then more may arrive. The first day may have
        begun before the records did.
        """
        if self.whole is not None:
            return day in self.whole
        return day in self.seen and self.first < day < self.newest


def whole_days(parts: Collection[Known], window: Iterable[date]) -> frozenset[date]:
    """Return the days of a window that a source knows whole, in all of its parts that are still read."""
    newest = max(part.newest for part in parts)
    living = [part for part in parts if part.whole is not None or newest - part.newest <= _GONE]
    return frozenset(day for day in window if all(part.knows(day) for part in living))


def read_cross_checks(
    connection: Connection,
    as_of: date,
    scope: Scope,
    configured: Collection[str] | None,
    settings: CrossCheckSettings,
) -> dict[str, tuple[CrossCheck, ...]]:
    """Return the comparisons of every system that several sources feed, one of which is authoritative.

    Args:
        connection: of one transaction.
        as_of: the newest day that is looked at.
        scope: which systems, and which sources count.
        configured: the names of the configured sources; one that is gone compares nothing. None: not known.
        settings: when two sources diverge.
    """
    rivals = _rivals(connection, scope, configured)
    if not rivals:
        return {}
    window = [as_of - _DAY * back for back in range(WINDOW_DAYS)]
    concerned = {source for counting, comparing, _ in rivals.values() for source in counting | comparing}
    known = _known(connection, concerned, window)
    counts = _counts(connection, frozenset(rivals), window)
    found: dict[str, tuple[CrossCheck, ...]] = {}
    for system, (counting, comparing, starts) in sorted(rivals.items()):
        whole = {source: _of_system(known.get(source), starts[source]) for source in counting | comparing}
        against = _days_of(counting, whole, window)
        checks = []
        for name, parts in sorted(_by_name(comparing).items()):
            both = against & _days_of(parts, whole, window)
            numbers = (_sums(counts[system], parts), _sums(counts[system], counting))
            checks.append(cross_check(name, _by_name(counting), numbers, both, settings))
        found[system] = tuple(checks)
    return found


_Rivals = tuple[frozenset[str], frozenset[str], Mapping[str, date]]


def _rivals(connection: Connection, scope: Scope, configured: Collection[str] | None) -> dict[str, _Rivals]:
    """Return, by system, the sources that count, those that compare, and the first day of each."""
    if not scope.authoritative:
        return {}
    names = None if configured is None else frozenset(map(name_of, configured))
    first: dict[str, dict[str, date]] = defaultdict(dict)
    total = usage_totals.c
    starts = select(total.system, total.source, func.min(total.first_day)).group_by(total.system, total.source)
    for chosen in named(total.system, scope.systems):
        for system, source, day in connection.execute(starts.where(chosen)):
            if day < EMPTIED and (names is None or name_of(source) in names):
                first[system][source] = day
    found: dict[str, _Rivals] = {}
    for system, feeding in first.items():
        counting = scope.counting_for(system, feeding)
        comparing = frozenset(feeding) - counting
        if counting and comparing:
            found[system] = (counting, comparing, feeding)
    return found


def _by_name(sources: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for source in sources:
        found[name_of(source)].append(source)
    return found


def _of_system(known: Known | None, start: date) -> Known | None:
    """What of a source is known of one system: nothing before its first day there, as for a verdict; where records
    are followed, it begins after that day."""
    if known is None:
        return None
    if known.whole is not None:
        return Known(known.first, known.newest, known.seen, frozenset(day for day in known.whole if day >= start))
    return Known(max(known.first, start), known.newest, known.seen)


def _days_of(sources: Iterable[str], whole: Mapping[str, Known | None], window: list[date]) -> frozenset[date]:
    days = frozenset(window)
    for parts in _by_name(sources).values():
        known = [part for source in parts if (part := whole[source]) is not None]
        days &= whole_days(known, window) if len(known) == len(parts) else frozenset()
    return days


def _known(connection: Connection, sources: Collection[str], window: list[date]) -> dict[str, Known]:
    day = source_days.c
    span = select(day.source, func.min(day.day), func.max(day.day)).group_by(day.source)
    ends = {source: (first, newest) for source, first, newest in connection.execute(span) if source in sources}
    seen: dict[str, set[date]] = defaultdict(set)
    for source, one in connection.execute(select(day.source, day.day).where(day.day >= window[-1])):
        seen[source].add(one)
    answered = _answered(connection, ends.keys(), window)
    return {source: Known(*both, frozenset(seen[source]), answered.get(source)) for source, both in ends.items()}


def _answered(connection: Connection, sources: Collection[str], window: list[date]) -> dict[str, frozenset[date]]:
    """Return, of sources that are asked for whole days, those of the window of which they have a whole answer."""
    # Only who compares needs what such sources store.
    from leverwatch.collectors.daily.day_states import whole
    from leverwatch.collectors.daily.known_days import DAYS, read_known

    state = source_state.c
    found = {}
    for source, value in connection.execute(select(state.source, state.versioned).where(state.key == DAYS.key)):
        if source in sources:
            try:
                known = read_known(source, bytes(value))
            except CollectorError:
                # The next run says so; until then no day is known.
                found[source] = frozenset[date]()
            else:
                found[source] = frozenset(day for day in window if whole(day, known))
    return found


def _counts(
    connection: Connection, systems: frozenset[str], window: list[date]
) -> Mapping[str, Mapping[str, Mapping[date, float]]]:
    cell = usage_daily.c
    query = (
        select(cell.system, cell.source, cell.day, func.sum(cell.inferences))
        .where(cell.operation == Operation.GENERATION.value, cell.day >= window[-1], cell.day <= window[0])
        .group_by(cell.system, cell.source, cell.day)
    )
    found: dict[str, dict[str, dict[date, float]]] = defaultdict(lambda: defaultdict(dict))
    for chosen in named(cell.system, systems):
        for system, source, day, inferences in connection.execute(query.where(chosen)):
            found[system][source][day] = inferences
    return found


def _sums(counts: Mapping[str, Mapping[date, float]], sources: Iterable[str]) -> dict[date, float]:
    sums: dict[date, float] = defaultdict(float)
    for source in sources:
        for day, inferences in counts.get(source, {}).items():
            sums[day] += inferences
    return sums
