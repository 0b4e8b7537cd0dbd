"""What precedes the records of a file, and comes again among them."""

from __future__ import annotations

from collections.abc import Callable

from leverwatch.collectors.errors import SourceRefused
from leverwatch.collectors.records.formats.interface import Format, Preamble, table_of
from leverwatch.collectors.records.formats.table_header import Header

MAX_HEADER = 64 << 10
"""The longest header line, in bytes."""


class Headers:
    """Reads the headers of the files of one source.

    `finds` says whether a cell may be a text, given what stands around cells; None: it is not known quickly.
    """

    def __init__(
        self, source: str, made: Format, finds: Callable[[bytes, bytes, bytes], bool] | None = None
    ) -> None:
        self._source, self._format, self._table = source, made, table_of(made)
        self._finds = finds

    def check(self, line: bytes, path: str, number: int = 1) -> None:
        """Check that a header of a file, which is on a line, has the columns that the source needs.

        Raises:
            SourceRefused: columns are missing; the message names the file and the columns.
        """
        # It is stored with the position, at every step.
        long = len(line) > MAX_HEADER
        wrong = (f"a header of more than {MAX_HEADER >> 10} KiB",) if long else self._format.check_header(line)
        if wrong:
            raise SourceRefused(f"source {self._source}: {path}:{number}: {', '.join(wrong)}")

    def preamble(self, data: bytes) -> Preamble:
        """Return what precedes the records of a file that begins with `data`, which are whole records."""
        if self._table is not None:
            return self._table.preamble(data)
        end = data.find(b"\n") + 1
        return Preamble(end, 1, data[:end].rstrip(b"\r\n"))

    def among(self, data: bytes, header: bytes) -> list[tuple[int, bytes]]:
        """Return the headers among records behind `header` that have other columns, each with its offset."""
        table = self._table
        if self._finds is not None and isinstance(table, Header):
            finds, edges = self._finds, table.edges
            if not any(finds(data, name, edges) for name in table.times):
                return []
        return [] if table is None else table.changes(data, header)
