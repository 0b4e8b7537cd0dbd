"""Reads one object: all of one that is new; of one that was written anew, what is new in it."""

from __future__ import annotations

from isal.isal_zlib import crc32
from msgspec import Struct
from msgspec.structs import replace
from xxhash import xxh3_64_intdigest

from leverwatch.collectors.aggregation.ingest import Ingest
from leverwatch.collectors.aggregation.known_records import MOST, KnownRecords, StoredRecords
from leverwatch.collectors.content.feed import RecordFeed
from leverwatch.collectors.content.fingerprint import Fingerprint
from leverwatch.collectors.content.noted_headers import NotedHeaders
from leverwatch.collectors.content.reader import FileReader, checksums
from leverwatch.collectors.errors import SourceRefused
from leverwatch.collectors.interface import Result
from leverwatch.collectors.paths import Found
from leverwatch.collectors.records.framing.quoted import QuotedFraming
from leverwatch.collectors.sources.bucket.api import Listed
from leverwatch.collectors.sources.bucket.errors import ObjectFails
from leverwatch.collectors.sources.bucket.known import UNKNOWN, Entry
from leverwatch.collectors.unpacking import TooDense

CHUNK = 1 << 20
BEYOND = (
    f"was written anew with another content, and its former records are not remembered any more (at most {MOST:_}"
    " of an object are): the new content is not counted, as it may hold what was"
)
_NO_ROWS = b"[]"


def hash_of(key: str) -> int:
    """Return the hash under which an object is known."""
    return xxh3_64_intdigest(key.encode())


class _Start(Struct):
    """Where reading begins."""

    offset: int = 0
    half: int = 0
    """How many bytes behind the offset were a last line without an end that was counted, and goes on now."""
    anew: bool = False
    """Whether what was counted of the object is to be compared with what it has now."""
    same: bool = False
    """Whether it has nothing but what was counted."""


