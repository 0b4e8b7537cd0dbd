"""When a foretold volume reaches a threshold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from math import ceil, log, sqrt

from agent.framework.forecast.backtest import AHEAD
from agent.framework.forecast.model import Direction, Outlook, Target


@cache
def spread(week: int) -> float:
    """How much wider errors are after `week` weeks than after four: the root of time, as for a random walk."""
    return sqrt(week / AHEAD)


def outlook(
    target: Target, volumes: Sequence[float], width: float | None, log_errors: Sequence[float], as_of: date
) -> Outlook:
    """Dates and probability for one threshold.

    Args:
        target: the threshold and the side it is reached from.
        volumes: monthly volume now, and after each week up to the horizon; all above 0.
        width: half the interval of log errors four weeks ahead; None: unknown.
        log_errors: past errors, one equally likely future each; empty: no probability is given.
        as_of: the day of the first of `volumes`.
    """
    sign = 1.0 if target.direction is Direction.UP else -1.0
    goal = log(target.volume)
    # Counted in the direction of the crossing: below 0 until the threshold is reached.
    gaps = [sign * (log(volume) - goal) for volume in volumes]

    def on(shift: float | None) -> date | None:
        day = None if shift is None else _day(gaps, shift)
        return None if day is None else as_of + timedelta(days=day)

    needed = _needed(gaps)
    return Outlook(
        target=target,
        expected=on(0.0),
        earliest=on(width),
        latest=on(None if width is None else -width),
        probability=sum(sign * error >= needed for error in log_errors) / len(log_errors) if log_errors else None,
    )


def _needed(gaps: Sequence[float]) -> float:
    """The smallest log error, four weeks ahead, with which the threshold is reached within the horizon."""
    if gaps[0] >= 0:
        return float("-inf")
    return min(-gap / spread(week) for week, gap in enumerate(gaps) if week)


def _day(gaps: Sequence[float], shift: float) -> int | None:
    """The first day on which the gap, moved by `shift` four weeks ahead, is closed; between weeks it is a line."""
    before = gaps[0]
    if before >= 0:
        return 0
    for week in range(1, len(gaps)):
        after = gaps[week] + shift * spread(week)
        if after >= 0:
            return 7 * (week - 1) + max(ceil(7 * before / (before - after)), 1)
        before = after
    return None
