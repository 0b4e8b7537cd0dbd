"""Tells a document that has its columns one by one from one of records. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from leverwatch.collectors.records.framing.columns import KEY, rows_of
from leverwatch.collectors.sniffing.places import is_day_key

_FEWEST_COLUMNS, _MOST = 2, 0.75
_WHY = (
    "columns one by one ({}), and no records: let the program write an object for each call instead, as"
    " to_json(orient='records') of pandas does"
)


def by_columns(documents: Sequence[Mapping[str, Any]]) -> str | None:
    """Return what is to be said of a document that has the values of each column together, in an array or under
    the numbers of rows; None when documents are none."""
    if len(documents) != 1:
        return None
    (document,) = documents
    numbered = [name for name, it in document.items() if isinstance(it, dict) and all(map(str.isdigit, it))]
    listed = [name for name, it in document.items() if isinstance(it, list) and not any(map(_is_nested, it))]
    for names in numbered, listed:
        lengths = {len(document[name]) for name in names}
        if len(names) >= max(_FEWEST_COLUMNS, _MOST * len(document)) and len(lengths) == 1 and max(lengths) > 1:
            return _WHY.format(", ".join(names[:4]))
    return None


def are_in_columns(documents: Sequence[Any]) -> bool:
    """Whether documents are tables whose rows can be told: those under keys by their numbers, or by their days."""
    tables = [rows_of(it) for it in documents]
    keys = [str(row[KEY]) for rows in tables for row in rows or () if KEY in row]
    return bool(tables) and all(tables) and (all(map(str.isdigit, keys)) or all(map(is_day_key, keys)))


def _is_nested(value: Any) -> bool:
    return isinstance(value, dict | list)
