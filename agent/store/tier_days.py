"""Writes what generations of each service tier used on a day, whose records tell no cost."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, delete

from leverwatch.agent.store.bulk_insert import insert_into
from leverwatch.agent.store.engine import batched
from leverwatch.agent.store.names import Admission
from leverwatch.agent.store.rows import RowWriter
from leverwatch.agent.store.schema import USED, tier_days
from leverwatch.agent.store.values import is_tier_count
from leverwatch.collectors.interface import Batch, TierCount


def write_tier_counts(
    connection: Connection, source: str, batch: Batch, admission: Admission, writer: RowWriter
) -> None:
    """Add the tier counts of a batch, under the names that its usage was written under.

    Those of the days that the batch replaces are deleted first.
    """
    table = tier_days.c
    for days in batched(sorted(batch.replaces)):
        connection.execute(delete(tier_days).where(table.source == source, table.day.in_(days)))
    counts = writer.storable("tier_count", admission.tiers(batch.tier_counts), is_tier_count)
    writer.write("tier_count", counts, lambda rows: _add(connection, source, rows))


def _add(connection: Connection, source: str, counts: Sequence[TierCount]) -> None:
    statement = insert_into(connection.dialect, tier_days)
    statement = statement.on_conflict_do_update(
        index_elements=list(tier_days.primary_key.columns),
        set_={name: tier_days.c[name] + statement.excluded[name] for name in USED},
    )
    connection.execute(statement, [{"source": source, **msgspec.structs.asdict(count)} for count in counts])
