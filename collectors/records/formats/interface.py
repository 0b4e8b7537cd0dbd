"""The interfaces of formats, readers and framings, and the types that pass between them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from msgspec import Struct, field

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.layout import Layout
from leverwatch.collectors.records.observation import Observations

Row = tuple[Any, ...]
"""The values of one record in the order of `FIELDS` (None: unknown), then those of the system template, then, when
the format `has_extended`, those of `EXTENDED_FIELDS`; both are in `collectors/records/fields.py`."""

MAX_COUNT = 2**53
"""The largest number of tokens in one record; a float represents whole numbers up to it exactly."""

MAX_AMOUNT = 1e15
"""The largest cost (USD), latency (ms), number of inferences, attempts or errors in one record."""

MIN_RATE = 1e-6
"""The smallest sample rate. With it no record adds more than 1e22 to a sum, so that sums cannot overflow."""

MAX_RECORD = 16 << 20
"""Bytes of the longest record that is read; a longer one is tallied and skipped."""


class Repeats(StrEnum):
    """What a second record with the same request id is, as its producer means it."""

    CALLS = "calls"
    """Another call, unless it says the same as the first one: then the record was delivered twice."""
    VERSIONS = "versions"
    """A later version of the same call, whatever it says."""


class Piece(StrEnum):
    """What a record is that need not tell a whole call."""

    OPEN = "open"
    """A version of a call that is not the last one: a later record with its id says more."""
    UPDATE = "update"
    """The same of a log that a field map reads, where it need not repeat the model of the call."""
    PART = "part"
    """A part of a streamed call, with the id of that call."""
    DONE = "done"
    """The last such part."""
    ROW = "row"
    """One of the rows of a call, each of which tells all that its writer knows: a usage does not grow."""
    CHUNK = "chunk"
    """A part by a server that may use an id again, give each chunk another one, or none."""
    END = "end"
    """The chunk with which a stream ends, but for its usage."""
    REST = "rest"
    """A chunk behind the end that tells the usage and nothing else."""


VERSIONS = frozenset({Piece.OPEN, Piece.UPDATE})
"""The versions of calls."""
STREAMED = frozenset({Piece.PART, Piece.DONE, Piece.ROW, Piece.CHUNK, Piece.END, Piece.REST})
"""The parts of streamed calls."""
NAMELESS = frozenset({Piece.CHUNK, Piece.END, Piece.REST})
"""Those of them that count without an id too."""


class Parsed(Struct):
    """What a format read from one chunk."""

    rows: list[Row] = field(default_factory=list)
    lines: list[int] | None = None
    """The index in the chunk of each row's line; None when every line gave a row."""
    refused: list[tuple[int, Result, str]] = field(default_factory=list)
    """Lines that gave no row because of an error: index, result, and a detail without any of the content."""
    ignored: int = 0
    """Blank lines."""
    pieces: dict[int, Piece] = field(default_factory=dict)
    """What each row is that need not tell a whole call, by its index."""
    passed: dict[Result, int] = field(default_factory=dict)
    """The number of records that give no row by design and without an error, by result."""
    seen: list[Any] = field(default_factory=list)
    """The times of readable records that gave no row."""
    unreadable: list[tuple[int, str, str]] = field(default_factory=list)
    """Values of rows that are unknown because they cannot be read: index of the row, field, and the reason without
    any of the content."""
    observed: Observations | None = None
    """What the rows tell of who saw their calls, as several may have seen the same; None when the format cannot
    know."""
    sessions: list[tuple[str | None, ...]] | None = None
    """By row, the session of each value that is a counter; None: rows have none."""

    def keep(self, kept: Sequence[int]) -> None:
        """Leave only the rows with these indices, in this order."""
        self.lines = [index if self.lines is None else self.lines[index] for index in kept]
        self.pieces = {place: self.pieces[index] for place, index in enumerate(kept) if index in self.pieces}
        if self.unreadable:
            places = {index: place for place, index in enumerate(kept)}
            self.unreadable = [(places[row], name, why) for row, name, why in self.unreadable if row in places]
        self.rows = [self.rows[index] for index in kept]
        self.sessions = None if self.sessions is None else [self.sessions[index] for index in kept]
        self.observed = None if self.observed is None else self.observed.only(kept)

    @property
    def parts(self) -> frozenset[int]:
        """Indices of the rows that are parts of a streamed call, which counts once."""
        return frozenset(index for index, piece in self.pieces.items() if piece in STREAMED)

    @property
    def open(self) -> frozenset[int]:
        """Indices of the rows that are versions of a call and not the last one."""
        return frozenset(index for index, piece in self.pieces.items() if piece in VERSIONS)


