"""Reads the figures that are shown beside a verdict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, func, select

from leverwatch.agent.snapshot import ModelTotals
from leverwatch.agent.store.facts import Scope, counting_sources
from leverwatch.agent.store.names import OTHER_MODELS, named
from leverwatch.agent.store.schema import COUNTS, prompt_changes, usage_totals
from leverwatch.agent.store.words import word
from leverwatch.collectors.interface import ChangeKind, Operation


@dataclass(frozen=True)
class SystemTotals:
    """Everything ever counted for one system."""

    models: tuple[ModelTotals, ...] = ()
    other_operations: Mapping[Operation, float] = field(default_factory=dict)
    first_written: datetime | None = None


@dataclass(frozen=True)
class PromptTotals:
    """Every landing ever seen for one system."""

    by_kind: Mapping[ChangeKind, int] = field(default_factory=dict)
    last: datetime | None = None


def read_totals(connection: Connection, scope: Scope, models_per_system: int) -> dict[str, SystemTotals]:
    """Totals by system; models beyond the cap, in order of first appearance, are one named `other`."""
    query = select(usage_totals).order_by(usage_totals.c.first_written, usage_totals.c.model)
    rows = [
        row
        for chosen in named(usage_totals.c.system, scope.systems)
        for row in connection.execute(query.where(chosen))
    ]
    feeding: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        feeding[row.system].add(row.source)
    models: dict[str, dict[str, list[float]]] = defaultdict(dict)
    others: dict[str, dict[Operation, float]] = defaultdict(dict)
    first: dict[str, datetime] = {}
    for row in rows:
        first.setdefault(row.system, row.first_written)
        if row.source not in counting_sources(feeding[row.system], scope.authoritative):
            continue
        operation = word(Operation, row.operation)
        if operation is not Operation.GENERATION:
            known = others[row.system]
            known[operation] = known.get(operation, 0.0) + row.inferences
            continue
        cells = models[row.system]
        name = row.model
        if name not in cells and len(cells) - (OTHER_MODELS in cells) >= models_per_system:
            name = OTHER_MODELS
        sums = cells.setdefault(name, [0.0] * len(COUNTS))
        for index, column in enumerate(COUNTS):
            sums[index] += getattr(row, column)
    return {
        system: SystemTotals(
            models=tuple(
                ModelTotals(model, **dict(zip(COUNTS, sums, strict=True)))
                for model, sums in models.get(system, {}).items()
            ),
            other_operations=others.get(system, {}),
            first_written=moment,
        )
        for system, moment in first.items()
    }


def read_prompt_totals(connection: Connection, scope: Scope) -> dict[str, PromptTotals]:
    """Landings by system and kind, and the time of the newest one that counts or not."""
    kinds: dict[str, dict[ChangeKind, int]] = defaultdict(dict)
    last: dict[str, datetime] = {}
    query = select(
        prompt_changes.c.system,
        prompt_changes.c.kind,
        func.count(),
        func.max(prompt_changes.c.landed_at),
    ).group_by(prompt_changes.c.system, prompt_changes.c.kind)
    for chosen in named(prompt_changes.c.system, scope.systems):
        for system, kind, number, newest in connection.execute(query.where(chosen)):
            kinds[system][word(ChangeKind, kind)] = number
            last[system] = max(newest, last.get(system, newest))
    return {system: PromptTotals(by_kind, last[system]) for system, by_kind in kinds.items()}
