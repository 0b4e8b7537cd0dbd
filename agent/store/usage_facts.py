"""Reads what the verdicts take from usage: the daily counts, and on which days nothing is known."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Connection, func, select

from leverwatch.agent.framework.model import UsageFacts
from leverwatch.agent.framework.timeline import is_overlapping
from leverwatch.agent.store.counted_days import Counts
from leverwatch.agent.store.names import named
from leverwatch.agent.store.plain_rows import day_of, plain_rows
from leverwatch.agent.store.schema import EMPTIED, source_days, sources, usage_totals
from leverwatch.agent.store.source_life import alive_until, incomplete_days, name_of

if TYPE_CHECKING:
    from leverwatch.agent.store.scope import Scope

_Moment = TypeVar("_Moment", date, datetime)
_NONE: frozenset[date] = frozenset()


def read_usage(
    connection: Connection, as_of: date, scope: Scope, counts: Counts
) -> dict[str, tuple[UsageFacts, frozenset[date]]]:
    """Return usage by system, and the days for which several counting sources had records."""
    first: dict[str, dict[str, date]] = defaultdict(dict)
    starts = select(usage_totals.c.system, usage_totals.c.source, func.min(usage_totals.c.first_day)).group_by(
        usage_totals.c.system, usage_totals.c.source
    )
    day_from = day_of(connection)
    for chosen in named(usage_totals.c.system, scope.systems):
        for system, source, value in plain_rows(connection, starts.where(chosen)):
            feeding, day = first[system], day_from(value)
            if day < EMPTIED:
                feeding[source] = day
    seen: dict[str, list[date]] = defaultdict(list)
    days = (
        select(source_days.c.source, source_days.c.day)
        .where(source_days.c.day <= as_of)
        .order_by(source_days.c.source, source_days.c.day)
    )
    for source, value in plain_rows(connection, days):
        seen[source].append(day_from(value))
    last = select(source_days.c.source, func.max(source_days.c.day).label("newest")).group_by(source_days.c.source)
    newest = {row.source: row.newest for row in connection.execute(last)}
    reads = connection.execute(select(sources.c.source, sources.c.last_success))
    read = {row.source: row.last_success for row in reads}
    configured = None if scope.counting is None else frozenset(map(name_of, scope.counting))
    facts = {}
    for system, starts_of in first.items():
        counting = sorted(scope.counting_for(system, starts_of))
        counted = counts(system)
        parts: dict[str, list[str]] = defaultdict(list)
        for source in counting:
            parts[name_of(source)].append(source)
        twice = _counted_twice(counted, parts) if len(parts) > 1 else _NONE
        usage = UsageFacts(
            daily=_total(counted, counting, starts_of, seen),
            sources=tuple(counting),
            overlapping=is_overlapping(twice, as_of),
            alive_until=alive_until(
                [(_latest(map(newest.get, part)), _latest(map(read.get, part))) for part in parts.values()], as_of
            ),
            incomplete=incomplete_days(
                [
                    (min(map(starts_of.__getitem__, part)), sorted(set().union(*map(seen.__getitem__, part))))
                    for part in parts.values()
                ]
            )
            if len(parts) > 1
            else {},
            former=() if configured is None else tuple(it for it in counting if name_of(it) not in configured),
        )
        facts[system] = (usage, twice)
    return facts


def _total(
    counted: Mapping[str, Mapping[date, float]],
    counting: Sequence[str],
    starts: Mapping[str, date],
    seen: Mapping[str, Sequence[date]],
) -> dict[date, float]:
    """The inferences of all counting sources; 0 on days on which one had records, and none of the system."""
    total: dict[date, float] = {}
    for source in counting:
        days = seen[source]
        covered = days[bisect_left(days, starts[source]) :]
        of_source = counted.get(source, {})
        if not total:
            total = {**dict.fromkeys(covered, 0.0), **of_source}
            continue
        for day in covered:
            total.setdefault(day, 0.0)
        for day, inferences in of_source.items():
            total[day] = total.get(day, 0.0) + inferences
    return total


def _latest(moments: Iterable[_Moment | None]) -> _Moment | None:
    return max((moment for moment in moments if moment is not None), default=None)


def _counted_twice(
    counts: Mapping[str, Mapping[date, float]], parts: Mapping[str, Sequence[str]]
) -> frozenset[date]:
    once: set[date] = set()
    twice: set[date] = set()
    for sources_of in parts.values():
        days = {
            day for source in sources_of for day, inferences in counts.get(source, {}).items() if inferences > 0
        }
        twice |= once & days
        once |= days
    return frozenset(twice)
