"""What prices made of the tokens whose records tell no cost, by day, and the sums that counters show."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, Select, and_, case, delete, func, literal, or_, select, tuple_

from leverwatch.agent.prices.spend import PricedDay, Untold
from leverwatch.agent.store.bulk_insert import insert_into
from leverwatch.agent.store.engine import batched
from leverwatch.agent.store.names import named
from leverwatch.agent.store.schema import USED, priced_days, priced_totals, tier_days, usage_daily, usage_totals
from leverwatch.collectors.interface import Operation

if TYPE_CHECKING:
    from leverwatch.agent.snapshot import PricedUsage

Key = tuple[str, str, str]
"""A source, a system and a model."""

_GENERATION = Operation.GENERATION.value
_KEY = ("source", "system", "model")
_DAY = (*_KEY, "day")
_SUMS = ("usd", "inferences")
_TIER = (*_DAY, "tier")


class ChangedDay(Struct, frozen=True):
    """A day and a tier of which something else is priced than it has now."""

    key: Key
    day: date
    untold: Untold
    before: PricedDay | None
    tier: str = ""
    """The service tier and the length of the inputs; empty: the standard one and short ones."""


def changed_days(
    connection: Connection, systems: Collection[str] | None, days: Collection[date] | None = None
) -> Iterator[ChangedDay]:
    """Yield the days on which generations without a told cost are not the ones that are priced.

    A day whose price is unknown is among them each time. One that is gone has no tokens. `systems`: only these;
    None: all. `days`: only these few; None: all.
    """
    for chosen in named(usage_daily.c.system, systems):
        query = _standard().where(usage_daily.c.operation == _GENERATION, chosen)
        yield from _changed(connection, query if days is None else query.where(_cells_of(days)))
    for chosen in named(tier_days.c.system, systems):
        tiers = select(*(tier_days.c[name] for name in (*_TIER, *USED))).where(chosen)
        yield from _changed(connection, tiers if days is None else tiers.where(tier_days.c.day.in_(days)))
    for gone in _gone_days(connection, systems):
        if days is None or gone.day in days:
            yield gone


def _cells_of(days: Collection[date]) -> ColumnElement[bool]:
    """The rows of some days, by the keys that the totals have, so that days are looked up in the index."""
    names = (*_KEY, "operation")
    keys = select(*(usage_totals.c[name] for name in names)).where(usage_totals.c.operation == _GENERATION)
    return and_(usage_daily.c.day.in_(days), tuple_(*(usage_daily.c[name] for name in names)).in_(keys))


def _standard() -> Select[Any]:
    """Return the query for what each day has of the standard tier: all that is of no other one."""
    used = usage_daily.c
    tiers = (
        select(*(tier_days.c[name] for name in _DAY), *(func.sum(tier_days.c[name]).label(name) for name in USED))
        .group_by(*(tier_days.c[name] for name in _DAY))
        .subquery()
    )
    whole = {name: used[name] - used[f"costed_{name}"] for name in USED[:4]}
    whole["inferences"] = used.unpriced - used.uncosted_input - used.uncosted_output
    whole["write_1h_tokens"] = used.uncosted_write_1h_tokens
    same = and_(*(used[name] == tiers.c[name] for name in _DAY))
    standard = (
        (value - func.coalesce(tiers.c[name], 0.0)).label(name) for name, value in ((it, whole[it]) for it in USED)
    )
    return select(*(used[name] for name in _DAY), literal("").label("tier"), *standard).select_from(
        usage_daily.outerjoin(tiers, same)
    )


def _changed(connection: Connection, query: Select[Any]) -> Iterator[ChangedDay]:
    now, priced = query.subquery(), priced_days.c
    same = and_(*(now.c[name] == priced[name] for name in _TIER))
    differs = or_(priced.day.is_(None), *(priced[name] != now.c[name] for name in USED))
    known = [priced[name].label(f"priced_{name}") for name in (*USED, "usd")]
    is_any = or_(now.c.inferences > 0, priced.day.is_not(None))
    joined = select(now, *known).select_from(now.outerjoin(priced_days, same)).where(is_any, differs)
    width, tokens = len(_TIER), len(USED)
    for row in connection.execute(joined).all():
        (*key, day, tier), untold, (*was, usd) = row[:width], row[width : width + tokens], row[width + tokens :]
        before = None if usd is None else PricedDay(_untold(was), usd)
        yield ChangedDay(tuple(key), day, _untold(untold), before, tier)


def _untold(numbers: Sequence[float]) -> Untold:
    return Untold(**dict(zip(USED, numbers, strict=True)))


def is_priced(connection: Connection, systems: Collection[str] | None) -> bool:
    """Whether nothing is left that a price could change: no new generations with known tokens, and none fewer."""
    return not any(
        changed.untold.inferences > 0 or changed.before is not None
        for changed in changed_days(connection, systems)
    )


def _gone_days(connection: Connection, systems: Collection[str] | None) -> Iterator[ChangedDay]:
    used, tiers, priced = usage_daily.c, tier_days.c, priced_days.c
    of_usage = and_(*(used[name] == priced[name] for name in _DAY), used.operation == _GENERATION)
    of_tier = and_(*(tiers[name] == priced[name] for name in _TIER))
    joined = priced_days.outerjoin(usage_daily, of_usage).outerjoin(tier_days, of_tier)
    gone = or_(used.day.is_(None), and_(priced.tier != "", tiers.day.is_(None)))
    query = select(priced_days).select_from(joined).where(gone)
    for chosen in named(priced.system, systems):
        for row in connection.execute(query.where(chosen)).all():
            before = PricedDay(_untold([getattr(row, name) for name in USED]), row.usd)
            key = (row.source, row.system, row.model)
            yield ChangedDay(key, row.day, Untold(0, 0, 0, 0, 0), before, row.tier)


def write_priced(connection: Connection, days: Sequence[tuple[ChangedDay, PricedDay | None]]) -> None:
    """Store what is priced of these days now, None for nothing any more, and raise the sums that counters show."""
    statement = insert_into(connection.dialect, priced_days)
    names = (*USED, "usd")
    statement = statement.on_conflict_do_update(
        index_elements=list(priced_days.primary_key.columns),
        set_={name: statement.excluded[name] for name in names},
    )
    rows = [
        dict(zip(_TIER, (*changed.key, changed.day, changed.tier), strict=True))
        | {name: getattr(now.tokens, name) for name in USED}
        | {"usd": now.usd}
        for changed, now in days
        if now is not None
    ]
    if rows:
        connection.execute(statement, rows)
    gone = [(*changed.key, changed.day, changed.tier) for changed, now in days if now is None]
    for part in batched(gone):
        connection.execute(delete(priced_days).where(tuple_(*(priced_days.c[name] for name in _TIER)).in_(part)))
    _raise_totals(connection, {changed.key for changed, _ in days})


def _raise_totals(connection: Connection, keys: Iterable[Key]) -> None:
    """Set the highest sums of these keys. A correction can lower a sum, and never what a counter showed."""
    table = priced_days.c
    of_keys = tuple_(*(table[name] for name in _KEY))
    new = insert_into(connection.dialect, priced_totals)
    for part in batched(sorted(keys)):
        sums = (
            select(*(table[name] for name in _KEY), func.sum(table.usd), func.sum(table.inferences))
            .where(of_keys.in_(part))
            .group_by(*(table[name] for name in _KEY))
        )
        statement = new.from_select((*_KEY, *_SUMS), sums)
        statement = statement.on_conflict_do_update(
            index_elements=list(priced_totals.primary_key.columns),
            set_={name: _larger(priced_totals.c[name], statement.excluded[name]) for name in _SUMS},
        )
        connection.execute(statement)


def _larger(one: ColumnElement[float], other: ColumnElement[float]) -> ColumnElement[float]:
    return case((one >= other, one), else_=other)


def read_priced(connection: Connection, systems: Collection[str] | None) -> Mapping[Key, PricedUsage]:
    """Return the highest sums of what was ever priced, by source, system and model."""
    from leverwatch.agent.snapshot import PricedUsage

    table = priced_totals.c
    return {
        (row.source, row.system, row.model): PricedUsage(row.usd, row.inferences)
        for chosen in named(table.system, systems)
        for row in connection.execute(select(priced_totals).where(chosen))
    }


def read_priced_days(connection: Connection, system: str) -> Mapping[tuple[str, str, date], PricedUsage]:
    """Return what is priced of a system, by source, model and day."""
    from leverwatch.agent.snapshot import PricedUsage

    table = priced_days.c
    of_day = (table.source, table.model, table.day)
    sums = (func.sum(table[name]).label(name) for name in _SUMS)
    query = select(*of_day, *sums).where(table.system == system).group_by(*of_day)
    return {
        (row.source, row.model, row.day): PricedUsage(row.usd, row.inferences) for row in connection.execute(query)
    }
