"""The settings `only` and `not`, which say by the values of a record whether it is a call."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from leverwatch.collectors.config import Model
from leverwatch.collectors.records.filters import Filter, ValueTest
from leverwatch.collectors.records.texts import text_of

_KINDS = "a value, a list of values, {prefix: text} or {present: true}"
_NO_VALUE = f"has a value that is no text, number or boolean (put a date in quotes); it is {_KINDS}"
Scalar = bool | int | float | str


class Prefix(Model):
    """The value begins with a text."""

    prefix: str


class Present(Model):
    """The record has a value, or has none."""

    present: bool
    """Null and an empty text are no values."""


def sound_entry(entry: Any) -> Any:
    """Return an entry as it is.

    Raises:
        ValueError: it is none; the message says in words why.
    """
    if isinstance(entry, Prefix | Present):
        return entry
    if isinstance(entry, Mapping):
        if set(entry) == {"prefix"} and isinstance(entry["prefix"], str) and entry["prefix"].strip():
            return entry
        if set(entry) == {"present"} and isinstance(entry["present"], bool):
            return entry
        raise ValueError(f"is none of {_KINDS}")
    values = entry if isinstance(entry, list | tuple) else [entry]
    if not values:
        raise ValueError("is an empty list, which no value is in")
    for value in values:
        if value is None or (isinstance(value, str) and not value.strip()):
            raise ValueError("compares with nothing; that a record has no value is written {present: false}")
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError("compares with a number that no record has")
        if not isinstance(value, bool | int | float | str):
            raise ValueError(_NO_VALUE)  # noqa: TRY004 pydantic takes it for the message
    return entry


_SCALAR: dict[str, Any] = {"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "boolean"}]}
ENTRY_SCHEMA: dict[str, Any] = {
    "anyOf": [
        *_SCALAR["anyOf"],
        {"type": "array", "items": _SCALAR, "minItems": 1},
        {
            "type": "object",
            "properties": {
                "prefix": {"type": "string", "description": "What the value begins with."},
                "present": {
                    "type": "boolean",
                    "description": "Whether the record has a value there; null and an empty text are none.",
                },
            },
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": False,
        },
    ]
}
Entry = Annotated[
    Scalar | tuple[Scalar, ...] | Prefix | Present, BeforeValidator(sound_entry), WithJsonSchema(ENTRY_SCHEMA)
]
Entries = Annotated[dict[str, Entry], Field(min_length=1)]
"""Entries by the path or the column of the value that each is about."""


def filter_of(only: Mapping[str, Any] | None, without: Mapping[str, Any] | None) -> Filter | None:
    """Return the filter that the two settings are; None when neither is set."""
    if not only and not without:
        return None
    chosen, other = (tuple((path, test_of(entry)) for path, entry in (it or {}).items()) for it in (only, without))
    return Filter(chosen, other)


def test_of(entry: Any) -> ValueTest:
    """Return the test that an entry is, as it is written or as it was read."""
    if isinstance(entry, Mapping):
        entry = Prefix(**entry) if "prefix" in entry else Present(**entry)
    if isinstance(entry, Prefix):
        return ValueTest(prefix=entry.prefix.lstrip())
    if isinstance(entry, Present):
        return ValueTest(present=entry.present)
    return ValueTest(frozenset(map(text_of, entry if isinstance(entry, list | tuple) else (entry,))))
