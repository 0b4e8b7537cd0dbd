"""Reads a part of the newest file of a source, without counting it."""

from __future__ import annotations

from collections.abc import Sequence

from leverwatch.collectors.aggregation.ingest import Ingest
from leverwatch.collectors.content.feed import RecordFeed
from leverwatch.collectors.content.fingerprint import Fingerprint
from leverwatch.collectors.content.reader import FileReader, Kind, Moved
from leverwatch.collectors.errors import SourceUnavailable
from leverwatch.collectors.interface import CollectorContext
from leverwatch.collectors.paths import Found
from leverwatch.collectors.records.formats.interface import Preamble
from leverwatch.collectors.sampled import Sampled
from leverwatch.collectors.sources.files.config import FilesConfig

MOST_BYTES = 8 << 20
"""Bytes of text that are read."""


class _Notes:
    """Knows the headers of the part that is read."""

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
        self._headers = [(0, preamble.header)]

    def change_header(self, offset: int, header: bytes, line: int) -> None:
        """Note another header. Raises SourceRefused when a column is missing."""
        self._ingest.headers.check(header, self._path, line)
        self._headers.append((offset, header))

    def advance(self, prefix: Fingerprint, records: int) -> None:
        """Nothing is remembered."""


def sample_of(config: FilesConfig, context: CollectorContext, files: Sequence[Found]) -> Sampled:
    """Return what a part of the newest file would count as.

    Of lines without a header it is the end of the file, of all else the beginning.

    Raises:
        SourceUnavailable: there is no file, or it cannot be read.
        SourceRefused: a column is missing.
    """
    newest = max(files, key=lambda found: (found.size > 0, found.mtime_ns, found.path), default=None)
    if newest is None:
        raise SourceUnavailable(f"source {config.name}: nothing matches its path")
    ingest = Ingest(config, context.now)
    ingest.load({})
    try:
        with FileReader(newest) as content:
            data, part, is_whole = _part(content, ingest)
    except (Moved, OSError) as error:
        why = "is gone" if isinstance(error, Moved) else error.strerror or type(error).__name__
        raise SourceUnavailable(f"source {config.name}: {newest.path}: {why}") from error
    label = newest.path if part.startswith(("all", "the first")) else f"{newest.path}, {part}"
    feed = RecordFeed(ingest, label, _Notes(ingest, newest.path), Fingerprint(), origin=newest.path)
    feed.take(data)
    if is_whole and feed.pending and ingest.framing.by_newline and feed.beyond is None:
        feed.take(b"\n")
    feed.end(final=is_whole)
    found = ingest.drain()
    return Sampled(newest.path, part, len(files), found.usage, found.tallies, found.unattributed, found.problems)


def _part(content: FileReader, ingest: Ingest) -> tuple[bytes, str, bool]:
    """Return what is read of a file, which part of it that is, and whether it is all of it."""
    size = content.found.size
    if content.kind is Kind.PLAIN and size > MOST_BYTES and ingest.framing.by_newline and not ingest.wants_header:
        content.seek(size - MOST_BYTES)
        data = content.read_exactly(MOST_BYTES)
        return data[data.find(b"\n") + 1 :], f"the last {MOST_BYTES >> 20} MiB", False
    data = content.read_exactly(MOST_BYTES)
    if len(data) == MOST_BYTES and content.read(1):
        return data, f"the first {MOST_BYTES >> 20} MiB", False
    return data, "all of it", True
