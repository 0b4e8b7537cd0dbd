"""Cuts the bytes of a file into records, passes these on to be counted, and notes each step in the checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from isal.isal_zlib import crc32

from leverwatch.collectors.aggregation.ingest import Ingest
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.content.fingerprint import HEAD, Fingerprint
from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.decoder import GroupFraming
from leverwatch.collectors.records.formats.interface import MAX_RECORD, Preamble
from leverwatch.collectors.records.framing.values import element_end, separates, starts_array


class CheckpointWriter(Protocol):
    """Notes in the checkpoint of a file what was counted of it."""

    def header_at(self, offset: int) -> bytes | None:
        """Return the header that holds for the record at an offset; None when there is none, or it is not read
        yet."""
        ...

    def expects_header(self, offset: int) -> bool:
        """Return whether the header is yet to come at an offset."""
        ...

    def take_header(self, preamble: Preamble, place: str) -> None:
        """Note the header and what precedes it, or skip it. Raises SourceRefused when a column is missing."""
        ...

    def change_header(self, offset: int, header: bytes, line: int) -> None:
        """Note that another header stands at an offset, on a line. Raises as `take_header`."""
        ...

    def advance(self, prefix: Fingerprint, records: int) -> None:
        """Note that everything in `prefix` is consumed, and that `records` more (or less) are counted than
        before."""
        ...


def is_too_long(length: int) -> bool:
    """Return whether a record of so many bytes is refused, as it might not fit into memory."""
    return length > MAX_RECORD


class RecordFeed:
    """Passes the records of one file to the ingest as they are read.

    `long_counted`: the record that continues here was refused before because it is too long. `key`: the id under
    which refused records are remembered. `origin`: as in `Lines`. `before`: returns the group of records that
    the log ended with when this file followed it.
    """

    def __init__(
        self,
        ingest: Ingest,
        path: str,
        writer: CheckpointWriter,
        prefix: Fingerprint,
        *,
        long_counted: bool = False,
        key: str = "",
        origin: str = "",
        before: Callable[[], bytes] = bytes,
    ) -> None:
        self.prefix = prefix
        """Everything that is consumed."""
        self.pending = b""
        """Bytes that were read and are no whole record yet."""
        self.beyond: Fingerprint | None = None
        """The prefix including the part that was read of a record that is too long to hold; None without one."""
        self._ingest, self._path, self._writer, self._key = ingest, path, writer, key
        self._origin, self._find_before = origin, before
        self._before: bytes | None = None
        self._framing = ingest.framing
        self._enough = 0
        """The number of pending bytes below which the end of the record is not searched for again."""
        self._long_counted = long_counted

    @property
    def place(self) -> str:
        """Path and number of the next record."""
        return f"{self._path}:{self.prefix.lines + 1}"

    def lines(self, data: bytes | memoryview) -> Lines:
        """Return the data behind the prefix as lines for the ingest."""
        lines, at = self.prefix.lines, self.prefix.length
        before = self._group_before(data)
        header = self._writer.header_at(at)
        return Lines(data, self._path, lines + 1, header, self._key, at, self._origin, before)

    def _group_before(self, data: bytes | memoryview) -> bytes:
        """Return the records of the file before that the first ones of this file belong to."""
        if self.prefix.length or not isinstance(self._framing, GroupFraming):
            return b""
        if self._before is None and self._framing.goes_on(bytes(data)):
            self._before = self._find_before()
        return self._before or b""

    def take(self, data: bytes) -> None:
        """Add bytes that were read, and count the records that are complete."""
        data = self.pending + data
        if self.beyond is not None:
            data = self._skip_long_record(self.beyond, data)
        if self.beyond is None and len(data) >= self._enough:
            data = self._count_whole(data, final=False)
            # Most framings read all of a record to find its end: twice as much each time makes that linear.
            self._enough = 0 if self._framing.by_newline else min(2 * len(data), MAX_RECORD + 1)
        self.pending = data
        if self.beyond is None and is_too_long(len(data)):
            self.beyond = self.prefix.fork()
            # Its own start must not be taken for that of the next one.
            self.beyond.feed(data[:1])
            self.pending = self._skip_long_record(self.beyond, data[1:])

    def end(self, *, final: bool, may_go_on: bool = False) -> None:
        """Count what is complete at the end of the data; some framings only know that when it is `final`.

        `may_go_on`: leave the records of a group whose end is missing.
        """
        if self.beyond is not None:
            self.beyond.feed(self.pending)
            self.pending = b""
        elif self.pending and not self._framing.by_newline:
            self.pending = self._count_whole(self.pending, final=final, may_go_on=may_go_on)

    def read(self) -> tuple[int, int]:
        """Return length and crc32 of everything that was read, an incomplete record included."""
        if self.beyond is not None:
            return self.beyond.length, self.beyond.crc
        return self.prefix.length + len(self.pending), crc32(self.pending, self.prefix.crc)

    def count(self, data: bytes | memoryview) -> None:
        """Count complete records."""
        if self._writer.expects_header(self.prefix.length):
            data = bytes(data)
            preamble = self._ingest.headers.preamble(data)
            self._writer.take_header(preamble, self.place)
            self.prefix.feed(data[: preamble.end])
            data = data[preamble.end :]
        before = self.prefix.lines
        if data:
            whole = self.lines(data)
            if whole.header is not None:
                self._note_headers(bytes(data), whole.header)
            lines = self._ingest.add(whole)
            self.prefix.feed(data, lines if self._framing.by_newline else self._framing.count(bytes(data)))
        self._writer.advance(self.prefix, max(self.prefix.lines - before, 1 if data else 0))

    def count_lines(self, data: memoryview) -> bool:
        """Count lines of which each is a record; False, and nothing is counted, when one may not be."""
        lines = self._ingest.add_lines(self.lines(data))
        if lines is None:
            return False
        self.prefix.feed(data, lines)
        self._writer.advance(self.prefix, lines)
        return True

    def count_rows(self, data: memoryview) -> int:
        """Count the whole rows of a table that data begins with, which ends with a newline. Returns their size; 0,
        and nothing is counted, when they are to be read in another way."""
        rows = None if self._writer.expects_header(self.prefix.length) else self._ingest.add_rows(self.lines(data))
        if rows is None:
            return 0
        size, lines = rows
        self.prefix.feed(data[:size], lines)
        self._writer.advance(self.prefix, lines)
        return size

    def _note_headers(self, data: bytes, header: bytes) -> None:
        for offset, later in self._ingest.headers.among(data, header):
            line = self.prefix.lines + data.count(b"\n", 0, offset) + 1
            self._writer.change_header(self.prefix.length + offset, later, line)

    def refuse_long_record(self) -> None:
        """Count the result of the record that is too long, unless that was done before."""
        if not self._long_counted:
            detail = f"longer than {MAX_RECORD >> 20} MiB"
            self._ingest.refuse(Result.INVALID_LINE, self.place, detail)

    @property
    def closes(self) -> bool:
        """Whether the pending bytes are no start of a record, but what the next write of an array replaces."""
        return self._framing.documents and self.beyond is None and separates(self.pending)

    def _count_whole(self, data: bytes, *, final: bool, may_go_on: bool = False) -> bytes:
        framing, before = self._framing, self._group_before(data)
        if may_go_on and isinstance(framing, GroupFraming):
            cut = framing.settled(before + data, final)
        else:
            cut = framing.complete(before + data, final)
        cut = max(0, cut - len(before))
        if self._framing.documents:
            cut = element_end(data, cut, starts_array(self.prefix.head or data[:HEAD]))
        if cut:
            self.count(data[:cut])
        return data[cut:]

    def _skip_long_record(self, beyond: Fingerprint, data: bytes) -> bytes:
        """Skip the data that belongs to a record that is too long; return the rest."""
        end, ended = self._framing.skip(data)
        beyond.feed(data[:end])
        if ended:
            self.refuse_long_record()
            self.prefix, self.beyond, self._enough = beyond, None, 0
            self._writer.advance(self.prefix, 0 if self._long_counted else 1)
            self._long_counted = False
        return data[end:]
