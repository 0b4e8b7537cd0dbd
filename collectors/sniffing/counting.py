"""Counts a whole file without a store, and shows what is read from its first records."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from leverwatch.collectors.interface import CollectorContext, Operation, Result, SourceState, UsageRow, utc_now
from leverwatch.collectors.records.decoder import build_format
from leverwatch.collectors.records.fields import FIELDS
from leverwatch.collectors.records.format_config import FileFormat
from leverwatch.collectors.records.formats.interface import Format, Parsed, Row
from leverwatch.collectors.records.names import is_usable
from leverwatch.collectors.records.timestamps import parse_time
from leverwatch.collectors.records.vocabulary import is_cache_hit, operation_of, status_of
from leverwatch.collectors.sniffing.instrumentations import instrumentations
from leverwatch.collectors.sniffing.pieces import piece_notes
from leverwatch.collectors.sniffing.repeated_ids import note_on
from leverwatch.collectors.sources.files.collector import FilesCollector
from leverwatch.collectors.sources.files.config import FilesConfig


@dataclass(frozen=True, slots=True)
class Sample:
    """The fields read from a record, without texts of prompts or responses."""

    place: str
    values: Mapping[str, Any]


@dataclass(slots=True)
class Summary:
    """The counts of a whole file, as `collect` would make them."""

    tallies: Counter[Result] = field(default_factory=Counter)
    unreadable: Counter[str] = field(default_factory=Counter)
    """By field, values of counted records that are unknown because they cannot be read."""
    usage: list[UsageRow] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    instrumentations: dict[str, int] = field(default_factory=dict)
    """Calls that each instrumentation saw, by its name; empty when none has a name."""
    joined: dict[tuple[str, ...], int] = field(default_factory=dict)
    """Calls that were seen more than once, by the names of those who saw them, the outermost first."""

    def add(self, column: str, operation: Callable[[Operation], bool]) -> float:
        """Return the sum of a column over all rows whose operation is chosen."""
        return sum((float(getattr(row, column)) for row in self.usage if operation(row.operation)), 0.0)


def summarise(config: FilesConfig, now: Callable[[], datetime] = utc_now) -> Summary:
    """Count a file with the real collector, in memory.

    Raises:
        CollectorError: the file cannot be read.
    """
    summary = Summary()
    with tempfile.TemporaryDirectory() as folder:
        context = CollectorContext(Path(folder), Path(folder), now, {})
        collector = FilesCollector(config, context)
        for batch in collector.collect(SourceState(0, dict)):
            summary.tallies.update(batch.tallies)
            summary.unreadable.update(batch.unreadable)
            summary.usage += batch.usage
            summary.problems += (f"{it.place}: {it.reason}: {it.detail}" for it in batch.problems)
        report = collector.observers
    if any(report.seen):
        summary.instrumentations = {_named(name): number for name, number in report.seen.most_common()}
    summary.joined = {tuple(map(_named, names)): number for names, number in report.joined.items() if number > 0}
    return summary


def _named(name: str) -> str:
    return name if is_usable(name) else "?" if name else "unnamed"


def samples(settings: FileFormat, data: bytes, number: int = 5) -> Iterator[Sample]:
    """Yield the fields read from the first records."""
    format_ = build_format(settings, ())
    parsed, start = _read(format_, data, has_header=_begins_with_header(settings))
    for index, row in enumerate(parsed.rows[:number]):
        line = index if parsed.lines is None else parsed.lines[index]
        yield Sample(str(line + 1 + bool(start)), _shown(row))


def doubts(settings: FileFormat, data: bytes) -> tuple[str, ...]:
    """Return sentences about what in the first bytes of a file may not be as it seems."""
    format_ = build_format(settings, ())
    parsed, _ = _read(format_, data, has_header=_begins_with_header(settings))
    return (*piece_notes(parsed), *note_on(parsed, format_.repeats, has_extended=format_.has_extended))


def _begins_with_header(settings: FileFormat) -> bool:
    """Whether the first line of a table is one for sure: with names of its columns it may be a record."""
    return not getattr(settings, "columns", None)


def _read(format_: Format, data: bytes, *, has_header: bool) -> tuple[Parsed, int]:
    """Return the records of the first bytes of a file, and the length of its header."""
    start = data.find(b"\n") + 1 if format_.wants_header and has_header else 0
    header, data = data[:start], data[start:]
    end = format_.framing.complete(data, final=True)
    return format_.parse(data[:end] or data, header or None), start


def recorded_by(settings: FileFormat, data: bytes) -> dict[str, int]:
    """Return the number of spans in the first records by the instrumentation that recorded them."""
    format_ = build_format(settings, ())
    end = format_.framing.complete(data, final=True)
    return instrumentations(format_.framing.split(data[:end] or data).units)


def _shown(row: Row) -> dict[str, Any]:
    values = {name: value for name, value in zip(FIELDS, row, strict=False) if value is not None}
    values.pop("time", None)
    for name, value in values.items():
        if isinstance(value, str) and not is_usable(value):
            values[name] = "?"
    moment = parse_time(row[FIELDS.index("time")], UTC)
    # Words that nobody knows may be anything, a text of a call among them.
    if "status" in values:
        outcome = status_of(values["status"])
        values["status"] = "?" if outcome is None else outcome.name.lower()
    if "operation" in values:
        values["operation"] = operation_of(values["operation"]) or "?"
    if "cache_hit" in values:
        values["cache_hit"] = is_cache_hit(values["cache_hit"])
    return {"time": "?" if moment is None else moment.isoformat(timespec="seconds"), **values}
