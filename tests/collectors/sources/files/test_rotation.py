from __future__ import annotations

import gzip
import os
import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from leverwatch.collectors.errors import SourceIncomplete
from leverwatch.collectors.paths import Found
from leverwatch.collectors.sources.files.matching import Comparison, compare
from tests.collectors.sources.files.tailing import (
    Bench,
    append,
    compress,
    compress_bzip2,
    compress_xz,
    compress_zstd,
    copytruncate,
    line,
)


def many(prefix: str, number: int) -> bytes:
    return b"".join(line(f"{prefix}{index}") for index in range(number))


def all_once(**counts: int) -> dict[str, int]:
    return {f"{prefix}{index}": 1 for prefix, number in counts.items() for index in range(number)}


@pytest.mark.parametrize("path", ["app.jsonl", "app.jsonl*"])
@pytest.mark.parametrize("finish", [None, compress, compress_zstd, compress_bzip2, compress_xz])
def test_a_log_that_is_renamed_is_finished_and_not_counted_again(
    tmp_path: Path, path: str, finish: object
) -> None:
    bench, log = Bench(tmp_path, path=path), tmp_path / "app.jsonl"
    append(log, many("a", 40))
    bench.collect()
    append(log, many("b", 40))
    log.rename(tmp_path / "app.jsonl.1")
    append(log, many("c", 5))
    if callable(finish):
        finish(tmp_path / "app.jsonl.1")
    assert bench.collect() == all_once(a=40, b=40, c=5)
    assert bench.settle() == all_once(a=40, b=40, c=5)


@pytest.mark.parametrize("path", ["app.jsonl", "app.jsonl*"])
@pytest.mark.parametrize("finish", [None, compress, compress_zstd, compress_bzip2, compress_xz])
def test_a_log_that_is_copied_and_truncated_is_finished(tmp_path: Path, path: str, finish: object) -> None:
    bench, log = Bench(tmp_path, path=path), tmp_path / "app.jsonl"
    append(log, many("a", 40))
    bench.collect()
    append(log, many("b", 3))
    copytruncate(log, tmp_path / "app.jsonl.1")
    if callable(finish):
        finish(tmp_path / "app.jsonl.1")
    assert bench.collect() == all_once(a=40, b=3)
    append(log, many("c", 5))
    assert bench.collect() == all_once(a=40, b=3, c=5)


@pytest.mark.parametrize("path", ["app.jsonl", "app.jsonl*"])
def test_a_truncated_log_that_has_regrown_past_its_position_is_new_content(tmp_path: Path, path: str) -> None:
    bench, log = Bench(tmp_path, path=path), tmp_path / "app.jsonl"
    append(log, many("a", 3))
    bench.collect()
    append(log, many("b", 3))
    copytruncate(log, tmp_path / "app.jsonl.1")
    append(log, many("c", 300))
    assert bench.collect() == all_once(a=3, b=3, c=300)


