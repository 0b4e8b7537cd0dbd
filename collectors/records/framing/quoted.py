"""Records of delimited values, which end at a newline that is in no quotes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import Enum, auto

from msgspec import Struct

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.formats.interface import Units, split_lines

STRAY = "a quote that nothing ends, or that something follows"
"""The detail of a refused line."""
COMMENT = b"#"
_LONGEST = 1 << 20
"""Bytes of the longest record with line breaks; beyond that the quote that opens it is taken for a stray one."""
_LOOK = 2
"""So many further lines of a record decide whether they are rows of their own."""
_SHAPE = re.compile(rb"[^\W_]")
_LEAST_SHAPE = 6


class _Kind(Enum):
    WHOLE = auto()
    BROKEN = auto()
    OPEN = auto()
    """Not complete at the end of the data."""


class _Record(Struct, frozen=True):
    start: int
    end: int
    kind: _Kind


class QuotedFraming:
    """Lines of cells, of which a quoted one may have line breaks. Without any quote it is about as fast as lines.

    A quote opens a cell at its start, and closes it before a delimiter or a line end. One that does neither costs
    the line that it is on, and no other: a record with it ends at the first newline. So does one whose further
    lines look like rows of their own, as then a closing quote is missing, and one of more than 1 MiB.
    """

    by_newline = False
    documents = False

    def __init__(self, delimiter: str, quote: str) -> None:
        self._delimiter, self._quote = delimiter.encode(), quote.encode()
        self.ends: Callable[[bytes, bytes, bytes], int] | None = None
        """Does the same as `complete` in less time, given data, delimiter and quote; None: nothing does."""
        self._last_chunk: tuple[bytes, list[_Record]] = (b"", [])
        """A cache of the last chunk, which is split right after it was found complete; it only saves time."""
        if quote:
            self._whole, self._last, self._open = _patterns(self._delimiter, self._quote)

    @property
    def is_short(self) -> bool:
        """Whether delimiter and quote are of one byte each."""
        return len(self._delimiter) == 1 and len(self._quote) <= 1

    def _reads_lines(self, data: bytes) -> bool:
        return not self._quote or self._quote not in data

    def complete(self, data: bytes, final: bool) -> int:  # noqa: ARG002 an open record may always go on
        """Return the position behind the last whole record."""
        if self._reads_lines(data):
            return data.rfind(b"\n") + 1
        if self.ends is not None:
            return self.ends(data, self._delimiter, self._quote)
        records = list(self._records(data))
        if records and records[-1].kind is _Kind.OPEN:
            records.pop()
        end = records[-1].end if records else 0
        self._last_chunk = (data[:end], records)
        return end

    def skip(self, data: bytes) -> tuple[int, bool]:
        """Drop everything up to the next newline."""
        end = data.find(b"\n") + 1
        return (end, True) if end else (len(data), False)

    def split(self, data: bytes) -> Units:
        """Return the records without their newlines; a line with a stray quote is refused."""
        if self._reads_lines(data):
            return Units(split_lines(data))
        units, lines, starts, line, counted = Units([]), [], [], 0, 0
        at = 0
        while at < len(data):
            known, records = self._last_chunk
            for record in records if known == data else self._records(data, at):
                line += data.count(b"\n", counted, record.start)
                counted, at = record.start, record.end
                kind, end = record.kind, record.end
                if kind is _Kind.OPEN:
                    # Nothing follows: as a record it lacks but its line end, or is none and has lines.
                    if self._last.match(data, record.start):
                        kind = _Kind.WHOLE
                    else:
                        kind, at = _Kind.BROKEN, data.find(b"\n", record.start) + 1 or len(data)
                if kind is _Kind.BROKEN:
                    units.refused.append((line, Result.INVALID_LINE, STRAY))
                else:
                    units.units.append(data[record.start : end].removesuffix(b"\n"))
                    lines.append(line)
                    starts.append(record.start)
        units.lines, units.starts = lines, starts
        return units

    def count(self, data: bytes) -> int:
        """Return the number of newlines."""
        return data.count(b"\n")

    def _records(self, data: bytes, at: int = 0) -> Iterator[_Record]:
        """Yield the records in order; only the last one can be incomplete."""
        quote, whole, size = self._quote, self._whole, len(data)
        while at < size:
            newline = data.find(b"\n", at)
            if newline < 0:
                yield _Record(at, size, _Kind.OPEN)
                return
            line_end = newline + 1
            if data.find(quote, at, newline) < 0 or data.startswith(COMMENT, at):
                yield _Record(at, line_end, _Kind.WHOLE)
                at = line_end
                continue
            match = whole.match(data, at)
            if match is not None and match.end() == line_end:
                yield _Record(at, line_end, _Kind.WHOLE)
                at = line_end
                continue
            record = self._long(data, at, line_end, match)
            yield record
            if record.kind is _Kind.OPEN:
                return
            at = record.end

    def _long(self, data: bytes, at: int, line_end: int, match: re.Match[bytes] | None) -> _Record:
        """Return a record that does not end with its first line, or is broken there."""
        end = len(data) if match is None else match.end()
        broken = _Record(at, line_end, _Kind.BROKEN)
        if match is None and not self._open.match(data, at):
            return broken
        if end - at > _LONGEST:
            return broken
        if self._has_rows(data, at, line_end, end, closed=match is not None):
            return broken
        return _Record(at, end, _Kind.OPEN if match is None else _Kind.WHOLE)

    def _has_rows(self, data: bytes, at: int, line_end: int, end: int, *, closed: bool) -> bool:
        """Whether the further lines of a record look like rows of their own: the first two, or the only one."""
        first = data[at:line_end]
        width, shape = first.count(self._delimiter), self._shape(first)
        if not width or len(shape) < _LEAST_SHAPE:
            return False
        seen = 0
        while seen < _LOOK and (newline := data.find(b"\n", line_end, end)) >= 0:
            line = data[line_end : newline + 1]
            if line.count(self._delimiter) != width or self._shape(line) != shape:
                return False
            line_end, seen = newline + 1, seen + 1
        return seen == _LOOK or closed

    def _shape(self, line: bytes) -> bytes:
        """Return the first cell with one letter for all letters and digits."""
        return _SHAPE.sub(b"x", line[: line.find(self._delimiter)].strip(self._quote + b" "))


def _patterns(delimiter: bytes, quote: bytes) -> Iterator[re.Pattern[bytes]]:
    """Yield what matches a record with its line end, one that ends with the data, and one that may go on."""
    d, q = re.escape(delimiter), re.escape(quote)
    # What may stand before a quote that opens: the hole of a file that was truncated, and blanks.
    blanks = rb"(?:\0|\xef\xbb\xbf)*+" + (b"" if delimiter == b" " else rb"\ *+")
    no_quote, no_delimiter = _other_than(quote), _other_than(delimiter, rb"\n")
    inside = q + no_quote + b"*+(?:" + q + q + no_quote + b"*+)*+"
    plain = rb"(?!" + blanks + q + rb")" + no_delimiter + b"*+"
    cell = rb"(?:" + blanks + inside + q + rb"|" + plain + rb")"
    whole = cell + rb"(?:" + d + cell + rb")*+\r*+"
    # A sign of several bytes may be cut within.
    begun = b"|".join(re.escape(sign[:end]) for sign in (delimiter, quote) for end in range(len(sign)))
    opened = rb"(?:" + blanks + inside + rb"(?:" + q + rb"(?:" + begun + rb"))?|" + plain + rb")"
    for pattern in (whole + rb"\n", whole + rb"\Z", rb"(?:" + cell + d + rb")*+" + opened + rb"\r*+\Z"):
        yield re.compile(pattern, re.DOTALL)


def _other_than(text: bytes, further: bytes = b"") -> bytes:
    """Return a pattern for one byte at which a text does not begin, and which is none of the `further` ones."""
    if len(text) == 1:
        return b"[^" + re.escape(text) + further + b"]"
    return b"(?:(?!" + re.escape(text) + b")" + (b"[^" + further + b"]" if further else b".") + b")"
