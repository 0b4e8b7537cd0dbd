from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest

from leverwatch.collectors.errors import SourceIncomplete, SourceRefused
from leverwatch.collectors.interface import Result
from leverwatch.collectors.registry import source_types
from leverwatch.collectors.sources.files.read_context import Buffers
from tests.collectors.sources.files.logs import csv_config
from tests.collectors.sources.files.tailing import Bench, append, line


def test_the_collector_is_registered_under_its_type_name() -> None:
    assert source_types()["files"].name == "files"


def test_lines_are_counted_once_and_only_new_ones_later(tmp_path: Path) -> None:
    bench, log = Bench(tmp_path), tmp_path / "app.jsonl"
    append(log, line("a") + line("b"))
    assert bench.collect() == {"a": 1, "b": 1}
    append(log, line("b"))
    assert bench.collect() == {"a": 1, "b": 2}
    bench.restart()
    assert bench.collect() == {"a": 1, "b": 2}


def test_a_run_without_news_yields_no_batch_and_opens_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path)
    for name in ("a", "b"):
        append(tmp_path / f"{name}.jsonl", line(name) + b'{"half')
    append(tmp_path / "copy.jsonl", line("a"))
    bench.collect()
    bench.wait(10)
    bench.collect()
    before = bench.store.revision

    def refuse(*_: object) -> int:
        raise AssertionError("a file was opened")

    monkeypatch.setattr(os, "open", refuse)
    assert bench.collect() == {"a": 1, "b": 1}
    assert bench.store.revision == before


def test_the_memory_that_was_read_into_is_free_as_soon_as_a_run_ends(tmp_path: Path) -> None:
    append(tmp_path / "a.jsonl", line("a"))
    bench = Bench(tmp_path)
    gc.collect()
    gc.disable()
    try:
        assert bench.collect() == {"a": 1}
        kept = [it for it in gc.get_objects() if isinstance(it, Buffers) and it._memory]
    finally:
        gc.enable()

    assert kept == []


def test_the_state_is_not_loaded_again_while_every_batch_is_committed(tmp_path: Path) -> None:
    bench, log = Bench(tmp_path), tmp_path / "app.jsonl"
    for number in range(3):
        append(log, line(str(number)))
        bench.collect()
    assert bench.store.loads == 1


@pytest.mark.parametrize("committed", [False, True])
def test_a_crash_at_a_batch_neither_loses_nor_doubles(tmp_path: Path, committed: bool) -> None:
    bench, log = Bench(tmp_path), tmp_path / "app.jsonl"
    append(log, line("a") + line("b"))
    bench.crash(1, committed)
    assert bench.collect() == {"a": 1, "b": 1}


