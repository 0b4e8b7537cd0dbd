"""Whole-path ingest of CSV against DuckDB's `read_csv` and against a loop in Python doing the same roll-up.

Run as `python -m tests.benchmarks.bench_csv [SHARE]`, of the rows that the tables have (1). Every way of reading
runs in a process of its own, pinned to one core, three times, the ways taking turns; the table has medians, by
processor time. `of DuckDB` is the time of DuckDB for the same roll-up as a share of that. Results that differ end
the run. `to Python` is the share of the lines that the compiled helper left to Python. Duplicates: ours removes
them within an hour, DuckDB over the whole file, which is the same for these rows; the trace has no ids.
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
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from leverwatch.collectors.aggregation.ingest import Ingest
from leverwatch.collectors.sources.files.config import FilesConfig
from tests.benchmarks.bench_ingest import agree
from tests.benchmarks.contestants import Reading, Rollup, whole_path
from tests.benchmarks.left_lines import left_lines
from tests.benchmarks.tables import COLUMNS, EXPORT, NUMBERS, TABLES, TRACE, write_table

TURNS = 3
WAYS = ("leverwatch", "leverwatch_dedupe", "leverwatch_python", "duckdb", "duckdb_dedupe", "loop")


def source(name: str, path: Path, dedupe: str = "0s") -> FilesConfig:
    """The source of a table."""
    fields, system = (TRACE, "code") if name == "trace" else (EXPORT, "{app}")
    settings = {"name": "bench", "path": str(path), "system": system, "dedupe_window": dedupe}
    return FilesConfig.model_validate({**settings, "format": {"type": "csv", "fields": fields}})


def leverwatch(name: str, path: Path) -> Reading:
    """The whole path: collector, runner and SQLite store; duplicates count."""
    return whole_path(path, source(name, path))


def leverwatch_dedupe(name: str, path: Path) -> Reading:
    """The same, remembering request ids for an hour."""
    return whole_path(path, source(name, path, "1h"))


def leverwatch_python(name: str, path: Path) -> Reading:
    """The first one without the compiled helper."""
    build = Ingest.__init__
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ingest, "__init__", lambda *given, **_: build(*given, compiled=False))
        return whole_path(path, source(name, path))


def given(name: str, path: Path) -> Reading:
    """Gives how many lines the compiled helper left to Python."""
    return lambda: {"": [float(left_lines(leverwatch(name, path)))]}


_OF_TRACE = """
select 'code', 'unknown', cast(TIMESTAMP as date), count(*), 0, sum(ContextTokens), 0, sum(GeneratedTokens), 0, 0,
    0, count(*), 0, count(*), count(*)
from {rows} group by all
"""
_OF_EXPORT = """
with rows as (select *, status = 'success' as ok from {rows})
select app, model, cast(ts as date), count(*) filter (where ok), count(*) filter (where not ok),
    sum(prompt_tokens) filter (where ok), sum(cached_tokens) filter (where ok),
    sum(completion_tokens) filter (where ok), sum(cost), sum(latency_ms) filter (where ok),
    count(*) filter (where ok and prompt_tokens is null), count(*) filter (where ok and cached_tokens is null),
    count(*) filter (where ok and completion_tokens is null), count(*) filter (where ok and cost is null),
    count(*) filter (where ok and latency_ms is null)
from rows group by all
"""


def duckdb(name: str, path: Path) -> Reading:
    """DuckDB's read_csv with given columns, on one thread; duplicates count."""
    return _duckdb(name, path, "{source}")


def duckdb_dedupe(name: str, path: Path) -> Reading:
    """The same over distinct request ids of the whole file."""
    return _duckdb(name, path, "(select distinct on (id, app, status) * from {source})")


