from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from leverwatch.collectors.interface import BackfillRequest, Batch, Result
from tests.collectors.sources.files.logs import csv_config
from tests.collectors.sources.files.tailing import Bench, append, compress, compress_zstd, line

JANUARY, FEBRUARY, MARCH = ((date(2026, month, 1), date(2026, month, 28)) for month in (1, 2, 3))


def on(day: str, app: str, **values: object) -> bytes:
    return line(app, ts=f"{day}T08:00:00Z", **values)


class Historian(Bench):
    """A bench with a folder of archives beside the one that the source follows."""

    def __init__(self, folder: Path, **changes: Any) -> None:
        for name in ("logs", "archive"):
            (folder / name).mkdir()
        super().__init__(folder, **{"path": "logs/*.jsonl", **changes})

    @property
    def archive(self) -> Path:
        return self.folder / "archive"

    def batches(self, days: tuple[date, date] | None, *, archives: bool = True) -> Iterator[Batch]:
        paths = (str(self.archive / "*"),) if archives else ()
        since, until = days or (None, None)
        history = BackfillRequest(since, until, paths)
        return self.collector.backfill(self.store.source_state(), history)

    def backfill(self, days: tuple[date, date] | None = None, *, archives: bool = True) -> dict[str, int]:
        """What has been counted in all, after a backfill."""
        for batch in self.batches(days, archives=archives):
            assert batch.read == sum(batch.tallies.values())
            self.store.apply(batch)
        return self.store.counted()

    @property
    def limits(self) -> int:
        """Stored positions that remember a range."""
        return sum(b'"limited":[{' in value for value in self.store.state.values())


@pytest.fixture
def bench(tmp_path: Path) -> Historian:
    return Historian(tmp_path)


def test_archives_count_once_however_often_they_are_read(bench: Historian) -> None:
    append(bench.archive / "old.jsonl", on("2026-01-01", "a") + on("2026-01-02", "b"))
    assert bench.backfill() == {"a": 1, "b": 1}
    bench.restart()
    assert bench.backfill() == {"a": 1, "b": 1}
    assert bench.collect() == {"a": 1, "b": 1}


def test_a_second_backfill_reads_nothing_anew(bench: Historian, monkeypatch: pytest.MonkeyPatch) -> None:
    append(bench.archive / "old.jsonl", on("2026-01-01", "a"))
    bench.wait(100)
    bench.backfill()
    monkeypatch.setattr("leverwatch.collectors.sources.files.tail.FileReader", None)
    monkeypatch.setattr("leverwatch.collectors.sources.files.matching.FileReader", None)
    bench.restart()
    assert bench.backfill() == {"a": 1}


@pytest.mark.parametrize("pack", [compress, compress_zstd])
def test_a_compressed_copy_of_what_the_source_counted_does_not_count(bench: Historian, pack: object) -> None:
    live = bench.folder / "logs" / "app.jsonl"
    append(live, on("2026-01-01", "a") + on("2026-01-02", "b"))
    bench.collect()
    shutil.copyfile(live, bench.archive / "app-1.jsonl")
    assert callable(pack)
    pack(bench.archive / "app-1.jsonl")
    assert bench.backfill() == {"a": 1, "b": 1}
    live.unlink()
    bench.collect()
    assert bench.backfill() == {"a": 1, "b": 1}


def test_an_archive_that_was_backfilled_does_not_count_when_it_returns_to_the_folder(bench: Historian) -> None:
    append(bench.archive / "old.jsonl", on("2026-01-01", "a"))
    bench.backfill()
    shutil.copyfile(bench.archive / "old.jsonl", bench.folder / "logs" / "restored.jsonl")
    assert bench.collect() == {"a": 1}
    append(bench.folder / "logs" / "restored.jsonl", on("2026-01-02", "b"))
    assert bench.collect() == {"a": 1, "b": 1}


def test_what_a_backfill_read_is_remembered_for_longer_than_what_left_the_folder(bench: Historian) -> None:
    append(bench.archive / "old.jsonl", on("2026-01-01", "a"))
    bench.backfill()
    bench.wait(400 * 86400)
    bench.collect()
    assert bench.backfill() == {"a": 1}


def test_a_last_line_without_an_end_counts_in_an_archive(bench: Historian) -> None:
    append(bench.archive / "old.jsonl", on("2026-01-01", "a") + on("2026-01-02", "b").rstrip())
    assert bench.backfill() == {"a": 1, "b": 1}


