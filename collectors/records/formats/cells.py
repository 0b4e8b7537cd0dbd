"""Reads the cells of a table: numbers as spreadsheets write them, and what databases write for no value. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from leverwatch.collectors.counted_fields import Unit, amounts
from leverwatch.collectors.records.formats.interface import MAX_AMOUNT, MAX_COUNT, MIN_RATE

UNKNOWN = frozenset({"", r"\N", "NULL", "-", "--", "N/A", "n/a", "NaN", "nan", "None"})
"""What stands in a cell without a value, as databases, spreadsheets and programs write it."""
_CALLS = ("inferences", "attempts", "errors")
_BLANKS = " \u00a0\u202f\u2009"
"""Blanks between thousands: some spreadsheets write one that does not break a line."""
_QUOTES = "'\u2019"
Number = Callable[[str], float]


class Mistyped(ValueError):
    """A cell does not have the type of its column. `str()` says why, without the cell."""


def number_reader(decimal: str = ".", thousands: str = "") -> Number:
    """Return the function that reads a number with these signs; it raises ValueError for what is none.

    Thousands are taken for such in groups of three digits alone: `1.5` is no number where a dot separates them.
    """
    if decimal == "." and not thousands:
        return float
    group = "" if not thousands else next((it for it in (_BLANKS, _QUOTES) if thousands in it), thousands)
    grouped = rf"[0-9]{{1,3}}(?:[{re.escape(group)}][0-9]{{3}})+|" if group else ""
    number = re.compile(rf"([+-]?(?:{grouped}[0-9]*))(?:{re.escape(decimal)}([0-9]*))?([eE][+-]?[0-9]+)?")
    drop = str.maketrans("", "", group)

    def read(cell: str) -> float:
        found = number.fullmatch(cell)
        if found is None:
            raise ValueError("no number")
        whole, below, exponent = found.groups()
        return float(f"{whole.translate(drop)}.{below or ''}{exponent or ''}")

    return read


def _amount(read: Number) -> Number:
    def amount(cell: str) -> float:
        try:
            number = read(cell)
        except ValueError:
            raise Mistyped("expected a number") from None
        if not 0 <= number <= MAX_AMOUNT:
            raise Mistyped("expected a number from 0 to 1e15")
        return number

    return amount


def _calls(read: Number) -> Number:
    amount = _amount(read)

    def calls(cell: str) -> float:
        number = amount(cell)
        if not number.is_integer():
            raise Mistyped("expected a whole number of calls")
        return number

    return calls


def _rate(read: Number) -> Number:
    amount = _amount(read)

    def rate(cell: str) -> float:
        number = amount(cell)
        if not MIN_RATE <= number <= 1:
            raise Mistyped("expected a rate from 1e-6 to 1")
        return number

    return rate


def _count(read: Number) -> Callable[[str], int]:
    def count(cell: str) -> int:
        try:
            number = read(cell)
        except ValueError:
            raise Mistyped("expected a whole number") from None
        if not (0 <= number <= MAX_COUNT and number.is_integer()):
            raise Mistyped("expected a whole number from 0 to 2**53")
        return int(number)

    return count


_READERS: Mapping[str, Callable[[Number], Callable[[str], Any]]] = {
    **dict.fromkeys(amounts(), _amount),
    **dict.fromkeys(amounts(Unit.TOKENS), _count),
    **dict.fromkeys(_CALLS, _calls),
    "sample_rate": _rate,
}

_QUICK: Mapping[Any, Callable[[str], Any]] = {_count: int, _amount: float}
"""What reads most numbers of a kind, with their bounds still to be looked at."""


class Column:
    """Reads the cells of one column; `field` is what they are, empty for a text; `unknown` are the texts without a
    value."""

    def __init__(self, field: str, number: Number, unknown: frozenset[str] = UNKNOWN) -> None:
        self._unknown = unknown
        make = _READERS.get(field)
        self._convert = None if make is None else make(number)
        plain: Any = make if number is float else None
        self._quick: Callable[[str], Any] | None = _QUICK.get(plain)
        self._most = MAX_COUNT if plain is _count else MAX_AMOUNT

    def read(self, cells: Sequence[str]) -> tuple[list[Any], dict[int, str]]:
        """Return the values, None for those that are unknown, and by index why a cell cannot be read."""
        convert = self._convert
        if convert is None:
            return [None if cell in self._unknown else cell for cell in map(str.strip, cells)], {}
        if self._quick is not None:
            try:
                numbers = list(map(self._quick, cells))
            except ValueError:
                pass
            else:
                # A sum with a number that is none is none.
                if min(numbers) >= 0 and max(numbers) <= self._most and (total := sum(numbers)) == total:
                    return numbers, {}
        try:
            return [None if cell in UNKNOWN else convert(cell) for cell in map(str.strip, cells)], {}
        except Mistyped:
            return self._one_by_one(cells, convert)

    def _one_by_one(self, cells: Sequence[str], convert: Callable[[str], Any]) -> tuple[list[Any], dict[int, str]]:
        values: list[Any] = []
        wrong: dict[int, str] = {}
        for index, cell in enumerate(map(str.strip, cells)):
            value = None
            if cell not in UNKNOWN:
                try:
                    value = convert(cell)
                except Mistyped as error:
                    wrong[index] = str(error)
            values.append(value)
        return values, wrong
