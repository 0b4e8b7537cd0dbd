from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
import zstandard

from leverwatch.collectors.interface import Result
from tests.collectors.sources.files.logs import csv_config
from tests.collectors.sources.files.tailing import Bench, append, compress, line

HEADER = b"TIMESTAMP,ContextTokens,GeneratedTokens\n"


def test_a_line_still_being_written_is_waited_for(tmp_path: Path) -> None:
    bench, log = Bench(tmp_path), tmp_path / "app.jsonl"
    whole = line("b")
    append(log, line("a") + whole[:20])
    assert bench.collect() == {"a": 1}
    append(log, whole[20:40])
    assert bench.collect() == {"a": 1}
    append(log, whole[40:])
    assert bench.collect() == {"a": 1, "b": 1}
    assert bench.store.tallies == {Result.COUNTED: 2}


def test_a_quiet_last_line_counts_once_and_its_newline_adds_nothing(tmp_path: Path) -> None:
    bench, log = Bench(tmp_path), tmp_path / "app.jsonl"
    append(log, line("a") + line("b")[:-1])
    assert bench.collect() == {"a": 1}
    assert bench.settle() == {"a": 1, "b": 1}
    bench.restart()
    assert bench.settle() == {"a": 1, "b": 1}
    append(log, b"\n" + line("c"))
    assert bench.collect() == {"a": 1, "b": 1, "c": 1}
    assert bench.store.tallies == {Result.COUNTED: 3}


def test_a_counted_last_line_that_goes_on_is_taken_back_and_read_again(tmp_path: Path) -> None:
    bench, log = Bench(tmp_path, csv_config(path="*.csv")), tmp_path / "trace.csv"
    append(log, HEADER + b"2023-11-16 18:00:00,100,1\n2023-11-16 18:00:01,20,3")
    assert bench.settle() == {"code": 2}
    assert bench.store.input_tokens == 120
    append(log, b"7\n")
    assert bench.collect() == {"code": 2}
    assert bench.store.input_tokens == 120
    rows = [row for row in bench.store.batches[-1].usage if row.output_tokens]
    assert sum(row.output_tokens for row in rows) == 34


@pytest.mark.parametrize("quiet", [False, True])
@pytest.mark.parametrize("replaced", [False, True])
@pytest.mark.parametrize("cut", [20, len(HEADER), len(HEADER) + 10, len(HEADER) + 24, len(HEADER) + 44])
def test_a_file_that_arrives_in_two_halves_cut_in_a_line_is_exact(
    tmp_path: Path, quiet: bool, replaced: bool, cut: int
) -> None:
    bench, log = Bench(tmp_path, csv_config(path="*.csv")), tmp_path / "trace.csv"
    whole = HEADER + b"2023-11-16 18:00:00,100,10\n2023-11-16 18:00:01,23,30\n2023-11-16 18:00:02,7,7"
    log.write_bytes(whole[:cut])
    bench.collect()
    if quiet:
        bench.settle()
    if replaced:
        (tmp_path / "new").write_bytes(whole)
        (tmp_path / "new").replace(log)
    else:
        append(log, whole[cut:])
    bench.collect()
    assert bench.settle() == {"code": 3}
    assert bench.settle() == {"code": 3}
    assert bench.store.input_tokens == 130
    assert bench.store.tallies[Result.IGNORED] == 1 or (replaced and cut == len(HEADER))


def test_a_counted_last_line_that_goes_on_without_an_end_is_waited_for_again(tmp_path: Path) -> None:
    bench, log = Bench(tmp_path, csv_config(path="*.csv")), tmp_path / "trace.csv"
    append(log, HEADER + b"2023-11-16 18:00:00,1,3")
    assert bench.settle() == {"code": 1}
    append(log, b"7")
    os.utime(log, (bench.now().timestamp(), bench.now().timestamp()))
    assert bench.collect() == {}
    assert bench.settle() == {"code": 1}
    assert sum(row.output_tokens for batch in bench.store.batches for row in batch.usage) == 37


