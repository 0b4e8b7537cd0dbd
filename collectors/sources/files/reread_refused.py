"""Reads exactly the records of a file again that were refused, as the settings are others by now."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator

from msgspec.structs import replace

from leverwatch.collectors.aggregation.day_filter import Days
from leverwatch.collectors.aggregation.headers import MAX_HEADER
from leverwatch.collectors.content.feed import RecordFeed
from leverwatch.collectors.content.fingerprint import Fingerprint
from leverwatch.collectors.content.reader import FileReader, Kind
from leverwatch.collectors.paths import Found
from leverwatch.collectors.records.formats.interface import Preamble
from leverwatch.collectors.sources.files.checkpoint import FileCheckpoint
from leverwatch.collectors.sources.files.matching import resume
from leverwatch.collectors.sources.files.partial_reads import PartialRead
from leverwatch.collectors.sources.files.read_context import ReadContext
from leverwatch.collectors.sources.files.refused import RefusedRange


class RefusedWriter:
    """Notes how far a refused range was read again; the offset of the checkpoint does not change."""

    def __init__(self, context: ReadContext, state: FileCheckpoint, partial: PartialRead | None) -> None:
        self.state = state
        """The current checkpoint."""
        self._context, self._partial = context, partial

    def header_at(self, offset: int) -> bytes | None:
        """Return the header that holds for the record at an offset."""
        return self.state.header_at(offset)

    def expects_header(self, offset: int) -> bool:  # noqa: ARG002 - a header is no record that was refused
        """Return False."""
        return False

    def take_header(self, preamble: Preamble, place: str) -> None:
        """Never called, as no header is expected."""

    def change_header(self, offset: int, header: bytes, line: int) -> None:  # noqa: ARG002 - the place is known
        """Note that another header stands at an offset."""
        if self.state.header_at(offset) != header:
            self.state = self._context.checkpoints.put(self.state.with_header(offset, header))

    def advance(self, prefix: Fingerprint, records: int) -> None:  # noqa: ARG002 - they were counted as read before
        """Note that the range is read up to the end of `prefix`."""
        self.done(prefix.length, prefix.lines)

    def done(self, end: int, lines: int) -> None:
        """Note that the range is read up to an offset, before which there are so many lines."""
        self._context.checkpoints.refused.done(self.state.id, end, lines)
        window, partial = self._context.ingest.window, self._partial
        if window is None or partial is None:
            return
        _, later = window.take()
        if later and not partial.later:
            self._partial = replace(partial, later=True)
            limited = tuple(self._partial if it == partial else it for it in self.state.limited)
            self.state = self._context.checkpoints.put(replace(self.state, limited=limited))


def read_refused(
    context: ReadContext, state: FileCheckpoint, found: Found
) -> Generator[None, None, FileCheckpoint]:
    """Count what counts by now of the ranges that are due; after each step the checkpoint and the ranges agree
    with what the ingest has counted. Returns the checkpoint.

    Raises:
        SourceRefused: the CSV header that it has to have by now lacks a column.
    """
    ingest = context.ingest
    if not context.checkpoints.refused.due(state.id):
        return state
    with FileReader(found) as content:
        if resume(content, state) is None:
            return state
    refused, behind, lines = context.checkpoints.refused, 0, 0
    if ingest.wants_header and state.header is None:
        with FileReader(found) as content:
            start = content.read_exactly(min(MAX_HEADER + 1, state.offset))
            preamble = ingest.headers.preamble(start)
        header = b"" if preamble.header is None else preamble.header
        ingest.headers.check(header, found.path)
        state, behind = context.checkpoints.put(replace(state, header=header)), preamble.end
        lines = start.count(b"\n", 0, preamble.end)
    with FileReader(found) as content:
        at = 0
        for part, partial in _parts(refused.take(state.id), state.limited):
            if part.start < behind:  # what was no record before is the header now
                refused.done(state.id, behind, lines)
                part = replace(part, start=behind, lines=lines)
                if part.start >= part.end:
                    continue
            if content.kind is Kind.PLAIN:
                content.seek(part.start)
            elif not content.skip(part.start - at):
                break
            at = part.end
            again = _Again(context, content, state, part, partial)
            yield from again.run()
            state = again.state
            if not again.complete:
                break
    return state


def _parts(
    ranges: Iterable[RefusedRange], limited: tuple[PartialRead, ...]
) -> Iterator[tuple[RefusedRange, PartialRead | None]]:
    """Yield the ranges in pieces, each with the read that left out some days of it: these are still to be counted
    by a backfill, and must not be counted before."""
    for whole in ranges:
        edges = {edge for it in limited for edge in (it.start, it.end) if whole.start < edge < whole.end}
        ends = [*sorted(edges), whole.end]
        for start, end in zip([whole.start, *ends], ends, strict=False):
            partial = next((it for it in limited if it.start <= start < it.end), None)
            yield replace(whole, start=start, end=end), partial


class _Again:
    """Reads a range of an open file that is positioned at the start of the range."""

    def __init__(
        self,
        context: ReadContext,
        content: FileReader,
        state: FileCheckpoint,
        part: RefusedRange,
        partial: PartialRead | None,
    ) -> None:
        self._context, self._content, self._part = context, content, part
        self._days: Days | None = None if partial is None else partial.days
        self._is_rest = part.end > state.offset
        self._writer = RefusedWriter(context, state, partial)
        prefix = Fingerprint(part.start, lines=part.lines)
        self._feed = RecordFeed(
            context.ingest, content.found.path, self._writer, prefix, key=state.id, origin=state.origin
        )
        self.complete = False
        """Whether all of it was read."""

    @property
    def state(self) -> FileCheckpoint:
        """The current checkpoint."""
        return self._writer.state

    def run(self) -> Iterator[None]:
        """Count what counts by now."""
        ingest, progress = self._context.ingest, self._context.progress
        ingest.finish()
        previous, ingest.again, ingest.settled = ingest.keep(self._days), True, self._part.settled
        left = self._part.end - self._part.start
        try:
            while left and (data := self._content.read(min(self._context.buffers.chunk, left))):
                if not self._content.intact(data):
                    return
                left -= len(data)
                progress.bytes_read += len(data)
                self._feed.take(data)
                if not left:
                    self._end()
                progress.read_again += len(data)
                yield
            self.complete = not left
        finally:
            ingest.finish()
            ingest.window, ingest.again, ingest.settled = previous, False, None

    def _end(self) -> None:
        feed, ingest = self._feed, self._context.ingest
        feed.end(final=True)
        if feed.beyond is None and feed.pending and not feed.closes:
            if self._is_rest:
                ingest.add(feed.lines(feed.pending), may_go_on=True)
            else:
                # Where lines end with newlines now, a range that was cut by another framing may lack the last one.
                end = b"\n" if ingest.framing.by_newline else b""
                ingest.add(feed.lines(feed.pending + end))
        self._writer.done(self._part.end, feed.prefix.lines)
