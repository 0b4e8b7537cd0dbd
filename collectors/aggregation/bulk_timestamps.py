"""Reads the times of many records at once: with a precision of one minute, and what lies below it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo
from itertools import compress
from typing import Any

import msgspec
from msgspec import Struct

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.timestamps import A_MINUTE, EARLIEST, EPOCH, UNITS, millis_of, parse_time

_KNOWN = 50_000
"""The largest number of remembered minutes; a month has 43,200."""

# A time with every digit replaced by a zero.
_FORM = re.compile(rb"0000-00-00[T ]00:00:00(?:\.0+)?(Z|[+-]00:00)?")
_TO_ZERO = bytes.maketrans(b"123456789", b"0" * 9)
_DATE = len("0000-00-00")
_TO_MINUTE = len("0000-00-00T00:00")
_MINUTE = len("0000-00-00T00:")
_SECOND = len("0000-00-00T00:00:")
_FRACTION = len("0000-00-00T00:00:00.")
_BELOW, _LEADING = b"100000,", 100_000
"""Seconds and milliseconds as a number of JSON, which must not begin with a zero."""
_numbers = msgspec.json.Decoder(list[int]).decode


class Stamp:
    """The minute in which a record was made, or why its time is refused."""

    __slots__ = ("day", "millis", "minute", "refusal")

    def __init__(self, minute: int, day: date, refusal: tuple[Result, str] | None = None) -> None:
        self.minute = minute
        """Minutes since the epoch."""
        self.millis = minute * 60_000 - _LEADING
        """The minute in milliseconds since the epoch, less what every number of `_BELOW` begins with."""
        self.day = day
        """The UTC day; of no meaning when the time is refused."""
        self.refusal = refusal
        """Why the time is refused; None when it is valid."""


MISSING = Stamp(0, date.min, (Result.MISSING_FIELD, "no time"))
BAD = Stamp(0, date.min, (Result.BAD_TIME, "not a time that an inference can have"))
FUTURE = Stamp(0, date.min, (Result.FUTURE, "later than the clock"))


def _stamp(moment: datetime | None) -> Stamp:
    return BAD if moment is None else Stamp((moment - EPOCH) // A_MINUTE, moment.date())


class _ByText(dict[str, Stamp]):
    """Stamps by the text of their minute; `rest` is the text of the zone behind the seconds."""

    def __init__(self, zone: tzinfo, rest: str) -> None:
        super().__init__()
        self._zone, self._rest = zone, f":00{rest}"

    def __missing__(self, minute: str) -> Stamp:
        stamp = self[minute] = _stamp(parse_time(minute + self._rest, self._zone))
        return stamp


class _ByMinute(dict[int, Stamp]):
    """Stamps by the number of their minute."""

    def __missing__(self, minute: int) -> Stamp:
        try:
            stamp = Stamp(minute, (EPOCH + timedelta(minutes=minute)).date())
        except OverflowError:
            stamp = BAD
        self[minute] = stamp
        return stamp


class Times(Struct, frozen=True):
    """The times of some records, as values and as stamps."""

    values: list[Any]
    stamps: list[Stamp]
    ordered: bool
    """Whether the largest value is the latest time; all of them have the same form then."""

    def only(self, which: Sequence[int]) -> Times:
        """Return the times whose flag is 1."""
        return Times(list(compress(self.values, which)), list(compress(self.stamps, which)), self.ordered)


class Stamps:
    """The stamps of one source; `zone` is what a time without a zone means.

    A stamp has the right day, and a minute in the right slot of `slot_minutes`, though perhaps not the right
    minute.

    Times of the same form are checked together and looked up by their minute; others are parsed one by
    one. The result is the same.
    """

    def __init__(self, zone: tzinfo, slot_minutes: int) -> None:
        self._zone, self._minutes = zone, slot_minutes
        self._by_text: dict[str, _ByText] = {}
        self._by_minute = _ByMinute()

    def read(self, values: list[Any], limit: datetime) -> Times:
        """Return a stamp for each time; a time later than `limit` is refused."""
        stamps = self._together(values) if values else []
        if stamps is not None:
            last = max((stamp.minute for stamp in set(stamps)), default=0)
            if last < (limit - EPOCH) // A_MINUTE:
                return Times(values, stamps, ordered=True)
        return Times(values, [self._one(value, limit) for value in values], ordered=False)

    def newest(self, times: Times) -> datetime | None:
        """Return the latest of these times, none of which is refused; None without any."""
        if not times.values:
            return None
        if times.ordered:
            return parse_time(max(times.values), self._zone)
        last = max(stamp.minute for stamp in set(times.stamps))
        pairs = zip(times.values, times.stamps, strict=True)
        latest = {value for value, stamp in pairs if stamp.minute == last}
        return max(moment for value in latest if (moment := parse_time(value, self._zone)))

    def millis(self, times: Times) -> list[int]:
        """Return each time in milliseconds since the epoch, cut off below; any number for one that is refused."""
        first = times.values[0] if times.values else None
        if times.ordered and isinstance(first, str):
            return self._millis_of_texts(times.values, first)
        if times.ordered and isinstance(first, int):
            parts = next(parts for bound, parts in UNITS if first < bound)
            return [value * 1000 // parts for value in times.values]
        return [
            0 if stamp.refusal else millis_of(value, self._zone)
            for value, stamp in zip(times.values, times.stamps, strict=True)
        ]

    def _millis_of_texts(self, values: Sequence[str], first: str) -> list[int]:
        """Return the milliseconds of texts that are all of one form, with digits where it has them."""
        form = _FORM.fullmatch(first.encode().translate(_TO_ZERO))
        zone = form.start(1) if form is not None and form[1] else len(first)
        text, width = "\n".join(values).encode(), len(first) + 1
        below = bytearray(_BELOW * len(values))
        digits = (_SECOND, _SECOND + 1, *range(_FRACTION, min(zone, _FRACTION + 3)))
        for to, at in enumerate(digits, 1):
            below[to :: len(_BELOW)] = text[at::width]
        below[-1:] = b"]"
        known = self._by_text[first[zone:]]
        return [
            known[value[:_TO_MINUTE]].millis + number
            for value, number in zip(values, _numbers(b"[" + below), strict=True)
        ]

    def _one(self, value: object, limit: datetime) -> Stamp:
        if value is None:
            return MISSING
        moment = parse_time(value, self._zone)
        return FUTURE if moment is not None and moment > limit else _stamp(moment)

    def _together(self, values: Sequence[Any]) -> list[Stamp] | None:
        if sum(map(len, self._by_text.values())) + len(self._by_minute) > _KNOWN:
            self._by_text.clear()
            self._by_minute.clear()
        try:
            text = "\n".join(values)
        except TypeError:  # not all of them are texts
            return self._numbers(values)
        return self._moments(text.encode(errors="surrogatepass"), values)

    def _moments(self, text: bytes, values: Sequence[str]) -> list[Stamp] | None:
        """Return the stamps of ISO times that all have the same form, given as `values` and as lines of `text`;
        else None."""
        width = len(values[0]) + 1
        form = text.translate(_TO_ZERO)
        match = _FORM.fullmatch(form, 0, width - 1)
        # No value can hold a newline when there are as many equal lines as values.
        if match is None or form != (form[:width] * len(values))[:-1]:
            return None
        zone = match.start(1) if match[1] else width - 1
        rest = values[0][zone:]
        # Local times are not in order when clocks are set back; only a zone without that has an offset of its own.
        if (not rest and self._zone.utcoffset(None) is None) or parse_time(values[0], self._zone) is None:
            return None
        if any(text[at::width] != text[at : at + 1] * len(values) for at in range(zone, width - 1)):
            return None
        # Minutes are parsed when they are looked up, or lie between two of one day; the seconds are left.
        if any(text[at::width].translate(None, b"012345") for at in (_MINUTE, _SECOND)):
            return None
        known = self._by_text.get(rest)
        if known is None:
            self._by_text[rest] = known = _ByText(self._zone, rest)
        low, high = min(values)[:_TO_MINUTE], max(values)[:_TO_MINUTE]
        one = self._one_for_all(known[low], known[high]) if low[:_DATE] == high[:_DATE] else None
        return [known[value[:_TO_MINUTE]] for value in values] if one is None else [one] * len(values)

    def _one_for_all(self, first: Stamp, last: Stamp) -> Stamp | None:
        """Return one stamp for all times from first to last if they share day and slot; else None."""
        alike = first.refusal is None and first.day == last.day
        return last if alike and first.minute // self._minutes == last.minute // self._minutes else None

    def _numbers(self, values: Sequence[Any]) -> list[Stamp] | None:
        """Return the stamps of epoch times that all have the same type and unit; else None."""
        kinds = set(map(type, values))
        if kinds != {int} and kinds != {float}:
            return None
        first, last = min(values), max(values)
        unit = next((unit for unit in UNITS if first < unit[0]), None)
        if unit is None or not (first >= EARLIEST and last < unit[0]):
            return None
        _, parts = unit
        known, length = self._by_minute, 60 * parts
        if kinds == {int}:
            if one := self._one_for_all(known[first // length], known[last // length]):
                return [one] * len(values)
            return [known[value // length] for value in values]
        try:
            # Rounded to microseconds first, as a single time is.
            return [known[round(value * 1_000_000 / parts) // 60_000_000] for value in values]
        except ValueError:  # one of them is not a number, which no comparison shows
            return None
