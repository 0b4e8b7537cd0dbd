"""Compares what a named format reads of a log with what the log has. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.fields import Path as Keys
from leverwatch.collectors.records.formats.interface import Format
from leverwatch.collectors.sniffing.columns import Columns, leaves
from leverwatch.collectors.sniffing.guess import FieldGuess
from leverwatch.collectors.sniffing.numerals import Scalar
from leverwatch.collectors.sniffing.unmapped import ranges

_CALL = ("model", "input_tokens", "output_tokens")
_TOLD = (*_CALL, "operation", "latency_ms", "cost_usd")
_COMPARED = 1 << 20
"""Bytes of a log of which the readings are compared."""
_TRIED, _EACH = 200, 5
"""Records, and how many of those with a number are changed to see whether it is read."""


def told(format_: Format, data: bytes) -> tuple[frozenset[str], int]:
    """Return which of the main fields a format reads in some of the first records, and of how many of these."""
    start = data.find(b"\n") + 1 if format_.wants_header else 0
    chunk = data[start : start + _COMPARED]
    chunk = chunk[: format_.framing.complete(chunk, final=True)] or chunk
    rows = format_.parse(chunk, data[:start] or None).rows
    return frozenset(name for name in _TOLD if any(row[FIELD_INDEX[name]] is not None for row in rows)), len(rows)


def map_that_tells_more(
    name: str, by_name: tuple[frozenset[str], int], fields: FieldGuess, by_map: tuple[frozenset[str], int]
) -> tuple[str, ...] | None:
    """Return what to say of a map that tells a model or tokens that a named format does not; else None."""
    (known, number), (mapped, others) = by_name, by_map
    guessed = {it for note in fields.notes if "no name" in note for it in _CALL if it in note.partition(":")[0]}
    more = [it for it in _CALL if it in mapped and it not in known and it not in guessed]
    if not more:
        return None
    notes = [f"format: the records look like those of {name}, which does not read {', '.join(more)}: a map does"]
    less = [it for it in _TOLD if it in known and it not in mapped]
    if less:
        notes.append(f"{', '.join(less)}: {name} tells it, and this map does not")
    if number != others:
        notes.append(
            f"inferences: {name} takes {number} records of the first ones for calls, and this map {others}"
        )
    return tuple(notes)


def unknown_numbers(records: Sequence[Mapping[Keys, Scalar]], known: Collection[str]) -> tuple[str, ...]:
    """Return the columns with numbers that an export is not known to have, with the range of their values."""
    found = Columns(records).of.values()
    return ranges(
        [it for it in found if it.path[0] not in known and it.is_numeric and it.numbers], lambda path: path[0]
    )


def unread_numbers(values: Sequence[Any], rows_of: Callable[[bytes], Any]) -> tuple[str, ...]:
    """Return the paths with numbers that a named format does not read, each with the range of its values.

    Args:
        values: records of the log.
        rows_of: what the format makes of lines of records.
    """
    records = [it for it in values if isinstance(it, dict)][:_TRIED]
    columns = Columns([leaves(it) for it in records])
    unread = []
    for path, column in columns.of.items():
        if not column.is_numeric or not column.numbers:
            continue
        chosen = [records[at] for at in list(column.numbers)[:_EACH]]
        before = rows_of(_lines(chosen))
        if before and all(
            rows_of(_lines([_changed(it, path, how) for it in chosen])) == before for how in _CHANGES
        ):
            unread.append(column)
    return ranges(unread)


def _lines(records: Sequence[Mapping[str, Any]]) -> bytes:
    return "".join(f"{json.dumps(it)}\n" for it in records).encode()


def _more(value: Any) -> Any:
    return str(float(value) + 1) if isinstance(value, str) and _is_number(value) else value + 1 if not isinstance(
        value, str) else None  # fmt: skip


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


_CHANGES: tuple[Callable[[Any], Any], ...] = (_more, lambda _: None)


def _changed(record: Mapping[str, Any], path: Keys, how: Callable[[Any], Any]) -> dict[str, Any]:
    """Return a copy of a record with another value at a path."""
    head, rest = path[0], path[1:]
    inner = record[head]
    return {**record, head: _changed(inner, rest, how) if rest else how(inner)}
