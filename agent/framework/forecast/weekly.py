"""Weekly totals, and the weeks in which their level shifted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from math import fsum, log
from statistics import median
from sys import float_info

from leverwatch.agent.framework.coverage import unbroken_end

LONGEST = 104
"""The largest number of weeks of history that is used."""
SHIFT_WEEKS = 4
_JUMP = log(1.5)
_FLOOR = 0.01
"""A week without traffic counts as this share of the median week, because 0 has no logarithm."""


def weekly_totals(daily: Mapping[date, float], newest: date) -> tuple[float, ...]:
    """Return inferences of the 7-day blocks that end at `newest`, oldest first.

    Goes back as far as blocks are complete: an incomplete week cannot be compared, and a trend needs a series
    without gaps.
    """
    totals: list[float] = []
    if unbroken_end(daily) == newest:
        known = list(daily.values())
        most = min(len(known) // 7, LONGEST)
        return tuple(fsum(known[len(known) - 7 * age :][:7]) for age in range(most, 0, -1))
    end = newest.toordinal()
    counts = {day.toordinal(): count for day, count in daily.items()}
    while len(totals) < LONGEST:
        week = [counts.get(day) for day in range(end - 6, end + 1)]
        if None in week:
            break
        totals.append(fsum(week))  # type: ignore[arg-type] # none is missing
        end -= 7
    return tuple(reversed(totals))


def log_totals(totals: Sequence[float]) -> list[float]:
    """Return the natural logarithms of weekly totals; empty without any traffic.

    A week below 1% of the median of the weeks with traffic counts as that 1%.
    """
    positive = [total for total in totals if total > 0]
    if not positive:
        return []
    floor = max(_FLOOR * median(positive), float_info.min)
    return [log(max(total, floor)) for total in totals]


def level_shifts(logs: Sequence[float]) -> list[int]:
    """Return the indexes of the weeks at which the level rose by more than half or fell by a third, oldest first.

    At week i the median of the four weeks from i on is compared with that of the four weeks before, less the
    change that steady growth within these weeks explains. Two weeks in a row must exceed the limit.
    """
    jumps = _jumps(logs)
    found: list[int] = []
    index = SHIFT_WEEKS
    while index < len(logs):
        end = index
        while abs(jumps[end]) > _JUMP and jumps[end] * jumps[index] > 0:
            end += 1
        if end - index >= 2:
            # The medians rise around the jump; the largest step among these weeks is where it is.
            weeks = range(index, min(end + 1, len(logs)))
            found.append(max(weeks, key=lambda week: abs(logs[week] - logs[week - 1])))
        index = max(end, index + 1)
    return found


def _jumps(logs: Sequence[float]) -> list[float]:
    """How far the level jumps at each week; 0 where too few weeks are known."""
    jumps = [0.0] * (len(logs) + 1)
    medians = [_median_of_four(logs[index : index + 4]) for index in range(len(logs) - SHIFT_WEEKS + 1)]
    for index in range(SHIFT_WEEKS, len(logs) - SHIFT_WEEKS + 1):
        jump = medians[index] - medians[index - SHIFT_WEEKS]
        jumps[index] = jump if abs(jump) <= _JUMP else jump - _grown(logs, index)
    return jumps


def _grown(logs: Sequence[float], index: int) -> float:
    """What steady growth explains of a jump."""
    before, after = logs[index - SHIFT_WEEKS : index], logs[index : index + SHIFT_WEEKS]
    slopes = [b - a for week in (before, after) for a, b in pairwise(week)]
    return SHIFT_WEEKS * median(slopes)


def _median_of_four(values: Sequence[float]) -> float:
    # One after the other: `sum` corrects its rounding in some versions of Python and not in others.
    one, two, three, four = values
    return (one + two + three + four - min(values) - max(values)) / 2
