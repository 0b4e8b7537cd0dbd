"""How much a counter grew, from its running totals at two times, and what happened in between. Pure."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct

Key = TypeVar("Key", bound=Hashable)
_LARGE, _HARDLY = 1000.0, 0.99
"""From which total on, and from which part of it on, a smaller sample is no new start."""
Labels = tuple[tuple[str, str], ...]
"""The labels of a series, in order."""


class Grown(Struct, frozen=True):
    """What is known of one series between two times."""

    before: float | None
    """Its running total at the first time; None: there was none."""
    after: float
    """The same at the second time."""
    anew: float | None = None
    """How much it grew from `before`, or else from zero, when it started anew; None: it did not."""
    fresh_before: float | None = None
    """Its sample of the last minutes before the first time."""


def recovered(before: float | None, samples: Iterable[float]) -> float:
    """Return how much a counter grew over its samples: a smaller one is the first after a start from zero.

    Of a large total, one that is hardly smaller is not: two servers of metrics took turns to scrape it, of
    which one is behind. `before` is the total at the last sample before; None: it began at zero.
    """
    total, last = 0.0, before or 0.0
    for value in samples:
        if last > _LARGE and last * _HARDLY <= value < last:
            continue
        total += value - last if value >= last else value
        last = value
    return total


def starts(before: float | None, samples: Iterable[float]) -> int:
    """Return how often a counter started anew in its samples, by the rule of `recovered`."""
    number, last = 0, before or 0.0
    for value in samples:
        if last > _LARGE and last * _HARDLY <= value < last:
            continue
        number += value < last
        last = value
    return number


def corrected(before: float | None, after: float, pieces: Iterable[tuple[float | None, Sequence[float]]]) -> float:
    """Return how much a counter grew that started anew in some pieces of the time.

    Args:
        before: its total at the beginning; None: it began at zero.
        after: its total at the end.
        pieces: of each, the total before it and its samples; elsewhere it only grew.
    """
    total = after - (before or 0.0)
    for first, samples in pieces:
        if samples:
            total += recovered(first, samples) - (samples[-1] - (first or 0.0))
    return total


def of_replicas(replicas: Sequence[Grown]) -> float:
    """Return how much one counter grew that several servers of metrics scraped: the maximum, from one beginning.

    The beginning is the newest total that any of them had, so that what one saw late is not counted again.
    """
    fresh = [it.fresh_before for it in replicas if it.fresh_before is not None]
    known = fresh or [it.before for it in replicas if it.before is not None]
    begin = max(known, default=None)
    return max(max(_from(begin, it) for it in replicas), 0.0)


def _from(begin: float | None, grown: Grown) -> float:
    if grown.anew is None:
        # What did not grow tells nothing of what others saw, and may be from before they saw a new start.
        return 0.0 if grown.after == grown.before else grown.after - (begin or 0.0)
    if begin is None:
        return grown.anew
    own = grown.before or 0.0
    # What the newest total has beyond its own was counted already; one that is below it started anew before.
    return grown.anew - (begin - own if begin >= own else begin)


def chosen(by_name: Mapping[int, Mapping[Key, float]], beside: Collection[int]) -> dict[Key, float]:
    """Return how much a counter with several names grew at one target, by key: one after the other they add up, of
    those beside each other the one that grew most counts alone, as it may have other labels.

    `beside` has the names that lay beside an earlier one.
    """
    total: dict[Key, float] = {}
    for name in sorted(by_name):
        grown = by_name[name]
        if name not in beside:
            total = {key: total.get(key, 0.0) + grown.get(key, 0.0) for key in (*total, *grown)}
        elif sum(grown.values()) > sum(total.values()):
            total = dict(grown)
    return total
