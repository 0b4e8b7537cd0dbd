"""Runs the statements of other engines on DuckDB, as sqlglot translates them, over the same rows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import sqlglot

from leverwatch.collectors.sources.sql.config import TimeIs

READS = {
    "trino": "trino", "athena": "athena", "bigquery": "bigquery", "snowflake": "snowflake",
    "databricks": "databricks", "spark": "spark", "sqlserver": "tsql", "redshift": "redshift",
}  # fmt: skip
"""What sqlglot calls a dialect."""
STANDING_IN = """
    CREATE MACRO at_timezone(t, zone) AS timezone(zone, t);
    CREATE MACRO from_iso8601_timestamp(x) AS CAST(x AS TIMESTAMPTZ);
    CREATE MACRO switchoffset(t, zone) AS timezone('UTC', t);
    CREATE MACRO isjson(x) AS CASE WHEN json_valid(x) THEN 1 ELSE 0 END;
    CREATE MACRO try_to_timestamp_tz(x) AS TRY_CAST(x AS TIMESTAMPTZ);
    CREATE MACRO date_in(t, zone) AS CAST(timezone(zone, t) AS DATE);
    CREATE MACRO text_at(x, path) AS x ->> ('$' || replace(replace(path, '["', '."'), '"]', '"'));
    CREATE MACRO whole_seconds(t) AS CAST(floor(epoch(t)) AS BIGINT);
    CREATE MACRO found_in(x, form) AS nullif(regexp_extract(x, form), ''),
        (x, form, part) AS nullif(regexp_extract(x, form, part), '');
    CREATE MACRO keys_of(x, a, t) AS coalesce(x ->> ('$."' || a || '"'), ''),
        (x, a, b, t) AS coalesce(x ->> ('$."' || a || '"."' || b || '"'), ''),
        (x, a, b, c, t) AS coalesce(x ->> ('$."' || a || '"."' || b || '"."' || c || '"'), '');
"""
"""What sqlglot leaves as it is, because DuckDB has it not: as the documentation of each engine says it works."""
_RENAMED = {
    "json_extract_path_text": "keys_of",
    "get_path": "text_at",
    "unix_seconds": "whole_seconds",
    "regexp_extract": "found_in",
}
_FORMS: Mapping[str, tuple[str, Callable[[datetime], Any]]] = {
    "zoned": ("TIMESTAMPTZ", lambda at: at.isoformat()),
    "utc": ("TIMESTAMP", lambda at: at.strftime("%Y-%m-%d %H:%M:%S.%f")),
    "s": ("BIGINT", lambda at: int(at.timestamp())),
    "ms": ("BIGINT", lambda at: round(at.timestamp() * 1000)),
    "us": ("BIGINT", lambda at: round(at.timestamp() * 1_000_000)),
    "ns": ("BIGINT", lambda at: round(at.timestamp() * 1_000_000) * 1000),
    "text": ("VARCHAR", lambda at: at.isoformat()),
}
_COLUMNS = {
    "model": "VARCHAR", "result": "VARCHAR", "kind": "VARCHAR", "fresh": "BIGINT", "cached": "BIGINT",
    "out": "BIGINT", "thought": "BIGINT", "cost": "DOUBLE", "took": "DOUBLE", "hit": "BOOLEAN", "told": "VARCHAR",
    "id": "VARCHAR", "n": "BIGINT", "failed": "BIGINT", "team": "VARCHAR",
}  # fmt: skip
_TEXTS = (
    "2026-03-08T23:30:00-05:00", "2026-03-08 23:59:59.999999+05:30", "2026-11-01T00:00:00", "2026-11-01 10:00",
    "2026-11-01T10:00:00 UTC", "2026-11-01T23:59:59Z", "2026-03-08 soon", "2026-13-08T10:00:00Z", "",
)  # fmt: skip


def moments() -> list[datetime]:
    """Return times on both days on which New York's clocks change, and the last and first ones of other days."""
    days = [
        datetime(2026, month, day, tzinfo=UTC)
        for month, day in ((3, 7), (3, 8), (3, 9), (10, 31), (11, 1), (11, 2))
    ]
    every = [day + timedelta(minutes=40 * index) for day in days for index in range(36)]
    edges = [timedelta(seconds=1), timedelta(milliseconds=1), timedelta(microseconds=1), timedelta(0)]
    near = [day + timedelta(days=more) - edge for day in days for more in (0, 1) for edge in edges]
    return every + near


