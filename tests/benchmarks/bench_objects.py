"""Many small files: what a poll costs, and what is stored, for each object that lies there and for each new one.

python -m tests.benchmarks.bench_objects
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.collectors.sources.files.tailing import Bench

_NEW = 100


def _write(folder: Path, first: int, last: int) -> None:
    for number in range(first, last):
        record = {"ts": "2026-03-10T08:00:00Z", "app": "bot", "id": f"r{number}", "pad": "x" * 200}
        (folder / f"2026-03-10-{number:06}.json").write_bytes(json.dumps(record).encode())


def _cpu(run: Callable[[], object]) -> float:
    started = time.process_time()
    run()
    return time.process_time() - started


def main() -> None:
    """Print a row for each number of objects."""
    print(f" objects  first s  us each  idle ms {f'{_NEW} new ms':>10}  stored B each")
    for objects in (1_000, 3_000, 10_000):
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place) / "objects"
            folder.mkdir()
            _write(folder, 0, objects)
            bench = Bench(Path(place), path="objects/2026-*.json")
            bench.wait(600)
            first = _cpu(bench.collect)
            idle = min(_cpu(bench.collect) for _ in range(3))
            stored = sum(len(value) for key, value in bench.store.state.items() if key.startswith("file/"))
            _write(folder, objects, objects + _NEW)
            new = _cpu(bench.collect) - idle
            assert bench.store.counted() == {"bot": objects + _NEW}
        row = (first, first / objects * 1e6, idle * 1e3, new * 1e3, stored / objects)
        print(f"{objects:>8} {row[0]:>8.2f} {row[1]:>8.0f} {row[2]:>8.1f} {row[3]:>10.1f} {row[4]:>14.0f}")


if __name__ == "__main__":
    main()
