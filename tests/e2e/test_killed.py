"""Counts stay exact however often the agent is killed while logs grow, rotate, are truncated and compressed."""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
import yaml
import zstandard
from sqlalchemy import select
from sqlalchemy.engine import make_url

from agent.store.schema import usage_daily
from agent.store.store import Store
from collectors.interface import Result
from tests.e2e.agents import leverwatch_json, start
from tests.e2e.servers import free_port

pytestmark = pytest.mark.e2e

FIELDS = {
    "time": "ts",
    "request_id": "id",
    "status": "status",
    "input_tokens": "usage.in",
    "output_tokens": "usage.out",
}
SYSTEMS = ("alpha", "beta", "gamma")


@dataclass
class Writer:
    """Applications that log, and what they logged."""

    folder: Path
    random: random.Random
    expected: Counter[tuple[str, str]] = field(default_factory=Counter)
    results: Counter[Result] = field(default_factory=Counter)
    number: int = 0
    partial: bytes = b""
    dated: int = 0

    @property
    def live(self) -> Path:
        return self.folder / "app.jsonl"

    def line(self) -> bytes:
        """One more record, a repeated one, or a broken one."""
        self.number += 1
        system = self.random.choice(SYSTEMS)
        tokens = self.random.randrange(1000)
        record = {
            "ts": datetime.now(UTC).isoformat(),
            "app": system,
            "id": f"r{self.number}",
            "status": "error" if self.random.random() < 0.1 else "success",
            "usage": {"in": tokens, "out": tokens % 7},
        }
        raw = json.dumps(record).encode() + b"\n"
        self.results[Result.COUNTED] += 1
        if record["status"] == "error":
            self.expected[system, "errors"] += 1
        else:
            self.expected[system, "inferences"] += 1
            self.expected[system, "input_tokens"] += tokens
            self.expected[system, "output_tokens"] += tokens % 7
        chance = self.random.random()
        if chance < 0.05:
            self.results[Result.DUPLICATE] += 1
            return raw + raw
        if chance < 0.08:
            self.results[Result.INVALID_LINE] += 1
            return raw + b'{"broken": \n'
        return raw

    def write(self, path: Path, lines: int) -> None:
        """Append whole lines, and now and then the first part of one more."""
        data = self.partial + b"".join(self.line() for _ in range(lines))
        self.partial = b""
        if self.random.random() < 0.5:
            raw = self.line()
            cut = self.random.randrange(1, len(raw))
            data, self.partial = data + raw[:cut], raw[cut:]
        with path.open("ab") as file:
            file.write(data)

    def finish_line(self) -> None:
        """Complete the line that was begun, before its file moves away."""
        if self.partial:
            with self.live.open("ab") as file:
                file.write(self.partial)
            self.partial = b""

    def step(self, burst: int) -> None:
        """One thing that happens to logs."""
        action = self.random.choice(["write"] * 6 + ["rename", "copytruncate", "dated", "compress", "outside"])
        if action == "write" or not self.live.exists():
            self.write(self.live, self.random.randrange(1, burst))
            return
        if action == "compress":
            self.compress()
            return
        if self.random.random() < 0.7:
            self.finish_line()
        name = f"{self.random.randrange(10**9)}"
        if action == "rename":
            self.live.rename(self.folder / f"app-{name}.jsonl")
        elif action == "copytruncate":
            shutil.copyfile(self.live, self.folder / f"app-{name}.jsonl")
            os.truncate(self.live, 0)
        elif action == "outside":
            # The glob does not match it; it is found as what rotation made of the live log.
            self.live.rename(self.folder / f"app.jsonl.{name}")
        else:
            self.dated += 1
            (self.folder / f"day-{self.dated}.jsonl").write_bytes(b"".join(self.line() for _ in range(50)))
            return
        # What was begun in the old file goes on there, as an application with an open file does.
        if self.partial and action != "copytruncate":
            target = self.folder / (f"app.jsonl.{name}" if action == "outside" else f"app-{name}.jsonl")
            with target.open("ab") as file:
                file.write(self.partial)
            self.partial = b""
        elif self.partial:
            with (self.folder / f"app-{name}.jsonl").open("ab") as file:
                file.write(self.partial)
            self.partial = b""

    def compress(self) -> None:
        """Compress one rotated file, as a log rotation does a while later."""
        rotated = sorted(self.folder.glob("app-*.jsonl"))
        if not rotated:
            return
        path = self.random.choice(rotated)
        data = path.read_bytes()
        if self.random.random() < 0.5:
            packed, suffix = gzip.compress(data), ".gz"
        else:
            packed, suffix = zstandard.ZstdCompressor().compress(data), ".zst"
        target = path.with_name(path.name + suffix)
        hidden = path.with_name(f".{path.name}.tmp")
        hidden.write_bytes(packed)
        hidden.rename(target)
        path.unlink()


