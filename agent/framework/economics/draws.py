"""Random numbers that all systems share: 256 draws of each input, and which weeks are drawn with them."""

from __future__ import annotations

from functools import cache, lru_cache
from random import Random
from zlib import crc32

from leverwatch.agent.framework.economics.amounts import Amount

DRAWS = 256
"""Draws of each input: 4**4, the number of ways to draw four weeks out of four with replacement."""


@cache
def _strata(column: str) -> tuple[float, ...]:
    """The midpoints of 256 equal parts of [0, 1], shuffled with the column's name as seed (a Latin hypercube)."""
    parts = [(index + 0.5) / DRAWS for index in range(DRAWS)]
    Random(column).shuffle(parts)  # noqa: S311 - repeatable draws, no secret
    return tuple(parts)


@lru_cache(maxsize=4096)
def draws(column: str, amount: Amount) -> tuple[float, ...]:
    """256 values of an input from the triangular distribution over its low, likely and high value."""
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
    """For each draw, how often it contains each week. With four weeks, every possible draw occurs exactly once."""
    return tuple(
        tuple([index // blocks**digit % blocks for digit in range(blocks)].count(week) for week in range(blocks))
        for index in range(DRAWS)
    )


def steps(seed: str) -> tuple[int, int]:
    """The first place of the permutation that a seed chooses, and the step from each place to the next."""
    number = crc32(seed.encode())
    return number, (number >> 8) * 2 + 1


def order(seed: str) -> tuple[int, ...]:
    """A permutation, chosen by the seed, that pairs the draws of weeks with the draws of the other inputs."""
    start, step = steps(seed)
    return tuple([(start + step * index) % DRAWS for index in range(DRAWS)])
