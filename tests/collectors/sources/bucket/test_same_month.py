"""A month of traffic gives the same days from local files and from a bucket."""

from __future__ import annotations

import gzip
import random
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from leverwatch.collectors.interface import Batch
from leverwatch.collectors.sources.files.config import FilesConfig
from tests.collectors.sources.bucket import bench as buckets
from tests.collectors.sources.bucket.s3 import S3
from tests.collectors.sources.files.tailing import Bench as Files

FIRST = datetime(2026, 2, 8, tzinfo=UTC)


def month() -> dict[str, bytes]:
    """Thirty days of a log, four objects a day, with copies, broken lines, several models and systems."""
    chance = random.Random(7)
    found = {}
    for number in range(120):
        start = FIRST + timedelta(hours=6 * number)
        lines = []
        for at in range(chance.randrange(1, 30)):
            moment = start + timedelta(minutes=chance.randrange(-20, 340))
            line = buckets.record(
                1000 * number + at,
                app=chance.choice(("bot", "search")),
                at=f"{moment:%Y-%m-%dT%H:%M:%SZ}",
                model=chance.choice(("m", "n")),
                **{"in": chance.randrange(9000)},
            )
            lines += [line] * chance.choice((1, 1, 1, 2)) + [b"{broken\n"] * (chance.random() < 0.05)
        data = b"".join(lines)
        name = f"{start:%Y/%m/%d}/{start:%H}-{number:04}.jsonl"
        found[name + ".gz" * (number % 3 == 0)] = gzip.compress(data) if number % 3 == 0 else data
    return found


def days(batches: Iterable[Batch]) -> tuple[Counter[Any], Counter[Any]]:
    """Inferences and tokens of each day, system and model, and records by result."""
    usage: Counter[Any] = Counter()
    tallies: Counter[Any] = Counter()
    for batch in batches:
        tallies.update(batch.tallies)
        for row in batch.usage:
            cell = (row.day, row.system, row.model)
            usage[*cell, "inferences"] += int(row.inferences)
            usage[*cell, "tokens"] += int(row.input_tokens)
    return usage, tallies


def test_a_month_is_the_same_from_files_and_from_a_bucket(bucket: S3, tmp_path: Path) -> None:
    settings = {
        "format": {"type": "jsonl", "fields": buckets.FIELDS},
        "system": "{app}",
        "dedupe_window": "1h",
        "future_tolerance": "7d",
    }
    for name, data in month().items():
        path = tmp_path / "app" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        bucket.put(f"app/{name}", data)
    files = Files(
        tmp_path, FilesConfig.model_validate({"name": "archive", "path": "app/*/*/*/*.jsonl*", **settings})
    )
    objects = buckets.Bench(bucket, tmp_path, history="40d", **settings)

    for batch in files.collector.collect(files.store.source_state()):
        files.store.apply(batch)
    objects.run()

    usage, tallies = days(files.store.batches)
    assert days(objects.store.batches) == (usage, tallies)
    assert len({day for day, *_ in usage}) >= 30
    assert min(tallies["counted"], tallies["duplicate"], tallies["invalid_line"]) > 0
