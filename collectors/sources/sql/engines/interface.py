"""What one kind of database has to say of itself, and what several of them say alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, Protocol, Self, runtime_checkable

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, FromClause, Select
from sqlalchemy.engine import URL
from sqlalchemy.types import TypeEngine

from leverwatch.collectors.daily.errors import (
    CredentialsRefused,
    Locked,
    PermissionRefused,
    RateLimited,
    SchemaDiffers,
    TimedOut,
    Unreachable,
)
from leverwatch.collectors.daily.window import DAY, Days
from leverwatch.collectors.errors import CollectorError, SourceUnavailable
from leverwatch.collectors.sources.sql.config import TimeIs

A_DAY = {
    TimeIs.SECONDS: 86_400,
    TimeIs.MILLISECONDS: 86_400_000,
    TimeIs.MICROSECONDS: 86_400_000_000,
    TimeIs.NANOSECONDS: 86_400_000_000_000,
}
"""The length of a day in the unit of a number."""
_UTC: ColumnElement[str] = sa.literal_column("'UTC'")
"""Not a parameter: some drivers give each of them another number, and then a GROUP BY does not find its like."""

_CLOCK = r"[ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?"
_OFFSET = r" ?(Z|UTC|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)?"
_LEAP = r"[0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00"
_DATE = (
    r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|[0-9]{4}-(0[13-9]|1[0-2])-(29|30)"
    rf"|[0-9]{{4}}-(0[13578]|1[02])-31|({_LEAP})-02-29"
)
ISO = f"^({_DATE}){_CLOCK}{_OFFSET}$"
"""Every text of ISO 8601 that is a time, and no other, as a regular expression."""


class Meaning(Struct, frozen=True):
    """What an error means, in the settled vocabulary."""

    kind: type[CollectorError]
    said: str
    """What to fix; it quotes nothing."""


CREDENTIALS = Meaning(
    CredentialsRefused, "the user or the password is not accepted; check `url` and `password_file`"
)
PERMISSION = Meaning(PermissionRefused, "the user may not read it; grant SELECT on it to this user")
NO_TABLE = Meaning(SchemaDiffers, "there is no such table; check `table` or `preset`, and its schema")
NO_TABLE_OR_GRANT = Meaning(
    SchemaDiffers, "there is no such table, or the user may not read it; check `table`, or grant SELECT on it"
)
NO_SCHEMA = Meaning(SchemaDiffers, "there is no such schema; check `table`")
NO_DATABASE = Meaning(SchemaDiffers, "there is no such database; check `url`")
NO_COLUMN = Meaning(SchemaDiffers, "there is no such column; check `fields`, `only`, `not` and `system`")
OTHER_TYPE = Meaning(
    SchemaDiffers, "a column is of another type than its field needs; check `fields` and `time_is`"
)
NO_STATEMENT = Meaning(
    SchemaDiffers, "the statement is not understood there; check `statement`, `fields` and `system`"
)
TOO_LONG = Meaning(TimedOut, "the answer takes longer than `timeout`; an index on the column of the time helps")
LOCKED = Meaning(Locked, "it is locked by somebody else")
LOST = Meaning(Unreachable, "the connection was lost")
NOBODY = Meaning(Unreachable, "nobody answers at this address")
BUSY = Meaning(SourceUnavailable, "the server has no free connection")
STARTING = Meaning(Unreachable, "the server is stopping or starting")
THROTTLED = Meaning(RateLimited, "it asks for fewer questions; check `queries_per_hour` and its quota")
NO_FILE = Meaning(Unreachable, "there is no such file, or it cannot be opened")


class Opening(Struct, frozen=True):
    """How a database is connected to."""

    url: URL
    arguments: Mapping[str, Any] = {}


class Engine(Protocol):
    """One kind of database. Its expressions are right in any zone of a session."""

    extra: str
    """The extra of the package that brings its driver; empty when it needs none."""

    def opening(self, url: URL, base_dir: Path, seconds: float) -> Opening:
        """Return how to connect for reading, with answers within so many seconds."""
        ...

    def prepare(self, connection: Connection, seconds: float) -> None:
        """Make a session one that can only read, is in UTC, and ends statements after so many seconds."""
        ...

    def end(self, driver: Any) -> None:
        """End the running statement of a connection of the driver, from another thread."""
        ...

    def meaning(self, error: Any) -> Meaning | None:
        """Return what an error of the driver means; None when it says nothing that is known."""
        ...

    def day(self, column: ColumnElement[Any], kind: TimeIs) -> ColumnElement[Any]:
        """Return the UTC day of a time."""
        ...

    def within(self, column: ColumnElement[Any], kind: TimeIs, days: Days) -> Sequence[ColumnElement[bool]]:
        """Return conditions that hold for all times of these UTC days, and maybe for others, and that an index on
        the column serves."""
        ...

    def key(self, column: ColumnElement[Any], keys: Sequence[str]) -> ColumnElement[Any]:
        """Return the text of a value within a JSON column, `true` and `false` for booleans; NULL when there is
        none."""
        ...

    def number(self, column: ColumnElement[Any], keys: Sequence[str]) -> ColumnElement[Any]:
        """Return a number in a column, or within a JSON column when there are keys; NULL when there is none.

        Texts of numbers, within JSON or in a column that is known to have texts, are numbers.
        """
        ...


@runtime_checkable
class Looking(Engine, Protocol):
    """A database that looks at a table before it is asked, and is asked in another shape."""

    failures: tuple[type[Exception], ...]
    """Errors of the driver that SQLAlchemy does not wrap."""
    span: Days
    """All days that it can tell from one another."""

    @property
    def kinds(self) -> Mapping[str, TypeEngine[Any]]:
        """The types of those columns that are texts or whole numbers, once they were seen."""
        ...

    def seen(self, connection: Connection, source: FromClause) -> Self:
        """Return the database with what it has to know of a table."""
        ...

    def shaped(self, statement: Select[Any]) -> Select[Any]:
        """Return a statement of SELECTs within each other as the database runs it best."""
        ...

    def moment(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return a column of times as those of UTC: drivers lose the zone."""
        ...


