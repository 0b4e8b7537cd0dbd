"""Daily counts for tests of the forecast."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from math import exp
from random import Random

DAY = date(2026, 10, 4)
SHAPE = (1.2, 1.2, 1.2, 1.2, 1.2, 0.55, 0.55)


def daily(counts: Iterable[float]) -> dict[date, float]:
    """The last count belongs to `DAY`."""
    listed = list(counts)
    return {DAY - timedelta(days=len(listed) - 1 - index): count for index, count in enumerate(listed)}


def series(days: int, level: Callable[[int], float], noise: float = 0.0, seed: int = 1) -> dict[date, float]:
    """A weekly shape around `level` of the day, with independent noise."""
    rng = Random(seed)
    return daily(
        level(index) * SHAPE[index % 7] * exp(rng.gauss(0, noise) if noise else 0.0) for index in range(days)
    )


def growing(days: int, rate: float, noise: float = 0.0, seed: int = 1) -> dict[date, float]:
    return series(days, lambda index: 1000 * exp(rate * index), noise, seed)
