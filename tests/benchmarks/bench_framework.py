"""What an evaluation costs, and how calm the settled band is at a threshold.

Run as `python -m tests.benchmarks.bench_framework`. Prints CPU seconds of a pass over 1,000 and 10,000 systems,
their ratio, and band changes per year of a raw 30-day window against the settled band.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise

from leverwatch.agent.framework.assess import assess
from leverwatch.agent.framework.model import Declaration, Facts, PromptFacts, Settings, Strategy, UsageFacts
from leverwatch.agent.framework.volume import volume_state

SETTINGS = Settings()
AS_OF = date(2026, 10, 4)
HISTORY_DAYS = 120
WEEKDAY, WEEKEND = 1.2, 0.55
PERSISTENCE, NOISE = 0.6, 0.08
"""First-order autoregression of the day's factor, and its standard deviation."""
RUNS, YEAR = 100, 365


def traffic(level: float, days: int, rng: random.Random) -> dict[date, float]:
    """Daily counts around `level` a month, with a weekly shape and noise that remembers the day before."""
    shape_mean = (5 * WEEKDAY + 2 * WEEKEND) / 7
    step = NOISE * (1 - PERSISTENCE**2) ** 0.5
    drift, counts = rng.gauss(0, NOISE), {}
    for age in range(days - 1, -1, -1):
        day = AS_OF - timedelta(days=age)
        shape = (WEEKEND if day.weekday() >= 5 else WEEKDAY) / shape_mean
        counts[day] = float(round(level / 30.4375 * shape * max(1 + drift, 0)))
        drift = PERSISTENCE * drift + rng.gauss(0, step)
    return counts


def many_systems(count: int) -> list[Facts]:
    """Systems of every size, half of them with prompt changes, some locked in."""
    rng = random.Random(7)
    templates = [traffic(10 ** rng.uniform(6, 9.5), HISTORY_DAYS, rng) for _ in range(200)]
    active = frozenset(AS_OF - timedelta(days=7 * week + 1) for week in range(0, 17, 2))
    return [
        Facts(
            f"system-{number}",
            AS_OF,
            UsageFacts(dict(templates[number % len(templates)]), ("gateway",)),
            PromptFacts(number % 2 == 0, AS_OF - timedelta(days=HISTORY_DAYS), active),
            Declaration(Strategy.HYBRID, None, ("house tone",) if number % 5 == 0 else ()),
        )
        for number in range(count)
    ]


def cpu_of_a_pass(systems: list[Facts]) -> float:
    """CPU seconds to assess every system once."""
    start = time.process_time()
    for system in systems:
        assess(system, SETTINGS)
    return time.process_time() - start


def raw_flips(daily: dict[date, float]) -> int:
    """Changes of side of a plain 30-day total."""
    counts = list(daily.values())
    sides = [sum(counts[end - 30 : end]) >= SETTINGS.hybrid_from for end in range(len(counts) - YEAR, len(counts))]
    return sum(before is not after for before, after in pairwise(sides))


def settled_flips(daily: dict[date, float]) -> int:
    """Crossings of the settled band in the same year."""
    crossings = volume_state(daily, AS_OF, SETTINGS).crossings
    return sum((AS_OF - crossing.day).days < YEAR for crossing in crossings)


def calm() -> Iterator[tuple[float, float, float]]:
    """Mean changes per year at several true levels: the level's share of the threshold, raw, settled."""
    for share in (1.0, 0.97, 0.93):
        rng = random.Random(11)
        years = [traffic(share * SETTINGS.hybrid_from, YEAR + 60, rng) for _ in range(RUNS)]
        yield share, sum(map(raw_flips, years)) / RUNS, sum(map(settled_flips, years)) / RUNS


def main() -> None:
    """Print both tables."""
    large = many_systems(10_000)
    small = large[:1_000]
    cpu_of_a_pass(small)
    thousand, ten_thousand = min(cpu_of_a_pass(small) for _ in range(3)), cpu_of_a_pass(large)
    print(f"assess, {HISTORY_DAYS} days of history, CPU seconds a pass")
    print(f"   1,000 systems  {thousand:8.3f}")
    print(f"  10,000 systems  {ten_thousand:8.3f}")
    print(f"  ratio           {ten_thousand / thousand:8.2f}")
    print(f"band changes a year at the hybrid threshold, mean of {RUNS} years")
    print("  true level   30-day total   settled band")
    for share, raw, settled in calm():
        print(f"  {share:8.2f} T   {raw:12.2f}   {settled:12.2f}")


if __name__ == "__main__":
    main()
