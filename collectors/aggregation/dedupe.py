"""Remembers request ids for a while, so that a record delivered twice counts once."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence

from leverwatch.collectors.aggregation.id_table import Ids, PythonIds, pack, unpack
from leverwatch.collectors.errors import StateUnreadable
from leverwatch.collectors.stored_state import Kind, place_of, same

PREFIX = "seen/"
"""State keys of request ids."""
_ID_BYTES = 8
_MOST_KEYS = 10_000
"""Of the state, that are dropped at a time."""
_ADDED, _FORGOTTEN = _KINDS = ("add", "del")
_SLOTS = range(-(2**31), 2**31)
"""What the compiled table takes."""
_SEQUENCES = range(2**62)
_KEY = re.compile(r"(0|-?[1-9][0-9]{0,18})/(0|[1-9][0-9]{0,18})/(add|del)")


def _packed(body: bytes) -> bytes:
    if len(body) % _ID_BYTES:
        raise ValueError("it is no list of ids")
    return body


def ids_kind(prefix: str) -> Kind[bytes]:
    """How ids are stored under keys with a prefix: packed, as by `pack`.

    What goes into an id (the hash, its seed and the words that the seed is made of) is part of the layout too.
    """
    return Kind(name="list of ids", key=prefix, encode=bytes, decode=_packed, upgrades=(same,))


class SeenIds:
    """64-bit keys of request ids by the time slot of their record, within one source.

    Two records with one key are the same when their slots are at most `span` apart. A slot is a quarter of the
    window, a minute at the least: a duplicate within the window is always found, one a slot further off may be.
    A chance collision of two keys has a probability of about 1e-13 for a million ids in the window. Their state
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
        """Of the state, by slot: twice the sequence, and one more for forgotten ids. Texts would be large."""
        self._forgotten: dict[int, list[int]] = {}
        self._sequence = 0
        self._newest = 0
        self._pinned: frozenset[int] = frozenset()

    def pin(self, moments: Iterable[int]) -> None:
        """Keep what lies around these seconds since the epoch, however old it gets."""
        self._pinned = self._around({moment // self.slot_seconds for moment in moments})

    def _around(self, slots: Iterable[int]) -> frozenset[int]:
        reach = 2 * self.span + 1
        return frozenset(near for slot in slots for near in range(slot - reach, slot + reach + 1))

    def load(self, state: Mapping[str, bytes], source: str) -> None:
        """Forget everything and restore what `changes` gave, from the keys of the state that are its own.

        Raises:
            SourceRefused: some of it is unreadable or of a newer version, naming the source.
        """
        self.ids.clear()
        self._keys.clear()
        self._forgotten.clear()
        self._sequence, self._newest = 0, 0
        entries = sorted((self._parse(key, source), key) for key in state if self._kind.holds(key))
        for (sequence, kind, slot), key in entries:
            # One at a time: all of them together are large.
            ids = self._kind.loads(place_of(source, key), state[key])
            self._remember(slot, sequence, kind)
            self._sequence = max(self._sequence, sequence + 1)
            self._newest = max(self._newest, slot)
            if kind == _ADDED:
                self.ids.restore(slot, ids)
            else:
                for identity in unpack(ids):
                    self.ids.remove(identity)

    def add(self, identity: int, slot: int) -> bool:
        """Remember an id; False when it was there already, within the window."""
        return self.ids.add(identity, slot)

    def holds(self, identity: int, slot: int) -> bool:
        """Whether an id is there, within the window."""
        return self.ids.holds(identity, slot)

    def add_all(self, ids: Sequence[int | None], slots: Sequence[int]) -> list[int]:
        """Remember many ids in order, None for a record without one; gives the indices of the repeated ones."""
        if isinstance(self.ids, PythonIds) and self.ids.add_new(ids, slots):
            return []
        add = self.ids.add
        return [
            index
            for index, (identity, slot) in enumerate(zip(ids, slots, strict=True))
            if identity is not None and not add(identity, slot)
        ]

    def forget(self, identity: int) -> None:
        """Take an id back, as if it had never been added."""
        removed = self.ids.remove(identity)
        if removed is not None and not removed[1]:
            self._forgotten.setdefault(removed[0], []).append(identity)

    def changes(self) -> dict[str, bytes | None]:
        """What to write since the last call. Ids too old to matter to any record near the newest are dropped.

        So are not those near the records of the last call: history is read while the newest record is of today.
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
            written[self._key(slot, self._sequence, kind)] = self._kind.dumps(packed)
            self._sequence += 1

    def _remember(self, slot: int, sequence: int, kind: str) -> None:
        self._keys.setdefault(slot, array("Q")).append(sequence << 1 | _KINDS.index(kind))

    def _key(self, slot: int, sequence: int, kind: str) -> str:
        return f"{self._prefix}{slot}/{sequence}/{kind}"

    def _parse(self, key: str, source: str) -> tuple[int, str, int]:
        """Sequence, kind and slot."""
        found = _KEY.fullmatch(key.removeprefix(self._prefix))
        if found is not None:
            slot, sequence = int(found[1]), int(found[2])
            if slot in _SLOTS and sequence in _SEQUENCES:
                return sequence, found[3], slot
        raise StateUnreadable(f"{place_of(source, key)}: no key of stored ids; restore the store from a backup")
