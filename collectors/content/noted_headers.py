"""The headers of a log that is read once, from its start."""

from __future__ import annotations

from leverwatch.collectors.aggregation.ingest import Ingest
from leverwatch.collectors.content.fingerprint import Fingerprint
from leverwatch.collectors.records.formats.interface import Preamble


class NotedHeaders:
    """Knows the headers of a log that is read from its start, and remembers nothing else."""

    def __init__(self, ingest: Ingest, path: str) -> None:
        self._ingest, self._path = ingest, path
        self._headers: list[tuple[int, bytes | None]] = []

    def header_at(self, offset: int) -> bytes | None:
        """Return the header that holds for the record at an offset."""
        return next((header for at, header in reversed(self._headers) if at <= offset), None)

    def expects_header(self, offset: int) -> bool:  # noqa: ARG002 - as where a file is followed
        """Return whether the format has a header that is not read yet."""
        return self._ingest.wants_header and self.header_at(0) is None

    def take_header(self, preamble: Preamble, place: str) -> None:  # noqa: ARG002 - it is the first of the file
        """Note the header. Raises SourceRefused when a column is missing."""
        if preamble.header is not None:
            self._ingest.headers.check(preamble.header, self._path)
        self._ingest.ignore(preamble.records)
        self.note(preamble)

    def note(self, preamble: Preamble) -> None:
        """Note a header that was counted before."""
        self._headers = [(0, preamble.header)]

    def change_header(self, offset: int, header: bytes, line: int) -> None:
        """Note another header. Raises SourceRefused when a column is missing."""
        self._ingest.headers.check(header, self._path, line)
        self._headers.append((offset, header))

    def advance(self, prefix: Fingerprint, records: int) -> None:
        """Nothing is remembered."""
