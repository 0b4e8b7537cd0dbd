"""Cuts what is read of a file into records, has them counted, and has each step of that remembered."""

from __future__ import annotations

from typing import Protocol

from isal.isal_zlib import crc32

from leverwatch.collectors.aggregation.ingest import Ingest
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.formats.interface import MAX_RECORD
from leverwatch.collectors.sources.files.fingerprint import Fingerprint


class CheckpointWriter(Protocol):
    """Remembers in a file's checkpoint what was counted of it."""

    @property
    def header(self) -> bytes | None:
        """The file's header line, as far as it is known."""
        ...

    def expects_header(self, offset: int) -> bool:
        """Whether the line that begins at an offset is the header."""
        ...

    def take_header(self, line: bytes, place: str) -> None:
        """Learn the header, or pass over it. Raises SourceRefused when it lacks a column."""
        ...

    def advance(self, prefix: Fingerprint, records: int) -> None:
        """Everything in `prefix` is consumed, and so many more records (or less) are counted than before."""
        ...


def is_too_long(length: int) -> bool:
    """Whether a record of so many bytes is refused, since it might not fit into memory."""
    return length > MAX_RECORD


class RecordFeed:
    """Gives the records of one file to the ingest, as they are read.

    `long_counted` says that the record which goes on here was refused before, as one that is too long.
    """

    def __init__(
        self,
        ingest: Ingest,
        path: str,
        writer: CheckpointWriter,
        prefix: Fingerprint,
        *,
        long_counted: bool = False,
    ) -> None:
        self.prefix = prefix
        """All that was consumed."""
        self.pending = b""
        """Read, and not a whole record yet."""
        self.beyond: Fingerprint | None = None
        """The prefix with a record that is too long to hold, as far as it was read."""
        self._ingest, self._path, self._writer = ingest, path, writer
        self._framing = ingest.framing
        self._enough = 0
        """Pending bytes below which it is not worth looking for the end of a record again."""
        self._long_counted = long_counted

    @property
    def place(self) -> str:
        """Path and number of the record that comes next."""
        return f"{self._path}:{self.prefix.lines + 1}"

    def lines(self, data: bytes | memoryview) -> Lines:
        """What follows the prefix, as the ingest takes it."""
        return Lines(data, self._path, self.prefix.lines + 1, self._writer.header)

    def take(self, data: bytes) -> None:
        """Count what is whole, after some more bytes were read."""
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

    def end(self, *, final: bool) -> None:
        """There is no more to read: count what is whole, which a framing may only know when it is `final`."""
        if self.beyond is not None:
            self.beyond.feed(self.pending)
            self.pending = b""
        elif self.pending and not self._framing.by_newline:
            self.pending = self._count_whole(self.pending, final=final)

    def read(self) -> tuple[int, int]:
        """Length and crc32 of all that was read, the rest that is no whole record included."""
        if self.beyond is not None:
            return self.beyond.length, self.beyond.crc
        return self.prefix.length + len(self.pending), crc32(self.pending, self.prefix.crc)

    def count(self, data: bytes | memoryview) -> None:
        """Count whole records."""
        if self._writer.expects_header(self.prefix.length):
            data = bytes(data)
            end = data.find(b"\n") + 1
            self._writer.take_header(data[:end], self.place)
            self.prefix.feed(data[:end])
            data = data[end:]
        before = self.prefix.lines
        if data:
            lines = self._ingest.add(self.lines(data))
            self.prefix.feed(data, lines if self._framing.by_newline else self._framing.count(bytes(data)))
        self._writer.advance(self.prefix, max(self.prefix.lines - before, 1 if data else 0))

    def refuse_long_record(self) -> None:
        """Tally the record that is too long, unless that was done before."""
        if not self._long_counted:
            detail = f"longer than {MAX_RECORD >> 20} MiB"
            self._ingest.refuse(Result.INVALID_LINE, self.place, detail)

    def _count_whole(self, data: bytes, *, final: bool) -> bytes:
        cut = self._framing.complete(data, final)
        if cut:
            self.count(data[:cut])
        return data[cut:]

    def _skip_long_record(self, beyond: Fingerprint, data: bytes) -> bytes:
        """Drop what belongs to a record that is too long; what is left."""
        end, ended = self._framing.skip(data)
        beyond.feed(data[:end])
        if ended:
            self.refuse_long_record()
            self.prefix, self.beyond, self._enough = beyond, None, 0
            self._writer.advance(self.prefix, 0 if self._long_counted else 1)
            self._long_counted = False
        return data[end:]
