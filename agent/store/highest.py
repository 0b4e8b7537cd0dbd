"""Remembers the highest totals before something is subtracted from them, so that exported counters never fall."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import ColumnElement, Connection, and_, case, func, select, tuple_

from leverwatch.agent.store.bulk_insert import insert_into
from leverwatch.agent.store.engine import batched
from leverwatch.agent.store.schema import COUNTS, usage_highest, usage_totals

Key = tuple[str, str, str]
"""A system, a model and an operation."""

_KEY = ("source", "system", "model", "operation")


def keep_highest(connection: Connection, source: str, keys: Iterable[Key]) -> None:
    """Store the current totals of these keys of a source if they are higher than the stored ones.

    Call it before the totals are reduced, in the same transaction. So only committed totals are stored, and the
    larger one of both is the highest ever: between two calls for a key its totals only grow.
    """
    table = usage_totals.c
    new = insert_into(connection.dialect, usage_highest)
    names = (*_KEY, *COUNTS)
    for part in batched(list(keys)):
        present = select(*(table[name] for name in names)).where(
            table.source == source, tuple_(table.system, table.model, table.operation).in_(part)
        )
        statement = new.from_select(names, present)
        statement = statement.on_conflict_do_update(
            index_elements=list(usage_highest.primary_key.columns),
            set_={name: _larger(usage_highest.c[name], statement.excluded[name]) for name in COUNTS},
        )
        connection.execute(statement)


def highest_sum(
    connection: Connection, column: str, system: str, operation: str, sources: Collection[str]
) -> float:
    """Return what the counter of one column of a system shows: the sum over all models of these sources."""
    total, highest = usage_totals.c, usage_highest.c
    remembered = usage_totals.outerjoin(usage_highest, and_(*(total[name] == highest[name] for name in _KEY)))
    shown = func.sum(_larger(total[column], func.coalesce(highest[column], 0.0)))
    query = select(shown).select_from(remembered)
    chosen = query.where(total.system == system, total.operation == operation)
    return sum(connection.scalar(chosen.where(total.source.in_(part))) or 0.0 for part in batched(sorted(sources)))


def _larger(one: ColumnElement[float], other: ColumnElement[float]) -> ColumnElement[float]:
    return case((one >= other, one), else_=other)
