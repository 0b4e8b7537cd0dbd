"""Reads the input of the framework: one `Facts` for each system, as of any day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta

from msgspec import Struct, field
from sqlalchemy import Connection, select

from leverwatch.agent.framework.model import Facts, PromptFacts, PromptOrigin, UsageFacts
from leverwatch.agent.framework.served_prompts import Served, by_labels, prompt_facts, served
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
from leverwatch.collectors.interface import COUNTING_KINDS, OF_LABEL, ChangeKind

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
    landed, labels = _prompts(connection, as_of, scope)
    # What a label is at is what serves, and need not be told by records as well.
    seen = {**read_served(connection, as_of, scope), **labels}
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
            landed.get(system, PromptFacts(system in scope.watched, origin=scope.prompt_origin(system, ()))),
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


class _Told(Struct):
    """What git, or a registry, told of the prompts of a system."""

    first: date
    changes: dict[date, ChangeKind] = field(default_factory=dict)
    """By active day, the kind of one of its changes."""


def origin_of(change_id: str) -> PromptOrigin:
    """Return who told a stored change."""
    return PromptOrigin.REGISTRY if change_id.startswith(OF_LABEL) else PromptOrigin.GIT


def _prompts(
    connection: Connection, as_of: date, scope: Scope
) -> tuple[dict[str, PromptFacts], dict[str, Served]]:
    """Return what is known of the prompts of systems by the source that counts for each, and what the other one of
    git and a registry tells, where both track a system."""
    end = datetime.combine(as_of + timedelta(days=1), time(), UTC)
    told: dict[str, dict[PromptOrigin, _Told]] = defaultdict(dict)
    kinds: set[str] = set()
    table = prompt_changes.c
    changes = select(table.system, table.landed_at, table.kind, table.change_id).where(table.landed_at < end)
    for chosen in named(table.system, scope.systems):
        for system, landed_at, kind, change_id in connection.execute(changes.where(chosen)):
            day, origin = landed_at.date(), origin_of(change_id)
            one = told[system].setdefault(origin, _Told(day))
            one.first = min(day, one.first)
            kinds.add(kind)
            if kind in COUNTING_KINDS:
                one.changes[day] = ChangeKind(kind)
    for kind in kinds:
        # One that is not known may be one that counts.
        word(ChangeKind, kind)
    landed: dict[str, PromptFacts] = {}
    labels: dict[str, Served] = {}
    for system, of in told.items():
        origin = scope.prompt_origin(system, of)
        if (counts := of.get(origin)) is not None:
            landed[system] = PromptFacts(
                system in scope.watched, counts.first, frozenset(counts.changes), origin=origin
            )
        if system in scope.both and (other := of.get(PromptOrigin.REGISTRY)) is not None:
            labels[system] = by_labels(other.first, other.changes, as_of)
    return landed, labels
