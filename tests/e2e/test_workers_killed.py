"""A backlog that is read by several threads counts exactly, however often the one that commits is killed."""

from __future__ import annotations

import random
import subprocess
import time
from functools import partial
from pathlib import Path

import pytest
import yaml
from sqlalchemy import func, select

from leverwatch.agent.store.schema import usage_daily
from leverwatch.agent.store.store import Store
from tests.e2e.agents import COMMAND, leverwatch_json
from tests.e2e.servers import wait_until

pytestmark = pytest.mark.e2e

RECORDS = 750_000
"""More than 64 MiB of them."""


def backlog(path: Path) -> None:
    with path.open("w") as file:
        for number in range(RECORDS):
            status = "error" if number % 10 == 0 else "success"
            file.write(
                f'{{"ts":"2026-03-{number % 3 + 8:02}T08:00:00Z","id":"request-{number:08}","app":"a{number % 7}",'
                f'"status":"{status}","in":{number % 1000}}}\n'
            )
            if number % 1000 == 0:
                file.write(f'{{"ts":"2026-03-08T08:00:00Z","id":{number}\n')


def configuration(folder: Path) -> Path:
    path = folder / "leverwatch.yaml"
    fields = {"time": "ts", "request_id": "id", "status": "status", "input_tokens": "in"}
    source = {"name": "apps", "type": "files", "path": "*.jsonl", "system": "{app}"}
    path.write_text(
        yaml.safe_dump(
            {
                "store": {"url": f"sqlite:///{folder}/store.db"},
                "sources": [{**source, "format": {"type": "jsonl", "fields": fields}}],
            }
        )
    )
    return path


def is_reading(process: subprocess.Popen[bytes], path: Path) -> bool:
    """Whether it has the file open, or has ended, as nothing was left."""
    if process.poll() is not None:
        return True
    try:
        return any(str(file.readlink()) == str(path) for file in Path(f"/proc/{process.pid}/fd").iterdir())
    except OSError:  # a file was closed, or the process ended, while this looked
        return False


def test_a_killed_backlog_goes_on_where_its_last_commit_was(tmp_path: Path) -> None:
    backlog(tmp_path / "app.jsonl")
    config = configuration(tmp_path)
    command = [*COMMAND, "collect", "--workers", "2", "--config", str(config)]
    chance = random.Random(7)
    killed = 0
    for after in (0.0, 0.3, 0.2, 0.1):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            wait_until(partial(is_reading, process, tmp_path / "app.jsonl"), 60, "it reads the log", pause=0.001)
            time.sleep(after * chance.random())
            killed += process.poll() is None
            process.kill()
    report = leverwatch_json("collect", "--workers", "2", config=config)

    assert killed
    assert report[0]["success"]
    store = Store(f"sqlite:///{tmp_path}/store.db")
    with store._engine.connect() as connection:
        columns = (usage_daily.c.inferences, usage_daily.c.errors, usage_daily.c.input_tokens)
        totals = connection.execute(select(*map(func.sum, columns))).one()
    malformed = store.tallies()["apps"]
    store.close()
    good = [number for number in range(RECORDS) if number % 10]
    assert tuple(totals) == (len(good), RECORDS - len(good), sum(number % 1000 for number in good))
    assert {str(result): number for result, number in malformed.items()} == {
        "counted": RECORDS,
        "invalid_line": RECORDS // 1000,
    }
