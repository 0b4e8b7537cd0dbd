"""The memory of a real agent stays below the limit that is shipped, with a thousand systems all flagged."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from leverwatch.agent.store.store import Store
from tests.e2e import flagged
from tests.e2e.agents import Agent, start
from tests.e2e.servers import free_port, wait_until

SYSTEMS = 1_000
LIMIT_MIB = 512
"""Of the unit, the chart and the compose file."""


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    store = Store(f"sqlite:///{tmp_path / 'store.db'}")
    store.migrate()
    flagged.fill(store, SYSTEMS, datetime.now(UTC).date())
    store.close()
    port = free_port()
    running = start(flagged.configure(tmp_path, SYSTEMS, port), port)
    yield running
    running.kill()


def peak_mib(agent: Agent) -> float:
    """The most memory that the process ever held."""
    status = Path(f"/proc/{agent.process.pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024


def test_a_thousand_flagged_systems_stay_below_the_shipped_limit(agent: Agent) -> None:
    wait_until(lambda: agent.is_ready() or not agent.is_alive(), 180, "a first evaluation", pause=0.5)
    first = peak_mib(agent)
    asked: tuple[tuple[str, dict[str, str]], ...] = (
        ("/", {}),
        ("/api/v1/systems", {}),
        ("/metrics", {}),
        ("/metrics", {"Accept": "application/openmetrics-text; version=1.0.0"}),
        ("/", {"Accept-Encoding": "identity"}),
        ("/metrics", {"Accept-Encoding": "identity"}),
    )
    sizes: dict[int, int] = {}

    def ask(number: int) -> None:
        path, headers = asked[number % len(asked)]
        answer = requests.get(f"{agent.url}{path}", headers=headers, timeout=120)
        assert answer.ok
        sizes[number] = len(answer.content)

    before = agent.value("leverwatch_evaluation_runs_total") or 0
    threads = [threading.Thread(target=ask, args=(number,)) for number in range(2 * len(asked))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sizes) == len(threads)
    # An evaluation while all of it is remembered, followed by the same questions.
    runs = "leverwatch_evaluation_runs_total"
    wait_until(lambda: (agent.value(runs) or 0) > before, 120, "another evaluation", pause=1)
    for number in range(len(asked)):
        ask(number)
    peak = peak_mib(agent)
    print(f"{first:.0f} MiB after the first evaluation, {peak:.0f} MiB in all; {sizes}")
    assert peak < LIMIT_MIB
