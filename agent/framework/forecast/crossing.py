"""When a forecast volume reaches a threshold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from math import ceil, log

from leverwatch.agent.framework.forecast.model import Direction, Outlook, Target


def outlook(
    target: Target,
    volumes: Sequence[float],
    width: Sequence[float] | None,
    futures: Sequence[Sequence[float]],
    as_of: date,
) -> Outlook:
    """Return the expected, earliest and latest day on which one threshold is reached, and the probability.

    Args:
        target: the threshold and the side it is reached from.
        volumes: monthly volume now, and after each week up to the horizon; all above 0.
        width: half the width of the interval of log errors, for each of `volumes`; None: unknown.
        futures: equally likely futures, each with a log error for each of `volumes`; empty: no probability.
        as_of: the day of the first of `volumes`.
    """
    sign = 1.0 if target.direction is Direction.UP else -1.0
    goal = log(target.volume)
    # Counted in the direction of the crossing: below 0 until the threshold is reached.
    gaps = [sign * (log(volume) - goal) for volume in volumes]

    def on(errors: Sequence[float], sign: float) -> date | None:
        day = _day([gap + sign * error for gap, error in zip(gaps, errors, strict=True)])
        return None if day is None else as_of + timedelta(days=day)

    hits = sum(any(gap + sign * error >= 0 for gap, error in zip(gaps, future, strict=True)) for future in futures)
    return Outlook(
        target=target,
        expected=on(gaps, 0.0),
        earliest=None if width is None else on(width, 1.0),
        latest=None if width is None else on(width, -1.0),
        probability=hits / len(futures) if futures else None,
    )


def _day(gaps: Sequence[float]) -> int | None:
    """Return in how many days the gap is closed, interpolated between weeks; None when it never is."""
    if gaps[0] >= 0:
        return 0
    for week, (before, after) in enumerate(pairwise(gaps)):
        if after >= 0:
            return 7 * week + max(ceil(7 * before / (before - after)), 1)
    return None
