"""Compressed files that hold far more than their size allows."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from leverwatch.collectors.errors import SourceIncomplete
from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.framing.frames import FRAMES
from leverwatch.collectors.unpacking import FREE, MOST_RATIO, MOST_WINDOW
from leverwatch.collectors.unpacking_time import UnpackingTime
from tests.collectors.sources.files.tailing import Bench, line

PACKS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "zst": zstandard.ZstdCompressor(level=3).compress,
}
SAME = line("bomb", note="x" * 900)
EACH = pytest.mark.parametrize("ending", PACKS)
DENSEST = pytest.mark.parametrize("ending", ["zst"])
"""gzip stays below the bound whatever it holds."""


def bomb(folder: Path, ending: str, records: int) -> Path:
    """A compressed log of equal records."""
    path = folder / f"bomb.jsonl.{ending}"
    path.write_bytes(PACKS[ending](SAME * records))
    return path


def failed(bench: Bench) -> str:
    with pytest.raises(SourceIncomplete) as error:
        bench.collect()
    return str(error.value)


@DENSEST
def test_what_unpacks_to_too_much_is_counted_up_to_the_bound_and_said_by_name_in_every_run(
    tmp_path: Path, ending: str
) -> None:
    path = bomb(tmp_path, ending, 40_000)
    (tmp_path / "good.jsonl").write_bytes(line("good") * 3)
    bench = Bench(tmp_path, path="*.jsonl*")

    text = failed(bench)
    assert f"{path}: unpacks to more than {MOST_RATIO} times its size" in text
    counted = bench.store.counted()
    assert counted["good"] == 3
    most = (FREE + MOST_RATIO * path.stat().st_size) // len(SAME)
    assert most * 0.8 < counted["bomb"] <= most

    read = sum(batch.read for batch in bench.store.batches)
    assert failed(bench) == text
    bench.restart()
    assert failed(bench) == text
    assert bench.store.counted() == counted
    assert sum(batch.read for batch in bench.store.batches) == read == sum(counted.values())


@DENSEST
def test_what_was_left_unread_counts_once_when_a_person_unpacks_it(tmp_path: Path, ending: str) -> None:
    path = bomb(tmp_path, ending, 40_000)
    bench = Bench(tmp_path, path="*.jsonl*")
    failed(bench)
    (tmp_path / "bomb.jsonl").write_bytes(SAME * 40_000)

    failed(bench)  # until a run has seen that another file goes on where this one stopped
    assert bench.collect() == {"bomb": 40_000}
    path.unlink()
    assert bench.settle() == {"bomb": 40_000}
    bench.restart()
    assert bench.settle() == {"bomb": 40_000}


@DENSEST
def test_a_file_that_was_too_dense_and_has_become_another_one_is_read(tmp_path: Path, ending: str) -> None:
    path = bomb(tmp_path, ending, 40_000)
    bench = Bench(tmp_path, path="*.jsonl*")
    failed(bench)
    before = bench.store.counted()["bomb"]
    path.write_bytes(PACKS[ending](b"".join(line(f"new{number}") for number in range(100))))

    if before:  # the rest of what was begun is lost
        assert "it was replaced or truncated" in failed(bench)
    counted = bench.settle()
    assert counted.pop("bomb") == before
    assert counted == {f"new{number}": 1 for number in range(100)}


@EACH
def test_a_log_of_equal_records_is_read_whole_as_long_as_it_is_small(tmp_path: Path, ending: str) -> None:
    bomb(tmp_path, ending, FREE // len(SAME) - 10)

    assert Bench(tmp_path, path="*.jsonl*").settle() == {"bomb": FREE // len(SAME) - 10}


@EACH
def test_records_that_differ_stay_far_below_the_bound(tmp_path: Path, ending: str) -> None:
    records = [
        line(f"s{number % 7}", id=f"{number:08d}", usage={"prompt_tokens": number}) for number in range(150_000)
    ]
    path = tmp_path / f"log.jsonl.{ending}"
    path.write_bytes(PACKS[ending](b"".join(records)))

    assert sum(map(len, records)) > FREE
    assert sum(Bench(tmp_path, path="*.jsonl*").settle().values()) == 150_000


@DENSEST
def test_blank_lines_without_end_cost_nothing_but_their_own_file(tmp_path: Path, ending: str) -> None:
    (tmp_path / f"blank.jsonl.{ending}").write_bytes(PACKS[ending](b"\n" * (100 << 20)))
    (tmp_path / "good.jsonl").write_bytes(line("good"))
    bench = Bench(tmp_path, path="*.jsonl*")

    assert f"blank.jsonl.{ending}: unpacks to more" in failed(bench)
    assert bench.store.counted() == {"good": 1}
    assert bench.store.tallies[Result.IGNORED] >= FREE


@EACH
def test_a_file_that_costs_too_much_takes_a_share_of_each_run_and_is_counted_whole_in_the_end(
    tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leverwatch.collectors.unpacking_time.CPU_SECONDS", 0.0)
    monkeypatch.setattr("leverwatch.collectors.unpacking_time.CPU_SECONDS_PER_MIB", 0.0)
    records = 4_000
    path = tmp_path / f"dense.jsonl.{ending}"
    path.write_bytes(
        PACKS[ending](b"".join(line("dense", id=f"{number}", note="x" * 2_000) for number in range(records)))
    )
    (tmp_path / "good.jsonl").write_bytes(line("good"))
    bench = Bench(tmp_path, path="*.jsonl*")
    seen: list[float] = []

    while not seen or seen[-1] < records:
        assert f"{path}: takes far more CPU than its size lets expect; the rest is read in later runs" in failed(
            bench
        )
        seen.append(bench.store.counted()["dense"])
        if len(seen) == 2:
            bench.restart()

    assert len(seen) > 2
    assert seen == sorted(set(seen))
    assert bench.settle() == {"dense": records, "good": 1}


def test_a_run_spends_on_compressed_files_what_they_may_cost_together_and_not_on_others() -> None:
    now = [0.0]
    time = UnpackingTime(lambda: now[0])

    now[0] += 1000.0
    time.begin(1 << 20)
    now[0] += 69.0
    time.spend("a")
    now[0] += 1000.0
    time.begin(0)
    now[0] += 0.5
    time.spend("b")
    now[0] += 1.0
    with pytest.raises(OSError, match="far more CPU"):
        time.spend("b")


def test_a_zstd_frame_that_asks_for_too_much_memory_is_no_damage_and_is_said(tmp_path: Path) -> None:
    settings = zstandard.ZstdCompressionParameters(window_log=MOST_WINDOW.bit_length(), enable_ldm=True)
    noise = b"".join(line(f"s{number % 9}", id=f"{number * 2654435761 % 2**32:x}") for number in range(600_000))
    assert len(noise) > MOST_WINDOW
    wide = zstandard.ZstdCompressor(compression_params=settings).compress(noise)
    (tmp_path / "wide.jsonl.zst").write_bytes(wide)
    (tmp_path / "good.jsonl").write_bytes(line("good"))
    bench = Bench(tmp_path, path="*.jsonl*")

    assert "wide.jsonl.zst: needs more than 32 MiB of memory" in failed(bench)
    assert bench.store.counted() == {"good": 1}
    assert Result.TORN_LINE not in bench.store.tallies


def test_a_frame_that_unpacks_to_too_much_is_refused_alone() -> None:
    def frame(text: bytes) -> bytes:
        packed = zstandard.ZstdCompressor().compress(text)
        return len(packed).to_bytes(4, "big") + packed

    good = json.dumps({"a": 1}).encode()
    dense = b'{"a": "' + b"x" * 3_000_000 + b'"}'
    units = FRAMES.split(frame(good) + frame(dense) + frame(good))

    assert units.units == [good, good]
    assert [(line, result) for line, result, _ in units.refused] == [(1, Result.INVALID_LINE)]
