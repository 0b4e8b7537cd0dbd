"""Replaces whole days of a source: its stored rows of these days are deleted before the new ones are written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from operator import add, attrgetter, neg

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, and_, delete, func, select, tuple_, update

from leverwatch.agent.errors import InternalError
from leverwatch.agent.store.bulk_insert import BulkInsert
from leverwatch.agent.store.engine import batched
from leverwatch.agent.store.highest import Key, keep_highest
from leverwatch.agent.store.schema import COUNTS, EMPTIED, sources, usage_daily, usage_totals
from leverwatch.agent.store.values import is_usage
from leverwatch.collectors.interface import Batch, Operation

Cell = tuple[str, str, date]
"""A system, a model and a day."""

_counts = attrgetter(*COUNTS)


class Replaced(Struct, frozen=True):
    """What replacing days changed, in inferences: the sums over the cells (system, model, day) that gained or
    lost."""

    added: float = 0.0
    taken_back: float = 0.0

    def plus(self, other: Replaced) -> Replaced:
        """Return the sum of both."""
        return Replaced(self.added + other.added, self.taken_back + other.taken_back)


def check_replaced(source: str, batch: Batch) -> None:
    """Check that a batch that replaces days does not contradict itself.

    Raises:
        InternalError: a row is of another day, cannot be stored, or takes something back. Nothing of such a batch
            may be written.
    """
    if not batch.replaces:
        return
    days = {row.day for row in batch.usage} | {row.day for row in batch.tier_counts}
    days |= {row.day for row in batch.billed} | {row.day for row in batch.uncounted_tokens}
    astray = sorted(days - batch.replaces)
    if astray:
        raise InternalError(
            f"source {source}: a batch that replaces {len(batch.replaces)} days has rows of {len(astray)} others,"
            f" the first of them {astray[0]}; this is a fault of leverwatch, please report it"
        )
    if not all(is_usage(row) for row in batch.usage):
        # Left out, it would make the day that it is of a known one with too little.
        raise InternalError(
            f"source {source}: a batch that replaces days has rows that cannot be stored;"
            " this is a fault of leverwatch, please report it"
        )
    if any(min(_counts(row)) < 0 for row in batch.usage):
        raise InternalError(
            f"source {source}: a batch that replaces days takes something back as well;"
            " this is a fault of leverwatch, please report it"
        )


def compare(before: Mapping[Cell, float], after: Mapping[Cell, float]) -> Replaced:
    """Return what changed from one state of some days to another."""
    changes = [after.get(cell, 0.0) - before.get(cell, 0.0) for cell in {**before, **after}]
    return Replaced(
        added=sum(change for change in changes if change > 0),
        taken_back=-sum(change for change in changes if change < 0),
    )


def read_inferences(connection: Connection, source: str, days: frozenset[date]) -> dict[Cell, float]:
    """Return the inferences of a source on some days, by cell."""
    cell, generation = usage_daily.c, usage_daily.c.operation == Operation.GENERATION.value
    found: dict[Cell, float] = {}
    for chosen in _of_days(source, days):
        query = select(cell.system, cell.model, cell.day, cell.inferences).where(chosen, generation)
        found.update(((row.system, row.model, row.day), row.inferences) for row in connection.execute(query))
    return found


def take_out(
    connection: Connection, source: str, days: frozenset[date], totals: BulkInsert, now: datetime
) -> None:
    """Delete all rows of the source on these days, whatever they name, and subtract them from its `totals`."""
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


def renew_first_days(connection: Connection, source: str, days: frozenset[date]) -> None:
    """Set the first day of totals anew where it was one of these days, which were replaced."""
    total, cell = usage_totals.c, usage_daily.c
    same = and_(*(cell[name] == total[name] for name in ("source", "system", "model", "operation")))
    first = select(func.min(cell.day)).where(same).scalar_subquery()
    for part in batched(sorted(days)):
        connection.execute(
            update(usage_totals)
            .where(total.source == source, total.first_day.in_(part))
            .values(first_day=func.coalesce(first, EMPTIED))
        )


def add_restated(connection: Connection, source: str, inferences: float) -> None:
    """Add to the inferences that the source took back since the store exists."""
    restated = sources.c.restated_inferences
    connection.execute(
        update(sources).where(sources.c.source == source).values(restated_inferences=restated + inferences)
    )


def _of_days(source: str, days: frozenset[date]) -> Iterator[ColumnElement[bool]]:
    """Yield conditions that together select all rows of the source on these days.

    The totals have all keys of the source, so that each day of each key is looked up in the index: the cost
    depends on the number of days and keys, and not on the length of the history.
    """
    total, cell = usage_totals.c, usage_daily.c
    keys = select(total.system, total.model, total.operation).where(total.source == source)
    of_keys = tuple_(cell.system, cell.model, cell.operation).in_(keys)
    for part in batched(sorted(days)):
        yield and_(cell.source == source, cell.day.in_(part), of_keys)
