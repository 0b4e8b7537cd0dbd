"""The numbers that spans tell: tokens and costs. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping

from leverwatch.collectors.records.formats.dialects import TOKENS, Told, value_of
from leverwatch.collectors.records.formats.interface import MAX_AMOUNT, MAX_COUNT
from leverwatch.collectors.records.formats.producers import stands_beside
from leverwatch.collectors.records.formats.spans import Scalar
from leverwatch.collectors.records.tokens import Stands, Tokens, whole_tokens

TokensOfSpan = tuple[int | None, ...]
"""Numbers of tokens, in the order of `TOKENS`."""
NO_TOKENS: TokensOfSpan = (None,) * len(TOKENS)
_FIELDS = {
    "input": "input_tokens", "cached": "cached_input_tokens", "written": "cache_write_tokens",
    "output": "output_tokens", "reasoning": "reasoning_tokens", "cost": "cost_usd",
}  # fmt: skip
"""The fields of the numbers that are unknown when they cannot be read."""


class Mistyped(ValueError):
    """An attribute does not have the type that its name implies."""


def _count(told: Told) -> int:
    _, name, value = told
    if type(value) is int and 0 <= value <= MAX_COUNT:
        return value
    number = _number(name, value, MAX_COUNT)
    if not number.is_integer():
        raise Mistyped(f"{name}: expected a whole number from 0 to 2**53")
    return int(number)


def take_unreadable(told: dict[str, Told]) -> list[tuple[str, str]]:
    """Take the numbers out that cannot be read; return field and reason of each."""
    wrong: list[tuple[str, str]] = []
    for name, field in _FIELDS.items():
        try:
            if name in told:
                _ = amount_of(told[name]) if name == "cost" else _count(told[name])
        except Mistyped as error:
            del told[name]
            wrong.append((field, str(error)))
    return wrong


def readable_tokens(scope: str, told: dict[str, Told]) -> tuple[TokensOfSpan, list[tuple[str, str]]]:
    """Return the numbers of tokens that an instrumentation tells, with the parts inside their wholes.

    Takes those out that cannot be read, and returns field and reason of each.
    """
    wrong: list[tuple[str, str]] = []
    try:
        numbers = _tokens(told)
    except Mistyped:
        wrong = take_unreadable(told)
        numbers = _tokens(told)
    return whole_numbers(scope, numbers, value_of(told, "total")), wrong


def _tokens(told: Mapping[str, Told]) -> TokensOfSpan:
    return tuple([_count(told[name]) if name in told else None for name in TOKENS])


def whole_numbers(scope: str, numbers: TokensOfSpan, total: Scalar) -> TokensOfSpan:
    """Return numbers of tokens with the parts inside their wholes, as the instrumentation and its total tell."""
    taken, cached, written, output, reasoning = numbers
    if not (cached or written or reasoning):
        return numbers
    stands, proves = stands_beside(scope)
    if not proves:
        total = None
    proof = total if isinstance(total, int | float) and not isinstance(total, bool) else None
    fits = (cached or 0) + (written or 0) <= (taken or 0) and (reasoning or 0) <= (output or 0)
    if stands is Stands.UNSAID and fits and proof in (None, (taken or 0) + (output or 0)):
        # Nothing contradicts the conventions, which have the parts inside.
        return numbers
    whole = whole_tokens(Tokens(taken, cached, written, output, reasoning, proof), stands, Stands.UNSAID)
    return (_whole(whole.input), cached, written, _whole(whole.output), reasoning)


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


def amount_of(told: Told | None) -> float | None:
    """Return an amount; None when it is not told.

    Raises:
        Mistyped: it is no number, negative or too large.
    """
    return None if told is None else _number(told[1], told[2], MAX_AMOUNT)


def _number(name: str, value: Scalar, most: float) -> float:
    try:
        number = math.nan if value is None or isinstance(value, bool) else float(value)
    except (ValueError, OverflowError):
        number = math.nan
    if not 0 <= number <= most:
        raise Mistyped(f"{name}: expected a number from 0 to {most:.0e}")
    return number
