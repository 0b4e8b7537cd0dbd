"""What an evaluation of many systems costs, with everything that stands beside the verdicts.

    python -m tests.benchmarks.bench_evaluation [systems]

Prints CPU seconds of the parts of an evaluation of 1,000 systems (or so many) with 120 days of usage on SQLite:
the reading from the store, the first evaluation of a day, and a later one that day, in which no facts changed.
Every system has prices, so that none is cheap; then none has.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from leverwatch.agent.evaluation.assessor import Assessor
from leverwatch.agent.evaluation.decide import Plan, decide, last_complete_day
from leverwatch.agent.evaluation.evaluate import evaluate
from leverwatch.agent.framework.model import Declaration, Strategy
from leverwatch.agent.prices.current import CurrentPrices
from leverwatch.agent.store.facts import Scope
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import Batch, Operation, UsageRow

DAYS = 120
NOW = datetime(2026, 10, 6, 9, tzinfo=UTC)
AS_OF = last_complete_day(NOW)
PRICES = "prices:\n  - {model: m, input: 0.15, output: 0.6, cached_input: 0.075}\n"


def usage(name: str, rng: random.Random) -> Iterator[UsageRow]:
    """Some growth, weekdays, noise; tokens, traces and checks of every call."""
    level, growth = rng.uniform(1e4, 5e7), rng.uniform(-0.01, 0.01)
    for age in range(DAYS, -1, -1):
        day = AS_OF - timedelta(days=age)
        number = round(
            level * (1 + growth) ** (DAYS - age) * (0.6 if day.weekday() > 4 else 1) * rng.uniform(0.9, 1.1)
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


def fill(store: Store, systems: int) -> None:
    """Every system with its usage, in batches of 100 systems."""
    rng = random.Random(5)
    days = frozenset(AS_OF - timedelta(days=age) for age in range(DAYS + 1))
    for revision, start in enumerate(range(0, systems, 100)):
        names = [f"system-{number:05}" for number in range(start, min(start + 100, systems))]
        rows = tuple(row for name in names for row in usage(name, rng))
        store.apply("gateway", revision, Batch(state={}, usage=rows, days_seen=days))


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
        fill(store, systems)
        file = Path(folder, "prices.yaml")
        file.write_text(PRICES)
        # Half of the declarations differ from the verdict, and every one has a review date.
        declared = Declaration(Strategy.FINE_TUNING, date(2026, 8, 1))
        scope = Scope({f"system-{number:05}": declared for number in range(systems)})
        plan = Plan(scope=scope)
        deciding = cpu(lambda: decide(store, plan, AS_OF))
        since = AS_OF - timedelta(days=34)
        reading = cpu(lambda: store.daily_usage(since, AS_OF, scope))
        print(f"{systems} systems, {DAYS} days of usage each, CPU seconds")
        print(f"  reading facts and deciding        {deciding:7.3f}")
        print(f"  reading sums of 5 weeks           {reading:7.3f}")
        tomorrow = NOW + timedelta(days=1)
        for title, assessor in (("priced", Assessor(CurrentPrices(file))), ("without prices", Assessor())):
            evaluate(store, plan, NOW, assessor)
            first = cpu(lambda assessor=assessor: evaluate(store, plan, tomorrow, assessor))  # type: ignore[misc]  # bound now
            later = cpu(lambda assessor=assessor: evaluate(store, plan, tomorrow, assessor))  # type: ignore[misc]  # bound now
            print(f"  {title:<15} first of a day    {first:7.3f}   ({first / deciding:5.2f} x deciding)")
            print(f"  {title:<15} later that day    {later:7.3f}   ({later / deciding:5.2f} x deciding)")
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
        print(f"  memory at most, filling the store included {most:7.1f} MB")
        store.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
