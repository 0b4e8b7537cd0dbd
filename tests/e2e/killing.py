"""Agents on several stores over the same changing sources, killed again and again: what they hold stays exact."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.e2e.forked import Forked, Life, Spawned
from tests.e2e.kills import ledger, processes
from tests.e2e.kills.beginnings import Beginnings
from tests.e2e.kills.databases import Databases
from tests.e2e.kills.ledger import Ledger
from tests.e2e.kills.world import World
from tests.e2e.servers import free_port, wait_until

COMMANDS = {"run": 40, "collect": 18, "backfill": 8, "range": 10, "evaluate": 10, "start": 14}
"""How often each is killed. `start` is on a store that is new or of an earlier version."""
_PATIENCE = 180
_SPAWNED = 0.03
_IMPORTS = 1.5
_STARTS = 6
_LOOP_SECONDS = 0.03
_SHORTEST, _LONGEST = 0.05, 8.0
_TRIED = (b"", b"blat")
"""What a file holds that was just made, and one with which Python tries whether a folder takes any."""


@dataclass
class _Running:
    command: str
    life: Life
    mark: str
    dies: float


class Victim:
    """One store and the agent on it."""

    def __init__(self, name: str, folder: Path, databases: Databases, world: World, chance: random.Random) -> None:
        self.name, self._folder, self._world, self._random = name, folder, world, chance
        (folder / "tmp").mkdir(parents=True)
        self.config = folder / "leverwatch.yaml"
        self._url, self._port = databases(), free_port()
        self.store = Ledger(self._url)
        self.configure("1h")
        self._beginnings = Beginnings(folder / "young", databases, self.finish, self.store)
        self._longest = dict.fromkeys(COMMANDS, 1.0) | {"evaluate": 0.1, "start": 0.3}
        self._progress: tuple[object, ...] = ()
        self.kills: Counter[str] = Counter()
        self.at_work: Counter[str] = Counter()
        """Those that had written something when they were killed."""
        self.in_time: Counter[str] = Counter()
        """Commands that had ended before they were to die."""
        self.marks: list[str] = []
        self._starts = 0

    def configure(self, quiet: str) -> None:
        """Write the configuration."""
        config = {
            "store": {"url": self._url},
            "cache_dir": str(self._folder / "cache"),
            "server": {"listen": f"127.0.0.1:{self._port}"},
            "evaluation": {"interval": "300ms"},
            "sources": self._world.sources(quiet),
        }
        self.config.write_text(yaml.safe_dump(config))

    def begin(self) -> _Running:
        """Start some command that is to die soon."""
        command = self._random.choices([*COMMANDS], [*COMMANDS.values()])[0]
        arguments = [command]
        if command in {"backfill", "range"}:
            whole = command == "backfill" and self._random.random() < 0.3
            arguments = ["backfill"] if whole else self._world.archives.arguments(ranged=command == "range")
        config = self._beginnings.config if command == "start" else self.config
        seconds = self._random.uniform(0, self._longest[command])
        spawned = command == "run" and self._random.random() < _SPAWNED
        life, mark = self._launch(config, ["collect"] if command == "start" else arguments, spawned=spawned)
        return _Running(command, life, mark, time.monotonic() + seconds + _IMPORTS * spawned)

    def _launch(self, config: Path, arguments: list[str], *, spawned: bool = False) -> tuple[Life, str]:
        mark = f"{self.name}-{len(self.marks)}-{self._port}"
        self.marks.append(mark)
        environ: Mapping[str, str] = {processes.MARK: mark, "TMPDIR": str(self._folder / "tmp")}
        return (Spawned if spawned else Forked)(config, arguments, environ), mark

    def end(self, running: _Running) -> bool:
        """Kill it; whether it was still at work. Whatever it was at, the store must make sense now."""
        running.life.kill()
        code = running.life.code()
        killed = code == -signal.SIGKILL
        # A command that is done in time ends by itself; a failing source makes that 1.
        assert killed or (running.command != "run" and code in {0, 1}), self.log()
        (self.kills if killed else self.in_time)[running.command] += 1
        if running.command == "start":
            self._beginnings.assert_possible()
            self._starts += 1
            if self._starts % _STARTS == 0:
                self._beginnings.complete()
            wrote = self._random.random() < 0.5
        else:
            wrote = self._look()
            self.at_work[running.command] += killed and wrote
        # On a busy machine most would die before they did anything, on an idle one few while they do.
        factor = 0.85 if not killed else 0.95 if wrote else 1.15
        self._longest[running.command] = min(_LONGEST, max(_SHORTEST, self._longest[running.command] * factor))
        return killed

    def _look(self) -> bool:
        """Whether anything was written since the last time; what is there must be possible."""
        with self.store.reading() as connection:
            self._world.assert_possible(connection)
            before, self._progress = self._progress, ledger.progress(connection)
        return before != self._progress

    def finish(self, config: Path, arguments: list[str]) -> None:
        """Run a command to its end; it must succeed. While there is no result of an evaluation, its source counts
        for nothing, and while a log is rotated its glob may match nothing, which `collect` says with 1."""
        life, _ = self._launch(config, arguments)
        wait_until(lambda: life.code() is not None, _PATIENCE, " ".join(arguments))
        said = ("event=nothing_counted source=eval", "event=matches_nothing")
        counts_nothing = arguments == ["collect"] and any(event in self.log() for event in said)
        assert life.code() == 0 or (counts_nothing and life.code() == 1), self.log()

    def log(self) -> str:
        """The end of what the agents said."""
        return "\n".join(path.read_text()[-3000:] for path in self._folder.rglob("agent.log"))

    def counted(self) -> int:
        """How many calls its store holds."""
        with self.store.reading() as connection:
            return _calls(ledger.counts(connection))

    def settle(self) -> None:
        """Read everything, and compare."""
        self.configure("0s")
        for arguments in (["collect"], self._world.archives.arguments(ranged=False), ["collect"], ["evaluate"]):
            self.finish(self.config, arguments)
        self.configure("1h")
        self._look()
        with self.store.reading() as connection:
            self._world.assert_exact(connection)
        assert "Traceback" not in self.log(), self.log()
        # Where temporary files cannot be made without a name, one may be killed before it is taken away.
        left = [
            path for path in (self._folder / "tmp").iterdir() if path.is_dir() or path.read_bytes() not in _TRIED
        ]
        assert not left, left
        assert not processes.leftovers(self._folder / "cache")


def _calls(found: Mapping[tuple[str, str, str], int]) -> int:
    return sum(number for (*_, column), number in found.items() if column in {"inferences", "errors"})


class Ordeal:
    """All of it. `stores` are the kinds of databases, by name."""

    def __init__(self, folder: Path, world: World, stores: Mapping[str, Databases], seed: int) -> None:
        self._world, self._random = world, random.Random(seed)
        self.victims = [
            Victim(name, folder / name, databases, world, random.Random(f"{seed} {name}"))
            for name, databases in stores.items()
        ]
        self._rounds = 0
        world.finish()
        for victim in self.victims:
            victim.settle()
        self._checked = _calls(world.expected())

    def reached_work(self) -> bool:
        """Whether on every store some agent was killed after it had written something."""
        return all(victim.at_work.total() for victim in self.victims)

    @property
    def kills(self) -> int:
        """How many agents were killed at work."""
        return sum(victim.kills.total() for victim in self.victims)

    def round(self, burst: int, backlog: int) -> None:
        """One life on each store, at once; every tenth has a backlog of so many records to read."""
        if self._rounds % 10 == 5:
            self._world.backlog(backlog)
        self._rounds += 1
        alive = [(victim, victim.begin()) for victim in self.victims]
        marks = [running.mark for _, running in alive]
        while alive:
            self._world.step(burst)
            time.sleep(self._random.uniform(0, _LOOP_SECONDS))
            for victim, running in [*alive]:
                if time.monotonic() >= running.dies:
                    victim.end(running)
                    alive.remove((victim, running))
        processes.assert_gone(marks)

    def check(self) -> list[float]:
        """Read everything and compare; for each store which part of what is new was counted by the killed."""
        self._world.finish()
        self._world.shutdowns.healthy = True
        expected = _calls(self._world.expected())
        new, shares = expected - self._checked, []
        for victim in self.victims:
            shares.append((victim.counted() - self._checked) / new)
            victim.settle()
        self._checked = expected
        self._world.shutdowns.healthy = False
        self._world.sweep()
        return shares
