"""The volume of each window of 28 days, and what it can be where days are missing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from itertools import accumulate
from math import fsum

from msgspec import Struct

from leverwatch.agent.framework.bands import Bands
from leverwatch.agent.framework.coverage import WINDOW_DAYS, fill_idle, is_sparse, largest_of_kind, likely_sum
from leverwatch.agent.framework.model import Settings

PADDING = WINDOW_DAYS - 1
"""The days of a window before its last one."""
_MONTH, _OF_MONTH = 487, 448
"""Their ratio is 30.4375 / 28. Multiplying first keeps exact values exact. Sums are rounded once (fsum), so that
the figure depends on the window alone: a running sum would carry errors of days long gone across a threshold."""


def days_needed(settings: Settings) -> int:
    """The least number of covered days of a window whose volume is known, at most the whole window."""
    return min(max(settings.minimum_days, 1), WINDOW_DAYS)


class History:
    """The counts of all days from 27 days before the first one on; days turn out to be idle as they are walked."""

    def __init__(
        self, counted: Mapping[int, float], until: int, settings: Settings, newest: int | None = None
    ) -> None:
        self.first = min(counted)
        self._newest = PADDING + (max(counted) if newest is None else newest) - self.first
        self.counts: list[float | None] = [None] * PADDING
        self.counts += map(counted.get, range(self.first, until + 1))
        self.idle: set[int] = set()
        self.settings, self.needed = settings, days_needed(settings)

    def day(self, index: int) -> date:
        """The day at an index."""
        return date.fromordinal(self.first - PADDING + index)

    def volumes(self) -> Iterator[tuple[int, float]]:
        """The covered days with a known volume: ordinal and volume. Ends with the last covered day."""
        counts, needed, first = self.counts, self.needed, self.first - PADDING
        sums = _whole_sums(counts[PADDING:])
        covered = 0
        for index in range(PADDING, len(counts)):
            window = counts[index - PADDING : index + 1]
            if window[-1] is None:
                found = fill_idle(counts, index, PADDING, self.idle)
                if not found:
                    if index > self._newest:
                        del counts[index:]
                        return
                    covered -= window[0] is not None
                    continue
                covered += found - 1
                window = counts[index - PADDING : index + 1]
            covered += 1
            if covered == WINDOW_DAYS:
                start = index - 2 * PADDING
                total = fsum(window) if sums is None else float(sums[start + WINDOW_DAYS] - sums[start])  # type: ignore[arg-type] # none is missing
                yield first + index, total * _MONTH / _OF_MONTH
            elif covered >= needed or self._is_sparse(index):
                yield first + index, monthly(likely_sum(window, first + index, self.first))
            if window[0] is not None:
                covered -= 1

    def month(self, index: int) -> tuple[float | None, int]:
        """The volume of the window that ends at an index, None when unknown, and its covered days."""
        window = self.counts[index - PADDING : index + 1]
        covered = sum(count is not None for count in window)
        if covered == WINDOW_DAYS:
            return monthly(fsum(window)), covered  # type: ignore[arg-type] # none is missing
        if covered and (covered >= self.needed or self._is_sparse(index)):
            return self.likely(index), covered
        return None, covered

    def likely(self, index: int) -> float:
        """The volume of the window that ends at an index, however few of its days are covered (at least one)."""
        window = self.counts[index - PADDING : index + 1]
        return monthly(likely_sum(window, self.first - PADDING + index, self.first))

    def _is_sparse(self, index: int) -> bool:
        start = max(index - PADDING, PADDING)
        return self.old_enough(index) and is_sparse(self.counts, start, index + 1, self.idle)

    def old_enough(self, index: int) -> bool:
        """Whether so many days passed since the first one that their volume can be known."""
        return index - PADDING + 1 >= self.needed


def _whole_sums(counts: Sequence[float | None]) -> list[int] | None:
    """The sums of the first 0, 1, 2 and so on counts; None when one of them is unknown or no whole number.

    A difference of two is the exact sum of what is between them, so that it is rounded once, as `fsum` does.
    """
    known = [count for count in counts if count is not None and float(count).is_integer()]
    return [0, *accumulate(map(int, known))] if len(known) == len(counts) else None


class Bounded(Struct, frozen=True):
    """What the bounded days of a window make of its volume."""

    low: float
    high: float
    days: tuple[date, ...]
    bands: frozenset[int]
    """The bands that are settled when all bounded days are as low, and as high, as they can be."""
    since: int
    """The ordinal of the day from which both are settled."""


def bounds_of(
    history: History, steps: Sequence[tuple[int, float]], incomplete: Collection[date]
) -> Bounded | None:
    """What the bounded days of the last window can be; None without any.

    A band never falls when any count rises, so that both ends stand for every filling between them. What was
    bounded before the window has its likely count: a doubt ends when its day leaves the window.
    """
    counts = history.counts
    newest = len(counts) - 1
    start = newest - PADDING
    low = {index: 0.0 for index in range(start, newest + 1) if counts[index] is None}
    for day in incomplete:
        index = day.toordinal() - history.first + PADDING
        if start <= index <= newest and (count := counts[index]) is not None:
            low[index] = count
    if not low:
        return None
    (lowest, least), (highest, most) = _ends(history, steps, low, start)
    days = tuple(history.day(index) for index in sorted(low))
    levels = frozenset((lowest.settled, highest.settled))
    since = max(lowest.since, highest.since)
    if not steps and len(levels) == 1 and start > PADDING:
        # No day ever had a volume of its own: what the window says may have been so for longer.
        low |= {index: 0.0 for index in range(PADDING, start) if counts[index] is None}
        (lowest, _), (highest, _) = _ends(history, steps, low, PADDING)
        if {lowest.settled, highest.settled} == levels:
            since = max(lowest.since, highest.since)
    return Bounded(least, most, days, levels, since)


def _ends(
    history: History, steps: Sequence[tuple[int, float]], low: Mapping[int, float], start: int
) -> list[tuple[Bands, float]]:
    """The bands, and the last volume, with all days of `low` as low and then as high as they can be, from an index
    on."""
    counts, origin = history.counts, history.first - PADDING
    newest = len(counts) - 1
    counted = [None if index in history.idle else count for index, count in enumerate(counts)]
    high = {index: max(count, largest_of_kind(counted, index, origin)) for index, count in low.items()}
    ends = []
    for filling in (low, high):
        bands = Bands(history.settings)
        for ordinal, volume in steps:
            if ordinal < origin + start:
                bands.step(ordinal, volume)
        filled = [filling.get(index, count) for index, count in enumerate(counts)]
        for index in range(max(start, PADDING), newest + 1):
            if history.old_enough(index):
                window = filled[index - PADDING : index + 1]
                bands.step(origin + index, monthly(likely_sum(window, origin + index, history.first)))
        ends.append((bands, monthly(likely_sum(filled[newest - PADDING :], origin + newest, history.first))))
    return ends


def monthly(total: float) -> float:
    """A sum over 28 days as inferences a month."""
    return total * _MONTH / _OF_MONTH
