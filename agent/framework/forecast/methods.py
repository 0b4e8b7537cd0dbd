"""The two forecast methods, each giving a total for every coming week."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, cached_property
from math import exp, fsum
from statistics import median

from leverwatch.agent.framework.forecast.model import Method

TREND_WEEKS = 13
DAMPING = 0.98
"""The factor by which a trend is damped each day; for daily data it is usually chosen between 0.9 and 1."""
_WINDOW = 4


class History:
    """Weekly totals and their logarithms, with intermediate results that both methods share."""

    def __init__(self, totals: Sequence[float], logs: Sequence[float]) -> None:
        self.totals = totals
        self.logs = logs

    @cached_property
    def _slopes(self) -> list[list[float]]:
        # Neighbouring origins share nearly all pairs of weeks, so the slopes of all pairs are worked out once.
        return [
            [(later - earlier) / gap for earlier, later in zip(self.logs, self.logs[gap:], strict=False)]
            for gap in range(1, min(TREND_WEEKS, len(self.logs)))
        ]

    def theil_sen(self, start: int, end: int) -> tuple[float, float]:
        """Return the level in week `end` - 1 and the slope per week, both of the logarithms of weekly totals.

        The slope is the median of the slopes between all pairs of weeks from `start` to `end` (Theil 1950, Sen
        1968); it stays near the true one when up to 29% of the values are outliers.
        """
        slopes: list[float] = []
        for gap, all_of_gap in enumerate(self._slopes, 1):
            slopes += all_of_gap[start : max(end - gap, start)]
        slope = median(slopes)
        return median([self.logs[week] + slope * (end - 1 - week) for week in range(start, end)]), slope


def path(method: Method, history: History, start: int, end: int, weeks: int) -> list[float]:
    """Return the forecast inferences of each of the weeks from `end` on.

    Args:
        method: the forecast method.
        history: all weeks.
        start: the index of the first week that the method may use.
        end: the index of the first week to forecast; at least `start` + 4.
        weeks: the number of weeks to forecast.
    """
    if method is Method.RUN_RATE:
        return [fsum(history.totals[end - _WINDOW : end]) / _WINDOW] * weeks
    level, slope = history.theil_sen(max(start, end - TREND_WEEKS), end)
    return [exp(level + slope * share) for share in damped(weeks)]


@cache
def damped(weeks: int) -> tuple[float, ...]:
    """For each coming week, the sum of the damped trend since the last known week, in weeks of undamped trend."""
    weekly = DAMPING**7
    return tuple(sum(weekly**step for step in range(1, week + 1)) for week in range(1, weeks + 1))
