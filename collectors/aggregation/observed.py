"""Counts a call once that several instrumentations saw, in whatever batch or file each of them tells it.

The observations of recent calls are remembered. What is of one call follows from them alone, not from their order:
when another one changes that, what was counted is taken back and the call is counted as all of them tell it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from leverwatch.collectors.aggregation.grouping import Group, Index, connected, groups_of
from leverwatch.collectors.aggregation.observed_state import Segments
from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.merging import merge, outermost_first
from leverwatch.collectors.records.observation import Fit, Key, Sight, fit
from leverwatch.collectors.records.vocabulary import CallStatus, is_cache_hit, status_of

_STATUS, _TRACE, _HIT = FIELD_INDEX["status"], FIELD_INDEX["trace_id"], FIELD_INDEX["cache_hit"]
MOST = 20_000
"""Observations that are remembered for a source."""
KEPT = timedelta(hours=1)
"""How long an observation is remembered at least, by the clock, unless there are more than `MOST`."""


class Tally(Protocol):
    """Adds rows to the counts of a source, and takes them back."""

    def add_one(self, row: tuple[Any, ...]) -> None:
        """Count the row of a call."""
        ...

    def take_one(self, row: tuple[Any, ...], *, with_trace: bool) -> None:
        """Take a row back; with its trace when no other call of it is known."""
        ...


@dataclass(slots=True)
class Report:
    """What was seen and joined since the last `load`."""

    seen: Counter[str] = field(default_factory=Counter)
    """Observed calls by instrumentation."""
    joined: Counter[tuple[str, ...]] = field(default_factory=Counter)
    """Calls that several observations tell of, by the names of their instrumentations."""


@dataclass(frozen=True, slots=True)
class Joined:
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
        self.report = Report()

    def load(self, state: Mapping[str, bytes], source: str) -> None:
        """Forget everything, then restore what `changes` returned.

        Raises:
            SourceRefused: a value is unreadable or of a newer version.
        """
        self._sights, self._index, self._fits, self._groups = {}, Index(), {}, {}
        self._traces, self.report, self._segments = {}, Report(), Segments()
        for sight in self._segments.load(state, source):
            self._sights[sight.seen.key] = sight
        fitting = self._enter(self._sights)
        for group in groups_of(fitting, self._fits, self._sights.__getitem__):
            self._groups.update(dict.fromkeys(group, group))
        for call in self._calls(self._sights):
            self._trace(self._row(call), 1)

    def changes(self) -> dict[str, bytes | None]:
        """Return the changes of the state since the last call; None deletes a key."""
        oldest = (self._now() - KEPT).timestamp()
        while gone := self._segments.drop_older(oldest):
            self._forget(gone)
        return self._segments.changes(self._sights)

    def add(self, new: Iterable[tuple[int, Sight]]) -> Joined:
        """Remember new observations, each with the index of its row.

        Counts every call that more than one observation tells of; the rows of all others are left to the caller.
        """
        indices: dict[Key, int] = {}
        again: list[int] = []
        now = self._now().timestamp()
        for index, sight in new:
            key = sight.seen.key
            if key not in self._sights:
                self._sights[key], indices[key] = sight, index
                self._segments.add(key, now)
                self.report.seen[sight.seen.scope] += 1
            else:
                again.append(index)
        fitting = self._enter(indices)
        joined = self._arrange(connected(fitting, self._fits), indices) if fitting else NOTHING
        joined = replace(joined, again=again) if again else joined
        left = indices.keys() - {key for key in fitting if key in self._groups}
        for key in left:
            self._trace(self._sights[key].row, 1)
        while len(self._sights) > MOST and (gone := self._segments.drop_oldest()):
            self._forget(gone)
        return joined

    def release(self, key: Key) -> None:
        """Forget an observation whose row the caller is about to take back; it counts on its own until then."""
        if key not in self._sights:
            return
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
