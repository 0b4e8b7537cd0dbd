"""BigQuery, by Google's dialect."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
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
    refuse_names,
    zoned_text,
)
from leverwatch.collectors.sources.sql.engines.interface import A_DAY, ISO, Meaning, Opening, json_path

_WORDS: tuple[tuple[str, Meaning], ...] = (
    (
        r"DefaultCredentialsError|RefreshError|invalid_grant|\b401\b|Unauthenticated|MalformedError",
        said.CREDENTIALS,
    ),
    (r"rateLimitExceeded|quotaExceeded|Quota exceeded|\b429\b", said.THROTTLED),
    (r"\b403\b|Access Denied|accessDenied|does not have .* permission", said.PERMISSION),
    (r"Not found: Dataset", said.NO_SCHEMA),
    (r"Not found: Project", said.NO_DATABASE),
    (r"Not found: Table|\b404\b", said.NO_TABLE),
    (r"Unrecognized name|Name .* not found", said.NO_COLUMN),
    (r"No matching signature|Could not cast|Bad .* value|Invalid (date|timestamp|cast)", said.OTHER_TYPE),
    (r"Syntax error|Function not found|invalidQuery", said.NO_STATEMENT),
    (r"[Jj]ob timed out|Operation timed out|Job execution was cancelled|DEADLINE", said.TOO_LONG),
    (r"TransportError|ConnectionError|Max retries|\b50[234]\b|resolve", said.NOBODY),
)
_NEVER = frozenset('`"\\')
"""What no name there has, and what its dialect does not escape."""


class BigQuery:
    """As for `Engine`."""

    extra = "bigquery"

    def opening(self, url: URL, base_dir: Path, seconds: float) -> Opening:  # noqa: ARG002 - what others need
        """As for `Engine`."""
        return Opening(url)

    def prepare(self, connection: Connection, seconds: float) -> None:
        """As for `Engine`. It has no transaction that only reads."""
        driver: Any = connection.connection.dbapi_connection
        settings = driver._client.default_query_job_config  # noqa: SLF001 - its address has no such setting
        if settings is None:
            settings = import_module("google.cloud.bigquery").QueryJobConfig()
        settings.job_timeout_ms = int(seconds * 1000)
        driver._client.default_query_job_config = settings  # noqa: SLF001 - likewise

    def end(self, driver: Any) -> None:
        """As for `Engine`. The server ends the statement at its own limit."""
        with suppress(Exception):  # whatever its HTTP client says of a connection that is in use
            driver.close()

    def meaning(self, error: Any) -> Meaning | None:
        """As for `Engine`."""
        text = f"{type(error).__name__} {error}"
        return next((it for words, it in _WORDS if re.search(words, text)), None)

    def day(self, column: ColumnElement[Any], kind: TimeIs) -> ColumnElement[Any]:
        """As for `Engine`. A script may have set another zone than UTC."""
        refuse_names(column, _NEVER)
        if kind is TimeIs.UTC:
            return sa.cast(column, Day())
        if kind in A_DAY:
            days = sa.cast(number_of_days(column, kind, "FLOAT64"), Sql("INT64"))
            return sa.func.date_from_unix_date(days, type_=Day())
        zone: ColumnElement[Any] = sa.literal_column("'UTC'")
        if kind is TimeIs.ZONED:
            return sa.func.date(column, zone, type_=Day())
        is_time = sa.func.regexp_contains(column, sa.literal_column(f"r'{ISO}'"))
        zoned = zoned_text(column, sa.func.regexp_contains(column, HAS_ZONE))
        time = cast_or_null(zoned, "TIMESTAMP", cast="safe_cast")
        return sa.case((is_time, sa.func.date(time, zone, type_=Day())))

    def within(self, column: ColumnElement[Any], kind: TimeIs, days: Days) -> Sequence[ColumnElement[bool]]:
        """As for `Engine`."""
        return literals_within(column, kind, days, "TIMESTAMP '{} 00:00:00+00'", "DATETIME '{} 00:00:00'")

    def key(self, column: ColumnElement[Any], keys: Sequence[str]) -> ColumnElement[Any]:
        """As for `Engine`; for JSON, and for texts that have some."""
        return sa.func.json_value(column, json_path(keys), type_=sa.Text)

    def number(self, column: ColumnElement[Any], keys: Sequence[str]) -> ColumnElement[Any]:
        """As for `Engine`."""
        return number_in(self.key(column, keys), "FLOAT64", "safe_cast") if keys else column
