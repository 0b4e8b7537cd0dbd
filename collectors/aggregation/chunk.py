"""What became of the records of one chunk."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import Struct
from msgspec.structs import replace

from leverwatch.collectors.aggregation.refusals import Mixed
from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.formats.interface import Parsed


class Chunk(Struct, frozen=True):
    """The results of the records of a chunk."""

    counted: int
    ignored: int
    others: list[tuple[int, Result, str]]
    """Index, result and detail of each record that was not counted."""
    unreadable: list[tuple[int, str, str]] = []
    """Index, field and reason of each value of a counted record that cannot be read."""
    mixed: Mixed = {}


def moved(chunk: Chunk, first: int) -> Chunk:
    """Return a chunk with the indices of a larger one, in which it begins at an index."""
    return replace(
        chunk,
        others=[(first + index, result, detail) for index, result, detail in chunk.others],
        unreadable=[(first + index, field, why) for index, field, why in chunk.unreadable],
        mixed={first + index: settled for index, settled in chunk.mixed.items()},
    )


def renumbered(chunk: Chunk, line_of: Callable[[int], int]) -> Chunk:
    """Return a chunk with the index of a line in place of each of its indices."""
    return replace(
        chunk,
        others=[(line_of(index), result, detail) for index, result, detail in chunk.others],
        unreadable=[(line_of(index), field, why) for index, field, why in chunk.unreadable],
        mixed={line_of(index): settled for index, settled in chunk.mixed.items()},
    )


def unreadable_of(parsed: Parsed, others: Iterable[tuple[int, Result, str]]) -> list[tuple[int, str, str]]:
    """Return the unreadable values of counted rows, with the index of the line in place of that of the row."""
    left_out = {index for index, _, _ in others}
    lines = parsed.lines
    return [
        (row if lines is None else lines[row], field, why)
        for row, field, why in parsed.unreadable
        if row not in left_out
    ]
