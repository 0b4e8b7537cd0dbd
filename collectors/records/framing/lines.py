"""One record a line."""

from __future__ import annotations

from leverwatch.collectors.records.formats.interface import Units, split_lines


class LineFraming:
    """A newline ends every record."""

    by_newline = True
    documents = False

    def complete(self, data: bytes, final: bool) -> int:  # noqa: ARG002 a line without an end may always go on
        """Return the position behind the last newline."""
        return data.rfind(b"\n") + 1

    def skip(self, data: bytes) -> tuple[int, bool]:
        """Drop everything up to the next newline."""
        end = data.find(b"\n") + 1
        return (end, True) if end else (len(data), False)

    def split(self, data: bytes) -> Units:
        """Return the lines."""
        return Units(split_lines(data))

    def count(self, data: bytes) -> int:
        """Return the number of newlines."""
        return data.count(b"\n")


LINES = LineFraming()
