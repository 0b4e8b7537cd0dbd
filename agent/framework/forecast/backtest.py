"""Scores a forecast method on the past by rolling-origin evaluation: each origin uses only what was known then."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import ceil, exp, fsum, log
from statistics import fmean, median

from leverwatch.agent.framework.forecast.methods import History, path
from leverwatch.agent.framework.forecast.model import Method, Score
from leverwatch.agent.framework.forecast.weekly import SHIFT_WEEKS

AHEAD = 4
"""Weeks that a monthly volume is computed from, and also the nearest horizon."""
HORIZONS = (AHEAD, 8, 13)
"""Weeks ahead for which past forecasts are compared with the outcome."""
FIRST = 8
"""Weeks of history that the first origin needs."""
MOST = 26
"""The largest number of origins; older ones are left out."""
LEAST_FOR_COVERAGE = 8
"""An interval counts for the achieved coverage when it was drawn from at least so many errors."""


def start_of_trend(shifts: Sequence[int], weeks: int) -> int:
    """The first week that a method uses at an origin with `weeks` weeks: the last level shift visible by then."""
    return max((shift for shift in shifts if shift + SHIFT_WEEKS + 1 <= weeks), default=0)


def errors(method: Method, history: History, shifts: Sequence[int]) -> list[tuple[float, ...]]:
    """Return for each origin, oldest first, the log errors of the monthly volume: log(actual / forecast).

    An origin has one error for each of `HORIZONS` whose outcome is known, so recent origins have fewer.
    """
    found = []
    totals = history.totals
    for weeks in _origins(len(totals)):
        known = [ahead for ahead in HORIZONS if weeks + ahead <= len(totals)]
        foretold = path(method, history, start_of_trend(shifts, weeks), weeks, known[-1])
        found.append(
            tuple(
                log(fsum(totals[weeks + ahead - AHEAD : weeks + ahead]) / fsum(foretold[ahead - AHEAD : ahead]))
                for ahead in known
            )
        )
    return found


def score(method: Method, totals: Sequence[float], log_errors: Sequence[float]) -> Score:
    """Return the error measures of one method."""
    if not log_errors:
        return Score(method, 0, None, None, None)
    misses, naive = [], []
    for weeks, error in zip(_origins(len(totals)), log_errors, strict=True):
        actual = fsum(totals[weeks : weeks + AHEAD])
        misses.append(abs(actual - actual / exp(error)))
        naive.append(abs(actual - AHEAD * totals[weeks - 1]))
    scale = fsum(naive)
    return Score(
        method=method,
        origins=len(log_errors),
        mase=fsum(misses) / scale if scale > 0 else None,
        median_error=median(map(abs, log_errors)),
        bias=fmean(log_errors),
    )


def quantile(log_errors: Sequence[float], level: float) -> float | None:
    """Return half the width of an interval that contains the next error with probability `level`.

    Split conformal prediction: of n absolute errors in ascending order, the ceil((n + 1) x level)-th; None when
    there are too few. It assumes no distribution, only that the next error is exchangeable with the past ones.
    """
    rank = ceil((len(log_errors) + 1) * level)
    return sorted(map(abs, log_errors))[rank - 1] if rank <= len(log_errors) else None


def coverage(log_errors: Sequence[float], level: float) -> tuple[float | None, int]:
    """Return the share of outcomes within the interval that the errors known by then gave, and their number."""
    inside = outcomes = 0
    for index, error in enumerate(log_errors):
        known = log_errors[: max(index - AHEAD + 1, 0)]
        width = quantile(known, level) if len(known) >= LEAST_FOR_COVERAGE else None
        if width is not None:
            outcomes += 1
            inside += abs(error) <= width
    return (inside / outcomes if outcomes else None), outcomes


def widths(found: Sequence[tuple[float, ...]], level: float) -> tuple[float, ...] | None:
    """Return half the width of the interval at each of `HORIZONS`, never narrower than at a nearer horizon.

    A horizon with too few known errors takes the width of the one before it, scaled in proportion to time. None
    when even the nearest horizon has too few.
    """
    narrow: list[float] = []
    for index in range(len(HORIZONS)):
        width = quantile([known[index] for known in found if len(known) > index], level)
        if width is None:
            return prolonged(narrow) if narrow else None
        narrow.append(max(width, narrow[-1] if narrow else 0.0))
    return tuple(narrow)


def prolonged(known: Sequence[float]) -> tuple[float, ...]:
    """Extend known values at the first `HORIZONS` to all of them, growing in proportion to time."""
    last = len(known) - 1
    return (*known, *(known[last] * ahead / HORIZONS[last] for ahead in HORIZONS[last + 1 :]))


def by_week(values: Sequence[float], weeks: int) -> list[float]:
    """Interpolate values at `HORIZONS` linearly to values after 0 to `weeks` weeks; the value at 0 weeks is 0, and
    the last line is extended."""
    corners = (0.0, *values)
    return [corners[left] + (corners[left + 1] - corners[left]) * share for left, share in _lines(weeks)]


@cache
def _lines(weeks: int) -> tuple[tuple[int, float], ...]:
    """For each week, the index of the line that it lies on, and its position on that line (0 to 1, or beyond)."""
    knots = (0, *HORIZONS)
    found = []
    for week in range(weeks + 1):
        left = max(index for index, knot in enumerate(knots[:-1]) if knot <= week)
        found.append((left, (week - knots[left]) / (knots[left + 1] - knots[left])))
    return tuple(found)


def _origins(weeks: int) -> range:
    last = weeks - AHEAD
    return range(max(FIRST, last - MOST + 1), last + 1)
