"""Files whose content is replaced between or during two visits, by a content that resembles the old one."""

from __future__ import annotations

import gzip
import os
import shutil
from pathlib import Path

import pytest

from leverwatch.collectors.content.reader import FileReader
from leverwatch.collectors.interface import Result
from tests.collectors.sources.files.logs import csv_config
from tests.collectors.sources.files.tailing import Bench, append, copytruncate, line

PAD = "x" * 1200


def packed(path: Path, text: bytes) -> None:
    path.write_bytes(gzip.compress(text))


def plain(path: Path, text: bytes) -> None:
    path.write_bytes(text)


@pytest.mark.parametrize("write", [plain, packed])
def test_a_new_content_with_the_same_start_is_counted_whole(tmp_path: Path, write: object) -> None:
    assert callable(write)
    bench, log = Bench(tmp_path, path="app*", follow_rotated=False), tmp_path / "app"
    write(log, line("start", pad=PAD) + line("a1") + line("a2"))
    bench.collect()
    write(log, line("start", pad=PAD) + line("b1") + line("b2") + line("b3"))

    assert bench.settle() == {"start": 2, "a1": 1, "a2": 1, "b1": 1, "b2": 1, "b3": 1}


@pytest.mark.parametrize("write", [plain, packed])
def test_a_new_content_with_the_same_lines_before_the_position_is_counted_whole(
    tmp_path: Path, write: object
) -> None:
    assert callable(write)
    bench, log = Bench(tmp_path, path="app*", follow_rotated=False), tmp_path / "app"
    write(log, line("a1") + line("same", pad=PAD))
    bench.collect()
    write(log, line("b1") + line("same", pad=PAD) + line("c"))

    assert bench.settle() == {"a1": 1, "same": 2, "b1": 1, "c": 1}


def test_a_log_that_is_truncated_and_regrown_while_it_is_read_gives_no_line_of_the_mixture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, log = Bench(tmp_path), tmp_path / "app.jsonl"
    append(log, line("a1"))
    bench.collect()
    append(log, line("a2"))
    read, raced = FileReader.read, list[int]()

    def truncated_just_before(content: FileReader, size: int) -> bytes:
        if content.raw_position == len(line("a1")) and not raced:
            raced.append(1)
            copytruncate(log, tmp_path / "app.jsonl.1")
            append(log, line("much longer than before") + line("b"))
        return read(content, size)

    monkeypatch.setattr(FileReader, "read", truncated_just_before)
    bench.collect()

    assert raced == [1]
    assert bench.collect() == {"a1": 1, "a2": 1, "much longer than before": 1, "b": 1}
    assert bench.store.tallies == {Result.COUNTED: 4}


def test_a_counted_line_without_an_end_is_not_taken_for_another_of_its_length(tmp_path: Path) -> None:
    bench, log = Bench(tmp_path, follow_rotated=False), tmp_path / "app.jsonl"
    append(log, line("a")[:-1])
    assert bench.settle() == {"a": 1}
    os.truncate(log, 0)
    append(log, line("b"))

    assert bench.settle() == {"a": 1, "b": 1}


def test_a_copy_of_a_log_that_held_one_counted_line_without_an_end_counts_nothing(tmp_path: Path) -> None:
    bench, log = Bench(tmp_path), tmp_path / "app.jsonl"
    append(log, line("a")[:-1])
    assert bench.settle() == {"a": 1}
    shutil.copyfile(log, tmp_path / "copy.jsonl")

    assert bench.settle() == {"a": 1}


def test_a_header_that_is_replaced_before_any_record_came_is_read_anew(tmp_path: Path) -> None:
    bench, log = Bench(tmp_path, csv_config(path="*.csv")), tmp_path / "trace.csv"
    log.write_bytes(b"TIMESTAMP,ContextTokens,GeneratedTokens\n")
    bench.collect()
    log.write_bytes(b"GeneratedTokens,TIMESTAMP,ContextTokens\n5,2023-11-16 18:00:00,70\n")

    assert bench.collect() == {"code": 1}
    assert bench.store.input_tokens == 70


def test_of_two_files_that_may_go_on_with_a_lost_one_the_rotated_one_does(tmp_path: Path) -> None:
    bench, log = Bench(tmp_path, path="app.jsonl*"), tmp_path / "app.jsonl"
    append(log, line("started"))
    bench.collect()
    shutil.copyfile(log, tmp_path / "app.jsonl.1")
    (tmp_path / "next").write_bytes(line("started") + line("b"))
    (tmp_path / "next").replace(log)

    assert bench.collect() == {"started": 2, "b": 1}


def test_a_rotated_part_that_appears_some_runs_later_is_still_finished(tmp_path: Path) -> None:
    bench, log = Bench(tmp_path, path="app.jsonl"), tmp_path / "app.jsonl"
    append(log, line("a"))
    bench.collect()
    append(log, line("b"))
    text = log.read_bytes()
    log.unlink()
    assert bench.collect() == {"a": 1}
    packed(tmp_path / "app.jsonl.1.gz", text)

    assert bench.collect() == {"a": 1, "b": 1}


def test_a_log_that_came_and_was_rotated_away_between_two_runs_is_read(tmp_path: Path) -> None:
    bench, log = Bench(tmp_path, path="app.jsonl"), tmp_path / "app.jsonl"
    append(log, line("a"))
    bench.collect()
    log.rename(tmp_path / "app.jsonl-20260309")
    bench.collect()
    append(log, line("b"))
    log.rename(tmp_path / "app.jsonl-20260310")

    assert bench.collect() == {"a": 1, "b": 1}


def test_a_run_that_ends_before_its_batch_is_committed_is_read_again_by_the_same_process(tmp_path: Path) -> None:
    bench, log = Bench(tmp_path), tmp_path / "app.jsonl"
    append(log, line("a"))
    bench.collect()
    append(log, line("b"))
    running = bench.collector.collect(bench.store.source_state())
    next(running)
    running.close()  # type: ignore[attr-defined]  # a generator, which the protocol calls an iterator

    assert bench.collect() == {"a": 1, "b": 1}


@pytest.mark.parametrize("path", ["app.jsonl", "app.jsonl*"])
@pytest.mark.parametrize("unread", [0, 3])
def test_a_copy_in_the_inode_of_a_compressed_log_that_began_alike_goes_on_where_its_original_was(
    tmp_path: Path, path: str, unread: int
) -> None:
    bench, log, first = Bench(tmp_path, path=path), tmp_path / "app.jsonl", tmp_path / "app.jsonl.1"
    append(log, line("begins"))
    bench.collect()
    log.rename(first)
    append(log, line("begins") + line("a") * 40)
    bench.collect()
    append(log, line("b") * unread)
    (tmp_path / "app.jsonl.2.gz").write_bytes(gzip.compress(first.read_bytes()))
    # The very inode, whatever the file system would have chosen.
    copytruncate(log, first)
    append(log, line("c"))

    expected = {"begins": 2, "a": 40, "c": 1} | ({"b": unread} if unread else {})
    assert bench.collect() == expected
    bench.restart()
    assert bench.settle() == expected
