"""The agent as a fork of a process that has imported it, so that a short life is more than its imports."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

from agent.cli.main import main

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.e2e.forked"])


class Forked:
    """A running agent."""

    def __init__(self, config: Path, port: int) -> None:  # noqa: ARG002 - as whatever starts an agent
        self._process = _FORKS.Process(target=_run, args=(config,))
        self._process.start()

    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process.is_alive()

    def kill(self) -> None:
        """Send SIGKILL and wait for the end."""
        self._process.kill()
        self._process.join()


def _run(config: Path) -> None:
    with (config.parent / "agent.log").open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    os.chdir(config.parent)
    main(["run", "--config", str(config)])
