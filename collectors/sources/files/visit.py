"""One visit to one file: reads on from the checkpoint, and counts an incomplete last record when it is final."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from leverwatch.collectors.aggregation.ingest import Ingest
from leverwatch.collectors.content.feed import RecordFeed, is_too_long
from leverwatch.collectors.content.fingerprint import Fingerprint
from leverwatch.collectors.content.reader import FileReader, Kind
from leverwatch.collectors.errors import SourceRefused
from leverwatch.collectors.interface import Result
from leverwatch.collectors.paths import Found
from leverwatch.collectors.records.decoder import GroupFraming
from leverwatch.collectors.records.formats.interface import Preamble
from leverwatch.collectors.records.framing.quoted import QuotedFraming
from leverwatch.collectors.records.framing.values import starts_array
from leverwatch.collectors.sources.files.checkpoint import FileCheckpoint
from leverwatch.collectors.sources.files.checkpoint_set import CheckpointSet
from leverwatch.collectors.sources.files.matching import Resumed
from leverwatch.collectors.sources.files.open_group import group_before
from leverwatch.collectors.sources.files.partial_reads import PartialRead, added, clipped
from leverwatch.collectors.sources.files.quiet import NS, is_final
from leverwatch.collectors.sources.files.read_context import ReadContext

MOST_HEADERS = 100
"""As many headers with other columns than the one before are remembered of one file."""


class ForwardWriter:
    """Moves a checkpoint forward."""

    def __init__(self, ingest: Ingest, checkpoints: CheckpointSet, found: Found, state: FileCheckpoint) -> None:
        self.state = state
        self._ingest, self._checkpoints, self._found = ingest, checkpoints, found

    def header_at(self, offset: int) -> bytes | None:
        """Return the header that holds for the record at an offset; None when there is none, or it is not read
        yet."""
        return self.state.header_at(offset)

    def expects_header(self, offset: int) -> bool:  # noqa: ARG002 - where the first line was too long, the next one is it
        """Return whether the format has a header that is not read yet."""
        return self._ingest.wants_header and self.state.header is None

    def take_header(self, preamble: Preamble, place: str) -> None:  # noqa: ARG002 - it is the first of the file
        """Note the header and what precedes it. Raises SourceRefused when a column is missing."""
        if preamble.header is not None:
            self._ingest.headers.check(preamble.header, self._found.path)
        self._ingest.ignore(preamble.records)
        self.state = replace(self.state, header=preamble.header)

    def change_header(self, offset: int, header: bytes, line: int) -> None:
        """Note that another header stands at an offset, on a line. Raises as `take_header`."""
        self._ingest.headers.check(header, self._found.path, line)
        if len(self.state.headers) >= MOST_HEADERS:
            raise SourceRefused(f"{self._found.path}:{line}: more than {MOST_HEADERS} headers with other columns")
        self.state = self.state.with_header(offset, header)

    def advance(self, prefix: Fingerprint, records: int) -> None:
        """Note that everything in `prefix` is consumed, and that `records` more (or less) are counted than
        before."""
        before = self.state
        state = self.limited(before.consumed(prefix, records, before.header), before, prefix.length)
        self.state = self._checkpoints.put(replace(state, gone=before.gone and self._found.archive))

    def limited(self, state: FileCheckpoint, before: FileCheckpoint, end: int) -> FileCheckpoint:
        """Return the checkpoint with a note that what was just counted, up to byte `end`, was counted for a
        range of days only."""
        window = self._ingest.window
        if window is None:
            return state
        needed, later = window.take()
        partial = PartialRead(before.offset, end, before.lines, window.days, later)
        return replace(state, limited=added(state.limited, partial, needed=needed))


class Visit:
    """Reads an open file on from an offset."""

    def __init__(self, context: ReadContext, content: FileReader, state: FileCheckpoint, resumed: Resumed) -> None:
        self._context, self._content = context, content
        self._ingest, self._quiet, self._progress = context.ingest, context.quiet, context.progress
        self._rest = resumed.rest
        self._writer = ForwardWriter(context.ingest, context.checkpoints, content.found, state)
        self._long_counted = state.rest_counted and is_too_long(state.rest_length)
        self._feed = RecordFeed(
            context.ingest,
            content.found.path,
            self._writer,
            resumed.prefix,
            long_counted=self._long_counted,
            key=state.id,
            origin=state.origin,
            before=self._group_before,
        )

    def _group_before(self) -> bytes:
        framing = self._ingest.framing
        if not isinstance(framing, GroupFraming):
            return b""
        return group_before(self._context.checkpoints, self._writer.state, self._content.found.mtime_ns, framing)

    def run(self) -> Iterator[None]:
        """Count what is new; after each step the checkpoint agrees with what the ingest has counted.

        Raises:
            OSError: the file cannot be read, or has used up its CPU time in this run.
            SourceRefused: its CSV header lacks a column.
        """
        content, chunk = self._content, self._context.buffers.chunk
        if self._writer.state.rest_counted and not self._long_counted:
            following = content.read(1)
            if not content.intact(following):
                return
            self._go_on_after_rest(following)
        packed = content.kind is not Kind.PLAIN
        in_place = self._ingest.takes_lines
        if packed:
            self._context.unpacking.begin(content.found.size)
        while data := content.read(chunk):
            if not content.intact(data):
                return
            self._progress.bytes_read += len(data)
            self._feed.take(data)
            self._progress.position = content.raw_position
            yield
            self._spend()
            if in_place:
                yield from self._run_in_place()
        self._finish()

    def _spend(self) -> None:
        if self._content.kind is not Kind.PLAIN:
            self._context.unpacking.spend(self._content.found.path)

    def _run_in_place(self) -> Iterator[None]:
        """Read without a copy, as long as the ingest accepts that and no line is too long for it."""
        feed, content, buffers = self._feed, self._content, self._context.buffers
        by_newline, counted = self._ingest.framing.by_newline, True
        rows = isinstance(self._ingest.framing, QuotedFraming)
        if not by_newline and starts_array(feed.prefix.head):
            return
        while counted and self._ingest.takes_views and feed.prefix.settled and feed.beyond is None:
            have = len(feed.pending)
            if have > buffers.chunk:
                return
            memory = buffers.free
            view = memoryview(memory)
            view[:have] = feed.pending
            before = content.raw_position
            end = have + content.read_into(view[have : have + buffers.chunk])
            if end == have:
                return
            if not content.intact(view[have:end]):
                content.seek(before)
                return
            self._progress.bytes_read += end - have
            cut = memory.rfind(b"\n", have, end) + 1
            rest = bytes(view[cut:end])
            if by_newline:
                if cut:
                    feed.count(view[:cut])
                    buffers.give()
                feed.pending = rest
            else:
                size = feed.count_rows(view[:cut]) if rows and cut else 0
                counted = size > 0 or (not rows and cut > 0 and feed.count_lines(view[:cut]))
                if counted:
                    buffers.give()
                    feed.pending = bytes(view[size:end]) if rows else rest
                else:
                    feed.take(bytes(view[have:end]))
            self._progress.position = content.raw_position
            yield
            self._spend()

    def _go_on_after_rest(self, following: bytes) -> None:
        """Decide by what follows a counted rest whether it was a whole record; if not, take it back."""
        feed, writer = self._feed, self._writer
        if not following:
            feed.pending = self._rest
        elif following == b"\n" and self._was_whole():
            feed.prefix.feed(self._rest + following)
            writer.advance(feed.prefix, 0)
        else:
            self._ingest.retract(feed.lines(self._rest))
            self._context.checkpoints.refused.clip(writer.state.id, writer.state.offset)
            writer.state = replace(writer.state, limited=clipped(writer.state.limited, writer.state.offset))
            writer.advance(feed.prefix, -1)
            feed.pending = self._rest + following

    def _was_whole(self) -> bool:
        """Whether a newline behind the counted rest only ends the record that it was counted as."""
        framing, rest, line = self._ingest.framing, self._rest, self._rest + b"\n"
        if not isinstance(framing, QuotedFraming):
            return framing.by_newline
        before, after = framing.split(rest), framing.split(line)
        if (before.units, before.refused) != (after.units, after.refused):
            return False
        header = self._writer.header_at(self._feed.prefix.length)
        renames = header is not None and self._ingest.headers.among(line, header)
        return not renames and framing.complete(line, final=False) == len(line)

    def _finish(self) -> None:
        """Handle the end of the file: decide about the rest, and note how the file looked."""
        content, found, state, quiet = self._content, self._content.found, self._writer.state, self._quiet
        same = (state.size, state.mtime_ns) == (found.size, found.mtime_ns)
        changed = min(state.changed, quiet.now) if same else quiet.now
        still = quiet.since(found.mtime_ns, changed)
        final = still or content.kind is not Kind.PLAIN or is_final(state, found)
        self._feed.end(final=final and content.damage is None, may_go_on=True)
        state = replace(
            self._writer.state.seen_as(found),
            compressed=content.kind is not Kind.PLAIN,
            incomplete=content.damage is not None,
            unread="",
            changed=changed,
            seen=quiet.now,
        )
        if found.path == state.origin:
            state = replace(state, live_mtime_ns=min(found.mtime_ns, int(quiet.now / NS)))
        self._context.checkpoints.put(self._with_rest(state, still))

    def _with_rest(self, state: FileCheckpoint, still: bool) -> FileCheckpoint:
        feed = self._feed
        end, crc = feed.read()
        length = 0 if feed.closes else end - feed.prefix.length
        counted = state.rest_counted and length > 0
        state = replace(state, rest_length=length, rest_crc=crc if length else 0, rest_counted=counted)
        if self._content.damage is not None:
            if still and not state.torn:
                self._ingest.refuse(Result.TORN_LINE, feed.place, self._content.damage)
                state = replace(state, torn=True)
            return state
        headless = self._ingest.wants_header and state.header is None
        final = state.compressed or is_final(state, self._content.found)
        if not length or counted or not (still or final):
            return state
        if headless:
            # Some spreadsheets end lines so, and a file of one line would be read as one without any record.
            if b"\r" not in feed.pending.strip():
                return state
            self._ingest.refuse(Result.INVALID_LINE, feed.place, "its lines end with carriage returns alone")
        elif feed.beyond is None:
            # What is no record may be one that an application still completes in the file it has open. And the
            # start of a first line may be a copy that has hardly begun: while nothing was counted, it is compared
            # with every known content again.
            hasty = not still and not state.compressed
            unsure = hasty or (state.blank and not final)
            if unsure and not self._ingest.readable(feed.lines(feed.pending)):
                return state
            self._ingest.add(feed.lines(feed.pending), may_go_on=True)
        else:
            feed.refuse_long_record()
        return replace(self._writer.limited(state, state, end), rest_counted=True, records=state.records + 1)