def totals(url: str) -> Counter[tuple[str, str]]:
    """What the store holds, in the writer's terms."""
    store = Store(url)
    found: Counter[tuple[str, str]] = Counter()
    with store.reading() as connection:
        for row in connection.execute(select(usage_daily)):
            for name in ("inferences", "errors", "input_tokens", "output_tokens"):
                found[row.system, name] += int(getattr(row, name))
    store.close()
    return +found


def configure(folder: Path, url: str, port: int, quiet: str) -> Path:
    source = {
        "name": "gateway",
        "type": "files",
        "path": "logs/*.jsonl*",
        "format": {"type": "jsonl", "fields": FIELDS},
        "system": "{app}",
        "interval": "100ms",
        "quiet_after": quiet,
    }
    # The glob leaves out `app.jsonl.123`, which only the search for rotated files finds.
    source["path"] = ["logs/*.jsonl", "logs/*.jsonl.gz", "logs/*.jsonl.zst"]
    config = {
        "store": {"url": url},
        "web": {"listen": f"127.0.0.1:{port}"},
        "evaluation": {"interval": "300ms"},
        "sources": [source],
    }
    path = folder / "leverwatch.yaml"
    path.write_text(yaml.safe_dump(config))
    return path


def run_and_kill(folder: Path, url: str, seed: int, kills: int) -> None:
    (folder / "logs").mkdir()
    port = free_port()
    config = configure(folder, url, port, quiet="1h")
    writer = Writer(folder / "logs", random.Random(seed))
    # Files outside the glob are only read as parts of a live log that was seen once.
    writer.write(writer.live, 10)
    leverwatch_json("collect", config=config)
    for kill in range(kills):
        agent = start(config, port)
        # Every tenth life has a backlog of some MiB to read, so that it dies in the middle of it.
        if kill % 10 == 5:
            writer.finish_line()
            (writer.folder / f"backlog-{kill}.jsonl").write_bytes(b"".join(writer.line() for _ in range(40_000)))
        # A process takes most of a second to start; what it does afterwards is what may be interrupted.
        end = time.monotonic() + writer.random.uniform(0.2, 2.2)
        while time.monotonic() < end:
            writer.step(burst=400)
            time.sleep(writer.random.uniform(0, 0.03))
        assert agent.process.poll() is None, agent.log.read_text()[-3000:]
        agent.kill()
    writer.finish_line()
    seen = totals(url)
    assert seen, "the agent was always killed before it counted anything"
    configure(folder, url, port, quiet="0s")
    leverwatch_json("collect", config=config)
    leverwatch_json("collect", config=config)

    assert totals(url) == +writer.expected
    store = Store(url)
    tallies = store.tallies()["gateway"]
    store.close()
    assert {result: tallies.get(result, 0) for result in writer.results} == dict(writer.results)


@pytest.mark.parametrize("seed", [1, 2])
def test_counts_are_exact_after_many_kills(tmp_path: Path, seed: int) -> None:
    run_and_kill(tmp_path, f"sqlite:///{tmp_path / 'store.db'}", seed, kills=26)


def test_counts_are_exact_after_many_kills_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    name = f"t{uuid4().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    url = make_url(postgres_url).set(database=name, drivername="postgresql")
    run_and_kill(tmp_path, url.render_as_string(hide_password=False), seed=3, kills=12)
