"""ClickHouse, by clickhouse-sqlalchemy and the native protocol; what `chdb` shares with it is here."""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from itertools import count
from math import ceil
from pathlib import Path
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection, FromClause, Select
from sqlalchemy.engine import URL
from sqlalchemy.types import TypeEngine

from leverwatch.collectors.daily.errors import PermissionRefused, RateLimited, Unreachable
from leverwatch.collectors.daily.window import DAY, Days
from leverwatch.collectors.errors import SourceRefused, SourceUnavailable
from leverwatch.collectors.libpq import CONNECT_SECONDS
from leverwatch.collectors.sources.sql.config import TimeIs
from leverwatch.collectors.sources.sql.engines import interface as said
from leverwatch.collectors.sources.sql.engines.clickhouse_shape import Types, name_of, shaped
from leverwatch.collectors.sources.sql.engines.clickhouse_shape import stored as stored_of
from leverwatch.collectors.sources.sql.engines.clickhouse_shape import within as within_of
from leverwatch.collectors.sources.sql.engines.clickhouse_values import number_of, text_of
from leverwatch.collectors.sources.sql.engines.interface import (
    A_DAY,
    ISO,
    Meaning,
    Opening,
    midnight,
    numbers_within,
    texts_within,
)

SETTINGS = (
    # A part of the rows must not be told as if it was all of them.
    ("timeout_overflow_mode", "'throw'"), ("read_overflow_mode", "'throw'"), ("group_by_overflow_mode", "'throw'"),
    ("sort_overflow_mode", "'throw'"), ("result_overflow_mode", "'throw'"), ("skip_unavailable_shards", "0"),
    ("distributed_group_by_no_merge", "0"),
)  # fmt: skip
"""What a session is set to, by the names that all versions have. Each has its unsafe value in some profiles."""
_UTC: ColumnElement[str] = sa.literal_column("'UTC'")
_REPLACES = re.compile(r"(Replacing|Collapsing)MergeTree")
_DISTRIBUTED = re.compile(r"Distributed\(\s*'?[^,']*'?\s*,\s*'?([^,']*)'?\s*,\s*'?([^,')]*)'?")
_CODE = re.compile(r"Code: (\d+)")
_WHOLE = re.compile(r"U?Int(8|16|32|64)")
_BUSY = Meaning(SourceUnavailable, "the server has no room for another query at the moment")
_BOUNDED = Meaning(SourceUnavailable, "a limit in the profile of the user ends the query; raise it for this user")
_CODES = {
    192: said.CREDENTIALS, 193: said.CREDENTIALS, 194: said.CREDENTIALS, 516: said.CREDENTIALS,
    291: said.PERMISSION, 497: said.PERMISSION,
    164: Meaning(PermissionRefused, "the statement would write, or set what the user may not"),
    60: said.NO_TABLE, 218: said.NO_TABLE,
    81: Meaning(said.NO_DATABASE.kind, "there is no such database; check `url` and `table`"),
    10: said.NO_COLUMN, 16: said.NO_COLUMN, 47: said.NO_COLUMN,
    36: said.NO_STATEMENT, 42: said.NO_STATEMENT, 46: said.NO_STATEMENT, 62: said.NO_STATEMENT,
    63: said.NO_STATEMENT,
    6: said.OTHER_TYPE, 27: said.OTHER_TYPE, 38: said.OTHER_TYPE, 41: said.OTHER_TYPE, 43: said.OTHER_TYPE,
    44: said.OTHER_TYPE, 48: said.OTHER_TYPE, 53: said.OTHER_TYPE, 70: said.OTHER_TYPE, 72: said.OTHER_TYPE,
    153: said.OTHER_TYPE, 386: said.OTHER_TYPE,
    159: said.TOO_LONG, 160: said.TOO_LONG, 394: said.TOO_LONG,
    198: said.NOBODY, 209: said.NOBODY, 210: said.NOBODY, 101: said.LOST, 102: said.LOST,
    279: Meaning(Unreachable, "a shard does not answer, and the rest is not taken for the whole"),
    107: said.NO_FILE, 400: said.NO_FILE, 76: said.NO_FILE, 636: said.NO_FILE,
    201: Meaning(RateLimited, "the quota of the user is used up"),
    202: _BUSY, 241: _BUSY,
    158: _BOUNDED, 191: _BOUNDED, 307: _BOUNDED, 396: _BOUNDED,
}  # fmt: skip
"""By the number of an error (`src/Common/ErrorCodes.cpp` of ClickHouse, which keeps them for ever)."""


class UnsafeProfile(Exception):
    """A user who may set nothing has a setting by which a part of the rows is told as if it was all of them."""


