"""Files as they really arrive: dated folders, switched links, rights that come and go, streams that grow."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path

import pytest
import zstandard

from leverwatch.collectors.interface import Result
from tests.collectors.sources.files.tailing import Bench, append, line


def test_folders_and_names_with_dates_are_found_as_days_go_by(tmp_path: Path) -> None:
    bench = Bench(tmp_path, path=["dt=2026-*/hour=*/part-*.jsonl.gz", "app-2026????.jsonl"])
    expected: dict[str, int] = {}
    for number in range(4):
        day = date(2026, 3, 30) + timedelta(days=number)
        folder = tmp_path / f"dt={day}" / "hour=07"
        folder.mkdir(parents=True)
        (folder / "part-0.jsonl.gz").write_bytes(gzip.compress(line(f"gz{number}")))
        append(tmp_path / f"app-{day:%Y%m%d}.jsonl", line(f"app{number}"))
        expected |= {f"gz{number}": 1, f"app{number}": 1}
        assert bench.collect() == expected


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
def test_a_compressed_file_that_grows_by_pieces_counts_every_record_once(tmp_path: Path, kind: str) -> None:
    lines = [line(f"s{number}", pad="x" * (number % 97)) for number in range(300)]
    members = [b"".join(lines[start : start + 100]) for start in range(0, 300, 100)]
    pack = gzip.compress if kind == "gzip" else zstandard.ZstdCompressor().compress
    raw, bench = b"".join(pack(member) for member in members), Bench(tmp_path, path="*.jsonl.*")
    path = tmp_path / ("app.jsonl.gz" if kind == "gzip" else "app.jsonl.zst")
    seen = 0
    for start in range(0, len(raw), 211):
        append(path, raw[start : start + 211])
        counted = bench.collect()
        assert set(counted.values()) <= {1}
        assert len(counted) >= seen
        seen = len(counted)
    assert bench.collect() == {f"s{number}": 1 for number in range(300)}
    assert Result.TORN_LINE not in bench.store.tallies


def test_a_link_that_is_switched_to_the_next_file_costs_nothing_of_the_old_one(tmp_path: Path) -> None:
    bench, link = Bench(tmp_path, path="current.jsonl"), tmp_path / "current.jsonl"
    expected: dict[str, int] = {}
    for number in range(3):
        target = tmp_path / f"real-{number}.log"
        append(target, line(f"early{number}"))
        fresh = tmp_path / "fresh"
        fresh.symlink_to(target)
        fresh.rename(link)
        if number:
            append(tmp_path / f"real-{number - 1}.log", line(f"late{number - 1}"))
            expected[f"late{number - 1}"] = 1
        expected[f"early{number}"] = 1
        assert bench.collect() == expected


_LOSING_RIGHTS = """
import json, os, sys
from pathlib import Path
from leverwatch.collectors.errors import SourceIncomplete
from tests.collectors.sources.files.logs import config
from tests.collectors.sources.files.tailing import Bench, append, line

config()  # its model is built with the first one, out of files that only root may read where root's Python is used
if os.geteuid() == 0:
    # Root may read everything.
    os.setgid(65534)
    os.setuid(65534)
folder = Path(sys.argv[1])
closed, told = folder / sys.argv[2], []
(folder / "logs").mkdir()
bench = Bench(folder, path="logs/*.jsonl")

def collect():
    try:
        told.append([bench.collect(), ""])
    except SourceIncomplete as error:
        told.append([bench.store.counted(), str(error)])

def write(number):
    for name in ("a", "b"):
        append(folder / "logs" / f"{name}.jsonl", line(f"{name}{number}"))

write(1)
collect()
write(2)
mode = closed.stat().st_mode
closed.chmod(0)
collect()
bench.restart()
collect()
closed.chmod(mode)
collect()
print(json.dumps(told))
"""


@pytest.mark.parametrize(("closed", "meanwhile"), [("logs/b.jsonl", ["a1", "b1", "a2"]), ("logs", ["a1", "b1"])])
def test_rights_that_are_lost_and_come_back_cost_no_record(closed: str, meanwhile: list[str]) -> None:
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o777)
        done = subprocess.run(
            [sys.executable, "-c", _LOSING_RIGHTS, place, closed], capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stderr
    before, lost, restarted, back = json.loads(done.stdout)
    assert before == [{"a1": 1, "b1": 1}, ""]
    for counted, error in (lost, restarted):
        assert counted == dict.fromkeys(meanwhile, 1)
        assert f"{closed}: Permission denied" in error
    assert back == [{"a1": 1, "b1": 1, "a2": 1, "b2": 1}, ""]
