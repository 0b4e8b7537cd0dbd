"""MariaDB, and MySQL, by PyMySQL."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection, FromClause
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import URL
from sqlalchemy.types import NULLTYPE, TypeEngine

from leverwatch.collectors.daily.window import DAY, Days
from leverwatch.collectors.libpq import CONNECT_SECONDS
from leverwatch.collectors.sources.sql.config import TimeIs
from leverwatch.collectors.sources.sql.engines import interface as said
from leverwatch.collectors.sources.sql.engines.interface import (
    A_DAY,
    ISO,
    Meaning,
    Opening,
    json_path,
    midnight,
    numbers_within,
    texts_within,
    types_of_nothing,
)

_NUMBER = r"^[ ]*[+-]?([0-9]{1,40}([.][0-9]{0,40})?|[.][0-9]{1,40})([eE][+-]?[0-9]{1,2})?[ ]*$"
_OFFSET = "[+-][0-9]{2}(:?[0-9]{2})?$"
_CODES = {
    1045: said.CREDENTIALS,
    1698: said.CREDENTIALS,
    1044: said.PERMISSION,
    1142: said.PERMISSION,
    1143: said.PERMISSION,
    1227: said.PERMISSION,
    1146: said.NO_TABLE,
    1049: said.NO_DATABASE,
    1054: said.NO_COLUMN,
    1064: said.NO_STATEMENT,
    1305: said.NO_STATEMENT,
    1317: said.TOO_LONG,
    1969: said.TOO_LONG,
    3024: said.TOO_LONG,
    1205: said.LOCKED,
    1040: said.BUSY,
    2003: said.NOBODY,
    2002: said.NOBODY,
    2005: said.NOBODY,
    2006: said.LOST,
    2013: said.LOST,
}
"""By the number of an error of the server, or of the client from 2000 on (the reference of MariaDB)."""

_TYPES: Mapping[int, TypeEngine[Any]] = {
    **dict.fromkeys((15, 249, 250, 251, 252, 253, 254), sa.Text()),
    **dict.fromkeys((1, 2, 3, 8, 9), sa.BigInteger()),
}
"""By the number that the protocol has for a type: texts of any length, and whole numbers."""


class MariaDb:
    """As for `Engine`."""

    extra = "mariadb"
    booleans_are_numbers = True
    quotes_all = True

    def opening(self, url: URL, base_dir: Path, seconds: float) -> Opening:  # noqa: ARG002 - what others need
        """As for `Engine`."""
        url = url.set(drivername=f"{url.drivername}+pymysql") if "+" not in url.drivername else url
        # The answer of a server that was cut off would be waited for without end.
        given = {"connect_timeout": CONNECT_SECONDS, "read_timeout": int(seconds) + 5, "charset": "utf8mb4"}
        return Opening(url, {name: value for name, value in given.items() if name not in url.query})

    def prepare(self, connection: Connection, seconds: float) -> None:
        """As for `Engine`."""
        if getattr(connection.dialect, "is_mariadb", False):
            connection.exec_driver_sql(f"SET SESSION max_statement_time = {seconds:.3f}")
        else:
            connection.exec_driver_sql(f"SET SESSION max_execution_time = {int(seconds * 1000)}")
        # Who waits for a lock all the time would be told that the answer is slow.
        connection.exec_driver_sql(f"SET SESSION lock_wait_timeout = {max(1, int(seconds / 2))}")
        connection.exec_driver_sql("SET SESSION time_zone = '+00:00'")
        # Another default of the server would cut answers without a word; the largest that all kinds of it take.
        connection.exec_driver_sql("SET SESSION sql_select_limit = 9223372036854775807")
        connection.exec_driver_sql("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        connection.exec_driver_sql("START TRANSACTION READ ONLY")

    def end(self, driver: Any) -> None:
        """As for `Engine`. The server ends the statement at its own limit."""
        with suppress(OSError, AttributeError):
            driver._sock.shutdown(socket.SHUT_RDWR)  # noqa: SLF001 - `close` would wait for the answer

    def meaning(self, error: Any) -> Meaning | None:
        """As for `Engine`."""
        code = next(iter(getattr(error, "args", ())), None)
        if code == 0:
            return said.TOO_LONG
        return _CODES.get(code) if isinstance(code, int) else None

    def day(self, column: ColumnElement[Any], kind: TimeIs) -> ColumnElement[Any]:
        """As for `Engine`. `DATE` of a TIMESTAMP would ask the session for its zone, and names of zones need
        tables that most servers do not have."""
        since: ColumnElement[Any] = sa.literal_column("DATE '1970-01-01'")
        if kind is TimeIs.UTC:
            return sa.cast(column, sa.Date)
        if kind is TimeIs.TEXT:
            return sa.cast(self._utc_of(column), sa.Date)
        number = column if kind in A_DAY else sa.func.unix_timestamp(column)
        # A quotient of decimals would be rounded to the next day.
        days = number.op("DIV")(sa.literal_column(str(A_DAY.get(kind, 86_400))))
        return sa.cast(sa.func.timestampadd(sa.literal_column("DAY"), days, since), sa.Date)

    def _utc_of(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return the UTC time of a text of ISO 8601; NULL for another text."""
        form: ColumnElement[str] = sa.literal_column("'%Y-%m-%d %H:%i:%s'")
        clock = sa.func.replace(sa.func.left(text, 19), "T", " ")
        short = sa.func.concat(sa.func.left(clock, 16), ":00")
        full = sa.case((clock.op("REGEXP")("[0-9]{2}:[0-9]{2}:[0-9]{2}$"), clock), else_=short)
        offset = sa.func.regexp_substr(text, _OFFSET)
        # PostgreSQL writes whole hours alone.
        minutes = sa.case((sa.func.char_length(offset) == 3, "00"), else_=sa.func.right(offset, 2))
        hours = sa.func.concat(sa.func.left(offset, 3), ":", minutes)
        local = sa.func.str_to_date(full, form)
        shifted = sa.func.subtime(local, sa.func.replace(hours, "+", ""))
        utc = sa.case((sa.func.char_length(offset) > 0, shifted), else_=local)
        return sa.case((text.op("REGEXP")(ISO), utc))

    def within(self, column: ColumnElement[Any], kind: TimeIs, days: Days) -> Sequence[ColumnElement[bool]]:
        """As for `Engine`."""
        if kind in A_DAY:
            return numbers_within(column, kind, days)
        if kind is TimeIs.TEXT:
            return texts_within(column, days)
        if kind is TimeIs.UTC:
            return (column >= f"{days.first} 00:00:00", column < f"{days.last + DAY} 00:00:00")
        # A text or a parameter would be in the zone of the session.
        first, end = (int(midnight(day).timestamp()) for day in (days.first, days.last + DAY))
        return (column >= sa.func.from_unixtime(first), column < sa.func.from_unixtime(end))

    def types(
        self, connection: Connection, table: FromClause, columns: Sequence[str]
    ) -> Mapping[str, TypeEngine[Any]]:
        """As for `TellsTypes`. A text that is no number would be 0 to the server, or what it begins with."""
        return types_of_nothing(connection, table, columns, _TYPES.get)

    def exact(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """As for `Collates`: most collations take upper and lower case for the same."""
        return sa.collate(sa.cast(column, mysql.CHAR(charset="utf8mb4")), "utf8mb4_bin")

    def key(self, column: ColumnElement[Any], keys: Sequence[str]) -> ColumnElement[Any]:
        """As for `Engine`. JSON_VALUE would have 1 and 0 for booleans; an extracted null is a bare word, and a
        text has quotes."""
        # As a plain text, as which "null" has its quotes: as JSON it would be equal to the word as well.
        written = sa.func.concat(sa.func.json_extract(column, json_path(keys)))
        return sa.func.json_unquote(sa.func.nullif(written, "null"), type_=sa.Text)

    def number(self, column: ColumnElement[Any], keys: Sequence[str]) -> ColumnElement[Any]:
        """As for `Engine`."""
        text = self.key(column, keys) if keys else column
        if not isinstance(text.type, sa.String):
            return text
        # Not a cast: MySQL has none to a floating-point number before 8.0.17.
        return sa.case((text.op("REGEXP")(_NUMBER), sa.type_coerce(text, NULLTYPE) * sa.literal_column("1e0")))


class MySql(MariaDb):
    """As for `Engine`."""

    def key(self, column: ColumnElement[Any], keys: Sequence[str]) -> ColumnElement[Any]:
        """As for `Engine`. Its JSON_VALUE has words for booleans, and NULL for null."""
        return sa.func.json_value(column, json_path(keys), type_=sa.Text)
