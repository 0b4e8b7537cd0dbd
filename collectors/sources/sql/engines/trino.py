"""Trino by its own client, and Athena, which is Trino behind an interface of Amazon's, by PyAthena."""

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
from leverwatch.collectors.sources.sql.config import TimeIs
from leverwatch.collectors.sources.sql.engines import interface as said
from leverwatch.collectors.sources.sql.engines.dates import (
    EPOCH_DAY,
    HAS_ZONE,
    Day,
    Sql,
    literals_within,
    number_in,
    number_of_days,
    zoned_text,
)
from leverwatch.collectors.sources.sql.engines.interface import A_DAY, ISO, Meaning, Opening

_NAMES = {
    "TABLE_NOT_FOUND": said.NO_TABLE,
    "SCHEMA_NOT_FOUND": said.NO_SCHEMA,
    "CATALOG_NOT_FOUND": said.NO_DATABASE,
    "COLUMN_NOT_FOUND": said.NO_COLUMN,
    "SYNTAX_ERROR": said.NO_STATEMENT,
    "FUNCTION_NOT_FOUND": said.NO_STATEMENT,
    "TYPE_MISMATCH": said.OTHER_TYPE,
    "INVALID_CAST_ARGUMENT": said.OTHER_TYPE,
    "INVALID_FUNCTION_ARGUMENT": said.OTHER_TYPE,
    "PERMISSION_DENIED": said.PERMISSION,
    "EXCEEDED_TIME_LIMIT": said.TOO_LONG,
    "USER_CANCELED": said.TOO_LONG,
    "QUERY_QUEUE_FULL": said.BUSY,
    "SERVER_STARTING_UP": said.STARTING,
    "SERVER_SHUTTING_DOWN": said.STARTING,
}
"""By the name of an error of Trino (`StandardErrorCode`)."""
_WORDS: tuple[tuple[str, Meaning], ...] = (
    (r"\b401\b|[Uu]nauthorized|authentication", said.CREDENTIALS),
    (r"\b403\b|[Ff]orbidden", said.PERMISSION),
    (r"[Mm]ax retries|[Cc]onnection refused|[Cc]onnect|resolve|[Tt]imed out|\b50[234]\b", said.NOBODY),
)
_ATHENA: tuple[tuple[str, Meaning], ...] = (
    (r"Unable to locate credentials|NoCredentials|security token|UnrecognizedClient", said.CREDENTIALS),
    (r"ExpiredToken|SignatureDoesNotMatch|InvalidSignature", said.CREDENTIALS),
    (r"AccessDenied|not authorized|Insufficient permissions|Access Denied", said.PERMISSION),
    (r"TooManyRequests|Throttling|SlowDown|Rate exceeded", said.THROTTLED),
    (r"EndpointConnectionError|Could not connect|ConnectTimeout|Connection was closed", said.NOBODY),
    (r"exhausted resources|Query timeout|CANCELLED|cancelled", said.TOO_LONG),
    (r"does not exist", said.NO_TABLE),
)  # fmt: skip
_NAMED = re.compile(r"\b([A-Z]+(?:_[A-Z]+)+)\b")


class Trino:
    """As for `Engine`."""

    extra = "trino"
    quotes = '""'

    def opening(self, url: URL, base_dir: Path, seconds: float) -> Opening:  # noqa: ARG002 - what others need
        """As for `Engine`."""
        # The scheme is the dialect's choice where a password is given; the session's zone would be the agent's.
        limit = {"query_max_run_time": f"{max(1, int(seconds))}s"}
        return Opening(url, {"timezone": "UTC", "session_properties": limit, "request_timeout": seconds + 5})

    def prepare(self, connection: Connection, seconds: float) -> None:
        """As for `Engine`. All of it is in `opening`; a transaction that only reads is not had by the client."""

    def end(self, driver: Any) -> None:
        """As for `Engine`. The server ends the statement at its own limit."""
        with suppress(Exception):  # whatever its HTTP client says of a connection that is in use
            driver.close()

    def meaning(self, error: Any) -> Meaning | None:
        """As for `Engine`."""
        known = _NAMES.get(getattr(error, "error_name", None) or "")
        return known or next((it for words, it in _WORDS if re.search(words, str(error))), None)

    def day(self, column: ColumnElement[Any], kind: TimeIs) -> ColumnElement[Any]:
        """As for `Engine`. A cast of a time with a zone is its day in that zone."""
        if kind is TimeIs.UTC:
            return sa.cast(column, Day())
        if kind in A_DAY:
            days = sa.cast(number_of_days(column, kind, "DOUBLE"), Sql("BIGINT"))
            return sa.func.date_add(sa.literal_column("'day'"), days, EPOCH_DAY, type_=Day())
        return self._utc(_time_of(column) if kind is TimeIs.TEXT else column)

    def _utc(self, zoned: ColumnElement[Any]) -> ColumnElement[Any]:
        return sa.cast(sa.func.at_timezone(zoned, sa.literal_column("'UTC'")), Day())

    def within(self, column: ColumnElement[Any], kind: TimeIs, days: Days) -> Sequence[ColumnElement[bool]]:
        """As for `Engine`."""
        return literals_within(column, kind, days, "TIMESTAMP '{} 00:00:00 UTC'", "TIMESTAMP '{} 00:00:00'")

    def key(self, column: ColumnElement[Any], keys: Sequence[str]) -> ColumnElement[Any]:
        """As for `Engine`; for JSON, and for texts that have some."""
        return sa.func.json_extract_scalar(column, said.bracket_path(keys), type_=sa.Text)

    def number(self, column: ColumnElement[Any], keys: Sequence[str]) -> ColumnElement[Any]:
        """As for `Engine`."""
        return number_in(self.key(column, keys), "DOUBLE") if keys else column


def _time_of(text: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the time of a text of ISO 8601; NULL for another text.

    `from_iso8601_timestamp` takes no text with a space, and without a zone that of the session.
    """
    zoned = zoned_text(text, sa.func.regexp_like(text, HAS_ZONE))
    return sa.case((sa.func.regexp_like(text, ISO), sa.func.from_iso8601_timestamp(zoned)))


class Athena(Trino):
    """As for `Engine`."""

    extra = "athena"

    def __init__(self) -> None:
        self._running: str | None = None

    def opening(self, url: URL, base_dir: Path, seconds: float) -> Opening:  # noqa: ARG002 - what others need
        """As for `Engine`."""
        url = url.set(drivername="awsathena+rest") if "+" not in url.drivername else url
        return Opening(url, {"on_start_query_execution": self._started})

    def _started(self, query_id: str) -> None:
        self._running = query_id

    def end(self, driver: Any) -> None:
        """As for `Engine`. It has no limit of time for a session."""
        if self._running is not None:
            with suppress(Exception):
                driver.client.stop_query_execution(QueryExecutionId=self._running)

    def meaning(self, error: Any) -> Meaning | None:
        """As for `Engine`. Errors of Trino are told in words alone."""
        text = str(error)
        named = (_NAMES.get(name) for name in _NAMED.findall(text))
        spoken = (it for words, it in _ATHENA if re.search(words, f"{type(error).__name__} {text}"))
        return next((it for it in named if it is not None), None) or next(spoken, None)