def _row(number: int, at: Any) -> tuple[Any, ...]:
    cost = None if number % 7 == 0 else number % 5 / 4
    told: dict[str, Any] = {
        "m.x": {"name": f"m-{number % 3}"},
        "usage": {"in": [number, f"{number}", "many", None, True][number % 5]},
        "cost": cost,
        "team": ["a", "b", None][number % 3],
    }
    return (
        at, f"m-{number % 4}", ["ok", "error", "200", None, "odd"][number % 5],
        ["chat", "embedding", None][number % 3],
        [None, 0, 900, 40_000, -1][number % 5], [None, 3, 40_001][number % 3], number % 11 * 100,
        [None, 400][number % 2], cost, [12.5, None][number % 2], [True, False, None][number % 3],
        json.dumps(told) if number % 6 else None, f"id-{number // 2 if number < 200 else -number}",
        [5, 0, None, 7][number % 4], [2, 0, None, 9][number % 4], ["a", "b"][number % 2],
    )  # fmt: skip


def filled(odd: str) -> duckdb.DuckDBPyConnection:
    """Return a database whose sessions are in New York, with a table of the same calls for each time kind."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'America/New_York'")
    connection.execute(STANDING_IN)
    for kind in TimeIs:
        form, written = _FORMS[kind]
        times: list[Any] = [written(at) for at in moments()]
        times += _TEXTS if kind is TimeIs.TEXT else [None]
        listed = ", ".join(f'"{name}" {type_}' for name, type_ in {"at": form, **_COLUMNS}.items())
        quoted = '"' + odd.replace('"', '""') + '"'
        connection.execute(f"CREATE SCHEMA kind_{kind}")
        connection.execute(f"CREATE TABLE kind_{kind}.calls ({listed}, {quoted} VARCHAR DEFAULT 'odd')")
        rows = [_row(number, at) for number, at in enumerate(times)]
        names = ", ".join(f'"{name}"' for name in ("at", *_COLUMNS))
        places = f"({', '.join('?' * len(rows[0]))})"
        values = [value for row in rows for value in row]
        into = f"INSERT INTO kind_{kind}.calls ({names}) VALUES"
        connection.execute(f"{into} {', '.join([places] * len(rows))}", values)
    return connection


def parsed(statement: str, dialect: str) -> Any:
    """Return the one statement in a text of a dialect."""
    (found,) = sqlglot.parse(statement, read=READS[dialect])
    assert isinstance(found, sqlglot.exp.Select)
    return found


def translated(statement: str, dialect: str) -> str:
    """Return a statement of a dialect as one of DuckDB.

    Five functions get other names, as sqlglot says otherwise what they are: `json_extract_path_text` with its
    first key alone, the text of what `get_path` finds with its quotes, `unix_seconds` rounded, `regexp_extract`
    without a match as an empty text, and the day of a time with a zone by way of one in the zone of the session.
    """
    renamed = statement
    for name, other in _RENAMED.items():
        renamed = renamed.replace(f"{name}(", f"{other}(")
    renamed = re.sub(r"\bdate\(", "date_in(", renamed) if dialect == "bigquery" else renamed
    return str(parsed(renamed, dialect).sql("duckdb"))


def run(connection: duckdb.DuckDBPyConnection, statement: str) -> Sequence[Mapping[str, Any]]:
    """Return the rows of a statement by label. A day plus an interval is a time there, and no day."""
    cursor = connection.execute(statement)
    names = [column[0] for column in cursor.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    for row in rows:
        if isinstance(row.get("day"), datetime):
            assert row["day"] == row["day"].replace(hour=0, minute=0, second=0, microsecond=0)
            row["day"] = row["day"].date()
    return rows
