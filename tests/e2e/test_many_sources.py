"""A thousand sources in what the unit, the image and the chart allow: 256 tasks and 512 MiB."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.e2e.agents import Agent, start
from tests.e2e.servers import free_port, wait_until
from tests.e2e.test_signals import configure, files, inferences, lines

pytestmark = pytest.mark.e2e

SOURCES = 1_000
MOST_TASKS = 256
MOST_BYTES = 512 * 1024 * 1024


def status(agent: Agent, name: str) -> int:
    """A number of the kernel's about a process."""
    found = re.search(rf"^{name}:\s+(\d+)", Path(f"/proc/{agent.process.pid}/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1])


def test_a_thousand_sources_fit_into_the_limits_that_are_shipped(tmp_path: Path) -> None:
    port = free_port()
    for number in range(SOURCES):
        (tmp_path / f"{number}.jsonl").write_bytes(lines(3, first=3 * number))
    sources = [
        files(f"s{number}", f"{number}.jsonl", system=f"system-{number}", interval="30s")
        for number in range(SOURCES)
    ]
    agent = start(configure(tmp_path, port, *sources, evaluation={"interval": "6s"}), port)
    try:
        wait_until(lambda: agent.is_ready() or not agent.is_alive(), 120, "the agent is ready", pause=0.5)
        assert agent.is_alive(), agent.log.read_text()[-3000:]
        url = f"sqlite:///{tmp_path / 'store.db'}"
        wait_until(lambda: inferences(url) == 3 * SOURCES, 240, "every source was read", pause=1)
        # A second round, scrapes and an evaluation of everything.
        finished = "leverwatch_evaluation_runs_total"
        before = agent.value(finished) or 0
        wait_until(lambda: (agent.value(finished) or 0) > before + 1, 120, "two more evaluations", pause=1)
        threads, peak = status(agent, "Threads"), status(agent, "VmHWM") * 1024
        assert agent.terminate() == 0
    finally:
        agent.kill()

    assert threads < MOST_TASKS / 2, "as much again is left for git and its transports"
    assert peak < MOST_BYTES * 3 / 4, f"{peak / 2**20:.0f} MiB"
