"""Spark by its Thrift server and PyHive, and Databricks, which is Spark, by its own dialect."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection, FromClause
from sqlalchemy.engine import URL
from sqlalchemy.types import TypeEngine

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
from leverwatch.collectors.sources.sql.engines.interface import (
    A_DAY,
    ISO,
    Meaning,
    Opening,
    types_of_nothing,
)

_WORDS: tuple[tuple[str, Meaning], ...] = (
    (r"TABLE_OR_VIEW_NOT_FOUND|Table or view not found", said.NO_TABLE),
    (r"SCHEMA_NOT_FOUND|NO_SUCH_CATALOG|CATALOG_NOT_FOUND", said.NO_SCHEMA),
    (r"UNRESOLVED_COLUMN|FIELD_NOT_FOUND", said.NO_COLUMN),
    (
        r"INSUFFICIENT_PERMISSIONS|PERMISSION_DENIED|does not have permission|INSUFFICIENT_PRIV|\b403\b",
        said.PERMISSION,
    ),
    (
        r"DATATYPE_MISMATCH|CAST_INVALID_INPUT|INVALID_EXTRACT|UNEXPECTED_INPUT_TYPE|ARITHMETIC_OVERFLOW",
        said.OTHER_TYPE,
    ),
    (r"PARSE_SYNTAX_ERROR|ParseException|UNRESOLVED_ROUTINE|AnalysisException", said.NO_STATEMENT),
    # PyHive takes a query that the server ended for one without rows.
    (r"ResourceClosedError|[Qq]uery timed out|timed out after|OPERATION_TIMED|[Tt]imeout|cancel", said.TOO_LONG),
    (
        r"Bad status: 3|Error validating the login|authenticat|Invalid access token|\b401\b|Unauthorized",
        said.CREDENTIALS,
    ),
    (r"\b429\b|RESOURCE_LIMIT|REQUEST_LIMIT", said.THROTTLED),
    (r"Could not connect|Max retries|resolve|refused|TTransport|TSocket|read 0 bytes|RequestError", said.NOBODY),
)
"""By the conditions of errors of Spark, which its messages begin with."""


_NUMBER = r"^ *[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)? *$"
"""A number as all databases read it: of 5d a cast would have 5 as well."""
_APART = frozenset(".[]* ")
"""What ends a key in a path."""


class Spark:
    """As for `Engine`."""

    extra = "spark"
    quotes = "``"
    never = frozenset('`".')
    """What its dialect does not escape in a name of a column."""

    def opening(self, url: URL, base_dir: Path, seconds: float) -> Opening:  # noqa: ARG002 - what others need
        """As for `Engine`."""
        return Opening(url.set(drivername="hive"))

    def prepare(self, connection: Connection, seconds: float) -> None:
        """As for `Engine`. It has no transactions; without ANSI mode a sum that is too large is another number."""
        for setting in (
            f"spark.sql.thriftServer.queryTimeout={max(1, int(seconds))}s",
            "spark.sql.session.timeZone=UTC",
            "spark.sql.ansi.enabled=true",
        ):
            connection.exec_driver_sql(f"SET {setting}")

    def end(self, driver: Any) -> None:
        """As for `Engine`. The server ends the statement at its own limit."""
        transport: Any = getattr(driver, "_transport", None)
        while transport is not None and not hasattr(transport, "handle"):
            inner = ("_trans", "_TBufferedTransport__trans")
            transport = next((getattr(transport, name) for name in inner if hasattr(transport, name)), None)
        with suppress(OSError, AttributeError):
            transport.handle.shutdown(socket.SHUT_RDWR)  # `close` would wait for the answer

    def meaning(self, error: Any) -> Meaning | None:
        """As for `Engine`."""
        text = f"{type(error).__name__} {error}"
        return next((it for words, it in _WORDS if re.search(words, text)), None)

    def day(self, column: ColumnElement[Any], kind: TimeIs) -> ColumnElement[Any]:
        """As for `Engine`. `to_date` and a cast of a time with a zone ask the session for its own."""
        refuse_names(column, self.never)
        if kind is TimeIs.UTC:
            return sa.func.to_date(column, type_=Day())
        if kind in A_DAY:
            days = number_of_days(column, kind, "DOUBLE")
        else:
            seconds = sa.func.unix_seconds(_time_of(column) if kind is TimeIs.TEXT else column)
            days = number_of_days(seconds, TimeIs.SECONDS, "DOUBLE")
        return sa.func.date_from_unix_date(sa.cast(days, Sql("INT")), type_=Day())

    def within(self, column: ColumnElement[Any], kind: TimeIs, days: Days) -> Sequence[ColumnElement[bool]]:
        """As for `Engine`."""
        return literals_within(column, kind, days, "TIMESTAMP '{} 00:00:00 UTC'", "TIMESTAMP_NTZ '{} 00:00:00'")

    def types(
        self, connection: Connection, table: FromClause, columns: Sequence[str]
    ) -> Mapping[str, TypeEngine[Any]]:
        """As for `TellsTypes`. A text that is no number would end the statement."""
        return types_of_nothing(connection, table, columns, _type_of)

    def summand(self, number: ColumnElement[Any]) -> ColumnElement[Any]:
        """As for `SumsEnd`: whole numbers that no field can have are added up as well."""
        return sa.cast(number, Sql("DOUBLE")) if isinstance(number.type, sa.Integer) else number

    def key(self, column: ColumnElement[Any], keys: Sequence[str]) -> ColumnElement[Any]:
        """As for `Engine`; for texts that have JSON."""
        path = "$" + "".join(f"['{key}']" if _APART & set(key) else f".{key}" for key in keys)
        # Not as a parameter: two quotes are none in a text there, and its dialect would write such ones.
        escaped = path.replace("\\", "\\\\").replace("'", "\\'").replace(":", "\\:")
        return sa.func.get_json_object(column, sa.text(f"'{escaped}'"), type_=sa.Text)

    def number(self, column: ColumnElement[Any], keys: Sequence[str]) -> ColumnElement[Any]:
        """As for `Engine`."""
        text = self.key(column, keys) if keys else column
        if not isinstance(text.type, sa.String):
            return text
        # Of a literal column PyHive would keep what follows the last dot.
        is_number = text.op("RLIKE")(sa.text(f"r'{_NUMBER}'"))
        return sa.case((is_number, number_in(text, "DOUBLE")))


def _type_of(told: Any) -> TypeEngine[Any] | None:
    """Return a type by its name, to which PyHive adds a word of its own."""
    name = f"{told}".lower().removesuffix("_type")
    if name in ("string", "varchar", "char"):
        return sa.Text()
    return sa.BigInteger() if name in ("tinyint", "smallint", "int", "bigint") else None


def _time_of(text: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the time of a text of ISO 8601; NULL for another text.

    Without the name of a zone it would be in that of the session; a backslash is one within a raw text alone.
    """
    zoned = zoned_text(text, text.op("RLIKE")(HAS_ZONE))
    is_time = text.op("RLIKE")(sa.literal_column(f"r'{ISO}'"))
    return sa.case((is_time, cast_or_null(zoned, "TIMESTAMP")))


class Databricks(Spark):
    """As for `Engine`."""

    extra = "databricks"
    never = frozenset()

    def end(self, driver: Any) -> None:
        """As for `Engine`."""
        with suppress(Exception):  # whatever its client says of a connection that is in use
            driver.close()

    def opening(self, url: URL, base_dir: Path, seconds: float) -> Opening:  # noqa: ARG002 - what others need
        """As for `Engine`."""
        return Opening(url)

    def prepare(self, connection: Connection, seconds: float) -> None:
        """As for `Engine`."""
        connection.exec_driver_sql(f"SET STATEMENT_TIMEOUT = {max(1, int(seconds))}")
        connection.exec_driver_sql("SET TIME ZONE 'UTC'")
        connection.exec_driver_sql("SET ANSI_MODE = true")
