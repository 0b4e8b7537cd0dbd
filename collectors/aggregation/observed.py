"""Counts a call once that several instrumentations saw, in whatever batch or file each of them tells it.

The observations of recent calls are remembered. What is of one call follows from them alone, not from their order:
when another one changes that, what was counted is taken back and the call is counted as all of them tell it.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from leverwatch.collectors.aggregation.grouping import Group, Index, connected, groups_of
from leverwatch.collectors.aggregation.observed_state import Segments
from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.formats.interface import Parsed
from leverwatch.collectors.records.merging import merge, outermost_first
from leverwatch.collectors.records.observation import Fit, Key, Observations, Outline, Sight, fit
from leverwatch.collectors.records.vocabulary import CallStatus, is_cache_hit, status_of

_STATUS, _TRACE, _HIT = FIELD_INDEX["status"], FIELD_INDEX["trace_id"], FIELD_INDEX["cache_hit"]
MOST = 20_000
"""Observations that are remembered for a source."""
KEPT = timedelta(hours=1)
"""How long an observation is remembered at least, by the clock, unless there are more than `MOST`."""


_WAITING = 5_000
"""Calls that are held in memory while nothing can be seen twice."""
_STORED = 128
"""Observations that a step stores while nothing can be seen twice: the other instrumentation may come next."""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[tuple[Any, ...]]).decode


class Tally(Protocol):
    """Adds rows to the counts of a source, and takes them back."""

    def add_one(self, row: tuple[Any, ...]) -> None:
        """Count the row of a call."""
        ...

    def take_one(self, row: tuple[Any, ...], *, with_trace: bool) -> None:
        """Take a row back; with its trace when no other call of it is known."""
        ...


class _Chunk(Struct, frozen=True):
    """Rows that are counted and whose observations are not worked out."""

    seen: Callable[[], Observations]
    rows: Callable[[], Sequence[tuple[Any, ...]]]
    left_out: Set[int]
    number: int
    """How many rows these are."""
    end: int
    """Only the rows before this index."""


class Report(Struct):
    """What was seen and joined since the last `load`."""

    seen: Counter[str] = field(default_factory=Counter)
    """Observed calls by instrumentation."""
    joined: Counter[tuple[str, ...]] = field(default_factory=Counter)
    """Calls that several observations tell of, by the names of their instrumentations."""


class Joined(Struct, frozen=True):
    """What became of new rows that are of calls which others tell of too."""

    rows: list[int]
    """Their indices, in order; they must not be counted as they are."""
    calls: int
    """How many of them are calls that were not counted before: the first ones."""
    again: list[int] = field(default_factory=list)
    """The indices of rows whose observation is remembered: they were delivered again."""


NOTHING = Joined([], 0)


class Observed:
    """The observations of recent calls of one source."""

    def __init__(self, tally: Tally, now: Callable[[], datetime]) -> None:
        self._tally, self._now = tally, now
        self._sights: dict[Key, Sight] = {}
        self._index = Index()
        self._fits: dict[Key, dict[Key, Fit]] = {}
        self._groups: dict[Key, Group] = {}
        self._traces: dict[Any, int] = {}
        """Inferences of each trace."""
        self._segments = Segments()
        self._is_awake = False
        self._scopes: set[str] = set()
        self._spans: set[str | None] = set()
        self._parents: set[str | None] = set()
        self._waiting: deque[_Chunk] = deque()
        """What was counted while nothing could be seen twice."""
        self._held = 0
        self.report = Report()

    def load(self, state: Mapping[str, bytes], source: str) -> None:
        """Forget everything, then restore what `changes` returned.

        Raises:
            SourceRefused: a value is unreadable or of a newer version.
        """
        self._sights, self._index, self._fits, self._groups = {}, Index(), {}, {}
        self._traces, self.report, self._segments = {}, Report(), Segments()
        self._is_awake, self._waiting, self._held = False, deque(), 0
        self._scopes, self._spans, self._parents = set(), set(), set()
        for sight in self._segments.load(state, source):
            self._sights[sight.seen.key] = sight
            self._scopes.add(sight.seen.scope)
            self._spans.add(sight.seen.span)
            if sight.seen.within is not None:
                self._parents.add(sight.seen.within)
        fitting = self._enter(self._sights)
        for group in groups_of(fitting, self._fits, self._sights.__getitem__):
            self._groups.update(dict.fromkeys(group, group))
        for call in self._calls(self._sights):
            self._trace(self._row(call), 1)
        self._is_awake = len(self._scopes) > 1 or bool(self._groups)

    def changes(self) -> dict[str, bytes | None]:
        """Return the changes of the state since the last call; None deletes a key."""
        if not self._is_awake:
            self._take_waiting(_STORED)
            while len(self._sights) > 2 * _STORED and (gone := self._segments.drop_oldest()):
                self._forget(gone)
        oldest = (self._now() - KEPT).timestamp()
        while gone := self._segments.drop_older(oldest):
            self._forget(gone)
        return self._segments.changes(self._sights)

    def add(self, seen: Observations, rows: Sequence[tuple[Any, ...]], left_out: Set[int]) -> Joined:
        """Remember the observations of new rows, except those at the indices that are `left_out`.

        Counts every call that more than one observation tells of; the rows of all others are left to the caller.
        """
        outline = seen.outline()
        self.report.seen.update(outline.scopes)
        self._scopes.update(outline.scopes)
        if not self._is_awake and not self._wakes(outline):
            self._wait(_Chunk(seen.packed(), _packed(rows), left_out, len(rows), len(rows)))
            return NOTHING
        if not self._is_awake:
            self._is_awake = True
            self._take_waiting()
        indices: dict[Key, int] = {}
        again: list[int] = []
        for index, sight in _sights(seen, rows, left_out, range(len(rows))):
            if self._remember(sight):
                indices[sight.seen.key] = index
            else:
                again.append(index)
        joined = self._join(indices)
        while len(self._sights) > MOST and (gone := self._segments.drop_oldest()):
            self._forget(gone)
        return replace(joined, again=again) if again else joined

    @property
    def is_awake(self) -> bool:
        """Whether observations are remembered, as calls may be seen twice."""
        return self._is_awake

    def sleeps(self, outline: Outline) -> bool:
        """Whether none of the calls of a chunk can be seen twice, so that `slept` can note it. Changes nothing."""
        is_one = not self._is_awake and len(self._scopes.union(outline.scopes)) <= 1
        return is_one and self._is_apart(outline)

    def slept(self, outline: Outline, read: Callable[[int, int], Parsed], number: int, left_out: Set[int]) -> None:
        """Note the calls of a chunk none of which is seen twice. `read` makes rows of those from one to before
        another, when they are needed."""
        self.report.seen.update(outline.scopes)
        self._scopes.update(outline.scopes)
        self._met(outline)
        for first in range(0, number, _STORED):
            behind = min(first + _STORED, number)
            once = _Once(read, first, behind)
            out = frozenset(place - first for place in left_out if first <= place < behind)
            self._wait(_Chunk(once.seen, once.rows, out, behind - first, behind - first))

    def _wait(self, chunk: _Chunk) -> None:
        self._waiting.append(chunk)
        self._held += chunk.number
        while self._held > _WAITING and len(self._waiting) > 1:
            self._held -= self._waiting.popleft().number

    def _wakes(self, outline: Outline) -> bool:
        """Whether calls may be seen twice: by two instrumentations, or by one with a span inside another."""
        is_apart = self._is_apart(outline)
        self._met(outline)
        return not is_apart or len(self._scopes) > 1

    def _is_apart(self, outline: Outline) -> bool:
        """Whether no span of the calls is inside another one."""
        _, spans, parents = outline
        return spans.isdisjoint(parents) and spans.isdisjoint(self._parents) and parents.isdisjoint(self._spans)

    def _met(self, outline: Outline) -> None:
        """Remember spans and parents for a while."""
        if len(self._spans) > MOST:
            self._spans.clear()
            self._parents.clear()
        self._spans |= outline.spans
        self._parents |= outline.parents

    def _take_waiting(self, most: int = MOST) -> None:
        """Remember the newest observations that wait; they are counted already."""
        keys: list[Key] = []
        taken: list[Sight] = []
        while self._waiting and len(taken) < most:
            chunk = self._waiting.pop()
            start = max(0, chunk.end - (most - len(taken)))
            found = _sights(chunk.seen(), chunk.rows(), chunk.left_out, range(start, chunk.end))
            taken[:0] = [sight for _, sight in found]
            if start:
                self._waiting.append(replace(chunk, end=start))
                break
            self._held -= chunk.number
        for sight in taken:
            if self._remember(sight):
                keys.append(sight.seen.key)
                self._trace(sight.row, 1)
        if fitting := self._enter(keys):
            self._arrange(connected(fitting, self._fits), {})

    def _remember(self, sight: Sight) -> bool:
        """Remember an observation. Returns whether it is new."""
        key = sight.seen.key
        if key in self._sights:
            return False
        self._sights[key] = sight
        self._segments.add(key, self._now().timestamp())
        return True

    def _join(self, indices: Mapping[Key, int]) -> Joined:
        """Count the calls that new observations share with others."""
        fitting = self._enter(indices)
        joined = self._arrange(connected(fitting, self._fits), indices) if fitting else NOTHING
        for key in indices.keys() - {key for key in fitting if key in self._groups}:
            self._trace(self._sights[key].row, 1)
        return joined

    def release(self, seen: Observations, number: int) -> None:
        """Forget the observations of a number of rows that the caller is about to take back.

        Each counts on its own until then.
        """
        self._take_waiting()
        for index in range(number):
            found = seen.of(index)
            if found is not None and found.key in self._sights:
                self._release(found.key)

    def _release(self, key: Key) -> None:
        near = connected([key], self._fits)
        row = self._sights[key].row
        for other in self._fits.pop(key, {}):
            del self._fits[other][key]
        self._arrange(near, {})
        self._trace(row, -1)
        self._drop(key)
        self._segments.remove(key)

    def _enter(self, keys: Iterable[Key]) -> list[Key]:
        """Find what fits new observations; return those that fit something."""
        fitting: dict[Key, None] = {}
        for key in keys:
            sight = self._sights[key]
            for near in dict.fromkeys(self._index.near(sight.seen)):
                other = self._sights.get(near)
                if other is not None and near != key and (found := fit(sight, other)) is not None:
                    self._fits.setdefault(key, {})[near] = found
                    self._fits.setdefault(near, {})[key] = found
                    fitting[key] = fitting[near] = None
            self._index.add(sight.seen)
        return list(fitting)

    def _arrange(self, keys: Sequence[Key], new: Mapping[Key, int]) -> Joined:
        """Put what fits together into calls; count what changed, except new observations on their own."""
        before = self._calls(keys)
        groups = groups_of(keys, self._fits, self._sights.__getitem__)
        grouped = {key for group in groups for key in group}
        after = {*groups, *((key,) for key in keys if key not in grouped)}
        counted = {call for call in before if call[0] not in new or len(call) > 1}
        # What is gone goes first: its trace may count again in the cell of another model.
        for call in counted - after:
            row = self._row(call)
            self._tally.take_one(row, with_trace=self._trace(row, -1))
        for call in after - counted:
            if len(call) > 1 or call[0] not in new:
                row = self._row(call)
                self._trace(row, 1)
                self._tally.add_one(row)
        for key in keys:
            self._groups.pop(key, None)
        for group in groups:
            self._groups.update(dict.fromkeys(group, group))
        self._note(counted, after)
        rows = sorted(index for key, index in new.items() if key in grouped)
        singles = sum(key not in grouped for key in keys if key in new)
        return Joined(rows, min(max(len(after) - singles - len(counted), 0), len(rows)))

    def _calls(self, keys: Iterable[Key]) -> set[Group]:
        """Return the calls of observations as they are arranged now, also those on their own."""
        return {self._groups.get(key, (key,)) for key in keys}

    def _row(self, call: Group) -> tuple[Any, ...]:
        return merge([self._sights[key] for key in call]) if len(call) > 1 else self._sights[call[0]].row

    def _note(self, before: set[Group], after: set[Group]) -> None:
        for sign, calls in ((1, after - before), (-1, before - after)):
            for call in calls:
                if len(call) > 1:
                    sights = outermost_first([self._sights[key] for key in call])
                    self.report.joined[tuple(sight.seen.scope for sight in sights)] += sign

    def _forget(self, gone: Iterable[Key]) -> None:
        """Forget observations, and the others of their calls: one that stayed could join another call."""
        for call in self._calls(key for key in gone if key in self._sights):
            self._trace(self._row(call), -1)
            for key in call:
                self._drop(key)
                self._segments.remove(key)

    def _trace(self, row: Sequence[Any], change: int) -> bool:
        """Note that one call of a trace more or less counts; return whether none is left of a trace."""
        trace = row[_TRACE]
        if trace is None or status_of(row[_STATUS]) is not CallStatus.SUCCESS or is_cache_hit(row[_HIT]):
            return False
        number = self._traces.pop(trace, 0) + change
        if number:
            self._traces[trace] = number
        return not number

    def _drop(self, key: Key) -> None:
        self._index.remove(self._sights.pop(key).seen)
        self._groups.pop(key, None)
        for other in self._fits.pop(key, {}):
            del self._fits[other][key]


class _Once(Struct):
    """The calls of a chunk from one to before another, which are read when they are first asked for."""

    read: Callable[[int, int], Parsed]
    first: int
    behind: int
    found: Parsed | None = None

    def seen(self) -> Observations:
        """Return their observations."""
        seen = self._parsed().observed
        if seen is None:
            raise TypeError("rows of spans have observations")
        return seen

    def rows(self) -> Sequence[tuple[Any, ...]]:
        """Return their rows."""
        return self._parsed().rows

    def _parsed(self) -> Parsed:
        if self.found is None:
            self.found = self.read(self.first, self.behind)
        return self.found


def _packed(rows: Sequence[tuple[Any, ...]]) -> Callable[[], Sequence[tuple[Any, ...]]]:
    """Return what returns the rows again, and needs less memory until then."""
    try:
        return partial(_decode, _encode(rows))
    except (OverflowError, UnicodeEncodeError):
        return lambda: rows  # a number of more than 64 bits, or a text of no Unicode


def _sights(
    seen: Observations, rows: Sequence[tuple[Any, ...]], left_out: Set[int], indices: range
) -> Iterator[tuple[int, Sight]]:
    for index in indices:
        found = seen.of(index) if index not in left_out else None
        if found is not None:
            yield index, Sight(found, rows[index])
