"""Reads one file on from its position: whole records, and the rest without an end when it is final."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace

from isal.isal_zlib import crc32

from leverwatch.collectors.aggregation.day_filter import Days, union
from leverwatch.collectors.aggregation.ingest import Ingest
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.interface import Result
from leverwatch.collectors.paths import Found
from leverwatch.collectors.records.formats.interface import MAX_RECORD
from leverwatch.collectors.sources.files.checkpoint import FileCheckpoint
from leverwatch.collectors.sources.files.checkpoint_set import CheckpointSet
from leverwatch.collectors.sources.files.fingerprint import Fingerprint
from leverwatch.collectors.sources.files.matching import Resumed, resume
from leverwatch.collectors.sources.files.partial_reads import Part, Scope, added, clipped
from leverwatch.collectors.sources.files.reader import FileReader, Kind
from leverwatch.collectors.unpacking_time import UnpackingTime

_CHUNK = 1 << 20
_NS = 1e-9


@dataclass(frozen=True, slots=True)
class Quiet:
    """When a file counts as finished."""

    now: float
    """Seconds since the epoch."""
    after: float
    """Seconds."""

    def since(self, mtime_ns: int, changed: float) -> bool:
        """Whether neither the file's clock nor ours saw a change for long enough.

        The earlier of the two decides, so that an mtime in the future does not hold a line back for ever.
        """
        return self.now - min(mtime_ns * _NS, changed) >= self.after


def is_final(state: FileCheckpoint, found: Found) -> bool:
    """Whether the file was rotated away: it lies elsewhere than at first, or outside the glob."""
    return found.path != state.origin or bool(found.origin) or found.archive


def is_due(state: FileCheckpoint, found: Found, quiet: Quiet, wants_header: bool) -> bool:
    """Whether there is something to count in a file that did not change since the last visit."""
    still = quiet.since(found.mtime_ns, state.changed)
    if state.incomplete:
        return still and not state.torn
    if not state.rest_length or state.rest_counted or (wants_header and state.header is None):
        return False
    return still or is_final(state, found)


class Tail:
    """Feeds the lines of files to an `Ingest` and keeps the positions in step with it."""

    def __init__(self, ingest: Ingest, catalog: CheckpointSet, quiet: Quiet, scope: Scope | None = None) -> None:
        self.bytes_read = 0
        """Bytes of text given to the ingest."""
        self.position = 0
        """Bytes of the present file, as stored, that are done."""
        self.read_again = 0
        """Bytes of parts of it that were read once more."""
        self.unpacking = UnpackingTime()
        self._memory: deque[bytearray] = deque()
        self._ingest = ingest
        self._catalog = catalog
        self._quiet = quiet
        self._scope = scope or Scope()
        ingest.keep(self._scope.limit)

    @property
    def memory(self) -> bytearray:
        """What to read into: the start of a record, and a chunk behind it. The ingest holds none of it."""
        if not self._memory:
            self._memory.append(bytearray(2 * _CHUNK))
        return self._memory[0]

    def give(self) -> None:
        """The ingest was given what is in the memory."""
        if len(self._memory) <= self._ingest.holds:
            self._memory.append(bytearray(2 * _CHUNK))
        self._memory.rotate()

    def visit(self, state: FileCheckpoint, found: Found) -> Iterator[None]:
        """Count what is new in a file; after each step the catalog and the ingest agree.

        A file that no longer holds the identity's content is left alone: the next run finds out what became of it.

        Raises:
            Moved: the path holds another file by now.
            OSError: the file cannot be read.
            SourceRefused: its CSV header lacks a column.
        """
        self.position = self.read_again = 0
        state = yield from self._again(state, found)
        with FileReader(found) as content:
            resumed = resume(content, state)
            if resumed is not None:
                yield from _Visit(self, content, state, resumed).run()
                return
        if state.blank:
            fresh = state.consumed(Fingerprint(), 0, None)
            with FileReader(found) as content:
                yield from _Visit(self, content, fresh, Resumed(Fingerprint(), b"")).run()

    def _again(self, state: FileCheckpoint, found: Found) -> Generator[None, None, FileCheckpoint]:
        """Read the parts anew of which a range left out what is asked for now."""
        for part in state.limited:
            days = self._scope.missing(part)
            if not days:
                continue
            with FileReader(found) as content:
                if resume(content, state) is None:
                    break
            with FileReader(found) as content:
                if not content.skip(part.start):
                    break
                again = _Again(self, content, state, part, days)
                yield from again.run()
                state = again.state
        return state


class _Visit:
    """One visit to one file."""

    def __init__(self, tail: Tail, content: FileReader, state: FileCheckpoint, resumed: Resumed) -> None:
        self._tail = tail
        self._ingest = tail._ingest  # noqa: SLF001 - the two classes are one thing, split by life time
        self._catalog = tail._catalog  # noqa: SLF001 - as above
        self._quiet = tail._quiet  # noqa: SLF001 - as above
        self._content = content
        self._state = state
        self._prefix = resumed.prefix
        self._rest = resumed.rest
        self._framing = tail._ingest.framing  # noqa: SLF001 - as above
        self._pending = b""
        """Read, and not a whole record yet."""
        self._enough = 0
        """Pending bytes below which it is not worth looking for the end of a record again."""
        self._beyond: Fingerprint | None = None
        """The prefix with a record that is too long to hold, as far as it was read."""
        self._tallied = state.rest_counted and state.rest_length > MAX_RECORD

    def run(self) -> Iterator[None]:
        if self._state.rest_counted and not self._tallied and not self._go_on_after_rest():
            return
        packed = self._content.kind is not Kind.PLAIN
        in_place = not packed and self._framing.by_newline
        if packed:
            self._tail.unpacking.begin(self._content.found.size)
        while data := self._content.read(_CHUNK):
            if not self._content.intact(data):
                return
            self._take(data)
            self._tail.position = self._content.raw_position
            yield
            if packed:
                self._tail.unpacking.spend(self._content.found.path)
            if in_place:
                yield from self._run_in_place()
        self._finish()

    def _run_in_place(self) -> Iterator[None]:
        """Read without a copy, as long as the ingest takes that and no line is too long for it."""
        while self._ingest.takes_views and self._prefix.settled and self._beyond is None:
            have = len(self._pending)
            if have > _CHUNK:
                return
            memory = self._tail.memory
            view = memoryview(memory)
            view[:have] = self._pending
            before = self._content.raw_position
            end = have + self._content.read_into(view[have : have + _CHUNK])
            if end == have:
                return
            if not self._content.intact(view[have:end]):
                self._content.seek(before)
                return
            self._tail.bytes_read += end - have
            cut = memory.rfind(b"\n", have, end) + 1
            rest = bytes(view[cut:end])
            if cut:
                self._consume(view[:cut])
                self._tail.give()
            self._pending = rest
            self._tail.position = self._content.raw_position
            yield

    def _go_on_after_rest(self) -> bool:
        """What follows a rest that was counted decides whether it was a record; False when the file changed."""
        following = self._content.read(1)
        if not self._content.intact(following):
            return False
        if not following:
            self._pending = self._rest
        elif following == b"\n" and self._framing.by_newline:
            self._prefix.feed(self._rest + following)
            self._put(0)
        else:
            self._ingest.retract(self._lines(self._rest))
            self._state = replace(self._state, limited=clipped(self._state.limited, self._state.offset))
            self._put(-1)
            self._pending = self._rest + following
        return True

    def _take(self, data: bytes) -> None:
        self._tail.bytes_read += len(data)
        data = self._pending + data
        if self._beyond is not None:
            data = self._skip_long_record(self._beyond, data)
        if self._beyond is None and len(data) >= self._enough:
            data = self._consume_whole(data, final=False)
            # Most framings read all of a record to find its end: twice as much each time makes that linear.
            self._enough = 0 if self._framing.by_newline else min(2 * len(data), MAX_RECORD + 1)
        self._pending = data
        if self._beyond is None and len(data) > MAX_RECORD:
            self._beyond = self._prefix.fork()
            # Its own start must not be taken for that of the next one.
            self._beyond.feed(data[:1])
            self._pending = self._skip_long_record(self._beyond, data[1:])

    def _consume_whole(self, data: bytes, *, final: bool) -> bytes:
        cut = self._framing.complete(data, final)
        if cut:
            self._consume(data[:cut])
        return data[cut:]

    def _skip_long_record(self, beyond: Fingerprint, data: bytes) -> bytes:
        """Drop what belongs to a record that is too long; what is left."""
        end, ended = self._framing.skip(data)
        beyond.feed(data[:end])
        if ended:
            self._refuse_long_record()
            self._prefix, self._beyond, self._enough = beyond, None, 0
            self._put(0 if self._tallied else 1)
            self._tallied = False
        return data[end:]

    def _refuse_long_record(self) -> None:
        if not self._tallied:
            detail = f"longer than {MAX_RECORD >> 20} MiB"
            self._ingest.refuse(Result.INVALID_LINE, self._place(), detail)

    def _place(self) -> str:
        return f"{self._content.found.path}:{self._prefix.lines + 1}"

    def _lines(self, data: bytes | memoryview) -> Lines:
        return Lines(data, self._content.found.path, self._prefix.lines + 1, self._state.header)

    def _consume(self, data: bytes | memoryview) -> None:
        if isinstance(data, bytes) and self._ingest.wants_header and self._state.header is None:
            end = data.find(b"\n") + 1
            header = data[:end].rstrip(b"\r\n")
            self._ingest.check_header(header, self._content.found.path)
            self._ingest.ignore()
            self._prefix.feed(data[:end])
            self._state = replace(self._state, header=header)
            data = data[end:]
        before = self._prefix.lines
        if data:
            lines = self._ingest.add(self._lines(data))
            self._prefix.feed(data, lines if self._framing.by_newline else self._framing.count(bytes(data)))
        self._put(max(self._prefix.lines - before, 1 if data else 0))

    def _put(self, records: int) -> None:
        before = self._state
        state = self._limit(before.consumed(self._prefix, records, before.header), before, self._prefix.length)
        self._state = self._catalog.put(replace(state, gone=before.gone and self._content.found.archive))

    def _limit(self, state: FileCheckpoint, before: FileCheckpoint, end: int) -> FileCheckpoint:
        """Remember that what was just counted, up to `end`, was counted under a range."""
        window = self._ingest.window
        if window is None:
            return state
        needed, later = window.take()
        part = Part(before.offset, end, before.lines, window.days, later)
        return replace(state, limited=added(state.limited, part, needed=needed))

    def _finish(self) -> None:
        """The end of the file: settle the rest, and remember how the file looked."""
        found, state, quiet = self._content.found, self._state, self._quiet
        same = (state.size, state.mtime_ns) == (found.size, found.mtime_ns)
        changed = min(state.changed, quiet.now) if same else quiet.now
        still = quiet.since(found.mtime_ns, changed)
        if self._beyond is not None:
            self._beyond.feed(self._pending)
            self._pending = b""
        elif self._pending and not self._framing.by_newline:
            final = still or self._content.kind is not Kind.PLAIN or is_final(state, found)
            self._pending = self._consume_whole(self._pending, final=final and self._content.damage is None)
        state = replace(
            self._state,
            path=found.path,
            device=found.device,
            inode=found.inode,
            link=found.link,
            size=found.size,
            mtime_ns=found.mtime_ns,
            compressed=self._content.kind is not Kind.PLAIN,
            incomplete=self._content.damage is not None,
            unread="",
            gone=state.gone and found.archive,
            changed=changed,
            seen=quiet.now,
        )
        if found.path == state.origin:
            state = replace(state, live_mtime_ns=min(found.mtime_ns, int(quiet.now / _NS)))
        self._state = self._with_rest(state, still)
        self._catalog.put(self._state)

    def _with_rest(self, state: FileCheckpoint, still: bool) -> FileCheckpoint:
        long = self._beyond
        end = self._prefix.length + len(self._pending) if long is None else long.length
        crc = crc32(self._pending, self._prefix.crc) if long is None else long.crc
        length = end - self._prefix.length
        counted = state.rest_counted and length > 0
        state = replace(state, rest_length=length, rest_crc=crc if length else 0, rest_counted=counted)
        if self._content.damage is not None:
            if still and not state.torn:
                self._ingest.refuse(Result.TORN_LINE, self._place(), self._content.damage)
                state = replace(state, torn=True)
            return state
        headless = self._ingest.wants_header and state.header is None
        final = state.compressed or is_final(state, self._content.found)
        if not length or counted or headless or not (still or final):
            return state
        if long is None:
            # What is no record may be one that an application still completes in the file it has open. And the
            # start of a first line may be a copy that has hardly begun: while nothing was counted, it is compared
            # with every known content again.
            hasty = not still and not state.compressed
            unsure = hasty or (state.blank and not final)
            if unsure and not self._ingest.readable(self._lines(self._pending)):
                return state
            self._ingest.add(self._lines(self._pending))
        else:
            self._refuse_long_record()
        state = self._limit(state, state, end)
        return replace(state, rest_counted=True, records=state.records + 1)


class _Again(_Visit):
    """Reads a part of a file once more, for days that were left out of it."""

    def __init__(self, tail: Tail, content: FileReader, state: FileCheckpoint, part: Part, days: Days) -> None:
        super().__init__(tail, content, state, Resumed(Fingerprint(part.start, lines=part.lines), b""))
        self._part, self._days, self._left = part, days, part.end - part.start
        at = state.limited.index(part)
        self._done, self._others = state.limited[:at], state.limited[at + 1 :]

    @property
    def state(self) -> FileCheckpoint:
        """The identity as it is now."""
        return self._state

    def run(self) -> Iterator[None]:
        previous = self._ingest.keep(self._days, self._part.days)
        try:
            while self._left and (data := self._content.read(min(_CHUNK, self._left))):
                if not self._content.intact(data):
                    return
                self._left -= len(data)
                self._take(data)
                self._tail.read_again += len(data)
                yield
            if not self._left:
                self._end()
        finally:
            self._ingest.window = previous

    def _consume(self, data: bytes | memoryview) -> None:
        if isinstance(data, bytes) and self._ingest.wants_header and not self._prefix.length:
            end = data.find(b"\n") + 1
            self._ingest.refuse(Result.IGNORED, self._place(), "header")
            self._prefix.feed(data[:end])
            data = data[end:]
        super()._consume(data)

    def _end(self) -> None:
        if self._beyond is not None:
            self._refuse_long_record()
        elif self._pending:
            if not self._framing.by_newline:
                self._pending = self._consume_whole(self._pending, final=True)
            if self._pending:
                self._ingest.add(self._lines(self._pending))
        self._put(0, self._part.end)

    def _put(self, records: int, end: int | None = None) -> None:  # noqa: ARG002 - they are known
        window, at = self._ingest.window, self._prefix.length if end is None else end
        if window is not None and at > self._part.start:
            needed, later = window.take()
            part = self._part
            read = Part(part.start, at, part.lines, union(part.days, self._days), later)
            self._done = added(self._done, read, needed=needed)
            self._part = replace(part, start=at, lines=self._prefix.lines)
        left = (self._part,) if self._part.start < self._part.end else ()
        self._state = self._catalog.put(replace(self._state, limited=(*self._done, *left, *self._others)))
