"""Remembers request ids for some time, so that a record that is delivered twice counts once."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from zlib import crc32

from leverwatch.collectors.aggregation.id_table import Ids, PythonIds, pack, unpack
from leverwatch.collectors.errors import StateUnreadable
from leverwatch.collectors.stored_state import Kind, place_of

PREFIX = "seen/"
"""The prefix of the state keys of request ids."""
_ID_BYTES = 8
_MOST_KEYS = 10_000
"""The largest number of state keys that one call deletes."""
_ADDED, _FORGOTTEN = _KINDS = ("add", "del")
_SLOTS = range(-(2**31), 2**31)
"""The slots that the compiled table can hold."""
_SEQUENCES = range(2**62)
_KEY = re.compile(r"(0|-?[1-9][0-9]{0,18})/(0|[1-9][0-9]{0,18})/(add|del)")


_UNCHECKED = b"--------"


@dataclass(frozen=True, slots=True)
class StoredIds:
    """A list of ids, packed by `pack`, and the checksum that was stored with it; None: version 0 had none."""

    ids: bytes
    checksum: int | None = field(default=None, compare=False)


def _checksum(key: str, ids: bytes) -> int:
    """Return the CRC-32 of the ids and of the key that they belong to."""
    return crc32(ids, crc32(key.encode()))


def _with_checksum(stored: StoredIds) -> bytes:
    return (_UNCHECKED if stored.checksum is None else b"%08x" % stored.checksum) + b"\n" + stored.ids


def _without_checksum(body: bytes) -> bytes:
    return _UNCHECKED + b"\n" + body


def _packed(body: bytes) -> StoredIds:
    checksum, separator, ids = body.partition(b"\n")
    if not separator or len(checksum) != len(_UNCHECKED):
        raise ValueError("it has no checksum")
    if not ids or len(ids) % _ID_BYTES:
        raise ValueError("it is no list of ids")
    return StoredIds(ids, None if checksum == _UNCHECKED else int(checksum, 16))


def ids_kind(prefix: str) -> Kind[StoredIds]:
    """Return how ids are stored under keys with a prefix: packed by `pack`.

    How an id is computed (the hash, its seed and the texts of which the seed is made) is part of the layout too.
    """
    return Kind(
        name="list of ids", key=prefix, encode=_with_checksum, decode=_packed, upgrades=(_without_checksum,)
    )


class SeenIds:
    """64-bit keys of request ids by the time slot of their record, within one source.

    Two records with the same key are duplicates when their slots are at most `span` apart. A slot is a quarter of
    the window, at least a minute: a duplicate within the window is always found; one up to a slot later may be.
    With a million ids in the window, a new id collides with one of them with a probability of about 1e-13. State
    keys begin with `prefix`.
    """

    def __init__(
        self, window_seconds: float, prefix: str = PREFIX, make: Callable[[int], Ids] = PythonIds
    ) -> None:
        self._prefix, self._kind = prefix, ids_kind(prefix)
        self.slot_seconds = max(60, int(window_seconds // 4 // 60 * 60))
        self.span = -(-int(window_seconds) // self.slot_seconds)
        self.ids = make(self.span)
        self._keys: dict[int, array[int]] = {}
        """The state keys of each slot: twice the sequence number, plus one for forgotten ids. Texts would need
        more memory."""
        self._forgotten: dict[int, list[int]] = {}
        self._sequence = 0
        self._newest = 0
        self._pinned: frozenset[int] = frozenset()

    def pin(self, moments: Iterable[int]) -> None:
        """Keep the ids around these times, in seconds since the epoch, however old they get."""
        self._pinned = self._around({moment // self.slot_seconds for moment in moments})

    def _around(self, slots: Iterable[int]) -> frozenset[int]:
        reach = 2 * self.span + 1
        return frozenset(near for slot in slots for near in range(slot - reach, slot + reach + 1))

    def load(self, state: Mapping[str, bytes], source: str) -> None:
        """Forget everything, then restore what `changes` returned, from the keys with this prefix.

        Raises:
            SourceRefused: a value is unreadable or of a newer version; the message names the source.
        """
        self.ids.clear()
        self._keys.clear()
        self._forgotten.clear()
        self._sequence, self._newest = 0, 0
        entries = sorted((self._parse(key, source), key) for key in state if self._kind.holds(key))
        for (sequence, kind, slot), key in entries:
            # One at a time: all of them together are large.
            stored = self._kind.loads(place_of(source, key), state[key])
            if stored.checksum not in (None, _checksum(key, stored.ids)):
                raise StateUnreadable(
                    f"{place_of(source, key)}: the stored list of ids is not what was stored under this key; "
                    "restore the store from a backup"
                )
            self._remember(slot, sequence, kind)
            self._sequence = max(self._sequence, sequence + 1)
            self._newest = max(self._newest, slot)
            if kind == _ADDED:
                self.ids.restore(slot, stored.ids)
            else:
                for identity in unpack(stored.ids):
                    self.ids.remove(identity)

    def add(self, identity: int, slot: int) -> bool:
        """Remember an id. Returns False when it is already there within the window."""
        return self.ids.add(identity, slot)

    def holds(self, identity: int, slot: int) -> bool:
        """Return whether an id is there within the window."""
        return self.ids.holds(identity, slot)

    def add_all(self, ids: Sequence[int | None], slots: Sequence[int]) -> list[int]:
        """Remember many ids in order, None for a record without one. Returns the indices of the repeated ones."""
        if isinstance(self.ids, PythonIds) and self.ids.add_new(ids, slots):
            return []
        add = self.ids.add
        return [
            index
            for index, (identity, slot) in enumerate(zip(ids, slots, strict=True))
            if identity is not None and not add(identity, slot)
        ]

    def forget(self, identity: int) -> None:
        """Take back an id, as if it had never been added."""
        removed = self.ids.remove(identity)
        if removed is not None and not removed[1]:
            self._forgotten.setdefault(removed[0], []).append(identity)

    def changes(self) -> dict[str, bytes | None]:
        """Return the changes of the state since the last call; None deletes a key.

        Ids too old for any record near the newest one are dropped. Ids near the records of the last call are kept,
        as a backfill reads old records.
        """
        written: dict[str, bytes | None] = {}
        fresh = self.ids.take()
        self._write(written, _FORGOTTEN, {slot: pack(ids) for slot, ids in self._forgotten.items()})
        self._write(written, _ADDED, fresh)
        self._forgotten = {}
        self._newest = max(self._newest, max(fresh, default=0))
        oldest = self._newest - 2 * self.span - 1
        gone = {slot for slot in self._keys if slot < oldest} - self._pinned
        gone -= self._around(fresh) if gone else set()
        dropped: list[int] = []
        keys = 0
        for slot in sorted(gone):
            if keys > _MOST_KEYS:
                break  # The next call goes on.
            keys += len(self._keys[slot])
            dropped.append(slot)
            for packed in self._keys.pop(slot):
                key = self._key(slot, packed >> 1, _KINDS[packed & 1])
                if written.pop(key, None) is None:
                    written[key] = None
        if dropped:
            self.ids.drop(dropped)
        return written

    def _write(self, written: dict[str, bytes | None], kind: str, by_slot: Mapping[int, bytes]) -> None:
        for slot, packed in by_slot.items():
            self._remember(slot, self._sequence, kind)
            key = self._key(slot, self._sequence, kind)
            written[key] = self._kind.dumps(StoredIds(packed, _checksum(key, packed)))
            self._sequence += 1

    def _remember(self, slot: int, sequence: int, kind: str) -> None:
        self._keys.setdefault(slot, array("Q")).append(sequence << 1 | _KINDS.index(kind))

    def _key(self, slot: int, sequence: int, kind: str) -> str:
        return f"{self._prefix}{slot}/{sequence}/{kind}"

    def _parse(self, key: str, source: str) -> tuple[int, str, int]:
        """Return sequence number, kind and slot. Raises StateUnreadable for any other key."""
        found = _KEY.fullmatch(key.removeprefix(self._prefix))
        if found is not None:
            slot, sequence = int(found[1]), int(found[2])
            if slot in _SLOTS and sequence in _SEQUENCES:
                return sequence, found[3], slot
        raise StateUnreadable(f"{place_of(source, key)}: no key of stored ids; restore the store from a backup")
