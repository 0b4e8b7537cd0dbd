"""Reads the figures that are shown beside a verdict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import add, attrgetter

from msgspec import Struct, field
from sqlalchemy import Connection, and_, or_, select

from leverwatch.agent.snapshot import ModelTotals, PricedUsage
from leverwatch.agent.store.names import OTHER_MODELS, named
from leverwatch.agent.store.priced import read_priced
from leverwatch.agent.store.schema import COUNTS, EMPTIED, usage_highest, usage_totals
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.words import word
from leverwatch.collectors.interface import Operation

_key = attrgetter("source", "system", "model", "operation")
_counts = attrgetter(*COUNTS)
_INFERENCES = COUNTS.index("inferences")


class SystemTotals(Struct, frozen=True):
    """Sums over all days for one system."""

    models: tuple[ModelTotals, ...] = ()
    highest: Mapping[str, ModelTotals] = field(default_factory=dict)
    """For models from which something was subtracted: the highest value of each sum, as counters show it."""
    priced: Mapping[str, PricedUsage] = field(default_factory=dict)
    """By model, what is priced of the calls whose records tell no cost."""
    other_operations: Mapping[Operation, float] = field(default_factory=dict)
    """Successful calls of other operations, as counters show them."""
    first_written: datetime | None = None


def read_totals(connection: Connection, scope: Scope, models_per_system: int) -> dict[str, SystemTotals]:
    """Return totals by system; models beyond the cap, in order of first appearance, are combined as `other`."""
    table = usage_totals.c
    query = select(usage_totals).order_by(table.first_written, table.model, table.source, table.operation)
    rows = [
        row
        for chosen in named(usage_totals.c.system, scope.systems)
        for row in connection.execute(query.where(chosen))
    ]
    taken_back = _highest(connection, scope)
    ever_priced = read_priced(connection, scope.systems)
    feeding: dict[str, set[str]] = defaultdict(set)
    fed: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        fed[row.system].add(row.source)
        if row.first_day < EMPTIED:
            feeding[row.system].add(row.source)
    models: dict[str, dict[str, list[float]]] = defaultdict(dict)
    highest: dict[str, dict[str, list[float]]] = defaultdict(dict)
    priced: dict[str, dict[str, PricedUsage]] = defaultdict(dict)
    held: set[tuple[str, str]] = set()
    others: dict[str, dict[Operation, float]] = defaultdict(dict)
    first: dict[str, datetime] = {}
    for row in rows:
        first.setdefault(row.system, row.first_written)
        # What a source counted and took back leaves the decision to others, and the counters go on holding it.
        of = feeding if row.first_day < EMPTIED else fed
        if row.source not in scope.counting_for(row.system, of[row.system]):
            continue
        operation = word(Operation, row.operation)
        counts = _counts(row)
        before = taken_back.get(_key(row))
        most = counts if before is None else tuple(map(max, counts, before))
        if operation is not Operation.GENERATION:
            known = others[row.system]
            known[operation] = known.get(operation, 0.0) + most[_INFERENCES]
            continue
        cells = models[row.system]
        name = row.model
        if name not in cells and len(cells) - (OTHER_MODELS in cells) >= models_per_system:
            name = OTHER_MODELS
        _add(cells, name, counts)
        if taken_back:
            _add(highest[row.system], name, most)
        if before is not None:
            held.add((row.system, name))
        more = ever_priced.get((row.source, row.system, row.model))
        if more is not None:
            priced[row.system][name] = priced[row.system].get(name, PricedUsage()).plus(more)
    return {
        system: SystemTotals(
            models=tuple(_model_totals(*model) for model in models.get(system, {}).items()),
            highest={
                name: _model_totals(name, sums)
                for name, sums in highest.get(system, {}).items()
                if (system, name) in held
            },
            priced=priced.get(system, {}),
            other_operations=others.get(system, {}),
            first_written=moment,
        )
        for system, moment in first.items()
    }


def _highest(connection: Connection, scope: Scope) -> dict[tuple[str, ...], tuple[float, ...]]:
    """Return the highest values of totals from which something was subtracted, where one of them is lower now."""
    highest, total = usage_highest.c, usage_totals.c
    same = and_(*(highest[name] == total[name] for name in ("source", "system", "model", "operation")))
    # Most sources that give days again give what they gave before, and hold nothing.
    lower = or_(*(highest[name] > total[name] for name in COUNTS))
    query = select(usage_highest).join(usage_totals, same).where(lower)
    return {
        _key(row): _counts(row)
        for chosen in named(usage_highest.c.system, scope.systems)
        for row in connection.execute(query.where(chosen))
    }


def _add(cells: dict[str, list[float]], name: str, counts: Sequence[float]) -> None:
    before = cells.get(name)
    cells[name] = list(counts) if before is None else list(map(add, before, counts))


def _model_totals(model: str, sums: Sequence[float]) -> ModelTotals:
    return ModelTotals(model, **dict(zip(COUNTS, sums, strict=True)))
