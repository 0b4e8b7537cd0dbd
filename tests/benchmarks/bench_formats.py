"""Whole ingest of every named format against the bare decoder of the same records.

Run as `python -m tests.benchmarks.bench_formats [MEGABYTES [ROW ...]]`. Every measurement is a process of its own,
pinned to one core; the table has medians of three, by processor time. What is measured is the collector, from the
file to its batches: everything but the store. `of bare` is the time that msgspec takes to decode the same records
with the very structs that the format reads, as a share of that; where records are text, or inside of others, it is
the time for what is made of them, and of a table that of the `csv` module. Parts of streamed calls are among the
records. `to Python` is the share of the lines that the compiled helper did not count by itself. `of scan` and
`of lines` say how far the limits are: the time that the helper takes to find the values, and to count newlines, in
the file read a MiB at a time, as a share of ours.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from math import nan
from pathlib import Path
from statistics import median
from typing import Any

from leverwatch.agent.memory import collected_as_usual
from leverwatch.collectors.aggregation import _native
from leverwatch.collectors.aggregation.ingest import Ingest
from leverwatch.collectors.interface import CollectorContext, Result, SourceState
from leverwatch.collectors.records.decoder import Decoder, build_format
from leverwatch.collectors.records.fields import parse_template
from leverwatch.collectors.records.format_config import CsvFormat
from leverwatch.collectors.records.formats import span_wire
from leverwatch.collectors.records.formats.otlp import Otlp
from leverwatch.collectors.records.framing.wrappers import Wrapper
from leverwatch.collectors.sources.files.collector import FilesCollector
from leverwatch.collectors.sources.files.config import FilesConfig
from tests.benchmarks.contestants import chunks
from tests.benchmarks.formats.logs import LOGS, Log, write_log
from tests.benchmarks.left_lines import left_lines

TURNS = 3
MEASURED = ("ingest", "bare", "scan", "newlines")


def config(log: Log, path: Path) -> FilesConfig:
    """The source of a log."""
    settings = {"name": "bench", "path": str(path), "format": log.format, "system": log.system}
    return FilesConfig.model_validate(settings)


def ingest(log: Log, path: Path) -> Callable[[], int]:
    """Reads the file as a run does; gives how many records were counted, or told of a call."""
    # Batches end by the same clock as what is measured, whatever else the machine does.
    context = CollectorContext(path.parent, path.parent / "cache")
    collector = FilesCollector(config(log, path), context, time.process_time)

    def read() -> int:
        counted = 0
        for batch in collector.collect(SourceState(0, dict)):
            counted += batch.tallies.get(Result.COUNTED, 0) + batch.tallies.get(Result.PART, 0)
            if batch.problems:
                raise SystemExit(f"{batch.problems[0]}")
        return counted

    return read


def given(log: Log, path: Path) -> Callable[[], int]:
    """Reads the file as a run does; gives how many of its lines the compiled helper left to Python."""
    read = ingest(log, path)
    return lambda: left_lines(read)


def bare(log: Log, path: Path) -> Callable[[], int]:
    """Decodes the records and keeps nothing."""
    settings = config(log, path)
    if isinstance(settings.format, CsvFormat):
        return _cells_of(path)
    format_: Any = build_format(settings.format, parse_template(settings.system).paths)
    assert isinstance(format_, Decoder)
    reader: Any = format_._reader
    units = format_._framing.split(path.read_bytes())
    wrappers: tuple[Wrapper, ...] = format_._wrappers
    for wrapper in wrappers:
        units = wrapper.unwrap(units)
    texts = units.units
    if hasattr(reader, "_rewrite"):
        texts = [record for text in texts for record in reader._rewrite(text)]
        reader = reader.declared
    decode: Callable[[bytes], Any] = span_wire.document.decode if isinstance(reader, Otlp) else reader._decode

    def read() -> int:
        for text in texts:
            decode(text)
        return 0

    return read


def _cells_of(path: Path) -> Callable[[], int]:
    def read() -> int:
        with path.open(newline="") as file:
            for _ in csv.reader(file):
                pass
        return 0

    return read


def scan(log: Log, path: Path) -> Callable[[], int]:
    """Reads the file and finds the values in its lines; gives how many, 0 where the helper reads none."""
    plain = Ingest(config(log, path), lambda: datetime.now(UTC))._plain

    def read() -> int:
        lines = 0
        for chunk in chunks(path):
            found = None if plain is None else plain.scan(chunk)
            if plain is not None and found is not None:
                lines += found.lines
                plain._scans.append(found.scan)
        return lines

    return read


def newlines(_: Log, path: Path) -> Callable[[], int]:
    """Reads the file and counts its newlines, as fast as there is a way."""
    return lambda: sum(map(_native.count_lines, chunks(path)))


WAYS = {"ingest": ingest, "bare": bare, "given": given, "scan": scan, "newlines": newlines}


def measure(way: str, name: str, path: Path) -> None:
    """Run one way in this process and print what it took."""
    read = WAYS[way](LOGS[name], path)
    collected_as_usual()  # as the agent does when it has started: what was imported is not looked through again
    started = time.process_time()
    counted = read()
    print(json.dumps([time.process_time() - started, counted]))


def run(way: str, name: str, path: Path) -> tuple[float, int]:
    """Seconds and records of one way, in a process of its own on one core."""
    core = str(max(os.sched_getaffinity(0)))
    command = ["taskset", "-c", core, sys.executable, "-m", "tests.benchmarks.bench_formats", way, name, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, counted = json.loads(done.stdout.splitlines()[-1])
    return seconds, counted


def main() -> None:
    """Print a row for each format."""
    if sys.argv[1:2] and sys.argv[1] in WAYS:
        measure(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
        return
    size = int(sys.argv[1]) << 20 if len(sys.argv) > 1 else 64 << 20
    heads = f"{'of bare':>8} {'of scan':>8} {'of lines':>8} {'to Python':>10}"
    print(f"  {'format':20} {'records':>8} {'a second':>9} {'MB/s':>6} {heads}")
    for name in sys.argv[2:] or LOGS:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "log"
            write_log(path, LOGS[name], size)
            turns = [{way: run(way, name, path) for way in MEASURED} for _ in range(TURNS)]
            seconds, decoding, finding, floor = (median(turn[way][0] for turn in turns) for way in MEASURED)
            records = turns[0]["ingest"][1]
            limits = f"{finding / seconds if turns[0]['scan'][1] else nan:8.2f} {floor / seconds:8.2f}"
            rates = f"{records / seconds:9,.0f} {path.stat().st_size / seconds / 1e6:6.0f}"
            with path.open("rb") as file:
                share = run("given", name, path)[1] / sum(1 for _ in file)
            print(f"  {name:20} {records:8,} {rates} {decoding / seconds:8.2f} {limits} {share:10.1%}", flush=True)


if __name__ == "__main__":
    main()
