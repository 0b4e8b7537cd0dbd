"""Compares what the helper found in a record with the row that Python makes of it.

The helper adds up numbers as it found them. So it may count the records of a declaration only where a row has the
same ones, or none, and where its other values are those of the record.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from leverwatch.collectors.aggregation.native_columns import NUMBERS
from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.formats.interface import Parsed, Row
from leverwatch.collectors.records.formats.plain import Plan

_LONGEST_SUFFIX = 200
_PLACES = tuple(FIELD_INDEX[name] for name in NUMBERS)
_INPUT, _CACHED, _WRITTEN = map(NUMBERS.index, ("input_tokens", "cached_input_tokens", "cache_write_tokens"))
_OUTPUT, _REASONING = map(NUMBERS.index, ("output_tokens", "reasoning_tokens"))


class Told(Struct, frozen=True):
    """What the helper found: the texts of time, id and trace (empty: none), and the numbers in their order."""

    time: str
    request: str
    trace: str
    numbers: Sequence[float | None]


class Agreed(Struct, frozen=True):
    """What becomes of the values of records with the same names."""

    kept: int
    """Bits of the numbers that count."""
    suffix: bytes
    """What follows the id."""
    parts: int = 1
    """Where the parts of the tokens stand, if names decide that: 0 nobody asks, 1 inside, 2 beside."""


EVERYTHING = Agreed(2**32 - 1, b"")
"""All numbers count."""


def agreed(plan: Plan, told: Told, parsed: Parsed, unit: bytes) -> Agreed | None:
    """Return what becomes of the values of a record; None when its row has others than the helper found, or it is
    none that its names tell enough of."""
    (row,) = parsed.rows
    needs = () if plan.rule is None else plan.rule.needs
    if plan.rule is not None and plan.rule.accepts is not None and not plan.rule.accepts(unit):
        return None
    if any(row[FIELD_INDEX[name]] is None for name in needs) or not _same(row, "time", told.time):
        return None
    if not _same(row, "trace_id", told.trace):
        return None
    request = row[FIELD_INDEX["request_id"]]
    text = "" if request is None else str(request)
    suffix = text.removeprefix(told.request).encode()
    if bool(text) != bool(told.request) or not text.startswith(told.request) or len(suffix) > _LONGEST_SUFFIX:
        return None
    either = plan.rule is not None and plan.rule.either and not plan.beside
    for beside in (False, True)[: 1 + either]:
        kept = _kept(row, told, beside=bool(plan.beside) or beside, thought_beside=plan.thought_beside)
        if kept is not None:
            as_told = None if beside or plan.rule is None else plan.rule.as_told
            nobody_asks = as_told is not None and as_told(row)
            return Agreed(kept, suffix, 0 if nobody_asks else 2 if beside else 1)
    return None


def _same(row: Row, name: str, text: str) -> bool:
    value: Any = row[FIELD_INDEX[name]]
    if isinstance(value, int | float):
        return bool(text) and (str(value) == text or float(text) == value)
    return (value or "") == text


def _kept(row: Row, told: Told, *, beside: bool, thought_beside: bool) -> int | None:
    expected = list(told.numbers)
    values = [row[place] for place in _PLACES]
    taken = expected[_INPUT]
    if beside and taken is not None:
        parts = (expected[at] or 0 for at in (_CACHED, _WRITTEN) if values[at] is not None)
        expected[_INPUT] = taken + sum(parts)
    output = expected[_OUTPUT]
    if thought_beside and output is not None and values[_REASONING] is not None:
        expected[_OUTPUT] = output + (expected[_REASONING] or 0)
    kept = EVERYTHING.kept
    for bit, value in enumerate(values):
        if value is None:
            kept &= ~(1 << bit)
        elif expected[bit] is None or expected[bit] != value:
            return None
    return kept
