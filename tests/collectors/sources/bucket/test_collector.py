from __future__ import annotations

import gzip
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import zstandard

from leverwatch.collectors.interface import BackfillRequest, Result
from leverwatch.collectors.registry import source_types
from tests.collectors.sources.bucket.bench import NOW, Bench, record, records
from tests.collectors.sources.bucket.s3 import S3


def day(number: int) -> datetime:
    return datetime(2026, 3, number, 9, tzinfo=UTC)


def test_the_type_is_registered() -> None:
    assert source_types()["bucket"].name == "bucket"


def test_the_objects_of_every_day_of_the_history_count_whatever_they_are_packed_with(
    bucket: S3, tmp_path: Path
) -> None:
    bucket.put("app/2026/03/10/a.jsonl", records(0, 3))
    bucket.put("app/2026/03/09/17/b.jsonl.gz", gzip.compress(records(3, 6)))
    bucket.put("app/2026/03/06/c", zstandard.ZstdCompressor().compress(records(6, 10)))
    bucket.put("app/2026/03/05/", b"")
    bucket.put("app/2026/03/04/old", records(10, 11))
    bucket.put("app/2026/03/10-backup/a.jsonl", records(11, 12))
    bucket.put("other/2026/03/10/a.jsonl", records(12, 13))
    bench = Bench(bucket, tmp_path)

    bench.run()

    assert bench.counted() == {"bot": 10}
    assert sum(bench.store.tallies.values()) == 10


def test_a_run_with_nothing_new_asks_once_for_each_open_prefix_and_writes_nothing(
    bucket: S3, tmp_path: Path
) -> None:
    for number in range(6, 11):
        bucket.put(f"app/2026/03/{number:02}/a", record(number))
    bench = Bench(bucket, tmp_path)
    bench.run()
    assert len(bucket.listings) == 6

    applied = bench.run()

    assert applied == []
    assert [it["prefix"] for it in bucket.listings] == [f"app/2026/03/{number:02}/" for number in (8, 9, 10)]
    assert bucket.reads == []


@pytest.mark.usefixtures("small_pages")
def test_large_prefixes_are_listed_behind_the_last_name_and_from_their_start_once_an_hour(
    bucket: S3, tmp_path: Path
) -> None:
    for number in range(15):
        bucket.put(f"app/2026/03/10/{number:05}", record(number))
    bench = Bench(bucket, tmp_path, history="1d", late="1d")
    bench.seconds_an_object = 0.001
    bench.run()
    assert len(bucket.listings) == 1 + 2

    bucket.put("app/2026/03/10/00015", record(15))
    bucket.put("app/2026/03/10/00000-late", record(16))
    bench.run()

    assert len(bucket.listings) == 2, "one request for each prefix, whatever is in them"
    assert bench.counted() == {"bot": 16}

    bench.now += timedelta(hours=1)
    bench.run()

    assert bench.counted() == {"bot": 17}, "the late name"
    assert bucket.reads == ["app/2026/03/10/00000-late"]


def test_a_day_is_closed_when_nothing_can_come_any_more_and_leaves_nothing_behind(
    bucket: S3, tmp_path: Path
) -> None:
    bucket.put("app/2026/03/10/a", record(1))
    bench = Bench(bucket, tmp_path)
    bench.run()
    bench.now += timedelta(days=10)
    bench.run()
    bucket.put("app/2026/03/10/b", record(2))
    bench.restart()
    bench.run()

    assert bench.counted() == {"bot": 1}
    assert "app/2026/03/10/" not in [it["prefix"] for it in bucket.listings]
    assert [key for key in bench.store.state if key.startswith(("objects/", "records/"))] == []
    assert sum(key.startswith("prefix/") for key in bench.store.state) == 3


def test_days_on_which_nobody_ran_are_read_once_they_can_be(bucket: S3, tmp_path: Path) -> None:
    bench = Bench(bucket, tmp_path)
    bench.run()
    for number in range(11, 25):
        bucket.put(f"app/2026/03/{number}/a", record(number, at=f"2026-03-{number}T08:00:00Z"))
    bench.now += timedelta(days=20)
    bench.restart()
    bench.run()

    assert bench.counted() == {"bot": 14}


@pytest.mark.parametrize("batches", range(1, 9))
def test_killed_after_any_batch_each_object_counts_once(bucket: S3, tmp_path: Path, batches: int) -> None:
    for number in range(8):
        bucket.put(f"app/2026/03/{9 + number % 2:02}/{number}", records(10 * number, 10 * number + number + 1))
    bench = Bench(bucket, tmp_path)

    bench.run(most=batches)
    bench.restart()
    bench.run()

    assert bench.counted() == {"bot": 36}