@pytest.mark.parametrize("path", ["app.jsonl", "app.jsonl*"])
def test_truncation_and_regrowth_to_the_same_size_at_the_same_time_is_noticed(tmp_path: Path, path: str) -> None:
    bench, log = Bench(tmp_path, path=path), tmp_path / "app.jsonl"
    append(log, many("a", 3))
    bench.collect()
    before = log.stat()
    copytruncate(log, tmp_path / "app.jsonl.1")
    append(log, many("c", 3))
    os.utime(log, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert bench.collect() == all_once(a=3, c=3)


@pytest.mark.parametrize("path", ["app.jsonl", "app.jsonl*"])
@pytest.mark.parametrize("regrown", [0, 1, 300])
@pytest.mark.parametrize("finish", [None, compress_zstd])
def test_a_log_that_was_emptied_before_its_only_line_had_an_end_is_finished_in_its_copy(
    tmp_path: Path, path: str, regrown: int, finish: object
) -> None:
    bench, log = Bench(tmp_path, path=path), tmp_path / "app.jsonl"
    append(log, many("a", 1).rstrip())
    bench.collect()
    copytruncate(log, tmp_path / "app.jsonl.1")
    if callable(finish):
        finish(tmp_path / "app.jsonl.1")
    append(log, many("c", regrown))
    bench.collect()

    assert bench.settle() == all_once(a=1, c=regrown)


@pytest.mark.parametrize("path", ["app.jsonl", "app.jsonl*"])
def test_a_log_whose_only_line_goes_on_is_no_new_one_and_what_lies_beside_it_is_left(
    tmp_path: Path, path: str
) -> None:
    bench, log = Bench(tmp_path, path=path), tmp_path / "app.jsonl"
    whole = many("a", 1)
    append(log, whole[:20])
    bench.collect()
    append(log, whole[20:30])
    bench.collect()
    append(log, whole[30:] + many("b", 2))

    assert bench.collect() == all_once(a=1, b=2)


def test_a_copy_in_progress_waits_until_the_original_is_truncated(tmp_path: Path) -> None:
    bench, log = Bench(tmp_path, path="*.jsonl*"), tmp_path / "app.jsonl"
    text = many("a", 100)
    append(log, text)
    bench.collect()
    copy = tmp_path / "app.jsonl.1"
    for end in (10, 200, 1500, 4000, len(text)):
        copy.write_bytes(text[:end])
        assert bench.settle() == all_once(a=100)
    os.truncate(log, 0)
    assert bench.collect() == all_once(a=100)
    append(log, many("b", 2))
    assert bench.collect() == all_once(a=100, b=2)


def test_a_copy_whose_original_is_written_anew_before_the_two_are_compared_counts_nothing_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, log = Bench(tmp_path), tmp_path / "app.jsonl"
    append(log, many("a", 40))
    bench.collect()
    shutil.copyfile(log, tmp_path / "app-1.jsonl")

    def compare_late(first: Found, second: Found, *, documents: bool) -> Comparison:
        # The run has found both files by now; the rotation of the log takes its second step only here.
        os.truncate(log, 0)
        append(log, many("b", 3))
        return compare(first, second, documents=documents)

    with monkeypatch.context() as late:
        late.setattr("leverwatch.collectors.sources.files.matching.compare", compare_late)
        assert bench.collect() == all_once(a=40)
    append(tmp_path / "app-1.jsonl", many("c", 2))
    assert bench.settle() == all_once(a=40, b=3, c=2)


def test_a_copy_that_ends_before_what_was_read_counts_nothing_again(tmp_path: Path) -> None:
    bench, log = Bench(tmp_path, path="*.jsonl*"), tmp_path / "app.jsonl"
    append(log, many("a", 90))
    shutil.copyfile(log, tmp_path / "app.jsonl.1")
    append(log, many("b", 10))
    bench.collect()
    os.truncate(log, 0)
    bench.restart()
    assert bench.settle() == all_once(a=90, b=10)
    append(log, many("c", 1))
    assert bench.settle() == all_once(a=90, b=10, c=1)


def test_a_copy_at_first_sight_counts_once(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    append(tmp_path / "a.jsonl", many("a", 100))
    shutil.copyfile(tmp_path / "a.jsonl", tmp_path / "b.jsonl")
    assert bench.collect() == all_once(a=100)


def test_a_copy_that_grows_differently_is_another_file(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    append(tmp_path / "a.jsonl", line("both"))
    assert bench.collect() == {"both": 1}
    shutil.copyfile(tmp_path / "a.jsonl", tmp_path / "b.jsonl")
    assert bench.collect() == {"both": 1}
    append(tmp_path / "a.jsonl", line("a"))
    append(tmp_path / "b.jsonl", line("b"))
    assert bench.collect() == {"both": 2, "a": 1, "b": 1}


def test_a_backup_copy_of_a_growing_log_never_counts(tmp_path: Path) -> None:
    bench, log = Bench(tmp_path, path="*.jsonl*"), tmp_path / "app.jsonl"
    append(log, many("a", 50))
    bench.collect()
    shutil.copyfile(log, tmp_path / "backup.jsonl")
    append(log, many("b", 50))
    bench.collect()
    log.unlink()
    bench.restart()
    assert bench.settle() == all_once(a=50, b=50)


def test_a_log_that_is_replaced_by_its_own_longer_copy_goes_on(tmp_path: Path) -> None:
    bench, log = Bench(tmp_path), tmp_path / "app.jsonl"
    append(log, many("a", 50))
    bench.collect()
    (tmp_path / "partial").write_bytes(log.read_bytes() + many("b", 5))
    (tmp_path / "partial").replace(log)
    assert bench.collect() == all_once(a=50, b=5)


def test_a_log_that_is_written_anew_from_its_start_goes_on_at_its_position(tmp_path: Path) -> None:
    bench, log = Bench(tmp_path), tmp_path / "app.jsonl"
    text = many("a", 100)
    append(log, text[: len(text) // 2])
    before = bench.collect()
    for end in (0, 30, 700, len(text) // 4, len(text)):
        log.write_bytes(text[:end])
        with suppress(SourceIncomplete):  # while it is too short to show what it is
            bench.collect()
        assert before.items() <= bench.store.counted().items()
    assert bench.settle() == all_once(a=100)


def test_an_inode_that_is_used_again_is_another_file(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    append(tmp_path / "a.jsonl", many("a", 3))
    bench.collect()
    (tmp_path / "a.jsonl").write_bytes(many("b", 7))
    with pytest.raises(SourceIncomplete, match=r"a\.jsonl: it was replaced or truncated"):
        bench.collect()
    assert bench.collect() == all_once(a=3, b=7)
    (tmp_path / "a.jsonl").rename(tmp_path / "c.jsonl")
    (tmp_path / "c.jsonl").write_bytes(many("c", 2))
    assert bench.collect() == all_once(a=3, b=7, c=2)


def test_a_log_rotated_twice_since_the_last_visit_is_read_whole(tmp_path: Path) -> None:
    bench, log = Bench(tmp_path, path="app.jsonl"), tmp_path / "app.jsonl"
    append(tmp_path / "app.jsonl.2.gz", gzip.compress(many("old", 9)))
    os.utime(tmp_path / "app.jsonl.2.gz", (1e9, 1e9))
    append(log, many("a", 3))
    bench.collect()
    append(log, many("b", 3))
    log.rename(tmp_path / "app.jsonl.2")
    append(log, many("c", 3))
    log.rename(tmp_path / "app.jsonl.1")
    append(log, many("d", 3))
    append(tmp_path / "app.jsonl.bak", many("bak", 3))
    bench.restart()
    assert bench.collect() == all_once(a=3, b=3, c=3, d=3)
    (tmp_path / "app.jsonl.1").rename(tmp_path / "app.jsonl.3")
    compress(tmp_path / "app.jsonl.3")
    log.rename(tmp_path / "app.jsonl.1")
    assert bench.settle() == all_once(a=3, b=3, c=3, d=3)


def test_a_rotation_of_a_log_that_held_half_a_line_only_is_followed(tmp_path: Path) -> None:
    bench, log = Bench(tmp_path, path="app.jsonl"), tmp_path / "app.jsonl"
    append(log, line("a")[:25])
    assert bench.collect() == {}
    append(log, line("a")[25:])
    log.rename(tmp_path / "app.jsonl.1")
    append(log, line("b"))
    assert bench.collect() == {"a": 1, "b": 1}


def test_half_a_line_that_was_all_of_a_log_is_found_in_its_compressed_form(tmp_path: Path) -> None:
    bench, log = Bench(tmp_path, path="app.jsonl"), tmp_path / "app.jsonl"
    append(log, line("a")[:-1])
    os.utime(log, (4e9, 4e9))
    assert bench.collect() == {}
    packed = compress(log)
    os.utime(packed, (1e9, 1e9))
    assert bench.collect() == {"a": 1}


def test_rotated_files_are_left_alone_when_they_are_not_to_be_followed(tmp_path: Path) -> None:
    bench, log = Bench(tmp_path, path="app.jsonl", follow_rotated=False), tmp_path / "app.jsonl"
    append(log, many("a", 3))
    bench.collect()
    append(log, many("b", 3))
    log.rename(tmp_path / "app.jsonl.1")
    append(log, many("c", 3))
    assert bench.collect() == all_once(a=3, c=3)


def test_dated_files_are_followed_one_after_the_other(tmp_path: Path) -> None:
    bench = Bench(tmp_path, path="app-*.jsonl*")
    append(tmp_path / "app-2026-03-10.jsonl", many("a", 3))
    bench.collect()
    append(tmp_path / "app-2026-03-10.jsonl", many("b", 3))
    append(tmp_path / "app-2026-03-11.jsonl", many("c", 3))
    assert bench.collect() == all_once(a=3, b=3, c=3)
    compress(tmp_path / "app-2026-03-10.jsonl")
    append(tmp_path / "app-2026-03-11.jsonl", many("d", 3))
    assert bench.collect() == all_once(a=3, b=3, c=3, d=3)


def test_the_target_a_link_no_longer_leads_to_is_finished(tmp_path: Path) -> None:
    bench, link = Bench(tmp_path, path="current.jsonl"), tmp_path / "current.jsonl"
    (tmp_path / "data").mkdir()
    first, second = tmp_path / "data" / "one.log", tmp_path / "data" / "two.log"
    append(first, line("a"))
    link.symlink_to(first)
    assert bench.collect() == {"a": 1}
    append(first, line("b") + line("c")[:-1])
    append(second, line("d"))
    link.unlink()
    link.symlink_to(second)
    bench.restart()
    assert bench.collect() == {"a": 1, "b": 1, "c": 1, "d": 1}


def test_the_next_log_may_begin_with_the_very_lines_of_the_one_before(tmp_path: Path) -> None:
    bench, log = Bench(tmp_path, path="app.jsonl"), tmp_path / "app.jsonl"
    append(log, line("a"))
    bench.collect()
    log.rename(tmp_path / "app.jsonl.1")
    append(log, line("a") + line("a"))
    assert bench.collect() == {"a": 3}
    compress(tmp_path / "app.jsonl.1")
    assert bench.settle() == {"a": 3}


@pytest.mark.parametrize("seen", [0, 1, 20], ids=["nothing", "a byte", "half a line"])
@pytest.mark.parametrize("before", ["kept", "compressed", "deleted"])
def test_a_log_seen_before_its_first_line_was_whole_is_not_taken_for_a_copy_of_the_one_before(
    tmp_path: Path, before: str, seen: int
) -> None:
    bench, log, old = Bench(tmp_path, path="app.jsonl"), tmp_path / "app.jsonl", tmp_path / "app.jsonl.1"
    append(log, line("a"))
    bench.collect()
    log.rename(old)
    append(log, line("a")[:seen])
    bench.collect()
    append(log, line("a")[seen:])
    log.rename(tmp_path / "app.jsonl.2")
    if before == "compressed":
        compress(old)
    elif before == "deleted":
        old.unlink()
    append(log, line("b"))
    bench.restart()

    assert bench.collect() == {"a": 2, "b": 1}
    compress(tmp_path / "app.jsonl.2")
    assert bench.settle() == {"a": 2, "b": 1}


def test_a_copy_in_the_inode_of_an_empty_log_that_was_deleted_counts_nothing(tmp_path: Path) -> None:
    bench, log, old = Bench(tmp_path, path="app.jsonl"), tmp_path / "app.jsonl", tmp_path / "app.jsonl.1"
    append(log, line("a"))
    bench.collect()
    log.rename(old)
    log.touch()
    bench.collect()
    # The very inode, whatever the file system would have chosen.
    log.write_bytes(gzip.compress(old.read_bytes()))
    log.rename(tmp_path / "app.jsonl.1.gz")

    assert bench.settle() == {"a": 1}


def test_a_log_that_is_truncated_while_it_is_read_is_not_mixed_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, log = Bench(tmp_path, path="app.jsonl"), tmp_path / "app.jsonl"
    append(log, many("a", 5))
    bench.collect()
    append(log, many("b", 5))
    before = log.read_bytes()
    real = os.pread
    raced: list[int] = []

    def racing(file: int, size: int, offset: int) -> bytes:
        if size == len(before) - len(many("a", 5)) and not raced:
            raced.append(offset)
            copytruncate(log, tmp_path / "app.jsonl.1")
            append(log, many("c", 50))
        return real(file, size, offset)

    monkeypatch.setattr(os, "pread", racing)
    bench.collect()
    assert raced
    assert bench.collect() == all_once(a=5, b=5, c=50)


def test_a_log_that_leaves_and_comes_back_is_not_counted_again(tmp_path: Path) -> None:
    bench, log = Bench(tmp_path), tmp_path / "app.jsonl"
    append(log, many("a", 50))
    bench.collect()
    log.rename(tmp_path / "elsewhere")
    bench.collect()
    bench.restart()
    (tmp_path / "elsewhere").rename(log)
    append(log, line("b"))
    assert bench.collect() == all_once(a=50) | {"b": 1}


def test_a_file_that_the_glob_no_longer_matches_is_left_alone_and_goes_on_when_it_does_again(
    tmp_path: Path,
) -> None:
    bench, log = Bench(tmp_path), tmp_path / "app.jsonl"
    append(log, many("a", 5))
    bench.collect()
    append(log, many("b", 5))
    included, bench.settings = bench.settings, bench.settings.model_copy(update={"path": "other*"})
    bench.restart()
    assert bench.collect() == all_once(a=5)
    bench.settings = included
    bench.restart()
    assert bench.collect() == all_once(a=5, b=5)


def test_hard_and_symbolic_links_are_one_file(tmp_path: Path) -> None:
    bench, log = Bench(tmp_path), tmp_path / "app.jsonl"
    append(log, line("a"))
    (tmp_path / "hard.jsonl").hardlink_to(log)
    (tmp_path / "soft.jsonl").symlink_to(log)
    assert bench.collect() == {"a": 1}
    log.unlink()
    append(tmp_path / "hard.jsonl", line("b"))
    assert bench.collect() == {"a": 1, "b": 1}