def test_an_uncommitted_batch_is_discarded_by_the_same_collector_too(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    append(tmp_path / "app.jsonl", line("a"))
    running = bench.collector.collect(bench.store.source_state())
    assert next(running).usage
    running.close()  # type: ignore[attr-defined]  # a generator, which the protocol calls an iterator
    assert bench.collect() == {"a": 1}


def test_a_long_run_is_cut_into_batches_with_progress(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    append(tmp_path / "app.jsonl", b"".join(line(f"s{number}", pad="x" * 1000) for number in range(4000)))
    ticks = iter(range(0, 10_000, 3))
    bench.monotonic = lambda: float(next(ticks))
    bench.collect()
    assert len(bench.store.batches) > 1
    progress = [batch.progress for batch in bench.store.batches]
    assert all(item is not None and 0 < item.done <= item.total for item in progress)
    assert sum(bench.store.counted().values()) == 4000


@pytest.mark.parametrize("committed", [False, True])
@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_crash_in_the_middle_of_a_file_is_exact(tmp_path: Path, at: int, committed: bool) -> None:
    bench = Bench(tmp_path)
    append(tmp_path / "app.jsonl", b"".join(line(f"s{number}", pad="x" * 1000) for number in range(4000)))
    bench.monotonic = iter(range(0, 1_000_000, 9)).__next__
    bench.crash(at, committed)
    bench.collect()
    assert bench.store.counted() == {f"s{number}": 1 for number in range(4000)}


def test_files_are_read_oldest_first(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.monotonic = iter(range(0, 10_000, 9)).__next__
    for name, age in (("a", 10), ("b", 30), ("c", 20)):
        append(tmp_path / f"{name}.jsonl", line(name))
        os.utime(tmp_path / f"{name}.jsonl", (1e9 - age, 1e9 - age))
    bench.collect()
    assert [row.system for batch in bench.store.batches for row in batch.usage] == ["b", "c", "a"]


def test_no_match_is_no_error_and_a_folder_may_appear_later(tmp_path: Path) -> None:
    bench = Bench(tmp_path, path="logs/**/*.jsonl")
    assert bench.collect() == {}
    (tmp_path / "logs" / "deep").mkdir(parents=True)
    append(tmp_path / "logs" / "deep" / "app.jsonl", line("a"))
    assert bench.collect() == {"a": 1}


def test_a_file_that_cannot_be_read_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path)
    for name in ("a", "b", "c"):
        append(tmp_path / f"{name}.jsonl", line(name))
    real = os.open

    def denied(path: str, *rest: int) -> int:
        if path.endswith("b.jsonl"):
            raise PermissionError(13, "Permission denied")
        return real(path, *rest)

    monkeypatch.setattr(os, "open", denied)
    with pytest.raises(SourceIncomplete, match=r"gateway: .*b\.jsonl: Permission denied"):
        bench.collect()
    assert bench.store.counted() == {"a": 1, "c": 1}
    monkeypatch.undo()
    assert bench.collect() == {"a": 1, "b": 1, "c": 1}


def test_an_error_while_reading_keeps_what_was_read_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path)
    append(tmp_path / "app.jsonl", b"".join(line(f"s{number}", pad="x" * 1000) for number in range(3000)))
    real = os.preadv

    def broken(file: int, buffers: list[memoryview], offset: int) -> int:
        if offset >= 1 << 20:
            raise OSError(5, "Input/output error")
        return real(file, buffers, offset)

    monkeypatch.setattr(os, "preadv", broken)
    with pytest.raises(SourceIncomplete, match="Input/output error"):
        bench.collect()
    assert 900 < len(bench.store.counted()) < 1100
    monkeypatch.undo()
    assert bench.collect() == {f"s{number}": 1 for number in range(3000)}


def test_a_file_that_vanishes_between_finding_and_opening_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path)
    append(tmp_path / "a.jsonl", line("a"))
    append(tmp_path / "b.jsonl", line("b"))
    real = os.open

    def vanishing(path: str, *rest: int) -> int:
        if path.endswith("a.jsonl"):
            Path(path).unlink(missing_ok=True)
        return real(path, *rest)

    monkeypatch.setattr(os, "open", vanishing)
    assert bench.collect() == {"b": 1}


