"""Remembers request ids for some time, so that a record that is delivered twice counts once."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping

from leverwatch.collectors.aggregation.id_table import Ids, PythonIds, pack, unpack
from leverwatch.collectors.aggregation.identity import in_slot
from leverwatch.collectors.aggregation.stored_ids import (
    ADDED,
    FORGOTTEN,
    ID_BYTES,
    KINDS,
    KeyOf,
    StateKey,
    StoredIds,
    ids_kind,
    parse_key,
)
from leverwatch.collectors.errors import StateUnreadable
from leverwatch.collectors.stored_state import place_of

PREFIX = "seen/"
"""The prefix of the state keys of request ids."""
ROOM = 80_000
"""So many of the newest ids are kept however old they are. In the compiled table they take 2 MB."""
_A_KEY = 16
"""So many ids cost as much as a state key."""
_ANY = 2**30
"""More slots than lie between any two times."""
_MOST_KEYS = 10_000
"""The largest number of state keys that one call deletes."""


class _Shelf:
    """Ids of one kind, and the state keys under which they are stored."""

    def __init__(self, ids: Ids, room: int) -> None:
        self.ids, self.room = ids, room
        self.size = 0
        """What is stored, in ids."""
        self._forgotten: dict[int, list[int]] = {}
        self._keys: dict[int, array[int]] = {}
        """The state keys of each slot: twice the sequence number, plus one for forgotten ids. Texts would need
        more memory."""
        self._others: dict[int, list[StateKey]] = {}
        """State keys that name a slot of another length."""
        self._ids_of: dict[int, int] = {}

    def put(self, key: StateKey, ids: int, slot: int | None = None) -> None:
        """Note a state key with so many ids, which belong to another slot than the key says if one is given."""
        if slot is None:
            slot = key.slot
            self._keys.setdefault(slot, array("Q")).append(key.sequence << 1 | KINDS.index(key.kind))
        else:
            self._others.setdefault(slot, []).append(key)
        self._ids_of[slot] = self._ids_of.get(slot, 0) + ids
        self.size += ids + _A_KEY

    def reserve(self, slot: int) -> None:
        """Note that there are ids of a slot that has no state key of its own."""
        self._ids_of.setdefault(slot, 0)

    @property
    def slots(self) -> int:
        """The number of slots with ids."""
        return len(self._ids_of)

    def forget(self, identity: int, stored_as: int | None = None) -> None:
        """Take back an id, as if it had never been added. It may be stored as another number."""
        removed = self.ids.remove(identity)
        if removed is not None and not removed[1]:
            self._forgotten.setdefault(removed[0], []).append(identity if stored_as is None else stored_as)

    def take_forgotten(self) -> dict[int, bytes]:
        """Return the stored ids that were taken back since the last call, packed, by slot."""
        taken, self._forgotten = self._forgotten, {}
        return {slot: pack(ids) for slot, ids in taken.items()}

    def older_than(self, oldest: int) -> set[int]:
        """Return the slots before another one, when there are more ids than there is room for."""
        return {slot for slot in self._ids_of if slot < oldest} if self.size > self.room else set()

    def pop(self, slot: int) -> list[StateKey]:
        """Forget a slot but for its ids, and return its state keys."""
        keys = [StateKey(packed >> 1, KINDS[packed & 1], slot) for packed in self._keys.pop(slot, ())]
        keys += self._others.pop(slot, [])
        self.size -= self._ids_of.pop(slot) + _A_KEY * len(keys)
        return keys


class SeenIds:
    """64-bit keys of request ids by the time slot of their record, within one source.

    Two records with the same key are duplicates when their slots are at most `span` apart; keys of records have
    the time in them, so that their slots are the same. A slot is a quarter of the window, at least a minute. An id
    is kept for at least the window before the newest record, and about `room` of the newest ones however old they
    get. With a million ids, a new one collides with one of them with a probability of about 1e-13. State keys
    begin with `prefix`.

    Older versions stored keys of ids alone for records of all kinds. Where keys are of records now, those are held
    apart, in `before`, until they are older than the window: what they know was counted.
    """

    def __init__(
        self,
        window_seconds: float,
        prefix: str = PREFIX,
        make: Callable[[int], Ids] = PythonIds,
        key_of: KeyOf = KeyOf.ID,
        room: int = ROOM,
    ) -> None:
        self._prefix, self._kind, self._make = prefix, ids_kind(prefix), make
        self.key_of = key_of
        self.slot_seconds = max(60, int(window_seconds // 4 // 60 * 60))
        self.span = -(-int(window_seconds) // self.slot_seconds)
        self._shelf = _Shelf(make(self.span), room)
        self._old: _Shelf | None = None
        self._sequence = 0
        self._newest = 0
        self._pinned: frozenset[int] = frozenset()

    @property
    def ids(self) -> Ids:
        """The keys."""
        return self._shelf.ids

    @property
    def before(self) -> Ids | None:
        """Keys of ids alone in their slot, by `in_slot`, that an older version stored; None: there are none."""
        return None if self._old is None else self._old.ids

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
        self.ids.reach(self.span)
        self._shelf, self._old = _Shelf(self.ids, self._shelf.room), None
        self._sequence, self._newest = 0, 0
        found = sorted((parse_key(self._prefix, key, source), key) for key in self._kind.keys_of(state))
        for state_key, key in found:
            # One at a time: all of them together are large.
            stored = self._kind.loads(place_of(source, key), state[key])
            if not stored.matches(key):
                raise StateUnreadable(
                    f"{place_of(source, key)}: the stored list of ids is not what was stored under this key; "
                    "restore the store from a backup"
                )
            self._sequence = max(self._sequence, state_key.sequence + 1)
            self._restore(state_key, stored)

    def _restore(self, key: StateKey, stored: StoredIds) -> None:
        slots, number = self._slots_of(key.slot, stored.slot_seconds), len(stored.ids) // ID_BYTES
        self._newest = max(self._newest, slots[-1])
        if self.key_of is KeyOf.RECORD and stored.key_of is KeyOf.ID:
            self._old = shelf = self._old or _Shelf(self._make(0), 0)
            # The slot of a record that comes again may be any of those that the stored one overlaps.
            lists = [(slot, pack(in_slot(it, slot) for it in unpack(stored.ids))) for slot in slots]
        else:
            shelf, lists = self._shelf, [(slots[-1], stored.ids)]
            if len(slots) > 1 and self.key_of is KeyOf.RECORD:
                # Which of them it is does not matter, as the time of a record is in its key.
                self.ids.reach(_ANY)
        for slot, ids in lists:
            if key.kind == ADDED:
                shelf.ids.restore(slot, ids)
            else:
                for identity in unpack(ids):
                    shelf.ids.remove(identity)
        for slot, _ in lists[:-1]:
            shelf.reserve(slot)
        shelf.put(key, number, None if stored.slot_seconds in (0, self.slot_seconds) else slots[-1])

    def _slots_of(self, slot: int, seconds: int) -> range:
        """Return the slots that one of another length overlaps."""
        if seconds in (0, self.slot_seconds):
            return range(slot, slot + 1)
        return range(slot * seconds // self.slot_seconds, ((slot + 1) * seconds - 1) // self.slot_seconds + 1)

    def add(self, identity: int, slot: int) -> bool:
        """Remember an id. Returns False when it is already there within the window."""
        return self.ids.add(identity, slot)

    def holds(self, identity: int, slot: int) -> bool:
        """Return whether an id is there within the window."""
        return self.ids.holds(identity, slot)

    def held_before(self, id_key: int, slot: int) -> bool:
        """Return whether an older version counted a record of a slot, given the key of its id alone."""
        return self._old is not None and self._old.ids.holds(in_slot(id_key, slot), slot)

    def add_all(self, ids: list[int | None], slots: list[int]) -> list[int]:
        """Remember many ids in order, None for a record without one. Returns the indices of the repeated ones."""
        return self.ids.add_all(ids, slots)

    def forget(self, identity: int) -> None:
        """Take back an id, as if it had never been added."""
        self._shelf.forget(identity)

    def forget_before(self, id_key: int, slot: int) -> None:
        """Take back what an older version knows of a record, given the key of its id alone."""
        if self._old is not None:
            self._old.forget(in_slot(id_key, slot), id_key)

    def changes(self) -> dict[str, bytes | None]:
        """Return the changes of the state since the last call; None deletes a key.

        Of the ids that are too old for any record near the newest one, those for which there is no room are
        dropped, the oldest first. Ids near the records of the last call are kept, as a backfill reads old records.
        """
        written: dict[str, bytes | None] = {}
        fresh = self.ids.take()
        if self._old is not None:
            self._write(written, FORGOTTEN, self._old, self._old.take_forgotten(), KeyOf.ID)
        self._write(written, FORGOTTEN, self._shelf, self._shelf.take_forgotten(), self.key_of)
        self._write(written, ADDED, self._shelf, fresh, self.key_of)
        self._newest = max(self._newest, max(fresh, default=0))
        self._drop(written, self._shelf, fresh)
        if self._old is not None:
            self._drop(written, self._old, fresh)
            self._old = self._old if self._old.slots else None
        return written

    def _drop(self, written: dict[str, bytes | None], shelf: _Shelf, fresh: Iterable[int]) -> None:
        gone = shelf.older_than(self._newest - 2 * self.span - 1) - self._pinned
        gone -= self._around(fresh) if gone else set()
        dropped: list[int] = []
        keys = 0
        for slot in sorted(gone):
            if keys > _MOST_KEYS or shelf.size <= shelf.room:
                break  # The next call goes on.
            dropped.append(slot)
            for state_key in shelf.pop(slot):
                keys += 1
                key = f"{self._prefix}{state_key}"
                if written.pop(key, None) is None:
                    written[key] = None
        if dropped:
            shelf.ids.drop(dropped)

    def _write(
        self,
        written: dict[str, bytes | None],
        kind: str,
        shelf: _Shelf,
        by_slot: Mapping[int, bytes],
        key_of: KeyOf,
    ) -> None:
        for slot, packed in by_slot.items():
            state_key = StateKey(self._sequence, kind, slot)
            shelf.put(state_key, len(packed) // ID_BYTES)
            key = f"{self._prefix}{state_key}"
            written[key] = self._kind.dumps(StoredIds(packed, key_of, self.slot_seconds).signed(key))
            self._sequence += 1
