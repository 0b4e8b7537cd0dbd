"""Reads JSON values from a file through a window of bounded size."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.decode import BadInput

_PIECE = 256 << 10
_DEEPEST = 1000
_BOM = b"\xef\xbb\xbf"

_TEXT = rb'[^"\\\x00-\x1f]*+(?:\\.[^"\\\x00-\x1f]*+)*+'
_PLAIN = rb"[ \t\r\n,:0-9+\-.eEINaflnrstuiyd]"
_STRING = rb'"' + _TEXT + rb'"'
_INNERMOST = rb"(?:" + _PLAIN + rb"++|" + _STRING + rb")*+"

_BLANK = re.compile(rb"[ \t\r\n]*+")
_REST_OF_STRING = re.compile(_TEXT)
_SCALAR = re.compile(rb"[0-9+\-.eEINaflnrstuiyd]*+")
# Lists and mappings that hold no others are passed over whole: most of them are such.
_INSIDE = re.compile(
    rb"(?:" + _PLAIN + rb"++|" + _STRING + rb"|\[" + _INNERMOST + rb"\]|\{" + _INNERMOST + rb"\})*+"
)
_QUOTE, _BACKSLASH, _COMMA, _COLON = b'"\\,:'
_OPENING, _CLOSING = b"[{", b"]}"


def not_json() -> BadInput:
    """Make the error for a text that is not JSON."""
    return BadInput(Result.INVALID_LINE, "is not JSON")


class Window:
    """Reads JSON values of a file from beginning to end. Every method raises BadInput when the text is not
    JSON."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._data = file.read(_PIECE).removeprefix(_BOM)
        self._at = 0
        self._taking = False
        self._start = 0
        self._taken: list[bytes] = []
        self._left = 0

    def peek(self) -> int:
        """Return the next byte that is not white space, without moving past it."""
        while True:
            self._pass(_BLANK)
            if self._at < len(self._data):
                return self._data[self._at]
            self._more()

    def elements(self, closing: int) -> Iterator[None]:
        """Iterate over the list or mapping that starts here: yields before each element or key, and ends behind
        it.

        Raises:
            BadInput: the text is not JSON.
        """
        self.peek()
        self._at += 1
        if self.peek() == closing:
            self._at += 1
            return
        while True:
            yield
            mark = self.peek()
            self._at += 1
            if mark == closing:
                return
            if mark != _COMMA:
                raise not_json()

    def colon(self) -> None:
        """Move past the colon behind a key.

        Raises:
            BadInput: there is none.
        """
        if self.peek() != _COLON:
            raise not_json()
        self._at += 1

    def take(self, largest: int) -> bytes | None:
        """Return the text of the next value and move past it; None when it is longer than `largest` bytes."""
        self.peek()
        self._taking, self._start, self._taken, self._left = largest > 0, self._at, [], largest
        self._value()
        self._keep()
        taken, self._taken = self._taken, []
        complete, self._taking = self._taking, False
        return b"".join(taken) if complete else None

    def finish(self) -> None:
        """Check that only white space follows.

        Raises:
            BadInput: something else does.
        """
        while True:
            self._pass(_BLANK)
            if self._at < len(self._data):
                raise not_json()
            self._data, self._at = self._file.read(_PIECE), 0
            if not self._data:
                return

    def _value(self) -> None:
        opening = self._data[self._at]
        if opening == _QUOTE:
            self._string()
        elif opening in _OPENING:
            self._nested()
        else:
            self._scalar()

    def _scalar(self) -> None:
        if _SCALAR.match(self._data, self._at, self._at + 1)[0] == b"":  # type: ignore[index]  # it may be empty
            raise not_json()
        while self._pass(_SCALAR) and self._more(last=True):
            pass

    def _nested(self) -> None:
        self._at += 1
        depth = 1
        while True:
            if not self._pass(_INSIDE):
                mark = self._data[self._at]
                if mark == _QUOTE:
                    # Only one that the end of the piece cuts in two gets here.
                    self._string()
                    continue
                self._at += 1
                if mark in _OPENING:
                    depth += 1
                    if depth > _DEEPEST:
                        raise BadInput(Result.INVALID_LINE, "is nested too deeply")
                elif mark in _CLOSING:
                    depth -= 1
                    if depth == 0:
                        return
                else:
                    raise not_json()
            else:
                self._more()

    def _string(self) -> None:
        self._at += 1
        while True:
            self._pass(_REST_OF_STRING)
            if self._at < len(self._data) and self._data[self._at] == _QUOTE:
                self._at += 1
                return
            # A backslash may be the last byte of a piece.
            if self._at + 1 < len(self._data) or (
                self._at < len(self._data) and self._data[self._at] != _BACKSLASH
            ):
                raise not_json()
            self._more()

    def _pass(self, pattern: re.Pattern[bytes]) -> bool:
        """Move past what the pattern matches, and return whether the window is used up."""
        match = pattern.match(self._data, self._at)
        if match is not None:
            self._at = match.end()
        return self._at == len(self._data)

    def _more(self, *, last: bool = False) -> bool:
        """Read the next piece of the file. At its end, a value that is not the `last` one is incomplete: an
        error."""
        self._keep()
        piece = self._file.read(_PIECE)
        if not piece and not last:
            raise not_json()
        self._data = self._data[self._at :] + piece
        self._at = self._start = 0
        return bool(piece)

    def _keep(self) -> None:
        """Keep the part of the present value that the window is about to lose."""
        if self._taking:
            self._left -= self._at - self._start
            if self._left < 0:
                self._taking, self._taken = False, []
                return
            self._taken.append(self._data[self._start : self._at])
            self._start = self._at
