"""Two running agents on one PostgreSQL: one decides, the other shows it, and each steps in for the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from leverwatch.agent.app import Agent
from leverwatch.agent.config import load_config
from leverwatch.agent.exporter.render import Format
from leverwatch.agent.scheduling import leadership
from leverwatch.agent.web.api import systems_json
from tests.e2e.databases import database_of
from tests.e2e.servers import wait_until

SOON = timedelta(seconds=0.1)
NEVER = timedelta(hours=1)


class Two:
    """The agents, which read the same log of two months and a few hours."""

    def __init__(self, folder: Path, url: str, running: ExitStack, patch: pytest.MonkeyPatch) -> None:
        self._running, self._patch = running, patch
        self._config = folder / "leverwatch.yaml"
        self._config.write_text(
            json.dumps(
                {
                    "store": {"url": url},
                    "server": {"listen": "127.0.0.1:0"},
                    "sources": [
                        {
                            "name": "gateway",
                            "type": "files",
                            "path": "usage.jsonl",
                            "format": {"type": "jsonl", "fields": {"time": "ts", "inferences": "n"}},
                            "system": "bot",
                        }
                    ],
                }
            )
        )
        newest = datetime.now(UTC) - timedelta(hours=1)
        lines = [{"ts": (newest - timedelta(days=age)).isoformat(), "n": 1000} for age in range(60)]
        (folder / "usage.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))

    def start(self, asks: timedelta) -> Agent:
        """Start an agent that asks for the lease at its start and then so often; it is stopped in the end."""
        self._patch.setattr(leadership, "RENEWAL", asks)
        agent = Agent(load_config(self._config), lambda: load_config(self._config))
        self._running.callback(agent.stop)
        agent.start()
        wait_until(lambda: "bot" in shown(agent), 60, "it shows the system")
        return agent


@pytest.fixture
def two(
    tmp_path: Path, postgres_url: str, migrated_database: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Two]:
    with database_of(postgres_url, migrated_database) as url, ExitStack() as running:
        yield Two(tmp_path, url.render_as_string(hide_password=False), running, monkeypatch)


def shown(agent: Agent) -> str:
    return systems_json(agent.exposition.snapshots.systems).decode()


def metric(agent: Agent, name: str) -> str:
    lines = agent.exposition.body(Format.TEXT).plain.decode().splitlines()
    return next(line.split()[-1] for line in lines if line.startswith(f"{name} "))


def test_one_decides_the_other_shows_it_and_decides_when_the_first_one_stops(two: Two) -> None:
    first = two.start(SOON)
    second = two.start(SOON)
    wait_until(lambda: json.loads(shown(first)) == json.loads(shown(second)), 30, "both show the same")
    assert [metric(agent, "leverwatch_leader") for agent in (first, second)] == ["1.0", "0.0"]
    assert second.ready() == (True, "")
    decided = "leverwatch_evaluation_last_success_timestamp_seconds"
    wait_until(lambda: metric(first, decided) == metric(second, decided), 30, "both tell when it was decided")

    first.stop()
    wait_until(lambda: metric(second, "leverwatch_leader") == "1.0", 30, "the second one decides")
    assert metric(second, "leverwatch_leader_term") == "2.0"


def test_one_that_was_replaced_without_noticing_writes_nothing_and_steps_down(two: Two) -> None:
    first = two.start(NEVER)
    with first.store.writing() as connection:
        connection.execute(text("UPDATE leases SET expires_at = expires_at - interval '1 hour'"))
    second = two.start(SOON)
    wait_until(lambda: metric(second, "leverwatch_leader") == "1.0", 30, "the second one decides")
    assert metric(first, "leverwatch_leader") == "1.0", "it would have noticed"

    first._scheduler.soon("(evaluation)")
    wait_until(lambda: first._leadership.fence() is None, 30, "its write is refused")
    first._publish()
    assert metric(first, "leverwatch_leader") == "0.0"
    assert metric(first, "leverwatch_evaluation_failures_total") == "0.0"
