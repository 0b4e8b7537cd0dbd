"""How many prompt changes of each kind there were, and the highest numbers of them that were exported."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from msgspec import Struct, field
from sqlalchemy import Connection, case, func, select

from leverwatch.agent.framework.model import PromptOrigin
from leverwatch.agent.framework.served_prompts import Served
from leverwatch.agent.store.bulk_insert import insert_into
from leverwatch.agent.store.facts import read_served
from leverwatch.agent.store.names import named
from leverwatch.agent.store.schema import prompt_changes, prompt_changes_highest
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.words import word
from leverwatch.collectors.interface import OF_LABEL, ChangeKind


class PromptTotals(Struct, frozen=True):
    """All prompt changes ever seen for one system."""

    by_kind: Mapping[ChangeKind, int] = field(default_factory=dict)
    last: datetime | None = None
    highest: Mapping[ChangeKind, int] = field(default_factory=dict)
    """Of kinds of which fewer are known than were exported once: the highest number, as the counter shows it."""


def read_prompt_totals(connection: Connection, scope: Scope, as_of: date) -> dict[str, PromptTotals]:
    """Return changes by system and kind, and the time of the newest one of any kind.

    Changes that traffic shows are those of complete days up to `as_of`; they take the place of landings for a
    system whose prompts no source tracks. Of git and a registry, one counts for each system.
    """
    told: dict[str, dict[PromptOrigin, dict[ChangeKind, tuple[int, datetime]]]] = defaultdict(
        lambda: defaultdict(dict)
    )
    of_label = prompt_changes.c.change_id.startswith(OF_LABEL)
    query = select(
        prompt_changes.c.system,
        of_label,
        prompt_changes.c.kind,
        func.count(),
        func.max(prompt_changes.c.landed_at),
    ).group_by(prompt_changes.c.system, of_label, prompt_changes.c.kind)
    for chosen in named(prompt_changes.c.system, scope.systems):
        for system, is_label, kind, number, newest in connection.execute(query.where(chosen)):
            origin = PromptOrigin.REGISTRY if is_label else PromptOrigin.GIT
            told[system][origin][word(ChangeKind, kind)] = number, newest
    found = {
        system: _of_kinds(kinds)
        for system, of in told.items()
        if (kinds := of.get(scope.prompt_origin(system, of)))
    }
    for system, seen in read_served(connection, as_of, scope).items():
        if system not in scope.watched:
            found[system] = _of_traffic(seen)
    highest = _highest(connection, scope)
    return {
        system: PromptTotals(totals.by_kind, totals.last, _above(highest.get(system, {}), totals))
        for system, totals in {**dict.fromkeys(highest, PromptTotals()), **found}.items()
    }


def _of_kinds(kinds: Mapping[ChangeKind, tuple[int, datetime]]) -> PromptTotals:
    # The first look of a registry is a beginning, and no change.
    newest = [last for kind, (_, last) in kinds.items() if kind is not ChangeKind.FIRST_SEEN]
    return PromptTotals({kind: number for kind, (number, _) in kinds.items()}, max(newest, default=None))


def _of_traffic(seen: Served) -> PromptTotals:
    newest = datetime.combine(max(seen.changes), time(), UTC) if seen.changes else None
    return PromptTotals(dict(Counter(seen.changes.values())), newest)


def _highest(connection: Connection, scope: Scope) -> Mapping[str, Mapping[ChangeKind, int]]:
    table = prompt_changes_highest.c
    found: dict[str, dict[ChangeKind, int]] = defaultdict(dict)
    for chosen in named(table.system, scope.systems):
        for system, kind, number in connection.execute(
            select(table.system, table.kind, table.number).where(chosen)
        ):
            found[system][word(ChangeKind, kind)] = number
    return found


def _above(highest: Mapping[ChangeKind, int], totals: PromptTotals) -> Mapping[ChangeKind, int]:
    return {kind: number for kind, number in highest.items() if number > totals.by_kind.get(kind, 0)}


def higher_than_stored(connection: Connection, totals: Mapping[str, PromptTotals]) -> Sequence[Mapping[str, Any]]:
    """Return the rows of the numbers that are higher than the stored ones."""
    stored = {(row.system, row.kind): row.number for row in connection.execute(select(prompt_changes_highest))}
    return [
        {"system": system, "kind": kind.value, "number": number}
        for system, known in totals.items()
        for kind, number in known.by_kind.items()
        if number > stored.get((system, kind.value), 0)
    ]


def hold(connection: Connection, higher: Sequence[Mapping[str, Any]]) -> None:
    """Store higher numbers, unless another agent has stored still higher ones. To be called before the export."""
    table = prompt_changes_highest.c
    statement = insert_into(connection.dialect, prompt_changes_highest)
    new = statement.excluded["number"]
    statement = statement.on_conflict_do_update(
        index_elements=list(prompt_changes_highest.primary_key.columns),
        set_={"number": case((new >= table.number, new), else_=table.number)},
    )
    connection.execute(statement, higher)