def test_a_crash_while_a_counted_line_is_taken_back_is_exact(tmp_path: Path) -> None:
    bench, log = Bench(tmp_path, csv_config(path="*.csv")), tmp_path / "trace.csv"
    append(log, HEADER + b"2023-11-16 18:00:00,1,3")
    bench.settle()
    append(log, b"7\n2023-11-16 18:00:01,1,4\n")
    bench.crash(1, committed=False)
    assert bench.collect() == {"code": 2}
    assert bench.store.input_tokens == 2


def test_an_mtime_in_the_future_does_not_hold_a_last_line_back_for_ever(tmp_path: Path) -> None:
    bench, log = Bench(tmp_path), tmp_path / "app.jsonl"
    append(log, line("a")[:-1])
    os.utime(log, (4e9, 4e9))
    assert bench.collect() == {}
    assert bench.settle() == {"a": 1}


def test_the_last_line_of_a_file_that_was_renamed_counts_at_once(tmp_path: Path) -> None:
    bench, log = Bench(tmp_path), tmp_path / "app.jsonl"
    append(log, line("a") + line("b")[:-1])
    assert bench.collect() == {"a": 1}
    log.rename(tmp_path / "app.jsonl.1")
    append(log, line("c"))
    assert bench.collect() == {"a": 1, "b": 1, "c": 1}


def test_a_writer_that_finishes_its_line_after_the_rename_is_counted_once(tmp_path: Path) -> None:
    bench, log = Bench(tmp_path), tmp_path / "app.jsonl"
    whole = line("b", pad="x")
    append(log, line("a") + whole[:30])
    bench.collect()
    log.rename(tmp_path / "app.jsonl.1")
    bench.collect()
    append(tmp_path / "app.jsonl.1", whole[30:] + line("c"))
    assert bench.collect() == {"a": 1, "b": 1, "c": 1}
    assert bench.store.tallies == {Result.COUNTED: 3}


def test_the_last_line_of_a_compressed_file_counts_at_once(tmp_path: Path) -> None:
    bench = Bench(tmp_path, path="*.gz")
    (tmp_path / "app.gz").write_bytes(gzip.compress(line("a") + line("b")[:-1]))
    assert bench.collect() == {"a": 1, "b": 1}
    assert bench.settle() == {"a": 1, "b": 1}


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_a_compressed_file_that_is_cut_short_is_reported_once_when_it_is_quiet(
    tmp_path: Path, suffix: str
) -> None:
    bench = Bench(tmp_path, path=f"*.{suffix}")
    text = b"".join(line(f"s{number}", pad=os.urandom(300).hex()) for number in range(1000))
    data = gzip.compress(text) if suffix == "gz" else zstandard.ZstdCompressor().compress(text)
    log = tmp_path / f"app.{suffix}"
    log.write_bytes(data[: len(data) // 2])
    some = bench.collect()
    assert 100 < len(some) < 1000
    assert Result.TORN_LINE not in bench.store.tallies
    assert bench.settle() == some
    bench.restart()
    assert bench.settle() == some
    assert bench.store.tallies[Result.TORN_LINE] == 1
    append(log, data[len(data) // 2 :])
    assert bench.settle() == {f"s{number}": 1 for number in range(1000)}


def test_a_damaged_compressed_file_keeps_the_lines_before_the_damage(tmp_path: Path) -> None:
    bench = Bench(tmp_path, path="*.gz")
    text = b"".join(line(f"s{number}", pad=os.urandom(300).hex()) for number in range(1000))
    data = bytearray(gzip.compress(text))
    data[len(data) // 2 : len(data) // 2 + 2000] = b"\xff" * 2000
    (tmp_path / "app.gz").write_bytes(data)
    some = bench.settle()
    assert 100 < len(some) < 1000
    assert all(number == 1 for number in some.values())
    bench.settle()
    assert bench.store.tallies[Result.TORN_LINE] == 1


def test_a_counted_last_line_survives_compression_and_goes_on_in_a_later_member(tmp_path: Path) -> None:
    bench, log = Bench(tmp_path, path="*.jsonl*"), tmp_path / "app.jsonl"
    append(log, line("a") + line("b")[:-1])
    assert bench.settle() == {"a": 1, "b": 1}
    packed = compress(log)
    assert bench.settle() == {"a": 1, "b": 1}
    append(packed, gzip.compress(b"\n" + line("c")))
    assert bench.settle() == {"a": 1, "b": 1, "c": 1}
