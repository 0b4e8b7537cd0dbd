"""Random numbers that all systems share: 256 draws of each input, and which weeks are drawn with them."""

from __future__ import annotations

from functools import cache, lru_cache
from random import Random
from zlib import crc32

from leverwatch.agent.framework.economics.model import Amount

DRAWS = 256
"""With four weeks of traffic, the number of all the ways to draw four of them with replacement: 4**4."""


@cache
def _strata(column: str) -> tuple[float, ...]:
    """The middle of 256 equal parts of [0, 1], in an order of the column's own (a Latin hypercube)."""
    parts = [(index + 0.5) / DRAWS for index in range(DRAWS)]
    Random(column).shuffle(parts)  # noqa: S311 - repeatable draws, no secret
    return tuple(parts)


@lru_cache(maxsize=4096)
def draws(column: str, amount: Amount) -> tuple[float, ...]:
    """256 values of an input: quantiles of the triangular distribution from low over likely to high."""
    low, likely, high = amount.low, amount.likely, amount.high
    width = high - low
    if width <= 0:
        return (likely,) * DRAWS
    mode = (likely - low) / width
    return tuple(
        low + width * (part * mode) ** 0.5 if part < mode else high - width * ((1 - part) * (1 - mode)) ** 0.5
        for part in _strata(column)
    )


@cache
def weeks_drawn(blocks: int) -> tuple[tuple[int, ...], ...]:
    """How often each of the weeks is in each draw. With four weeks every possible draw is in here exactly once."""
    return tuple(
        tuple([index // blocks**digit % blocks for digit in range(blocks)].count(week) for week in range(blocks))
        for index in range(DRAWS)
    )


def order(seed: str) -> tuple[int, ...]:
    """Which draw of weeks goes with which draw of the other inputs: a permutation that the seed chooses."""
    number = crc32(seed.encode())
    step, start = (number >> 8) * 2 + 1, number
    return tuple([(start + step * index) % DRAWS for index in range(DRAWS)])
