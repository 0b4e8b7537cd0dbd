"""Reads eval results, shutdown days and the models that serve each system."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Connection, func, select

from leverwatch.agent.store.daily_usage import counting
from leverwatch.agent.store.names import OVERFLOW_SYSTEM, named
from leverwatch.agent.store.schema import eval_results, model_shutdowns, stored_systems, usage_daily
from leverwatch.agent.store.scope import Scope
from leverwatch.collectors.interface import EvalResult, Operation


def read_eval_results(
    connection: Connection, since: date, as_of: date, scope: Scope
) -> dict[str, tuple[EvalResult, ...]]:
    """Return the eval results of each system dated from `since` to the end of `as_of`, oldest first."""
    start, end = _midnight(since), _midnight(as_of + timedelta(days=1))
    query = (
        select(*(column for column in eval_results.c if column.name != "identity"))
        .where(eval_results.c.at >= start, eval_results.c.at < end)
        .order_by(eval_results.c.at, eval_results.c.source, eval_results.c.suite, eval_results.c.metric)
    )
    found: dict[str, list[EvalResult]] = defaultdict(list)
    for chosen in named(eval_results.c.system, scope.systems):
        for row in connection.execute(query.where(chosen)).mappings():
            found[row["system"]].append(EvalResult(**row))
    return {system: tuple(results) for system, results in found.items()}


def read_eval_sources(connection: Connection) -> frozenset[str]:
    """Return the sources of all eval results that are stored."""
    return frozenset(connection.scalars(select(eval_results.c.source).distinct()))


def read_eval_systems(connection: Connection) -> frozenset[str]:
    """Return the systems of all eval results of which neither usage nor a prompt change was ever counted."""
    known = select(stored_systems.c.system).where(stored_systems.c.first_counted.is_not(None))
    query = select(eval_results.c.system).where(eval_results.c.system.not_in(known)).distinct()
    return frozenset(connection.scalars(query)) - {OVERFLOW_SYSTEM}


def read_model_days(
    connection: Connection,
    since: date,
    as_of: date,
    scope: Scope,
    systems: Collection[str] | None = None,
) -> dict[str, dict[str, dict[date, float]]]:
    """Return inferences by system, model and day from `since` to `as_of`, of the sources that count for a system.

    `systems`: only these; None: all.
    """
    wanted = scope.systems if systems is None else systems
    counted = {} if wanted is not None and not wanted else counting(connection, scope)
    found: dict[str, dict[str, dict[date, float]]] = defaultdict(lambda: defaultdict(dict))
    for chosen in named(usage_daily.c.system, wanted):
        daily = (
            select(
                usage_daily.c.system,
                usage_daily.c.source,
                usage_daily.c.model,
                usage_daily.c.day,
                func.sum(usage_daily.c.inferences),
            )
            .where(
                usage_daily.c.operation == Operation.GENERATION.value,
                usage_daily.c.day >= since,
                usage_daily.c.day <= as_of,
                chosen,
            )
            .group_by(usage_daily.c.system, usage_daily.c.source, usage_daily.c.model, usage_daily.c.day)
        )
        for system, source, model, day, inferences in connection.execute(daily):
            if source in counted.get(system, ()):
                days = found[system][model]
                days[day] = days.get(day, 0.0) + inferences
    return {system: dict(models) for system, models in found.items()}


def read_shutdowns(connection: Connection) -> dict[str, date]:
    """Return the last day of each model; the earliest one when several lists have the model."""
    rows = connection.execute(
        select(model_shutdowns.c.model, func.min(model_shutdowns.c.shutdown).label("shutdown")).group_by(
            model_shutdowns.c.model
        )
    )
    return {row.model: row.shutdown for row in rows}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
