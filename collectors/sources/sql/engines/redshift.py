"""Redshift, by Amazon's driver: it speaks as PostgreSQL did long ago."""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection
from sqlalchemy.engine import URL

from leverwatch.collectors.daily.window import Days
from leverwatch.collectors.sources.sql.config import TimeIs
from leverwatch.collectors.sources.sql.engines import interface as said
from leverwatch.collectors.sources.sql.engines.dates import (
    HAS_ZONE,
    Day,
    Sql,
    cast_or_null,
    literals_within,
    number_in,
    number_of_days,
    zoned_text,
)
from leverwatch.collectors.sources.sql.engines.interface import A_DAY, ISO, Meaning, Opening

_STATES = {
    "28000": said.CREDENTIALS,
    "28P01": said.CREDENTIALS,
    "42501": said.PERMISSION,
    "42P01": said.NO_TABLE,
    "3F000": said.NO_SCHEMA,
    "3D000": said.NO_DATABASE,
    "42703": said.NO_COLUMN,
    "42883": said.OTHER_TYPE,
    "42846": said.OTHER_TYPE,
    "42804": said.OTHER_TYPE,
    "42601": said.NO_STATEMENT,
    "57014": said.TOO_LONG,
    "53300": said.BUSY,
    "57P03": said.STARTING,
}
"""By SQLSTATE."""
_WORDS: tuple[tuple[str, Meaning], ...] = (
    (r"password authentication|AuthFailure|ExpiredToken|credentials", said.CREDENTIALS),
    (r"permission denied", said.PERMISSION),
    (r"cancelled on user's request|statement timeout|[Qq]uery .*cancel", said.TOO_LONG),
    (r"communication error|[Tt]imed out|refused|resolve|socket|closed", said.NOBODY),
)


class Redshift:
    """As for `Engine`."""

    extra = "redshift"
    quotes = '""'

    def opening(self, url: URL, base_dir: Path, seconds: float) -> Opening:  # noqa: ARG002 - what others need
        """As for `Engine`."""
        return Opening(url.set(drivername="redshift+redshift_connector") if "+" not in url.drivername else url)

    def prepare(self, connection: Connection, seconds: float) -> None:
        """As for `Engine`. A transaction that only reads is not had by its driver, which begins it."""
        connection.exec_driver_sql(f"SET statement_timeout TO {int(seconds * 1000)}")
        connection.exec_driver_sql("SET timezone TO 'UTC'")

    def end(self, driver: Any) -> None:
        """As for `Engine`. The server ends the statement at its own limit."""
        with suppress(OSError, AttributeError):
            driver._usock.shutdown(socket.SHUT_RDWR)  # noqa: SLF001 - `close` would wait for the answer

    def meaning(self, error: Any) -> Meaning | None:
        """As for `Engine`. Its driver tells what the server says as a dictionary of letters."""
        told = next((it for it in getattr(error, "args", ()) if isinstance(it, dict)), {})
        known = _STATES.get(str(told.get("C", "")))
        return known or next((it for words, it in _WORDS if re.search(words, str(error))), None)

    def day(self, column: ColumnElement[Any], kind: TimeIs) -> ColumnElement[Any]:
        """As for `Engine`. A plain cast of a time with a zone would ask the session for its own."""
        if kind is TimeIs.UTC:
            return sa.cast(column, Day())
        if kind in A_DAY:
            days = sa.cast(number_of_days(column, kind, "DOUBLE PRECISION"), Sql("INTEGER"))
            since: ColumnElement[Any] = sa.literal_column("DATE '1970-01-01'")
            return sa.cast(sa.func.dateadd(sa.literal_column("day"), days, since), Day())
        zoned = _time_of(column) if kind is TimeIs.TEXT else column
        return sa.cast(zoned.op("AT TIME ZONE")(sa.literal_column("'UTC'")), Day())

    def within(self, column: ColumnElement[Any], kind: TimeIs, days: Days) -> Sequence[ColumnElement[bool]]:
        """As for `Engine`."""
        zoned, naive = "CAST('{} 00:00:00+00' AS TIMESTAMPTZ)", "CAST('{} 00:00:00' AS TIMESTAMP)"
        return literals_within(column, kind, days, zoned, naive)

    def key(self, column: ColumnElement[Any], keys: Sequence[str]) -> ColumnElement[Any]:
        """As for `Engine`; for texts that have JSON. It says an empty text where there is none."""
        found = sa.func.json_extract_path_text(column, *keys, sa.literal_column("TRUE"))
        return sa.func.nullif(found, "", type_=sa.Text)

    def number(self, column: ColumnElement[Any], keys: Sequence[str]) -> ColumnElement[Any]:
        """As for `Engine`."""
        return number_in(self.key(column, keys), "DOUBLE PRECISION") if keys else column


def _time_of(text: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the time of a text of ISO 8601; NULL for another text."""
    zoned = zoned_text(text, text.op("~")(HAS_ZONE))
    is_time = text.op("~")(sa.literal_column("'" + ISO.replace("\\", "\\\\") + "'"))
    return sa.case((is_time, cast_or_null(zoned, "TIMESTAMPTZ")))
