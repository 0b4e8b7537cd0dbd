"""Which byte ranges of a file a backfill read for some days only, and what is left of them to count. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from leverwatch.collectors.aggregation.day_filter import EVER, FIRST_DAY, LAST_DAY, Days, minus
from leverwatch.collectors.interface import BackfillRequest

_MANY_READS = 50
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class PartialRead:
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

    def missing(self, partial: PartialRead) -> Days:
        """The days to count of bytes that were read before."""
        if self.days is not None:
            return minus(self.days, partial.days)
        # A range in the past must not cost the newest records of a log that goes on.
        return ((partial.days[-1][1] + 1, LAST_DAY),) if partial.later else ()


def scope_of(history: BackfillRequest | None) -> Scope:
    """What a backfill counts; None stands for no backfill."""
    if history is None:
        return Scope()
    first = FIRST_DAY if history.since is None else history.since.toordinal()
    return Scope(((first, LAST_DAY if history.until is None else history.until.toordinal()),))


def added(reads: tuple[PartialRead, ...], partial: PartialRead, *, needed: bool) -> tuple[PartialRead, ...]:
    """The reads with one more, which follows on the last.

    One that left nothing out is not `needed`: it is only joined to the one before it, to keep the reads few.
    """
    before = reads[-1] if reads else None
    follows = before is not None and (before.end, before.days) == (partial.start, partial.days)
    if before is not None and follows and (needed or len(reads) > _MANY_READS):
        return (*reads[:-1], replace(before, end=partial.end, later=before.later or partial.later))
    return (*reads, partial) if needed else reads


def clipped(reads: tuple[PartialRead, ...], end: int) -> tuple[PartialRead, ...]:
    """The same without anything behind `end`, which is going to be read as new."""
    return tuple(replace(partial, end=min(partial.end, end)) for partial in reads if partial.start < end)


def edges(reads: Iterable[PartialRead], scope: Scope) -> set[int]:
    """Where counted days meet others, in seconds since the epoch: duplicates may lie on both sides."""
    days = {span for partial in reads for span in partial.days} | set(scope.days or ())
    ends = {first for first, _ in days} | {last + 1 for _, last in days}
    return {(end - _EPOCH) * 86400 for end in ends if FIRST_DAY < end <= LAST_DAY}
