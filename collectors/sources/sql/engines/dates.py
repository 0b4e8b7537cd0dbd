"""Days, and conditions on them, in the words that most warehouses share: `DATE '2026-01-31'` and typed literals.

Literals are made of days alone, and of nothing that a configuration has.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from leverwatch.collectors.daily.errors import SchemaDiffers
from leverwatch.collectors.daily.window import DAY, Days
from leverwatch.collectors.sources.sql.config import TimeIs
from leverwatch.collectors.sources.sql.engines.interface import A_DAY, numbers_within, texts_within

EPOCH_DAY: ColumnElement[Any] = sa.literal_column("DATE '1970-01-01'")
_HAS_ZONE = "(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)$"
HAS_ZONE: ColumnElement[str] = sa.literal_column(f"'{_HAS_ZONE}'")
"""The end of a text of ISO 8601 that names its zone, as a regular expression."""


class Sql(sa.types.UserDefinedType[Any]):
    """A type by its name in SQL, where a dialect would write another one."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **kw: Any) -> str:  # noqa: ARG002 - as SQLAlchemy calls it
        """Return the name."""
        return self.name


class Day(Sql):
    """A DATE whose values are sent as text: some drivers make a time of a date, and some dialects a number."""

    cache_ok = True

    def __init__(self) -> None:
        super().__init__("DATE")

    def bind_processor(self, dialect: Any) -> Callable[[Any], str]:  # noqa: ARG002 - as SQLAlchemy calls it
        """Return what makes a parameter of a date."""
        return str

    def literal_processor(self, dialect: Any) -> Callable[[Any], str]:  # noqa: ARG002 - as SQLAlchemy calls it
        """Return what makes a literal of a date."""
        return lambda value: f"'{value}'"

    def bind_expression(self, bindvalue: Any) -> ColumnElement[Any]:
        """Return a parameter as a date."""
        return sa.cast(bindvalue, self)


def number_of_days(column: ColumnElement[Any], kind: TimeIs, double: str) -> ColumnElement[Any]:
    """Return the whole days since 1970 of a number of that kind; `double` is what the database calls that type.

    A quotient of decimals is rounded to 1 digit by Trino, and to 4 or 6 by others, so that the evening would be of
    the next day. SQLAlchemy's own `/` makes such a decimal in some dialects.
    """
    day: ColumnElement[Any] = sa.literal_column(f"CAST({A_DAY[kind]} AS {double})")
    return sa.func.floor(column.op("/", precedence=8)(day))


def cast_or_null(
    value: ColumnElement[Any], kind: str, type_: Any = sa.types.NullType, cast: str = "try_cast"
) -> ColumnElement[Any]:
    """Return a value as one of that type of the database; NULL where it is none.

    A function to SQLAlchemy, as not every dialect has its TRY_CAST.
    """
    return getattr(sa.func, cast)(value.op("AS")(sa.literal_column(kind)), type_=type_)  # type: ignore[no-any-return]


def number_in(text: ColumnElement[Any], kind: str, cast: str = "try_cast") -> ColumnElement[Any]:
    """Return the number of that type in a text; NULL for another text."""
    return cast_or_null(text, kind, sa.Double, cast)


def tight(text: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a text of ISO 8601 with a T between day and clock, seconds, no space, and Z for UTC: all databases
    take it, and Spark no other with a zone."""
    rest = sa.func.replace(sa.func.replace(sa.func.substring(text, 17, 60), " ", ""), "UTC", "Z")
    seconds = sa.case((sa.func.substring(text, 17, 1) == ":", rest), else_=sa.func.concat(":00", rest))
    # Of two texts each, as one of them has no `concat` of three.
    minutes = sa.func.concat(sa.func.concat(sa.func.substring(text, 1, 10), "T"), sa.func.substring(text, 12, 5))
    return sa.func.concat(minutes, seconds)


def zoned_text(text: ColumnElement[Any], has_zone: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return `tight` with the zone UTC where a text names none: it would be in the zone of the session."""
    return sa.case((has_zone, tight(text)), else_=sa.func.concat(tight(text), "Z"))


def literals_within(
    column: ColumnElement[Any], kind: TimeIs, days: Days, zoned: str, naive: str
) -> Sequence[ColumnElement[bool]]:
    """Return the conditions of `within`; `zoned` and `naive` are how a midnight is written, `{}` its day."""
    if kind in A_DAY:
        return numbers_within(column, kind, days)
    if kind is TimeIs.TEXT:
        return texts_within(column, days)
    form = zoned if kind is TimeIs.ZONED else naive
    first, end = (_literal(form, day) for day in (days.first, days.last + DAY))
    return (column >= first, column < end)


def _literal(form: str, day: date) -> ColumnElement[Any]:
    return sa.literal_column(form.format(f"{day}"))


def refuse_names(column: ColumnElement[Any], never: Collection[str]) -> None:
    """Refuse names with signs that end a name there, as their dialect does not escape them.

    Raises:
        SchemaDiffers: there is such a name.
    """
    source: Any = getattr(column, "table", None)
    table: Any = getattr(source, "element", source)
    names = [*source.c.keys(), getattr(table, "name", None) or ""] if source is not None else []
    bad = next((name for name in names if set(never) & set(name)), None)
    if bad is not None:
        raise SchemaDiffers(f"{bad!r}: no name there can have such a sign; check `table`, `fields` and `system`")