def test_a_batch_that_was_not_stored_is_read_again(bucket: S3, tmp_path: Path) -> None:
    for number in range(4):
        bucket.put(f"app/2026/03/10/{number}", record(number))
    bench = Bench(bucket, tmp_path)

    bench.run(most=2)
    bench.run()

    assert bench.counted() == {"bot": 4}


HEADER = b"ts,app,id\n"
ROWS = b"2026-03-10T08:00:00Z,bot,a\n2026-03-10T08:00:00Z,bot,b\n"
CSV = {"type": "csv", "fields": {"time": "ts", "request_id": "id"}}
REWRITTEN = [
    ("it grew", records(0, 3), records(0, 5), 5),
    ("it was packed", records(0, 3), gzip.compress(records(0, 4)), 4),
    ("only its tag differs", records(0, 3), gzip.compress(records(0, 3)), 3),
    ("half of a line, and then all of it", records(0, 3)[:-12], records(0, 3), 3),
    ("half of a packed stream", gzip.compress(records(0, 3))[:-12], gzip.compress(records(0, 3)), 3),
    ("its last line had no end", records(0, 3)[:-1], records(0, 5), 5),
    ("its last line still has none", records(0, 3)[:-1], records(0, 5)[:-1], 5),
    ("packed, its last line had no end", records(0, 3)[:-1], gzip.compress(records(0, 3)[:-1]), 3),
    ("records before the others", records(0, 3), records(5, 7) + records(0, 3), 5),
    ("some are other ones", records(0, 3), records(1, 6), 6),
    ("the same records in another order", records(0, 3), record(2) + record(0) + record(1), 3),
]


@pytest.mark.parametrize(
    ("before", "after", "number"), [it[1:] for it in REWRITTEN], ids=[it[0] for it in REWRITTEN]
)
def test_an_object_that_is_written_anew_counts_what_is_new_in_it(
    bucket: S3, tmp_path: Path, before: bytes, after: bytes, number: int
) -> None:
    bucket.put("app/2026/03/10/a", before, tag="one")
    bench = Bench(bucket, tmp_path)
    bench.run()
    bucket.put("app/2026/03/10/a", after, tag="two")
    bench.restart()

    bench.run()
    bench.run()

    assert bench.counted() == {"bot": number}


