"""How often a verdict by volume is decided where days have no records, and how often it is wrong.

Run as `python -m tests.benchmarks.bench_coverage`. Generated traffic, with a noise of 8% that remembers the day
before, loses days as real sources do. Prints for each kind of system, over the days of half a year: the share of
days that are decided, that on which the decided band is not the one that settles with every record there, and the
error of the monthly figure (median, and the largest of 19 in 20). Beside it, the rule of before: decided with
records on all 28 days, unknown below 21, and days without any counted as the mean of those with records.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from functools import partial
from statistics import median, quantiles
from typing import NamedTuple

from leverwatch.agent.framework.bands import band_of
from leverwatch.agent.framework.coverage import WINDOW_DAYS
from leverwatch.agent.framework.model import Settings
from leverwatch.agent.framework.volume import volume_state
from tests.benchmarks.bench_framework import AS_OF, traffic

SETTINGS = Settings()
DAYS, JUDGED = 400, 182
STEP = 5
"""Every fifth day is judged, so that each weekday is."""
MONTH = 30.4375 / WINDOW_DAYS

Daily = dict[date, float]
Kind = Callable[[random.Random, Daily], tuple[Daily, Daily]]
"""From traffic of every day to what was called, and to the days of it with records."""


class Judged(NamedTuple):
    """What a rule says on a day."""

    decided: bool
    wrong: bool
    error: float | None
    """Share of the true monthly volume; None: the rule has no figure."""


def _every_day(_: random.Random, called: Daily) -> tuple[Daily, Daily]:
    return called, called


def _working_days(rng: random.Random, called: Daily, holidays: int = 0) -> tuple[Daily, Daily]:
    """Monday to Friday, without so many holidays a year."""
    days = {day: count for day, count in called.items() if day.weekday() < 5}
    off = set(rng.sample(sorted(days), holidays * DAYS // 365))
    kept = {day: count for day, count in days.items() if day not in off}
    return kept, kept


def _losing(
    rng: random.Random, called: Daily, every: int, length: int, of: Kind = _every_day
) -> tuple[Daily, Daily]:
    """An outage of the source of `length` days in a row, about every so many days."""
    called, read = of(rng, called)
    first = min(called)
    lost = {
        first + timedelta(days=start + rng.randrange(every - length) + age)
        for start in range(0, DAYS, every)
        for age in range(length)
    }
    return called, {day: count for day, count in read.items() if day not in lost}


def _third_days(_: random.Random, called: Daily) -> tuple[Daily, Daily]:
    kept = {day: count for day, count in called.items() if day.toordinal() % 3 == 0}
    return kept, kept


KINDS: Mapping[str, Kind] = {
    "every day": _every_day,
    "working days": _working_days,
    "working days, 10 holidays": partial(_working_days, holidays=10),
    "a day lost a month": partial(_losing, every=30, length=1),
    "working days, one lost a month": partial(_losing, every=30, length=1, of=_working_days),
    "3 days in a row lost a quarter": partial(_losing, every=91, length=3),
    "9 days in a row lost a year": partial(_losing, every=365, length=9),
    "every third day": _third_days,
}


def of_today(read: Daily, called: Daily, day: date) -> Judged:
    """What the rule says; the truth is what it would say with every record there."""
    alive = max((it for it in read if it <= day), default=None)
    state = volume_state(
        {it: count for it, count in read.items() if it <= day}, day, SETTINGS, day if alive else None
    )
    whole = {day - timedelta(days=age): 0.0 for age in range((day - min(called)).days + 1)}
    whole.update((it, count) for it, count in called.items() if it <= day)
    true = volume_state(whole, day, SETTINGS, day)
    decided = state.certain and state.band is not None and state.monthly_inferences is not None
    # The window ends at the newest day that is known.
    error = _error(state.monthly_inferences, called, state.newest_day or day)
    return Judged(decided, decided and state.band is not true.band, error)


def of_before(read: Daily, called: Daily, day: date) -> Judged:
    """What was said before; the truth is the band of the true volume."""
    window = [read.get(day - timedelta(days=age)) for age in range(WINDOW_DAYS)]
    known = [count for count in window if count is not None]
    if len(known) < SETTINGS.minimum_days:
        return Judged(decided=False, wrong=False, error=None)
    monthly = sum(known) / len(known) * WINDOW_DAYS * MONTH
    decided = len(known) == WINDOW_DAYS
    wrong = decided and band_of(monthly, SETTINGS) is not band_of(_true(called, day), SETTINGS)
    return Judged(decided, wrong, _error(monthly, called, day))


def _true(called: Daily, day: date) -> float:
    return sum(called.get(day - timedelta(days=age), 0.0) for age in range(WINDOW_DAYS)) * MONTH


def _error(monthly: float | None, called: Daily, day: date) -> float | None:
    return None if monthly is None else abs(monthly / _true(called, day) - 1)


def histories(kind: Kind, number: int, seed: int = 0) -> Iterator[tuple[Daily, Daily]]:
    """What was called and what of it was read, of so many systems of 30 million to 3 billion calls a month."""
    for one in range(number):
        rng = random.Random(f"{seed} {one}")
        yield kind(rng, traffic(3 * 10 ** rng.uniform(7, 9), DAYS, rng))


def judged(kind: Kind, number: int, rule: Callable[[Daily, Daily, date], Judged], seed: int = 0) -> list[Judged]:
    """What a rule says on the judged days of so many systems."""
    days = [AS_OF - timedelta(days=age) for age in range(0, JUDGED, STEP)]
    return [rule(read, called, day) for called, read in histories(kind, number, seed) for day in days]


def figures(found: list[Judged]) -> tuple[float | None, ...]:
    """The shares of days that are decided and that are wrong, and two quantiles of the error, in percent; None: no
    day has a figure."""
    errors = [one.error for one in found if one.error is not None]
    share = 100 / len(found)
    decided, wrong = sum(one.decided for one in found), sum(one.wrong for one in found)
    if len(errors) < 2:
        return share * decided, share * wrong, None, None
    return share * decided, share * wrong, 100 * median(errors), 100 * quantiles(errors, n=20)[-1]


def main(number: int = 25) -> None:
    """Print the table."""
    print(f"percent of days, {number} systems of each kind: decided, decided wrongly, error (median, 95%)")
    print(f"  {'':<32}{'now':^32}{'before':^32}")
    for name, kind in KINDS.items():
        columns = (*figures(judged(kind, number, of_today)), *figures(judged(kind, number, of_before)))
        cells = ("-" if figure is None else f"{figure:.1f}" for figure in columns)
        print(f"  {name:<32}" + "".join(f"{cell:>8}" for cell in cells))


if __name__ == "__main__":
    main()
