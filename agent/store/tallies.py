"""Reads what became of the records of each source."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, select

from leverwatch.agent.store.schema import record_tallies
from leverwatch.agent.store.words import word
from leverwatch.collectors.interface import Result


def read_tallies(connection: Connection) -> Mapping[str, Mapping[Result, int]]:
    """Return the number of records by source and result, since the store exists."""
    found: dict[str, dict[Result, int]] = {}
    for row in connection.execute(select(record_tallies)):
        found.setdefault(row.source, {})[word(Result, row.result)] = row.records
    return found
