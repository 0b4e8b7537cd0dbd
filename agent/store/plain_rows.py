"""Reads many rows as the driver gives them: SQLAlchemy's own rows cost more than the rows themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Select

_AT_ONCE = 2_000
"""Rows that are held at the same time, where the driver does not hold all."""


def plain_rows(connection: Connection, query: Select[Any]) -> Iterator[tuple[Any, ...]]:
    """Yield all rows of a query as tuples, without what SQLAlchemy makes of their values: `day_of` is for days.

    Only for texts, numbers and days: times and JSON have another form in some databases.
    """
    for rows in parts_of_rows(connection, query):
        yield from rows


def parts_of_rows(connection: Connection, query: Select[Any]) -> Iterator[Sequence[tuple[Any, ...]]]:
    """Yield the `plain_rows` as the lists that they come in, none of them empty."""
    result = connection.execute(query)
    try:
        while rows := result.cursor.fetchmany(_AT_ONCE):
            yield rows
    finally:
        result.close()


def day_of(connection: Connection) -> Callable[[Any], date]:
    """Return what makes a day of such a value. The same day is the same object, which saves most of the memory."""
    return _parsed if connection.dialect.name == "sqlite" else _same


@lru_cache(maxsize=16_384)
def _parsed(text: str) -> date:
    return same_day(date.fromisoformat(text).toordinal())


def _same(day: date) -> date:
    return same_day(day.toordinal())


@lru_cache(maxsize=16_384)
def same_day(ordinal: int) -> date:
    """Return the day with an ordinal, always the same object."""
    return date.fromordinal(ordinal)
