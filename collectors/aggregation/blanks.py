"""Finds blank lines many at a time, as a small compressed file can hold gigabytes of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

_FEWEST = 64
_BLANK = b"\n\r\t "
_RUN = re.compile(rb"\n[\n\r\t ]{%d,}" % _FEWEST)


def between_blanks(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Yield the whole lines of `data` without the long runs of blank lines.

    Each item is the number of lines before a stretch, the stretch (perhaps empty), and the number of blank lines
    that follow it.
    """
    line, at = 0, 0
    for start, end in _runs(data):
        stretch = data[at:start]
        blank = data.count(b"\n", start, end)
        yield line, stretch, blank
        line += stretch.count(b"\n") + blank
        at = end
    yield line, data[at:], 0


def _runs(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield start and end, in bytes, of each long run of whole blank lines."""
    after = 0
    if data[:1] in (b"\n", b"\r", b"\t", b" "):
        length = len(data) - len(data.lstrip(_BLANK))
        if length >= _FEWEST and (end := data.rfind(b"\n", 0, length) + 1):
            yield 0, end
            after = end
    for match in _RUN.finditer(data, after):
        # The first newline ends a line before the run, and what follows the last one may be the start of another.
        start = match.start() + 1
        end = data.rfind(b"\n", start, match.end()) + 1
        if end > start:
            yield start, end
