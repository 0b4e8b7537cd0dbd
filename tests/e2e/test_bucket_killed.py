"""An agent that is killed while it reads a bucket, and started again, counts every record once."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from tests.collectors.sources.bucket.s3 import BUCKET, KEY_ID, SECRET, Fault, s3

pytestmark = pytest.mark.e2e

OBJECTS, RECORDS = 40, 25


def collecting(folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "leverwatch", "collect", "--config", str(folder / "leverwatch.yaml")]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def test_an_agent_that_is_killed_counts_every_record_once(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    with s3() as server:
        source = {
            "name": "archive", "type": "bucket", "url": f"s3://{BUCKET}", "endpoint": server.url, "key_id": KEY_ID,
            "secret": "${BUCKET_SECRET}", "path": "{date:%Y/%m/%d}/*", "system": "bot", "history": "1d",
            "format": {"type": "jsonl", "fields": {"time": "ts"}},
        }  # fmt: skip
        settings = {"store": {"url": "sqlite:///store.db"}, "sources": [source]}
        (tmp_path / "leverwatch.yaml").write_text(yaml.safe_dump(settings).replace("${BUCKET_SECRET}", SECRET))
        line = f'{{"ts": "{now:%Y-%m-%dT00:00:00Z}"}}\n'.encode()
        for number in range(OBJECTS):
            server.put(f"{now:%Y/%m/%d}/{number:03}", line * RECORDS)
        process = collecting(tmp_path)

        def kill(key: str, pid: int = process.pid) -> Fault | None:
            if key.endswith("/017"):
                os.kill(pid, signal.SIGKILL)
            return None

        server.fault = kill
        process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL
        server.fault = lambda _: None
        process = collecting(tmp_path)
        said, _ = process.communicate(timeout=60)

    assert process.returncode == 0, said
    assert SECRET.encode() not in said
    with closing(sqlite3.connect(tmp_path / "store.db")) as store:
        (counted,) = store.execute("SELECT sum(inferences) FROM usage_daily").fetchone()
    assert counted == OBJECTS * RECORDS
