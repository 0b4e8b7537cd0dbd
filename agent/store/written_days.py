"""Remembers which UTC days of a source the batches of this process wrote: the others are not read again."""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import date
from threading import Lock

from msgspec import Struct, field

from leverwatch.collectors.interface import Batch

_MOST_DAYS = 1_000
"""More days of one source are not told apart: all of them are read again."""


class Written(Struct, frozen=True):
    """What was written between two revisions; perhaps some days too many."""

    days: Set[date] = frozenset()
    """The days of which usage was written."""
    more: bool = False
    """Whether anything else was written that a verdict or an assessment may depend on."""

    @classmethod
    def of(cls, batch: Batch) -> Written:
        """Return what a batch writes."""
        more = batch.prompt_changes or batch.replace_prompt_changes or batch.eval_results or batch.model_shutdowns
        counted = (batch.usage, batch.tier_counts, batch.prompt_counts)
        days = {row.day for rows in counted for row in rows}
        return cls(days | batch.days_seen | batch.replaces, bool(more))


class _Source(Struct):
    since: int
    """The revision after which everything that was written is known."""
    until: int
    life: int
    """How often what is known began anew."""
    days: dict[date, int] = field(default_factory=dict)
    """The revision that each day was last written by."""
    more: int = 0
    """The last revision that wrote anything else."""


class WrittenDays:
    """The days that were written, by source. Only what follows on what is known is believed: a batch on another
    revision than the last one means that something else wrote as well, and it begins anew."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._sources: dict[str, _Source] = {}

    def note(self, source: str, revision: int, written: Written) -> None:
        """Note what a batch wrote as revision `revision + 1`; call it once that is committed."""
        days = written.days
        with self._lock:
            known = self._sources.get(source)
            if known is None or known.until != revision or len(known.days.keys() | days) > _MOST_DAYS:
                known = _Source(revision, revision, 0 if known is None else known.life + 1)
                if len(days) > _MOST_DAYS:
                    known.since, days = revision + 1, frozenset()
                self._sources[source] = known
            known.until = revision + 1
            known.days.update(dict.fromkeys(days, known.until))
            if written.more:
                known.more = known.until

    def lives(self) -> Mapping[str, int]:
        """Return how often what is known of each source began anew; a source of which nothing is known is missing,
        which counts as -1."""
        with self._lock:
            return {source: known.life for source, known in self._sources.items()}

    def between(self, source: str, life: int, then: int, now: int) -> Written | None:
        """Return what was written between two revisions.

        None: something else may have written as well, and any day may be another one. `life`: what `lives` said
        before the first of these revisions was read from the database.
        """
        with self._lock:
            known = self._sources.get(source)
            if known is None:
                return Written() if life == -1 and then == now else None
            # Where nothing was known, the first batch has to be the next one.
            follows = known.since <= then if life == known.life else known.life == 0 > life and known.since == then
            if not follows or not then <= now <= known.until:
                return None
            days = frozenset(day for day, revision in known.days.items() if revision > then)
            return Written(days, known.more > then)