def test_the_same_archive_twice_counts_once_and_the_longer_one_counts_in_full(bench: Historian) -> None:
    append(bench.archive / "a.jsonl", on("2026-01-01", "a"))
    append(bench.archive / "b.jsonl", on("2026-01-01", "a") + on("2026-01-02", "b"))
    shutil.copyfile(bench.archive / "b.jsonl", bench.archive / "c.jsonl")
    compress(bench.archive / "c.jsonl")
    assert bench.backfill() == {"a": 1, "b": 1}
    assert bench.backfill() == {"a": 1, "b": 1}


def test_a_range_counts_its_days_and_tallies_the_others(bench: Historian) -> None:
    append(bench.archive / "old.jsonl", on("2026-01-31", "a") + on("2026-02-01", "b") + b"{broken\n")
    assert bench.backfill(FEBRUARY) == {"b": 1}
    assert bench.store.tallies == {Result.COUNTED: 1, Result.OUT_OF_RANGE: 1, Result.INVALID_LINE: 1}
    assert bench.store.batches[0].days_seen == {date(2026, 2, 1)}


def test_ranges_in_any_order_count_every_record_once_and_then_the_limit_is_gone(bench: Historian) -> None:
    months = ("2026-01", "2026-02", "2026-03")
    append(bench.archive / "old.jsonl", b"".join(on(f"{month}-05", month) for month in months) + b"{broken\n")
    assert bench.backfill(FEBRUARY) == {"2026-02": 1}
    assert bench.limits == 1
    assert bench.backfill(FEBRUARY) == {"2026-02": 1}
    assert bench.backfill((JANUARY[0], FEBRUARY[1])) == {"2026-01": 1, "2026-02": 1}
    assert bench.backfill() == dict.fromkeys(months, 1)
    assert bench.limits == 0
    assert bench.store.tallies[Result.INVALID_LINE] == 1


def test_a_range_that_leaves_nothing_out_leaves_no_limit(bench: Historian) -> None:
    append(bench.archive / "old.jsonl", on("2026-02-01", "a"))
    bench.backfill(FEBRUARY)
    assert bench.limits == 0


def test_what_is_newer_than_the_range_is_left_to_the_source_itself(bench: Historian) -> None:
    live = bench.folder / "logs" / "app.jsonl"
    append(live, on("2026-01-05", "old") + on("2026-02-05", "asked") + on("2026-03-05", "new"))
    assert bench.backfill(FEBRUARY) == {"asked": 1}
    append(live, on("2026-01-06", "late"))
    bench.restart()
    assert bench.collect() == {"asked": 1, "new": 1, "late": 1}
    assert bench.collect() == {"asked": 1, "new": 1, "late": 1}
    assert bench.backfill() == {"old": 1, "asked": 1, "new": 1, "late": 1}


def test_the_source_itself_leaves_archives_and_what_is_older_than_the_range_alone(bench: Historian) -> None:
    for folder in (bench.archive, bench.folder / "logs"):
        append(folder / "app.jsonl", on("2026-01-05", folder.name) + on("2026-03-05", f"{folder.name}-asked"))
    append(bench.archive / "app.jsonl", on("2026-03-30", "later"))
    bench.backfill(MARCH)
    assert bench.collect() == {"archive-asked": 1, "logs-asked": 1}
    batches = len(bench.store.batches)
    assert bench.collect() == {"archive-asked": 1, "logs-asked": 1}
    assert len(bench.store.batches) == batches


def test_a_header_is_no_record_when_a_part_is_read_again(tmp_path: Path) -> None:
    bench = Historian(tmp_path)
    bench.settings = csv_config(path="logs/*.csv")
    bench.restart()
    rows = b"".join(b"2026-0%d-05 10:00:00,1,1\r\n" % month for month in (1, 2, 3))
    append(bench.archive / "old.csv", b"TIMESTAMP,ContextTokens,GeneratedTokens\r\n" + rows)
    for days, number in ((FEBRUARY, 1), (JANUARY, 2), (None, 3)):
        assert bench.backfill(days) == {"code": number}
    assert bench.store.tallies[Result.IGNORED] == 1


