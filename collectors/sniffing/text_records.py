"""Finds the field of a record that holds the call as text, where the record around it tells its time. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from leverwatch.collectors.records.formats.interface import Units
from leverwatch.collectors.records.framing.wrappers import STRING_FIELDS, JsonString
from leverwatch.collectors.sniffing.guess import FieldGuess, leaves, propose
from leverwatch.collectors.sniffing.reading import spread

_MAIN = frozenset({"model", "input_tokens", "output_tokens", "cost_usd"})
_MOSTLY = 0.5


@dataclass(frozen=True, slots=True)
class Inside:
    """A field that holds calls as text, and their field map."""

    name: str
    fields: FieldGuess


def text_records(units: Units, around: FieldGuess | None) -> Inside | None:
    """Return the field whose text is an object that tells all of a call that the record around it does, and more;
    None where there is none.

    Args:
        units: the records around.
        around: the field map of these, if there is one.
    """
    known = frozenset() if around is None else _MAIN & around.fields.keys()
    best: Inside | None = None
    for name in _holding(units.units):
        inner = JsonString((name,)).unwrap(units)
        clock = next((time for time in inner.times or () if time), None)
        records = [it for it in map(_object, spread(inner.units)) if it]
        fields = propose([leaves(it) for it in records], clock=clock, day_first=False)
        if fields is None or not _MAIN & fields.fields.keys() > known:
            continue
        if best is None or len(fields.fields) > len(best.fields.fields):
            best = Inside(name, fields)
    return best


def _holding(units: Sequence[bytes]) -> list[str]:
    """Return the fields that most records have, and that mostly hold an object as text."""
    records = [it for it in map(_object, spread(units)) if it]
    names = dict.fromkeys(name for it in records for name in it if name not in STRING_FIELDS)
    return [
        name for name in names if sum(bool(_text_of(it.get(name))) for it in records) > _MOSTLY * len(records) > 0
    ]


def _text_of(value: object) -> dict[str, Any] | None:
    return _object(value) if isinstance(value, str) and value.lstrip().startswith("{") else None


def _object(text: bytes | str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
