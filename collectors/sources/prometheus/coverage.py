"""For which share of a day there are samples. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import Struct


class Presence(Struct, frozen=True):
    """The ends of the parts of time for which there are samples, in seconds since 1970."""

    seen: frozenset[float]
    """Of the counters."""
    witness: frozenset[float]
    """Of what is always scraped."""
    down: Mapping[float, float]
    """Which share of the targets did not answer."""


def missing(presence: Presence, buckets: Collection[float]) -> float:
    """Return for which share of these parts of time samples are missing, from 0 to 1.

    A part without samples is a gap when a target did not answer, or the witness has none either. Without a witness
    it is one when there are samples before it and after it. A target that is not there is none: nobody asks it.
    """
    if not buckets:
        return 0.0
    first, last = min(presence.seen, default=None), max(presence.seen, default=None)

    def gap(end: float) -> float:
        if down := presence.down.get(end, 0.0):
            return down
        if end in presence.seen:
            return 0.0
        if presence.witness:
            return float(end not in presence.witness)
        return float(first is not None and last is not None and first < end < last)

    return sum(map(gap, buckets)) / len(buckets)
