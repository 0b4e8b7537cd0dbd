"""Remembers request ids for a while, so that a record delivered twice counts once."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, repeat

PREFIX = "seen/"
"""State keys of request ids."""
_ADDED, _FORGOTTEN = "add", "del"


class SeenIds:
    """64-bit keys of request ids by the time slot of their record, within one source.

    Two records with one key are the same when their slots are at most `span` apart. A slot is a quarter of the
    window, a minute at the least: a duplicate within the window is always found, one a slot further off may be.
    A chance collision of two keys has a probability of about 1e-13 for a million ids in the window. Their state
    keys begin with `prefix`.
    """

    def __init__(self, window_seconds: float, prefix: str = PREFIX) -> None:
        self._prefix = prefix
        self.slot_seconds = max(60, int(window_seconds // 4 // 60 * 60))
        self.span = -(-int(window_seconds) // self.slot_seconds)
        self._slot_of: dict[int, int] = {}
        self._keys: dict[int, set[str]] = {}
        self._ids: dict[int, array[int]] = {}
        """What was written, by slot."""
        self._fresh: dict[int, array[int]] = {}
        self._forgotten: dict[int, int] = {}
        self._sequence = 0
        self._newest = 0
        self._pinned: frozenset[int] = frozenset()

    def pin(self, moments: Iterable[int]) -> None:
        """Keep what lies around these seconds since the epoch, however old it gets."""
        self._pinned = self._around({moment // self.slot_seconds for moment in moments})

    def _around(self, slots: Iterable[int]) -> frozenset[int]:
        reach = 2 * self.span + 1
        return frozenset(near for slot in slots for near in range(slot - reach, slot + reach + 1))

    def load(self, state: Mapping[str, bytes]) -> None:
        """Forget everything and restore what `changes` gave, from the keys of the state that are its own."""
        self._slot_of.clear()
        self._keys.clear()
        self._ids.clear()
        self._fresh.clear()
        self._forgotten.clear()
        self._sequence, self._newest = 0, 0
        entries = sorted(
            (_parse(key.removeprefix(self._prefix)), key) for key in state if key.startswith(self._prefix)
        )
        for (sequence, kind, slot), key in entries:
            self._keys.setdefault(slot, set()).add(key)
            self._sequence = max(self._sequence, sequence + 1)
            self._newest = max(self._newest, slot)
            ids = _unpack(state[key])
            if kind == _ADDED:
                self._ids.setdefault(slot, array("Q")).extend(ids)
                for identity in ids:
                    self._slot_of[identity] = max(slot, self._slot_of.get(identity, slot))
            else:
                for identity in ids:
                    self._slot_of.pop(identity, None)

    def add(self, identity: int, slot: int) -> bool:
        """Remember an id; False when it was there already, within the window."""
        known = self._slot_of.get(identity)
        if known is not None and abs(known - slot) <= self.span:
            return False
        # A record much older than one with the same id must not make the newer one be forgotten.
        self._slot_of[identity] = slot if known is None or known < slot else known
        fresh = self._fresh.get(slot)
        if fresh is None:
            self._fresh[slot] = fresh = array("Q")
        fresh.append(identity)
        if slot > self._newest:
            self._newest = slot
        return True

    def add_all(self, ids: Sequence[int | None], slots: Sequence[int]) -> list[int]:
        """Remember many ids in order, None for a record without one; gives the indices of the repeated ones."""
        different = set(slots)
        one = different.pop() if len(different) == 1 else None
        fresh = dict(zip(ids, slots, strict=True)) if one is None else dict.fromkeys(ids, one)
        if None in fresh or len(fresh) < len(ids) or not fresh.keys().isdisjoint(self._slot_of.keys()):
            return [
                index
                for index, (identity, slot) in enumerate(zip(ids, slots, strict=True))
                if identity is not None and not self.add(identity, slot)
            ]
        self._slot_of.update(fresh)  # type: ignore[arg-type]  # None is not in it
        start = 0
        for slot, run in groupby(slots) if one is None else ((one, slots),):
            end = start + len(list(run))
            self._fresh.setdefault(slot, array("Q")).extend(ids[start:end])  # type: ignore[arg-type]  # as above
            start = end
            self._newest = max(self._newest, slot)
        return []

    def forget(self, identity: int) -> None:
        """Take an id back, as if it had never been added."""
        slot = self._slot_of.pop(identity, None)
        if slot is None:
            return
        fresh = self._fresh.get(slot)
        if fresh and identity in fresh:
            fresh.remove(identity)
        else:
            self._forgotten[identity] = slot

    def changes(self) -> dict[str, bytes | None]:
        """What to write since the last call. Ids too old to matter to any record near the newest are dropped.

        So are not those near the records of the last call: history is read while the newest record is of today.
        """
        written: dict[str, bytes | None] = {}
        forgotten: dict[int, list[int]] = {}
        for identity, slot in self._forgotten.items():
            forgotten.setdefault(slot, []).append(identity)
        self._write(written, _FORGOTTEN, forgotten)
        self._write(written, _ADDED, self._fresh)
        fresh = set(self._fresh)
        for slot, ids in self._fresh.items():
            self._ids.setdefault(slot, array("Q")).extend(ids)
        self._forgotten.clear()
        self._fresh.clear()
        oldest = self._newest - 2 * self.span - 1
        gone = {slot for slot in (*self._keys, *self._ids) if slot < oldest} - self._pinned
        gone -= self._around(fresh) if gone else set()
        for slot in gone:
            for key in self._keys.pop(slot, ()):
                if written.pop(key, None) is None:
                    written[key] = None
            ids = self._ids.pop(slot, array("Q"))
            for identity, known in zip(ids, map(self._slot_of.pop, ids, repeat(None)), strict=True):
                if known is not None and known not in gone:
                    self._slot_of[identity] = known
        return written

    def _write(self, written: dict[str, bytes | None], kind: str, by_slot: Mapping[int, Iterable[int]]) -> None:
        for slot, ids in by_slot.items():
            packed = _pack(ids)
            if packed:
                key = f"{self._prefix}{slot}/{self._sequence}/{kind}"
                self._keys.setdefault(slot, set()).add(key)
                written[key] = packed
                self._sequence += 1


def _parse(key: str) -> tuple[int, str, int]:
    slot, sequence, kind = key.split("/")
    return int(sequence), kind, int(slot)


def _pack(ids: Iterable[int]) -> bytes:
    packed = array("Q", ids)
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tobytes()


def _unpack(data: bytes) -> array[int]:
    ids = array("Q")
    ids.frombytes(data)
    if sys.byteorder == "big":
        ids.byteswap()
    return ids
