"""The agent as a fork of a process that has imported it, so that a short life is more than its imports."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from leverwatch.agent.cli.main import main
from tests.e2e.agents import COMMAND

_FORKS = multiprocessing.get_context("forkserver")
# What is imported when it is first used: commands, sources, the migrations, and the drivers of the databases.
_FORKS.set_forkserver_preload(
    [
        "tests.e2e.forked",
        *(f"leverwatch.agent.cli.{name}" for name in ("backfill", "collect", "serve", "verdicts")),
        *(f"leverwatch.collectors.sources.{name}.collector" for name in ("evals", "files", "git", "models")),
        "alembic.command",
        "psycopg",
        "sqlalchemy.dialects.postgresql",
    ]
)


class Life(Protocol):
    """A running command."""

    def code(self) -> int | None:
        """Its exit code; None while it runs."""
        ...

    def kill(self) -> None:
        """Send SIGKILL and wait for the end."""
        ...


class Forked:
    """A command as a fork. Its folder is that of its configuration, and keeps its output in `agent.log`.

    `prepare` is a function of a module, called in the fork before the command.
    """

    def __init__(
        self,
        config: Path,
        arguments: Sequence[str],
        environ: Mapping[str, str],
        prepare: Callable[[], None] | None = None,
    ) -> None:
        self._process = _FORKS.Process(target=_run, args=(config, [*arguments], dict(environ), prepare))
        self._process.start()

    def code(self) -> int | None:
        """Its exit code; None while it runs."""
        return self._process.exitcode

    def kill(self) -> None:
        """Send SIGKILL and wait for the end."""
        self._process.kill()
        self._process.join()


class Spawned:
    """The same as a program of its own, with all its imports."""

    def __init__(self, config: Path, arguments: Sequence[str], environ: Mapping[str, str]) -> None:
        with (config.parent / "agent.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*COMMAND, *arguments, "--config", str(config)],
                stdout=log, stderr=log, cwd=config.parent, env={**os.environ, **environ},
            )  # fmt: skip

    def code(self) -> int | None:
        """Its exit code; None while it runs."""
        return self._process.poll()

    def kill(self) -> None:
        """Send SIGKILL and wait for the end."""
        self._process.kill()
        self._process.wait()


def _run(config: Path, arguments: list[str], environ: dict[str, str], prepare: Callable[[], None] | None) -> None:
    with (config.parent / "agent.log").open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    os.environ.update(environ)
    tempfile.tempdir = None
    os.chdir(config.parent)
    if prepare is not None:
        prepare()
    main([*arguments, "--config", str(config)])
