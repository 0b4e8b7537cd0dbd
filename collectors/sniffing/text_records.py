"""Finds the values of a record that are objects as text, and tell more of a call than the record alone. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from leverwatch.collectors.records.formats.cell_objects import object_of
from leverwatch.collectors.sniffing.columns import dotted, leaves
from leverwatch.collectors.sniffing.guess import FieldGuess, propose
from leverwatch.collectors.sniffing.object_cells import paths_in

_MAIN = frozenset({"model", "input_tokens", "output_tokens", "cost_usd"})
_MOSTLY = 0.5


def text_records(records: Sequence[dict[str, Any]], around: FieldGuess | None) -> FieldGuess | None:
    """Return a field map of records with the objects in place of the texts that are them; None where these tell no
    more of a call than the records alone.

    Args:
        records: the records as they are.
        around: the field map of these, if there is one.
    """
    names = _holding(records)
    if not names:
        return None
    opened = [{**it, **{name: inner for name in names if (inner := _opened(it.get(name)))}} for it in records]
    fields = propose([leaves(it) for it in opened], day_first=False)
    known = frozenset[str]() if around is None else _MAIN & around.fields.keys()
    if fields is None or not _MAIN & fields.fields.keys() > known:
        return None
    mapped = paths_in(fields.settings)
    used = [name for name in names if any(it.startswith(f"{dotted((name,))}.") for it in mapped)]
    return replace(fields, extras={**fields.extras, "objects": used}) if used else None


def _holding(records: Sequence[dict[str, Any]]) -> list[str]:
    """Return the keys that most records have, and that mostly hold an object as text."""
    names = dict.fromkeys(name for it in records for name in it)
    return [name for name in names if sum(bool(_opened(it.get(name))) for it in records) > _MOSTLY * len(records)]


def _opened(value: object) -> dict[str, Any] | None:
    return object_of(value) if isinstance(value, str) and value.lstrip().startswith("{") else None
