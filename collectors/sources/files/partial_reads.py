"""Which byte ranges of a file a backfill read for some days only, and which days of them are still to count.
Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from leverwatch.collectors.aggregation.day_filter import EVER, FIRST_DAY, LAST_DAY, Days, minus
from leverwatch.collectors.interface import BackfillRequest

_MANY_READS = 50
_EPOCH = date(1970, 1, 1).toordinal()


class PartialRead(Struct, frozen=True):
    """A range of bytes of which some days were counted and others left out."""

    start: int
    end: int
    lines: int
    """The number of lines before `start`."""
    days: Days
    """The counted days."""
    later: bool = False
    """Whether records newer than all of these days were left out, which every run has to count."""


class Scope(Struct, frozen=True):
    """The days that one run counts. `days` is None for a run that follows the files and counts all new records."""

    days: Days | None = None

    @property
    def limit(self) -> Days | None:
        """The only days to count of bytes that were never read; None: all days."""
        return None if self.days == EVER else self.days

    def missing(self, partial: PartialRead) -> Days:
        """Return the days to count of bytes that were read before."""
        if self.days is not None:
            return minus(self.days, partial.days)
        # A range in the past must not cost the newest records of a log that goes on.
        return ((partial.days[-1][1] + 1, LAST_DAY),) if partial.later else ()


def scope_of(history: BackfillRequest | None) -> Scope:
    """Return the days that a backfill counts; None: no backfill."""
    if history is None:
        return Scope()
    first = FIRST_DAY if history.since is None else history.since.toordinal()
    return Scope(((first, LAST_DAY if history.until is None else history.until.toordinal()),))


def added(reads: tuple[PartialRead, ...], partial: PartialRead, *, needed: bool) -> tuple[PartialRead, ...]:
    """Return the reads with one more at the end.

    A read that left nothing out is not `needed`: it is at most merged with the one before it, to keep the number
    small.
    """
    before = reads[-1] if reads else None
    follows = before is not None and (before.end, before.days) == (partial.start, partial.days)
    if before is not None and follows and (needed or len(reads) > _MANY_READS):
        return (*reads[:-1], replace(before, end=partial.end, later=before.later or partial.later))
    return (*reads, partial) if needed else reads


def clipped(reads: tuple[PartialRead, ...], end: int) -> tuple[PartialRead, ...]:
    """Return the ranges cut off at byte `end`; what follows will be read as new."""
    return tuple(replace(partial, end=min(partial.end, end)) for partial in reads if partial.start < end)


def edges(reads: Iterable[PartialRead], scope: Scope) -> set[int]:
    """Return the boundaries between counted and other days, in seconds since the epoch: there may be duplicates
    on both sides."""
    days = {span for partial in reads for span in partial.days} | set(scope.days or ())
    ends = {first for first, _ in days} | {last + 1 for _, last in days}
    return {(end - _EPOCH) * 86400 for end in ends if FIRST_DAY < end <= LAST_DAY}
