"""Writes one batch and the source state that marks it as done; the caller owns the transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import blake2b
from operator import add, attrgetter
from typing import Any

from sqlalchemy import Connection, Dialect, Table, case, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from agent.errors import StoreConflict
from agent.store.many import ManyRows
from agent.store.schema import (
    COUNTS,
    eval_results,
    model_shutdowns,
    prompt_changes,
    record_tallies,
    source_days,
    source_state,
    sources,
    usage_daily,
    usage_totals,
)
from collectors.interface import Batch, EvalResult, ModelShutdown, UsageRow

_USAGE = ("source", *(field.name for field in fields(UsageRow)))
_SLICE = 1000
_usage_values = attrgetter(*_USAGE[1:])
_KEY = ("source", "system", "model", "operation")
_TOTALS = (*_KEY, "first_day", "first_written", *_USAGE[len(_KEY) + 1 :])


@dataclass(slots=True)
class _Total:
    first_day: date
    counts: list[float]


def write_batch(connection: Connection, source: str, revision: int, batch: Batch, now: datetime) -> None:
    """Write `batch` as revision `revision + 1` of `source`.

    Raises:
        StoreConflict: the source is no longer at `revision`.
    """
    _advance(connection, source, revision, batch)
    _write_state(connection, source, batch.state)
    _write_usage(connection, source, batch.usage, now)
    if batch.tallies:
        rows = [
            {"source": source, "result": str(result), "records": number}
            for result, number in batch.tallies.items()
        ]
        connection.execute(_adding(connection.dialect, record_tallies, ("records",)), rows)
    if batch.days_seen:
        statement = _insert(connection.dialect, source_days).on_conflict_do_nothing()
        connection.execute(statement, [{"source": source, "day": day} for day in sorted(batch.days_seen)])
    if batch.prompt_changes or batch.replace_prompt_changes:
        _write_prompt_changes(connection, source, batch)
    _write_eval_results(connection, source, batch.eval_results)
    _write_model_shutdowns(connection, source, batch.model_shutdowns, now)


def _insert(dialect: Dialect, table: Table) -> Any:
    return (postgresql if dialect.name == "postgresql" else sqlite).insert(table)


def _adding(dialect: Dialect, table: Table, columns: tuple[str, ...]) -> Any:
    statement = _insert(dialect, table)
    return statement.on_conflict_do_update(
        index_elements=list(table.primary_key.columns),
        set_={name: table.c[name] + statement.excluded[name] for name in columns},
    )


def _advance(connection: Connection, source: str, revision: int, batch: Batch) -> None:
    # The revision fences off a second agent on the same store: whoever commits first wins, the other one finds
    # a revision it did not expect, writes nothing, and starts again from the state that is there now.
    newest = connection.execute(
        select(sources.c.revision, sources.c.newest_record).where(sources.c.source == source).with_for_update()
    ).first()
    if newest is None:
        if revision != 0:
            raise StoreConflict(f"source {source}: expected revision {revision}, and the store has none")
        created = connection.execute(
            _insert(connection.dialect, sources)
            .values(source=source, revision=1, newest_record=batch.newest_record)
            .on_conflict_do_nothing()
            .returning(sources.c.revision)
        ).first()
        if created is None:
            raise StoreConflict(f"source {source}: another agent started it at the same time")
        return
    if newest.revision != revision:
        raise StoreConflict(f"source {source}: expected revision {revision}, the store is at {newest.revision}")
    known = [moment for moment in (newest.newest_record, batch.newest_record) if moment is not None]
    connection.execute(
        update(sources)
        .where(sources.c.source == source)
        .values(revision=revision + 1, newest_record=max(known, default=None))
    )


def _write_state(connection: Connection, source: str, state: Mapping[str, bytes | None]) -> None:
    gone = [key for key, value in state.items() if value is None]
    # A statement holds only so many values, and a source may let go of more.
    for start in range(0, len(gone), _SLICE):
        keys = source_state.c.key.in_(gone[start : start + _SLICE])
        connection.execute(delete(source_state).where(source_state.c.source == source, keys))
    kept = [{"source": source, "key": key, "value": value} for key, value in state.items() if value is not None]
    if kept:
        statement = _insert(connection.dialect, source_state)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=list(source_state.primary_key.columns),
                set_={"value": statement.excluded["value"]},
            ),
            kept,
        )


def _write_usage(connection: Connection, source: str, usage: tuple[UsageRow, ...], now: datetime) -> None:
    daily = ManyRows(connection, _daily(connection.dialect), _USAGE)
    totals: dict[tuple[str, str, str], _Total] = {}
    # In slices, as a row that is ready to be written takes several times the memory of a UsageRow.
    for start in range(0, len(usage), _SLICE):
        rows = [(source, *_usage_values(row)) for row in usage[start : start + _SLICE]]
        daily.write(rows)
        for _, system, model, operation, day, *counts in rows:
            total = totals.get((system, model, operation))
            if total is None:
                totals[system, model, operation] = _Total(day, counts)
                continue
            total.first_day = min(total.first_day, day)
            total.counts = list(map(add, total.counts, counts))
    if not totals:
        return
    rows = [(source, *key, total.first_day, now, *total.counts) for key, total in totals.items()]
    ManyRows(connection, _totals(connection.dialect), _TOTALS).write(rows)


@lru_cache(maxsize=8)
def _daily(dialect: Dialect) -> Any:
    return _adding(dialect, usage_daily, COUNTS)


@lru_cache(maxsize=8)
def _totals(dialect: Dialect) -> Any:
    statement = _insert(dialect, usage_totals)
    new = statement.excluded
    earliest = case(
        (usage_totals.c.first_day <= new["first_day"], usage_totals.c.first_day), else_=new["first_day"]
    )
    return statement.on_conflict_do_update(
        index_elements=list(usage_totals.primary_key.columns),
        set_={"first_day": earliest, **{name: usage_totals.c[name] + new[name] for name in COUNTS}},
    )


def _write_prompt_changes(connection: Connection, source: str, batch: Batch) -> None:
    if batch.replace_prompt_changes:
        keep = {(change.system, change.change_id) for change in batch.prompt_changes}
        known = connection.execute(
            select(prompt_changes.c.system, prompt_changes.c.change_id).where(prompt_changes.c.source == source)
        ).all()
        for system, change_id in known:
            if (system, change_id) not in keep:
                connection.execute(
                    delete(prompt_changes).where(
                        prompt_changes.c.source == source,
                        prompt_changes.c.system == system,
                        prompt_changes.c.change_id == change_id,
                    )
                )
    if not batch.prompt_changes:
        return
    statement = _insert(connection.dialect, prompt_changes)
    new = statement.excluded
    earliest = case(
        (prompt_changes.c.landed_at <= new["landed_at"], prompt_changes.c.landed_at), else_=new["landed_at"]
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=list(prompt_changes.primary_key.columns),
            set_={
                "landed_at": earliest,
                "kind": new["kind"],
                "prompts": new["prompts"],
                "bulk": new["bulk"],
            },
        ),
        [{"source": source, **asdict(change)} for change in batch.prompt_changes],
    )


def _write_eval_results(connection: Connection, source: str, results: tuple[EvalResult, ...]) -> None:
    if results:
        statement = _insert(connection.dialect, eval_results)
        measured = ("value", "stderr", "n", "passed", "higher_is_better")
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=list(eval_results.primary_key.columns),
                set_={name: statement.excluded[name] for name in measured},
            ),
            [{**asdict(result), "source": source, "identity": _identity(result)} for result in results],
        )


def _identity(result: EvalResult) -> str:
    names = (result.system, result.model, result.prompt_version, result.suite, result.suite_hash, result.metric)
    key = "\0".join((*names, result.at.astimezone(UTC).isoformat()))
    return blake2b(key.encode(), digest_size=16).hexdigest()


def _write_model_shutdowns(
    connection: Connection, source: str, listed: tuple[ModelShutdown, ...], now: datetime
) -> None:
    undated = {model.model for model in listed if model.shutdown is None}
    if undated:
        of_source = model_shutdowns.c.source == source
        known = connection.scalars(select(model_shutdowns.c.model).where(of_source)).all()
        # Most models of a list never had a day, and a statement holds only so many values.
        gone = [model for model in known if model in undated]
        for start in range(0, len(gone), _SLICE):
            models = model_shutdowns.c.model.in_(gone[start : start + _SLICE])
            connection.execute(delete(model_shutdowns).where(of_source, models))
    dated = [
        {"source": source, "model": model.model, "shutdown": model.shutdown, "written": now}
        for model in listed
        if model.shutdown is not None
    ]
    if dated:
        statement = _insert(connection.dialect, model_shutdowns)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=list(model_shutdowns.primary_key.columns),
                set_={name: statement.excluded[name] for name in ("shutdown", "written")},
            ),
            dated,
        )
