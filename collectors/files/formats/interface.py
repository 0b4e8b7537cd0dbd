"""What a format gives: rows of typed values, and what was wrong with the lines that gave none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from collectors.interface import Result

Row = tuple[Any, ...]
"""The values of one record in the order of `collectors.files.fields.FIELDS` (None: unknown), then those of the
system template."""

MAX_COUNT = 2**53
"""The largest count that a float holds exactly."""


@dataclass(slots=True)
class Parsed:
    """The lines of one chunk."""

    rows: list[Row] = field(default_factory=list)
    lines: list[int] | None = None
    """Index of each row's line in the chunk; None when every line gave a row."""
    refused: list[tuple[int, Result, str]] = field(default_factory=list)
    """Lines that gave no row: index, why, and a detail that shows nothing of the content."""
    ignored: int = 0
    """Blank lines."""


class Format(Protocol):
    """Turns complete lines into rows. Pure: the same bytes give the same rows."""

    wants_header: bool

    def check_header(self, line: bytes) -> tuple[str, ...]:
        """What is wrong with a file's header line; empty when nothing is."""
        ...

    def parse(self, data: bytes, header: bytes | None) -> Parsed:
        """Read whole lines; the last one may lack its newline. A bad line costs only itself."""
        ...


def split_lines(data: bytes) -> list[bytes]:
    """The lines of a chunk, without their newlines."""
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines
