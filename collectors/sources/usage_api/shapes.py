"""Reads the pages of an answer, and the days and amounts in them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import msgspec

from leverwatch.collectors.daily.window import DAY
from leverwatch.collectors.prepared import prepared

T = TypeVar("T")

_SECONDS = 86_400
LARGER = "the answer is not as documented: a bucket is larger than a UTC day"


def parsed(body: bytes, kind: type[T]) -> T:
    """Return a page as a value of a type; numbers may be texts of decimals.

    Raises:
        ValueError: it is none. The message has the place in the page, and no value.
    """
    try:
        return msgspec.json.decode(body, type=prepared(kind), strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(f"the answer is not as documented: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ValueError("the answer is no JSON") from None


def day_of_seconds(start: int) -> date:
    """Return the UTC day that begins at a time in seconds since 1970.

    Raises:
        ValueError: it is not the beginning of a UTC day.
    """
    if start % _SECONDS or not 0 <= start < 4_102_444_800:
        raise ValueError("the answer is not as documented: a bucket does not begin with a UTC day")
    return datetime.fromtimestamp(start, UTC).date()


def day_of_moment(start: datetime) -> date:
    """Return the UTC day that begins at a time.

    Raises:
        ValueError: it is not the beginning of a UTC day.
    """
    moment = _zoned(start).astimezone(UTC)
    if (moment.hour, moment.minute, moment.second) != (0, 0, 0):
        raise ValueError("the answer is not as documented: a bucket does not begin with a UTC day")
    return moment.date()


def day_between(start: datetime, end: datetime | None) -> date:
    """Return the UTC day that begins at a time and ends at another one, if that is known.

    Raises:
        ValueError: it is not the beginning of a UTC day, or more than a day is between both.
    """
    day = day_of_moment(start)
    if end is not None and _zoned(end) - _zoned(start) > DAY:
        raise ValueError(LARGER)
    return day


def _zoned(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def midnight(day: date) -> datetime:
    """Return the beginning of a UTC day."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def seconds(day: date) -> str:
    """Return the beginning of a UTC day in seconds since 1970, as a parameter."""
    return str(int(midnight(day).timestamp()))


def rfc3339(day: date) -> str:
    """Return the beginning of a UTC day as a parameter: `2026-11-28T00:00:00Z`."""
    return f"{day}T00:00:00Z"


def after(day: date) -> date:
    """Return the day after a day."""
    return day + DAY


def known(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that are known."""
    return {name: value for name, value in values.items() if value is not None}
