"""The fields of a record, and the paths to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leverwatch.collectors.counted_fields import COUNTED
from leverwatch.collectors.records.layout import Layout
from leverwatch.collectors.records.systems import Template as Template
from leverwatch.collectors.records.systems import parse_template as parse_template
from leverwatch.collectors.records.systems import system_lookup as system_lookup
from leverwatch.collectors.records.texts import text_of as text_of

Path = tuple[str, ...]
"""The keys from the record down to a value."""

FIELDS: tuple[str, ...] = (
    "time",
    "model",
    "request_id",
    "operation",
    "status",
    "input_tokens",
    "cached_input_tokens",
    "output_tokens",
    "cost_usd",
    "latency_ms",
    "trace_id",
    "inferences",
    "sample_rate",
    "cache_hit",
    "attempts",
    "tier",
    "cache_write_1h_tokens",
)
"""The fields that most records have, in the order of a row; of those that are `ADDED`, few have a value."""

ADDED = slice(15, 17)
"""The fields that were added when rows without them were stored already, and digests of rows."""


def without_added(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a row as it was before fields were added to it."""
    return (*row[: ADDED.start], *row[ADDED.stop :])


def with_added(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a row from before fields were added, with these fields unknown."""
    return (*row[: ADDED.start], *(None,) * (ADDED.stop - ADDED.start), *row[ADDED.start :])


EXTENDED_FIELDS: tuple[str, ...] = tuple(
    dict.fromkeys(line.of for line in COUNTED if line.of is not None and line.of not in FIELDS)
)
"""The other counted fields, which few records have. Rows end in them only for formats that read at least one of
them, to save time."""

ALL_FIELDS = frozenset((*FIELDS, *EXTENDED_FIELDS))

FIELD_INDEX: Mapping[str, int] = {
    **{name: index for index, name in enumerate(FIELDS)},
    **{name: index - len(EXTENDED_FIELDS) for index, name in enumerate(EXTENDED_FIELDS)},
}
"""The index of each field in a row with extended fields; that of an extended field is negative, from the end."""


def field_indexes(*, has_extended: bool) -> dict[str, int]:
    """Return the index of each field in a row with or without extended fields."""
    return {name: place for name, place in FIELD_INDEX.items() if has_extended or place >= 0}


def template_slice(*, has_extended: bool) -> slice:
    """Return the slice of a row that has the values of the system template."""
    return slice(len(FIELDS), -len(EXTENDED_FIELDS) if has_extended else None)


def row_layout(known: frozenset[str], width: int, *, has_extended: bool, settled: bool = False) -> Layout:
    """Returns where rows of so many values have each of the fields that they may tell; `settled` is as in
    `Layout`."""
    fields = {name: (place,) for name, place in field_indexes(has_extended=has_extended).items() if name in known}
    template = tuple((place,) for place in range(width)[template_slice(has_extended=has_extended)])
    return Layout(fields, template, settled)


def parse_path(text: str) -> Path:
    r"""Split a path at its dots; `\.` is a dot inside a key and `\\` a backslash.

    Raises:
        ValueError: the path or one of its keys is empty, or ends in a lone backslash.
    """
    keys, key, escaped = [], "", False
    for character in text:
        if escaped:
            key, escaped = key + character, False
        elif character == "\\":
            escaped = True
        elif character == ".":
            keys.append(key)
            key = ""
        else:
            key += character
    keys.append(key)
    if escaped or not all(keys):
        raise ValueError(r"a path is keys joined by dots, none of them empty (a dot inside a key is written \.)")
    return tuple(keys)


class PromptPath(str):
    """A path to a prompt or to its version: the value there may have any type."""

    __slots__ = ()


def mapped(fields: Mapping[str, str | None]) -> dict[str, str]:
    """The fields that are mapped, in the order of a row."""
    return {name: path for name in (*FIELDS, *EXTENDED_FIELDS) if (path := fields.get(name)) is not None}
