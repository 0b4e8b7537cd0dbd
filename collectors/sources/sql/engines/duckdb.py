"""DuckDB, by duckdb-engine: its own files, and with a statement also Parquet and other files that it reads."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection, FromClause
from sqlalchemy.engine import URL
from sqlalchemy.types import TypeEngine

from leverwatch.collectors.daily.window import Days
from leverwatch.collectors.sources.sql.config import TimeIs
from leverwatch.collectors.sources.sql.engines import interface as said
from leverwatch.collectors.sources.sql.engines.interface import (
    A_DAY,
    Meaning,
    Opening,
    json_path,
    times_within,
    types_of_nothing,
    utc_day,
)

_MEMORY = (None, "", ":memory:")
_WORDS: tuple[tuple[str, Meaning], ...] = (
    (r"Table with name", said.NO_TABLE),
    (r"Schema with name|schema .* does not exist", said.NO_SCHEMA),
    (r"Referenced column|does not have a column|not found in FROM", said.NO_COLUMN),
    (r"INTERRUPT", said.TOO_LONG),
    (r"[Cc]onflicting lock|Could not set lock", said.LOCKED),
    (r"Parser Error|syntax error", said.NO_STATEMENT),
    (r"Conversion Error|Binder Error|Invalid Input|No function matches|Type Error", said.OTHER_TYPE),
    (r"Cannot open|does not exist|IO Error|No files found", said.NO_FILE),
)


class DuckDb:
    """As for `Engine`."""

    extra = "duckdb"
    infinity = True
    quotes_all = True

    def opening(self, url: URL, base_dir: Path, seconds: float) -> Opening:  # noqa: ARG002 - what others need
        """As for `Engine`."""
        if url.database in _MEMORY:
            return Opening(url.set(database=":memory:"))
        return Opening(url.set(database=str(base_dir / str(url.database))), {"read_only": True})

    def prepare(self, connection: Connection, seconds: float) -> None:  # noqa: ARG002 - what others need
        """As for `Engine`. It has no limit of time of its own."""
        connection.exec_driver_sql("SET TimeZone = 'UTC'")

    def end(self, driver: Any) -> None:
        """As for `Engine`."""
        driver.interrupt()

    def meaning(self, error: Any) -> Meaning | None:
        """As for `Engine`."""
        return next((it for words, it in _WORDS if re.search(words, str(error))), None)

    def day(self, column: ColumnElement[Any], kind: TimeIs) -> ColumnElement[Any]:
        """As for `Engine`. A text that is no time must not end the statement."""
        if kind is TimeIs.NANOSECONDS:
            # A quotient of floats would not tell the last hundred of a day from the next one.
            since = sa.cast(column.op("//")(sa.literal_column(str(A_DAY[kind]))), sa.Integer)
            return sa.literal_column("DATE '1970-01-01'", sa.Date) + since
        return utc_day(column, kind, sa.try_cast(column, sa.DateTime(timezone=True)))

    def within(self, column: ColumnElement[Any], kind: TimeIs, days: Days) -> Sequence[ColumnElement[bool]]:
        """As for `Engine`."""
        return times_within(column, kind, days)

    def types(
        self, connection: Connection, table: FromClause, columns: Sequence[str]
    ) -> Mapping[str, TypeEngine[Any]]:
        """As for `TellsTypes`."""
        return types_of_nothing(connection, table, columns, lambda kind: _type_of(str(kind)))

    def key(self, column: ColumnElement[Any], keys: Sequence[str]) -> ColumnElement[Any]:
        """As for `Engine`; for JSON, and for texts that have some."""
        value = sa.func.json_extract_string(column, json_path(keys), type_=sa.Text)
        return sa.case((sa.func.json_valid(column), value)) if isinstance(column.type, sa.String) else value

    def number(self, column: ColumnElement[Any], keys: Sequence[str]) -> ColumnElement[Any]:
        """As for `Engine`."""
        text = self.key(column, keys) if keys else column
        if not isinstance(text.type, sa.String):
            return text
        # It takes 1_000 for a number, which is one nowhere else.
        return sa.case((sa.not_(sa.func.contains(text, "_")), sa.try_cast(text, sa.Double)))


def _type_of(name: str) -> TypeEngine[Any] | None:
    if name in ("VARCHAR", "STRING"):
        return sa.Text()
    return sa.BigInteger() if name.endswith("INT") or name == "INTEGER" else None
