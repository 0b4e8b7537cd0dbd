"""Reads the input of the framework: one `Facts` for each system, as of any day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar

from msgspec import Struct, field
from sqlalchemy import Connection, func, select

from leverwatch.agent.framework.model import Declaration, Facts, PromptFacts, UsageFacts
from leverwatch.agent.framework.served_prompts import Served, prompt_facts, served
from leverwatch.agent.framework.timeline import Timeline, is_overlapping
from leverwatch.agent.store.names import named, read_names
from leverwatch.agent.store.prompt_days import read_prompt_days
from leverwatch.agent.store.schema import EMPTIED, prompt_changes, source_days, sources, usage_daily, usage_totals
from leverwatch.agent.store.source_life import alive_until, incomplete_days, name_of
from leverwatch.agent.store.tallies import read_tallies
from leverwatch.agent.store.unseen import why_unseen
from leverwatch.agent.store.words import word
from leverwatch.collectors.interface import COUNTING_KINDS, ChangeKind, Operation

MOST_COMPARED = 5_000
"""How many pairs of names are compared to find those that are nearly the same: it is done by every evaluation."""
_Moment = TypeVar("_Moment", date, datetime)


class Scope(Struct, frozen=True):
    """What the configuration says about systems and sources."""

    declarations: Mapping[str, Declaration] = field(default_factory=dict)
    watched: frozenset[str] = frozenset()
    """Systems whose prompts a source tracks."""
    telling: frozenset[str] = frozenset()
    """Sources whose records tell the version of the prompt."""
    counting: Mapping[str, frozenset[str]] | None = None
    """The sources that count usage, each with the systems that it feeds; no system: its records name them. None:
    which sources there are is not known."""
    naming: frozenset[str] = frozenset()
    """Those of them whose records may name other systems as well."""
    authoritative: frozenset[str] = frozenset()
    """Sources that count alone for the systems that they feed."""
    systems: frozenset[str] | None = None
    """The systems to read; None: all that have a name of their own in the store."""

    def counting_for(self, system: str, feeding: Collection[str]) -> frozenset[str]:
        """Return the sources that count for a system, of those that feed it, with all their parts.

        An authoritative one counts alone, and the others compare. Where it names the system itself, they count
        nothing before its first answer either: what they counted would be taken away by it.
        """
        alone = self.authoritative_of(feeding)
        return alone if alone or self._naming(system) else frozenset(feeding)

    def authoritative_of(self, sources: Collection[str]) -> frozenset[str]:
        """Return the authoritative ones of some sources, with all their parts."""
        names = frozenset(map(name_of, self.authoritative))
        return frozenset(source for source in sources if name_of(source) in names)

    def may_count(self, system: str) -> Mapping[str, frozenset[str]]:
        """Return the sources that could count a system without any usage, each with the systems that it feeds."""
        counting = self.counting or {}
        naming = self._naming(system)
        return {source: counting[source] for source in naming} if naming else counting

    def _naming(self, system: str) -> list[str]:
        """Return the authoritative sources that name a system in the configuration."""
        counting = self.counting or {}
        return sorted(source for source in self.authoritative if system in counting.get(source, ()))


def read_facts(connection: Connection, as_of: date, scope: Scope) -> dict[str, Facts]:
    """Return the facts of every system that is declared, has usage or has prompt changes, by name.

    Only complete days up to `as_of` count. A system is covered on every day for which a source that feeds it had
    any record, from the system's first day in that source on. What the other days are, the framework decides.
    """
    return {system: timeline.facts for system, timeline in read_timelines(connection, as_of, scope).items()}


def read_timelines(connection: Connection, as_of: date, scope: Scope) -> dict[str, Timeline]:
    """Return the same facts as `Timeline`, from which those of any day up to `as_of` can be taken."""
    usage = _usage(connection, as_of, scope)
    landed = _prompts(connection, as_of, scope)
    seen = read_served(connection, as_of, scope)
    systems = sorted({*usage, *landed, *seen, *_declared(scope)})
    without = [system for system in systems if system not in usage or not usage[system][0].sources]
    if without and scope.counting is not None:
        records, names = read_tallies(connection), read_names(connection)
        if len(without) * len(names) > MOST_COMPARED:
            names = []
        for system in without:
            why = why_unseen(system, scope.may_count(system), records, names, scope.naming)
            usage[system] = UsageFacts(unseen=why), frozenset()
    return {
        system: _timeline(
            system,
            as_of,
            scope,
            usage.get(system, (UsageFacts(), frozenset())),
            landed.get(system, PromptFacts(watched=system in scope.watched)),
            seen.get(system, Served()),
        )
        for system in systems
    }


def _timeline(
    system: str,
    as_of: date,
    scope: Scope,
    usage: tuple[UsageFacts, frozenset[date]],
    landed: PromptFacts,
    seen: Served,
) -> Timeline:
    facts = Facts(
        system=system,
        as_of=as_of,
        usage=usage[0],
        prompts=prompt_facts(landed, seen, as_of),
        declaration=scope.declarations.get(system),
    )
    return Timeline(facts, usage[1], landed, seen)


def _declared(scope: Scope) -> Collection[str]:
    return scope.declarations if scope.systems is None else scope.declarations.keys() & scope.systems


def _usage(connection: Connection, as_of: date, scope: Scope) -> dict[str, tuple[UsageFacts, frozenset[date]]]:
    """Return usage by system, and the days for which several counting sources had records."""
    first: dict[str, dict[str, date]] = defaultdict(dict)
    starts = select(usage_totals.c.system, usage_totals.c.source, func.min(usage_totals.c.first_day)).group_by(
        usage_totals.c.system, usage_totals.c.source
    )
    for chosen in named(usage_totals.c.system, scope.systems):
        for system, source, day in connection.execute(starts.where(chosen)):
            feeding = first[system]
            if day < EMPTIED:
                feeding[source] = day
    seen: dict[str, list[date]] = defaultdict(list)
    for source, day in connection.execute(
        select(source_days.c.source, source_days.c.day)
        .where(source_days.c.day <= as_of)
        .order_by(source_days.c.source, source_days.c.day)
    ):
        seen[source].append(day)
    last = select(source_days.c.source, func.max(source_days.c.day).label("newest")).group_by(source_days.c.source)
    newest = {row.source: row.newest for row in connection.execute(last)}
    reads = connection.execute(select(sources.c.source, sources.c.last_success))
    read = {row.source: row.last_success for row in reads}
    counts: dict[str, dict[str, dict[date, float]]] = defaultdict(lambda: defaultdict(dict))
    daily = (
        select(usage_daily.c.system, usage_daily.c.source, usage_daily.c.day, func.sum(usage_daily.c.inferences))
        .where(usage_daily.c.operation == Operation.GENERATION.value, usage_daily.c.day <= as_of)
        .group_by(usage_daily.c.system, usage_daily.c.source, usage_daily.c.day)
    )
    for chosen in named(usage_daily.c.system, scope.systems):
        for system, source, day, inferences in connection.execute(daily.where(chosen)):
            counts[system][source][day] = inferences
    configured = None if scope.counting is None else frozenset(map(name_of, scope.counting))
    facts = {}
    for system, starts_of in first.items():
        counting = sorted(scope.counting_for(system, starts_of))
        total: dict[date, float] = {}
        for source in counting:
            start = starts_of[source]
            for day in seen[source]:
                if day >= start:
                    total.setdefault(day, 0.0)
            for day, inferences in counts[system][source].items():
                total[day] = total.get(day, 0.0) + inferences
        twice = _counted_twice(counts[system], counting)
        parts: dict[str, list[str]] = defaultdict(list)
        for source in counting:
            parts[name_of(source)].append(source)
        usage = UsageFacts(
            daily=total,
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
            ),
            former=() if configured is None else tuple(it for it in counting if name_of(it) not in configured),
        )
        facts[system] = (usage, twice)
    return facts


def read_served(connection: Connection, as_of: date, scope: Scope) -> dict[str, Served]:
    """Return what the versions that served tell of prompt changes, by system."""
    if not scope.telling:
        return {}
    found = {}
    for system, by_source in read_prompt_days(connection, as_of, scope.systems).items():
        days: dict[date, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        telling = by_source.keys() & scope.telling
        for source in scope.authoritative_of(telling) or telling:
            for day, versions in by_source[source].items():
                for version, inferences in versions.items():
                    days[day][version] += inferences
        if days:
            found[system] = served(days)
    return found


def _latest(moments: Iterable[_Moment | None]) -> _Moment | None:
    return max((moment for moment in moments if moment is not None), default=None)


def _counted_twice(counts: Mapping[str, Mapping[date, float]], sources: list[str]) -> frozenset[date]:
    by_name: dict[str, set[date]] = defaultdict(set)
    for source in sources:
        by_name[name_of(source)] |= {day for day, inferences in counts.get(source, {}).items() if inferences > 0}
    once: set[date] = set()
    twice: set[date] = set()
    for days in by_name.values():
        twice |= once & days
        once |= days
    return frozenset(twice)


def _prompts(connection: Connection, as_of: date, scope: Scope) -> dict[str, PromptFacts]:
    end = datetime.combine(as_of + timedelta(days=1), time(), UTC)
    first: dict[str, date] = {}
    active: dict[str, set[date]] = defaultdict(set)
    kinds: set[str] = set()
    landings = select(prompt_changes.c.system, prompt_changes.c.landed_at, prompt_changes.c.kind).where(
        prompt_changes.c.landed_at < end
    )
    for chosen in named(prompt_changes.c.system, scope.systems):
        for system, landed_at, kind in connection.execute(landings.where(chosen)):
            day = landed_at.date()
            first[system] = min(day, first.get(system, day))
            kinds.add(kind)
            if kind in COUNTING_KINDS:
                active[system].add(day)
    for kind in kinds:
        # One that is not known may be one that counts.
        word(ChangeKind, kind)
    return {
        system: PromptFacts(system in scope.watched, day, frozenset(active.get(system, ())))
        for system, day in first.items()
    }
