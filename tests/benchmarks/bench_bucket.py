"""A bucket of 100,000 objects over 100 days: what the first run and a run with nothing new cost.

Beside it are the listings of boto3 and s3fs. Every row is a process of its own; memory is the most that it had,
and what of that the run added.

python -m tests.benchmarks.bench_bucket

s3fs needs another release of Amazon's library than the tests: S3FS_PYTHON is a Python that has it.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
import time
from datetime import date, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

from tests.collectors.sources.bucket.bench import NOW, Bench, record
from tests.collectors.sources.bucket.s3 import BUCKET, KEY_ID, S3, SECRET, s3

DAYS, A_DAY = 100, 1000
LAST = NOW.date()
_ENVIRONMENT = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_DEFAULT_REGION": "us-east-1"}
_PEAK = """
import re, sys, time
def peak(name="VmHWM"):
    return int(re.search(name + r":\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024
"""
_BOTO3 = (
    _PEAK
    + """
import boto3
client = boto3.client("s3", endpoint_url=sys.argv[1])
before = peak("VmRSS")
pages = client.get_paginator("list_objects_v2").paginate(Bucket=sys.argv[2])
found = sum(len(page["Contents"]) for page in pages)
print(before, peak(), time.process_time(), found)
"""
)
_S3FS = (
    _PEAK
    + """
import s3fs
files = s3fs.S3FileSystem(endpoint_url=sys.argv[1])
before = peak("VmRSS")
found = len(files.find(sys.argv[2]))
print(before, peak(), time.process_time(), found)
"""
)


def fill(server: S3) -> None:
    """Put one record into each object."""
    for number in range(DAYS * A_DAY):
        day = LAST - timedelta(days=DAYS - 1 - number // A_DAY)
        body = record(number, at=f"{day}T08:00:00Z")
        server.objects[_key(day, number)] = server.made(body, datetime.combine(day, NOW.timetz()))
    server.sort()


def _key(day: date, number: int) -> str:
    return f"app/{day:%Y/%m/%d}/{number:07}.json"


class _Elsewhere:
    """The bucket as another process has it; only its address is known."""

    def __init__(self, url: str) -> None:
        self.url = url


def run(url: str, folder: str, kind: str) -> None:
    """One run of the source; prints MB before and at most, seconds of CPU, and what is counted."""
    found: dict[str, object] = {}
    exec(_PEAK, found)  # noqa: S102 - the same as in the other rows
    peak = found["peak"]
    assert callable(peak)
    bench = Bench(_Elsewhere(url), Path(folder), history=f"{DAYS - 1}d")  # type: ignore[arg-type]  # its address is enough
    bench.seconds_an_object = 0.005
    stored = Path(folder) / "state"
    if kind == "again":
        bench.store.state, bench.store.revision = pickle.loads(stored.read_bytes())  # noqa: S301 - written below
    before, started = peak("VmRSS"), time.process_time()
    for batch in bench.collector.collect(bench.store.source_state()):
        bench.store.apply(batch)
        bench.store.batches.clear()  # as the agent, which keeps none
    stored.write_bytes(pickle.dumps((bench.store.state, bench.store.revision)))
    print(before, peak(), time.process_time() - started, bench.counted().get("bot", 0))


def row(server: S3, name: str, *command: str) -> str:
    """What one process costs, in a line."""
    server.forget()
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **_ENVIRONMENT})
    before, most, seconds, found = map(float, done.stdout.split())
    asked = f"{len(server.listings)} listings" + (f", {len(server.reads):,} objects" if server.reads else "")
    size = f"{server.sent / 1e6:.1f} MB" if server.sent >= 1e6 else f"{server.sent / 1e3:.1f} kB"
    memory = f"{most - before:>9.0f} MB{most:>9.0f} MB"
    return f"{name:<40}{asked:<32}{size:>10}{memory}{seconds:>9.2f} s{int(found):>10,}"


def main() -> None:
    """Print all rows."""
    with s3() as server, tempfile.TemporaryDirectory() as folder:
        fill(server)
        print(f"{'':<40}{'requests':<32}{'answers':>10}{'added':>12}{'at most':>12}{'CPU':>11}{'found':>10}")
        own = (sys.executable, "-m", "tests.benchmarks.bench_bucket", server.url, folder)
        print(row(server, "leverwatch, first run, all is read", *own, "first"))
        print(row(server, "leverwatch, nothing new", *own, "again"))
        if find_spec("boto3") is not None:
            print(row(server, "boto3, a listing", sys.executable, "-c", _BOTO3, server.url, BUCKET))
        if python := os.environ.get("S3FS_PYTHON"):
            print(row(server, "s3fs, a listing", python, "-c", _S3FS, server.url, BUCKET))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        run(*sys.argv[1:])
    else:
        main()