@pytest.mark.parametrize("seed", range(12))
def test_whatever_an_object_becomes_each_record_that_was_ever_in_it_counts_once(
    bucket: S3, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    bench = Bench(bucket, tmp_path)
    met: set[int] = set()

    for version in range(8):
        first, last = sorted(chance.sample(range(12), 2))
        numbers = range(0 if chance.random() < 0.7 else first, last)
        data = b"".join(map(record, numbers))
        data = data[: len(data) - chance.choice((0, 0, 1))]
        bucket.put("app/2026/03/10/a", gzip.compress(data) if chance.random() < 0.3 else data, tag=f"{version}")
        met.update(numbers)
        bench.restart()
        bench.run()
        assert bench.counted()["bot"] == len(met)


def test_half_a_row_that_looked_whole_is_taken_back_when_all_of_it_comes(bucket: S3, tmp_path: Path) -> None:
    bench = Bench(bucket, tmp_path, format=CSV)
    bucket.put("app/2026/03/10/a", HEADER + ROWS[:-1] + b"\n2026-03-10T08:00:00Z,bo")
    bucket.put("app/2026/03/10/b", HEADER + b"2026-03-10T08:00:00Z,cat,x")
    bench.run()
    assert bench.counted() == {"bot": 2, "cat": 1}

    bucket.put("app/2026/03/10/a", HEADER + ROWS + b"2026-03-10T08:00:00Z,bot,c\n")
    bucket.put("app/2026/03/10/b", HEADER + b"2026-03-10T08:00:00Z,cat,xyz\n2026-03-10T08:00:00Z,cat,y\n")
    bench.run()

    assert bench.counted() == {"bot": 3, "cat": 2}


def test_an_object_of_too_many_records_that_is_written_anew_is_refused_and_named(
    bucket: S3, tmp_path: Path
) -> None:
    bucket.put("app/2026/03/10/a", records(0, 5001))
    bench = Bench(bucket, tmp_path)
    bench.run()
    bucket.put("app/2026/03/10/a", records(1, 5002))
    bucket.put("app/2026/03/10/b", record(9000))

    for _ in range(2):
        assert "s3://logs/app/2026/03/10/a: was written anew" in str(bench.failing())
        bench.restart()

    assert bench.counted() == {"bot": 5002}
    assert bucket.reads == [], "it is not read again and again"


def test_without_a_date_all_is_listed_and_what_was_counted_long_ago_is_known_by_its_time(
    bucket: S3, tmp_path: Path
) -> None:
    for number in range(1, 11):
        bucket.put(f"in/{number * 7919 % 97:02}.jsonl", record(number), day(number))
    bench = Bench(bucket, tmp_path, path="in/*.jsonl", history="9d")
    bench.run()
    assert bench.counted() == {"bot": 9}, "one is before the history"

    bucket.put("in/00.jsonl", record(11), NOW + timedelta(days=29))
    bench.now += timedelta(days=30)
    bench.restart()
    bench.run()
    bench.run()

    assert bench.counted() == {"bot": 10}


def test_without_a_date_an_old_object_that_grows_counts_what_is_new_in_it(
    bucket: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leverwatch.collectors.sources.bucket.known.BLOCK", 2)
    for number in range(20):
        bucket.put(f"in/{number:02}", record(number), day(9))
    bench = Bench(bucket, tmp_path, path="in/*")
    bench.run()
    for number in range(1, 20):
        bucket.remove(f"in/{number:02}")
    bench.now += timedelta(days=30)
    bench.run()
    assert sum(len(it.known) for it in bench.collector._following.open(bench.now)) == 1, (
        "what is gone is forgotten"
    )

    bucket.put("in/00", record(0) + record(20), bench.now)
    bench.restart()
    bench.run()

    assert bench.counted() == {"bot": 21}


def test_two_paths_of_a_first_run_have_the_same_history(bucket: S3, tmp_path: Path) -> None:
    for name in ("a/1", "b/1"):
        bucket.put(name, record(1), day(6))
    bench = Bench(bucket, tmp_path, path=("a/*", "b/*"))

    bench.run()

    assert bench.counted() == {"bot": 2}


def test_an_agent_that_is_told_to_stop_leaves_what_it_did_not_read_to_the_next_run(
    bucket: S3, tmp_path: Path
) -> None:
    for number in range(30):
        bucket.put(f"app/2026/03/10/{number:02}", record(number))
    bench = Bench(bucket, tmp_path)
    bench.stopping = lambda: bench.monotonic > 10
    bench.restart()
    bench.run()
    assert 0 < bench.counted()["bot"] < 30

    bench.stopping = lambda: False
    bench.restart()
    bench.run()

    assert bench.counted() == {"bot": 30}


@pytest.mark.usefixtures("small_pages")
def test_names_that_sort_by_time_are_listed_from_behind_the_last_one(bucket: S3, tmp_path: Path) -> None:
    for number in range(15):
        bucket.put(f"in/{number:06}", record(number), day(1))
    bench = Bench(bucket, tmp_path, path="in/*", history="30d", names_sort_by_time=True)
    bench.seconds_an_object = 0.001
    bench.run()
    bucket.put("in/000015", record(15), NOW)
    bench.run()
    assert len(bucket.listings) == 1

    bench.now += timedelta(hours=2)
    bench.run()

    assert [it.get("start-after") for it in bucket.listings] == ["in/000014"], "what is old is not listed again"
    assert bench.counted() == {"bot": 16}


def test_half_of_a_folder_is_a_prefix_too(bucket: S3, tmp_path: Path) -> None:
    bucket.put("app-2026-03-09-a.jsonl", record(1))
    bucket.put("app-2026-03-10-a.jsonl", record(2))
    bucket.put("app-2026-03-11-a.jsonl", record(3))
    bench = Bench(bucket, tmp_path, path="app-{date:%Y-%m-%d}-*.jsonl")

    bench.run()

    assert bench.counted() == {"bot": 2}


def test_a_backfill_reads_days_before_the_history_once(bucket: S3, tmp_path: Path) -> None:
    for number in range(1, 11):
        bucket.put(f"app/2026/03/{number:02}/a", record(number))
    bench = Bench(bucket, tmp_path, history="2d")
    bench.run()
    assert bench.counted() == {"bot": 3}

    for _ in range(2):
        request = BackfillRequest(since=day(3).date(), until=day(9).date())
        for batch in bench.collector.backfill(bench.store.source_state(), request):
            bench.store.apply(batch)
        bench.restart()
    bench.run()

    assert bench.counted() == {"bot": 8}


def test_a_path_that_is_added_later_begins_with_the_open_days(bucket: S3, tmp_path: Path) -> None:
    for number in (5, 9, 10):
        bucket.put(f"new/2026/03/{number:02}/a", record(number))
    bench = Bench(bucket, tmp_path)
    bench.run()
    bench.restart(path=("app/{date:%Y/%m/%d}/**", "new/{date:%Y/%m/%d}/**"))
    bench.run()

    assert bench.counted() == {"bot": 2}
    assert [it.reason for it in bench.store.problems] == ["new_path"]


def test_what_is_refused_names_bucket_key_and_line(bucket: S3, tmp_path: Path) -> None:
    bucket.put("app/2026/03/10/a", record(1) + b"no json\n" + record(2))
    bench = Bench(bucket, tmp_path)

    bench.run()

    assert bench.store.tallies == {Result.COUNTED: 2, Result.INVALID_LINE: 1}
    assert [it.place for it in bench.store.problems] == ["s3://logs/app/2026/03/10/a:2"]
