"""What prices made of the tokens whose records tell no cost, by day, and the sums that counters show."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, and_, case, delete, func, or_, select, tuple_

from leverwatch.agent.prices.spend import PricedDay, Untold
from leverwatch.agent.store.bulk_insert import insert_into
from leverwatch.agent.store.engine import batched
from leverwatch.agent.store.names import named
from leverwatch.agent.store.schema import priced_days, priced_totals, usage_daily
from leverwatch.collectors.interface import Operation

if TYPE_CHECKING:
    from leverwatch.agent.snapshot import PricedUsage

Key = tuple[str, str, str]
"""A source, a system and a model."""

_KEY = ("source", "system", "model")
_DAY = (*_KEY, "day")
_SUMS = ("usd", "inferences")
_TOKENS = ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens")


class ChangedDay(Struct, frozen=True):
    """A day of which something else is priced than it has now."""

    key: Key
    day: date
    untold: Untold
    before: PricedDay | None


def changed_days(connection: Connection, systems: Collection[str] | None) -> Iterator[ChangedDay]:
    """Yield the days on which generations without a told cost are not the ones that are priced.

    A day whose price is unknown is among them each time. One that is gone has no tokens. `systems`: only these;
    None: all.
    """
    used, priced = usage_daily.c, priced_days.c
    untold = {name: used[name] - used[f"costed_{name}"] for name in _TOKENS}
    untold["inferences"] = used.unpriced - used.uncosted_input - used.uncosted_output
    same = and_(*(used[name] == priced[name] for name in _DAY))
    differs = or_(priced.day.is_(None), *(priced[name] != value for name, value in untold.items()))
    known = [priced[name].label(f"priced_{name}") for name in (*untold, "usd")]
    query = (
        select(*(used[name] for name in _DAY), *(value.label(name) for name, value in untold.items()), *known)
        .select_from(usage_daily.outerjoin(priced_days, same))
        .where(
            used.operation == Operation.GENERATION.value, or_(used.unpriced > 0, priced.day.is_not(None)), differs
        )
    )
    for chosen in named(used.system, systems):
        for (
            *key,
            day,
            entered,
            cached,
            written,
            output,
            number,
            p_in,
            p_cached,
            p_written,
            p_out,
            p_number,
            usd,
        ) in connection.execute(query.where(chosen)).all():
            before = None if usd is None else PricedDay(Untold(p_in, p_cached, p_written, p_out, p_number), usd)
            yield ChangedDay(tuple(key), day, Untold(entered, cached, written, output, number), before)
    yield from _gone_days(connection, systems)


def is_priced(connection: Connection, systems: Collection[str] | None) -> bool:
    """Whether nothing is left that a price could change: no new generations with known tokens, and none fewer."""
    return not any(
        changed.untold.inferences > 0 or changed.before is not None
        for changed in changed_days(connection, systems)
    )


def _gone_days(connection: Connection, systems: Collection[str] | None) -> Iterator[ChangedDay]:
    used, priced = usage_daily.c, priced_days.c
    same = and_(*(used[name] == priced[name] for name in _DAY), used.operation == Operation.GENERATION.value)
    joined = priced_days.outerjoin(usage_daily, same)
    query = select(priced_days).select_from(joined).where(used.day.is_(None))
    for chosen in named(priced.system, systems):
        for row in connection.execute(query.where(chosen)).all():
            before = PricedDay(Untold(*(getattr(row, name) for name in (*_TOKENS, "inferences"))), row.usd)
            yield ChangedDay((row.source, row.system, row.model), row.day, Untold(0, 0, 0, 0, 0), before)


def write_priced(connection: Connection, days: Sequence[tuple[ChangedDay, PricedDay | None]]) -> None:
    """Store what is priced of these days now, None for nothing any more, and raise the sums that counters show."""
    statement = insert_into(connection.dialect, priced_days)
    names = (*_TOKENS, *reversed(_SUMS))
    statement = statement.on_conflict_do_update(
        index_elements=list(priced_days.primary_key.columns),
        set_={name: statement.excluded[name] for name in names},
    )
    rows = [
        dict(zip(_DAY, (*changed.key, changed.day), strict=True))
        | {name: getattr(now.tokens, name) for name in names[:-1]}
        | {"usd": now.usd}
        for changed, now in days
        if now is not None
    ]
    if rows:
        connection.execute(statement, rows)
    gone = [(*changed.key, changed.day) for changed, now in days if now is None]
    for part in batched(gone):
        connection.execute(delete(priced_days).where(tuple_(*(priced_days.c[name] for name in _DAY)).in_(part)))
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

    query = select(priced_days).where(priced_days.c.system == system)
    return {
        (row.source, row.model, row.day): PricedUsage(row.usd, row.inferences) for row in connection.execute(query)
    }
