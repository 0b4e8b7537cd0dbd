"""Generated histories of prompt changes: for each day whether a prompt changed, at a rate that may change."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import product
from math import exp, pi, sin

Rate = Callable[[int], float]
"""True active days a week on a day."""
Kind = Callable[[random.Random, int, Rate], list[bool]]

YEAR = 365
RATES = (0.3, 0.5, 0.7, 0.8, 0.9, 1.0, 1.2, 1.4, 2.0)
STEPS = ((0.3, 2.0), (0.1, 2.0), (0.3, 3.0), (2.0, 0.3), (3.0, 0.3), (2.0, 0.0))
AFTER = 200
"""Days of a history that follow a change of its rate."""


@dataclass(frozen=True)
class History:
    """A history, and from which day its rate is another one (None: never)."""

    kind: str
    rate: float
    """The true rate at the end."""
    days: tuple[bool, ...]
    change: int | None = None


def _even(rng: random.Random, days: int, rate: Rate) -> list[bool]:
    """Each day independent of the others."""
    return [rng.random() < rate(day) / 7 for day in range(days)]


def _workdays(rng: random.Random, days: int, rate: Rate) -> list[bool]:
    return [day % 7 < 5 and rng.random() < rate(day) / 5 for day in range(days)]


def _weekly(rng: random.Random, days: int, rate: Rate) -> list[bool]:
    """Releases on the same days of every week, now and then a day early or late."""
    found = [False] * days
    for first in range(0, days, 7):
        number = int(rate(first) + rng.random())
        for place in range(number):
            day = first + (1 + 2 * place + rng.choice((0, 0, 0, 1, -1))) % 7
            if day < days:
                found[day] = True
    return found


def _bursts(rng: random.Random, days: int, rate: Rate, size: float, spread: int) -> list[bool]:
    """Nothing, and then about `size` days with changes within `spread` days."""
    found = [False] * days
    for first in range(-spread, days):
        if rng.random() >= rate(max(first, 0)) / 7 / size:
            continue
        number = 1
        while rng.random() < 1 - 1 / size:
            number += 1
        for place in rng.sample(range(first, first + spread), min(number, spread)):
            if 0 <= place < days:
                found[place] = True
    return found


def _sprints(rng: random.Random, days: int, rate: Rate, every: int) -> list[bool]:
    """One week of changes in every `every` weeks."""
    return [day // 7 % every == 0 and rng.random() < rate(day) * every / 7 for day in range(days)]


def _uneven(rng: random.Random, days: int, rate: Rate) -> list[bool]:
    """Weeks whose rates vary by a factor with an exponential distribution."""
    factors = [rng.expovariate(1) for _ in range(days // 7 + 1)]
    return [rng.random() < 1 - exp(-rate(day) * factors[day // 7] / 7) for day in range(days)]


KINDS: dict[str, Kind] = {
    "even": _even,
    "workdays": _workdays,
    "weekly": _weekly,
    "uneven weeks": _uneven,
    "sprints of 2": partial(_sprints, every=2),
    "sprints of 3": partial(_sprints, every=3),
    "sprints of 4": partial(_sprints, every=4),
    "bursts of 3": partial(_bursts, size=3.0, spread=8),
    "bursts of 5": partial(_bursts, size=5.0, spread=12),
}


def constant(number: int, years: int, seed: int = 0) -> list[History]:
    """Histories of one rate: `number` for each kind and each of `RATES`."""
    found = []
    for (kind, make), rate, one in product(KINDS.items(), RATES, range(number)):
        rng = random.Random(f"{seed} {kind} {rate} {one}")
        found.append(History(kind, rate, tuple(make(rng, years * YEAR, partial(_step, rate, rate, 0)))))
    return found


def stepped(number: int, seed: int = 0) -> list[History]:
    """Histories whose rate changes from one day to the next: `number` for each kind, step and length before it."""
    found = []
    for (kind, make), (before, after), change, one in product(
        KINDS.items(), STEPS, (150, 300, 600), range(number)
    ):
        rng = random.Random(f"{seed} {kind} {before} {after} {change} {one}")
        days = make(rng, change + AFTER, partial(_step, before, after, change))
        found.append(History(kind, after, tuple(days), change))
    return found


def _step(before: float, after: float, change: int, day: int) -> float:
    return before if day < change else after


def ramps(number: int, seed: int = 0) -> list[History]:
    """Teams that grow (0.2 to 3 days a week) or leave (3 to 0.1) over 90 days; `change` is when the rate is 1."""
    found = []
    for name, before, after in (("team growing", 0.2, 3.0), ("team leaving", 3.0, 0.1)):
        change = 300 + round(90 * (1 - before) / (after - before))
        for one in range(number):
            rng = random.Random(f"{seed} {name} {one}")
            days = _workdays(rng, 300 + AFTER, partial(_ramp, before, after))
            found.append(History(name, after, tuple(days), change))
    return found


def _ramp(before: float, after: float, day: int) -> float:
    return before + (after - before) * min(max((day - 300) / 90, 0), 1)


def seasons(number: int, seed: int = 0) -> list[History]:
    """Three years of a rate that swings between 0.2 and 2 with the seasons: it passes 1 twice a year."""
    return [
        History("seasonal", 2.0, tuple(_workdays(random.Random(f"{seed} seasons {one}"), 3 * YEAR, _season)))
        for one in range(number)
    ]


def _season(day: int) -> float:
    return 1.1 + 0.9 * sin(2 * pi * day / YEAR)
