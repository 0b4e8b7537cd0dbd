"""What an evaluation of many systems costs, with everything that stands beside the verdicts.

    python -m tests.benchmarks.bench_evaluation [systems ...]

Prints CPU seconds of the parts of an evaluation of 1,000 and of 10,000 systems (or so many) with 120 days of usage
on SQLite: the reading from the store, the first evaluation of a day, which finds a day more than the one before, a
later one, after calls of the day itself came, and one after nothing came. Every system has prices, so that none is
cheap; then none has. Memory is that of a process for each number of systems.
"""

from __future__ import annotations

import multiprocessing
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from leverwatch.agent.evaluation.assessor import Assessor
from leverwatch.agent.evaluation.decide import Plan, decide, last_complete_day
from leverwatch.agent.evaluation.evaluate import evaluate
from leverwatch.agent.framework.model import Declaration, Strategy
from leverwatch.agent.prices.current import CurrentPrices
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import Batch, Operation, UsageRow

DAYS = 120
NOW = datetime(2026, 10, 6, 9, tzinfo=UTC)
AS_OF = last_complete_day(NOW)
DAY = timedelta(days=1)
FIRST_DAY = AS_OF - DAYS * DAY
PRICES = "prices:\n  - {model: m, input: 0.15, output: 0.6, cached_input: 0.075}\n"


def usage(name: str, days: Iterable[date]) -> Iterator[UsageRow]:
    """Some growth, weekdays, noise; tokens, traces and checks of every call."""
    rng = random.Random(name)
    level, growth = rng.uniform(1e4, 5e7), rng.uniform(-0.01, 0.01)
    for day in days:
        number = round(
            level
            * (1 + growth) ** (day - FIRST_DAY).days
            * (0.6 if day.weekday() > 4 else 1)
            * random.Random(f"{name}/{day}").uniform(0.9, 1.1)
        )
        yield UsageRow(
            name,
            "m",
            Operation.GENERATION,
            day,
            inferences=number,
            attempts=number * 1.02,
            input_tokens=number * 900.0,
            cached_input_tokens=number * 300.0,
            output_tokens=number * 120.0,
            traced=number,
            traces=number / 2,
            checked=number,
            invalid=number * 0.01,
            static_known=number,
            static_tokens=number * 500.0,
        )


class Filled:
    """A store that gets the usage of all systems."""

    def __init__(self, store: Store, systems: int) -> None:
        self.names = [f"system-{number:05}" for number in range(systems)]
        self._store, self._revision = store, 0

    def add(self, days: Sequence[date]) -> None:
        """Add some days, in batches of 100 systems."""
        for start in range(0, len(self.names), 100):
            rows = tuple(row for name in self.names[start : start + 100] for row in usage(name, days))
            self._store.apply("gateway", self._revision, Batch(state={}, usage=rows, days_seen=frozenset(days)))
            self._revision += 1


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    before = time.process_time()
    work()
    return time.process_time() - before


def main(systems: int) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{folder}/store.db", lambda: NOW)
        store.migrate()
        filled = Filled(store, systems)
        filled.add([FIRST_DAY + age * DAY for age in range(DAYS + 1)])
        file = Path(folder, "prices.yaml")
        file.write_text(PRICES)
        # Half of the declarations differ from the verdict, and every one has a review date.
        declared = Declaration(Strategy.FINE_TUNING, date(2026, 8, 1))
        scope = Scope(dict.fromkeys(filled.names, declared))
        plan = Plan(scope=scope)
        deciding = cpu(lambda: decide(store, plan, AS_OF))
        reading = cpu(lambda: store.daily_usage(AS_OF - 34 * DAY, AS_OF, scope))
        print(f"{systems} systems, {DAYS} days of usage each, CPU seconds")
        print(f"  reading facts and deciding        {deciding:7.3f}")
        print(f"  reading sums of 5 weeks           {reading:7.3f}")
        now = NOW
        for title, assessor in (("priced", Assessor(CurrentPrices(file))), ("without prices", Assessor())):
            # Two days, as the verdict at a review is read until its day is over.
            for _ in range(2):
                evaluate(store, plan, now, assessor)
                now += DAY
                day = last_complete_day(now)
                filled.add([day])
            costs = [cpu(lambda: evaluate(store, plan, now, assessor))]  # noqa: B023 - called at once
            filled.add([day + DAY])
            costs += [cpu(lambda: evaluate(store, plan, now, assessor)) for _ in range(2)]  # noqa: B023
            for name, cost in zip(("first of a day", "later that day", "nothing changed"), costs, strict=True):
                print(f"  {title:<15} {name:<17} {cost:7.3f}   ({cost / deciding:5.2f} x deciding)")
            now += DAY
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
        print(f"  memory at most, filling the store included {most:7.1f} MB", flush=True)
        store.close()


if __name__ == "__main__":
    for number in map(int, sys.argv[1:] or ("1000", "10000")):
        of_itself = multiprocessing.get_context("spawn").Process(target=main, args=(number,))
        of_itself.start()
        of_itself.join()
