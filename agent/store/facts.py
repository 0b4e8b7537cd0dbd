"""Reads the input of the framework: one `Facts` for each system, as of any day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Connection, select

from leverwatch.agent.framework.model import Facts, PromptFacts, UsageFacts
from leverwatch.agent.framework.served_prompts import Served, prompt_facts, served
from leverwatch.agent.framework.timeline import Timeline
from leverwatch.agent.store.counted_days import CountedDays, Counts
from leverwatch.agent.store.names import named, read_names
from leverwatch.agent.store.prompt_days import read_prompt_days
from leverwatch.agent.store.schema import prompt_changes
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.tallies import read_tallies
from leverwatch.agent.store.unseen import why_unseen
from leverwatch.agent.store.usage_facts import read_usage
from leverwatch.agent.store.words import word
from leverwatch.agent.store.written_days import WrittenDays
from leverwatch.collectors.interface import COUNTING_KINDS, ChangeKind

MOST_COMPARED = 5_000
"""How many pairs of names are compared to find those that are nearly the same: it is done by every evaluation."""


def read_facts(connection: Connection, as_of: date, scope: Scope) -> dict[str, Facts]:
    """Return the facts of every system that is declared, has usage or has prompt changes, by name.

    Only complete days up to `as_of` count. A system is covered on every day for which a source that feeds it had
    any record, from the system's first day in that source on. What the other days are, the framework decides.
    """
    return {system: timeline.facts for system, timeline in read_timelines(connection, as_of, scope).items()}


def read_timelines(
    connection: Connection, as_of: date, scope: Scope, counts: Counts | None = None
) -> dict[str, Timeline]:
    """Return the same facts as `Timeline`, from which those of any day up to `as_of` can be taken.

    `counts`: the inferences of these days, where they are known; None: they are read.
    """
    if counts is None:
        counts = CountedDays().read(connection, as_of, scope.systems, WrittenDays(), 0)
    usage = read_usage(connection, as_of, scope, counts)
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


def read_served(connection: Connection, as_of: date, scope: Scope) -> dict[str, Served]:
    """Return what the versions that served tell of prompt changes, by system."""
    if not scope.telling:
        return {}
    found = {}
    for system, by_source in read_prompt_days(connection, as_of, scope.systems).items():
        days: dict[date, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        telling = scope.telling_of(by_source)
        for source in scope.authoritative_of(telling) or telling:
            for day, versions in by_source[source].items():
                for version, inferences in versions.items():
                    days[day][version] += inferences
        if days:
            found[system] = served(days)
    return found


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
