"""Reads a range of a file again, for days that were left out of it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from leverwatch.collectors.aggregation.day_filter import Days, union
from leverwatch.collectors.content.feed import RecordFeed
from leverwatch.collectors.content.fingerprint import Fingerprint
from leverwatch.collectors.content.reader import FileReader
from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.formats.interface import Preamble
from leverwatch.collectors.sources.files.checkpoint import FileCheckpoint
from leverwatch.collectors.sources.files.partial_reads import PartialRead, added
from leverwatch.collectors.sources.files.read_context import ReadContext


class RereadWriter:
    """Notes in a checkpoint how far a range was read for further days; the offset of the checkpoint does not
    change."""

    def __init__(self, context: ReadContext, state: FileCheckpoint, partial: PartialRead, days: Days) -> None:
        self.state = state
        """The current checkpoint."""
        self._ingest, self._checkpoints = context.ingest, context.checkpoints
        self._partial, self._days = partial, days
        at = state.limited.index(partial)
        self._done, self._others = state.limited[:at], state.limited[at + 1 :]

    def header_at(self, offset: int) -> bytes | None:
        """Return the header that holds for the record at an offset."""
        return self.state.header_at(offset)

    def expects_header(self, offset: int) -> bool:
        """Return whether the format has a header and the offset is the start of the file."""
        return self._ingest.wants_header and not offset

    def take_header(self, preamble: Preamble, place: str) -> None:
        """Skip the header and what precedes it, which are no records."""
        for _ in range(preamble.records):
            self._ingest.refuse(Result.IGNORED, place, "header")

    def change_header(self, offset: int, header: bytes, line: int) -> None:  # noqa: ARG002 - the place is known
        """Note that another header stands at an offset."""
        if self.state.header_at(offset) != header:
            self.state = self._checkpoints.put(self.state.with_header(offset, header))

    def advance(self, prefix: Fingerprint, records: int) -> None:  # noqa: ARG002 - they were counted as read before
        """Note that the range is read up to the end of `prefix`."""
        self.done(prefix.length, prefix.lines)

    def done(self, end: int, lines: int) -> None:
        """Note that the range is read up to an offset, before which there are so many lines."""
        window, partial = self._ingest.window, self._partial
        if window is not None and end > partial.start:
            needed, later = window.take()
            read = PartialRead(partial.start, end, partial.lines, union(partial.days, self._days), later)
            self._done = added(self._done, read, needed=needed)
            self._partial = replace(partial, start=end, lines=lines)
        left = (self._partial,) if self._partial.start < self._partial.end else ()
        self.state = self._checkpoints.put(replace(self.state, limited=(*self._done, *left, *self._others)))


class Reread:
    """Reads a range of an open file that is positioned at the start of the range."""

    def __init__(
        self, context: ReadContext, content: FileReader, state: FileCheckpoint, partial: PartialRead, days: Days
    ) -> None:
        self._ingest, self._progress, self._chunk = context.ingest, context.progress, context.buffers.chunk
        self._content, self._partial, self._days = content, partial, days
        self._writer = RereadWriter(context, state, partial, days)
        prefix = Fingerprint(partial.start, lines=partial.lines)
        self._feed = RecordFeed(context.ingest, content.found.path, self._writer, prefix, origin=state.origin)

    @property
    def state(self) -> FileCheckpoint:
        """The current checkpoint."""
        return self._writer.state

    def run(self) -> Iterator[None]:
        """Count the days that were left out; after each step the checkpoint agrees with what the ingest has
        counted."""
        previous = self._ingest.keep(self._days, self._partial.days)
        left = self._partial.end - self._partial.start
        try:
            while left and (data := self._content.read(min(self._chunk, left))):
                if not self._content.intact(data):
                    return
                left -= len(data)
                self._progress.bytes_read += len(data)
                self._feed.take(data)
                self._progress.read_again += len(data)
                yield
            if not left:
                self._end()
        finally:
            self._ingest.window = previous

    def _end(self) -> None:
        feed = self._feed
        feed.end(final=True)
        if feed.beyond is not None:
            feed.refuse_long_record()
        elif feed.pending:
            self._ingest.add(feed.lines(feed.pending), may_go_on=True)
        self._writer.done(self._partial.end, feed.prefix.lines)
