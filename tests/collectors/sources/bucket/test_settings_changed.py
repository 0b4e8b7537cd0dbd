"""Settings by which nothing counted are mended: what was refused is read again, and nothing counts twice."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from leverwatch.collectors.interface import Result
from tests.collectors.sources.bucket.bench import FIELDS, NOW, Bench, record
from tests.collectors.sources.bucket.s3 import S3

WRONG: list[dict[str, Any]] = [
    {"system": "{team}"},
    {"format": {"type": "jsonl", "fields": {**FIELDS, "time": "at"}}},
]
RIGHT: dict[str, Any] = {"system": "{app}", "format": {"type": "jsonl", "fields": FIELDS}}


@pytest.mark.parametrize("wrong", WRONG, ids=["system", "format"])
@pytest.mark.parametrize("path", ["app/{date:%Y/%m/%d}/**", "app/**"])
def test_days_of_which_nothing_counted_are_read_again_when_the_settings_are_mended(
    bucket: S3, tmp_path: Path, wrong: dict[str, Any], path: str
) -> None:
    for number in range(6, 11):  # the first two are over
        bucket.put(f"app/2026/03/{number:02}/a", record(number), NOW - timedelta(days=1))
    bench = Bench(bucket, tmp_path, path=path, **wrong)
    bench.run()
    bench.run()
    assert bench.counted() == {}
    assert bucket.reads == [], "the same settings read nothing twice"
    listed = len(bucket.listings)

    bench.restart(**RIGHT)
    bench.run()
    bench.run()

    assert bench.counted() == {"bot": 5}
    assert listed == len(bucket.listings), "what is over is not listed any more"


def test_what_is_still_refused_is_not_tallied_a_second_time(bucket: S3, tmp_path: Path) -> None:
    bucket.put("app/2026/03/10/a", record(1) + b"no json\n")
    bench = Bench(bucket, tmp_path, system="{team}")
    bench.run()

    bench.restart(system="{group}")
    bench.run()
    assert bench.store.tallies == {Result.UNATTRIBUTED: 1, Result.INVALID_LINE: 1}
    bench.restart(system="{app}")
    bench.run()

    assert bench.counted() == {"bot": 1}
    assert bench.store.tallies[Result.INVALID_LINE] == 1


def test_an_object_of_which_some_counted_is_not_read_again_and_that_is_said(bucket: S3, tmp_path: Path) -> None:
    bucket.put("app/2026/03/10/a", record(1) + b'{"ts": "2026-03-10T08:00:00Z", "team": "cat"}\n')
    bench = Bench(bucket, tmp_path)
    bench.run()

    bench.restart(system="{team}")
    bench.run()

    assert bench.counted() == {"bot": 1}
    assert [(it.reason, it.detail[:10]) for it in bench.store.problems][-1:] == [("new_settings", "1 objects ")]


def test_a_day_that_is_kept_for_other_settings_is_forgotten_with_the_history(bucket: S3, tmp_path: Path) -> None:
    bucket.put("app/2026/03/06/a", record(1))
    bench = Bench(bucket, tmp_path, system="{team}")
    bench.run()
    assert any(key.startswith("objects/") for key in bench.store.state)

    bench.now += timedelta(days=10)
    bench.run()

    assert not any(key.startswith("objects/") for key in bench.store.state)


def test_an_object_that_grows_after_it_was_refused_counts_once(bucket: S3, tmp_path: Path) -> None:
    bucket.put("app/2026/03/10/a", record(1))
    bench = Bench(bucket, tmp_path, system="{team}")
    bench.run()
    bench.restart(system="{app}")
    bucket.put("app/2026/03/10/a", record(1) + record(2))
    bench.run()
    bench.run()

    assert bench.counted() == {"bot": 2}
