"""Proposes a field map for records of an unknown format. Pure. Doubts are noted, and no value is shown."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta, timezone
from typing import Any

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.records.formats.interface import Repeats
from leverwatch.collectors.records.names import is_usable
from leverwatch.collectors.records.timestamps import parse_time
from leverwatch.collectors.sniffing.field_names import (
    DURATIONS,
    FAILURES,
    KNOWN,
    SYSTEMS,
    Scalar,
    is_called,
    is_plain,
    is_time,
    rank,
)
from leverwatch.collectors.sniffing.parts import doubts_about_parts
from leverwatch.collectors.sniffing.version_ids import version_id

Record = Mapping[Path, Scalar]
"""The scalar values of a record, by path."""

_MOSTLY = 0.9
"""The share of the values that must fit a field; a few records may be broken."""
_MOST_OTHERS = 5
_DEEPEST = 16
_DELIMITERS = (",", "\t", ";", "|")
_CALLS = frozenset(
    {"model", "input_tokens", "cached_input_tokens", "output_tokens", "reasoning_tokens", "finish_reason"}
)
"""A log of model calls has at least one of these fields."""
_UNSURE = (
    ("latency_ms", DURATIONS, "may be it, if it is in milliseconds"),
    ("status", FAILURES, "may tell of errors, and nothing tells of successes: all records count as such"),
)
_DOLLARS = "usd"
_DATED = frozenset("-:")
"""A date as text has one of these; a number has none."""
_ELSEWHERE = timezone(timedelta(hours=1))
_SURELY_NAMED = {"status": 0, "operation": 2}
"""By field: the rank of the last of its names that hardly mean anything else."""


@dataclass(frozen=True, slots=True)
class FieldGuess:
    """A proposed field map that fits the first records of a log."""

    fields: Mapping[str, str]
    """The path of each field, as written in the configuration."""
    others: Mapping[str, tuple[str, ...]]
    """Further paths that might have the same field, by field."""
    notes: tuple[str, ...]
    """Sentences about what should be checked."""
    systems: tuple[str, ...]
    """Paths whose values may name the system."""
    repeats: Repeats = Repeats.CALLS
    """What a second record with the same request id is."""


def leaves(value: Any, path: Path = ()) -> dict[Path, Scalar]:
    """Return the scalar values of a record by path, without nulls, blank texts and the contents of arrays."""
    if isinstance(value, Mapping):
        if len(path) >= _DEEPEST:
            return {}
        found: dict[Path, Scalar] = {}
        for key, inner in value.items():
            found |= leaves(inner, (*path, str(key)))
        return found
    if isinstance(value, str):
        return {path: value} if value.strip() else {}
    return {path: value} if isinstance(value, int | float) else {}


def dotted(path: Path) -> str:
    """Return a path into JSON as it is written in the configuration."""
    return ".".join(key.replace("\\", "\\\\").replace(".", "\\.") for key in path)


def columns(lines: Sequence[str]) -> tuple[str, list[dict[Path, Scalar]]] | None:
    """Return the delimiter of a table with a header line, and its cells by column; None when it is not a table."""
    best: tuple[int, str, list[dict[Path, Scalar]]] | None = None
    for delimiter in _DELIMITERS:
        rows = _cells(lines, delimiter)
        names = [name.strip() for name in rows[0]] if rows else []
        whole = [row for row in rows[1:] if len(row) == len(names)]
        if len(names) < 2 or not whole or len(whole) < _MOSTLY * (len(rows) - 1):
            continue
        if best is None or len(names) > best[0]:
            once = [at for at, name in enumerate(names) if name and names.count(name) == 1]
            records: list[dict[Path, Scalar]] = [
                {(names[at],): row[at].strip() for at in once if row[at].strip()} for row in whole
            ]
            best = (len(names), delimiter, records)
    return None if best is None else best[1:]


def _cells(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    rows = []
    for line in lines:
        try:
            rows += list(csv.reader([line], delimiter=delimiter, strict=True))
        except csv.Error:
            rows.append([])
    return rows


def propose(
    records: Sequence[Record], spell: Callable[[Path], str] = dotted, *, clock: bool = False
) -> FieldGuess | None:
    """Return a field map for these records; None when they have no time, or no field of a call to a model.

    Args:
        records: the first records of the log.
        spell: writes a path as the configuration does.
        clock: whether a wrapper gives the time, so that the records need none.
    """
    values: dict[Path, list[Scalar]] = {}
    for record in records:
        for path, value in record.items():
            values.setdefault(path, []).append(value)
    values = {path: found for path, found in values.items() if is_plain(path)}
    chosen: dict[str, Path] = {}
    others: dict[str, tuple[str, ...]] = {}
    notes: list[str] = []
    shared: list[Path] = []
    for field in KNOWN:
        named = [path for path in _named(field, values) if _is_free(path, chosen.values())]
        fitting = [path for path in named if _fits(field, values[path])]
        if field == "request_id":
            repeated = [path for path in fitting if _repeats(path, records)]
            fitting = [path for path in fitting if path not in repeated]
            shared = repeated
        elif field == "time" and not fitting:
            fitting = [path for path, found in values.items() if all(map(_is_date, found))]
            notes += [f"{field}: chosen by its values, for no name tells"] if fitting else []
        if fitting:
            chosen[field] = fitting[0]
            others[field] = tuple(map(spell, fitting[1 : _MOST_OTHERS + 1]))
        elif named and field in {"status", "operation"} and (rank(field, named[0]) or 0) <= _SURELY_NAMED[field]:
            note = f"{field}: {spell(named[0])} has values of no known meaning"
            if field == "operation" and any(map(KNOWN[field].fits, values[named[0]])):
                # Without it, all that is no generation would count as one.
                chosen[field] = named[0]
                note += ", whose records are not counted"
            notes.append(note)
    if clock and "time" not in chosen and _is_free(("time",), [*chosen.values(), *values]):
        chosen = {"time": ("time",), **chosen}
        notes.append("time: no record has one, and that of its wrapper serves")
    if "time" not in chosen or not _CALLS.intersection(chosen):
        return None
    id_, said = version_id(shared, chosen, records)
    if id_ is not None and _is_free(id_, chosen.values()):
        chosen["request_id"] = id_
    notes += [f"request_id: {spell(path)} is the same in different records{said.get(path, '')}" for path in shared]
    notes += _doubts(chosen, records, spell)
    for field, names, what in _UNSURE:
        if field not in chosen:
            found = [path for path in values if is_called(names, path)]
            notes += [f"{field}: {spell(path)} {what}" for path in found[:1]]
    return FieldGuess(
        {field: spell(path) for field, path in chosen.items()},
        {field: paths for field, paths in others.items() if paths},
        tuple(notes),
        tuple(spell(path) for path in values if _names_systems(path, values[path], len(records))),
        Repeats.CALLS if id_ is None or chosen.get("request_id") != id_ else Repeats.VERSIONS,
    )


def _named(field: str, paths: Iterable[Path]) -> list[Path]:
    ranked = [(rank(field, path), len(path), at, path) for at, path in enumerate(paths)]
    known = [(place, depth, at, path) for place, depth, at, path in ranked if place is not None]
    if field == "time":
        # What lies deeper is more likely the time of something else.
        known.sort(key=lambda entry: (entry[1], entry[0], entry[2]))
    else:
        known.sort()
    return [path for *_, path in known]


def _is_free(path: Path, taken: Iterable[Path]) -> bool:
    """Whether the path is neither taken, nor inside a taken path, nor contains one."""
    return not any(path[: len(other)] == other or other[: len(path)] == path for other in taken)


def _fits(field: str, values: Sequence[Scalar]) -> bool:
    fitting = sum(map(KNOWN[field].fits, values))
    return fitting >= len(values) * (1 if KNOWN[field].exact else _MOSTLY)


def _is_date(value: Scalar) -> bool:
    return isinstance(value, str) and not _DATED.isdisjoint(value) and is_time(value)


def _repeats(path: Path, records: Sequence[Record]) -> bool:
    """Whether different records share a value: then it is not the id of a call, or they are parts of a stream."""
    seen: dict[str, Record] = {}
    return any(
        seen.setdefault(str(record[path]).strip(), record) != record for record in records if path in record
    )


def _doubts(chosen: Mapping[str, Path], records: Sequence[Record], spell: Callable[[Path], str]) -> list[str]:
    notes = []
    times = [record[chosen["time"]] for record in records if chosen["time"] in record]
    if any(_is_date(time) and _is_naive(str(time)) for time in times):
        notes.append("time: has no zone; set timezone unless it is UTC")
    cost = chosen.get("cost_usd")
    if cost is not None and _DOLLARS not in cost[-1].lower():
        notes.append(f"cost_usd: {spell(cost)} is taken for US dollars")
    if "inferences" in chosen:
        notes.append(f"inferences: every record stands for as many calls as {spell(chosen['inferences'])} says")
    notes += doubts_about_parts(chosen, records)
    return notes


def _is_naive(text: str) -> bool:
    return parse_time(text, UTC) != parse_time(text, _ELSEWHERE)


def _names_systems(path: Path, values: Sequence[Scalar], records: int) -> bool:
    return (
        is_called(SYSTEMS, path)
        and len(values) >= _MOSTLY * records
        and all(isinstance(value, str | int) and is_usable(str(value)) for value in values)
    )
