"""Writes what a provider bills for the days that a batch replaces, and tokens whose calls it does not count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, delete, insert

from leverwatch.agent.store.engine import batched
from leverwatch.agent.store.rows import RowWriter
from leverwatch.agent.store.schema import billed_days, uncounted_days
from leverwatch.agent.store.values import is_billed, is_uncounted
from leverwatch.collectors.interface import Batch


def write_billed(connection: Connection, source: str, batch: Batch, writer: RowWriter) -> None:
    """Write them in the place of what was known of these days.

    The names of uncounted tokens are none that anything else is stored under: their number on a day is bounded by
    the collector.
    """
    for table in (billed_days, uncounted_days):
        for days in batched(sorted(batch.replaces)):
            connection.execute(delete(table).where(table.c.source == source, table.c.day.in_(days)))
    billed = writer.storable("billed", batch.billed, is_billed)
    writer.write("billed", billed, lambda rows: _add(connection, billed_days, source, rows))
    tokens = writer.storable("uncounted_tokens", batch.uncounted_tokens, is_uncounted)
    writer.write("uncounted_tokens", tokens, lambda rows: _add(connection, uncounted_days, source, rows))


def _add(connection: Connection, table: Table, source: str, rows: Sequence[Any]) -> None:
    connection.execute(insert(table), [{"source": source, **msgspec.structs.asdict(row)} for row in rows])
