"""Parses times of records: ISO 8601 with or without zone, as BigQuery, Go and HTTP write it, or epochs in seconds,
milli-, micro- or nanoseconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

EARLIEST = 1e8
"""Seconds since the epoch (March 1973). A smaller number is not taken for a time, but for a mistake such as
zero."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
A_MINUTE = timedelta(minutes=1)
A_MILLISECOND = timedelta(milliseconds=1)
UNITS = ((1e11, 1), (1e14, 1_000), (1e17, 1_000_000), (1e20, 1_000_000_000))
"""Pairs of a bound and the number of units in a second: a number below the bound is in that unit. From 1973 to
5138 the ranges do not overlap. A number at or above the last bound is not a time, and may be too large for a
float."""
_LATEST = UNITS[-1][0]
_LONGEST = 64
"""Characters of the longest text that is parsed, as very many digits take long or raise."""
_SECONDS = len("2026-03-10T08:00:")
_UNITS_OF = {len("00.000"): 1_000, len("00.000000"): 1_000_000}
"""How many units a second has, by the length of what is below a minute."""
_NAMED = re.compile(
    # BigQuery names UTC; Serilog writes the offset, Go its name too, and what its monotonic clock said.
    r"(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d{1,9})?) "
    r"(?:(?:UTC|GMT|Z)|([+-]\d\d:\d\d)|([+-]\d{4}) (?:[A-Z]{1,6}|[+-]\d{2,4}))(?: m=[+-]\d+\.\d+)?",
    re.ASCII,
)
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_OF_HTTP = re.compile(
    r"([A-Z][a-z]{2}), (\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d:\d\d:\d\d) (?:(?:GMT|UTC|Z)|([+-]\d{4}))", re.ASCII
)


def zone_named(name: str) -> tzinfo:
    """Return the time zone of a name such as `Europe/Berlin`. UTC needs no database of time zones.

    Raises:
        ValueError: no such zone exists, or this machine has no database of time zones.
    """
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("no such time zone") from None


def parse_time(value: object, zone: tzinfo) -> datetime | None:
    """Return the time of a record, in UTC; None when the value is not a time.

    A text without a time zone is in `zone`. Booleans, dates in the basic or week form of ISO 8601, years of two
    digits, zones that only have a name other than UTC and GMT, and times before 1973 are not accepted.
    """
    if not isinstance(value, str):
        return _from_epoch(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    text = value.strip()
    if len(text) > _LONGEST:
        return None
    if text[4:5] == "-" and text[7:8] == "-":
        return _from_iso(_numbered(text) if text.find(" ", 11) > 0 else text, zone)
    if text[3:5] == ", ":
        return _from_http(text)
    try:
        return _from_epoch(int(text) if text.isdecimal() else float(text))
    except ValueError:
        return None


def millis_of(value: object, zone: tzinfo) -> int:
    """Return the time of a record in milliseconds since the epoch, cut off below; 0 when the value is no time."""
    moment = parse_time(value, zone)
    return 0 if moment is None else (moment - EPOCH) // A_MILLISECOND


def _from_iso(text: str, zone: tzinfo) -> datetime | None:
    if text[11:13] == "24":  # Python takes 24:00 from 3.13 on
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            # Combining takes a quarter of the time of replacing the zone.
            moment = datetime.combine(moment, moment.time(), zone)
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment.year > 1972 else None


def _numbered(text: str) -> str:
    """Return a time with the offset of its zone instead of the zone's name; any other text unchanged."""
    match = _NAMED.fullmatch(text)
    return text if match is None else f"{match[1]}{match[2] or match[3] or 'Z'}"


def _from_http(text: str) -> datetime | None:
    """Read a time of RFC 1123 and 9110, which names its weekday."""
    match = _OF_HTTP.fullmatch(text)
    month = -1 if match is None else _MONTHS.find(match[3])
    if match is None or month % 3:
        return None
    day, number = match[2].zfill(2), month // 3 + 1
    moment = _from_iso(f"{match[4]}-{number:02}-{day}T{match[5]}{match[6] or 'Z'}", UTC)
    named = _from_iso(f"{match[4]}-{number:02}-{day}", UTC)
    # A weekday that is another one says that something else of the time is wrong too.
    return moment if named is not None and _DAYS[named.weekday()] == match[1] else None


def _from_epoch(number: float) -> datetime | None:
    if not EARLIEST <= number < _LATEST:
        return None
    for bound, parts in UNITS:  # noqa: B007 the parts of the first bound above the number
        if number < bound:
            break
    # Whole microseconds first: a float of nanoseconds cannot be divided without moving across midnight.
    try:
        micros = number * 1_000_000 // parts if isinstance(number, int) else round(number * 1_000_000 / parts)
        return EPOCH + timedelta(microseconds=micros)
    except OverflowError:
        return None


def elapsed_ms(start: object, end: object) -> float | None:
    """Return the milliseconds from `start` to `end`; None when one is not a time, or `end` is before `start`."""
    if isinstance(start, float) and isinstance(end, float) and EARLIEST < start <= end < UNITS[0][0]:
        # Both in seconds: the difference needs no time of day.
        return (round(end * 1e6) - round(start * 1e6)) / 1000
    if isinstance(start, str) and isinstance(end, str) and (elapsed := _within_a_minute(start, end)) is not None:
        return elapsed
    first, last = parse_time(start, UTC), parse_time(end, UTC)
    return None if first is None or last is None or last < first else (last - first).total_seconds() * 1000


def _within_a_minute(start: str, end: str) -> float | None:
    """Return the milliseconds between two texts of one form and minute, as most are; None for any other ones."""
    minute, first, last = start[:_SECONDS], start[_SECONDS:], end[_SECONDS:]
    if end[:_SECONDS] != minute or len(first) != len(last):
        return None
    if first[-1:] == "Z" and last[-1:] == "Z":
        first, last = first[:-1], last[:-1]
    units = _UNITS_OF.get(len(first))
    if units is None or first[2] != "." or last[2] != "." or not first[:2] <= last[:2] < "60":
        return None
    begun, ended = first[:2] + first[3:], last[:2] + last[3:]
    if not (begun.isdecimal() and ended.isdecimal() and begun <= ended and begun.isascii() and ended.isascii()):
        return None
    return (int(ended) - int(begun)) / units * 1000 if _is_minute(minute) else None


@lru_cache(maxsize=1024)
def _is_minute(text: str) -> bool:
    return text[-1] == ":" and parse_time(f"{text}00.000Z", UTC) is not None
