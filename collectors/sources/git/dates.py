"""Tells committer dates that can be true from those of a wrong clock. Pure.

A commit is not older than its parent, and not newer than the moment at which it is read. Where two dates of one
branch contradict each other, the fewest are held for wrong.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct

from leverwatch.collectors.interface import EARLIEST_LANDING

FIRST_DATE = int(EARLIEST_LANDING.timestamp())
"""Earlier dates are of clocks that are wrong, in seconds since 1970."""
_DRIFT = 600
"""Seconds that the clock of another machine may be ahead."""
SLACK = 86_400
"""Seconds that a date may contradict its neighbours by: a wrong time zone, or a clock that drifts."""


class Dated(Struct, frozen=True):
    """The dates of a branch after a look at all of them."""

    moved: dict[int, int]
    """The date to take for each wrong one, in seconds since 1970, by the position of its commit.

    It is that of the nearest older commit with a sound date, else that of the nearest newer one, else the time of
    the clock. So a history gives the same dates however often it is read on the way.
    """
    newest: int | None
    """The newest sound date; None: there is none, and a later commit may give the wrong ones a nearer date."""


def newest_of(dates: Sequence[int], newest: int, now: int) -> int | None:
    """Return the newest date of a branch that goes on, read at `now`; None when a look at all its dates is needed.

    Args:
        dates: of the commits that are new, oldest first.
        newest: the newest sound date before them.
        now: the time of the clock.
    """
    for date in dates:
        if not newest <= date <= now + _DRIFT:
            return None
        newest = date
    return newest


def sound_dates(dates: Sequence[int], now: int) -> Dated:
    """Look at the committer dates of a branch, oldest commit first, in seconds since 1970."""
    possible = [index for index, date in enumerate(dates) if FIRST_DATE <= date <= now + _DRIFT]
    kept = _in_order(dates, possible)
    moved: dict[int, int] = {}
    low: int | None = None
    position = 0
    for index, date in enumerate(dates):
        if position < len(kept) and kept[position] == index:
            low = date
            position += 1
            continue
        high = dates[kept[position]] if position < len(kept) else now + _DRIFT
        allowed = high if low is None else min(max(date, low), high)
        if FIRST_DATE <= date <= now + _DRIFT and abs(date - allowed) <= SLACK:
            continue
        # A clock that is some hours ahead still tells the day, or nearly.
        nearest = low if low is not None else dates[kept[0]] if kept else now
        moved[index] = now if now < date <= now + SLACK else nearest
    return Dated(moved, dates[kept[-1]] if kept else None)


def _in_order(dates: Sequence[int], possible: Sequence[int]) -> list[int]:
    """Return the positions of the most dates that do not contradict each other, in order.

    Of two dates that contradict each other alone, the one of the older commit is kept: it was there first.
    """
    if all(dates[first] <= dates[second] for first, second in pairwise(possible)):
        return list(possible)
    # The longest non-decreasing subsequence, from the newest commit on, so that a tie keeps the older commit.
    tails: list[int] = []
    ends: list[int] = []
    following: dict[int, int] = {}
    for index in reversed(possible):
        place = bisect_right(tails, -dates[index])
        if place:
            following[index] = ends[place - 1]
        # Assigning the slice of one replaces it, or appends.
        tails[place : place + 1] = [-dates[index]]
        ends[place : place + 1] = [index]
    kept = [ends[-1]]
    while kept[-1] in following:
        kept.append(following[kept[-1]])
    return kept
