"""Values of attributes as they are, also lists and mappings, which a prompt may be."""

from __future__ import annotations

from typing import Any

import msgspec

from leverwatch.collectors.records.formats.span_wire import NOTHING, Value

_WRITTEN = ("stringValue", "arrayValue", "kvlistValue")
"""Kinds that a value keeps as they are written."""
_SCALARS = ("stringValue", "intValue", "doubleValue", "boolValue")


def whole(value: Value | msgspec.Raw) -> str | int | float | bool | None:
    """Return the value of an attribute; lists and mappings as JSON."""
    try:
        return as_text(_plain(_decoded(value) if isinstance(value, Value) else msgspec.json.decode(value)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _decoded(value: Value) -> dict[str, Any]:
    raws = {kind: getattr(value, kind) for kind in _WRITTEN}
    written = {kind: msgspec.json.decode(raw) for kind, raw in raws.items() if raw is not NOTHING}
    return {"intValue": value.intValue, "doubleValue": value.doubleValue, "boolValue": value.boolValue} | written


def _plain(value: Any) -> Any:
    """Return what a value of the protocol stands for; None when it is no such value."""
    if not isinstance(value, dict):
        return None
    parts = [value.get(kind) for kind in ("arrayValue", "kvlistValue")]
    array, pairs = (part.get("values") if isinstance(part, dict) else None for part in parts)
    if isinstance(array, list):
        return [*map(_plain, array)]
    if isinstance(pairs, list):
        return {str(it.get("key")): _plain(it.get("value")) for it in pairs if isinstance(it, dict)}
    return next((value[kind] for kind in _SCALARS if value.get(kind) is not None), None)


def as_text(value: Any) -> str | int | float | bool | None:
    """Return a value; a list or a mapping as JSON."""
    return msgspec.json.encode(value).decode() if isinstance(value, list | dict) else value
