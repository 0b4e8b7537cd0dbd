"""What the compiled helper found in a chunk: values of lines, of rows, of wrapped lines or of spans."""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable, Sequence

from msgspec import Struct

from leverwatch.collectors.aggregation import _native
from leverwatch.collectors.aggregation.noted_lines import LineTexts

_OF_SPAN, _OF_TRACE = 24, 28
"""Bytes of what is known of a span."""


class _Divided(Struct, frozen=True):
    """The spans of traces, of which lines are made where somebody asks for them."""

    log: bytes
    known: bytes
    """What is known of each."""

    @property
    def size(self) -> int:
        """Bytes that are held."""
        return len(self.log)

    def whole(self) -> bytes:
        """Return all of them."""
        return _native.undivide(self.log, self.known)

    def some(self, places: Sequence[int]) -> bytes:
        """Return those at some places, which are in order."""
        known = (self.known[place * _OF_TRACE : (place + 1) * _OF_TRACE] for place in places)
        return _native.undivide(self.log, b"".join(known))


class Scanned(Struct):
    """Lines whose values were found by a scan."""

    data: bytes | bytearray | memoryview
    scan: _native.Scan
    lines: int
    is_table: bool = False
    """Whether the records are rows, which may have several lines each."""
    newlines: int = 0
    """Of rows, and of what spans were found in."""
    header: bytes | None = None
    """What names the columns of rows."""
    outer: bytes | bytearray | memoryview | None = None
    """The text in which `data` was wrapped; None: nothing was around it."""
    starts: Sequence[int] = ()
    """Where the lines of that begin."""
    is_open: bool = False
    """Whether one of these may go on in the next one."""
    rows: bytes | None = None
    """What is known of the lines of spans; None: they are those of the log."""

    def line(self, index: int) -> int:
        """Return the number of newlines before a record."""
        return self.scan.line(index) if self.is_table else index

    def outer_line(self, line: int) -> int:
        """Return the index of the line of the log in which a span is."""
        if self.rows is None:
            return line
        at = line * (_OF_SPAN if self.outer is None else _OF_TRACE)
        return int.from_bytes(self.rows[at : at + 4], sys.byteorder)

    @property
    def is_divided(self) -> bool:
        """Whether a line of the log is several of these."""
        return self.rows is not None and self.outer is not None

    def is_whole_line(self, line: int) -> bool:
        """Whether a line is a line of the log, and none of its spans."""
        return not struct.unpack_from("=7I", self.rows or b"", line * _OF_TRACE)[4]

    @property
    def is_whole(self) -> bool:
        """Whether the last line is a record, and none that goes on in the next one."""
        if self.outer is not None or self.rows is not None:
            return not self.is_open
        try:
            self.scan.told(self.lines - 1)
        except IndexError:
            return False
        return True

    def text(self, first: int, behind: int) -> bytes:
        """Return the lines from index `first` up to, not including, `behind`, with what is around them."""
        if self.is_divided:
            known = memoryview(self.rows or b"")[first * _OF_TRACE : behind * _OF_TRACE]
            return _native.undivide(self.outer or b"", known)
        if self.outer is not None:
            end = self.starts[behind] if behind < self.lines else None
            return bytes(self.outer[self.starts[first] : end])
        start, end = self.scan.span(first, behind)
        return bytes(self.data[start:end])

    def texts(
        self, first: int, behind: int, cut: Callable[[bytes], list[bytes]] | None = None
    ) -> LineTexts | _Divided:
        """Return the records from index `first` up to, not including, `behind`; `cut` takes those of tables apart.

        They stay as they are when the memory that was read into is used again.
        """
        if self.is_divided and first == 0 and behind == self.lines:
            return _Divided(bytes(self.outer or b""), self.rows or b"")
        return LineTexts(self.text(first, behind), behind - first, cut)

    def record(self, index: int) -> bytes:
        """Return a record as it was read."""
        start, end = self.scan.span(index, index + 1)
        return bytes(self.data[start : end - 1])