@runtime_checkable
class TellsTypes(Protocol):
    """A database that has to know the types of some columns before it is asked."""

    def types(
        self, connection: Connection, table: FromClause, columns: Sequence[str]
    ) -> Mapping[str, TypeEngine[Any]]:
        """Return the types of those columns of a table that are texts or whole numbers.

        Raises:
            SQLAlchemyError: the database refuses it.
        """
        ...


@runtime_checkable
class HidesRows(Protocol):
    """A database that may leave rows out of an answer without an error, by who asks."""

    def hiding(self, connection: Connection) -> Sequence[tuple[str, str, bool]]:
        """Return the schema and the name of each table of which rows may be hidden from this user, and whether its
        name alone means it.

        Raises:
            SQLAlchemyError: the database refuses it.
        """
        ...


def types_of_nothing(
    connection: Connection,
    table: FromClause,
    columns: Sequence[str],
    type_of: Callable[[Any], TypeEngine[Any] | None],
) -> Mapping[str, TypeEngine[Any]]:
    """Return `types` as a driver describes an answer without rows; `type_of` has the type by what the driver calls
    it, None where it does not matter.

    Raises:
        SQLAlchemyError: the database refuses it.
    """
    nothing = sa.select(*(table.c[name] for name in columns)).where(sa.false())
    told: Any = connection.execute(nothing).cursor
    found = {it[0]: type_of(it[1]) for it in told.description}
    return {name: kind for name, kind in found.items() if kind is not None}


