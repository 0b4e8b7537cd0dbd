"""Stores the observations of recent calls in small segments, so that a step rewrites only the newest ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec
from msgspec import Struct, field

from leverwatch.collectors.errors import StateUnreadable
from leverwatch.collectors.records.fields import with_added
from leverwatch.collectors.records.observation import Key, Sight
from leverwatch.collectors.stored_state import Kind, entries, place_of, same

_PREFIX = "observed/"
_SEGMENT = 256
"""Observations in a full segment."""
_LONGEST = 256
"""Characters of a text that are stored. No name that counts is longer."""


class StoredSegment(msgspec.Struct, frozen=True, array_like=True):
    """A segment as it is stored."""

    newest: float
    """When its last observation was added, in seconds since the epoch."""
    sights: list[Sight]


_decode = msgspec.msgpack.Decoder(StoredSegment).decode


def _encode(segment: StoredSegment) -> bytes:
    return msgspec.msgpack.encode(segment)


def _with_added(body: bytes) -> bytes:
    """To version 2: rows have fields that were added."""
    stored = _decode(body)
    sights = [Sight(sight.seen, with_added(sight.row)) for sight in stored.sights]
    return _encode(StoredSegment(stored.newest, sights))


OBSERVED: Kind[StoredSegment] = Kind(
    name="list of observations",
    key=_PREFIX,
    encode=_encode,
    decode=_decode,
    upgrades=(same, _with_added),
)


class _Segment(Struct):
    number: int
    newest: float
    keys: dict[Key, None] = field(default_factory=dict)
    changed: bool = False
    stored: bool = False


class Segments:
    """The order in which observations were added, and what of it is to be stored."""

    def __init__(self) -> None:
        self._segments: dict[int, _Segment] = {}
        self._of: dict[Key, _Segment] = {}
        self._gone: dict[int, None] = {}
        self._next = 0

    def load(self, state: Mapping[str, bytes], source: str) -> Iterator[Sight]:
        """Restore what `changes` returned; yield the observations, the oldest first.

        Raises:
            SourceRefused: a value is unreadable or of a newer version.
        """
        found: dict[int, StoredSegment] = {}
        for key, stored in entries(source, state, OBSERVED):
            number = key.removeprefix(_PREFIX)
            if not (number.isdecimal() and number.isascii() and len(number) < 19):
                raise StateUnreadable(
                    f"{place_of(source, key)}: no key of stored observations; restore the store from a backup"
                )
            found[int(number)] = stored
        for place, loaded in sorted(found.items()):
            segment = _Segment(place, loaded.newest, stored=True)
            self._segments[place] = segment
            self._next = place + 1
            for sight in loaded.sights:
                segment.keys[sight.seen.key] = None
                self._of[sight.seen.key] = segment
                yield sight

    def add(self, key: Key, now: float) -> None:
        """Add a new observation at a time in seconds since the epoch."""
        last = self._segments.get(self._next - 1)
        if last is None or len(last.keys) >= _SEGMENT:
            last = self._segments[self._next] = _Segment(self._next, now)
            self._next += 1
        last.keys[key] = None
        last.newest, last.changed = now, True
        self._of[key] = last

    def remove(self, key: Key) -> None:
        """Remove an observation; do nothing when it is not there."""
        segment = self._of.pop(key, None)
        if segment is not None:
            del segment.keys[key]
            segment.changed = True

    def drop_oldest(self) -> list[Key]:
        """Remove the oldest segment; return its observations."""
        while self._segments:
            number = next(iter(self._segments))
            segment = self._segments.pop(number)
            if segment.stored:
                self._gone[number] = None
            for key in segment.keys:
                del self._of[key]
            if segment.keys:
                return list(segment.keys)
        return []

    def drop_older(self, moment: float) -> list[Key]:
        """Remove the oldest segment when all of it was added before a moment; return its observations."""
        first = next(iter(self._segments.values()), None)
        return self.drop_oldest() if first is not None and first.newest < moment else []

    def changes(self, sights: Mapping[Key, Sight]) -> dict[str, bytes | None]:
        """Return what is to be stored since the last call; None deletes a key."""
        written: dict[str, bytes | None] = {f"{_PREFIX}{number}": None for number in self._gone}
        self._gone.clear()
        for segment in self._segments.values():
            if segment.changed:
                stored = StoredSegment(segment.newest, [_small(sights[key]) for key in segment.keys])
                key = f"{_PREFIX}{segment.number}"
                if segment.keys:
                    written[key] = OBSERVED.dumps(stored)
                elif segment.stored:
                    written[key] = None
                segment.stored, segment.changed = bool(segment.keys), False
        return written


def _small(sight: Sight) -> Sight:
    for value in filter(None, sight.row):  # of most fields nothing is known
        if isinstance(value, str):
            if len(value) > _LONGEST:
                break
        elif isinstance(value, int) and value.bit_length() > 63:
            break
    else:  # as nearly all are
        return sight
    return Sight(sight.seen, tuple(map(_short, sight.row)))


def _short(value: str | float | bool | None) -> str | float | bool | None:
    if isinstance(value, str):
        return value if len(value) <= _LONGEST else value[:_LONGEST]
    # The stored form has integers of 64 bits.
    return float(value) if isinstance(value, int) and value.bit_length() > 63 else value
