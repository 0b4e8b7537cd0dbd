"""Reads the sums from which the economics, the signs and the evidence beside a verdict are computed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from itertools import chain

from sqlalchemy import Connection, func, select

from leverwatch.agent.framework.daily_usage import DailyUsage, PromptSums, pick
from leverwatch.agent.store.names import named
from leverwatch.agent.store.plain_rows import day_of, parts_of_rows, plain_rows
from leverwatch.agent.store.schema import EMPTIED, usage_daily, usage_totals
from leverwatch.agent.store.scope import Scope
from leverwatch.collectors.interface import Operation


def counting(connection: Connection, scope: Scope) -> dict[str, frozenset[str]]:
    """Return the sources that count for each system."""
    feeding: dict[str, set[str]] = defaultdict(set)
    pairs = (
        select(usage_totals.c.system, usage_totals.c.source).where(usage_totals.c.first_day < EMPTIED).distinct()
    )
    for chosen in named(usage_totals.c.system, scope.systems):
        for system, source in plain_rows(connection, pairs.where(chosen)):
            feeding[system].add(source)
    return {system: scope.counting_for(system, sources) for system, sources in feeding.items()}


def read_daily_usage(
    connection: Connection, since: date, as_of: date, scope: Scope
) -> dict[str, list[DailyUsage]]:
    """Return sums by system for each day and model from `since` to `as_of`; one row for each source that
    counts."""
    counted = counting(connection, scope)
    query = select(
        usage_daily.c.system,
        usage_daily.c.source,
        *(usage_daily.c[name] for name in DailyUsage._fields),
    ).where(
        usage_daily.c.operation == Operation.GENERATION.value,
        usage_daily.c.day >= since,
        usage_daily.c.day <= as_of,
    )
    found: dict[str, list[DailyUsage]] = {}
    day_from = day_of(connection)
    for chosen in named(usage_daily.c.system, scope.systems):
        for rows in parts_of_rows(connection, query.where(chosen)):
            pick(rows, counted, found, day_from)
    return found


def read_prompt_sums(connection: Connection, since: date, until: date, scope: Scope) -> dict[str, PromptSums]:
    """Return sums by system over the days from `since` to `until`."""
    counted = counting(connection, scope)
    query = (
        select(
            usage_daily.c.system,
            usage_daily.c.source,
            *(func.sum(usage_daily.c[name]) for name in PromptSums._fields),
        )
        .where(
            usage_daily.c.operation == Operation.GENERATION.value,
            usage_daily.c.day >= since,
            usage_daily.c.day <= until,
        )
        .group_by(usage_daily.c.system, usage_daily.c.source)
    )
    results = (
        plain_rows(connection, query.where(chosen)) for chosen in named(usage_daily.c.system, scope.systems)
    )
    found: dict[str, PromptSums] = {}
    for system, source, *sums in chain.from_iterable(results):
        if source in counted[system]:
            before = found.get(system)
            found[system] = (
                PromptSums._make(sums)
                if before is None
                else PromptSums(*(old + new for old, new in zip(before, sums, strict=True)))
            )
    return found


def read_model_names(connection: Connection, scope: Scope) -> Mapping[str, frozenset[str]]:
    """Return all models that ever served a generation, by system."""
    found: dict[str, set[str]] = defaultdict(set)
    pairs = select(usage_totals.c.system, usage_totals.c.model).where(
        usage_totals.c.operation == Operation.GENERATION.value
    )
    for chosen in named(usage_totals.c.system, scope.systems):
        for system, model in plain_rows(connection, pairs.where(chosen).distinct()):
            found[system].add(model)
    return {system: frozenset(models) for system, models in found.items()}
