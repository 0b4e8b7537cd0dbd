"""Settings change while days are open: what another path has read is known, and no object counts twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from leverwatch.collectors.sources.bucket.keys import overlap, parse_pattern
from tests.collectors.sources.bucket.bench import NOW, Bench, record
from tests.collectors.sources.bucket.s3 import S3

DAILY, NARROW, ALL = "app/{date:%Y/%m/%d}/**", "app/{date:%Y/%m/%d}/new-*", "app/**"
HOURLY, OTHER = "app/{date:%Y/%m/%d/%H}/*.x", "app/{date:%Y}/{date:%m/%d}/*"
CHANGES = [
    (DAILY, NARROW), (NARROW, DAILY), (ALL, DAILY), (ALL, NARROW), (DAILY, ALL), (NARROW, ALL), (DAILY, OTHER),
    (NARROW, (NARROW, "app/{date:%Y/%m/%d}/old-*")),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), CHANGES)
def test_an_object_that_another_path_has_read_counts_what_is_new_in_it_alone(
    bucket: S3, tmp_path: Path, before: str, after: str
) -> None:
    for number in (8, 9, 10):
        bucket.put(f"app/2026/03/{number:02}/new-1", record(number), NOW)
    bench = Bench(bucket, tmp_path, path=before)
    bench.run()
    bucket.put("app/2026/03/09/new-1", record(9) + record(99), NOW)
    bucket.put("app/2026/03/10/new-2", record(11), NOW)

    for path in (after, before, after):
        bench.restart(path=path)
        bench.run()

    assert bench.counted() == {"bot": 5}


@pytest.mark.parametrize(("one", "other"), [(DAILY, NARROW), (ALL, NARROW), (NARROW, ALL)])
def test_a_path_that_is_back_leaves_the_days_without_it_to_a_backfill_and_says_so(
    bucket: S3, tmp_path: Path, one: str, other: str
) -> None:
    bench = Bench(bucket, tmp_path, path=one)
    bench.run()
    bench.restart(path=other)
    for number in range(10, 25):
        bench.now = datetime(2026, 3, number, 12, tzinfo=UTC)
        line = record(number, at=f"2026-03-{number}T08:00:00Z")
        bucket.put(f"app/2026/03/{number}/new-1", line, bench.now)
        bench.run()

    bench.restart(path=one)
    bench.run()

    assert bench.counted() == {"bot": 15}
    assert [it.reason for it in bench.store.problems] == ["new_path", "new_path"]


def test_what_a_path_that_was_left_out_knew_is_forgotten_when_its_days_are_over(
    bucket: S3, tmp_path: Path
) -> None:
    bucket.put("app/2026/03/10/a", record(1), NOW)
    bench = Bench(bucket, tmp_path)
    bench.run()
    bench.restart(path=NARROW)
    bench.run()
    assert any(key.startswith("objects/") for key in bench.store.state)

    bench.now += timedelta(days=10)
    bench.run()

    assert not any(key.startswith("objects/") for key in bench.store.state)
    assert sum(key.startswith("prefix/") for key in bench.store.state) == 3


def test_paths_by_the_hour_and_by_the_day_list_a_day_once(bucket: S3, tmp_path: Path) -> None:
    bucket.put("app/2026/03/10/14/a.x", record(1))
    bucket.put("app/2026/03/10/b", record(2))
    bench = Bench(bucket, tmp_path, path=(HOURLY, OTHER))

    bench.run()
    assert len(bucket.listings) == 6
    bench.now += timedelta(days=10)
    bench.run()

    assert bench.counted() == {"bot": 2}


@pytest.mark.parametrize(
    ("one", "other", "is_so"),
    [
        (DAILY, "app/2026/0*", True), (DAILY, "app/x*", False), (DAILY, "app/2026-*", False), (DAILY, "ap*", True),
        ("a%d/*", "a/{date:%Y%m%d}", False), ("a{date:%Y%m%d}-x*", "a{date:%Y%m%d}-y*", False),
        ("a{date:%Y%j}x*", "a{date:%Y%m%d}*", False), ("a{date:%Y%j}*", "a{date:%Y%m%d}*", True),
    ],
)  # fmt: skip
def test_templates_overlap_when_they_have_a_day_in_common(one: str, other: str, is_so: bool) -> None:
    assert overlap(parse_pattern(one).template, parse_pattern(other).template) is is_so
    assert overlap(parse_pattern(other).template, parse_pattern(one).template) is is_so


def test_globs_that_list_the_same_are_one_template() -> None:
    assert {parse_pattern(it).template for it in (DAILY, HOURLY, OTHER)} == {"app/%Y/%m/%d/"}
    assert parse_pattern("a%Y/b").template == "a%%Y/b"
