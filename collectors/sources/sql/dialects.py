"""What each database calls the UTC day of a row, a key of JSON and a number; right in any zone of a session."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.dialects import postgresql

from leverwatch.collectors.daily.window import DAY, Days
from leverwatch.collectors.sources.sql.config import TimeIs

_A_DAY = {TimeIs.SECONDS: 86_400, TimeIs.MILLISECONDS: 86_400_000, TimeIs.MICROSECONDS: 86_400_000_000}
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
_ISO = f"^({_DATE}){_CLOCK}{_OFFSET}$"
"""Every text of ISO 8601 that is a time, and no other: PostgreSQL ends a statement at one that is none."""


class Dialect(Protocol):
    """One kind of database."""

    def day(self, column: ColumnElement[Any], kind: TimeIs) -> ColumnElement[Any]:
        """Return the UTC day of a time."""
        ...

    def within(self, column: ColumnElement[Any], kind: TimeIs, days: Days) -> Sequence[ColumnElement[bool]]:
        """Return conditions that hold for all times of these UTC days, and maybe for others, and that an index on
        the column serves."""
        ...

    def key(self, column: ColumnElement[Any], keys: Sequence[str]) -> ColumnElement[Any]:
        """Return the text of a value within a JSON column; NULL when there is none."""
        ...

    def number(self, column: ColumnElement[Any], keys: Sequence[str]) -> ColumnElement[Any]:
        """Return a number in a column, or within a JSON column when there are keys; NULL when there is none."""
        ...


def _numbers(column: ColumnElement[Any], kind: TimeIs, days: Days) -> Sequence[ColumnElement[bool]]:
    unit = _A_DAY[kind] // 86_400
    first, end = (_midnight(day).timestamp() for day in (days.first, days.last + DAY))
    return (column >= int(first) * unit, column < int(end) * unit)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


class PostgreSql:
    """PostgreSQL."""

    def day(self, column: ColumnElement[Any], kind: TimeIs) -> ColumnElement[Any]:
        """As for `Dialect`. `date_trunc` and a plain cast would ask the session for its zone."""
        if kind is TimeIs.UTC:
            return sa.cast(column, sa.Date)
        if kind in _A_DAY:
            since = sa.cast(sa.func.floor(column / sa.literal_column(f"{_A_DAY[kind]}.0")), sa.Integer)
            return sa.literal_column("date '1970-01-01'", sa.Date) + since
        zoned = column
        if kind is TimeIs.TEXT:
            # A text that is no time must not end the statement.
            zoned = sa.case((column.op("~")(_ISO), sa.cast(column, sa.DateTime(timezone=True))))
        return sa.cast(sa.func.timezone(_UTC, zoned), sa.Date)

    def within(self, column: ColumnElement[Any], kind: TimeIs, days: Days) -> Sequence[ColumnElement[bool]]:
        """As for `Dialect`."""
        if kind in _A_DAY:
            return _numbers(column, kind, days)
        if kind is TimeIs.TEXT:
            # Texts with other offsets are not in the order of their times: a day more on both sides has them all.
            return (column >= f"{days.first - DAY}", column < f"{days.last + DAY * 3}")
        zoned = kind is TimeIs.ZONED
        # As text with its own zone: drivers drop the zone of a parameter, or add that of the session.
        first, end = (
            sa.cast(_midnight(day).isoformat() if zoned else f"{day} 00:00:00", sa.DateTime(timezone=zoned))
            for day in (days.first, days.last + DAY)
        )
        return (column >= first, column < end)

    def key(self, column: ColumnElement[Any], keys: Sequence[str]) -> ColumnElement[Any]:
        """As for `Dialect`; for `json` and `jsonb`."""
        path = postgresql.array([sa.literal(key, sa.Text) for key in keys])
        return column.op("#>>", return_type=sa.Text())(sa.cast(path, postgresql.ARRAY(sa.Text)))

    def number(self, column: ColumnElement[Any], keys: Sequence[str]) -> ColumnElement[Any]:
        """As for `Dialect`. A text that is no number must not end the statement."""
        if not keys:
            return column
        text = self.key(column, keys)
        plain = text.op("~")(r"^-?[0-9]{1,18}(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,2})?$")
        return sa.case((plain, sa.cast(text, sa.Numeric)))


class Sqlite:
    """SQLite, whose columns may have values of any type."""

    def day(self, column: ColumnElement[Any], kind: TimeIs) -> ColumnElement[Any]:
        """As for `Dialect`. Its functions of time are in UTC, and read offsets in texts."""
        if kind in _A_DAY:
            unit = _A_DAY[kind] // 86_400
            return sa.func.date(sa.cast(sa.func.floor(column / float(unit)), sa.Integer), "unixepoch")
        return sa.func.date(column)

    def within(self, column: ColumnElement[Any], kind: TimeIs, days: Days) -> Sequence[ColumnElement[bool]]:
        """As for `Dialect`."""
        if kind in _A_DAY:
            return _numbers(column, kind, days)
        return (column >= f"{days.first - DAY}", column < f"{days.last + DAY * 3}")

    def key(self, column: ColumnElement[Any], keys: Sequence[str]) -> ColumnElement[Any]:
        """As for `Dialect`; a column that has no JSON has no key."""
        path = "$" + "".join(f'."{key}"' for key in keys)
        return sa.case((sa.func.json_valid(column) == 1, sa.func.json_extract(column, path)))

    def number(self, column: ColumnElement[Any], keys: Sequence[str]) -> ColumnElement[Any]:
        """As for `Dialect`."""
        value = self.key(column, keys) if keys else column
        digits = sa.and_(value.op("GLOB")("[0-9]*"), sa.not_(value.op("GLOB")("*[^0-9.]*")))
        return sa.case(
            (sa.func.typeof(value).in_(["integer", "real"]), value),
            (sa.and_(sa.func.typeof(value) == "text", digits), sa.cast(value, sa.Numeric)),
        )


DIALECTS: dict[str, Dialect] = {"postgresql": PostgreSql(), "sqlite": Sqlite()}