class ObjectReader:
    """Passes the records of objects to an ingest."""

    def __init__(self, ingest: Ingest) -> None:
        self._ingest = ingest
        self.begun: Entry | None = None
        """What was counted of the object that was read last, when its reading was refused in the middle."""

    def read(
        self, listed: Listed, found: Found, place: str, before: Entry | None, records: bytes | None
    ) -> tuple[Entry, bytes]:
        """Count what is new in an object, and return what is to be known of it, with the digests of its records.

        Args:
            found: the file with its bytes.
            place: its address, for messages, and for the words of the path.
            before: what was known of it.
            records: the digests of the records that were counted of it; None: they are not remembered.

        Raises:
            ObjectFails: it was written anew, and what is new in it is not to be told; nothing of it is counted.
            SourceRefused: its header lacks a column. What was counted before, which `begun` has, stays counted.
        """
        self.begun = None
        start = _Start() if before is None else self._start(found, before, records)
        if before is not None and start.same:
            return replace(before, version=listed.version, modified=listed.modified), records or b""
        own = records if before is not None else b""
        known = None
        if own is not None:
            known = KnownRecords(StoredRecords(own, b"", b"", False, True, _NO_ROWS, _NO_ROWS))
            known = known.next_version() if start.anew else known
        self._ingest.known = known
        refused, counted = self._ingest.refused, self._ingest.counted
        # What is still refused under other settings is not tallied a second time.
        self._ingest.again = again = before is not None and before.is_unread and not before.length
        try:
            with FileReader(found) as content:
                entry = self._read(content, listed, place, start)
        finally:
            self._ingest.known, self._ingest.again = None, False
        # Read again, it is known of an object without one that counts.
        some = self._ingest.refused > refused or (before is not None and before.some_refused)
        some = some and not (again and self._ingest.counted > counted)
        return _with_records(replace(entry, some_refused=some), known)

    @staticmethod
    def _start(found: Found, before: Entry, records: bytes | None) -> _Start:
        """Find out what of an object was counted in its former version."""
        length, whole = before.length, before.length - before.last
        with FileReader(found) as content:
            crcs, end = checksums(content, {length, max(length - 1, 0), whole})
        # What follows may be what was in it before it became shorter.
        goes_on = not before.has_left
        if crcs.get(length) == before.crc and (goes_on or end == length):
            return _Start(length)
        if before.last and (cut := crcs.get(length - 1)) is not None and crc32(b"\n", cut) == before.crc:
            # Its last line had no end, and goes on now, or is as it was.
            if end == length - 1:
                return _Start(same=True)
            if goes_on:
                return _Start(whole, half=before.last - 1 if before.last_counted else 0)
        if records is None:
            raise ObjectFails(BEYOND)
        return _Start(anew=True)

    def _read(self, content: FileReader, listed: Listed, place: str, start: _Start) -> Entry:
        headers = NotedHeaders(self._ingest, place)
        feed = RecordFeed(self._ingest, place, headers, Fingerprint(), origin=place)
        self._skip(content, feed, headers, start.offset)
        damage = None
        if start.half:
            half = content.read_exactly(start.half)
            self._ingest.take_back(feed.lines(half + b"\n"))
            feed.take(half)
        try:
            while data := content.read(CHUNK):
                feed.take(data)
        except TooDense as error:
            damage = error.strerror
        except SourceRefused:
            if feed.prefix.length:
                # Of no version, so that it is read on when it is listed again.
                read = feed.prefix
                self.begun = Entry(hash_of(listed.key), 0, listed.modified, read.length, read.crc)
            raise
        return self._ended(feed, headers, listed, damage or content.damage)

    def _skip(self, content: FileReader, feed: RecordFeed, headers: NotedHeaders, size: int) -> None:
        """Go behind what was counted, and note the headers in it."""
        rest = b""
        while size > 0 and (data := content.read(min(CHUNK, size))):
            size -= len(data)
            data = rest + data
            cut = len(data) if size == 0 else data.rfind(b"\n") + 1
            data, rest = data[:cut], data[cut:]
            if headers.expects_header(feed.prefix.length) and data:
                preamble = self._ingest.headers.preamble(data)
                headers.note(preamble)
            header = headers.header_at(feed.prefix.length)
            if header is not None:
                for offset, later in self._ingest.headers.among(data, header):
                    headers.change_header(feed.prefix.length + offset, later, 0)
            framing = self._ingest.framing
            feed.prefix.feed(data, None if framing.by_newline else framing.count(data))

    def _ended(self, feed: RecordFeed, headers: NotedHeaders, listed: Listed, damage: str | None) -> Entry:
        """Count the end of the object, and return what is to be known of it."""
        ingest, last, before, counted = self._ingest, 0, feed.prefix.crc, False
        feed.end(final=damage is None)
        left = feed.pending
        if feed.beyond is not None:
            feed.refuse_long_record()
        elif damage is not None:
            ingest.refuse(Result.TORN_LINE, feed.place, damage)
        elif left and (ingest.framing.by_newline or isinstance(ingest.framing, QuotedFraming)):
            if not left.strip() or headers.expects_header(feed.prefix.length) or ingest.readable(feed.lines(left)):
                number, before = ingest.counted, feed.prefix.crc
                feed.take(b"\n")
                feed.end(final=True)
                last, counted = len(left) + 1, ingest.counted > number
            else:
                ingest.refuse(Result.TORN_LINE, feed.place, "the object ends within a record")
        elif left.strip() and not feed.closes:
            ingest.refuse(Result.TORN_LINE, feed.place, "the object ends within a record")
        return Entry(
            hash_of(listed.key),
            listed.version,
            listed.modified,
            feed.prefix.length,
            feed.prefix.crc,
            last if last < 1 << 32 else 0,
            before if last else 0,
            last_counted=counted,
        )


def _with_records(entry: Entry, known: KnownRecords | None) -> tuple[Entry, bytes]:
    stored = None if known is None else known.stored()
    own = b"" if stored is None else stored.own + stored.left
    if stored is None or stored.many or len(own) // 8 >= UNKNOWN:
        return replace(entry, has_left=stored is not None and bool(stored.left)), b""
    return replace(entry, records=len(own) // 8, has_left=bool(stored.left)), own
