"""The memory that names take, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

_MOST = 115 << 10
"""KiB of a whole process. Interpreter and packages take 42,000; names up to 50,000, however many there are."""
_READ = """
import sys
from collections import Counter
from pathlib import Path
from tests.collectors.sources.files.tailing import Bench

bench, tallies = Bench(Path(sys.argv[1]), format=eval(sys.argv[2]), system="{app}"), Counter()
for batch in bench.collector.collect(bench.store.source_state()):
    bench.store.revision += 1
    tallies.update({result.value: number for result, number in batch.tallies.items()})
print(dict(tallies))
status = Path("/proc/self/status").read_text()
print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")))
"""
FIELDS = {"time": "ts", "model": "model", "request_id": "id"}
TIME = "2026-03-10T08:00:00Z"


def peak(folder: Path, kind: str, lines: Iterable[str]) -> tuple[str, int]:
    """What became of the lines of a log, and the KiB that it took."""
    with (folder / "a.jsonl").open("w") as file:
        file.writelines(f"{line}\n" for line in lines)
    settings = str({"type": kind, "fields": FIELDS})
    done = subprocess.run(
        [sys.executable, "-c", _READ, str(folder), settings], capture_output=True, text=True, check=True
    )
    tallies, kib = done.stdout.splitlines()
    return tallies, int(kib)


def test_very_many_long_names_of_systems_and_models_take_little_memory(tmp_path: Path) -> None:
    names = (f"{index:06d}".ljust(200, "x") for index in range(50_000))
    lines = (json.dumps({"ts": TIME, "app": name, "model": name[::-1]}) for name in names)
    tallies, kib = peak(tmp_path, "jsonl", lines)

    assert tallies == "{'counted': 50000}"
    assert kib < _MOST


def test_very_many_long_names_in_columns_take_little_memory(tmp_path: Path) -> None:
    names = (f"{index:06d}".ljust(200, "x") for index in range(40_000))
    lines = (f"{TIME},{name},{name[::-1]}," if number else "ts,app,model,id" for number, name in enumerate(names))
    tallies, kib = peak(tmp_path, "csv", lines)

    assert tallies == "{'ignored': 1, 'counted': 39999}"
    assert kib < _MOST


@pytest.mark.parametrize("key", ["app", "model"])
def test_names_that_are_refused_are_not_remembered(tmp_path: Path, key: str) -> None:
    names = (f"{index:06d}".ljust(1_000_000, "x") for index in range(300))
    lines = (json.dumps({"ts": TIME, "app": "a", "model": "m", key: name}) for name in names)
    tallies, kib = peak(tmp_path, "jsonl", lines)

    assert tallies == str({"unattributed" if key == "app" else "mistyped_field": 300})
    assert kib < _MOST
