"""What one day of counters costs: the source, `increase`, and all samples as JSON.

Run as `python -m tests.benchmarks.bench_prometheus [--servers prometheus]`. A hundred series that
were scraped every 15 s for four days lie in a real server, one day of which is asked for. Printed: requests,
bytes, and the time of each way, median of five, by that of the source.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import requests

from tests.collectors.sources.prometheus.columns import fleet, witnesses
from tests.collectors.sources.prometheus.conftest import serving
from tests.collectors.sources.prometheus.stored import DAY, FIRST, days, source

TURNS = 5


def measured(way: Callable[[], list[int]]) -> tuple[float, list[int]]:
    """Return the median time of a way in seconds, and the bytes of each of its answers."""
    times, sizes = [], []
    for _ in range(TURNS):
        start = time.perf_counter()
        sizes = way()
        times.append(time.perf_counter() - start)
    return statistics.median(times), sizes


def main() -> None:
    """Print a table for each server."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--servers", nargs="*", default=["prometheus", "victoriametrics"])
    samples = [*fleet(15.0), *witnesses()]
    for kind in parser.parse_args().servers:
        with tempfile.TemporaryDirectory() as folder, serving(kind, Path(folder), samples) as url:
            asked = source(url, metrics={"inferences": "fleet_total"}, system="{namespace}")
            end = str(FIRST.timestamp() + 2 * DAY)

            def ours(asked=asked) -> list[int]:  # type: ignore[no-untyped-def]
                asked.ask(days(1, 1))
                return [size for _, size in asked.asked]

            def query(text: str, url: str = url, end: str = end) -> list[int]:
                found = requests.get(f"{url}/api/v1/query", {"query": text, "time": end}, timeout=60)
                return [len(found.content)]

            ways = {
                "type: prometheus": ours,
                "increase": lambda: query("increase(fleet_total[1d])"),
                "all samples": lambda: query("fleet_total[1d]"),
            }
            print(f"{kind}: 100 series, 15 s, one day")
            base = 0.0
            for name, way in ways.items():
                seconds, sizes = measured(way)
                base = base or seconds
                print(
                    f"  {name:18} {len(sizes)} requests {sum(sizes):>12,} bytes {seconds:8.3f} s"
                    f" {seconds / base:6.2f} of ours"
                )


if __name__ == "__main__":
    main()
