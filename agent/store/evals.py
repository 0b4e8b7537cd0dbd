"""Reads results of evaluations, shutdown days and which models serve which system."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Connection, func, select

from agent.store.facts import counting_sources
from agent.store.schema import eval_results, model_shutdowns, usage_daily, usage_totals
from collectors.interface import EvalResult, Operation


def read_eval_results(connection: Connection, since: date, as_of: date) -> dict[str, tuple[EvalResult, ...]]:
    """The results of each system dated from `since` to the end of `as_of`, oldest first."""
    start, end = _midnight(since), _midnight(as_of + timedelta(days=1))
    query = (
        select(*(column for column in eval_results.c if column.name != "identity"))
        .where(eval_results.c.at >= start, eval_results.c.at < end)
        .order_by(eval_results.c.at, eval_results.c.source, eval_results.c.suite, eval_results.c.metric)
    )
    found: dict[str, list[EvalResult]] = defaultdict(list)
    for row in connection.execute(query).mappings():
        found[row["system"]].append(EvalResult(**row))
    return {system: tuple(results) for system, results in found.items()}


def read_model_days(
    connection: Connection, since: date, as_of: date, authoritative: frozenset[str]
) -> dict[str, dict[str, dict[date, float]]]:
    """Inferences by system, model and day, from `since` to `as_of`, of the sources that count for a system."""
    feeding: dict[str, set[str]] = defaultdict(set)
    for system, source in connection.execute(select(usage_totals.c.system, usage_totals.c.source).distinct()):
        feeding[system].add(source)
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
        )
        .group_by(usage_daily.c.system, usage_daily.c.source, usage_daily.c.model, usage_daily.c.day)
    )
    found: dict[str, dict[str, dict[date, float]]] = defaultdict(lambda: defaultdict(dict))
    for system, source, model, day, inferences in connection.execute(daily):
        if source in counting_sources(feeding[system], authoritative):
            days = found[system][model]
            days[day] = days.get(day, 0.0) + inferences
    return {system: dict(models) for system, models in found.items()}


def read_shutdowns(connection: Connection) -> dict[str, date]:
    """The day on which each model ends; the earliest one where several lists name the model."""
    rows = connection.execute(
        select(model_shutdowns.c.model, func.min(model_shutdowns.c.shutdown).label("shutdown")).group_by(
            model_shutdowns.c.model
        )
    )
    return {row.model: row.shutdown for row in rows}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