def _duckdb(name: str, path: Path, rows: str) -> Reading:
    import duckdb

    connection = duckdb.connect(config={"threads": 1})
    if name == "trace":
        columns = {"TIMESTAMP": "TIMESTAMP", "ContextTokens": "BIGINT", "GeneratedTokens": "BIGINT"}
    else:
        columns = {column: NUMBERS.get(column, "VARCHAR") for column in COLUMNS}
    from_file = rows.format(source=f"read_csv('{path}', header = true, columns = {columns})")
    query = (_OF_TRACE if name == "trace" else _OF_EXPORT).format(rows=from_file)

    def read() -> Rollup:
        found = connection.sql(query).fetchall()
        return {" ".join(map(str, row[:3])): [float(value) for value in row[3:]] for row in found}

    return read


def loop(name: str, path: Path) -> Reading:
    """The csv module and a dictionary, as one writes it by hand."""
    numbers = ("ContextTokens", "", "GeneratedTokens") if name == "trace" else (
        "prompt_tokens", "cached_tokens", "completion_tokens")  # fmt: skip

    def read() -> Rollup:
        found: Rollup = {}
        with path.open(newline="") as file:
            rows = csv.reader(file)
            header = next(rows)
            places = [header.index(it) if it else -1 for it in numbers]
            if name == "trace":
                for row in rows:
                    sums = found.setdefault(f"code unknown {row[0][:10]}", [0.0] * 12)
                    sums[0] += 1
                    sums[2] += int(row[places[0]])
                    sums[4] += int(row[places[2]])
                for sums in found.values():
                    sums[8] = sums[10] = sums[11] = sums[0]
                return found
            time_, app, model, status, cost, latency = map(
                header.index, ("ts", "app", "model", "status", "cost", "latency_ms")
            )
            for row in rows:
                sums = found.setdefault(f"{row[app]} {row[model]} {row[time_][:10]}", [0.0] * 12)
                sums[5] += float(row[cost])
                if row[status] != "success":
                    sums[1] += 1
                    continue
                sums[0] += 1
                for at, place in enumerate(places, 2):
                    sums[at] += int(row[place])
                sums[6] += float(row[latency])
        return found

    return read


def measure(way: str, name: str, path: Path) -> None:
    """Run one way in this process and print what it took."""
    read: Callable[[], Any] = globals()[way](name, path)
    started = time.process_time()
    found = read()
    seconds = time.process_time() - started
    print(json.dumps([seconds, found() if callable(found) else found]))


def run(way: str, name: str, path: Path) -> tuple[float, Rollup]:
    """Seconds and roll-up of one way, in a process of its own on one core."""
    core = str(max(os.sched_getaffinity(0)))
    command = ["taskset", "-c", core, sys.executable, "-m", "tests.benchmarks.bench_csv", way, name, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, rollup = json.loads(done.stdout.splitlines()[-1])
    return seconds, rollup


def table(name: str, path: Path, rows: int) -> None:
    """Measure every way on one table."""
    ways = [way for way in WAYS if name == "export" or not way.endswith("_dedupe")]
    turns = [{way: run(way, name, path) for way in ways} for _ in range(TURNS)]
    for turn in turns:
        for way in ways:
            if not agree(turn["leverwatch"][1], turn[way][1]):
                raise SystemExit(f"{way} disagrees with ours")
    seconds = {way: median(turn[way][0] for turn in turns) for way in ways}
    with path.open("rb") as file:
        share = run("given", name, path)[1][""][0] / sum(1 for _ in file)
    size = path.stat().st_size
    print(f"{name}: {rows:,} rows of {size // rows} bytes, {size >> 20} MiB; to Python {share:.2%}")
    print("  way                of DuckDB   records/s     MB/s")
    for way in ways:
        of = seconds["duckdb_dedupe" if way.endswith("_dedupe") else "duckdb"] / seconds[way]
        print(f"  {way:18} {of:9.2f} {rows / seconds[way]:11,.0f} {size / seconds[way] / 1e6:8.0f}", flush=True)


def main() -> None:
    """Print a table for each of the two."""
    if sys.argv[1:2] and sys.argv[1] in (*WAYS, "given"):
        measure(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
        return
    share = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    print(f"DuckDB {version('duckdb')}")
    with tempfile.TemporaryDirectory() as folder:
        for name in TABLES:
            path = Path(folder) / "table.csv"
            table(name, path, write_table(path, name, share))


if __name__ == "__main__":
    main()
