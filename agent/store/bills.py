"""Reads what providers bill by day, and the tokens of the same sources and days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, Table, func, select

from leverwatch.agent.prices.spend import Untold
from leverwatch.agent.prices.worth import Used
from leverwatch.agent.store.schema import USED, billed_days, tier_days, uncounted_days, usage_daily
from leverwatch.collectors.interface import Operation

_TOKENS = ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens")


def read_billed(connection: Connection, since: date, until: date) -> Mapping[str, Mapping[date, float]]:
    """Return what is billed on each day of a span, in US dollars, by source."""
    bill = billed_days.c
    query = (
        select(bill.source, bill.day, func.sum(bill.usd))
        .where(bill.day >= since, bill.day <= until)
        .group_by(bill.source, bill.day)
    )
    found: dict[str, dict[date, float]] = defaultdict(dict)
    for source, day, usd in connection.execute(query):
        found[source][day] = usd
    return found


def read_uncounted(connection: Connection, since: date, until: date) -> Mapping[str, Mapping[date, float]]:
    """Return the tokens whose calls are not counted on each day of a span, input and output, by source."""
    used = uncounted_days.c
    query = (
        select(used.source, used.day, func.sum(used.input_tokens + used.output_tokens))
        .where(used.day >= since, used.day <= until)
        .group_by(used.source, used.day)
    )
    found: dict[str, dict[date, float]] = defaultdict(dict)
    for source, day, tokens in connection.execute(query):
        found[source][day] = tokens
    return found


def read_uncounted_systems(connection: Connection) -> Mapping[str, frozenset[str]]:
    """Return the systems of these tokens, by source."""
    used = uncounted_days.c
    found: dict[str, set[str]] = defaultdict(set)
    for source, system in connection.execute(select(used.source, used.system).distinct()):
        found[source].add(system)
    return {source: frozenset(systems) for source, systems in found.items()}


def read_used(connection: Connection, source: str, since: date, until: date) -> Iterator[Used]:
    """Yield what a source tells of the tokens of a span, by model, tier and day, counted calls or not."""
    used, generation = usage_daily.c, usage_daily.c.operation == Operation.GENERATION.value
    tiers = {
        (row.day, row.model, row.tier): row
        for row in connection.execute(_sums(tier_days, (*USED,), ("tier",), source, since, until))
    }
    beside: dict[tuple[date, str], list[float]] = defaultdict(lambda: [0.0] * 5)
    names = (*_TOKENS, "write_1h_tokens")
    for (day, model, tier), row in tiers.items():
        amounts = [getattr(row, name) for name in names]
        beside[day, model] = [a + b for a, b in zip(beside[day, model], amounts, strict=True)]
        yield Used(day, model, tier, _tokens(amounts))
    whole = (*_TOKENS, "uncosted_write_1h_tokens")
    for is_generation in (True, False):
        chosen = _sums(usage_daily, whole, (), source, since, until)
        query = chosen.where(generation if is_generation else used.operation != Operation.GENERATION.value)
        for row in connection.execute(query):
            amounts = [getattr(row, name) for name in whole]
            if is_generation:
                amounts = [max(a - b, 0.0) for a, b in zip(amounts, beside[row.day, row.model], strict=True)]
            yield Used(row.day, row.model, "", _tokens(amounts))
    for row in connection.execute(_sums(uncounted_days, names, ("tier",), source, since, until)):
        yield Used(row.day, row.model, row.tier, _tokens([getattr(row, name) for name in names]))


def _sums(
    table: Table, names: tuple[str, ...], more: tuple[str, ...], source: str, since: date, until: date
) -> Any:
    keys = [table.c[name] for name in ("day", "model", *more)]
    sums = (func.sum(table.c[name]).label(name) for name in names)
    inside = (table.c.source == source, table.c.day >= since, table.c.day <= until)
    return select(*keys, *sums).where(*inside).group_by(*keys)


def _tokens(amounts: list[float]) -> Untold:
    whole, cached, written, left, hour = amounts
    return Untold(whole, cached, written, left, 0.0, hour)
