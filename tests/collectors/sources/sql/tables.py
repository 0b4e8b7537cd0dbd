"""A table of calls in each database that can be read, and the same calls as a log."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import NullPool

from leverwatch.collectors.daily.answers import Answer
from leverwatch.collectors.daily.window import Days
from leverwatch.collectors.interface import CollectorContext, UsageRow
from leverwatch.collectors.sources.sql.collector import Table
from leverwatch.collectors.sources.sql.config import SqlConfig
from leverwatch.collectors.sources.sql.engines.clickhouse_shape import quoted as quoted_for_clickhouse

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
Record = Mapping[str, Any]


KINDS = {
    "sqlite": {"zoned": "TEXT", "naive": "TEXT", "float": "REAL", "json": "TEXT", "bool": "INTEGER"},
    "postgresql": {"zoned": "TIMESTAMPTZ", "naive": "TIMESTAMP", "float": "DOUBLE PRECISION", "json": "JSONB"},
    "duckdb": {"zoned": "TIMESTAMPTZ", "naive": "TIMESTAMP", "float": "DOUBLE", "json": "JSON"},
    "mariadb": {"zoned": "TIMESTAMP(3)", "naive": "DATETIME(3)", "float": "DOUBLE", "json": "JSON"},
    "clickhouse": {"zoned": "DateTime", "naive": "DateTime('UTC')", "bool": "UInt8"},
    "chdb": {"zoned": "DateTime64(3, 'America/New_York')", "naive": "DateTime64(3, 'UTC')", "bool": "Bool"},
    "spark": {
        "zoned": "TIMESTAMP",
        "naive": "TIMESTAMP_NTZ",
        "float": "DOUBLE",
        "json": "STRING",
        "text": "STRING",
    },
}
"""What each database calls the type of a column, where it is not the same for all."""
CLICKHOUSE = {"int": "Int64", "text": "String", "json": "String", "float": "Float64"}
COMMON = {"int": "BIGINT", "text": "VARCHAR(300)", "bool": "BOOLEAN"}


class Database:
    """A database of a test."""

    def __init__(self, url: str, folder: Path, shards: Sequence[Database] = ()) -> None:
        self.url, self.folder, self.shards = url, folder, shards
        parsed = make_url(url)
        self.name = parsed.get_backend_name()
        driver = {
            "mariadb": "mariadb+pymysql", "postgresql": "postgresql+psycopg", "clickhouse": "clickhouse+native",
            "spark": "hive",
        }  # fmt: skip
        parsed = parsed.set(drivername=driver.get(self.name, self.name))
        # One connection at a time: DuckDB has one process that writes, or several that read.
        self.engine = sa.create_engine(parsed, poolclass=NullPool)
        if self.name == "clickhouse":
            # What its driver calls closing does nothing.
            sa.event.listen(self.engine, "close", lambda driver, _: driver.transport.disconnect())
        self.kinds = {**COMMON, **KINDS[self.name]}
        if self.name in ("clickhouse", "chdb"):
            kinds = {**CLICKHOUSE, **KINDS[self.name]}
            self.kinds = {name: f"Nullable({kind})" for name, kind in kinds.items()}
        self._doubled = self.engine.dialect.paramstyle in ("format", "pyformat")

    def run(self, *statements: str) -> None:
        """Execute statements in one transaction."""
        with self.engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement.replace("%", "%%") if self._doubled else statement)

    def quote(self, name: str) -> str:
        """Return a name in the quotes of the database, for a statement as its server reads it."""
        if self.name in ("clickhouse", "chdb"):
            return quoted_for_clickhouse(name)
        quoted = self.engine.dialect.identifier_preparer.quote_identifier(name)
        return quoted.replace("%%", "%") if self._doubled else quoted

    def write(self, columns: Mapping[str, str], records: Iterable[Record], table: str = "calls") -> None:
        """Make a table with columns of these kinds, and fill it."""
        named = {name: self.kinds[kind] for name, kind in columns.items()}
        null = "" if self.name == "spark" else " NULL"
        listed = ", ".join(f"{self.quote(name)} {kind}{null}" for name, kind in named.items())
        quoted = self.quote(table)
        form = " USING parquet" if self.name == "spark" else ""
        rows = [{name: _stored(record.get(name)) for name in columns} for record in records]
        if self.name in ("clickhouse", "chdb"):
            self._write_clickhouse(columns, rows, table)
            return
        self.run(f"DROP TABLE IF EXISTS {quoted}", f"CREATE TABLE {quoted} ({listed}){form}")
        rows = [{f"c{at}": row[name] for at, name in enumerate(columns)} for row in rows]
        if not rows:
            return
        # As text, which the database reads: a driver would add the zone of its session.
        values = ", ".join(f"CAST(:c{at} AS {kind})" for at, kind in enumerate(named.values()))
        if self.name == "mariadb":
            values = ", ".join(f":c{at}" for at in range(len(named)))
        into = f"INSERT INTO {quoted} ({', '.join(map(self.quote, columns))}) VALUES"
        with self.engine.begin() as connection:
            if self.name == "spark":
                # A statement for each row is a job for each.
                kinds = [*named.values()]
                texts = [", ".join(map(_literal, row.values(), kinds)) for row in rows]
                for start in range(0, len(rows), 1000):
                    values = "), (".join(texts[start : start + 1000]).replace("%", "%%")
                    connection.exec_driver_sql(f"{into} ({values})")
                return
            if self.name != "duckdb":
                connection.execute(sa.text(f"{into.replace(':', chr(92) + ':')} ({values})"), rows)
                return
            # Row by row it takes a minute.
            places = f"({', '.join(f'CAST(? AS {kind})' for kind in named.values())})"
            for start in range(0, len(rows), 1000):
                part = rows[start : start + 1000]
                given = tuple(row[name] for row in part for name in row)
                connection.exec_driver_sql(f"{into} {', '.join([places] * len(part))}", given)

    def _write_clickhouse(self, columns: Mapping[str, str], rows: Sequence[Record], table: str) -> None:
        """Make a table of all shards, or of the one that there is, and fill it."""
        listed = ", ".join(f"{self.quote(name)} {self.kinds[kind]}" for name, kind in columns.items())
        quoted, shard, order = (
            self.quote(table),
            self.quote(f"{table} here"),
            "ENGINE = MergeTree ORDER BY tuple()",
        )
        into = f"INSERT INTO {quoted} ({', '.join(map(self.quote, columns))})"
        if self.name == "chdb":
            self.run(f"DROP TABLE IF EXISTS {quoted}", f"CREATE TABLE {quoted} ({listed}) {order}")
            if rows:
                lines = "\n".join(map(json.dumps, rows))
                self.run("SET date_time_input_format = 'best_effort'", f"{into} FORMAT JSONEachRow {lines}")
            return
        for number, each in enumerate((self, *self.shards)):
            each.run(f"DROP TABLE IF EXISTS {quoted}", f"DROP TABLE IF EXISTS {shard}")
            each.run(f"CREATE TABLE {shard} ({listed}) {order}")
            if number == 0:
                name = make_url(self.url).database
                self.run(f"CREATE TABLE {quoted} ({listed}) ENGINE = Distributed(two, {name}, {shard}, rand())")
        if rows:
            with self.engine.connect() as connection:
                client: Any = connection.connection.dbapi_connection
                values = [[_native(columns[name], row[name]) for name in columns] for row in rows]
                client.transport.execute(f"{into} VALUES", values, settings={"insert_distributed_sync": 1})

    def shard_of(self, table: str) -> str:
        """The quoted name of what a server has of a table."""
        return self.quote(f"{table} here" if self.shards else table)

    def config(self, **settings: Any) -> SqlConfig:
        """The settings of a source that reads the table."""
        given = {"name": "db", "type": "sql", "url": self.url, "table": "calls", "system": "bot", **settings}
        return SqlConfig.model_validate(given)

    def ask(self, days: Days, **settings: Any) -> Answer:
        """What the source answers."""
        return self.table(**settings).ask(days)

    def table(self, **settings: Any) -> Table:
        """The source."""
        return Table(self.config(**settings), CollectorContext(self.folder, self.folder, lambda: NOW))


def _literal(value: Any, kind: str) -> str:
    """A value as Spark reads it: of a text, a backslash and a quote after a backslash."""
    if value is None:
        return f"CAST(NULL AS {kind})"
    text = str(value).replace("\\", "\\\\").replace("'", "\\'")
    return f"CAST('{text}' AS {kind})"


def _stored(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict | list) else value


def _native(kind: str, value: Any) -> Any:
    if value is None or kind not in ("zoned", "naive"):
        return value if kind != "float" or value is None else float(value)
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def sums(rows: Sequence[UsageRow], *names: str) -> dict[tuple[str, ...], tuple[float, ...]]:
    """The named counts of usage rows by system, model, operation and day."""
    return {
        (it.system, it.model, str(it.operation), f"{it.day}"): tuple(getattr(it, name) for name in names)
        for it in rows
    }


def by_day(rows: Sequence[UsageRow]) -> dict[str, float]:
    """Inferences by day."""
    found: dict[str, float] = {}
    for it in rows:
        found[f"{it.day}"] = found.get(f"{it.day}", 0) + it.inferences
    return found


def days(first: str, last: str) -> Days:
    """Some days."""
    return Days(date.fromisoformat(first), date.fromisoformat(last))


def minutes(first: datetime, number: int) -> list[datetime]:
    """So many minutes from a moment on."""
    return [first + timedelta(minutes=index) for index in range(number)]


def url_of(url: URL) -> str:
    """The text of a URL, password included."""
    return url.render_as_string(hide_password=False)
