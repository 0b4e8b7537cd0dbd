"""Reads a part of the newest file of a source, without counting it."""

from __future__ import annotations

from collections.abc import Sequence

from leverwatch.collectors.aggregation.ingest import Ingest
from leverwatch.collectors.content.feed import RecordFeed
from leverwatch.collectors.content.fingerprint import Fingerprint
from leverwatch.collectors.content.noted_headers import NotedHeaders
from leverwatch.collectors.content.reader import FileReader, Kind, Moved
from leverwatch.collectors.errors import SourceUnavailable
from leverwatch.collectors.interface import CollectorContext
from leverwatch.collectors.paths import Found
from leverwatch.collectors.sampled import Sampled
from leverwatch.collectors.sources.files.config import FilesConfig

MOST_BYTES = 8 << 20
"""Bytes of text that are read."""


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
    feed = RecordFeed(ingest, label, NotedHeaders(ingest, newest.path), Fingerprint(), origin=newest.path)
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