class ClickHouse:
    """As for `Engine` and `Looking`. Times are moments whatever zone a column or a server shows them in."""

    extra = "clickhouse"
    failures: tuple[type[Exception], ...] = ()
    # There was no other type for them for long.
    booleans_are_numbers = True
    # The greatest that a Date and a DateTime can be in the oldest versions.
    span = Days(date(1970, 1, 1), date(2105, 12, 31))

    def __init__(self, types: Types | None = None, *, is_final: bool = False, has_json: bool = True) -> None:
        self._types, self._is_final, self._has_json = types or {}, is_final, has_json
        self._query = f"leverwatch-{uuid4()}"
        self._killing = ""

    def opening(self, url: URL, base_dir: Path, seconds: float) -> Opening:  # noqa: ARG002 - what others need
        """As for `Engine`."""
        from clickhouse_driver.errors import Error
        from clickhouse_sqlalchemy.exceptions import DatabaseException

        # The run says what failed, in its own words; the driver would print a traceback.
        logging.getLogger("clickhouse_driver").setLevel(logging.CRITICAL)
        self.failures = (Error, DatabaseException, OSError, EOFError, UnsafeProfile)
        url = url.set(drivername="clickhouse+native") if url.drivername == "clickhouse" else url
        given = {"connect_timeout": CONNECT_SECONDS, "send_receive_timeout": ceil(seconds) + 5}
        added = {name: str(value) for name, value in given.items() if name not in url.query}
        url = url.update_query_dict(added)
        self._killing = url.set(drivername="clickhouse").render_as_string(hide_password=False)
        return Opening(url)

    def prepare(self, connection: Connection, seconds: float) -> None:
        """As for `Engine`."""
        driver: Any = connection.connection.dbapi_connection
        # Its own `close` does nothing.
        driver.close = driver.transport.disconnect
        # By its id, a query can be ended: a client that is gone ends none. Each has another, as the server may
        # still know the one before when the next begins.
        execute, numbers = driver.transport.execute, count(1)

        def named(*given: Any, **settings: Any) -> Any:
            return execute(*given, query_id=f"{self._query}-{next(numbers)}", **settings)

        driver.transport.execute = named
        restrict(connection, seconds)

    def end(self, driver: Any) -> None:
        """As for `Engine`."""
        from clickhouse_driver import Client
        from clickhouse_driver.errors import Error

        try:
            client = Client.from_url(self._killing)
            client.execute("KILL QUERY WHERE query_id LIKE %(id)s ASYNC", {"id": f"{self._query}-%"})
            client.disconnect()
        except (Error, OSError, EOFError):
            with suppress(OSError, AttributeError):
                driver.transport.connection.socket.shutdown(socket.SHUT_RDWR)

    def meaning(self, error: Any) -> Meaning | None:
        """As for `Engine`."""
        if isinstance(error, UnsafeProfile):
            return Meaning(SourceRefused, f"the profile of the user has another {error}; allow it `readonly = 2`")
        original = getattr(error, "orig", None) or error
        if isinstance(original, TimeoutError):
            return said.TOO_LONG
        if isinstance(original, EOFError | OSError):
            return said.LOST
        code = _CODE.search(str(original))
        return _CODES.get(int(code[1])) if code else None

    @property
    def kinds(self) -> dict[str, TypeEngine[Any]]:
        """As for `Looking`."""
        found: dict[str, TypeEngine[Any]] = {}
        for name in self._types:
            kind = self._type(sa.column(name))
            if "String" in kind and "(" not in kind:
                found[name] = sa.Text()
            elif _WHOLE.fullmatch(kind):
                found[name] = sa.BigInteger()
        return found

    def seen(self, connection: Connection, source: FromClause) -> ClickHouse:
        """As for `Looking`."""
        types = types_of(connection, source)
        known = "SELECT count() FROM system.functions WHERE name = 'JSONType'"
        has_json = bool(connection.exec_driver_sql(known).scalar())
        return type(self)(types, is_final=replaces(connection, source), has_json=has_json)

    def shaped(self, statement: Select[Any]) -> Select[Any]:
        """As for `Looking`."""
        return shaped(statement, self._types, is_final=self._is_final)

    def moment(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """As for `Looking`."""
        return sa.func.toTimeZone(column, _UTC) if self._type(column).startswith("DateTime") else column

    def day(self, column: ColumnElement[Any], kind: TimeIs) -> ColumnElement[Any]:
        """As for `Engine`. A text that is no time must not end the statement."""
        if kind is TimeIs.TEXT:
            time = sa.func.toDate(sa.func.parseDateTimeBestEffortOrNull(column, _UTC), _UTC, type_=sa.Date)
            return sa.case((sa.func.match(column, ISO) == sa.literal_column("1"), time))
        if kind in A_DAY:
            unit: ColumnElement[int] = sa.literal_column(f"{A_DAY[kind]}")
            of_float = sa.func.floor(sa.func.divide(column, unit))
            days = of_float if self._is_fraction(column) else sa.func.intDiv(column, unit)
            return sa.func.toDate(sa.func.toInt32(days), type_=sa.Date)
        return sa.func.toDate(column, _UTC, type_=sa.Date)

    def within(self, column: ColumnElement[Any], kind: TimeIs, days: Days) -> Sequence[ColumnElement[bool]]:
        """As for `Engine`."""
        if kind in A_DAY:
            return numbers_within(column, kind, days)
        if kind is TimeIs.TEXT:
            return texts_within(column, days)
        if self._type(column).startswith("Date") and not self._type(column).startswith("DateTime"):
            return (column >= f"{days.first}", column <= f"{days.last}")
        # A moment by its number: a text would be one in the zone of the server.
        first, end = (int(midnight(day).timestamp()) for day in (days.first, days.last + DAY))
        return (column >= sa.func.toDateTime(first), column < sa.func.toDateTime(end))

    def key(self, column: ColumnElement[Any], keys: Sequence[str]) -> ColumnElement[Any]:
        """As for `Engine`; for JSON in a text, and for a Map, where dots are a part of the key."""
        return text_of(column, keys, self._type(column), has_json=self._has_json)

    def number(self, column: ColumnElement[Any], keys: Sequence[str]) -> ColumnElement[Any]:
        """As for `Engine`."""
        if keys:
            return sa.func.toFloat64OrNull(self.key(column, keys))
        is_text = isinstance(column.type, sa.String) or "String" in self._type(column)
        return number_of(column, is_text=is_text)

    def stored(self, number: ColumnElement[Any]) -> ColumnElement[Any]:
        """As for `TakesEveryBranch`."""
        return stored_of(number) if isinstance(number.type, sa.Integer) else number

    def is_within(self, number: ColumnElement[Any], most: ColumnElement[Any]) -> ColumnElement[bool]:
        """As for `TakesEveryBranch`."""
        is_whole = isinstance(number.type, sa.Integer)
        return within_of(number, most) if is_whole else number.between(sa.literal_column("0"), most)

    def _type(self, column: ColumnElement[Any]) -> str:
        """Return the type of a column without what says that it may be NULL; empty when it is not known."""
        kind = self._types.get(getattr(column, "name", ""), "")
        for wrapper in ("LowCardinality(", "Nullable("):
            kind = kind[len(wrapper) : -1] if kind.startswith(wrapper) else kind
        return kind

    def _is_fraction(self, column: ColumnElement[Any]) -> bool:
        return self._type(column).startswith(("Float", "Decimal", "BFloat"))


def restrict(connection: Connection, seconds: float) -> None:
    """Make a session one that can only read, and that answers in full within so many seconds or not at all."""
    asked = "SELECT value FROM system.settings WHERE name = 'readonly'"
    readonly = connection.exec_driver_sql(asked).scalar()
    wanted = [*SETTINGS, ("max_execution_time", f"{max(1, ceil(seconds))}")]
    if readonly != "1":
        set_ = ", ".join(f"{name} = {value}" for name, value in wanted)
        connection.exec_driver_sql(f"SET {set_}")
        if readonly == "0":
            connection.exec_driver_sql("SET readonly = 2")
        return
    # Nothing can be set by such a user.
    listed = ", ".join(f"'{name}'" for name, _ in SETTINGS)
    asked = f"SELECT name, value FROM system.settings WHERE name IN ({listed})"  # noqa: S608 - names of our own
    told: dict[str, str] = {row[0]: row[1] for row in connection.exec_driver_sql(asked)}
    wrong = [name for name, value in SETTINGS if told.get(name) not in (None, "", value.strip("'"))]
    if wrong:
        raise UnsafeProfile(wrong[0])


def types_of(connection: Connection, source: FromClause) -> dict[str, str]:
    """Return the types of the columns of a table or a statement."""
    if isinstance(source, sa.TableClause):
        text = f"SELECT * FROM {name_of(source)}"  # noqa: S608 - a quoted name
    else:
        every: Select[Any] = sa.select(sa.literal_column("*")).select_from(source)
        text = str(every.compile(connection, compile_kwargs={"literal_binds": True}))
    return {row[0]: row[1] for row in connection.exec_driver_sql(f"DESCRIBE ({text})").fetchall()}


def replaces(connection: Connection, source: FromClause) -> bool:
    """Return whether rows of a table replace others of its rows, which are there until they are merged."""
    if not isinstance(source, sa.TableClause):
        return False
    kind = _kind_of(connection, source.schema or "", source.name)
    local = _DISTRIBUTED.match(kind)
    if local is not None:
        kind = _kind_of(connection, local[1], local[2])
    return _REPLACES.search(kind) is not None


def _kind_of(connection: Connection, database: str, table: str) -> str:
    asked = sa.text(
        "SELECT engine_full FROM system.tables"
        " WHERE database = if(:database = '', currentDatabase(), :database) AND name = :name"
    )
    return connection.execute(asked, {"database": database, "name": table}).scalar() or ""
