"""A table of 64-bit keys and the time slots in which they were last seen; the compiled helper has a smaller
one."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Protocol


class Ids(Protocol):
    """A table of keys; a key that comes again more than a span of slots later is new."""

    def add(self, key: int, slot: int, /) -> bool:
        """Remember a key with its slot. Returns False when it is already there within the span."""
        ...

    def add_all(self, keys: list[int | None], slots: list[int], /) -> list[int]:
        """Remember many keys in order, each with its slot; None for what has no key. Returns the indices of those
        that are already there within the span."""
        ...

    def holds(self, key: int, slot: int, /) -> bool:
        """Return whether a key is there within the span of a slot."""
        ...

    def restore(self, slot: int, packed: bytes, /) -> None:
        """Restore packed keys of a slot; `take` does not return them."""
        ...

    def remove(self, key: int, /) -> tuple[int, bool] | None:
        """Forget a key. Returns its slot and whether `take` would still have returned it; None when it is not
        there."""
        ...

    def take(self) -> dict[int, bytes]:
        """Return the keys that were added since the last call, packed, by slot."""
        ...

    def drop(self, slots: Sequence[int], /) -> None:
        """Forget all keys that were last seen in one of these slots."""
        ...

    def reach(self, span: int, /) -> None:
        """Set the largest distance in slots between two records with the same key."""
        ...

    def clear(self) -> None:
        """Forget everything."""
        ...

    def __len__(self) -> int: ...


class PythonIds:
    """A table in a Python dictionary; `span` is the largest distance in slots between two records with the same
    key."""

    def __init__(self, span: int) -> None:
        self._span = span
        self._slot_of: dict[int, int] = {}
        self._added: dict[int, array[int]] = {}

    def __len__(self) -> int:
        return len(self._slot_of)

    def add(self, key: int, slot: int, /) -> bool:
        """See `Ids`."""
        known = self._slot_of.get(key)
        if known is not None and abs(known - slot) <= self._span:
            return False
        # A record much older than one with the same id must not make the newer one be forgotten.
        self._slot_of[key] = slot if known is None or known < slot else known
        added = self._added.get(slot)
        if added is None:
            self._added[slot] = added = array("Q")
        added.append(key)
        return True

    def add_all(self, keys: list[int | None], slots: list[int], /) -> list[int]:
        """See `Ids`."""
        if self.add_new(keys, slots):
            return []
        return [
            index
            for index, (key, slot) in enumerate(zip(keys, slots, strict=True))
            if key is not None and not self.add(key, slot)
        ]

    def add_new(self, keys: Sequence[int | None], slots: Sequence[int]) -> bool:
        """Add many keys if none of them is there yet. Returns False when nothing was added."""
        different = set(slots)
        one = different.pop() if len(different) == 1 else None
        fresh = dict(zip(keys, slots, strict=True)) if one is None else dict.fromkeys(keys, one)
        if None in fresh or len(fresh) < len(keys) or not fresh.keys().isdisjoint(self._slot_of.keys()):
            return False
        self._slot_of.update(fresh)  # type: ignore[arg-type]  # None is not in it
        start = 0
        for slot, run in groupby(slots) if one is None else ((one, slots),):
            end = start + len(list(run))
            self._added.setdefault(slot, array("Q")).extend(keys[start:end])  # type: ignore[arg-type]  # as above
            start = end
        return True

    def holds(self, key: int, slot: int, /) -> bool:
        """See `Ids`."""
        known = self._slot_of.get(key)
        return known is not None and abs(known - slot) <= self._span

    def restore(self, slot: int, packed: bytes, /) -> None:
        """See `Ids`."""
        for key in unpack(packed):
            self._slot_of[key] = max(slot, self._slot_of.get(key, slot))

    def remove(self, key: int, /) -> tuple[int, bool] | None:
        """See `Ids`."""
        slot = self._slot_of.pop(key, None)
        if slot is None:
            return None
        added = self._added.get(slot)
        fresh = added is not None and key in added
        if added is not None and fresh:
            added.remove(key)
        return slot, fresh

    def take(self) -> dict[int, bytes]:
        """See `Ids`."""
        taken = {slot: pack(keys) for slot, keys in self._added.items() if keys}
        self._added = {}
        return taken

    def drop(self, slots: Sequence[int], /) -> None:
        """See `Ids`."""
        gone = frozenset(slots)
        self._slot_of = {key: slot for key, slot in self._slot_of.items() if slot not in gone}

    def reach(self, span: int, /) -> None:
        """See `Ids`."""
        self._span = span

    def clear(self) -> None:
        """See `Ids`."""
        self._slot_of, self._added = {}, {}


def pack(keys: Iterable[int]) -> bytes:
    """Return keys as they are stored: eight bytes each, the least significant byte first."""
    packed = array("Q", keys)
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tobytes()


def unpack(data: bytes) -> array[int]:
    """Return the keys that were packed by `pack`."""
    keys = array("Q")
    keys.frombytes(data)
    if sys.byteorder == "big":
        keys.byteswap()
    return keys