def test_what_comes_again_in_an_archive_of_another_range_counts_once(bench: Historian) -> None:
    times = ("2026-02-01T00:00:10Z", "2026-06-01T00:00:00Z", "2026-01-31T23:59:50Z")
    for number, time in enumerate(times):
        append(bench.archive / f"{number}.jsonl", line("a", ts=time, id="x"))
    # The same id on the other side of a range is another call.
    again = b"".join(line("a", ts=time, id="x", pad="again") for time in (times[2], times[0]))
    append(bench.archive / "again.jsonl", again)
    bench.backfill(FEBRUARY)
    bench.backfill((date(2026, 6, 1), date(2026, 6, 2)))
    bench.restart()
    assert bench.backfill((date(2026, 1, 1), date(2026, 1, 31))) == {"a": 3}
    assert bench.store.tallies[Result.DUPLICATE] == 2


def test_duplicates_in_archives_are_found_across_batches_while_the_newest_record_is_of_today(
    bench: Historian,
) -> None:
    append(bench.folder / "logs" / "app.jsonl", line("today", id="t"))
    bench.collect()
    for name in ("a", "b"):
        append(bench.archive / f"{name}.jsonl", on("2026-01-05", "a", id="x", pad=name))
    bench.monotonic = iter(range(0, 1_000_000, 60)).__next__
    bench.restart()
    assert bench.backfill() == {"today": 1, "a": 1}
    assert len(bench.store.batches) > 2


def test_a_line_that_goes_on_after_a_range_is_judged_as_a_whole(bench: Historian) -> None:
    log = bench.folder / "logs" / "app.jsonl"
    append(log, on("2026-02-05", "a") + on("2026-01-05", "b").rstrip())
    bench.wait(600)
    assert bench.backfill(FEBRUARY) == {"a": 1}
    append(log, b"x\n" + on("2026-02-06", "c"))
    assert bench.collect() == {"a": 1, "c": 1}
    assert bench.backfill() == {"a": 1, "c": 1}
    assert bench.store.tallies[Result.INVALID_LINE] == 1


def test_a_copy_of_the_part_that_was_read_does_not_hold_up_the_rest(
    bench: Historian, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [on("2026-01-05", name) for name in ("a", "b", "c")]
    append(bench.archive / "whole.jsonl", b"".join(lines))
    monkeypatch.setattr("leverwatch.collectors.sources.files.read_context.CHUNK", len(lines[0]))
    bench.monotonic = iter(range(0, 1_000_000, 60)).__next__
    bench.restart()
    bench.store.apply(next(bench.batches(None)))
    append(bench.archive / "part.jsonl", lines[0])
    bench.restart()
    assert bench.backfill() == {"a": 1, "b": 1, "c": 1}


@pytest.mark.parametrize("seed", range(25))
def test_any_order_of_backfills_runs_and_crashes_counts_everything_once(tmp_path: Path, seed: int) -> None:
    chance, bench = random.Random(seed), Historian(tmp_path)
    days = [date(2026, 1, day) for day in range(1, 10)]
    day_of: dict[str, date] = {}
    archived: set[str] = set()
    for number, folder in enumerate(("logs", "archive", "archive")):
        path, data = tmp_path / folder / f"{number}.jsonl", b""
        for _ in range(chance.randrange(1, 60)):
            app = f"r{len(day_of)}"
            day_of[app] = chance.choice(days)
            data += on(day_of[app].isoformat(), app, pad="x" * chance.randrange(200))
            archived.update({app} if folder == "archive" else ())
        append(path, data if chance.random() < 0.5 else data.rstrip())
        if folder == "archive" and chance.random() < 0.5:
            chance.choice([compress, compress_zstd])(path)
    asked: set[date] = set()
    chunk = chance.choice([200, 1000, 1 << 20])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("leverwatch.collectors.sources.files.read_context.CHUNK", chunk)
        if chance.random() < 0.7:
            bench.monotonic = iter(range(0, 1_000_000, 60)).__next__
        bench.restart()
        bench.wait(600)
        for _ in range(chance.randrange(3, 9)):
            action = chance.random()
            if action < 0.3:
                bench.collect()
                continue
            first, last = sorted(chance.sample(days, 2))
            if action < 0.5:
                asked.update(day for day in days if first <= day <= last)
                running = bench.batches((first, last))
                for batch in running:
                    bench.store.apply(batch)
                    if chance.random() < 0.4:
                        break
                bench.restart()
                continue
            counted = bench.backfill((first, last))
            asked.update(day for day in days if first <= day <= last)
            assert {app for app, day in day_of.items() if first <= day <= last} <= counted.keys()
            assert {app for app in counted if app in archived and day_of[app] not in asked} == set()
            assert set(counted.values()) == {1} or not counted
        bench.restart()
        assert bench.backfill() == dict.fromkeys(day_of, 1)
        assert bench.limits == 0
