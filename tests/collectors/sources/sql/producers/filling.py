"""Puts rows into the tables of a producer, and asks a preset for them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from leverwatch.collectors.daily.answers import Answer
from leverwatch.collectors.daily.window import Days
from leverwatch.collectors.interface import CollectorContext
from leverwatch.collectors.sources.sql.collector import Table
from leverwatch.collectors.sources.sql.config import SqlConfig
from tests.collectors.sources.sql.producers.schemas import make_tables
from tests.collectors.sources.sql.tables import NOW, Database

Rows = Sequence[Mapping[str, Any]]


def filled(database: Database, producer: str, tables: Mapping[str, Rows]) -> Database:
    """A database with the tables of a producer and these rows in them; what a row does not say is NULL."""
    make_tables(database.engine, producer)
    for name, rows in tables.items():
        insert(database, name, rows)
    return database


def insert(database: Database, name: str, rows: Rows) -> None:
    """Add rows to a table: documents as text, as the producers write them."""
    mark = ":{}" if database.name == "sqlite" else "%({})s"
    with database.engine.begin() as connection:
        for row in rows:
            given = {key: json.dumps(it) if isinstance(it, dict | list) else it for key, it in row.items()}
            into = f"{database.quote(name)} ({', '.join(map(database.quote, given))})"
            connection.exec_driver_sql(f"INSERT INTO {into} VALUES ({', '.join(map(mark.format, given))})", given)  # noqa: S608 - a test


def source(database: Database, preset: str, **settings: Any) -> Table:
    """A source that reads a preset."""
    given = {"name": "db", "type": "sql", "url": database.url, "preset": preset, **settings}
    return Table(SqlConfig.model_validate(given), CollectorContext(database.folder, database.folder, lambda: NOW))


def asked(database: Database, preset: str, days: Days, **settings: Any) -> Answer:
    """What a preset answers."""
    return source(database, preset, **settings).ask(days)


def explained(database: Database, preset: str, days: Days) -> str:
    """The plan of the statement of a preset, in a database that reads whole tables only when it must."""
    shown = source(database, preset).shown(days)
    explain = "EXPLAIN QUERY PLAN" if database.name == "sqlite" else "EXPLAIN VERBOSE"
    with database.engine.connect() as connection:
        if database.name == "postgresql":
            connection.exec_driver_sql("SET enable_seqscan = off")
        statement = f"{explain} {shown.replace('%', '%%') if database.name == 'postgresql' else shown}"
        return "\n".join(str(row[-1]) for row in connection.exec_driver_sql(statement))
