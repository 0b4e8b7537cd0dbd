"""The two methods: the week-by-week path that each foretells."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import exp, fsum
from statistics import median

from leverwatch.agent.framework.forecast.model import Method

TREND_WEEKS = 13
DAMPING = 0.98
"""What is left of a trend a day later; the usual choice for damped trends on daily data lies between .9 and 1."""
_WINDOW = 4


class History:
    """Weekly totals and their logarithms, with what both methods need again and again."""

    def __init__(self, totals: Sequence[float], logs: Sequence[float]) -> None:
        self.totals = totals
        self.logs = logs
        # Neighbouring origins share nearly all pairs of weeks, so the slopes of all pairs are worked out once.
        self._slopes = [
            [(later - earlier) / gap for earlier, later in zip(logs, logs[gap:], strict=False)]
            for gap in range(1, min(TREND_WEEKS, len(logs)))
        ]

    def theil_sen(self, start: int, end: int) -> tuple[float, float]:
        """Level in week `end` - 1, and slope for one week: the median of the slopes between all pairs of weeks.

        Theil (1950), Sen (1968): up to 29% of the values may be anything without moving the slope far.
        """
        slopes: list[float] = []
        for gap, all_of_gap in enumerate(self._slopes, 1):
            slopes += all_of_gap[start : max(end - gap, start)]
        slope = median(slopes)
        return median([self.logs[week] + slope * (end - 1 - week) for week in range(start, end)]), slope


def path(method: Method, history: History, start: int, end: int, weeks: int) -> list[float]:
    """Totals of the weeks from `end` on.

    Args:
        method: how.
        history: all weeks.
        start: the first week that counts, for both methods.
        end: the week after the last that is known; at least four later.
        weeks: how many.
    """
    if method is Method.RUN_RATE:
        return [fsum(history.totals[end - _WINDOW : end]) / _WINDOW] * weeks
    level, slope = history.theil_sen(max(start, end - TREND_WEEKS), end)
    return [exp(level + slope * share) for share in _damped(weeks)]


@cache
def _damped(weeks: int) -> tuple[float, ...]:
    """By how many full weeks of trend each coming week lies above the last one."""
    weekly = DAMPING**7
    return tuple(sum(weekly**step for step in range(1, week + 1)) for week in range(1, weeks + 1))
