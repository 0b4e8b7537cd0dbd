"""The inferences of each version of a prompt by day: writes them, bounded, and reads them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date

from msgspec.structs import asdict
from sqlalchemy import Connection, delete, func, insert, select

from leverwatch.agent.store.bulk_insert import insert_into
from leverwatch.agent.store.names import Admission, named
from leverwatch.agent.store.rows import RowWriter
from leverwatch.agent.store.schema import prompt_days
from leverwatch.agent.store.values import is_prompt_count
from leverwatch.collectors.interface import MOST_PROMPTS, Batch, PromptCount
from leverwatch.collectors.prompt_counts import bounded

_DAYS = 500
"""Days of one statement."""


def write_prompt_counts(
    connection: Connection, source: str, batch: Batch, admission: Admission, writer: RowWriter
) -> None:
    """Add the prompt counts of a batch, and fold the lightest versions of a day into one when there are too many.

    Those of the days that the batch replaces are deleted first.
    """
    table, days = prompt_days.c, sorted(batch.replaces)
    for start in range(0, len(days), _DAYS):
        gone = table.day.in_(days[start : start + _DAYS])
        connection.execute(delete(prompt_days).where(table.source == source, gone))
    counts = writer.storable("prompt_count", batch.prompt_counts, is_prompt_count)
    admitted = admission.systems((count.system for count in counts), counted=True)
    counts = writer.within_limits("prompt_count", counts, lambda count: count.system in admitted)
    writer.write("prompt_count", counts, lambda rows: _add(connection, source, rows))


def _add(connection: Connection, source: str, counts: Sequence[PromptCount]) -> None:
    statement = insert_into(connection.dialect, prompt_days)
    statement = statement.on_conflict_do_update(
        index_elements=list(prompt_days.primary_key.columns),
        set_={"inferences": prompt_days.c.inferences + statement.excluded["inferences"]},
    )
    connection.execute(statement, [{"source": source, **asdict(count)} for count in counts])
    table = prompt_days.c
    for system in sorted({count.system for count in counts}):
        days = {count.day for count in counts if count.system == system}
        many = (
            select(table.day)
            .where(table.source == source, table.system == system, table.day.between(min(days), max(days)))
            .group_by(table.day)
            .having(func.count() > MOST_PROMPTS + 1)
        )
        for day in connection.scalars(many).all():
            _fold(connection, source, system, day)


def _fold(connection: Connection, source: str, system: str, day: date) -> None:
    table = prompt_days.c
    chosen = (table.source == source, table.system == system, table.day == day)
    rows = connection.execute(select(table.version, table.inferences).where(*chosen)).all()
    kept = bounded({row.version: row.inferences for row in rows})
    connection.execute(delete(prompt_days).where(*chosen))
    connection.execute(
        insert(prompt_days),
        [
            {"source": source, "system": system, "day": day, "version": version, "inferences": number}
            for version, number in kept.items()
        ],
    )


def read_prompt_days(
    connection: Connection, as_of: date, systems: Collection[str] | None
) -> Mapping[str, Mapping[str, Mapping[date, Mapping[str, float]]]]:
    """Return inferences by system, source, day up to `as_of` and version. `systems`: only these; None: all."""
    table = prompt_days.c
    found: dict[str, dict[str, dict[date, dict[str, float]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(dict))
    )
    query = select(table.system, table.source, table.day, table.version, table.inferences).where(
        table.day <= as_of, table.inferences > 0
    )
    for chosen in named(table.system, systems):
        for system, source, day, version, inferences in connection.execute(query.where(chosen)):
            found[system][source][day][version] = inferences
    return found