class Units(Struct):
    """The records of a chunk as text."""

    units: list[bytes]
    lines: list[int] | None = None
    """The index in the chunk of each unit's line; None when every line is one unit."""
    refused: list[tuple[int, Result, str]] = field(default_factory=list)
    ignored: int = 0
    starts: list[int] | None = None
    """The offset of each unit in the chunk in bytes; None when it follows from the line."""
    times: list[str | None] | None = None
    """The time that a wrapper gives for each unit, used for records without a time; None without such a
    wrapper."""

    def line_of(self, unit: int) -> int:
        """Return the index of a unit's line in the chunk."""
        return unit if self.lines is None else self.lines[unit]


class Framing(Protocol):
    """Finds the ends of records. Pure and stateless, so that reading can go on from the end of any record."""

    by_newline: bool
    """Whether every record ends at a newline, and has no other newline in it."""
    documents: bool
    """Whether a file may be a small document, one of many that begin with the same bytes."""

    def complete(self, data: bytes, final: bool) -> int:
        """Return how many bytes at the start of `data` are whole records; `final`: nothing will follow."""
        ...

    def skip(self, data: bytes) -> tuple[int, bool]:
        """Within a record that is too long: return how many bytes to drop, and whether the record ends there."""
        ...

    def split(self, data: bytes) -> Units:
        """Return the records of `data`. Raises nothing; what is not a record is in `refused`."""
        ...

    def count(self, data: bytes) -> int:
        """Return by how much the line number of what follows `data` is larger than that of its start."""
        ...


class Format(Protocol):
    """Turns complete records into rows. Pure: the same bytes give the same rows."""

    wants_header: bool
    framing: Framing
    has_extended: bool
    known: frozenset[str]
    """The fields that rows may have a value for; all others are None in every row."""
    repeats: Repeats
    """What a second record with the same request id is."""

    def check_header(self, line: bytes) -> tuple[str, ...]:
        """Return what is wrong with the header line of a file; empty when nothing is."""
        ...

    def parse(self, data: bytes, header: bytes | None) -> Parsed:
        """Read whole records; the last one may lack its newline. Raises nothing: a bad record is in `refused`."""
        ...


class Preamble(Struct, frozen=True):
    """What precedes the records of a file with a header."""

    end: int
    """In bytes."""
    records: int
    """The number of its lines, which are by design no records."""
    header: bytes | None
    """The header, behind as many NULs as bytes precede it; None when the header has not come yet."""


class Table(Protocol):
    """Finds the headers of a format that has some. Pure."""

    def preamble(self, data: bytes) -> Preamble:
        """Return what precedes the records of a file that begins with `data`, which are whole records."""
        ...

    def changes(self, data: bytes, header: bytes) -> list[tuple[int, bytes]]:
        """Return the headers among records that have other columns than the one before, each with its offset."""
        ...


def table_of(format_: Format) -> Table | None:
    """Return what finds the headers of a format; None when it has none."""
    table: Table | None = getattr(format_, "table", None)
    return table


@runtime_checkable
class RecordFormat(Format, Protocol):
    """A format whose decoded records can be counted directly, without being turned into rows."""

    layout: Layout

    def records(self, data: bytes) -> Parsed:
        """As `parse`, but `rows` has decoded records of the layout instead of rows."""
        ...


class Reader(Protocol):
    """A format for records that are separate texts, so that it works with any framing and any wrapper."""

    framing: Framing
    has_extended: bool
    known: frozenset[str]
    """As for `Format`."""
    repeats: Repeats
    """As for `Format`."""
    reads_text: bool
    """Whether its records may be text other than JSON."""

    def read(self, units: Sequence[bytes]) -> Parsed:
        """Read records. In the result, `lines` and `refused` have indexes of units."""
        ...


@runtime_checkable
class Grouping(Protocol):
    """A reader some of whose records belong together and must be in the same chunk."""

    group_marker: bytes
    """Bytes that every chunk with such records contains."""
    has_ends: bool
    """Whether the last record of a group says that nothing more of it comes."""

    def open_from(self, units: Sequence[bytes]) -> int | None:
        """Return the index of the first unit of a group that is not complete yet; None when there is none."""
        ...

    def goes_on(self, data: bytes) -> bool:
        """Return whether what comes first belongs to a group that began before `data`."""
        ...


def split_lines(data: bytes) -> list[bytes]:
    """Return the lines of a chunk without their newlines."""
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines
