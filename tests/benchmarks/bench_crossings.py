"""How calm the settled band is at a threshold, and what the calm costs in days.

Run as `python -m tests.benchmarks.bench_crossings`. Simulated traffic (weekday factor 1.2, weekend 0.55, a noise
of 8% that remembers the day before) goes through `volume_state` as stored counts do. Prints changes of state a
year with the true level at the threshold and just below, and the days from the true crossing to the declared one
at 0.5% growth a day; each beside a plain 30-day total of the same traffic.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from math import exp
from statistics import fmean, quantiles

from leverwatch.agent.framework.model import Band, Settings
from leverwatch.agent.framework.volume import volume_state
from tests.benchmarks.bench_framework import AS_OF, YEAR, traffic

SETTINGS = Settings()
RUNS = 300
WARM_UP = 60
GROWTH = 0.005
RAMP_DAYS, CROSSING_DAY = 180, 100


def raw_sides(daily: dict[date, float]) -> list[bool]:
    """Whether each plain 30-day total, month by month of 30.4375 days, is at the threshold or above."""
    counts = list(daily.values())
    return [
        sum(counts[end - 30 : end]) * 30.4375 / 30 >= SETTINGS.hybrid_from for end in range(30, len(counts) + 1)
    ]


def flips(daily: dict[date, float]) -> tuple[int, int]:
    """Changes in the last year: of the plain total, and of the settled band."""
    sides = raw_sides(daily)[-YEAR - 1 :]
    crossings = volume_state(daily, AS_OF, SETTINGS).crossings
    return (
        sum(before is not after for before, after in pairwise(sides)),
        sum((AS_OF - crossing.day).days < YEAR for crossing in crossings),
    )


def growing(rng: random.Random) -> dict[date, float]:
    """Traffic whose true level passes the threshold on the day `CROSSING_DAY`."""
    level = traffic(SETTINGS.hybrid_from, RAMP_DAYS, rng)
    return {
        day: float(round(count * exp(GROWTH * (index - CROSSING_DAY))))
        for index, (day, count) in enumerate(level.items())
    }


def delays(daily: dict[date, float]) -> tuple[int, int]:
    """Days from the true crossing until a plain total and the settled band say so."""
    start = AS_OF - timedelta(days=RAMP_DAYS - 1)
    raw = raw_sides(daily).index(True) + 29 - CROSSING_DAY
    crossings = volume_state(daily, AS_OF, SETTINGS).crossings
    settled = next(crossing.day for crossing in crossings if crossing.band is Band.MID)
    return raw, (settled - start).days - CROSSING_DAY


def spread(days: Sequence[int]) -> str:
    """Mean, and the range from 10% to 90%."""
    tenths = quantiles(days, n=10)
    return f"{fmean(days):6.1f}  ({tenths[0]:.0f} to {tenths[-1]:.0f})"


def main() -> None:
    """Print both tables."""
    print(f"changes of state a year at the hybrid threshold, mean of {RUNS} years")
    print("  true level   30-day total   settled band   ratio")
    for share in (1.0, 0.97):
        rng = random.Random(11)
        found = [flips(traffic(share * SETTINGS.hybrid_from, YEAR + WARM_UP, rng)) for _ in range(RUNS)]
        raw, settled = fmean(one for one, _ in found), fmean(other for _, other in found)
        print(
            f"  {share:8.2f} T   {raw:12.1f}   {settled:12.2f}   {raw / settled if settled else float('inf'):5.0f}"
        )
    rng = random.Random(12)
    late = [delays(growing(rng)) for _ in range(RUNS)]
    print(f"days from the true crossing to the declared one at {GROWTH:.1%} a day, mean of {RUNS} (10% to 90%)")
    print(f"  30-day total  {spread([one for one, _ in late])}")
    print(f"  settled band  {spread([other for _, other in late])}")
    print(f"  a level of T when the band settles is then {exp(GROWTH * fmean(b for _, b in late)):.3f} T")


if __name__ == "__main__":
    main()
