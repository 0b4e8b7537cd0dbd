"""SQL Server, by pymssql."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection
from sqlalchemy.engine import URL

from leverwatch.collectors.daily.window import Days
from leverwatch.collectors.libpq import CONNECT_SECONDS
from leverwatch.collectors.sources.sql.config import TimeIs
from leverwatch.collectors.sources.sql.engines import interface as said
from leverwatch.collectors.sources.sql.engines.dates import (
    Day,
    Sql,
    cast_or_null,
    literals_within,
    number_in,
    number_of_days,
    tight,
)
from leverwatch.collectors.sources.sql.engines.interface import A_DAY, Meaning, Opening, json_path

_CODES = {
    18456: said.CREDENTIALS,
    18452: said.CREDENTIALS,
    229: said.PERMISSION,
    230: said.PERMISSION,
    300: said.PERMISSION,
    916: said.PERMISSION,
    208: said.NO_TABLE,
    4060: said.NO_DATABASE,
    911: said.NO_DATABASE,
    207: said.NO_COLUMN,
    102: said.NO_STATEMENT,
    156: said.NO_STATEMENT,
    195: said.NO_STATEMENT,
    206: said.OTHER_TYPE,
    241: said.OTHER_TYPE,
    245: said.OTHER_TYPE,
    402: said.OTHER_TYPE,
    529: said.OTHER_TYPE,
    8114: said.OTHER_TYPE,
    8115: said.OTHER_TYPE,
    8116: said.OTHER_TYPE,
    13609: said.OTHER_TYPE,
    1222: said.LOCKED,
    20003: said.TOO_LONG,
    20006: said.LOST,
    20009: said.NOBODY,
    20047: said.LOST,
    10928: said.THROTTLED,
    40501: said.THROTTLED,
    40613: said.STARTING,
}
"""By the number of an error of the server, or of the client from 20000 to 20100 (DB-Library)."""


class SqlServer:
    """As for `Engine`."""

    extra = "mssql"

    def opening(self, url: URL, base_dir: Path, seconds: float) -> Opening:  # noqa: ARG002 - what others need
        """As for `Engine`. The server has no limit of time: its client ends the statement there."""
        url = url.set(drivername="mssql+pymssql") if "+" not in url.drivername else url
        if url.drivername != "mssql+pymssql":
            return Opening(url)
        return Opening(url, {"timeout": max(1, int(seconds)), "login_timeout": CONNECT_SECONDS, "read_only": True})

    def prepare(self, connection: Connection, seconds: float) -> None:
        """As for `Engine`. `read_only` asks for a replica; no transaction there only reads."""
        connection.exec_driver_sql(f"SET LOCK_TIMEOUT {int(seconds * 1000)}")

    def end(self, driver: Any) -> None:
        """As for `Engine`."""
        with suppress(Exception):  # whatever its library says of a connection that is in use
            driver._conn.cancel()  # noqa: SLF001 - `close` would wait for the answer

    def meaning(self, error: Any) -> Meaning | None:
        """As for `Engine`."""
        numbers = [int(it) for it in re.findall(r"\b\d{3,5}\b", f"{getattr(error, 'args', ())}")]
        return next((_CODES[it] for it in numbers if it in _CODES), None)

    def day(self, column: ColumnElement[Any], kind: TimeIs) -> ColumnElement[Any]:
        """As for `Engine`. A cast of a time with a zone is its day in that zone."""
        if kind is TimeIs.UTC:
            return sa.cast(column, Day())
        if kind in A_DAY:
            since = sa.cast(sa.literal_column("'1970-01-01'"), Day())
            days = sa.cast(number_of_days(column, kind, "DOUBLE PRECISION"), Sql("INT"))
            return sa.func.dateadd(sa.literal_column("day"), days, since, type_=Day())
        zoned = cast_or_null(tight(column), "DATETIMEOFFSET") if kind is TimeIs.TEXT else column
        return sa.cast(sa.func.switchoffset(zoned, sa.literal_column("'+00:00'")), Day())

    def within(self, column: ColumnElement[Any], kind: TimeIs, days: Days) -> Sequence[ColumnElement[bool]]:
        """As for `Engine`."""
        zoned, naive = "CAST('{}T00:00:00+00:00' AS DATETIMEOFFSET)", "CAST('{}T00:00:00' AS DATETIME2)"
        return literals_within(column, kind, days, zoned, naive)

    def key(self, column: ColumnElement[Any], keys: Sequence[str]) -> ColumnElement[Any]:
        """As for `Engine`; a text that has no JSON must not end the statement."""
        return sa.case((sa.func.isjson(column) == 1, sa.func.json_value(column, json_path(keys), type_=sa.Text)))

    def number(self, column: ColumnElement[Any], keys: Sequence[str]) -> ColumnElement[Any]:
        """As for `Engine`. A sum of its whole numbers is one of 32 bits, and an empty text would be zero."""
        value = sa.func.nullif(sa.func.ltrim(self.key(column, keys)), "") if keys else column
        return number_in(value, "DOUBLE PRECISION")
