"""What a format gives: rows of typed values, and what was wrong with the lines that gave none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.layout import Layout

Row = tuple[Any, ...]
"""The values of one record in the order of `FIELDS` (None: unknown), then those of the system template, then, when
the format `has_extended`, those of `EXTENDED_FIELDS`; both are in `collectors/records/fields.py`."""

MAX_COUNT = 2**53
"""The largest count of tokens of one record: the largest that a float holds exactly."""

MAX_AMOUNT = 1e15
"""The largest cost, latency, number of inferences or of attempts of one record."""

MIN_RATE = 1e-6
"""The smallest share of calls that is logged: no record adds more than 1e22 to a sum, and no sum overflows."""

MAX_RECORD = 16 << 20
"""Bytes of the longest record that is read; a longer one is tallied and skipped."""


@dataclass(slots=True)
class Parsed:
    """The records of one chunk."""

    rows: list[Row] = field(default_factory=list)
    lines: list[int] | None = None
    """Index of each row's line in the chunk; None when every line gave a row."""
    refused: list[tuple[int, Result, str]] = field(default_factory=list)
    """Lines that gave no row: index, why, and a detail that shows nothing of the content."""
    ignored: int = 0
    """Blank lines."""
    parts: frozenset[int] = frozenset()
    """Indices of the rows that are parts of a streamed call, which counts once."""
    passed: dict[Result, int] = field(default_factory=dict)
    """Records that give no row by design and are no problem, by what they are."""
    seen: list[Any] = field(default_factory=list)
    """Times of readable records that gave no row."""


@dataclass(slots=True)
class Units:
    """The records of a chunk, still as text."""

    units: list[bytes]
    lines: list[int] | None = None
    """Index of each unit's line in the chunk; None when every line is one unit."""
    refused: list[tuple[int, Result, str]] = field(default_factory=list)
    ignored: int = 0
    starts: list[int] | None = None
    """Position of each unit in the chunk, when its line alone does not tell."""
    times: list[str | None] | None = None
    """The time that a wrapper gives each unit, for records that have none of their own."""

    def line_of(self, unit: int) -> int:
        """Index of a unit's line."""
        return unit if self.lines is None else self.lines[unit]


class Framing(Protocol):
    """Where records end. Pure and without memory, so that any end of a record is a position to go on from."""

    by_newline: bool
    """A newline ends every record, and nothing else does."""
    documents: bool
    """A file may be one small document among many that begin alike."""

    def complete(self, data: bytes, final: bool) -> int:
        """Bytes at the start of `data` that are whole records; `final`: nothing will follow."""
        ...

    def skip(self, data: bytes) -> tuple[int, bool]:
        """Bytes to drop within a record that is too long, and whether its end lies among them."""
        ...

    def split(self, data: bytes) -> Units:
        """The records of `data`. Raises nothing: what is none is refused."""
        ...

    def count(self, data: bytes) -> int:
        """How far `data` moves the line number of what follows it."""
        ...


class Format(Protocol):
    """Turns complete records into rows. Pure: the same bytes give the same rows."""

    wants_header: bool
    framing: Framing
    has_extended: bool
    known: frozenset[str]
    """The fields that rows may tell; every other one is None in all of them."""

    def check_header(self, line: bytes) -> tuple[str, ...]:
        """What is wrong with a file's header line; empty when nothing is."""
        ...

    def parse(self, data: bytes, header: bytes | None) -> Parsed:
        """Read whole records; the last one may lack its end. A bad record costs only itself."""
        ...


@runtime_checkable
class RecordFormat(Format, Protocol):
    """A format whose records can be counted as they were decoded, without becoming rows first."""

    layout: Layout

    def records(self, data: bytes) -> Parsed:
        """What `parse` gives, with records of the layout instead of rows."""
        ...


class Reader(Protocol):
    """A format whose records are texts of their own, wherever they lie."""

    framing: Framing
    has_extended: bool
    known: frozenset[str]
    """As for `Format`."""
    reads_text: bool
    """Its records may be text that is no JSON."""

    def read(self, units: Sequence[bytes]) -> Parsed:
        """Read records; `lines` of the result are indices of units."""
        ...


@runtime_checkable
class Grouping(Protocol):
    """A reader some of whose records only make sense together, and must lie in one chunk."""

    group_marker: bytes
    """What is in every chunk that has such records."""

    def open_from(self, units: Sequence[bytes]) -> int | None:
        """The first unit of a group whose end is still to come."""
        ...


def split_lines(data: bytes) -> list[bytes]:
    """The lines of a chunk, without their newlines."""
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines
