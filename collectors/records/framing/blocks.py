"""Records of text that go on over several lines, and begin at a line of their own form."""

from __future__ import annotations

import re
from collections.abc import Iterator

from leverwatch.collectors.records.formats.interface import Units

SEPARATOR = " | "
"""What stands between the lines of a record that became one line."""
_BLANK = b"\0\r \t\xef\xbb\xbf"
_LONGEST = 2000
"""Characters of a line that are kept: those of values, and not all of a text of a call."""
_RULER = re.compile(r"^\W{3,}|\W{3,}$")
_BULLET = re.compile(r"^(?:(?:[-*+>•]|#{1,6})\s+)+")
_MARKS = re.compile(r"\*\*|`")
_ALIGNED = re.compile(r"^([^\W\d][\w ./()-]{0,40}?)\s*(?:\s:|=)\s+(?=\S)")


class Blocks:
    """A record begins at each line whose start fits a pattern, and goes on to the next one.

    Its lines become one, without what Markdown and rulers put around them; `name = value` becomes `name: value`.
    """

    by_newline = False
    documents = False

    def __init__(self, begins: str) -> None:
        self._begins = re.compile(begins).match

    def complete(self, data: bytes, final: bool) -> int:
        """Return the position of the last line that begins a record; all, when nothing follows."""
        if final:
            return len(data)
        end, last = data.rfind(b"\n") + 1, None
        for start, line in _lines(data[:end]):
            if self._begins(_text(line)):
                last = start
        return end if last is None else last

    def skip(self, data: bytes) -> tuple[int, bool]:
        """Drop everything up to the next line that begins a record."""
        end = 0
        for start, line in _lines(data):
            if start and self._begins(_text(line)):
                return start, True
            end = start
        return end, False

    def split(self, data: bytes) -> Units:
        """Return the records, each as one line; lines before the first one are ignored."""
        units, lines, starts, ignored = [], [], [], 0
        parts: list[str] | None = None
        for number, (start, line) in enumerate(_lines(data)):
            text = _text(line)
            if self._begins(text):
                if parts is not None:
                    units.append(SEPARATOR.join(parts).encode())
                parts = []
                lines.append(number)
                starts.append(start)
            if parts is None:
                ignored += 1
            elif said := plain_line(text):
                parts.append(said)
        if parts is not None:
            units.append(SEPARATOR.join(parts).encode())
        return Units(units, lines, ignored=ignored, starts=starts)

    def count(self, data: bytes) -> int:
        """Return the number of newlines."""
        return data.count(b"\n")


def plain_line(text: str) -> str:
    """Return a line without what is only drawn around it; nothing, where it has neither a letter nor a digit."""
    text = _BULLET.sub("", _MARKS.sub("", text[:_LONGEST].strip()))
    text = _RULER.sub("", text) if not text.startswith("{") else text
    return _ALIGNED.sub(r"\1: ", text.strip()) if any(map(str.isalnum, text)) else ""


def _lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        end = data.find(b"\n", at) + 1 or len(data)
        yield at, data[at:end]
        at = end


def _text(line: bytes) -> str:
    return line.rstrip(b"\n").strip(_BLANK).decode(errors="replace")
