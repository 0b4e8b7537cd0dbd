"""Which days of a file a backfill with a range counted, and which it left out. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, tzinfo

from collectors.files.formats.interface import Parsed
from collectors.files.times import parse_time
from collectors.interface import History

Days = tuple[tuple[int, int], ...]
"""Spans of UTC days as (first, last) ordinals, both included; ascending, and with a gap between two of them."""

_FIRST, _LAST = date.min.toordinal(), date.max.toordinal()
EVER: Days = ((_FIRST, _LAST),)
_MANY_PARTS = 50
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes of a file that were read under a range which left something of them out."""

    start: int
    end: int
    lines: int
    """Lines before `start`."""
    days: Days
    """What was counted."""
    later: bool = False
    """Something newer than all of these days was left out: what any run has to count."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What one run counts. `days` is None for a run that follows the files, which any record is new to."""

    days: Days | None = None

    @property
    def limit(self) -> Days | None:
        """The only days to count of what was never read; None: all of them."""
        return None if self.days == EVER else self.days

    def missing(self, part: Part) -> Days:
        """The days to count of a part that was read before."""
        if self.days is not None:
            return minus(self.days, part.days)
        # A range in the past must not cost the newest records of a log that goes on.
        return ((part.days[-1][1] + 1, _LAST),) if part.later else ()


def scope_of(history: History | None) -> Scope:
    """What a backfill counts; None stands for no backfill."""
    if history is None:
        return Scope()
    first = _FIRST if history.since is None else history.since.toordinal()
    return Scope(((first, _LAST if history.until is None else history.until.toordinal()),))


def union(one: Days, other: Days) -> Days:
    """The days that are in either."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted((*one, *other)):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return tuple(joined)


def minus(days: Days, less: Days) -> Days:
    """The days that are in the first and not in the second."""
    left: list[tuple[int, int]] = []
    for first, last in days:
        at = first
        for start, end in less:
            if end < at or start > last:
                continue
            if start > at:
                left.append((at, start - 1))
            at = end + 1
        if at <= last:
            left.append((at, last))
    return tuple(left)


def contains(days: Days, day: int) -> bool:
    """Whether a day is among them."""
    return any(first <= day <= last for first, last in days)


def added(parts: tuple[Part, ...], part: Part, *, needed: bool) -> tuple[Part, ...]:
    """Append what follows. What left nothing out is not `needed`, and only joined to keep the parts few."""
    before = parts[-1] if parts else None
    follows = before is not None and (before.end, before.days) == (part.start, part.days)
    if before is not None and follows and (needed or len(parts) > _MANY_PARTS):
        return (*parts[:-1], replace(before, end=part.end, later=before.later or part.later))
    return (*parts, part) if needed else parts


def clipped(parts: tuple[Part, ...], end: int) -> tuple[Part, ...]:
    """The same without anything behind `end`, which is going to be read as new."""
    return tuple(replace(part, end=min(part.end, end)) for part in parts if part.start < end)


def edges(parts: Iterable[Part], scope: Scope) -> set[int]:
    """Where counted days meet others, in seconds since the epoch: duplicates may lie on both sides."""
    days = {span for part in parts for span in part.days} | set(scope.days or ())
    ends = {first for first, _ in days} | {last + 1 for _, last in days}
    return {(end - _EPOCH) * 86400 for end in ends if _FIRST < end <= _LAST}


@dataclass(slots=True)
class Window:
    """Keeps the records of some days. `before` are the days that an earlier reading of the same part counted."""

    days: Days
    zone: tzinfo
    before: Days | None = None
    left_out: bool = False
    """Whether something is left for another backfill, since `take`."""
    later: bool = False

    def keep(self, parsed: Parsed) -> int:
        """Drop every record of another day, in place; how many."""
        dropped = 0
        if self.before is not None:
            # What is no record, or names no day, was settled by the first reading.
            dropped = len(parsed.refused) + parsed.ignored + sum(parsed.passed.values())
            parsed.refused, parsed.ignored, parsed.passed = [], 0, {}
        kept = [index for index, row in enumerate(parsed.rows) if self._keeps(row[0])]
        dropped += len(parsed.rows) - len(kept)
        parsed.lines = [index if parsed.lines is None else parsed.lines[index] for index in kept]
        parsed.parts = frozenset(place for place, index in enumerate(kept) if index in parsed.parts)
        parsed.rows = [parsed.rows[index] for index in kept]
        parsed.seen = [time for time in parsed.seen if self._keeps(time)]
        return dropped

    def take(self) -> tuple[bool, bool]:
        """Whether anything, and anything newer than what was counted, was left out since the last call."""
        taken = (self.left_out, self.later)
        self.left_out = self.later = False
        return taken

    def _keeps(self, time: object) -> bool:
        moment = parse_time(time, self.zone)
        return self.before is None if moment is None else self.keeps(moment.toordinal())

    def keeps(self, day: int) -> bool:
        """Whether to count the records of a day; that some were left out is remembered."""
        if contains(self.days, day):
            return True
        counted = union(self.days, self.before or ())
        if not contains(counted, day):
            self.left_out = True
            self.later = self.later or day > counted[-1][1]
        return False
