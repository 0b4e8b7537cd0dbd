"""Decodes JSON into typed values, with the deviations of programs that write eval results."""

from __future__ import annotations

import math
import re
from typing import Any, TypeVar

import msgspec

from leverwatch.collectors.interface import Result
from leverwatch.collectors.prepared import prepared


class BadInput(Exception):
    """A file, or one result in it, cannot be used. `str()` gives the reason and never quotes content."""

    def __init__(self, result: Result, detail: str) -> None:
        super().__init__(detail)
        self.result = result


T = TypeVar("T")

# Python's own encoder writes NaN and Infinity, which JSON does not have.
_NO_NUMBER = re.compile(rb'("[^"\\]*+(?:\\.[^"\\]*+)*+")|-?(?:NaN|Infinity)', re.DOTALL)
# JavaScript may cut a text in the middle of a character, whose half is then no character.
_HALF = re.compile(
    rb"(\\[^u]|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)


def decode(data: bytes, kind: type[T]) -> T:
    """Decode JSON into a value of a type. `NaN` and `Infinity` become null, and lone surrogates become NUL.

    Raises:
        BadInput: it is not JSON, or does not have the type.
    """
    try:
        return _decode(data, kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return _decode(mend(data), kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadInput(Result.INVALID_LINE, "is not JSON") from None


def mend(data: bytes, no_number: bytes = b"null") -> bytes:
    """Return JSON with `no_number` for `NaN` and infinities, and NUL for lone surrogates."""
    mended = _HALF.sub(lambda match: match[1] or b"\\u0000", data)
    return _NO_NUMBER.sub(lambda match: match[1] or no_number, mended)


def _decode(data: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(data, type=prepared(kind))
    except msgspec.ValidationError as error:
        raise _mistyped(error) from None


def convert(value: Any, kind: type[T]) -> T:
    """Convert a decoded value into one of a type.

    Raises:
        BadInput: it does not have the type.
    """
    try:
        return msgspec.convert(value, prepared(kind))
    except msgspec.ValidationError as error:
        raise _mistyped(error) from None


def _mistyped(error: msgspec.ValidationError) -> BadInput:
    # The message has names of fields and types, and never a value: no type here has constraints or choices.
    text = str(error)
    missing = "missing required field" in text
    return BadInput(Result.MISSING_FIELD if missing else Result.MISTYPED_FIELD, text[0].lower() + text[1:])


def number(text: bytes) -> float:
    """Return a JSON number as float; NaN when the text is not a number, or a too large one."""
    try:
        value = decode(text, float)
    except BadInput:
        return math.nan
    return value
