"""The calls of which a later record may say more: where each is counted, and what it added there."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import compress
from typing import Any

import msgspec

from leverwatch.collectors.aggregation.id_table import Ids, pack
from leverwatch.collectors.counted_fields import COLUMN_INDEX, COLUMNS
from leverwatch.collectors.errors import StateUnreadable
from leverwatch.collectors.interface import Operation
from leverwatch.collectors.prepared import prepared
from leverwatch.collectors.records.vocabulary import CallStatus
from leverwatch.collectors.stored_state import Kind, entries, place_of, same

_PREFIX = "open/"
_KEY = re.compile(_PREFIX + "[0-9a-f]{16}")
_MASK = 2**64 - 1
SPAN = 86_400.0
"""Seconds of record time after which nothing more is expected of a call."""
MOST_OPEN, MOST_SETTLED = 20_000, 2_000
"""The largest numbers of calls that are remembered, open ones and those whose stream has ended. Beyond them the
one that was changed least recently is forgotten: its later records are then `part` or `duplicate`, and what it
last told stays."""
MOST_WAITING = 64
"""The largest number of calls of one group that wait for their usage."""

Group = tuple[str, Operation, str]
"""System, operation and model."""


class _Fields(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, gc=False):
    system: str
    operation: Operation
    model: str
    day: date
    outcome: CallStatus
    begun: float
    until: float
    """The time of its newest record."""
    told: int
    """Bits of what its parts told together."""
    usage: tuple[float | None, ...]
    """The usage that was told."""
    series: str
    """What tells it from the first call with its id, for a server that uses ids again."""
    version: bool
    """Whether its records are versions; else they are parts."""
    ended: bool
    """Whether its stream has ended; only the usage may still come."""
    alone: bool
    """Whether a single chunk has its id."""
    waits: bool
    """Whether its stream ended under an id of its own, and its usage may come under another one."""
    prompt: str = ""
    """The version of its prompt; empty when it is unknown."""

    tier: str = ""
    """The tier whose prices its tokens have, as `tier_name` has it."""

    tallied: bool = False
    """Whether one of its records has the result `counted` though the call was taken back."""


class OpenCall(_Fields, kw_only=True, gc=False):
    """A call that is counted, or waits for a second record to be counted.

    Times are in seconds since the epoch.
    """

    counts: tuple[float, ...]
    """What it added to its cell, in the order of the cell; empty: it is not counted at the moment. No list, as
    thousands of them would be looked through whenever memory is tidied up."""

    @property
    def group(self) -> Group:
        """What calls have in common whose chunks cannot be told apart by id."""
        return self.system, self.operation, self.model

    @property
    def settled(self) -> bool:
        """Whether nothing but the usage behind its end is expected any more, or it is not counted."""
        return not self.version and (self.ended or not self.counts)


class _Stored(_Fields, kw_only=True, gc=False):
    prompt: str
    tier: str
    tallied: bool
    counts: tuple[tuple[str, float], ...]
    """Those that are not zero, by name."""


_encoder = msgspec.json.Encoder().encode


def _encode(call: OpenCall) -> bytes:
    counts = call.counts
    named: Any = tuple(zip(compress(COLUMNS, counts), filter(None, counts), strict=True))
    # It is stored as a `_Stored`, but for its class.
    call.counts = named
    try:
        return _encoder(call)
    finally:
        call.counts = counts


def _decode(body: bytes) -> OpenCall:
    stored = msgspec.json.decode(body, type=prepared(_Stored))
    counts = [0.0] * len(COLUMNS) if stored.counts else []
    for name, count in stored.counts:
        if name not in COLUMN_INDEX:
            raise ValueError("it has a count of no known name")
        counts[COLUMN_INDEX[name]] = count
    return OpenCall(**(msgspec.structs.asdict(stored) | {"counts": tuple(counts)}))


def _with_prompt(body: bytes) -> bytes:
    """To version 2: the version of the prompt was not known."""
    return body[:-1] + b',"prompt":""}' if body.endswith(b"}") else body


def _with_tier(body: bytes) -> bytes:
    """To version 3: no tier was told apart, and all counts are those of the standard."""
    return body[:-1] + b',"tier":""}' if body.endswith(b"}") else body


def _with_tallied(body: bytes) -> bytes:
    """To version 4: what was taken back is not known."""
    return body[:-1] + b',"tallied":false}' if body.endswith(b"}") else body


OPEN_CALL: Kind[OpenCall] = Kind(
    name="call that later records may change",
    key=_PREFIX,
    encode=_encode,
    decode=_decode,
    upgrades=(same, _with_prompt, _with_tier, _with_tallied),
    is_json=True,
)


class OpenCalls:
    """The open calls of one source, by the hash of system, operation and id."""

    def __init__(self, keys: Ids | None = None) -> None:
        self.keys = keys
        """The keys of all of them, for the compiled helper; None: it does not ask."""
        if keys is not None:
            keys.clear()
        # The first key of a plain dictionary is behind all the places of those that were dropped before it.
        self._open: OrderedDict[int, OpenCall] = OrderedDict()
        self._settled: OrderedDict[int, OpenCall] = OrderedDict()
        self._changed: set[int] = set()
        self._stored: set[int] = set()
        self._alone: dict[Group, dict[int, None]] = {}
        self._waiting: dict[Group, dict[int, None]] = {}
        self._indexed: set[int] = set()
        self._earliest: float | None = None
        self.versions = 0
        """The number of calls whose last version is still to come."""

    def __len__(self) -> int:
        return len(self._open) + len(self._settled)

    def get(self, key: int) -> OpenCall | None:
        """Return a call; None when it is not known."""
        return self._open.get(key) or self._settled.get(key)

    def put(self, key: int, call: OpenCall, moment: float) -> None:
        """Remember a call that is new or changed, after a record of a time."""
        table, other, most = self._open, self._settled, MOST_OPEN
        if call.settled:
            table, other, most = other, table, MOST_SETTLED
        before = table.pop(key, None) or other.pop(key, None)
        if before is not call:
            self.versions += call.version - (before.version if before is not None else 0)
        if before is not None and key in self._indexed:
            self._forget_group(key, before.group)
        if before is None and self.keys is not None:
            self.keys.restore(0, pack((key,)))
        table[key] = call  # behind all others, as it is the one that was changed last
        self._changed.add(key)
        if call.alone or call.waits:
            self._note(key, call)
        if self._earliest is None or moment < self._earliest:
            self._earliest = moment
        if len(table) > most:
            self.drop(next(iter(table)))

    def _note(self, key: int, call: OpenCall) -> None:
        self._indexed.add(key)
        for is_in, index in ((call.alone, self._alone), (call.waits, self._waiting)):
            if is_in:
                index.setdefault(call.group, {})[key] = None
        if call.waits and len(self._waiting[call.group]) > MOST_WAITING:
            self.drop(next(iter(self._waiting[call.group])))

    def drop(self, key: int) -> None:
        """Forget a call."""
        if self._remove(key):
            self._changed.add(key)

    def _remove(self, key: int) -> bool:
        call = self._open.pop(key, None) or self._settled.pop(key, None)
        if call is None:
            return False
        if self.keys is not None:
            self.keys.remove(key)
        self.versions -= call.version
        if key in self._indexed:
            self._forget_group(key, call.group)
        return True

    def _forget_group(self, key: int, group: Group) -> None:
        self._indexed.remove(key)
        for index in (self._alone, self._waiting):
            keys = index.get(group)
            if keys is not None and keys.pop(key, 0) is None and not keys:
                del index[group]

    def free(self, key: int) -> int:
        """Return the first key behind this one that no call has."""
        key = (key + 1) & _MASK
        while self.get(key) is not None:
            key = (key + 1) & _MASK
        return key

    def alone(self, group: Group) -> list[tuple[int, OpenCall]]:
        """Return the calls of which a single chunk was read."""
        return [(key, call) for key in self._alone.get(group, ()) if (call := self.get(key)) is not None]

    def waiting(self, group: Group) -> tuple[int, OpenCall] | None:
        """Return the call that began to wait for its usage last."""
        for key in reversed(self._waiting.get(group, {})):
            call = self.get(key)
            return None if call is None else (key, call)
        return None

    def load(self, state: Mapping[str, bytes], source: str) -> None:
        """Forget everything, then restore what `changes` returned.

        Raises:
            SourceRefused: a value is unreadable or of a newer version; the message names the source.
        """
        self.__init__(self.keys)  # type: ignore[misc]  # an empty table
        found = sorted(entries(source, state, OPEN_CALL), key=lambda entry: (entry[1].until, entry[0]))
        for key, call in found:
            if _KEY.fullmatch(key) is None:
                raise StateUnreadable(
                    f"{place_of(source, key)}: no key of an open call; restore the store from a backup"
                )
            self.put(int(key.removeprefix(_PREFIX), 16), call, call.until)
        self._stored = {int(key.removeprefix(_PREFIX), 16) for key, _ in found}
        self._changed -= self._stored & {key for key, _ in self._all()}
        self._earliest = None

    def _all(self) -> Iterator[tuple[int, OpenCall]]:
        yield from self._open.items()
        yield from self._settled.items()

    def changes(self) -> dict[str, bytes | None]:
        """Return the changes of the state since the last call; None deletes a key. Calls that are a `SPAN` older
        than everything that was read since then are forgotten."""
        if self._earliest is not None:
            oldest = self._earliest - SPAN
            for key in [key for key, call in self._all() if call.until < oldest]:
                self.drop(key)
        self._earliest = None
        written: dict[str, bytes | None] = {}
        dumps = OPEN_CALL.dumper()
        for key in sorted(self._changed):
            call = self.get(key)
            if call is not None:
                written[f"{_PREFIX}{key:016x}"] = dumps(call)
                self._stored.add(key)
            elif key in self._stored:
                written[f"{_PREFIX}{key:016x}"] = None
                self._stored.discard(key)
        self._changed.clear()
        return written
