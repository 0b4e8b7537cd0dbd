"""The same histories with the real agent on a real store, whose process is killed in the middle of its work."""

from __future__ import annotations

import random
import sqlite3
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import yaml

from tests.e2e.forked import Forked
from tests.e2e.servers import wait_until
from tests.oracle.counter import COLUMNS, Cell
from tests.oracle.history import History
from tests.oracle.steps import Crash
from tests.oracle.world import World

_PATIENCE = 120


class KilledWorld(World):
    """A folder of logs, and an agent whose runs are often killed. Tables of results are not compared."""

    def __init__(self, folder: Path, history: History) -> None:
        logs = folder / "logs"
        logs.mkdir()
        super().__init__(logs, history)
        self._home, self._random = folder, random.Random(f"{history.name} {history.seed} killed")
        self.kills = 0
        self._longest = 0.4
        self._configure("5m")

    def _configure(self, quiet: str) -> None:
        source = {
            "name": "gateway", "type": "files", "path": f"logs/{self._history.glob}", "quiet_after": quiet,
            **self._producer.settings,
        }  # fmt: skip
        config = {"store": {"url": f"sqlite:///{self._home / 'store.db'}"}, "sources": [source]}
        (self._home / "leverwatch.yaml").write_text(yaml.safe_dump(config))

    def _begin(self) -> Forked:
        return Forked(self._home / "leverwatch.yaml", ["collect"], {})

    def _run(self) -> None:
        if self._random.random() < 0.7:
            self._crash(Crash(1, committed=False))
        else:
            self._finish()

    def _finish(self) -> None:
        life = self._begin()
        wait_until(lambda: life.code() is not None, _PATIENCE, "collect")
        assert life.code() == 0, (self._home / "agent.log").read_text()[-3000:]

    def _crash(self, step: Crash) -> None:  # noqa: ARG002  when it dies is a matter of chance
        life = self._begin()
        # The first one dies at once, so that no history is without a kill however quick the machine is.
        time.sleep(self._random.uniform(0, self._longest) if self.kills else 0)
        life.kill()
        was_killed = life.code() != 0
        self.kills += was_killed
        # On a busy machine most would die before they did anything, on an idle one few while they do.
        self._longest *= 1.2 if was_killed else 0.8

    def _settle(self) -> None:
        self._configure("0s")
        self._finish()

    def _differences(self) -> list[str]:
        with closing(sqlite3.connect(self._home / "store.db")) as store:
            store.row_factory = sqlite3.Row
            found: dict[Cell, Counter[str]] = {}
            for row in store.execute("SELECT * FROM usage_daily"):
                cell = found.setdefault((row["system"], row["model"], row["operation"], row["day"]), Counter())
                for column in COLUMNS:
                    cell[column] += row[column]
        return self.wrong_cells(found)
