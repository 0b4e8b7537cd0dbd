"""What reading costs in memory: every named format with few and with very many groups, and long logs.

    python -m tests.benchmarks.bench_memory [--megabytes 512] [FORMAT ...]

A group is what is counted apart: here a system, with a name of its own where the log of the format can have one.
Each figure is of a process of its own that reads a log as a run does, from the file to its batches. It is the most
memory that it ever had, in MB, and in brackets how much of that came after the imports. The log of a format is as
long with few groups as with many; the long ones are lines of JSON in order of time, and shuffled over 20 days.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from leverwatch.collectors.interface import CollectorContext, Result, SourceState
from leverwatch.collectors.sources.files.collector import FilesCollector
from leverwatch.collectors.sources.files.config import FilesConfig
from tests.benchmarks.formats.call import Call
from tests.benchmarks.formats.logs import LOGS

FEW, MANY = 1_000, 100_000
LONG_MEGABYTES, DAYS = 512, 20
_PLAIN = {"type": "jsonl", "fields": {"time": "at", "model": "model", "request_id": "id", "input_tokens": "in"}}
_PAD = "x" * 160


def spread(name: str, path: Path, groups: int, calls: int) -> None:
    """Write calls in a format, one after the other to each of so many systems."""
    log, rng = LOGS[name], random.Random(20260901)
    # To think of a prompt takes longer than to write it, and what it says changes nothing.
    texts = [Call(rng, number) for number in range(100)]
    with path.open("w") as file:
        if log.header:
            file.write(log.header + "\n")
        for number in range(calls):
            call = texts[number % len(texts)]
            call.id, call.system = f"{rng.getrandbits(96):024x}", f"app-{number % groups}"
            for line in log.make(call):
                text = line if isinstance(line, str) else json.dumps(line, separators=(",", ":"))
                file.write(text + "\n")


def long_log(path: Path, size: int, *, shuffled: bool) -> None:
    """Write so many megabytes of lines, in order of time or with the days in no order."""
    rng, number, written = random.Random(3), 0, 0
    each = len(_line(0, 0)) + 4
    total = (size << 20) // each
    with path.open("w") as file:
        while written < size << 20:
            day = rng.randrange(DAYS) if shuffled else number * DAYS // total
            written += file.write(_line(number, min(day, DAYS - 1)))
            number += 1


def _line(number: int, day: int) -> str:
    moment = f"2026-03-{day + 1:02}T{number % 24:02}:{number // 24 % 60:02}:{number // 1440 % 60:02}Z"
    call = {"at": moment, "model": "m", "id": f"r-{number}", "in": 12, "app": f"app-{number % 40}", "pad": _PAD}
    return json.dumps(call) + "\n"


def peak() -> float:
    """The most memory this process ever had, in MB."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) * 1024 / 1e6


def measure(name: str, path: Path) -> None:
    """Read a log, and print what it took."""
    settings = (
        {"format": _PLAIN, "system": "{app}"}
        if name not in LOGS
        else {"format": LOGS[name].format, "system": LOGS[name].system}
    )
    config = FilesConfig.model_validate({"name": "bench", "path": str(path), **settings})
    before = peak()
    counted = groups = 0
    collector = FilesCollector(config, CollectorContext(path.parent, path.parent / "cache"))
    for batch in collector.collect(SourceState(0, dict)):
        counted += batch.tallies.get(Result.COUNTED, 0) + batch.tallies.get(Result.PART, 0)
        groups = max(groups, len(batch.usage))
        if batch.problems:
            raise SystemExit(f"{batch.problems[0]}")
    print(json.dumps([before, peak(), counted, groups]))


def run(name: str, path: Path) -> tuple[float, float, int, int]:
    """The result of `measure` in a process of its own."""
    command = [sys.executable, "-m", __spec__.name, "--measure", name, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=3600, env=os.environ)
    if done.returncode:
        raise SystemExit(f"{name}: {done.stderr}")
    before, most, counted, groups = json.loads(done.stdout.splitlines()[-1])
    return before, most, counted, groups


def rows(folder: Path, names: list[str], calls: int) -> Iterator[str]:
    """The lines of the table."""
    path = folder / "a.log"
    for name in names:
        cells = []
        for groups in (FEW, MANY):
            spread(name, path, groups, calls)
            before, most, counted, found = run(name, path)
            cells.append(f"{most:7.1f} ({most - before:+6.1f}) {counted:8} {found:7}")
            path.unlink()
        yield f"{name:28} " + " ".join(cells)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--measure", nargs=2)
    parser.add_argument("--calls", type=int, default=MANY)
    parser.add_argument("--megabytes", type=int, default=LONG_MEGABYTES)
    parser.add_argument("formats", nargs="*")
    options = parser.parse_args()
    if options.measure:
        measure(options.measure[0], Path(options.measure[1]))
        return
    with tempfile.TemporaryDirectory() as temporary:
        print(f"{'':28} {f'{FEW:,} groups: most, of it reading, counted, in a batch':>40}   {MANY:,} groups")
        for row in rows(Path(temporary), options.formats or list(LOGS), options.calls):
            print(row, flush=True)
        for megabytes in (options.megabytes // 4, options.megabytes):
            for shuffled in (False, True):
                path = Path(temporary) / "long.log"
                long_log(path, megabytes, shuffled=shuffled)
                before, most, counted, _ = run("plain", path)
                order = "shuffled over 20 days" if shuffled else "in order"
                print(f"{megabytes} MB {order:24} {most:7.1f} ({most - before:+6.1f}) {counted:8}", flush=True)
                path.unlink()


if __name__ == "__main__":
    main()
