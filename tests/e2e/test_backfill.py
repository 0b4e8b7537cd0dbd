"""A backfill stays exact however often it is killed, beside an agent that reads the same source."""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml
import zstandard
from sqlalchemy import select

from leverwatch.agent.store.schema import usage_daily
from leverwatch.agent.store.store import Store
from leverwatch.collectors.sources.files.collector import _BATCH_BYTES
from tests.e2e.agents import COMMAND, leverwatch_json, running
from tests.e2e.servers import free_port

pytestmark = pytest.mark.e2e

DAYS = [date(2026, 1, 1) + timedelta(days=number) for number in range(12)]
RECORDS = 4900
KILLED = (
    # Since, until, and the day that cannot be stored; each such day is in a later file than the one before.
    (1, 8, 4),
    (0, 6, 6),
    (0, 11, 8),
    (7, 11, 11),
)
DEADLINE = 240
"""Seconds; it only ends a test that has hung."""


def line(day: date, number: int) -> bytes:
    record = {"ts": f"{day}T{number % 24:02}:00:00Z", "id": f"{day}-{number}", "pad": "x" * 7000}
    return json.dumps(record).encode() + b"\n"


def counted(url: str) -> Counter[date]:
    store = Store(url)
    with store.reading() as connection:
        found = Counter({row.day: int(row.inferences) for row in connection.execute(select(usage_daily))})
    store.close()
    return found


@contextmanager
def endless(database: Path, day: date) -> Iterator[None]:
    """Whoever writes a count of a day is at it until it is killed, so what comes before is as far as it gets."""
    with closing(sqlite3.connect(database, timeout=DEADLINE, isolation_level=None)) as connection:
        # A trigger takes no WITH of its own, and may read a view that has one.
        connection.execute(
            "CREATE VIEW numbers AS "
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n"
        )
        connection.execute(
            f"CREATE TRIGGER endless BEFORE INSERT ON usage_daily WHEN NEW.day = '{day}' "  # noqa: S608 - a day
            "BEGIN SELECT count(*) FROM numbers; END"
        )
        yield
        connection.execute("DROP TRIGGER endless")
        connection.execute("DROP VIEW numbers")


def archive(folder: Path) -> None:
    folder.mkdir()
    for at in range(0, len(DAYS), 2):
        # Each archive holds two days whose records take turns, so that every range cuts through files.
        data = b"".join(line(day, number) for number in range(RECORDS) for day in DAYS[at : at + 2])
        # A batch at least is committed between one file and the next.
        assert len(data) > _BATCH_BYTES
        packed = zstandard.ZstdCompressor().compress(data) if at % 4 else data
        (folder / f"{at:02}.jsonl{'.zst' if at % 4 else ''}").write_bytes(packed)


def test_a_killed_backfill_beside_a_running_agent_counts_everything_once(tmp_path: Path) -> None:
    chance, port, url = random.Random(7), free_port(), f"sqlite:///{tmp_path / 'store.db'}"
    (tmp_path / "logs").mkdir()
    archive(tmp_path / "archive")
    source = {
        "name": "gateway",
        "type": "files",
        "path": "logs/*.jsonl",
        "format": {"type": "jsonl", "fields": {"time": "ts", "request_id": "id"}},
        "system": "bot",
        "interval": "2s",
    }
    config = tmp_path / "leverwatch.yaml"
    settings = {"store": {"url": url}, "server": {"listen": f"127.0.0.1:{port}"}, "sources": [source]}
    config.write_text(yaml.safe_dump(settings))
    live, written = date(2026, 2, 1), 0
    everything = ("--path", str(tmp_path / "archive" / "*"))
    with running(config, port) as agent:
        for first, last, never in KILLED:
            days = ("--since", str(DAYS[first]), "--until", str(DAYS[last]))
            before = counted(url)
            log = tmp_path / "backfill.log"
            with endless(tmp_path / "store.db", DAYS[never]), log.open("wb") as output:
                command = [*COMMAND, "backfill", *everything, *days]
                process = subprocess.Popen(command, cwd=tmp_path, stdout=output, stderr=output)
                try:
                    end, dies = time.monotonic() + DEADLINE, None
                    while time.monotonic() < (dies or end) and process.poll() is None:
                        with (tmp_path / "logs" / "app.jsonl").open("ab") as file:
                            file.write(line(live, written))
                        written += 1
                        time.sleep(0.05)
                        if dies is None and any(counted(url)[day] > before[day] for day in DAYS):
                            # While it decodes, or in the middle of a transaction.
                            dies = time.monotonic() + chance.uniform(0, 0.5)
                    assert process.poll() is None, log.read_text()
                finally:
                    process.kill()
                    process.wait()
            assert dies, "the backfill committed nothing"
            assert counted(url)[DAYS[never]] == 0
        since, until = DAYS[3], DAYS[6]
        leverwatch_json("backfill", *everything, f"--since={since}", f"--until={until}", config=config)
        after = counted(url)
        assert {day: after[day] for day in DAYS[3:7]} == dict.fromkeys(DAYS[3:7], RECORDS)
        leverwatch_json("backfill", *everything, config=config)
        assert agent.process.poll() is None
    leverwatch_json("collect", config=config)

    assert counted(url) == {**dict.fromkeys(DAYS, RECORDS), live: written}
    (again,) = leverwatch_json("backfill", *everything, config=config)["sources"]
    assert again["read"] == 0
