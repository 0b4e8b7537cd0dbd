"""How texts write numbers: with which decimal sign, and with which sign between thousands. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from leverwatch.collectors.records.field_values import MULTIPLES, without_multiple

Scalar = str | int | float | bool
_SEPARATORS = ".,'\u2019 \u00a0\u202f_"
_MOSTLY = 0.9
_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_MULTIPLE = re.compile(rf"\d[\d.,]* ?[{''.join(MULTIPLES)}]")
_LONGEST = 40
_LOOKED_AT = 2000


@dataclass(frozen=True, slots=True)
class Numerals:
    """The signs of numbers."""

    decimal: str = "."
    thousands: str = ""
    """Empty: thousands have no sign."""
    is_sure: bool = True
    """Whether no other signs would read all the numbers as well."""
    multiples: bool = False
    """Whether thousands and millions are written with a letter, as in `1.2k`."""

    @property
    def is_plain(self) -> bool:
        """Whether numbers are written as programs write them."""
        return self.decimal == "." and not self.thousands and not self.multiples

    @property
    def settings(self) -> dict[str, str | bool]:
        """The settings of a field that has such numbers."""
        return {
            **({"decimal": self.decimal} if self.decimal != "." else {}),
            **({"thousands": self.thousands} if self.thousands else {}),
            **({"multiples": True} if self.multiples else {}),
        }

    @property
    def pattern(self) -> re.Pattern[str]:
        """The numbers that are written so."""
        fraction = rf"(?:{re.escape(self.decimal)}\d+)?"
        if not self.thousands:
            return re.compile(rf"[+-]?\d+{fraction}", re.ASCII)
        return re.compile(rf"[+-]?(?:[1-9]\d{{0,2}}(?:{re.escape(self.thousands)}\d{{3}})*|0){fraction}", re.ASCII)


PLAIN = Numerals()
_READINGS = [
    Numerals(decimal, thousands)
    for decimal in ".,"
    for thousands in ("", *_SEPARATORS)
    if thousands != decimal and (decimal, thousands) != (".", "")
]


def numerals_of(texts: Sequence[str], *, whole: bool = False) -> Numerals:
    """Return how these texts write numbers, plainly if nothing else is better.

    Args:
        texts: the values of one field.
        whole: whether the numbers are counts, which have no fractions.
    """
    some = [text.strip() for text in texts[:_LOOKED_AT] if text.strip()]
    if not some or not any(sign in text for text in some for sign in (*_SEPARATORS, *MULTIPLES)):
        return PLAIN
    if any(map(_MULTIPLE.fullmatch, some)):
        # Fractions of a thousand are no fractions of what is counted.
        return replace(numerals_of([without_multiple(it)[0] for it in some]), multiples=True)
    fitting = [reading for reading in _READINGS if _fits(some, reading)]
    plain = _fits_plainly(some)
    if whole:
        # 1.234 is no count of anything, and where 1.000 stands beside it neither is that.
        dotted = [text for text in some if "." in text]
        if plain and any(not float(text).is_integer() for text in dotted if _PLAIN.fullmatch(text)):
            plain = False
        if plain and dotted and all(re.fullmatch(r"[1-9]\d{0,2}(\.\d{3})+", text) for text in dotted):
            plain = not any(reading.thousands == "." for reading in fitting)
        fitting = [reading for reading in fitting if _are_whole(some, reading)] or fitting
    if plain:
        return Numerals(is_sure=not any(_differs(some, reading) for reading in fitting))
    if not fitting:
        return PLAIN
    # Signs that some text needs, and thousands before decimals: 1,234 and 8,954 are counts more often than not.
    best = min(fitting, key=lambda it: (not it.thousands if whole else bool(it.thousands), it.decimal != "."))
    rivals = [other for other in fitting if not whole or other.thousands]
    return Numerals(best.decimal, best.thousands, all(_same(some, best, other) for other in rivals))


def _fits_plainly(texts: Sequence[str]) -> bool:
    return sum(_PLAIN.fullmatch(text) is not None for text in texts) >= _MOSTLY * len(texts)


def _fits(texts: Sequence[str], reading: Numerals) -> bool:
    pattern = reading.pattern
    used = [text for text in texts if pattern.fullmatch(text)]
    # Where thousands have the point, the decimal sign is the comma, whether one is seen or not.
    sign = reading.thousands or reading.decimal
    return len(used) >= _MOSTLY * len(texts) and any(sign in text for text in used)


def _are_whole(texts: Sequence[str], reading: Numerals) -> bool:
    numbers = [_read(text, reading) for text in texts]
    return all(number is None or number.is_integer() for number in numbers)


def _differs(texts: Sequence[str], reading: Numerals) -> bool:
    return not _same(texts, PLAIN, reading)


def _same(texts: Sequence[str], one: Numerals, other: Numerals) -> bool:
    return all(_read(text, one) == _read(text, other) for text in texts)


def _read(text: str, numerals: Numerals) -> float | None:
    if numerals.multiples:
        bare, times = without_multiple(text)
        number = _read(bare, replace(numerals, multiples=False))
        return None if number is None else round(number * times, 6)
    if numerals.is_plain:
        return _float(text) if _PLAIN.fullmatch(text) else None
    if not numerals.pattern.fullmatch(text):
        return None
    if numerals.thousands:
        text = text.replace(numerals.thousands, "")
    return _float(text.replace(numerals.decimal, "."))


def _float(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def number_of(value: object, numerals: Numerals = PLAIN) -> float | None:
    """Return a value as a number; None when it is none, or a boolean."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        try:
            number = float(value)
        except OverflowError:
            return None
        return number if math.isfinite(number) else None
    text = str(value).strip()
    return _read(text, numerals) if len(text) <= _LONGEST else None
