"""Which byte ranges of a file a backfill read for some days only, and what is left of them to count. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from leverwatch.collectors.aggregation.day_filter import EVER, FIRST_DAY, LAST_DAY, Days, minus
from leverwatch.collectors.interface import BackfillRequest

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
        return ((part.days[-1][1] + 1, LAST_DAY),) if part.later else ()


def scope_of(history: BackfillRequest | None) -> Scope:
    """What a backfill counts; None stands for no backfill."""
    if history is None:
        return Scope()
    first = FIRST_DAY if history.since is None else history.since.toordinal()
    return Scope(((first, LAST_DAY if history.until is None else history.until.toordinal()),))


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
    return {(end - _EPOCH) * 86400 for end in ends if FIRST_DAY < end <= LAST_DAY}
