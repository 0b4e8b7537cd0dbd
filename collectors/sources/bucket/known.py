"""The objects of one open prefix that were read: a few bytes each, in blocks, so that little is written anew."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from leverwatch.collectors.stored_state import Kind, same

OBJECTS, RECORDS = "objects/", "records/"
_ENTRY = struct.Struct("<QQIQIIIHB")
BLOCK = 1000
"""Objects of one stored value."""
UNKNOWN = 0xFFFF
"""Stands for the number of records of an object whose records are not remembered."""
MOST_RECORDS = 500_000
"""The most records that are remembered of one prefix, 8 bytes each; those of the oldest objects are forgotten."""
_DIGEST = 8


class Entry(Struct, frozen=True):
    """What is known of an object: 43 bytes."""

    key: int
    """A hash of its key."""
    version: int
    """Of the content that was read: a digest of tag and size."""
    modified: int
    """In seconds since the epoch."""
    length: int = 0
    """Bytes of text that were read as records; the end of a line that lacked one is added."""
    crc: int = 0
    """crc32 of them."""
    last: int = 0
    """How many of these bytes are a last line that had no end; 0: it had one."""
    crc_before: int = 0
    """crc32 of what is before it."""
    records: int = UNKNOWN
    """How many records are remembered; or `UNKNOWN`."""
    last_counted: bool = False
    """Whether the last line that had no end was counted."""
    refused: bool = False
    """Whether this version was not read, as its records cannot be told from those of the one before."""

    some_refused: bool = False
    """Whether some of its records were refused, which other settings may let count."""

    has_left: bool = False
    """Whether records are remembered that were counted of it and are not in it now."""

    @property
    def is_unread(self) -> bool:
        """Whether none of its records counted, and some were refused."""
        return self.some_refused and not self.records

    @property
    def remembered(self) -> int:
        """How many records are remembered."""
        return 0 if self.records == UNKNOWN else self.records


def _packed(entry: Entry) -> bytes:
    flags = entry.last_counted | entry.refused << 1 | entry.some_refused << 2 | entry.has_left << 3
    return _ENTRY.pack(
        entry.key, entry.version, entry.modified, entry.length, entry.crc, entry.last, entry.crc_before,
        entry.records, flags,
    )  # fmt: skip


def _unpacked(data: bytes | bytearray, at: int) -> Entry:
    key, version, modified, length, crc, last, before, records, flags = _ENTRY.unpack_from(data, at * _ENTRY.size)
    return Entry(
        key,
        version,
        modified,
        length,
        crc,
        last,
        before,
        records,
        bool(flags & 1),
        bool(flags & 2),
        bool(flags & 4),
        bool(flags & 8),
    )


def _whole(size: int, name: str) -> Kind[bytes]:
    def checked(body: bytes) -> bytes:
        if len(body) % size:
            raise ValueError("it has no whole number of entries")
        return body

    return Kind(
        name=f"list of {name}",
        key=OBJECTS if size == _ENTRY.size else RECORDS,
        encode=bytes,
        decode=checked,
        upgrades=(same,),
    )


OBJECT_BLOCK = _whole(_ENTRY.size, "objects that were read")
RECORD_BLOCK = _whole(_DIGEST, "records of objects")


class KnownObjects:
    """The objects of one prefix. `unit` is the id under which they are stored."""

    def __init__(self, unit: str, stored: Mapping[int, bytes], records: Mapping[int, bytes]) -> None:
        self._unit = unit
        self._blocks = [bytearray(stored.get(number, b"")) for number in range(max(stored, default=-1) + 1)]
        self._records = [bytearray(records.get(number, b"")) for number in range(len(self._blocks))]
        self._remembered = sum(map(len, self._records))
        """Bytes of records, or a little more."""
        self._at: dict[int, int] = {}
        self._met = bytearray()
        """By place, whether the present listing has met an object."""
        self._touched: set[int] = set()
        self._dropped: set[int] = set()
        for number, block in enumerate(self._blocks):
            for place in range(len(block) // _ENTRY.size):
                self._at[_ENTRY.unpack_from(block, place * _ENTRY.size)[0]] = number * BLOCK + place

    def __len__(self) -> int:
        return len(self._at)

    def get(self, key: int) -> Entry | None:
        """Return what is known of an object; None when nothing is."""
        at = self._at.get(key)
        return None if at is None else _unpacked(self._blocks[at // BLOCK], at % BLOCK)

    def records_of(self, key: int) -> bytes | None:
        """Return the digests of the records of an object; None when they are not remembered."""
        entry = self.get(key)
        if entry is None or entry.records == UNKNOWN:
            return None
        number, place = divmod(self._at[key], BLOCK)
        start = self._before(number, place)
        return bytes(self._records[number][start : start + entry.records * _DIGEST])

    def _before(self, number: int, place: int) -> int:
        block = self._blocks[number]
        return _DIGEST * sum(_unpacked(block, at).remembered for at in range(place))

    def put(self, entry: Entry, records: bytes) -> None:
        """Note an object that was read, with the digests of its records."""
        at = self._at.get(entry.key)
        if at is None:
            if not self._blocks or len(self._blocks[-1]) >= BLOCK * _ENTRY.size:
                self._blocks.append(bytearray())
                self._records.append(bytearray())
            number = len(self._blocks) - 1
            self._at[entry.key] = number * BLOCK + len(self._blocks[-1]) // _ENTRY.size
            self._blocks[number] += _packed(entry)
            self._records[number] += records
        else:
            number, place = divmod(at, BLOCK)
            start = self._before(number, place)
            end = start + _unpacked(self._blocks[number], place).remembered * _DIGEST
            self._records[number][start:end] = records
            self._blocks[number][place * _ENTRY.size : (place + 1) * _ENTRY.size] = _packed(entry)
        self._touched.add(number)
        self._remembered += len(records)
        if self._remembered > MOST_RECORDS * _DIGEST:
            self._forget_records(number)

    def _forget_records(self, newest: int) -> None:
        """Forget the records of the oldest blocks when there are too many."""
        self._remembered = sum(map(len, self._records))
        room = MOST_RECORDS * _DIGEST - self._remembered
        for number, records in enumerate(self._records):
            if room >= 0 or number == newest:
                return
            if records:
                room += len(records)
                self._remembered -= len(records)
                self._drop_records(number)

    def _drop_records(self, number: int) -> None:
        block = self._blocks[number]
        self._records[number] = bytearray()
        for place in range(len(block) // _ENTRY.size):
            old = _unpacked(block, place)
            if old.records:
                block[place * _ENTRY.size : (place + 1) * _ENTRY.size] = _packed(replace(old, records=UNKNOWN))
        self._touched.add(number)

    def entries(self) -> Iterator[Entry]:
        """Yield all of them, the oldest first."""
        for block in self._blocks:
            yield from (_unpacked(block, place) for place in range(len(block) // _ENTRY.size))

    def begin(self) -> None:
        """Begin a listing, of which `meet` is told each key."""
        self._met = bytearray(len(self._blocks) * BLOCK)

    def meet(self, key: int) -> None:
        """Note that an object is still there."""
        at = self._at.get(key)
        if at is not None and at < len(self._met):
            self._met[at] = 1

    def forget_gone(self, before: int) -> None:
        """Forget the objects that the listing did not meet and that were last changed before a time, when they are
        many. What is still there stays known: it could be written anew."""
        gone = {
            entry.key
            for entry in self.entries()
            if entry.modified < before
            and self._at[entry.key] < len(self._met)
            and not self._met[self._at[entry.key]]
        }
        if len(gone) <= max(BLOCK, len(self) // 2):
            return
        kept = [(entry, self.records_of(entry.key) or b"") for entry in self.entries() if entry.key not in gone]
        number = len(self._blocks)
        self._blocks, self._records, self._at, self._remembered = [], [], {}, 0
        for entry, records in kept:
            self.put(entry, records)
        self._touched = set(range(len(self._blocks)))
        self._dropped |= set(range(len(self._blocks), number))

    def read_again(self) -> int:
        """Have the objects read again of which nothing counted, as the settings are others now.

        Returns how many have refused records beside some that counted, and are not.
        """
        left = 0
        for entry in list(self.entries()):
            if entry.is_unread:
                self.put(Entry(entry.key, 0, entry.modified, records=0, some_refused=True), b"")
            left += entry.some_refused and not entry.is_unread
        return left

    def is_mostly_unread(self) -> bool:
        """Whether nothing counted of more than half of the objects, and records of them were refused."""
        return 2 * sum(entry.is_unread for entry in self.entries()) > len(self)

    def forget_records(self) -> None:
        """Forget the records of all objects."""
        for number, records in enumerate(self._records):
            if records:
                self._drop_records(number)
        self._remembered = 0

    def drop(self) -> None:
        """Forget all of them: the prefix is closed."""
        self._dropped |= set(range(len(self._blocks)))
        self._blocks, self._records, self._at, self._touched = [], [], {}, set()

    def take_changes(self) -> dict[str, bytes | None]:
        """Return the changes since the last call; the caller has to store them."""
        changes: dict[str, bytes | None] = {}
        for number in sorted(self._dropped - self._touched):
            changes[f"{OBJECTS}{self._unit}/{number}"] = None
            changes[f"{RECORDS}{self._unit}/{number}"] = None
        for number in sorted(self._touched):
            changes[f"{OBJECTS}{self._unit}/{number}"] = OBJECT_BLOCK.dumps(bytes(self._blocks[number]))
            records = bytes(self._records[number])
            changes[f"{RECORDS}{self._unit}/{number}"] = RECORD_BLOCK.dumps(records) if records else None
        self._touched.clear()
        self._dropped.clear()
        return changes
