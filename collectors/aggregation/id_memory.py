"""Remembers the ids of records and calls, each with a time, in the tables of a source."""

from __future__ import annotations

from datetime import tzinfo

from leverwatch.collectors.aggregation.cells import CellRef
from leverwatch.collectors.aggregation.dedupe import SeenIds
from leverwatch.collectors.aggregation.identity import NUMBERS, Identify, id_key, seed_of
from leverwatch.collectors.aggregation.ledger import Kind
from leverwatch.collectors.aggregation.stored_ids import KeyOf
from leverwatch.collectors.interface import Operation
from leverwatch.collectors.records.fields import field_indexes
from leverwatch.collectors.records.formats.interface import Row
from leverwatch.collectors.records.names import id_of
from leverwatch.collectors.records.timestamps import millis_of
from leverwatch.collectors.records.vocabulary import CallStatus

_OUTCOMES = tuple(CallStatus)
_MOST_SEEDS = 20_000
"""The largest number of seeds that are remembered."""


class IdMemory:
    """A `Memory` of request ids in `seen` (None: no duplicates are removed), and of streamed calls and traces in
    `calls`. `zone` is what a time without a zone means; `identify` computes the keys of records."""

    def __init__(
        self, seen: SeenIds | None, calls: SeenIds, identify: Identify, zone: tzinfo, *, has_extended: bool
    ) -> None:
        self._seen, self._calls, self._identify, self._zone = seen, calls, identify, zone
        self._by_record = seen is not None and seen.key_of is KeyOf.RECORD
        places = field_indexes(has_extended=has_extended)
        self._time, self._request = places["time"], places["request_id"]
        self._numbers = [places.get(name) for name in NUMBERS]
        self._slot_seconds = seen.slot_seconds if seen else 3600
        self._seeds: dict[Kind, int] = {}
        self._call_seeds: dict[tuple[str, Operation], tuple[int, ...]] = {}
        """The seeds of the keys of ids, whatever the outcome."""

    def remember_record(self, row: Row, place: CellRef, seconds: int) -> bool:
        """Remember a whole record around a second since the epoch.

        Returns whether it is to be counted: nothing like it was seen before, or it has no id.
        """
        id_ = id_of(row[self._request])
        if self._seen is None or id_ is None:
            return True
        slot = seconds // self._slot_seconds
        is_new = self._seen.add(self._key_of(id_, row, place), slot)
        return is_new and not self._seen.held_before(id_key(id_, place.id_seed), slot)

    def forget_record(self, row: Row, place: CellRef, seconds: int) -> None:
        """Take back what is remembered of a whole record, as if it had never been seen."""
        id_ = id_of(row[self._request])
        if self._seen is not None and id_ is not None:
            self._seen.forget(self._key_of(id_, row, place))
            self._seen.forget_before(id_key(id_, place.id_seed), seconds // self._slot_seconds)

    def forget_call(self, key: int, request_id: object, seed: int) -> None:
        """Take back what `remember_key` and `remember_request` remember of a call."""
        self._calls.forget(key)
        id_ = id_of(request_id)
        if self._seen is not None and id_ is not None:
            self._seen.forget(id_key(id_, seed))

    def _key_of(self, id_: str, row: Row, place: CellRef) -> int:
        if not self._by_record:
            return id_key(id_, place.id_seed)
        numbers = (None if at is None else row[at] for at in self._numbers)
        return self._identify(id_, place.seed, millis_of(row[self._time], self._zone), *numbers)

    def remember_request(self, request_id: object, seed: int, seconds: int) -> bool:
        """Remember the request id alone of a record around a second since the epoch.

        Returns whether the record is to be counted: its id is new, or it has none.
        """
        id_ = id_of(request_id)
        if self._seen is None or id_ is None:
            return True
        key, slot = id_key(id_, seed), seconds // self._slot_seconds
        return self._seen.ids.add(key, slot) and not self._seen.held_before(key, slot)

    def seed(self, kind: Kind) -> int:
        """Return the seed of the keys of a kind."""
        seed = self._seeds.get(kind)
        if seed is None:
            if len(self._seeds) > _MOST_SEEDS:
                self._seeds.clear()
            self._seeds[kind] = seed = seed_of(*kind)
        return seed

    def remember(self, kind: Kind, text: object, seconds: int) -> bool:
        """Remember an id of a kind, at a time in seconds since the epoch.

        Returns whether it is new.
        """
        return self.remember_key(self.key(self.seed(kind), text), seconds)

    def remember_key(self, key: int, seconds: int) -> bool:
        """Remember what `key` returned, as `remember` does."""
        return self._calls.ids.add(key, seconds // self._calls.slot_seconds)

    def remembers(self, kind: Kind, text: object, seconds: int) -> bool:
        """Return whether an id was remembered before, without remembering it."""
        return self._calls.holds(self.key(self.seed(kind), text), seconds // self._calls.slot_seconds)

    def key(self, seed: int, text: object) -> int:
        """Return the key of an id: its hash with the seed of its kind."""
        return id_key(str(text).strip(), seed)

    def remembers_call(self, request_id: object, system: str, operation: Operation, seconds: int) -> bool:
        """Return whether a request id was remembered for a call, whatever its outcome was."""
        id_ = id_of(request_id)
        if self._seen is None or id_ is None:
            return False
        slot, before = seconds // self._slot_seconds, self._seen.before is not None
        seeds = self._call_seeds.get((system, operation))
        if seeds is None:
            if len(self._call_seeds) > _MOST_SEEDS:
                self._call_seeds.clear()
            seeds = tuple(seed_of(system, operation, outcome) for outcome in _OUTCOMES)
            self._call_seeds[system, operation] = seeds
        for seed in seeds:
            key = id_key(id_, seed)
            if self._seen.ids.holds(key, slot) or (before and self._seen.held_before(key, slot)):
                return True
        return False

    def first_trace(self, place: CellRef, trace: object, minute: int) -> bool:
        """Remember the trace of a call in a minute since the epoch. Returns whether it is new."""
        slot = minute * 60 // self._calls.slot_seconds
        return self._calls.ids.add(id_key(str(trace).strip(), place.trace_seed), slot)
