"""Whole-path ingest against the bare decoder on the same file, and the memory it takes.

Run as `python -m tests.benchmarks.bench_ingest [MEGABYTES]`. Every way of reading runs in a process of its own,
three times, the ways taking turns; a rate is that of the fastest turn, and memory the highest peak of the process.
The bare decoder is msgspec decoding each line of one-MiB chunks into a struct of the wanted fields, nothing else.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from agent.runner import SourceRunner
from agent.store.store import Store
from collectors.files.collector import FilesCollector
from collectors.files.config import FilesConfig
from collectors.files.formats.jsonl import JsonLines
from collectors.files.ingest import Ingest, Lines
from collectors.interface import Result, World, utc_now
from tests.benchmarks.logs import FIELDS, SYSTEM, write_log

CHUNK = 1 << 20
TURNS = 3


def chunks(path: Path) -> Iterator[bytes]:
    """Whole lines, about a MiB at a time."""
    rest = b""
    with path.open("rb") as file:
        while data := file.read(CHUNK):
            data = rest + data
            cut = data.rfind(b"\n") + 1
            rest = data[cut:]
            yield data[:cut]


def config(path: Path, dedupe: str) -> FilesConfig:
    """The source of a benchmark."""
    return FilesConfig.model_validate(
        {
            "name": "bench",
            "path": str(path),
            "format": {"type": "jsonl", "fields": FIELDS},
            "system": SYSTEM,
            "dedupe_window": dedupe,
        }
    )


def count_newlines(path: Path) -> int:
    """The floor: reading the file."""
    return sum(chunk.count(b"\n") for chunk in chunks(path))


def bare_decoder(path: Path) -> int:
    """Decode each line into the structs that the format compiles from the field map; keep nothing."""
    struct = JsonLines(FIELDS, ("app",)).record
    decode = msgspec.json.Decoder(struct, strict=False).decode
    return sum(len(list(map(decode, chunk.splitlines()))) for chunk in chunks(path))


def _ingest(path: Path, dedupe: str) -> int:
    ingest = Ingest(config(path, dedupe), utc_now)
    counted = 0
    for number, chunk in enumerate(chunks(path)):
        ingest.add(Lines(chunk, "bench", 1))
        if number % 32 == 31:
            counted += ingest.drain().tallies.get(Result.COUNTED, 0)
    return counted + ingest.drain().tallies.get(Result.COUNTED, 0)


def ingest(path: Path) -> int:
    """Decode, attribute and roll up, without a store."""
    return _ingest(path, "0s")


def ingest_dedupe(path: Path) -> int:
    """The same, remembering request ids."""
    return _ingest(path, "1h")


def _whole_path(path: Path, dedupe: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{folder}/bench.db")
        store.migrate()
        source = config(path, dedupe)
        report = SourceRunner(source, FilesCollector(source, World(path.parent, Path(folder))), store).run()
        store.close()
    if report.error:
        raise SystemExit(report.error)
    return report.tallies[Result.COUNTED]


def whole_path(path: Path) -> int:
    """Collector, runner and SQLite store, as `leverwatch collect` does it."""
    return _whole_path(path, "0s")


def whole_path_dedupe(path: Path) -> int:
    """The same, remembering request ids and writing them to the store: the default."""
    return _whole_path(path, "1h")


WAYS: tuple[Callable[[Path], int], ...] = (
    count_newlines, bare_decoder, ingest, ingest_dedupe, whole_path, whole_path_dedupe,
)  # fmt: skip


def measure(name: str, path: Path) -> None:
    """Run one way in this process and print what it took."""
    way = next(way for way in WAYS if way.__name__ == name)
    started = time.perf_counter()
    records = way(path)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"records": records, "seconds": seconds, "peak_mib": peak}))


def run(name: str, path: Path) -> dict[str, Any]:
    """Run one way in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.bench_ingest", name, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def table(path: Path, records: int) -> None:
    """Measure every way on one file."""
    turns = [{way.__name__: run(way.__name__, path) for way in WAYS} for _ in range(TURNS)]
    bare = min(turn["bare_decoder"]["seconds"] for turn in turns)
    size = path.stat().st_size
    print(f"{records:,} records of {size // records} bytes, {size >> 20} MiB")
    print("  way                  of bare   records/s     MB/s   peak MiB")
    for way in WAYS:
        name = way.__name__
        if any(turn[name]["records"] != records for turn in turns):
            raise SystemExit(f"{name} counted {turns[0][name]['records']} of {records}")
        seconds = min(turn[name]["seconds"] for turn in turns)
        peak = max(turn[name]["peak_mib"] for turn in turns)
        rates = f"{records / seconds:11,.0f} {size / seconds / 1e6:8.0f}"
        print(f"  {name:20} {bare / seconds:7.0%} {rates} {peak:10.0f}")


def main() -> None:
    """Print a table for compact records and one for fat ones."""
    if len(sys.argv) == 3:
        measure(sys.argv[1], Path(sys.argv[2]))
        return
    size = int(sys.argv[1]) << 20 if len(sys.argv) == 2 else 100 << 20
    with tempfile.TemporaryDirectory() as folder:
        for fat in (False, True):
            path = Path(folder) / f"{'fat' if fat else 'compact'}.jsonl"
            table(path, write_log(path, size, fat=fat))


if __name__ == "__main__":
    main()
