"""Writes what a batch found besides usage: prompt changes, eval results, shutdown days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import islice

from msgspec.structs import asdict
from sqlalchemy import Connection, and_, case, delete, select

from leverwatch.agent.store.bulk_insert import insert_into
from leverwatch.agent.store.names import Admission
from leverwatch.agent.store.rows import RowWriter
from leverwatch.agent.store.schema import eval_results, model_shutdowns, prompt_changes
from leverwatch.agent.store.values import is_eval_result, is_prompt_change, is_shutdown
from leverwatch.collectors.interface import EARLIEST_LANDING, Batch, EvalResult, ModelShutdown

_SLICE = 1000
_MOST_SHUTDOWNS = 10_000
"""The largest number of models of one source whose last day is stored."""


def write_prompt_changes(
    connection: Connection, source: str, batch: Batch, admission: Admission, writer: RowWriter
) -> None:
    """Write the prompt changes of a batch; when the batch has all of them, delete stored ones that it does not
    name."""
    changes = writer.storable("prompt_change", batch.prompt_changes, is_prompt_change)
    admitted = admission.systems((change.system for change in changes), counted=True)
    changes = writer.within_limits("prompt_change", changes, lambda change: change.system in admitted)
    if batch.replace_prompt_changes:
        keep = {(change.system, change.change_id) for change in changes}
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
    statement = insert_into(connection.dialect, prompt_changes)
    new = statement.excluded
    # A date of before git may have been stored by a version that took dates as they came.
    stored = prompt_changes.c.landed_at
    earliest = case((and_(stored <= new["landed_at"], stored >= EARLIEST_LANDING), stored), else_=new["landed_at"])
    statement = statement.on_conflict_do_update(
        index_elements=list(prompt_changes.primary_key.columns),
        set_={
            "landed_at": earliest,
            "kind": new["kind"],
            "prompts": new["prompts"],
            "bulk": new["bulk"],
        },
    )
    writer.write(
        "prompt_change",
        changes,
        lambda rows: connection.execute(statement, [{"source": source, **asdict(change)} for change in rows]),
    )


def write_eval_results(
    connection: Connection,
    source: str,
    results: tuple[EvalResult, ...],
    admission: Admission,
    writer: RowWriter,
) -> None:
    """Write eval results; a known one is replaced."""
    if not results:
        return
    storable = writer.storable("eval_result", results, is_eval_result)
    admitted = admission.systems((result.system for result in storable), counted=False)
    storable = writer.within_limits("eval_result", storable, lambda result: result.system in admitted)
    statement = insert_into(connection.dialect, eval_results)
    measured = ("value", "stderr", "n", "passed", "higher_is_better", "errored", "cases")
    statement = statement.on_conflict_do_update(
        index_elements=list(eval_results.primary_key.columns),
        set_={name: statement.excluded[name] for name in measured},
    )
    writer.write(
        "eval_result",
        storable,
        lambda rows: connection.execute(
            statement,
            [{**asdict(result), "source": source, "identity": _identity(result)} for result in rows],
        ),
    )


def _identity(result: EvalResult) -> str:
    names = (result.system, result.model, result.prompt_version, result.suite, result.suite_hash, result.metric)
    key = "\0".join((*names, result.at.astimezone(UTC).isoformat()))
    return blake2b(key.encode(), digest_size=16).hexdigest()


def write_model_shutdowns(
    connection: Connection,
    source: str,
    listed: tuple[ModelShutdown, ...],
    now: datetime,
    writer: RowWriter,
) -> None:
    """Write the last days of models; the stored day of a model that is listed without one is deleted."""
    if not listed:
        return
    models = writer.storable("model_shutdown", listed, is_shutdown)
    table = model_shutdowns.c
    known = set(connection.scalars(select(table.model).where(table.source == source)))
    undated = [model.model for model in models if model.shutdown is None and model.model in known]
    for start in range(0, len(undated), _SLICE):
        gone = table.model.in_(undated[start : start + _SLICE])
        connection.execute(delete(model_shutdowns).where(table.source == source, gone))
    room = _MOST_SHUTDOWNS - len(known.difference(undated))
    dated: Sequence[ModelShutdown] = [model for model in models if model.shutdown is not None]
    new = dict.fromkeys(model.model for model in dated if model.model not in known)
    admitted = {*known, *islice(new, max(room, 0))}
    dated = writer.within_limits("model_shutdown", dated, lambda model: model.model in admitted)
    statement = insert_into(connection.dialect, model_shutdowns)
    statement = statement.on_conflict_do_update(
        index_elements=list(model_shutdowns.primary_key.columns),
        set_={name: statement.excluded[name] for name in ("shutdown", "written")},
    )
    writer.write(
        "model_shutdown",
        dated,
        lambda rows: connection.execute(
            statement,
            [{"source": source, "model": one.model, "shutdown": one.shutdown, "written": now} for one in rows],
        ),
    )
