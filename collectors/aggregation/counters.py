"""Counters that only grow within a session: what counts of a record is how much they grew since the one before."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import tzinfo

import msgspec
from msgspec import Struct
from xxhash import xxh3_64_intdigest

from leverwatch.collectors.counted_fields import COUNTED
from leverwatch.collectors.errors import StateUnreadable
from leverwatch.collectors.exact_json import exact_decoder
from leverwatch.collectors.records.field_specs import COUNTERS
from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.formats.interface import Row
from leverwatch.collectors.records.timestamps import millis_of
from leverwatch.collectors.records.vocabulary import CallStatus
from leverwatch.collectors.stored_state import Kind, entries, place_of, same

_PREFIX = "session/"
_LOST = "lost-sessions"
_DIGITS = 16
MOST_SESSIONS = 20_000
"""The largest number of sessions whose counters are remembered. Beyond them the one that told something least
recently is forgotten, but for that it was there."""
MOST_LOST = 40_000
"""The largest number of forgotten sessions that are still known to have been there."""
FORGOTTEN = f"its session was forgotten, as more than {MOST_SESSIONS:_} others came after it"
_TIME = FIELD_INDEX["time"]

_COUNTED: Mapping[CallStatus, frozenset[str]] = {
    CallStatus.SUCCESS: COUNTERS,
    CallStatus.ERROR: frozenset({"inferences", *(line.of for line in COUNTED if line.on_failure and line.of)}),
    CallStatus.CACHE_HIT: frozenset({"inferences"}),
}
"""By how a call ended, the counters of which something counts."""

Number = int | float
Sessions = Sequence[str | None]
"""The session of each counter of a row, in the order of the counters; None: the record tells none."""


class Reading(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """What the counter of a field was at the last record that told it."""

    field: str
    last: Number
    before: Number | None
    """What it was at the record before that; None: it was not told."""

    @property
    def increase(self) -> Number:
        """Return what the last record counted."""
        return self.last if self.before is None or self.last < self.before else self.last - self.before


class Session(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """The counters of one session."""

    order: int
    """Grows with every record of any session."""
    newest: int
    """The time of its newest record, in milliseconds since the epoch."""
    readings: tuple[Reading, ...]

    def of(self, field: str) -> Reading | None:
        """Return the counter of a field; None when no record told it."""
        return next((it for it in self.readings if it.field == field), None)

    def without(self, field: str) -> tuple[Reading, ...]:
        """Return the counters of all other fields."""
        return tuple(it for it in self.readings if it.field != field)


SESSION: Kind[Session] = Kind(
    name="list of the counters of a session",
    key=_PREFIX,
    encode=msgspec.json.Encoder().encode,
    decode=exact_decoder(Session),
    upgrades=(same,),
    is_json=True,
)


def _keys(body: bytes) -> tuple[int, ...]:
    if not body or len(body) % 8:
        raise ValueError("it has no whole number of sessions")
    return tuple(int.from_bytes(body[at : at + 8], "big") for at in range(0, len(body), 8))


LOST_SESSIONS: Kind[tuple[int, ...]] = Kind(
    name="list of forgotten sessions",
    key=_LOST,
    encode=lambda keys: b"".join(key.to_bytes(8, "big") for key in keys),
    decode=_keys,
    upgrades=(same,),
)


class Counters:
    """The counters of one source, and what of them is stored; `fields` are their names in order, and `zone` is
    what a time without a zone means."""

    def __init__(self, fields: Sequence[str], zone: tzinfo) -> None:
        self._fields, self._zone = tuple(fields), zone
        self.again = False
        """Whether records are read that were refused before: others may have counted since then."""
        self._known: dict[int, Session] = {}
        self._lost: dict[int, None] = {}
        self._order = 0
        self._changed: set[int] = set()
        self._stored: set[int] = set()
        self._lost_changed = False
        self._forgotten: list[tuple[int, str, str]] = []

    def increases(
        self, rows: Sequence[Row], sessions: Sequence[Sessions], outcomes: Sequence[CallStatus | None]
    ) -> list[Row]:
        """Return rows with the increase of each counter in its place, unknown where nothing tells it; `outcomes`
        are how their calls ended, None for a row that does not count, which stays as it is."""
        return [
            row if outcome is None else self._grown(index, row, told, _COUNTED[outcome])
            for index, (row, told, outcome) in enumerate(zip(rows, sessions, outcomes, strict=True))
        ]

    def _grown(self, index: int, row: Row, sessions: Sessions, counted: Collection[str]) -> Row:
        grown, moment = list(row), millis_of(row[_TIME], self._zone)
        for field, session in zip(self._fields, sessions, strict=True):
            place = FIELD_INDEX[field]
            value = row[place]
            if value is not None and field not in counted:
                grown[place] = None  # what grew is left to the next record of which it counts
            elif value is not None:
                grown[place] = None if session is None else self._read(index, field, _key(session), value, moment)
        return tuple(grown)

    def _read(self, index: int, field: str, key: int, value: Number, moment: int) -> Number | None:
        session = self._known.get(key)
        if session is None and key in self._lost:
            del self._lost[key]
            self._lost_changed = True
            self._put(key, Session(0, moment, (Reading(field, value, value),)))
            self._forgotten.append((index, field, FORGOTTEN))
            return None
        if session is None:
            session = Session(0, moment, ())
        before = session.of(field)
        if before is not None and value < before.last and (self.again or moment < session.newest):
            # One that comes late: what grew until then was counted with the record that came before it.
            return 0
        reading = Reading(field, value, None if before is None else before.last)
        newest = max(session.newest, moment)
        self._put(key, Session(0, newest, (*session.without(field), reading)))
        return reading.increase

    def take_forgotten(self) -> list[tuple[int, str, str]]:
        """Return index, field and reason of the values of the last rows that are unknown, as their session was
        forgotten."""
        found, self._forgotten = self._forgotten, []
        return found

    def undo(self, row: Row, sessions: Sessions | None, outcome: CallStatus) -> Row:
        """Return a row that counted with what its counters added then, and forget that it was read.

        Where another record of its session came after it, or nobody knows its session, it added nothing: what it
        counted is what the next one would have counted without it.
        """
        counted = list(row)
        for at, field in enumerate(self._fields):
            place = FIELD_INDEX[field]
            session = None if sessions is None else sessions[at]
            if row[place] is None:
                continue
            if field not in _COUNTED[outcome] or (sessions is not None and session is None):
                counted[place] = None
                continue
            counted[place] = 0 if session is None else self._undone(field, _key(session), row[place])
        return tuple(counted)

    def _undone(self, field: str, key: int, value: Number) -> Number:
        session = self._known.get(key)
        reading = None if session is None else session.of(field)
        if session is None or reading is None or reading.last != value:
            return 0
        left = session.without(field)
        if reading.before is not None:
            left = (*left, Reading(field, reading.before, reading.before))
        self._put(key, Session(0, session.newest, left))
        return reading.increase

    def _put(self, key: int, session: Session) -> None:
        self._order += 1
        self._known.pop(key, None)
        self._known[key] = msgspec.structs.replace(session, order=self._order)
        self._changed.add(key)
        if len(self._known) > MOST_SESSIONS:
            oldest = next(iter(self._known))
            del self._known[oldest]
            self._changed.add(oldest)
            self._lost[oldest] = None
            self._lost_changed = True
            if len(self._lost) > MOST_LOST:
                del self._lost[next(iter(self._lost))]

    def load(self, state: Mapping[str, bytes], source: str) -> None:
        """Forget everything, then restore what `changes` returned.

        Raises:
            SourceRefused: a value is unreadable or of a newer version; the message names the source.
        """
        self.__init__(self._fields, self._zone)  # type: ignore[misc]  # an empty table
        found = {_key_of(key, source): session for key, session in entries(source, state, SESSION)}
        self._known = dict(sorted(found.items(), key=lambda entry: entry[1].order))
        self._order = max((session.order for session in found.values()), default=0)
        self._stored = set(found)
        for _, keys in entries(source, state, LOST_SESSIONS):
            self._lost = dict.fromkeys(keys)

    def changes(self) -> dict[str, bytes | None]:
        """Return the changes of the state since the last call; None deletes a key."""
        written: dict[str, bytes | None] = {}
        dumps = SESSION.dumper()
        for key in sorted(self._changed):
            session = self._known.get(key)
            if session is not None:
                written[f"{_PREFIX}{key:016x}"] = dumps(session)
                self._stored.add(key)
            elif key in self._stored:
                written[f"{_PREFIX}{key:016x}"] = None
                self._stored.discard(key)
        self._changed.clear()
        if self._lost_changed:
            written[_LOST] = LOST_SESSIONS.dumps(tuple(self._lost)) if self._lost else None
            self._lost_changed = False
        return written


def _key(session: str) -> int:
    return xxh3_64_intdigest(session.encode(errors="surrogatepass"))


def _key_of(key: str, source: str) -> int:
    digits = key.removeprefix(_PREFIX)
    try:
        if len(digits) == _DIGITS:
            return int(digits, 16)
    except ValueError:
        pass
    raise StateUnreadable(f"{place_of(source, key)}: no key of a session; restore the store from a backup")