def test_a_malformed_line_costs_only_itself(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    append(tmp_path / "app.jsonl", line("a") + b"{broken\n" + line("b"))
    assert bench.collect() == {"a": 1, "b": 1}
    assert bench.store.tallies == {Result.COUNTED: 2, Result.INVALID_LINE: 1}
    assert bench.store.problems[0].place.endswith("app.jsonl:2")


def test_a_line_too_long_to_hold_is_tallied_and_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leverwatch.collectors.content.feed.MAX_RECORD", 1 << 20)
    monkeypatch.setattr("leverwatch.collectors.sources.files.matching.MAX_RECORD", 1 << 20)
    bench, log = Bench(tmp_path), tmp_path / "app.jsonl"
    append(log, line("a") + b"x" * (3 << 20))
    assert bench.collect() == {"a": 1}
    assert Result.INVALID_LINE not in bench.store.tallies
    bench.settle()
    bench.settle()
    assert bench.store.tallies[Result.INVALID_LINE] == 1
    append(log, b"x" * 5000)
    bench.settle()
    append(log, b"\n" + line("b") + b"y" * (2 << 20) + b"\n" + line("c"))
    assert bench.collect() == {"a": 1, "b": 1, "c": 1}
    assert bench.store.tallies[Result.INVALID_LINE] == 2
    append(log, line("d"))
    assert bench.collect()["d"] == 1


def test_a_header_that_lacks_a_column_concerns_its_file_only(tmp_path: Path) -> None:
    bench = Bench(tmp_path, csv_config(path="*.csv"))
    append(tmp_path / "bad.csv", b"TIMESTAMP,Other\n2023-11-16 18:00:00,1\n")
    append(tmp_path / "good.csv", b"TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:00:00,4,1\n")
    for _ in range(2):
        with pytest.raises(SourceIncomplete, match=r"bad\.csv.*no column ContextTokens"):
            bench.collect()
    assert bench.store.counted() == {"code": 1}
    assert bench.store.tallies == {Result.IGNORED: 1, Result.COUNTED: 1}


def test_an_unreadable_stored_position_is_refused(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.store.state["file/x"] = b"{}"
    with pytest.raises(SourceRefused, match="file/x"):
        bench.collect()


def test_an_unreadable_folder_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(tmp_path)
    monkeypatch.setattr("leverwatch.collectors.paths.os.access", lambda *_: False)
    with pytest.raises(SourceIncomplete, match="Permission denied"):
        bench.collect()


@pytest.mark.parametrize("pattern", ["logs/*/*.jsonl", "logs/*/deep/*.jsonl", "logs/**/*.jsonl", "logs/**"])
def test_an_unreadable_folder_that_a_wildcard_matches_is_reported_and_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str
) -> None:
    bench, real = Bench(tmp_path, path=pattern), os.access
    for name in ("open", "closed"):
        folder = tmp_path / "logs" / name / ("deep" if "deep" in pattern else "")
        folder.mkdir(parents=True)
        append(folder / "app.jsonl", line(name))
    closed = str(tmp_path / "logs/closed")
    monkeypatch.setattr(os, "access", lambda path, mode: os.path.normpath(path) != closed and real(path, mode))
    with pytest.raises(SourceIncomplete, match="logs/closed: Permission denied"):
        bench.collect()

    assert bench.store.inferences["open"] == 1


def test_content_that_is_gone_for_ninety_days_is_forgotten_and_a_file_that_is_there_is_not(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    append(tmp_path / "a.jsonl", line("a"))
    append(tmp_path / "b.jsonl", line("b"))
    bench.collect()
    (tmp_path / "a.jsonl").unlink()
    bench.collect()
    bench.wait(91 * 86400)
    assert bench.collect() == {"a": 1, "b": 1}
    assert len([key for key in bench.store.state if key.startswith("file/")]) == 1
    bench.restart()
    assert bench.collect() == {"a": 1, "b": 1}


def test_a_clock_that_jumps_changes_no_count(tmp_path: Path) -> None:
    bench, log = Bench(tmp_path), tmp_path / "app.jsonl"
    append(log, line("a") + b'{"ts": "2026-03-10T08:00:00Z"')
    for jump in (0.0, 400 * 86400.0, -800 * 86400.0, 400 * 86400.0):
        bench.wait(jump)
        bench.collect()
    append(log, b', "app": "b"}\n' + line("c"))
    assert bench.collect() == {"a": 1, "b": 1, "c": 1}


def test_no_stored_state_holds_text_of_a_record(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    append(tmp_path / "app.jsonl", line("a", prompt="canary-4711") + b'{"prompt": "canary-4711')
    bench.settle()
    assert not any(b"canary" in value for value in bench.store.state.values())


def test_a_process_that_dies_early_again_and_again_gets_on(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    for number in range(4):
        append(tmp_path / f"{number}.jsonl", line(f"s{number}"))
    for number in range(4):
        # Less than half a second of life, each time.
        bench.monotonic = iter((0.0, 0.25, *([9.0] * 50))).__next__
        bench.restart()
        bench.crash(batches=1, committed=True)
        assert len(bench.store.counted()) == number + 1


def test_a_file_whose_header_is_too_long_to_be_remembered_is_refused_by_name_and_the_others_are_read(
    tmp_path: Path,
) -> None:
    bench = Bench(tmp_path, csv_config(path="*.csv"))
    header = b"TIMESTAMP,ContextTokens,GeneratedTokens"
    append(tmp_path / "good.csv", header + b"\n2026-03-10 08:00:00,1,2\n")
    append(tmp_path / "long.csv", header + b",x" * 40_000 + b"\n2026-03-10 08:00:00,1,2\n")

    with pytest.raises(SourceIncomplete, match=r"long\.csv:1: a header of more than 64 KiB"):
        bench.collect()
    assert bench.store.counted() == {"code": 1}
    assert max(map(len, bench.store.state.values())) < 10_000
