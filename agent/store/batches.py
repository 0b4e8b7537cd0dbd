"""Writes one batch and the source state that marks it as done; the caller owns the transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from operator import add, attrgetter

from msgspec import Struct
from sqlalchemy import Connection, delete, select, update

from leverwatch.agent.errors import StoreConflict
from leverwatch.agent.store import added_rows
from leverwatch.agent.store.billed_days import write_billed
from leverwatch.agent.store.bulk_insert import insert_into
from leverwatch.agent.store.findings import write_eval_results, write_model_shutdowns, write_prompt_changes
from leverwatch.agent.store.highest import keep_highest
from leverwatch.agent.store.names import Admission
from leverwatch.agent.store.prompt_days import write_prompt_counts
from leverwatch.agent.store.replaced import (
    Replaced,
    add_restated,
    check_replaced,
    compare,
    read_inferences,
    renew_first_days,
    take_out,
)
from leverwatch.agent.store.rows import RowWriter
from leverwatch.agent.store.schema import (
    COUNTS,
    record_tallies,
    source_state,
    sources,
    unreadable_values,
)
from leverwatch.agent.store.tier_days import write_tier_counts
from leverwatch.agent.store.values import (
    UnstorableValue,
    are_counts,
    is_usage,
    names_fit,
)
from leverwatch.collectors.interface import Batch, UsageRow

_SLICE = 1000
_usage_values = attrgetter(*added_rows.USAGE[1:])
_usage_counts = attrgetter(*COUNTS)
_row_key = attrgetter("system", "model", "operation")


class _Total(Struct):
    first_day: date
    counts: list[float]


def write_batch(
    connection: Connection,
    source: str,
    revision: int,
    batch: Batch,
    now: datetime,
    admission: Admission,
    writer: RowWriter,
) -> Replaced | None:
    """Write `batch` as revision `revision + 1` of `source`, under the names that `admission` decides on.

    Returns what changed on the days that it replaces; None when it replaces none.

    Raises:
        InternalError: the batch contradicts itself.
        StoreConflict: the source is no longer at `revision`.
        UnstorableValue: a row cannot be stored, and the `writer` is not narrowing.
    """
    check_replaced(source, batch)
    _advance(connection, source, revision, batch)
    _write_state(connection, source, batch.state)
    replaced = None
    if batch.replaces:
        before = read_inferences(connection, source, batch.replaces)
        take_out(connection, source, batch.replaces, added_rows.totals(connection), now)
    _write_usage(connection, source, batch.usage, now, admission, writer)
    if batch.replaces:
        # Read, and not added up from the batch: rows may have found other names, or no room.
        replaced = compare(before, read_inferences(connection, source, batch.replaces))
        add_restated(connection, source, replaced.taken_back)
        renew_first_days(connection, source, batch.replaces)
    if batch.tallies:
        rows = [(source, str(result), number) for result, number in batch.tallies.items()]
        added_rows.numbers(connection, record_tallies, "result", "records").write(rows)
    if batch.unreadable:
        rows = [(source, field, number) for field, number in batch.unreadable.items()]
        added_rows.numbers(connection, unreadable_values, "field", "number").write(rows)
    # A day that was asked for as a whole was seen, whether or not there was anything on it.
    days = batch.days_seen | batch.replaces
    if days:
        added_rows.days(connection).write([(source, day) for day in sorted(days)])
    if batch.tier_counts or batch.replaces:
        write_tier_counts(connection, source, batch, admission, writer)
    if batch.billed or batch.uncounted_tokens or batch.replaces:
        write_billed(connection, source, batch, writer)
    if batch.prompt_changes or batch.replace_prompt_changes:
        write_prompt_changes(connection, source, batch, admission, writer)
    if batch.prompt_counts or batch.replaces:
        write_prompt_counts(connection, source, batch, admission, writer)
    write_eval_results(connection, source, batch.eval_results, admission, writer)
    write_model_shutdowns(connection, source, batch.model_shutdowns, now, writer)
    return replaced


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
            insert_into(connection.dialect, sources)
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
    kept = [(source, key, value) for key, value in state.items() if value is not None]
    if kept:
        added_rows.state(connection).write(kept)


def _write_usage(
    connection: Connection,
    source: str,
    usage: tuple[UsageRow, ...],
    now: datetime,
    admission: Admission,
    writer: RowWriter,
) -> None:
    if not usage:
        return
    if writer.narrowing:
        usage = tuple(writer.storable("usage", usage, is_usage))
    elif not all(names_fit(*pair) for pair in {(row.system, row.model) for row in usage}):
        raise UnstorableValue("usage")
    named = admission.usage(source, usage)
    if writer.narrowing:
        # Written in parts, where the totals of one part may be some that are never committed.
        keep_highest(connection, source, {_row_key(row) for row in named if min(_usage_counts(row)) < 0})
    kept = writer.narrowing
    writer.write("usage", named, lambda rows: _add_usage(connection, source, rows, now, highest_kept=kept))


def _add_usage(
    connection: Connection, source: str, usage: Sequence[UsageRow], now: datetime, *, highest_kept: bool
) -> None:
    daily = added_rows.daily(connection)
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
    # A number that is none makes its sum none: looking at the sums finds it, and costs little.
    if not all(are_counts(total.counts) for total in totals.values()):
        raise UnstorableValue("usage")
    if not highest_kept:
        keep_highest(connection, source, [key for key, total in totals.items() if min(total.counts) < 0])
    rows = [(source, *key, total.first_day, now, *total.counts) for key, total in totals.items()]
    added_rows.totals(connection).write(rows)
