"""Snowflake, by its own dialect."""

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
    EPOCH_DAY,
    Day,
    literals_within,
    number_in,
    number_of_days,
    zoned_text,
)
from leverwatch.collectors.sources.sql.engines.interface import A_DAY, ISO, Meaning, Opening, bracket_path

_CODES = {
    904: said.NO_COLUMN,
    1003: said.NO_STATEMENT,
    2003: said.NO_TABLE_OR_GRANT,
    2043: said.NO_TABLE_OR_GRANT,
    2140: said.NO_STATEMENT,
    630: said.TOO_LONG,
    604: said.TOO_LONG,
    3001: said.PERMISSION,
    606: said.PERMISSION,
    100035: said.OTHER_TYPE,
    100038: said.OTHER_TYPE,
    100040: said.OTHER_TYPE,
    1038: said.OTHER_TYPE,
    1044: said.OTHER_TYPE,
    250001: said.CREDENTIALS,
    251001: said.CREDENTIALS,
    390100: said.CREDENTIALS,
    390144: said.CREDENTIALS,
    390114: said.LOST,
    250003: said.NOBODY,
    290404: said.NOBODY,
}
"""By the number of an error of the server, or of the client from 250000 on."""
_WORDS: tuple[tuple[str, Meaning], ...] = (
    (r"Incorrect username or password|authenticat|JWT token", said.CREDENTIALS),
    (r"Could not connect|resolve|Max retries|timed out|404 Not Found", said.NOBODY),
)


class Snowflake:
    """As for `Engine`."""

    extra = "snowflake"

    def opening(self, url: URL, base_dir: Path, seconds: float) -> Opening:  # noqa: ARG002 - what others need
        """As for `Engine`. A statement whose client is gone is ended by the server."""
        session = {
            "STATEMENT_TIMEOUT_IN_SECONDS": max(1, int(seconds)),
            "ABORT_DETACHED_QUERY": True,
            "TIMEZONE": "UTC",
            # No limit, whatever the account says: it would cut answers without a word.
            "ROWS_PER_RESULTSET": 0,
        }
        return Opening(url, {"session_parameters": session, "login_timeout": CONNECT_SECONDS})

    def prepare(self, connection: Connection, seconds: float) -> None:
        """As for `Engine`. All of it is in `opening`; it has no transaction that only reads."""

    def end(self, driver: Any) -> None:
        """As for `Engine`."""
        with suppress(Exception):  # whatever its HTTP client says of a connection that is in use
            driver.close()

    def meaning(self, error: Any) -> Meaning | None:
        """As for `Engine`."""
        known = next((it for words, it in _WORDS if re.search(words, str(error))), None)
        return known or _CODES.get(getattr(error, "errno", None) or 0)

    def day(self, column: ColumnElement[Any], kind: TimeIs) -> ColumnElement[Any]:
        """As for `Engine`. `TO_DATE` of a time with a zone is its day in that zone, or in that of the session."""
        if kind is TimeIs.UTC:
            return sa.cast(column, Day())
        if kind in A_DAY:
            return sa.func.dateadd(
                sa.literal_column("'day'"), number_of_days(column, kind, "FLOAT"), EPOCH_DAY, type_=Day()
            )
        zoned = _time_of(column) if kind is TimeIs.TEXT else column
        return sa.cast(sa.func.convert_timezone(sa.literal_column("'UTC'"), zoned), Day())

    def within(self, column: ColumnElement[Any], kind: TimeIs, days: Days) -> Sequence[ColumnElement[bool]]:
        """As for `Engine`."""
        zoned, naive = "CAST('{}T00:00:00+00:00' AS TIMESTAMP_TZ)", "CAST('{} 00:00:00' AS TIMESTAMP_NTZ)"
        return literals_within(column, kind, days, zoned, naive)

    def key(self, column: ColumnElement[Any], keys: Sequence[str]) -> ColumnElement[Any]:
        """As for `Engine`; for VARIANT and OBJECT, and for texts that have JSON."""
        read = sa.func.try_parse_json(sa.func.to_varchar(column))
        return sa.cast(sa.func.get_path(read, bracket_path(keys).removeprefix("$")), sa.Text)

    def number(self, column: ColumnElement[Any], keys: Sequence[str]) -> ColumnElement[Any]:
        """As for `Engine`."""
        return number_in(self.key(column, keys), "DOUBLE") if keys else column


def _time_of(text: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the time of a text of ISO 8601; NULL for another text, of which some would be read as numbers.

    A regular expression there holds for the whole text, and takes each backslash twice.
    """
    has_zone = sa.func.regexp_like(text, sa.literal_column("'.*(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)'"))
    time = sa.func.try_to_timestamp_tz(zoned_text(text, has_zone))
    pattern = ISO.replace("\\", "\\\\")
    return sa.case((sa.func.regexp_like(text, sa.literal_column(f"'{pattern}'")), time))
