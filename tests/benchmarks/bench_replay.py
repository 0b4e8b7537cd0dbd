"""What a replay costs, and that its memory follows the stored history and not the days that are replayed.

Run as `python -m tests.benchmarks.bench_replay [systems]`. Prints CPU seconds and the peak of memory that Python
allocated: reading alone, then with 30 and 120 replayed days, as changes and as OpenMetrics with hourly samples.
"""

from __future__ import annotations

import io
import random
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from leverwatch.agent.evaluation.decide import Plan
from leverwatch.agent.framework.model import Declaration, Strategy
from leverwatch.agent.replay.run import all_changes, fill
from leverwatch.agent.replay.spool import Spool, moments
from leverwatch.agent.replay.verdicts import days_between
from leverwatch.agent.store.history_reader import HistoryReader
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import Batch, ChangeKind, Operation, PromptChange, UsageRow

LAST = date(2026, 10, 4)
HISTORY_DAYS = 120
HOUR = timedelta(hours=1)


class Counter(io.BytesIO):
    """Counts what is written and keeps nothing."""

    written = 0

    def write(self, data: bytes, /) -> int:  # type: ignore[override]  # only bytes are written here
        self.written += len(data)
        return len(data)


def fill_store(store: Store, systems: int) -> Plan:
    """Two models a system, each used every day, and a prompt change a week."""
    rng = random.Random(7)
    names = [f"system-{number}" for number in range(systems)]
    for age in range(HISTORY_DAYS):
        day = LAST - timedelta(days=age)
        rows = tuple(
            UsageRow(name, model, Operation.GENERATION, day, inferences=float(rng.randrange(9_000_000)))
            for name in names
            for model in ("a", "b")
        )
        store.apply("gateway", age, Batch(state={}, usage=rows, days_seen=frozenset({day})))
    changes = tuple(
        PromptChange(
            name,
            f"{name}/{week}",
            datetime(LAST.year, LAST.month, LAST.day, tzinfo=UTC) - timedelta(weeks=week),
            ChangeKind.MODIFIED,
            1,
        )
        for name in names
        for week in range(HISTORY_DAYS // 7)
    )
    store.apply("prompts", 0, Batch(state={}, prompt_changes=changes))
    declarations = dict.fromkeys(names, Declaration(Strategy.HYBRID))
    return Plan(scope=Scope(declarations, frozenset(names)))


def measured(work: Callable[[], str]) -> tuple[float, float, str]:
    """CPU seconds, peak megabytes, and what the work says of itself."""
    start = time.process_time()
    said = work()
    seconds = time.process_time() - start
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return seconds, peak, said


def main() -> None:
    """Print the table."""
    systems = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = Store(f"sqlite:///{folder / 'store.db'}")
        store.migrate()
        plan = fill_store(store, systems)

        def work(days: list[date] | None, *, exposed: bool) -> str:
            with store.past(LAST, plan.scope, plan.models_per_system) as past:
                if days is None:
                    return f"{len(past.timelines)} systems"
                return _exposed(past, plan, days, folder) if exposed else _changed(past, plan, days)

        print(f"{systems} systems, {HISTORY_DAYS} days of history")
        print("                          CPU s   peak MB")
        for title, count, exposed in (
            ("read", 0, False),
            ("changes, 30 days", 30, False),
            ("changes, 120 days", 120, False),
            ("openmetrics, 30 days", 30, True),
            ("openmetrics, 120 days", 120, True),
        ):
            days = days_between(LAST - timedelta(days=count - 1), LAST) if count else None
            seconds, peak, said = measured(lambda days=days, exposed=exposed: work(days, exposed=exposed))  # type: ignore[misc]  # bound at once
            print(f"  {title:<22}{seconds:9.2f} {peak:9.1f}   {said}")
        store.close()


def _changed(past: HistoryReader, plan: Plan, days: list[date]) -> str:
    return f"{len(all_changes(past, plan, days, {}, past.timelines))} changes"


def _exposed(past: HistoryReader, plan: Plan, days: list[date], folder: Path) -> str:
    output = Counter()
    with tempfile.TemporaryDirectory(dir=folder) as spools, Spool(Path(spools), {}) as spool:
        fill(spool, past, plan, days, {}, past.timelines)
        spooled = sum(file.stat().st_size for file in Path(spools).iterdir())
        samples = spool.write(output, [moments(day, HOUR, datetime(2100, 1, 1, tzinfo=UTC)) for day in days])
    return f"{samples:,} samples, {output.written / 1e6:,.0f} MB, by way of {spooled / 1e6:.1f} MB on disk"


if __name__ == "__main__":
    main()
