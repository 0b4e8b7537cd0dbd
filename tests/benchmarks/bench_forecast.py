"""How well the forecast foretells, and what it and the economics cost.

Run as `python -m tests.benchmarks.bench_forecast`. Every week of a year is an origin at which `forecast` sees only
what was known then; the outcome is the volume four weeks later. The series are simulated (weekday shape, a noise
of 8% that remembers the day before, 20 seeds each) and the invented traffic of the demo company, drawn out to two
years. Then CPU milliseconds for a system: for a first answer of the day, and for the same question again.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import exp, fsum, log
from statistics import fmean, median

from leverwatch.agent.demo.company import SYSTEMS
from leverwatch.agent.demo.traffic import day_lines
from leverwatch.agent.framework.economics.assess import assess_economics
from leverwatch.agent.framework.forecast.backtest import HORIZONS
from leverwatch.agent.framework.forecast.forecast import forecast
from leverwatch.agent.framework.forecast.model import Direction, Forecast, Method, Target
from leverwatch.agent.framework.last_result_cache import LastResultCache
from leverwatch.agent.framework.model import Boundary
from tests.agent.framework.economics.cases import facts
from tests.benchmarks.bench_framework import AS_OF, traffic

DAYS = 2 * 364
ORIGINS = 52
SEEDS = 20
SYNTHETIC: Mapping[str, Callable[[int], float]] = {
    "flat": lambda _: 1.0,
    "+0.4% a day": lambda age: exp(-0.004 * age),
    "+1% a day": lambda age: exp(-0.01 * age),
    "-0.4% a day": lambda age: exp(0.004 * age),
    "x3 step": lambda age: 3.0 if age < 200 else 1.0,
}


@dataclass
class Tally:
    """Outcomes of one kind of series."""

    errors: list[float] = field(default_factory=list)
    """Log errors of the chosen method, four weeks ahead."""
    misses: list[float] = field(default_factory=list)
    naive: list[float] = field(default_factory=list)
    inside: dict[int, list[bool]] = field(default_factory=lambda: {4: [], 13: []})
    """Outcomes within the interval, by weeks ahead."""
    trend: list[bool] = field(default_factory=list)
    dated: list[bool] = field(default_factory=list)
    """Real crossings within the horizon that lie between the earliest and the latest date."""
    foretold: list[bool] = field(default_factory=list)
    """Crossings that were expected: whether they came within the horizon."""


def volume(daily: dict[date, float], day: date) -> float:
    """Sum of the 28 days that end at `day`."""
    return fsum(daily[day - timedelta(days=age)] for age in range(28))


def judge(daily: dict[date, float], tally: Tally) -> None:
    """Add the outcomes of one series, relative to its volume at each origin."""
    for week in range(ORIGINS, 0, -1):
        origin = AS_OF - timedelta(days=7 * (week + 12))
        now = volume(daily, origin)
        aim = Target(Boundary.HYBRID, Direction.UP, now * 487 / 448 * 1.2)
        found = forecast(daily, origin, [aim])
        for weeks, inside in tally.inside.items():
            actual = volume(daily, origin + timedelta(days=7 * weeks)) * 487 / 448
            error = log(actual / found.volumes[weeks])
            if found.error_widths is not None:
                inside.append(abs(error) <= found.error_widths[HORIZONS.index(weeks)])
            if weeks == 4:
                tally.errors.append(error)
                tally.misses.append(abs(actual - found.volumes[weeks]))
                last_week = fsum(daily[origin - timedelta(days=age)] for age in range(7))
                tally.naive.append(abs(actual - last_week * 4 * 487 / 448))
        tally.trend.append(found.method is Method.TREND)
        judge_crossing(daily, origin, found, tally)


def judge_crossing(daily: dict[date, float], origin: date, found: Forecast, tally: Tally) -> None:
    """Compare the dates for 20% more than now with the day on which it came."""
    outlook = found.outlooks[0]
    days = (origin + timedelta(days=age) for age in range(1, 92))
    came = next((day for day in days if volume(daily, day) * 487 / 448 >= outlook.target.volume), None)
    if came is not None and found.error_widths is not None:
        tally.dated.append((outlook.earliest or date.max) <= came <= (outlook.latest or date.max))
    if outlook.expected is not None:
        tally.foretold.append(came is not None)


def synthetic() -> Iterator[tuple[str, Sequence[dict[date, float]]]]:
    """Each kind of series with its seeds."""
    for name, shape in SYNTHETIC.items():
        rng = random.Random(5)
        yield (
            name,
            [
                {day: count * shape((AS_OF - day).days) for day, count in traffic(5e8, DAYS, rng).items()}
                for _ in range(SEEDS)
            ],
        )


def demo() -> Iterator[tuple[str, Sequence[dict[date, float]]]]:
    """The systems of the demo company."""
    for system in SYSTEMS:
        days = [AS_OF - timedelta(days=age) for age in range(DAYS)]
        counts = {
            day: float(sum(line.calls for line in day_lines(system, day, AS_OF, 7) if line.ok)) for day in days
        }
        yield f"demo {system.name}", [counts]


def share(outcomes: Sequence[bool]) -> str:
    """As a percentage, with the number it is of."""
    return f"{fmean(outcomes):5.0%}/{len(outcomes):<5}" if outcomes else "    -      "


def cpu() -> None:
    """CPU milliseconds for one system: a first answer of the day, and the same question again."""
    rng = random.Random(3)
    year = [traffic(10 ** rng.uniform(6, 9.5), 365, rng) for _ in range(100)]
    aims = [Target(Boundary.HYBRID, Direction.UP, 1e8), Target(Boundary.FINE_TUNING, Direction.UP, 1e9)]
    economics = [facts(monthly=10 ** rng.uniform(6, 9.5), name=f"system-{number}") for number in range(100)]
    assess_economics(economics[0])
    start = time.process_time()
    for daily in year:
        forecast(daily, AS_OF, aims)
    middle = time.process_time()
    for given in economics:
        assess_economics(given)
    end = time.process_time()
    economics_memo = LastResultCache(assess_economics)
    forecast_memo: LastResultCache[dict[date, float], Forecast] = LastResultCache(
        lambda daily: forecast(daily, AS_OF, aims)
    )

    def ask_all() -> None:
        for given, daily in zip(economics, year, strict=True):
            economics_memo.ask(given.system, given)
            forecast_memo.ask(given.system, dict(daily))

    ask_all()
    again = time.process_time()
    ask_all()
    remembered = time.process_time() - again
    print("CPU milliseconds for a system (mean of 100)")
    print(f"  forecast over 365 days   {(middle - start) * 10:6.2f}")
    print(f"  economics, 256 draws     {(end - middle) * 10:6.2f}")
    print(f"  both again, same facts   {remembered * 10:6.2f}")


def main() -> None:
    """Print the table of outcomes, then the cost."""
    print(f"{ORIGINS} weekly origins a series, outcome four weeks later; interval of 80%; share/number")
    print(f"{'':26}{'MASE':>6}{'|log|':>8}{'bias':>8}  {'in 4 weeks':12}{'in 13 weeks':13}{'trend':8}", end="")
    print(f"{'date within':13}{'expected and came'}")
    for name, group in [*synthetic(), *demo()]:
        tally = Tally()
        for daily in group:
            judge(daily, tally)
        mase = fsum(tally.misses) / fsum(tally.naive)
        figures = f"{mase:6.2f}{median(map(abs, tally.errors)):8.3f}{fmean(tally.errors):+8.3f}"
        covered = f"  {share(tally.inside[4])} {share(tally.inside[13])} {fmean(tally.trend):6.0%}"
        print(f"{name:26}{figures}{covered}  {share(tally.dated)}  {share(tally.foretold)}")
    cpu()


if __name__ == "__main__":
    main()
