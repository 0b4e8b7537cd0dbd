"""Takes the records of a log out of what is wrapped around them, in each way that may be. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from leverwatch.collectors.records.formats.interface import Units
from leverwatch.collectors.records.framing.columns import Columns
from leverwatch.collectors.records.framing.journal import Journal
from leverwatch.collectors.records.framing.python_text import Python, printed
from leverwatch.collectors.records.framing.registry import CONTAINERS, FRAMINGS
from leverwatch.collectors.records.framing.wrappers import JsonString, Prefix
from leverwatch.collectors.sniffing.by_columns import are_in_columns

SAMPLE_RECORDS = 50
_MOST_TABLES = 8
"""Documents of a file that may each be a table of their own."""
_FRAME = re.compile(rb"[\0\x01]...(?:\{|\x28\xb5\x2f\xfd|\x0a)", re.DOTALL)

_PRINTED = re.compile(rb"\{\s*'|(?<![\w.])[A-Z]\w{0,80}\([a-z_]\w{0,80}=")
"""What Python prints of a dictionary or an object, and JSON never has."""


def outermost(data: bytes) -> tuple[str | None, tuple[str, ...], Units]:
    """Return the framing of a log where it is not that of lines, the container around its records, and these."""
    if _FRAME.match(data):
        return "length-prefixed", (), FRAMINGS["length-prefixed"].split(data)
    lines = data[: data.rfind(b"\n") + 1] or data
    for name, wrapping in CONTAINERS.items():
        units = wrapping.split(lines)
        if not units.units and units.ignored and isinstance(wrapping, Journal):
            units = Journal(any_text=True).split(lines)  # entries of text, and no record of JSON among them
        if units.units and not units.refused:
            return None, (name,), units
    values = FRAMINGS["json"].split(data)
    if len(values.units) > len(values.refused):
        return "json", (), values
    return None, (), FRAMINGS["lines"].split(lines)


def unwrapped(units: Units) -> Iterator[tuple[tuple[str, ...], Units]]:
    """Yield the records as they are, and as each wrapper that may be around them makes of them."""
    yield (), units
    yield ("prefix",), Prefix().unwrap(units)
    strings = JsonString(any_text=True).unwrap(units)
    yield ("json-string",), strings
    if len(units.units) <= _MOST_TABLES and are_in_columns([*map(value_of, units.units)]):
        yield ("columns",), Columns().unwrap(units)
    for wrappers, texts in ((), units), (("json-string",), strings):
        if _may_be_printed(texts.units):
            yield (*wrappers, "python"), Python().unwrap(texts)


def _may_be_printed(units: Sequence[bytes]) -> bool:
    """Whether lines have what Python prints, or objects that are no JSON for a comma or a comment too many."""
    if any(_PRINTED.search(unit) for unit in units):
        return True
    broken = (unit.decode(errors="replace") for unit in units[:SAMPLE_RECORDS] if isinstance(value_of(unit), str))
    return any(text.lstrip().startswith('{"') and printed(text) is not None for text in broken)


def value_of(unit: bytes) -> Any:
    """Return a record as `recognise` expects it: the decoded JSON, or the line as text."""
    try:
        return json.loads(unit)
    except (ValueError, RecursionError):
        return unit.decode(errors="replace")
