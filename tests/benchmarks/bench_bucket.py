"""A bucket of 100,000 objects over 100 days: what the first run and a run with nothing new cost, beside the listings of
boto3 and s3fs where these are installed. Every row is a process of its own.

python -m tests.benchmarks.bench_bucket
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

from tests.collectors.sources.bucket.bench import NOW, Bench, record
from tests.collectors.sources.bucket.s3 import BUCKET, KEY_ID, S3, SECRET, s3

DAYS, A_DAY = 100, 1000
LAST = NOW.date()
_KEPT = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_DEFAULT_REGION": "us-east-1"}


def fill(server: S3) -> None:
    """Put one record into each object."""
    for number in range(DAYS * A_DAY):
        day = LAST - timedelta(days=DAYS - 1 - number // A_DAY)
        body = record(number, at=f"{day}T08:00:00Z")
        server.objects[key(day, number)] = server.made(body, datetime.combine(day, NOW.timetz()))
    server.sort()


def key(day: date, number: int) -> str:
    return f"app/{day:%Y/%m/%d}/{number:07}.json"


class Server:
    """The bucket as another process has it; only its address is known."""

    def __init__(self, url: str) -> None:
        self.url = url

    def forget(self) -> None:
        """It counts for the process that made it."""


def peak() -> float:
    """The most memory that this process had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run(url: str, folder: str, kind: str) -> None:
    """One row, in a process of its own; prints MB before, the most of it, seconds, and what was found."""
    found = 0
    before, started = 0.0, time.monotonic()
    if kind in ("first", "again"):
        bench = Bench(Server(url), Path(folder), history=f"{DAYS}d")  # type: ignore[arg-type]  # its address is enough
        bench.seconds_an_object = 0.005
        if kind == "again":
            import pickle

            bench.store.state, bench.store.revision = pickle.loads((Path(folder) / "state").read_bytes())  # noqa: S301
        before, started = peak(), time.monotonic()
        # As the runner does: of a batch nothing is kept.
        for batch in bench.collector.collect(bench.store.source_state()):
            bench.store.apply(batch)
            bench.store.batches.clear()
        found = bench.counted().get("bot", 0)
        if kind == "first":
            import pickle

            (Path(folder) / "state").write_bytes(pickle.dumps((bench.store.state, bench.store.revision)))
    elif kind == "boto3":
        import boto3

        client = boto3.client("s3", endpoint_url=url)
        before, started = peak(), time.monotonic()
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        found = sum(len(page["Contents"]) for page in pages)
    else:
        import s3fs

        files = s3fs.S3FileSystem(endpoint_url=url)
        before, started = peak(), time.monotonic()
        found = len(files.find(BUCKET))
    print(before, peak(), time.monotonic() - started, found)


def row(server: S3, folder: str, name: str, kind: str) -> str:
    server.forget()
    command = [sys.executable, "-m", "tests.benchmarks.bench_bucket", server.url, folder, kind]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **_KEPT})
    before, most, seconds, found = map(float, done.stdout.split())
    asked = f"{len(server.listings)} listings" + (f", {len(server.reads):,} objects" if server.reads else "")
    size = f"{server.sent / 1e6:.2f} MB" if server.sent >= 1e6 else f"{server.sent / 1e3:.1f} kB"
    return (
        f"{name:<44}{asked:<32}{size:>10}{most - before:>9.0f} MB{most:>9.0f} MB{seconds:>9.2f} s{int(found):>9,} found"
    )


def main(print_row: Callable[[str], object] = print) -> None:
    with s3() as server, tempfile.TemporaryDirectory() as folder:
        fill(server)
        print_row(f"{'':<44}{'requests':<32}{'answers':>10}{'added':>12}{'whole':>12}")
        print_row(row(server, folder, "leverwatch, the first run, objects read", "first"))
        print_row(row(server, folder, "leverwatch, a run with nothing new", "again"))
        for kind in ("boto3", "s3fs"):
            if find_spec(kind) is not None:
                print_row(row(server, folder, f"{kind}, a listing", kind))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        run(*sys.argv[1:])
    else:
        main()
