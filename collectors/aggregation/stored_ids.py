"""How lists of ids are stored: packed, with a checksum, and with what their keys were made of."""

from __future__ import annotations

import re
from enum import StrEnum
from zlib import crc32

from msgspec import Struct
from msgspec.structs import replace

from leverwatch.collectors.errors import StateUnreadable
from leverwatch.collectors.stored_state import Kind, place_of

ID_BYTES = 8
ADDED, FORGOTTEN = KINDS = ("add", "del")
_SLOTS = range(-(2**31), 2**31)
"""The slots that the compiled table can hold."""
_SEQUENCES = range(2**62)
_KEY = re.compile(r"(0|-?[1-9][0-9]{0,18})/(0|[1-9][0-9]{0,18})/(add|del)")
_HEADER = re.compile(rb"(--------|[0-9a-f]{8}) (id|record) (0|[1-9][0-9]{0,8})")
_UNCHECKED = b"--------"


class KeyOf(StrEnum):
    """What the keys of a memory are made of."""

    ID = "id"
    """An id and the seed of its names: whatever has the same id is the same."""
    RECORD = "record"
    """An id and what the record says: `identity.py`."""


_KEYS_OF = {key_of.encode(): key_of for key_of in KeyOf}


class StoredIds(Struct, frozen=True, eq=False, gc=False):
    """A list of ids, packed by `pack`, and the checksum that was stored with it; None: version 0 had none."""

    ids: bytes
    key_of: KeyOf = KeyOf.ID
    slot_seconds: int = 0
    """The length of the slot that the key of the state names; 0: versions 0 and 1 did not say it."""
    checksum: int | None = None

    def __eq__(self, other: object) -> bool:
        """Whether both are the same list, whether or not it has a checksum."""
        return isinstance(other, StoredIds) and self._without_checksum() == other._without_checksum()

    def __hash__(self) -> int:
        return hash(self._without_checksum())

    def _without_checksum(self) -> tuple[bytes, KeyOf, int]:
        return self.ids, self.key_of, self.slot_seconds

    def matches(self, key: str) -> bool:
        """Whether this is what was stored under a key."""
        return self.checksum is None or self.checksum == self._sum(key)

    def signed(self, key: str) -> StoredIds:
        """Return the same with the checksum for a key."""
        return replace(self, checksum=self._sum(key))

    def _sum(self, key: str) -> int:
        """Return the CRC-32 of the ids, of the key that they belong to, and of what is said of them."""
        said = f"{key} {self.key_of.value} {self.slot_seconds}" if self.slot_seconds else key
        return crc32(self.ids, crc32(said.encode()))


class StateKey(Struct, frozen=True, order=True, gc=False):
    """The key of a list of ids, without the prefix."""

    sequence: int
    kind: str
    slot: int

    def __str__(self) -> str:
        return f"{self.slot}/{self.sequence}/{self.kind}"


def parse_key(prefix: str, key: str, source: str) -> StateKey:
    """Return the parts of a key. Raises StateUnreadable when it is none."""
    found = _KEY.fullmatch(key.removeprefix(prefix))
    if found is not None:
        slot, sequence = int(found[1]), int(found[2])
        if slot in _SLOTS and sequence in _SEQUENCES:
            return StateKey(sequence, found[3], slot)
    raise StateUnreadable(f"{place_of(source, key)}: no key of stored ids; restore the store from a backup")


def _encode(stored: StoredIds) -> bytes:
    checksum = _UNCHECKED if stored.checksum is None else b"%08x" % stored.checksum
    return b"%b %b %d\n%b" % (checksum, stored.key_of.encode(), stored.slot_seconds, stored.ids)


def _without_checksum(body: bytes) -> bytes:
    return _UNCHECKED + b"\n" + body


def _of_ids_alone(body: bytes) -> bytes:
    checksum, separator, ids = body.partition(b"\n")
    if not separator or len(checksum) != len(_UNCHECKED):
        raise ValueError("it has no checksum")
    return b"%b %b 0\n%b" % (checksum, KeyOf.ID.encode(), ids)


def _decode(body: bytes) -> StoredIds:
    header, _, ids = body.partition(b"\n")
    found = _HEADER.fullmatch(header)
    if found is None:
        raise ValueError("it does not say what it is a list of")
    if not ids or len(ids) % ID_BYTES:
        raise ValueError("it is no list of ids")
    checksum = None if found[1] == _UNCHECKED else int(found[1], 16)
    return StoredIds(ids, _KEYS_OF[found[2]], int(found[3]), checksum)


def ids_kind(prefix: str) -> Kind[StoredIds]:
    """Return how ids are stored under keys with a prefix: packed by `pack`.

    How an id is computed (the hash, its seed and the texts of which the seed is made) is part of the layout too.
    """
    return Kind(
        name="list of ids", key=prefix, encode=_encode, decode=_decode, upgrades=(_without_checksum, _of_ids_alone)
    )
