"""Reads a sample of a whole file: its start, its end, and blocks between them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from leverwatch.collectors.content.reader import FileReader, Moved
from leverwatch.collectors.errors import SourceUnavailable
from leverwatch.collectors.listing import name_fault, shown
from leverwatch.collectors.paths import look

WHOLE_BYTES = 8 << 20
"""A file of so many bytes of text is looked at as a whole."""
START_BYTES = 2 << 20
BLOCK_BYTES = 128 << 10
BLOCKS = 40
MOST_RECORDS = 20_000
_RUN = 500
"""Records that follow each other are looked at together, as sums so far only show between neighbours."""
T = TypeVar("T")


def read_sample(path: Path) -> tuple[bytes, str]:
    """Return a sample of the text of a file, decompressed, and its compression.

    The sample is the whole text when that is short, else its first bytes, and whole lines from blocks over all of
    the rest to the end; of JSON that goes on over several lines it is the first bytes alone.

    Raises:
        SourceUnavailable: there is no such file, or it cannot be read.
    """
    fault = name_fault(str(path.resolve()))
    if fault is not None:
        raise SourceUnavailable(f"{shown(str(path))}: {fault}")
    try:
        found = look(str(path.resolve()))
        if found is None:
            raise SourceUnavailable(f"{path}: no such file")
        with FileReader(found) as content:
            start = content.read_exactly(WHOLE_BYTES)
            if len(start) < WHOLE_BYTES or _is_document(start):
                return start, content.kind.value
            if content.kind.value == "plain":
                return _spread(content, start, found.size), "plain"
            return _of_stream(content, start), content.kind.value
    except Moved as error:
        raise SourceUnavailable(f"{path}: no such file") from error
    except OSError as error:
        raise SourceUnavailable(f"{path}: {error.strerror}") from error


def _is_document(start: bytes) -> bool:
    """Whether JSON goes on over several lines: a piece from its middle is no record."""
    first = start.lstrip(b"\xef\xbb\xbf \t\r\n").partition(b"\n")[0].strip()
    return first.startswith((b"{", b"[")) and not first.endswith(b"}")


def _spread(content: FileReader, start: bytes, size: int) -> bytes:
    step = (size - START_BYTES - BLOCK_BYTES) // BLOCKS
    pieces = [_to_line_end(start[:START_BYTES])]
    for number in range(1, BLOCKS):
        content.seek(START_BYTES + number * step)
        pieces.append(_whole_lines(content.read_exactly(BLOCK_BYTES)))
    content.seek(size - BLOCK_BYTES)
    return b"".join((*pieces, _whole_lines(content.read_exactly(BLOCK_BYTES))))


def _of_stream(content: FileReader, start: bytes) -> bytes:
    """As `_spread`, of a compressed file, which has to be read through, and whose length nobody knows before."""
    pieces = [_to_line_end(start[:START_BYTES])]
    kept: list[bytes] = [start[at : at + BLOCK_BYTES] for at in range(START_BYTES, len(start), 8 * BLOCK_BYTES)]
    step, number = 8, 0
    last = start[-BLOCK_BYTES:]
    while block := content.read_exactly(BLOCK_BYTES):
        number += 1
        last = last[len(block) :] + block
        if number % step == 0:
            kept.append(block)
        if len(kept) > 2 * BLOCKS:
            kept, step = kept[::2], 2 * step
    return b"".join((*pieces, *map(_whole_lines, (*kept, last))))


def _to_line_end(data: bytes) -> bytes:
    return data[: data.rfind(b"\n") + 1] or data


def _whole_lines(data: bytes) -> bytes:
    """Return what is between the first and the last line end; nothing when there are not two."""
    return data[data.find(b"\n") + 1 : data.rfind(b"\n") + 1] if b"\n" in data else b""


def spread(records: Sequence[T], most: int = MOST_RECORDS) -> list[T]:
    """Return so many records, in runs over all of them, the first and the last among them."""
    if len(records) <= most:
        return list(records)
    runs = most // _RUN
    step = (len(records) - _RUN) / (runs - 1)
    starts = [round(number * step) for number in range(runs)]
    chosen = sorted({at for start in starts for at in range(start, min(start + _RUN, len(records)))})
    return [records[at] for at in chosen]
