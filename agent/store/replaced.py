"""Replaces whole days of a source: what it had stored for them leaves before its new rows are written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from operator import add, attrgetter, neg

from sqlalchemy import ColumnElement, Connection, and_, delete, select, tuple_, update

from leverwatch.agent.errors import InternalError
from leverwatch.agent.store.bulk_insert import BulkInsert
from leverwatch.agent.store.engine import batched
from leverwatch.agent.store.highest import Key, keep_highest
from leverwatch.agent.store.schema import COUNTS, sources, usage_daily, usage_totals
from leverwatch.collectors.interface import Batch, Operation

Cell = tuple[str, str, date]
"""A system, a model and a day."""

_counts = attrgetter(*COUNTS)


@dataclass(frozen=True, slots=True)
class Replaced:
    """What replacing days changed: inferences, summed over the cells (system, model, day) that gained or lost."""

    added: float = 0.0
    taken_back: float = 0.0

    def plus(self, other: Replaced) -> Replaced:
        """Both together."""
        return Replaced(self.added + other.added, self.taken_back + other.taken_back)


def check_replaced(source: str, batch: Batch) -> None:
    """Refuse a batch that replaces days and contradicts itself.

    Raises:
        InternalError: a row is of another day, or takes something back. Nothing may be written of such a batch.
    """
    if not batch.replaces:
        return
    astray = sorted({row.day for row in batch.usage} - batch.replaces)
    if astray:
        raise InternalError(
            f"source {source}: a batch that replaces {len(batch.replaces)} days has rows of {len(astray)} others,"
            f" the first of them {astray[0]}; this is a fault of leverwatch, please report it"
        )
    if any(min(_counts(row)) < 0 for row in batch.usage):
        raise InternalError(
            f"source {source}: a batch that replaces days takes something back as well;"
            " this is a fault of leverwatch, please report it"
        )


def compare(before: Mapping[Cell, float], after: Mapping[Cell, float]) -> Replaced:
    """What changed from one state of some days to the next."""
    changes = [after.get(cell, 0.0) - before.get(cell, 0.0) for cell in {**before, **after}]
    return Replaced(
        added=sum(change for change in changes if change > 0),
        taken_back=-sum(change for change in changes if change < 0),
    )


def read_inferences(connection: Connection, source: str, days: frozenset[date]) -> dict[Cell, float]:
    """Inferences of a source on some days, by cell."""
    cell, generation = usage_daily.c, usage_daily.c.operation == Operation.GENERATION.value
    found: dict[Cell, float] = {}
    for chosen in _of_days(source, days):
        query = select(cell.system, cell.model, cell.day, cell.inferences).where(chosen, generation)
        found.update(((row.system, row.model, row.day), row.inferences) for row in connection.execute(query))
    return found


def take_out(
    connection: Connection, source: str, days: frozenset[date], totals: BulkInsert, now: datetime
) -> None:
    """Delete every row of the source on these days, under whatever names, and take it out of its `totals`."""
    sums: dict[Key, tuple[date, list[float]]] = {}
    for chosen in _of_days(source, days):
        for row in connection.execute(select(usage_daily).where(chosen)):
            key = (row.system, row.model, row.operation)
            before = sums.get(key)
            counts = list(_counts(row))
            sums[key] = (row.day, counts if before is None else list(map(add, before[1], counts)))
    if not sums:
        return
    keep_highest(connection, source, sums)
    totals.write([(source, *key, day, now, *map(neg, counts)) for key, (day, counts) in sums.items()])
    for chosen in _of_days(source, days):
        connection.execute(delete(usage_daily).where(chosen))


def add_restated(connection: Connection, source: str, inferences: float) -> None:
    """Add to what the source took back since the store exists."""
    restated = sources.c.restated_inferences
    connection.execute(
        update(sources).where(sources.c.source == source).values(restated_inferences=restated + inferences)
    )


def _of_days(source: str, days: frozenset[date]) -> Iterator[ColumnElement[bool]]:
    """Conditions that together select all rows of the source on these days.

    The totals name every key that the source has, so that each day of each of them is looked up in the index: the
    cost goes with the days and the keys, and not with the length of the history.
    """
    total, cell = usage_totals.c, usage_daily.c
    keys = select(total.system, total.model, total.operation).where(total.source == source)
    of_keys = tuple_(cell.system, cell.model, cell.operation).in_(keys)
    for part in batched(sorted(days)):
        yield and_(cell.source == source, cell.day.in_(part), of_keys)
