"""Consecutive JSON objects: one a line, over several lines, without newlines, or as elements of arrays."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto
from operator import itemgetter

import msgspec
from msgspec import Struct

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.formats.interface import Units, split_lines

_TOKEN = re.compile(rb'"[^"\\\n]*(?:\\[^\n][^"\\\n]*)*(")?|[{}\[\]]')
# Arrays at the top are transparent: between two of their elements is a position to go on from like any other.
_BETWEEN = re.compile(rb"[\s,\[\]\0\xef\xbb\xbf]*")
# The fields of server-sent events that are no data, comments, the end of a stream, and data of a single word.
_EVENT_LINE = re.compile(rb"(?:(?:event|id|retry):.*|:.*|data:\s*(?:\[DONE\]|[\w.+-]{1,64})?\s*)$", re.DOTALL)
_EVENT_DATA = re.compile(rb"data:[\s\[]*$")
_NEXT = re.compile(rb"\n(?=[{\[])")
# Two objects on one line show as one brace after another, or fail to be read as one.
_TWO_OBJECTS = re.compile(rb"\} ?\{")
_FIRST, _LAST = itemgetter(0), itemgetter(-1)
_skip = msgspec.json.Decoder(msgspec.Raw).decode
_BLANKS = b" \t\r"
NOT_JSON = "not JSON"
"""The detail of refused text around values, which a program may print between them."""
_SEPARATORS = b" \t\r\n,[]\0\xef\xbb\xbf"
"""What may stand between the elements of an array, and around it."""
_NEAR = 4096
_INDENT = 256
"""A line that is indented by more columns is not taken for the start of a value."""


class Kind(Enum):
    """The kinds of pieces of a text."""

    VALUE = auto()
    BROKEN = auto()
    NOISE = auto()
    """A line of a server-sent event stream that is not data."""
    TEXT = auto()
    """Text before or between values."""
    OPEN = auto()
    """A value that is not complete at the end of the text."""


class Piece(Struct, frozen=True):
    """A stretch of the text."""

    start: int
    end: int
    kind: Kind


def pieces(data: bytes) -> Iterator[Piece]:
    """Yield the pieces of a text in order; only the last one can be incomplete.

    A value with unbalanced brackets or quotes ends where the next value begins: at a line that starts a value and
    is not indented more than this one, or at an object that can only be the next element of the surrounding array.
    """
    at = 0
    while (at := _between(data, at)) < len(data):
        piece = _value(data, at) if data[at] == 0x7B else _garbage(data, at)
        yield piece
        at = piece.end


def starts_array(data: bytes) -> bool:
    """Return whether a content that starts with `data` is an array."""
    return data.lstrip(b" \t\r\n\0\xef\xbb\xbf").startswith(b"[")


def separates(data: bytes) -> bool:
    """Return whether bytes hold nothing but what stands between elements of an array and around it.

    Whoever keeps a log as one valid array writes over these with every element that it adds.
    """
    return not data.strip(_SEPARATORS)


def is_whole(data: bytes, end: int) -> bool:
    """Return whether a content, of which everything up to `end` is complete, looks finished: an open array does
    not."""
    closed = not starts_array(data) or data.rstrip(b" \t\r\n").endswith(b"]")
    return closed and separates(data[end:])


def element_end(data: bytes, end: int, in_array: bool) -> int:
    """Return the end of the last element before `end`, where whole records end.

    That is `end` itself where no array goes on: a newline behind an object is there to stay.
    """
    near = data[max(0, end - _NEAR) : end]
    stripped = len(near.rstrip(_SEPARATORS))
    if not stripped:
        near = data[:end]
        stripped = len(near.rstrip(_SEPARATORS))
    behind = near[stripped:]
    return end - len(behind) if in_array or b"]" in behind or b"," in behind else end


def _between(data: bytes, at: int) -> int:
    match = _BETWEEN.match(data, at)
    return match.end() if match else at


def _garbage(data: bytes, at: int) -> Piece:
    newline, brace = data.find(b"\n", at), data.find(b"{", at)
    end = newline if newline >= 0 else len(data)
    if 0 <= brace < end:
        kind = Kind.NOISE if _EVENT_DATA.match(data, at, brace) else Kind.TEXT
        return Piece(at, brace, kind)
    if newline < 0:
        return Piece(at, end, Kind.OPEN)
    return Piece(at, end, Kind.NOISE if _EVENT_LINE.match(data, at, end) else Kind.TEXT)


def _value(data: bytes, start: int) -> Piece:
    stack = bytearray()
    broken = False
    indent = _indent(data, start)
    for match in _TOKEN.finditer(data, start):
        at, end = match.span()
        token = data[at]
        if token == 0x22:
            if match.lastindex is None:
                if end + data.startswith(b"\\", end) >= len(data):
                    return Piece(start, len(data), Kind.OPEN)
                broken = True
        elif token in b"{[":
            if token == 0x7B and stack and _is_next(data, start, at, indent, stack[-1]):
                return Piece(start, at, Kind.BROKEN)
            stack.append(token)
        else:
            if stack[-1] + 2 != token:
                broken = True
                if token == 0x7D:
                    while stack[-1] != 0x7B:
                        stack.pop()
                else:
                    continue
            stack.pop()
            if not stack:
                return Piece(start, end, Kind.BROKEN if broken else Kind.VALUE)
    return Piece(start, len(data), Kind.OPEN)


def _indent(data: bytes, start: int) -> int:
    before = data[max(0, start - _INDENT) : start]
    return len(before) - len(before.rstrip(_BLANKS))


def _is_next(data: bytes, start: int, at: int, indent: int, around: int) -> bool:
    """Whether an object inside a value must be the next value, as it cannot belong to this one."""
    before = data[at - 1]
    if before in b" \t\r\n":
        head = data[max(start, at - _INDENT) : at]
        text = head.rstrip(_BLANKS)
        if text.endswith(b"\n") and len(head) - len(text) <= indent:
            return True
        text = text.rstrip()
        if not text:
            return False
        before = text[-1]
    return around == 0x7B and before != 0x3A


class ValueFraming:
    """A record ends where its JSON object ends. One object a line is read about as fast as with `LineFraming`."""

    by_newline = False
    documents = True

    def __init__(self) -> None:
        self._last: tuple[bytes, list[bytes] | None] = (b"", None)
        """A cache of the last chunk and its lines; it only saves time."""

    def complete(self, data: bytes, final: bool) -> int:  # noqa: ARG002 an open value may always go on
        """Return the position behind the last complete object and the separators that follow it."""
        # A line that starts with a brace starts a value, whatever lies before it: only what follows is looked at.
        at = data.rfind(b"\n{") + 1
        rest = data[at:] if at else data
        end, open_at = 0, len(rest)
        for piece in pieces(rest):
            if piece.kind is Kind.OPEN:
                open_at = piece.start
                break
            end = piece.end
        # Indentation tells where a broken value ends: it stays with the value that it stands before.
        return at + max(end, rest.rfind(b"\n", end, open_at) + 1)

    def skip(self, data: bytes) -> tuple[int, bool]:
        """Drop everything up to the next line that starts with a value."""
        match = _NEXT.search(data)
        if match:
            return match.end(), True
        return len(data) - data.endswith(b"\n"), False

    def split(self, data: bytes) -> Units:
        """Return the objects, without the fields of server-sent events around them."""
        lines = self._objects(data)
        return self.split_values(data) if lines is None else Units(lines)

    def _objects(self, data: bytes) -> list[bytes] | None:
        """Return the lines of `data` if each is a single object; else None."""
        # A chunk is split and counted right after it was found to be complete.
        known, lines = self._last
        if known != data:
            lines = _object_lines(data)
            self._last = (data, lines)
        return lines

    def split_values(self, data: bytes) -> Units:
        """Return the objects, also when several are on a line."""
        units = Units([], [])
        lines: list[int] = []
        starts: list[int] = []
        line, counted = 0, 0
        for piece in pieces(data):
            line += data.count(b"\n", counted, piece.start)
            counted = piece.start
            if piece.kind is Kind.VALUE:
                units.units.append(data[piece.start : piece.end])
                lines.append(line)
                starts.append(piece.start)
            elif piece.kind is Kind.NOISE:
                # The `data:` before a record is a part of it; any other line of the stream stands for itself.
                units.ignored += not data.startswith(b"{", piece.end)
            else:
                detail = NOT_JSON if piece.kind is Kind.TEXT else "not a whole JSON object"
                units.refused.append((line, Result.INVALID_LINE, detail))
        units.lines, units.starts = lines, starts
        return units

    def count(self, data: bytes) -> int:
        """Return the number of newlines."""
        known, lines = self._last
        return data.count(b"\n") if lines is None or known != data else len(lines)


def _object_lines(data: bytes) -> list[bytes] | None:
    # A newline between a closing and an opening brace cannot lie inside a value.
    if not data.startswith(b"{") or not data.endswith(b"}\n"):
        return None
    lines = split_lines(data)
    try:
        ends = set(map(_FIRST, lines)), set(map(_LAST, lines))
    except IndexError:  # an empty line
        return None
    if ends != ({0x7B}, {0x7D}):
        return None
    if _TWO_OBJECTS.search(data) and not all(_is_one(line) for line in lines if _TWO_OBJECTS.search(line)):
        return None
    return lines


def _is_one(line: bytes) -> bool:
    """Whether a line certainly is a single object; two consecutive braces may also be text in it."""
    try:
        _skip(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


VALUES = ValueFraming()
