"""SQLite, whose columns may have values of any type."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection, FromClause, Select
from sqlalchemy.engine import URL
from sqlalchemy.types import NULLTYPE, TypeEngine

from leverwatch.collectors.daily.errors import SchemaDiffers
from leverwatch.collectors.daily.window import Days
from leverwatch.collectors.errors import SourceRefused
from leverwatch.collectors.sources.sql.config import TimeIs
from leverwatch.collectors.sources.sql.engines import interface as said
from leverwatch.collectors.sources.sql.engines.interface import (
    A_DAY,
    Meaning,
    Opening,
    json_path,
    numbers_within,
    texts_within,
)

_WORDS: tuple[tuple[str, Meaning], ...] = (
    (r"no such table", said.NO_TABLE),
    (r"no such column", said.NO_COLUMN),
    (r"malformed JSON", Meaning(SchemaDiffers, "a column should have JSON and has not; check `fields`")),
    (r"interrupted", said.TOO_LONG),
    (r"unable to open database file", said.NO_FILE),
    (r"file is not a database", Meaning(SourceRefused, "the file is no SQLite database")),
    (r"database is locked", said.LOCKED),
    (r"syntax error|incomplete input|unrecognized token|no such function", said.NO_STATEMENT),
)


class Sqlite:
    """As for `Engine`."""

    extra = ""
    booleans_are_numbers = True
    quotes_all = True

    def opening(self, url: URL, base_dir: Path, seconds: float) -> Opening:
        """As for `Engine`."""
        path = str(base_dir / (url.database or ""))
        escaped = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
        url = url.set(database=f"file:{escaped}", query={"mode": "ro", "uri": "true"})
        return Opening(url, {"timeout": seconds, "check_same_thread": False})

    def prepare(self, connection: Connection, seconds: float) -> None:  # noqa: ARG002 - what others need
        """As for `Engine`."""
        connection.exec_driver_sql("PRAGMA query_only = 1")

    def end(self, driver: Any) -> None:
        """As for `Engine`."""
        driver.interrupt()

    def meaning(self, error: Any) -> Meaning | None:
        """As for `Engine`."""
        return next((it for words, it in _WORDS if re.search(words, str(error))), None)

    def day(self, column: ColumnElement[Any], kind: TimeIs) -> ColumnElement[Any]:
        """As for `Engine`. Its functions of time are in UTC, and read offsets in texts."""
        if kind in A_DAY:
            # Whole numbers are divided as such, and a fraction is cut off behind a float.
            seconds = column.op("/")(sa.literal_column(str(A_DAY[kind] // 86_400)))
            return sa.func.date(sa.cast(sa.func.floor(seconds), sa.Integer), "unixepoch")
        return sa.func.coalesce(sa.func.date(column), sa.func.date(_with_minutes(column)))

    def within(self, column: ColumnElement[Any], kind: TimeIs, days: Days) -> Sequence[ColumnElement[bool]]:
        """As for `Engine`."""
        return numbers_within(column, kind, days) if kind in A_DAY else texts_within(column, days)

    def types(
        self,
        connection: Connection,  # noqa: ARG002 - what others need
        table: FromClause,  # noqa: ARG002 - likewise
        columns: Sequence[str],
    ) -> Mapping[str, TypeEngine[Any]]:
        """As for `TellsTypes`. Any value may be a text."""
        return dict.fromkeys(columns, sa.Text())

    def apart(self, select: Select[Any]) -> Select[Any]:
        """As for `Inlines`."""
        return select.limit(-1)

    def exact(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """As for `Collates`; for columns that are declared without regard to case."""
        return sa.collate(column, "BINARY")

    def summand(self, number: ColumnElement[Any]) -> ColumnElement[Any]:
        """As for `SumsEnd`: whole numbers that no field can have are added up as well."""
        return sa.cast(number, sa.REAL)

    def key(self, column: ColumnElement[Any], keys: Sequence[str]) -> ColumnElement[Any]:
        """As for `Engine`; a column that has no JSON has no key."""
        path = json_path(keys)
        # A boolean would be 1 or 0.
        kind = sa.func.json_type(column, path)
        value = sa.case((kind.in_(["true", "false"]), kind), else_=sa.func.json_extract(column, path))
        return sa.case((sa.func.json_valid(column) == 1, sa.type_coerce(value, sa.Text)))

    def number(self, column: ColumnElement[Any], keys: Sequence[str]) -> ColumnElement[Any]:
        """As for `Engine`."""
        value = sa.type_coerce(self.key(column, keys) if keys else column, NULLTYPE)
        # A sign, and a point before the digits, are not of JSON.
        trimmed = sa.func.trim(value)
        text = sa.func.substr(trimmed, sa.literal_column("1") + trimmed.op("GLOB")("+[0-9.]*"))
        digits = sa.and_(
            text.op("GLOB")("*[0-9]*"), sa.not_(text.op("GLOB")("*[^0-9.]*")), sa.not_(text.op("GLOB")("*.*.*"))
        )
        told = sa.case(
            (sa.func.json_valid(text) == 1, sa.func.json_type(text).in_(["integer", "real"])), else_=digits
        )
        return sa.case(
            (sa.func.typeof(value).in_(["integer", "real"]), value),
            (sa.and_(sa.func.typeof(value) == "text", told), sa.cast(text, sa.Numeric)),
        )


def _with_minutes(text: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a time with an offset as SQLite reads it, +02 and +0200 as +02:00; NULL for any other text."""
    digits, clock = "[0-9][0-9]", sa.func.length(text) > sa.literal_column("16")
    hours, both = (sa.and_(text.op("GLOB")(f"*[+-]{it}"), clock) for it in (digits, digits * 2))
    return sa.case(
        (hours, text.op("||")(":00")),
        (both, sa.func.substr(text, 1, sa.func.length(text) - 2).op("||")(":").op("||")(sa.func.substr(text, -2))),
        (text.op("GLOB")("* UTC"), sa.func.replace(text, " UTC", "Z")),
    )
