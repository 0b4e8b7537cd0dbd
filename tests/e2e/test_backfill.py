"""A backfill stays exact however often it is killed, beside an agent that reads the same source."""

from __future__ import annotations

import json
import random
import subprocess
import time
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml
import zstandard
from sqlalchemy import select

from agent.store.schema import usage_daily
from agent.store.store import Store
from tests.e2e.agents import COMMAND, leverwatch_json, running
from tests.e2e.servers import free_port

pytestmark = pytest.mark.e2e

DAYS = [date(2026, 1, 1) + timedelta(days=number) for number in range(12)]
RECORDS = 20_000


def line(day: date, number: int) -> bytes:
    record = {"ts": f"{day}T{number % 24:02}:00:00Z", "id": f"{day}-{number}", "pad": "x" * 200}
    return json.dumps(record).encode() + b"\n"


def counted(url: str) -> Counter[date]:
    store = Store(url)
    with store.reading() as connection:
        found = Counter({row.day: int(row.inferences) for row in connection.execute(select(usage_daily))})
    store.close()
    return found


def test_a_killed_backfill_beside_a_running_agent_counts_everything_once(tmp_path: Path) -> None:
    chance, port, url = random.Random(7), free_port(), f"sqlite:///{tmp_path / 'store.db'}"
    (tmp_path / "logs").mkdir()
    (tmp_path / "archive").mkdir()
    for at in range(0, len(DAYS), 2):
        # Each archive holds two days whose records take turns, so that every range cuts through files.
        data = b"".join(line(day, number) for number in range(RECORDS) for day in DAYS[at : at + 2])
        packed = zstandard.ZstdCompressor().compress(data) if at % 4 else data
        (tmp_path / "archive" / f"{at}.jsonl{'.zst' if at % 4 else ''}").write_bytes(packed)
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
        for _ in range(4):
            since, until = sorted(chance.sample(DAYS, 2))
            arguments = ["backfill", *everything, "--since", str(since), "--until", str(until)]
            log = tmp_path / "backfill.log"
            with log.open("wb") as output:
                process = subprocess.Popen([*COMMAND, *arguments], cwd=tmp_path, stdout=output, stderr=output)
            end, dies = time.monotonic() + 60, None
            before = counted(url)
            while time.monotonic() < (dies or end) and process.poll() is None:
                with (tmp_path / "logs" / "app.jsonl").open("ab") as file:
                    file.write(line(live, written))
                written += 1
                time.sleep(0.05)
                if dies is None and any(counted(url)[day] > before[day] for day in DAYS):
                    dies = time.monotonic() + chance.uniform(0, 0.02)
            process.kill()
            process.wait()
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
