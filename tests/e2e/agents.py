"""The real `leverwatch` command as a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.e2e.servers import wait_until

COMMAND = (sys.executable, "-m", "leverwatch")


@dataclass
class Agent:
    """A running `leverwatch run`."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def metrics(self) -> str:
        """What it exports now."""
        answer = requests.get(f"{self.url}/metrics", timeout=10)
        answer.raise_for_status()
        return answer.text

    def value(self, series: str) -> float | None:
        """The value of one series, written as in the exposition; None when it is not there."""
        # Looked for, not read line by line: tests ask again and again, and a thousand systems have 100,000 lines.
        _, _, rest = f"\n{self.metrics()}".partition(f"\n{series} ")
        return float(rest.partition("\n")[0]) if rest else None

    def is_ready(self) -> bool:
        """Whether it says so; False also while it does not answer."""
        try:
            return requests.get(f"{self.url}/-/ready", timeout=10).ok
        except requests.ConnectionError:
            return False

    def reload(self) -> None:
        """Send SIGHUP."""
        self.process.send_signal(signal.SIGHUP)

    def is_alive(self) -> bool:
        """Whether its process runs."""
        return self.process.poll() is None

    def kill(self) -> None:
        """Send SIGKILL and wait for the end."""
        self.process.kill()
        self.process.wait()

    def terminate(self, seconds: float = 20) -> int:
        """Send SIGTERM; the exit code."""
        self.process.terminate()
        return self.process.wait(seconds)


def start(config: Path, port: int) -> Agent:
    """Start the agent; it may not answer yet."""
    log = config.parent / "agent.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*COMMAND, "run", "--config", str(config)], stdout=output, stderr=output, cwd=config.parent
        )
    return Agent(process, f"http://127.0.0.1:{port}", log)


@contextmanager
def running(config: Path, port: int) -> Iterator[Agent]:
    """An agent that is ready; it is ended with the block."""
    agent = start(config, port)
    try:
        wait_until(lambda: agent.is_ready() or agent.process.poll() is not None, 30, "the agent is ready")
        assert agent.process.poll() is None, agent.log.read_text()
        yield agent
    finally:
        if agent.process.poll() is None:
            agent.process.kill()
        agent.process.wait()


def leverwatch(*arguments: str, config: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    chosen = () if config is None else ("--config", str(config))
    return subprocess.run(
        [*COMMAND, *arguments, *chosen], capture_output=True, text=True, timeout=120, check=False
    )


def leverwatch_json(*arguments: str, config: Path) -> Any:
    """The JSON that a command prints; it must succeed."""
    done = leverwatch(*arguments, "--format", "json", config=config)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
