"""PostgreSQL, by psycopg."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection, FromClause
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import URL
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import TypeEngine

from leverwatch.collectors.daily.window import Days
from leverwatch.collectors.libpq import CONNECTING
from leverwatch.collectors.sources.sql.config import TimeIs
from leverwatch.collectors.sources.sql.engines import interface as said
from leverwatch.collectors.sources.sql.engines.interface import (
    ISO,
    Meaning,
    Opening,
    times_within,
    types_of_nothing,
    utc_day,
)

_NUMBER = r"^\s*[+-]?([0-9]{1,40}(\.[0-9]{0,40})?|\.[0-9]{1,40})([eE][+-]?[0-9]{1,3})?\s*$"
_TYPES: Mapping[int, TypeEngine[Any]] = {
    **dict.fromkeys((25, 1042, 1043), sa.Text()),
    **dict.fromkeys((20, 21, 23), sa.BigInteger()),
}
"""By the number that the server has for a type: texts of any length, and whole numbers."""
_CANCEL_SECONDS = 5.0
"""Who waits for the statement to end waits for its cancelling as well."""

_STATES: tuple[tuple[str, Meaning], ...] = (
    ("28", said.CREDENTIALS),
    ("42501", said.PERMISSION),
    ("42P01", said.NO_TABLE),
    ("3F000", said.NO_SCHEMA),
    ("3D000", said.NO_DATABASE),
    ("42703", said.NO_COLUMN),
    ("42883", said.OTHER_TYPE),
    ("42846", said.OTHER_TYPE),
    ("42804", said.OTHER_TYPE),
    ("42", said.NO_STATEMENT),
    ("22", said.OTHER_TYPE),
    ("57014", said.TOO_LONG),
    ("55P03", said.LOCKED),
    ("53300", said.BUSY),
    ("57P", said.STARTING),
    ("08", said.LOST),
)
"""By the beginning of an SQLSTATE (the documentation of PostgreSQL, appendix A), the longest first."""
_WORDS: tuple[tuple[str, Meaning], ...] = (
    (r"too many (?:connections|clients)|connection slots", said.BUSY),
    (r"starting up|shutting down|not yet accepting|recovery mode", said.STARTING),
    (r"password|authentication|pg_hba|role .* does not exist|not permitted to log in", said.CREDENTIALS),
    (r"database .* does not exist", said.NO_DATABASE),
    (r"could not|failed|refused|timeout|timed out|closed|terminat", said.NOBODY),
)
"""By words of messages, for connections that were refused: they have no SQLSTATE."""


_HIDING = """
SELECT space.nspname, class.relname, pg_table_is_visible(class.oid)
FROM pg_class AS class JOIN pg_namespace AS space ON space.oid = class.relnamespace
WHERE class.relrowsecurity AND row_security_active(class.oid)
ORDER BY 1, 2
"""


class PostgreSql:
    """As for `Engine`."""

    extra = "postgres"
    infinity = True

    def opening(self, url: URL, base_dir: Path, seconds: float) -> Opening:  # noqa: ARG002 - what others need
        """As for `Engine`."""
        url = url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url
        return Opening(url, {name: value for name, value in CONNECTING.items() if name not in url.query})

    def prepare(self, connection: Connection, seconds: float) -> None:
        """As for `Engine`. In the transaction, as a pooler in front of the server shares sessions and refuses
        start-up options."""
        connection.exec_driver_sql("SET TRANSACTION READ ONLY, ISOLATION LEVEL REPEATABLE READ")
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {int(seconds * 1000)}")
        # Who waits for a lock all the time would be told that the answer is slow.
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(seconds * 500)}")
        connection.exec_driver_sql("SET LOCAL TimeZone = 'UTC'")

    def end(self, driver: Any) -> None:
        """As for `Engine`."""
        # Seconds: who waits for the statement to end waits for this as well.
        driver.cancel_safe(timeout=_CANCEL_SECONDS)

    def meaning(self, error: Any) -> Meaning | None:
        """As for `Engine`."""
        state = getattr(error, "sqlstate", None) or ""
        known = (it for start, it in _STATES if state and state.startswith(start))
        spoken = (it for words, it in _WORDS if not state and re.search(words, str(error), re.IGNORECASE))
        return next(known, None) or next(spoken, None)

    def day(self, column: ColumnElement[Any], kind: TimeIs) -> ColumnElement[Any]:
        """As for `Engine`. A text that is no time must not end the statement."""
        return utc_day(column, kind, sa.case((column.op("~")(ISO), sa.cast(column, sa.DateTime(timezone=True)))))

    def within(self, column: ColumnElement[Any], kind: TimeIs, days: Days) -> Sequence[ColumnElement[bool]]:
        """As for `Engine`."""
        return times_within(column, kind, days)

    def types(
        self, connection: Connection, table: FromClause, columns: Sequence[str]
    ) -> Mapping[str, TypeEngine[Any]]:
        """As for `TellsTypes`."""
        return types_of_nothing(connection, table, columns, _TYPES.get)

    def hiding(self, connection: Connection) -> Sequence[tuple[str, str, bool]]:
        """As for `HidesRows`: by row-level security, from which owners, superusers and BYPASSRLS are exempt."""
        found = connection.exec_driver_sql(_HIDING).all()
        return [(schema, name, alone) for schema, name, alone in found]

    def key(self, column: ColumnElement[Any], keys: Sequence[str]) -> ColumnElement[Any]:
        """As for `Engine`; for `json` and `jsonb`, and for texts that have some."""
        path = postgresql.array([sa.literal(key, sa.Text) for key in keys])
        value = _json_of(column) if isinstance(column.type, sa.String) else column
        return value.op("#>>", return_type=sa.Text())(sa.cast(path, postgresql.ARRAY(sa.Text)))

    def number(self, column: ColumnElement[Any], keys: Sequence[str]) -> ColumnElement[Any]:
        """As for `Engine`. A text that is no number must not end the statement."""
        text = self.key(column, keys) if keys else column
        if not isinstance(text.type, sa.String):
            return text
        return sa.case((text.op("~")(_NUMBER), sa.cast(text, sa.Numeric)))


class _json_of(GenericFunction[Any]):  # noqa: N801 - the name of a function
    """The JSON that a text has; NULL when it has none, as far as the server can tell it."""

    type = postgresql.JSONB()
    inherit_cache = True


@compiles(_json_of)
def _compiled(element: _json_of, compiler: Any, **given: Any) -> str:
    text = compiler.process(element.clauses, **given)
    version = getattr(compiler.dialect, "server_version_info", None)
    # Before 16 no server told a text that is no JSON from others without ending the statement.
    looks = rf"{text} ~ '^\s*[\[{{]'" if version and version < (16,) else f"pg_input_is_valid({text}, 'jsonb')"
    return f"CASE WHEN {looks} THEN CAST({text} AS JSONB) END"
