"""Values in columns of ClickHouse, by the type of the column. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Function

_NONE: ColumnElement[str] = sa.literal_column("''")
_NULL_WORD: ColumnElement[str] = sa.literal_column("'null'")
_QUOTE: ColumnElement[str] = sa.literal_column("'\"'")
_TEXT: ColumnElement[str] = sa.literal_column("'String'")
_NULL: ColumnElement[str] = sa.literal_column("'Null'")
_YES: ColumnElement[int] = sa.literal_column("1")
_STRING = r'"(?:[^"\\]|\\.)*"'
_DEEPEST = 6
"""How deep values beside the one that is looked for may be nested, where JSON is read by an expression."""


def number_of(column: ColumnElement[Any], *, is_text: bool) -> ColumnElement[Any]:
    """Return the number in a column, which may have texts; NULL when there is none.

    A sum of whole numbers would begin anew at 2^64 without a word, and numbers with and without a sign have no
    type in common. As a Float64 each number that counts is exact.
    """
    if is_text:
        return sa.func.toFloat64OrNull(sa.func.trim(column))
    # What it is known to be from its column, it is still.
    return sa.func.toFloat64(column, type_=sa.BigInteger if isinstance(column.type, sa.Integer) else None)


def text_of(column: ColumnElement[Any], keys: Sequence[str], kind: str, *, has_json: bool) -> ColumnElement[Any]:
    """Return the text of a value within a column; NULL when there is none.

    Args:
        column: the column.
        keys: the keys that lead to the value.
        kind: the type of the column.
        has_json: whether the server has functions for JSON in texts.
    """
    if kind.startswith("Map("):
        # Its keys are no path: those of traces have dots.
        key = sa.literal(".".join(keys), sa.String)
        value = sa.func.toString(sa.func.arrayElement(column, key), type_=sa.String)
        return sa.case((sa.func.mapContains(column, key) == _YES, value))
    if kind.startswith("JSON"):
        return sa.func.toString(sa.func.getSubcolumn(column, ".".join(keys)), type_=sa.String)
    if not has_json:
        return _found(column, keys)
    path = [sa.literal(key, sa.String) for key in keys]
    found = sa.func.JSONType(column, *path)
    return sa.case(
        (found == _TEXT, sa.func.JSONExtractString(column, *path, type_=sa.String)),
        (found != _NULL, sa.func.JSONExtractRaw(column, *path)),
    )


def _found(column: ColumnElement[Any], keys: Sequence[str]) -> ColumnElement[Any]:
    """Return `text_of` for servers before 19.5: their functions for JSON find a key on any level, and would take
    the number of one object for that of another."""
    value = Function("extract", column, sa.literal(_pattern(keys), sa.String), type_=sa.String)
    told = sa.func.visitParamExtractString(sa.func.concat('{"v":', value, "}"), "v")
    return sa.case(
        (sa.or_(value == _NONE, value == _NULL_WORD), sa.null()),
        (sa.func.substring(value, 1, 1) == _QUOTE, told),
        else_=value,
    )


def _pattern(keys: Sequence[str]) -> str:
    """Return a regular expression that finds a value by its keys, from the outermost object inwards."""
    nested = '[^{}[\\]"]'
    for _ in range(_DEEPEST):
        nested = rf'(?:[^{{}}[\]"]|{_STRING}|[{{[]{nested}*[}}\]])'
    ways = [rf'\s*\{{{nested}*?"{re.escape(json.dumps(key)[1:-1])}"\s*:' for key in keys]
    return rf"^{''.join(ways)}\s*({_STRING}|[{{[]{nested}*[}}\]]|[^\s,}}\]]+)"
