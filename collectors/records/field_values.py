"""Reads single values as a field map says they are written: numbers, times and words. Pure.

Every function here takes a value as JSON or a column has it, and raises `Mistyped` with the reason, which never
quotes the value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from leverwatch.collectors.counted_fields import Unit, amounts
from leverwatch.collectors.records.durations import milliseconds_of
from leverwatch.collectors.records.fields import text_of
from leverwatch.collectors.records.formats.interface import MAX_AMOUNT, MAX_COUNT, MIN_RATE
from leverwatch.collectors.records.names import NO_ID
from leverwatch.collectors.records.time_forms import bare, has_stars, inside, is_of_figures

NO_TIME = "not written as the field map says"
"""Stands for a time that is written in another way; it is no time."""
_LONGEST, _MOST_WORDS = 64, 1000
"""Characters of the longest word that is remembered, and how many are."""
_BLANKS = "\u00a0\u202f\u2009"
"""What programs put between thousands where one sees a blank."""
_MICROS = {"s": 1e6, "ms": 1e3, "us": 1.0, "ns": 1e-3}
_EARLIEST, _LATEST = 10**14, 10**17
"""Microseconds since the epoch: from 1973 to 5138, as for times whose unit is told by their size."""
_MOST_UNITS = 10**20
"""More of any unit are no time."""
PER_MILLISECOND: Mapping[str, float] = {"s": 0.001, "ms": 1.0, "us": 1_000.0, "ns": 1_000_000.0}
"""The number of each unit in a millisecond."""
TEXT = "text"
"""Stands for the unit of durations that are texts which say their own."""
PER_DOLLAR: Mapping[str, float] = {
    "cents": 100.0,
    "millis": 1_000.0,
    "micros": 1_000_000.0,
    "nanos": 1_000_000_000.0,
}
"""The number of each unit in a US dollar."""
MULTIPLES: Mapping[str, int] = {"k": 1000, "K": 1000, "M": 1_000_000}
"""How many the letter behind a number stands for."""
_DOLLARS = re.compile(
    r"(?P<minus>[+-]?)\s*(?:(?:US\s?\$|\$|USD)\s*)?(?P<number>.*?)(?:\s*(?:US\s?\$|\$|USD))?", re.IGNORECASE
)
"""A number with the sign of dollars before or behind it, or with none."""


class Mistyped(ValueError):
    """A value is not of the kind that its field has. `str()` gives the reason."""


class Written(Struct, frozen=True):
    """The signs in the numbers of a field: the decimal one, and what stands between thousands (empty: nothing).
    Without a decimal one both are those of all numbers of the source."""

    decimal: str
    thousands: str = ""
    dollars: bool = False
    """Whether a sign of US dollars may stand before or behind a number."""
    multiples: bool = False
    """Whether `k` or `M` may stand behind a number, for thousands and millions."""
    rounded: bool = False
    """Whether a fraction stands for the whole number next to it."""

    def signed_as(self, others: Written | None) -> Written:
        """Return the same with signs: where it has none of its own, those of the other numbers."""
        if self.decimal:
            return self
        signs = Written(".") if others is None else others
        return replace(self, decimal=signs.decimal, thousands=signs.thousands)

    def pattern(self) -> re.Pattern[str]:
        """Return the pattern of such a number; groups of thousands must be whole."""
        sign, between = re.escape(self.decimal), re.escape(self.thousands)
        between = f"[ {_BLANKS}]" if self.thousands.isspace() else between
        grouped = rf"\d{{1,3}}(?:{between}\d{{3}})+|" if between else ""
        whole = rf"(?:{grouped}\d+)(?:{sign}\d+)?"
        # People who write dollars write $.05 too.
        number = rf"(?:{whole}|{sign}\d+)" if self.dollars else whole
        return re.compile(rf"[+-]?{number}(?:[eE][+-]?\d{{1,3}})?", re.ASCII)


def number_reader(written: Written | None) -> Callable[[Any], float]:
    """Return the function that reads a finite number; a text of one is as `written` says (None: as in JSON)."""
    pattern = None if written is None else written.pattern()
    strips = "" if written is None else written.thousands + (_BLANKS if written.thousands.isspace() else "")
    change = str.maketrans({**dict.fromkeys(strips, ""), **({} if written is None else {written.decimal: "."})})

    def read(value: Any) -> float:
        if value.__class__ is int:
            whole: int = value
            return whole
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise Mistyped("expected a number")
        if isinstance(value, str):
            text = value.strip()
            if written is not None and written.dollars and len(text) <= _LONGEST:
                text = without_dollars(text)
            times = 1
            if written is not None and written.multiples:
                text, times = without_multiple(text)
            if pattern is not None and not pattern.fullmatch(text):
                raise Mistyped("expected a number, written as the field map says")
            number = _finite(_parsed(text if pattern is None else text.translate(change)))
            # What is written with a few figures has no more of them when it is a thousand times as much.
            return number if times == 1 else round(number * times, 6)
        return _finite(value)

    if written is not None and written.rounded:
        # Not even a little below zero is a number of tokens.
        return lambda value: number if (number := read(value)) < 0 else round(number)
    return read


def without_dollars(text: str) -> str:
    """Return a text without a sign of US dollars before or behind a number."""
    found = _DOLLARS.fullmatch(text)
    return text if found is None else found["minus"] + found["number"]


def without_multiple(text: str) -> tuple[str, int]:
    """Return a number without a `k` or an `M` behind it, and of how many it is a number."""
    times = MULTIPLES.get(text[-1:], 1)
    return (text, 1) if times == 1 else (text[:-1].rstrip(), times)


def _finite(number: float) -> float:
    # A whole number may be larger than any float.
    if not isinstance(number, int) and not math.isfinite(number):
        raise Mistyped("expected a number that is finite")
    return number


def _parsed(text: str) -> float:
    # An underscore between digits is a number in Python alone.
    if "_" in text or len(text) > 400:
        raise Mistyped("expected a number")
    try:
        return int(text) if text.isdecimal() else float(text)
    except ValueError:
        raise Mistyped("expected a number") from None


def as_count(number: float) -> int:
    """Return a number that must be whole, and from 0 to 2**53."""
    if not 0 <= number <= MAX_COUNT or number != int(number):
        raise Mistyped("expected a whole number from 0 to 2**53")
    return int(number)


def as_amount(number: float) -> float:
    """Return a number that must be from 0 to 1e15."""
    if not 0 <= number <= MAX_AMOUNT:
        raise Mistyped("expected a number from 0 to 1e15")
    return number


def as_calls(number: float) -> float:
    """Return a number of calls, of which there are only whole ones."""
    if as_amount(number) != int(number):
        raise Mistyped("expected a whole number of calls")
    return number


def as_rate(number: float) -> float:
    """Return a share that must be from 0.000001 to 1."""
    if not MIN_RATE <= number <= 1:
        raise Mistyped("expected a rate from 1e-6 to 1")
    return number


def as_milliseconds(unit: str) -> Callable[[float], float]:
    """Return the function that converts a duration in a unit."""
    per = PER_MILLISECOND[unit]
    return lambda number: as_amount(as_amount(number) / per)


def duration_reader() -> Callable[[Any], float]:
    """Return the function that reads a duration in ms from a text that says its unit."""

    def read(value: Any) -> float:
        found = milliseconds_of(value) if isinstance(value, str) else None
        if found is None:
            raise Mistyped("expected a duration with its unit, such as 1.2s")
        return as_amount(found)

    return read


def as_dollars(unit: str) -> Callable[[float], float]:
    """Return the function that converts a cost in a part of a US dollar."""
    per = PER_DOLLAR[unit]
    return lambda number: as_amount(number) / per


BOUNDED: Mapping[str, Callable[[float], float]] = {
    **dict.fromkeys(amounts(), as_amount),
    **dict.fromkeys(amounts(Unit.TOKENS), as_count),
    **dict.fromkeys(("attempts", "errors"), as_amount),
    "inferences": as_calls,
    "sample_rate": as_rate,
}
"""By field that is a number, the function that keeps it within its bounds."""


def text_reader(name: str) -> Callable[[Any], Any]:
    """Return the function that reads the value of a field that is a text; None when a text says nothing."""
    also: tuple[type, ...] = _SCALARS.get(name, ())
    nothing = NO_ID if name == "request_id" else frozenset({""})

    def read(value: Any) -> Any:
        if isinstance(value, str):
            return None if value.strip().lower() in nothing else value
        if isinstance(value, also) and (bool in also or not isinstance(value, bool)):
            return value
        raise Mistyped("expected a text")

    return read


_SCALARS: Mapping[str, tuple[type, ...]] = {
    "request_id": (int,),
    "trace_id": (int,),
    "status": (int, bool),
    "cache_hit": (int, bool),
    "valid": (int, bool),
    "schema_mode": (int, bool),
    "tier": (int, float, bool),
}
"""By field, what its value may be beside a text."""


class Words(Struct, frozen=True):
    """The words of a producer that have one meaning."""

    meaning: str
    exact: frozenset[str] = frozenset()
    """In lower case."""
    prefixes: tuple[str, ...] = ()
    present: bool = False
    """Whether any value has it that has no other one."""

    def lists(self, word: str) -> bool:
        """Return whether a word, in lower case, is one of them or begins as one."""
        return word in self.exact or word.startswith(self.prefixes)


def word_reader(words: Sequence[Words], *, as_text: bool = False) -> Callable[[Any], Any]:
    """Return the function that replaces a producer's word with its meaning; any other value stays as it is, or
    becomes a text where the field can have nothing else.

    Words are compared as texts, in lower case; a whole word comes before a prefix, and this before any value.
    """
    exact = {word: entry.meaning for entry in words for word in entry.exact}
    prefixes = tuple((prefix, entry.meaning) for entry in words for prefix in entry.prefixes)
    present = next((entry.meaning for entry in words if entry.present), None)

    met: dict[str, Any] = {}

    def read(value: Any) -> Any:
        if value.__class__ is not str or len(value) > _LONGEST:
            return _read(value)
        try:
            return met[value]
        except KeyError:
            if len(met) >= _MOST_WORDS:
                met.clear()
            return met.setdefault(value, _read(value))

    def _read(value: Any) -> Any:
        if not isinstance(value, str | int | float):
            raise Mistyped("expected a word")
        text = text_of(value).lower()
        if not text:
            return None
        if text in exact:
            return exact[text]
        found = next((meaning for prefix, meaning in prefixes if text.startswith(prefix)), present)
        if found is not None:
            return found
        # What the field of no word map could have is left as it is; a fraction is no status.
        return text if isinstance(value, float) or (as_text and not isinstance(value, str)) else value

    return read


def time_reader(form: str | None, unit: str | None) -> Callable[[Any], Any]:
    """Return the function that reads a time that is written in a form, or is a number of units since 1970.

    The result is a time as records have it; `NO_TIME` for one that is written in another way.
    """
    if form is not None:
        return lambda value: _formatted(value, form)
    if unit is not None:
        return lambda value: _since_epoch(value, unit)
    return _any_time


def _any_time(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Mistyped("expected a time")
    return value if text_of(value) else None


def _formatted(value: Any, form: str) -> str | None:
    text = text_of(_any_time(value))
    if not text:
        return None
    if len(text) > _LONGEST:
        return NO_TIME
    if has_stars(form):
        text, form = inside(text, form) or "", bare(form)
    try:
        # Without a zone the source says what it means.
        return datetime.strptime(text, form).isoformat()  # noqa: DTZ007
    except (ValueError, OverflowError):
        return NO_TIME


def _since_epoch(value: Any, unit: str) -> int | str | None:
    if _any_time(value) is None:
        return None
    try:
        number = number_reader(None)(value)
    except Mistyped:
        return NO_TIME
    if abs(number) >= _MOST_UNITS:
        return NO_TIME
    if isinstance(number, int):
        micros = number // 1000 if unit == "ns" else number * int(_MICROS[unit])
    else:
        micros = round(number * _MICROS[unit])
    return micros if _EARLIEST <= micros < _LATEST else NO_TIME


def form_fault(form: str) -> str | None:
    """Return what is wrong with the format of times; None when nothing is."""
    day = datetime(2031, 11, 23, 14, 35, 56, tzinfo=UTC)
    if has_stars(form) and not is_of_figures(form):
        return "has a star, with which it can have only %Y, %y, %m, %d, %H, %M, %S, %f and %z"
    form = bare(form)
    try:
        read = datetime.strptime(day.strftime(form), form)  # noqa: DTZ007
    except (ValueError, re.error, UnicodeError):
        return 'is no format of times, such as "%d.%m.%Y %H:%M:%S"'
    return None if read.date() == day.date() else 'does not tell the day, as "%d.%m.%Y" does'
