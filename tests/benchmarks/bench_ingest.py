"""Whole-path ingest against the bare decoder and against other tools doing the same roll-up of the same file.

Run as `python -m tests.benchmarks.bench_ingest [MEGABYTES]`. Every way of reading runs in a process of its own,
pinned to one core, three times, the ways taking turns; the table has medians. A rate is by processor time, because
another program on the core would count as ours otherwise; wall time stands beside it. Results that differ end the
run. A peer that is not installed is printed as absent. Every way has read one record before, in its process. The
limits are `newlines`, counted in the file, and `scan`, which finds the values in it without adding them up.
Duplicates: ours removes them within an hour, the peers over the whole file, which is the same for these logs; jq
and mtail cannot.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from threading import Event, Thread
from typing import Any

from leverwatch.agent.memory import collected_as_usual
from tests.benchmarks import contestants, peers
from tests.benchmarks.logs import write_log

TURNS = 3
READERS = ("newlines", "scan", "decoder_lines", "decoder")
ROLLUPS = (
    "leverwatch", "leverwatch_dedupe", "duckdb", "duckdb_dedupe", "polars", "polars_dedupe", "jq", "mtail",
)  # fmt: skip
BARE = "decoder_lines"
SPREAD = "leverwatch_workers"
MANY = {"in order of time": (35_000, 0), "days mixed at random": (1750, 20)}
"""Systems, and days of a shuffled log: with three models 105,000 groups, in the first case a day."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one way; times in seconds."""

    wall: float
    cpu: float
    peak_mib: float
    rollup: contestants.Rollup | None


class _Peak(Thread):
    """Watches the largest resident memory of this process's children, which only they know."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.done = Event()
        self.mib = 0.0

    def run(self) -> None:
        """Look twenty times a second."""
        while not self.done.wait(0.05):
            tasks = Path("/proc/self/task").glob("*/children")
            self.mib = max(self.mib, *(_peak_mib(pid) for task in tasks for pid in task.read_text().split()), 0.0)


def _peak_mib(pid: str) -> float:
    # Not ru_maxrss: a child inherits it from the process that it was forked from.
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def _once(way: Callable[[Path], contestants.Reading]) -> None:
    """Read one record, as what runs all day imports its modules once; collect garbage as the agent does."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.jsonl"
        write_log(path, 1)
        result = way(path)()
        if callable(result):
            result()
    collected_as_usual()


def measure(name: str, path: Path) -> None:
    """Run one way in this process and print what it took."""
    way = getattr(contestants, name, None) or getattr(peers, name)
    _once(way)
    watch = _Peak()
    if name in {"jq", "mtail"}:
        watch.start()
    read = way(path)
    started, cpu = time.perf_counter(), _cpu()
    result = read()
    wall, cpu = time.perf_counter() - started, _cpu() - cpu
    watch.done.set()
    peak = watch.mib or _peak_mib("self")
    rollup = result() if callable(result) else result
    print(json.dumps({"wall": wall, "cpu": cpu, "peak_mib": peak, "rollup": rollup}))


def run(name: str, path: Path) -> Run:
    """Run one way in a process of its own, on one core when it is not for several."""
    cores = sorted(os.sched_getaffinity(0))[-2 if name == SPREAD else -1 :]
    command = [
        "taskset",
        "-c",
        ",".join(map(str, cores)),
        sys.executable,
        "-m",
        "tests.benchmarks.bench_ingest",
        name,
        str(path),
    ]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return Run(**result)


def agree(one: contestants.Rollup | None, other: contestants.Rollup | None) -> bool:
    """Whether two roll-ups are the same, but for the order in which floats were added."""
    if one is None or other is None:
        return one is other
    return one.keys() == other.keys() and all(
        abs(a - b) <= 1e-9 * max(1.0, abs(a)) for key in one for a, b in zip(one[key], other[key], strict=True)
    )


def check(name: str, found: Run, ours: dict[str, Run]) -> None:
    """End the program when a way gives another result than ours."""
    if name in ROLLUPS:
        reference = ours["leverwatch_dedupe" if name.endswith("_dedupe") else "leverwatch"]
        if not agree(reference.rollup, found.rollup):
            raise SystemExit(f"{name} disagrees with ours")


def table(path: Path, records: int) -> dict[str, float]:
    """Measure every way on one file; gives the processor time of each."""
    ways = [name for name in (*READERS, *ROLLUPS) if hasattr(contestants, name) or peers.is_there(name)]
    turns = [{name: run(name, path) for name in ways} for _ in range(TURNS)]
    for turn in turns:
        for name, found in turn.items():
            check(name, found, turn)
    cpu = {name: median(turn[name].cpu for turn in turns) for name in ways}
    size = path.stat().st_size
    groups = len(turns[0]["leverwatch"].rollup or ())
    print(f"{records:,} records of {size // records} bytes, {size >> 20} MiB, {groups} groups")
    print("  way                of bare   records/s     MB/s   wall s   peak MiB")
    for name in (*READERS, *ROLLUPS):
        if name not in cpu:
            print(f"  {name:18}  absent")
            continue
        wall = median(turn[name].wall for turn in turns)
        peak = max(turn[name].peak_mib for turn in turns)
        rates = f"{records / cpu[name]:11,.0f} {size / cpu[name] / 1e6:8.0f} {wall:8.2f}"
        print(f"  {name:18} {cpu[BARE] / cpu[name]:8.2f} {rates} {peak:10.0f}")
    for limit in ("scan", "newlines"):
        print(f"  leverwatch_dedupe is at {cpu[limit] / cpu['leverwatch_dedupe']:.2f} of {limit}")
    return cpu


def spread(path: Path) -> None:
    """Two threads, one of which only finds values, against one that does everything, by wall time."""
    turns = [(run("leverwatch_dedupe", path), run(SPREAD, path)) for _ in range(TURNS)]
    if not all(agree(one.rollup, two.rollup) for one, two in turns):
        raise SystemExit("two workers disagree with one")
    ratio = median(one.wall for one, _ in turns) / median(two.wall for _, two in turns)
    cpu = median(two.cpu for _, two in turns) / median(one.cpu for one, _ in turns)
    print(f"{path.stat().st_size >> 20} MiB with two threads: {ratio:.2f} times as fast by wall time")
    print(f"  processor time of both together: {cpu:.2f} times that of one")


def main() -> None:
    """Print a table for compact records and one for fat ones, how time and memory grow, and what workers gain."""
    if len(sys.argv) == 3:
        measure(sys.argv[1], Path(sys.argv[2]))
        return
    size = int(sys.argv[1]) << 20 if len(sys.argv) == 2 else 128 << 20
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.jsonl"
        for fat in (False, True):
            half = write_log(path, size // 2, fat=fat)
            once = {name: run(name, path).cpu for name in ("leverwatch", "leverwatch_dedupe")}
            records = write_log(path, size, fat=fat)
            cpu = table(path, records)
            for name, seconds in once.items():
                growth = cpu[name] / records / (seconds / half)
                print(f"  {name}: a record of a file twice as long takes {growth:.2f} times as long")
        for order, (apps, days) in MANY.items():
            for part in (size, 2 * size):
                write_log(path, part, apps=apps, days=days)
                found = run("leverwatch_dedupe", path)
                groups = len(found.rollup or ())
                print(f"{groups:,} groups, {order}, {part >> 20} MiB: peak {found.peak_mib:.0f} MiB")
        write_log(path, 4 * size)
        spread(path)


if __name__ == "__main__":
    main()
