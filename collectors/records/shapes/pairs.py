"""Makes an object of a list of keys and values, as telemetry and analytics write what an event tells. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Raw

from leverwatch.collectors.records.fields import Path, parse_path
from leverwatch.collectors.records.formats.interface import Units
from leverwatch.collectors.records.shapes.inner_units import InnerUnits
from leverwatch.collectors.records.shapes.nested import kind_of, list_of, object_of, text_of

NAMES = ("key", "name", "k", "Key", "Name", "attribute", "field")
"""What the key of a pair is called, the likeliest first."""
VALUES = ("value", "v", "val", "Value")
"""What its value is called. Without any of these it is the only other one that is not null."""
TYPED = frozenset({
    "stringValue", "intValue", "doubleValue", "boolValue",
    "string_value", "int_value", "double_value", "float_value", "bool_value",
})  # fmt: skip
"""The keys of an object around a value that say its type; it has one of them that is not null."""
_NULL = Raw(b"null")
_text = msgspec.json.Decoder(str).decode


class Pairs:
    """The lists at some paths of each record become objects there: `[{"key": "a", "value": 1}]` is `{"a": 1}`.

    What is in a list and is no pair is left out. A key with two different values has none that can be told.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = [parse_path(path) for path in paths]

    def unwrap(self, outer: Units) -> Units:
        """Return the records with these objects; what is no JSON is refused."""
        inner = InnerUnits(outer)
        for index, made in inner.each(self._made):
            inner.add(index, made)
        return inner.units()

    def _made(self, text: bytes) -> bytes:
        for path in self._paths:
            text = bytes(_at(Raw(text), path))
        return text


def _at(raw: Raw, path: Path) -> Raw:
    if not path:
        return _object(raw) if kind_of(raw) == b"[" else raw
    if kind_of(raw) != b"{":
        return raw
    entries = object_of(raw)
    if path[0] in entries:
        entries[path[0]] = _at(entries[path[0]], path[1:])
    return Raw(text_of(entries))


def _object(raw: Raw) -> Raw:
    found: dict[str, Raw] = {}
    for element in list_of(raw):
        pair = _pair(object_of(element)) if kind_of(element) == b"{" else None
        if pair is not None:
            key, value = pair
            found[key] = value if bytes(found.get(key, value)) == bytes(value) else _NULL
    return Raw(text_of(found))


def _pair(entries: Mapping[str, Raw]) -> tuple[str, Raw] | None:
    name = next((it for it in NAMES if it in entries and kind_of(entries[it]) == b'"'), None)
    if name is None:
        return None
    value = next((entries[it] for it in VALUES if it in entries), None)
    if value is None:
        others = [it for key, it in entries.items() if key != name and kind_of(it) != b"n"]
        if len(others) != 1:
            return None
        value = others[0]
    return _text(entries[name]), _untyped(value)


def _untyped(value: Raw) -> Raw:
    """Return what is in an object that says the type of its value."""
    if kind_of(value) != b"{":
        return value
    entries = object_of(value)
    told = [it for it in entries.values() if kind_of(it) != b"n"]
    return told[0] if entries and TYPED.issuperset(entries) and len(told) == 1 else value
