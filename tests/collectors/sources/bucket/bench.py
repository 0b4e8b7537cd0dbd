"""A bucket, a store that applies batches as the runner does, and a collector between them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from leverwatch.collectors.errors import CollectorError
from leverwatch.collectors.interface import Batch, CollectorContext
from leverwatch.collectors.sources.bucket.collector import BucketCollector
from leverwatch.collectors.sources.bucket.config import BucketConfig
from tests.collectors.sources.bucket.s3 import BUCKET, KEY_ID, S3, SECRET
from tests.collectors.sources.files.tailing import Store

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
FIELDS = {"time": "ts", "request_id": "id", "input_tokens": "in", "model": "model"}


def config(address: str, /, **changes: Any) -> BucketConfig:
    settings = {
        "name": "archive",
        "url": f"s3://{BUCKET}",
        "endpoint": address,
        "region": "us-east-1",
        "key_id": KEY_ID,
        "secret": SECRET,
        "path": "app/{date:%Y/%m/%d}/**",
        "format": {"type": "jsonl", "fields": FIELDS},
        "system": "{app}",
        "history": "5d",
        "dedupe_window": "0s",
        **changes,
    }
    return BucketConfig.model_validate({name: value for name, value in settings.items() if value is not None})


def record(number: int, app: str = "bot", at: str = "2026-03-10T08:00:00Z", **more: Any) -> bytes:
    return json.dumps({"ts": at, "app": app, "id": f"r{number}", **more}).encode() + b"\n"


def records(first: int, last: int, **more: Any) -> bytes:
    return b"".join(record(number, **more) for number in range(first, last))


class Bench:
    """Everything that a test of following a bucket needs."""

    def __init__(self, server: S3, folder: Path, **changes: Any) -> None:
        self.server, self.folder, self.changes = server, folder, changes
        self.now = NOW
        self.seconds_an_object = 1.0
        self.stopping: Callable[[], bool] = lambda: False
        self.store = Store()
        self.monotonic = 0.0
        self.restart()

    def restart(self, **changes: Any) -> None:
        """A new process, with other settings."""
        self.changes |= changes
        context = CollectorContext(self.folder, self.folder / "cache", lambda: self.now, stopping=self.stopping)
        self.collector = BucketCollector(
            config(self.server.url, **self.changes), context, self._clock, timedelta(milliseconds=1)
        )

    def _clock(self) -> float:
        # Each object is a batch, so that a process can be ended between any two of them.
        self.monotonic += self.seconds_an_object
        return self.monotonic

    def run(self, most: int | None = None) -> list[Batch]:
        """Collect, and apply what comes; `most` batches, after which the process is killed."""
        self.server.forget()
        applied: list[Batch] = []
        batches = self.collector.collect(self.store.source_state())
        for batch in batches:
            if most is not None and len(applied) >= most:
                batches.close()  # type: ignore[attr-defined]  # it is a generator
                break
            self.store.apply(batch)
            applied.append(batch)
        return applied

    def failing(self) -> CollectorError:
        """Collect, and return the error that the run ends with."""
        try:
            self.run()
        except CollectorError as error:
            return error
        raise AssertionError("the run did not fail")

    def counted(self) -> dict[str, int]:
        return self.store.counted()
