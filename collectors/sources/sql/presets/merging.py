"""Puts the settings of a user in the place of those of a preset. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def merged(preset: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a preset with those that a user gave in their place.

    The maps `fields`, `only` and `not` are taken together entry by entry; an entry that is null is none.
    """
    found = dict(preset)
    if given.get("table") is not None or given.get("statement") is not None:
        found.pop("table", None)
        found.pop("statement", None)
    for name, value in given.items():
        if name in ("fields", "only", "not") and isinstance(value, Mapping):
            found[name] = _entries(found.get(name, {}), value)
        elif value is not None or name not in found:
            found[name] = value
    return {name: value for name, value in found.items() if name not in ("only", "not") or value != {}}


def _entries(preset: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    found = {**preset, **given}
    # Two words for one field: the other one of the preset is no longer meant.
    for one, other in (("latency", "latency_ms"), ("latency_ms", "latency")):
        if given.get(one) is not None and other not in given:
            found.pop(other, None)
    return {name: entry for name, entry in found.items() if entry is not None}
