"""Finds the format of times that no ISO reader takes. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from leverwatch.collectors.records.time_forms import bare, has_stars, inside
from leverwatch.collectors.records.timestamps import parse_time

_MOSTLY = 0.95
_LOOKED_AT = 3000
_NUMERIC = re.compile(r"\d{1,2}([./-])\d{1,2}\1(?:\d{4}|\d{2})(?!\d)", re.ASCII)
_YEAR_FIRST = re.compile(r"\d{4}([./-])\d{1,2}\1\d{1,2}(?!\d)", re.ASCII)
_NAMED = re.compile(r"(?:([A-Z][a-z]{2}),? )?\d{1,2}([ /-])([A-Z][a-z]{2,8})\2\d{4}", re.ASCII)
_AMERICAN = re.compile(r"(?:[A-Z][a-z]{2},? )?([A-Z][a-z]{2,8})\.? \d{1,2},? \d{4}", re.ASCII)
_PACKED = re.compile(r"\d{8}(?=$|[T_ -]?\d{4})", re.ASCII)
_UNIX = re.compile(r"[A-Z][a-z]{2} [A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d \d{4}", re.ASCII)
_CLOCK = re.compile(
    r"(?P<joint>T|, |\] ?\[| um | à | - | @ |:|_|"
    r" +)(?P<hour>\d{1,2})(?P<colon>[:.])\d\d(?P<second>(?P=colon)\d\d)?(?P<sign>[.,])?(?P<part>\d{1,6})?"
    r"(?P<half> ?[AaPp]\.?[Mm]\.?)?(?P<zone> ?(?:Z|[+-]\d\d:?\d\d))?",
)
_PACKED_CLOCK = re.compile(r"(?P<joint>[T_ -]?)\d{4}(?P<second>\d\d)?(?P<zone>Z|[+-]\d\d:?\d\d)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Moments:
    """How the times of a field are written."""

    format: str
    """As `strptime` takes it."""
    other: str | None = None
    """Another format that reads all of them as well: day and month may be the other way round."""


def moments_of(values: Sequence[object], *, day_first: bool) -> Moments | None:
    """Return the format of these times; None when they have none that is known, or are read without one.

    Args:
        values: the values of one field.
        day_first: whether days are written before months where nothing else tells.
    """
    texts = [str(value).strip() for value in values[:_LOOKED_AT]]
    if not texts or any(not isinstance(value, str) for value in values):
        return None
    fitting: list[str] = []
    for format_ in dict.fromkeys(_formats(texts[0])):
        read = _read(texts, format_)
        if len(read) >= _MOSTLY * len(texts):
            fitting.append(format_)
    if not fitting:
        return None
    if len(fitting) == 1:
        return Moments(fitting[0])
    # Logs are written in the order of time, and the wrong order of day and month jumps about.
    ordered = [_disorder(_read(texts, format_)) for format_ in fitting]
    if ordered[0] != ordered[1]:
        best, worst = fitting if ordered[0] < ordered[1] else fitting[::-1]
        return Moments(best, worst if ordered[0][0] == ordered[1][0] else None)
    american = "%p" in fitting[0]
    by_habit = fitting if day_first and not american else fitting[::-1]
    return Moments(by_habit[0], by_habit[1])


def _read(texts: Sequence[str], format_: str) -> list[datetime]:
    found = []
    for text in texts:
        try:
            # Only compared with each other.
            found.append(datetime.strptime(text, format_).replace(tzinfo=None))  # noqa: DTZ007
        except ValueError:
            continue
    return found


def _disorder(moments: Sequence[datetime]) -> tuple[int, int]:
    """Return how often times go back, and the days that they cover."""
    back = sum(later.date() < earlier.date() for earlier, later in pairwise(moments))
    forth = sum(later.date() > earlier.date() for earlier, later in pairwise(moments))
    return min(back, forth), (max(moments) - min(moments)).days


def _formats(text: str) -> Iterator[str]:
    """Yield the formats that a text may have, those with the day before the month first."""
    if _UNIX.fullmatch(text):
        yield "%a %b %d %H:%M:%S %Y"
        return
    for length, dates in _dates(text):
        rest = text[length:]
        clock = "" if not rest else _clock(rest, packed=dates[0] == "%Y%m%d")
        if clock is not None:
            yield from (date + clock for date in dates)


def _dates(text: str) -> Iterator[tuple[int, list[str]]]:
    if match := _NUMERIC.match(text):
        sign = match[1]
        year = "%Y" if re.search(r"\d{4}$", match[0]) else "%y"
        # Nobody writes the month before the day with points between them.
        yield match.end(), [f"%d{sign}%m{sign}{year}", *([] if sign == "." else [f"%m{sign}%d{sign}{year}"])]
    if match := _YEAR_FIRST.match(text):
        yield match.end(), [f"%Y{match[1]}%m{match[1]}%d"]
    if match := _NAMED.match(text):
        weekday = "%a, " if match[1] and "," in match[0] else "%a " if match[1] else ""
        yield match.end(), [f"{weekday}%d{match[2]}{month}{match[2]}%Y" for month in _month(match[3])]
    if match := _AMERICAN.match(text):
        comma = "," if "," in match[0] else ""
        if match[0].startswith(match[1]):
            yield match.end(), [f"{month} %d{comma} %Y" for month in _month(match[1])]
    if match := _PACKED.match(text):
        yield match.end(), ["%Y%m%d"]


def _month(name: str) -> list[str]:
    return ["%b"] if len(name) == len("Mar") else ["%B"]


def _clock(text: str, *, packed: bool) -> str | None:
    match = _PACKED_CLOCK.fullmatch(text) if packed else None
    if match is not None:
        return f"{match['joint']}%H%M{'%S' if match['second'] else ''}{'%z' if match['zone'] else ''}"
    match = _CLOCK.fullmatch(text)
    if match is None:
        return None
    half = match["half"]
    if half is not None and "." in half:
        return None
    colon = match["colon"]
    seconds = f"{colon}%S" if match["second"] else ""
    part = f"{match['sign']}%f" if match["sign"] and match["part"] else ""
    zone = match["zone"] or ""
    return (
        f"{match['joint']}{'%I' if half else '%H'}{colon}%M{seconds}{part}"
        f"{(' ' if half[0] == ' ' else '') + '%p' if half else ''}"
        f"{(' ' if zone[0] == ' ' else '') + '%z' if zone else ''}"
    )


def readable(value: object, format_: str | None) -> datetime | None:
    """Return the time of a value by a format, or without one as `parse_time` does; None when it is not a time."""
    if format_ is None:
        return parse_time(value, UTC)
    text = str(value).strip()
    if has_stars(format_):
        text, format_ = inside(text, format_) or "", bare(format_)
    try:
        moment = datetime.strptime(text, format_)  # noqa: DTZ007 - UTC where it has no zone
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