@runtime_checkable
class Collates(Protocol):
    """A database that takes different texts for the same, unless it is told not to."""

    def exact(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return a column whose texts are the same only when all their characters are."""
        ...


@runtime_checkable
class SumsEnd(Protocol):
    """A database where a sum of whole numbers that becomes too great ends the statement."""

    def summand(self, number: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return a number as it can be added up whatever the others are."""
        ...


@runtime_checkable
class BooleansAreNumbers(Protocol):
    """A database whose columns have 1 and 0 for true and false."""

    booleans_are_numbers: bool


@runtime_checkable
class Inlines(Protocol):
    """A database that puts the expressions of an inner SELECT in the place of each mention of them, unless it is
    told not to: each would be worked out several times."""

    def apart(self, select: Select[Any]) -> Select[Any]:
        """Return an inner SELECT whose expressions are worked out once a row."""
        ...


@runtime_checkable
class TakesEveryBranch(Protocol):
    """A database that works out every branch of a CASE for every row."""

    def stored(self, number: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return a number as it can be compared fastest: as the column has it, where it is a whole number."""
        ...

    def is_within(self, number: ColumnElement[Any], most: ColumnElement[Any]) -> ColumnElement[bool]:
        """Return whether a number is none below zero, and none above another one."""
        ...


@runtime_checkable
class HasMoreWords(Protocol):
    """A database with words of its own that its dialect does not know, and so does not quote where they are names:
    `nothing` is one of SQLite."""

    quotes_all: bool


def quoted(engine: Engine, name: str) -> str:
    """Return a name that is quoted whatever it is, where it may be a word of the database."""
    has_more = isinstance(engine, HasMoreWords) and engine.quotes_all
    return sa.sql.quoted_name(name, quote=True) if has_more else name


def has_infinity(engine: Engine) -> bool:
    """Return whether a time may be `infinity` there, which is later than all others and of no day."""
    return bool(getattr(engine, "infinity", False))


def apart(engine: Engine, select: Select[Any], name: str) -> FromClause:
    """Return an inner SELECT under a name, whose expressions are worked out once a row."""
    return (engine.apart(select) if isinstance(engine, Inlines) else select).subquery(name)


def exact(engine: Engine, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a column whose texts are grouped and compared character by character."""
    return engine.exact(column) if isinstance(engine, Collates) else column


def summed(engine: Engine, number: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the sum of a number over rows."""
    return sa.func.sum(engine.summand(number) if isinstance(engine, SumsEnd) else number)


def stores_booleans(engine: Engine) -> bool:
    """Return whether the database has 1 and 0 for booleans."""
    return isinstance(engine, BooleansAreNumbers) and engine.booleans_are_numbers


def midnight(day: date) -> datetime:
    """Return the beginning of a UTC day."""
    return datetime.combine(day, time(), UTC)


def numbers_within(column: ColumnElement[Any], kind: TimeIs, days: Days) -> Sequence[ColumnElement[bool]]:
    """Return the conditions of `within` for times that are numbers."""
    unit = A_DAY[kind] // 86_400
    first, end = (int(midnight(day).timestamp()) * unit for day in (days.first, days.last + DAY))
    return (column >= first, column < end)


def texts_within(column: ColumnElement[Any], days: Days) -> Sequence[ColumnElement[bool]]:
    """Return the conditions of `within` for times that are texts of ISO 8601.

    Texts with other offsets are not in the order of their times: a day more on both sides has them all.
    """
    return (column >= f"{days.first - DAY}", column < f"{days.last + DAY * 2}")


def utc_day(column: ColumnElement[Any], kind: TimeIs, of_text: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return `day` for databases that have `timezone` and add whole numbers to dates; `of_text` is the time of a
    text, NULL for one that is none.

    `date_trunc`, and a plain cast of a time with a zone, would ask the session for its own.
    """
    if kind is TimeIs.UTC:
        return sa.cast(column, sa.Date)
    if kind in A_DAY:
        # A cast of a quotient would round, and one of decimals has too few places for nanoseconds.
        number = f"{A_DAY[kind]}" if kind is TimeIs.NANOSECONDS else f"{A_DAY[kind]}.0"
        since = sa.cast(sa.func.floor(column.op("/")(sa.literal_column(number))), sa.Integer)
        return sa.literal_column("DATE '1970-01-01'", sa.Date) + since
    return sa.cast(sa.func.timezone(_UTC, of_text if kind is TimeIs.TEXT else column), sa.Date)


def times_within(column: ColumnElement[Any], kind: TimeIs, days: Days) -> Sequence[ColumnElement[bool]]:
    """Return the conditions of `within` for databases that read a time with its zone from a text."""
    if kind in A_DAY:
        return numbers_within(column, kind, days)
    if kind is TimeIs.TEXT:
        return texts_within(column, days)
    zoned = kind is TimeIs.ZONED
    # As text with its own zone, and no parameter: drivers drop the zone of one, or add that of the session.
    first, end = (
        sa.cast(sa.literal_column(f"'{text}'"), sa.DateTime(timezone=zoned))
        for day in (days.first, days.last + DAY)
        for text in [midnight(day).isoformat() if zoned else f"{day} 00:00:00"]
    )
    return (column >= first, column < end)


def json_path(keys: Iterable[str]) -> str:
    """Return keys as a path of JSON that several databases understand."""
    return "$" + "".join('."' + key.replace("\\", "\\\\").replace('"', '\\"') + '"' for key in keys)


def bracket_path(keys: Iterable[str]) -> str:
    """Return keys as a path of JSON with each key in brackets, where dots do not take every key."""
    return "$" + "".join('["' + key.replace("\\", "\\\\").replace('"', '\\"') + '"]' for key in keys)


def schema_of(engine: Engine, parts: Sequence[str]) -> str | None:
    """Return a schema as its dialect needs it; None without parts.

    Where it is within a catalog, some dialects (those whose engine has `quotes`) would quote both as one name.
    """
    quotes = getattr(engine, "quotes", "")
    if len(parts) < 2 or not quotes:
        return ".".join(parts) or None
    sign = quotes[0]
    named = ".".join(f"{sign}{part.replace(sign, sign * 2)}{sign}" for part in parts)
    return sa.sql.quoted_name(named, quote=False)
