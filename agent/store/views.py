"""Reads the figures that are shown beside a verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import add, attrgetter, itemgetter
from sys import intern
from typing import Any, NamedTuple

from msgspec import Struct, field
from sqlalchemy import Connection, and_, or_, select

from leverwatch.agent.snapshot import ModelTotals, PricedUsage
from leverwatch.agent.store.names import OTHER_MODELS, named
from leverwatch.agent.store.plain_rows import day_of, plain_rows
from leverwatch.agent.store.priced import read_priced
from leverwatch.agent.store.schema import COUNTS, EMPTIED, usage_highest, usage_totals
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.words import word
from leverwatch.collectors.interface import Operation

_KEYS = ("system", "source", "model", "operation")
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
    query = select(*(table[name] for name in (*_KEYS, "first_day", "first_written", *COUNTS))).order_by(
        table.system, table.first_written, table.model, table.source, table.operation
    )
    beside = _Beside(scope, models_per_system, _highest(connection, scope), read_priced(connection, scope.systems))
    # The driver's own rows, of one system at a time: those of all systems at once take more than is made of them.
    moment = _moment_of(connection)
    day = day_of(connection)
    found: dict[str, SystemTotals] = {}
    for chosen in named(table.system, scope.systems):
        for system, rows in groupby(plain_rows(connection, query.where(chosen)), itemgetter(0)):
            held = list(rows)
            first = held[0][5]
            found[system] = _of_system(
                system,
                [_Row(row[:4], day(row[4]) < EMPTIED, row[6:]) for row in held],
                beside,
                moment(first),
            )
    return found


class _Row(NamedTuple):
    """The totals of a system, source, model and operation."""

    key: tuple[str, str, str, str]
    feeds: bool
    counts: tuple[float, ...]


class _Beside(NamedTuple):
    """What the totals of all systems are worked out with."""

    scope: Scope
    models_per_system: int
    taken_back: Mapping[tuple[str, ...], tuple[float, ...]]
    ever_priced: Mapping[tuple[str, str, str], PricedUsage]


def _moment_of(connection: Connection) -> Callable[[Any], datetime]:
    """Return what makes a moment of the driver's value."""
    dialect = connection.dialect
    made: Any = usage_totals.c.first_written.type.dialect_impl(dialect).result_processor(dialect, None)
    return made  # type: ignore[no-any-return]  # what the type of the column returns


def _of_system(system: str, rows: Sequence[_Row], beside: _Beside, first: datetime) -> SystemTotals:
    fed = {row.key[1] for row in rows}
    feeding = {row.key[1] for row in rows if row.feeds}
    # What a source counted and took back leaves the decision to others, and the counters go on holding it.
    counting, counted = (beside.scope.counting_for(system, of) for of in (feeding, fed))
    models: dict[str, list[float]] = {}
    highest: dict[str, list[float]] = {}
    priced: dict[str, PricedUsage] = {}
    held: set[str] = set()
    others: dict[Operation, float] = {}
    for (_, source, model, kind), feeds, counts in rows:
        if source not in (counting if feeds else counted):
            continue
        operation = word(Operation, kind)
        before = beside.taken_back.get((source, system, model, kind))
        most = counts if before is None else tuple(map(max, counts, before))
        if operation is not Operation.GENERATION:
            others[operation] = others.get(operation, 0.0) + most[_INFERENCES]
            continue
        name = model
        if name not in models and len(models) - (OTHER_MODELS in models) >= beside.models_per_system:
            name = OTHER_MODELS
        _add(models, name, counts)
        if beside.taken_back:
            _add(highest, name, most)
        if before is not None:
            held.add(name)
        more = beside.ever_priced.get((source, system, model))
        if more is not None:
            priced[name] = priced.get(name, PricedUsage()).plus(more)
    return SystemTotals(
        models=tuple(_model_totals(*model) for model in models.items()),
        highest={name: _model_totals(name, sums) for name, sums in highest.items() if name in held},
        priced=priced,
        other_operations=others,
        first_written=first,
    )


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
    # Most sums of most models are zero, and all of these are the same object: a number takes 24 bytes.
    return ModelTotals(intern(model), *[value or 0.0 for value in sums])
