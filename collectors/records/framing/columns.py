"""Makes records of documents that have the values of each column together. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.formats.interface import Units
from leverwatch.collectors.records.shapes.inner_units import InnerUnits

KEY = "key"
"""The name under which a row has the key of its values, where these stand under keys and not in arrays."""
_FEWEST = 2
_NAMES = ("columns", "header", "headers", "fields", "names")
_ROWS = ("rows", "data", "values", "records")
_Row = dict[str, Any]


class Columns:
    """A document with an array for each column, with an object of the same keys for each, or with arrays of rows
    beside the names of the columns: each row is a record, with what else the document says of all."""

    def unwrap(self, outer: Units) -> Units:
        """Return the rows; a document without columns is refused."""
        inner = InnerUnits(outer)
        for index, document in inner.each(msgspec.json.decode):
            found = rows_of(document, fewest=0)
            if found is None:
                inner.refuse(index, Result.INVALID_LINE, "has no columns")
            for row in found or ():
                inner.add(index, json.dumps(row, ensure_ascii=False).encode(errors="surrogatepass"))
        return inner.units()


def rows_of(document: Any, *, fewest: int = _FEWEST) -> list[_Row] | None:
    """Return the rows of a document; None where it has no columns, where these differ in their number of values,
    or where it has fewer rows than it takes to be sure of that."""
    if not isinstance(document, dict):
        return None
    ways = (way(document) for way in (_below_names, _listed, _keyed))
    found = next((it for it in ways if it is not None), None)
    if found is None or len(found) < fewest:
        return None
    around = {name: it for name, it in document.items() if not isinstance(it, dict | list)}
    return [{**around, **row} for row in found]


def _below_names(document: Mapping[str, Any]) -> list[_Row] | None:
    names = next((it for name in _NAMES if _are_names(it := document.get(name))), None)
    rows = next((it for name in _ROWS if isinstance(it := document.get(name), list)), None)
    if names is None or rows is None or not all(isinstance(it, list) and len(it) == len(names) for it in rows):
        return None
    return [dict(zip(names, it, strict=True)) for it in rows]


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and len(value) >= _FEWEST and all(isinstance(it, str) for it in value)


def _listed(document: Mapping[str, Any]) -> list[_Row] | None:
    lists = {name: it for name, it in document.items() if isinstance(it, list) and _are_scalars(it)}
    longest = max(map(len, lists.values()), default=0)
    columns = {name: it for name, it in lists.items() if len(it) == longest}
    if len(columns) < max(_FEWEST, len(lists)):
        return None
    return [dict(zip(columns, it, strict=True)) for it in zip(*columns.values(), strict=True)]


def _keyed(document: Mapping[str, Any]) -> list[_Row] | None:
    objects = {name: it for name, it in document.items() if isinstance(it, dict)}
    columns = {name: it for name, it in objects.items() if _are_scalars([*it.values()])}
    keys = list(dict.fromkeys(key for it in columns.values() for key in it))
    same = all(2 * len(it) >= len(keys) for it in columns.values())
    if len(columns) < max(_FEWEST, len(objects)) or not same:
        return None
    return [{KEY: key, **{name: it[key] for name, it in columns.items() if key in it}} for key in keys]


def _are_scalars(values: Sequence[Any]) -> bool:
    return not any(isinstance(it, dict | list) for it in values)
