"""Applications that log, rotate and compress, beside an agent that is killed: what it counts must be exact."""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import yaml
import zstandard
from sqlalchemy import select

from agent.store.schema import usage_daily
from agent.store.store import Store
from collectors.interface import Result
from tests.e2e.agents import leverwatch_json, start
from tests.e2e.servers import free_port

FIELDS = {
    "time": "ts",
    "request_id": "id",
    "status": "status",
    "input_tokens": "usage.in",
    "output_tokens": "usage.out",
}
SYSTEMS = ("alpha", "beta", "gamma")
_ACTIONS = ["rename", "copytruncate", "regrow", "dated", "compress", "outside"]
_SMALL = 1 << 20


def _docker(line: bytes, chance: random.Random) -> bytes:
    """As Docker's json-file keeps it: a long line comes in several entries."""
    cut = chance.randrange(1, len(line) - 1) if chance.random() < 0.1 else 0
    pieces = [line[:cut], line[cut:]] if cut else [line]
    entry = {"stream": "stdout", "time": "2026-01-01T00:00:00Z"}
    return b"".join(json.dumps({"log": piece.decode(), **entry}).encode() + b"\n" for piece in pieces)


def _cri(line: bytes, chance: random.Random) -> bytes:
    """As containerd keeps it: a long line comes in parts."""
    cut = chance.randrange(1, len(line) - 1) if chance.random() < 0.1 else 0
    start = b"2026-01-01T00:00:00.0Z stdout "
    return (start + b"P " + line[:cut] + b"\n" if cut else b"") + start + b"F " + line[cut:]


SHAPES: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "plain": lambda line, _: line,
    "docker": _docker,
    "cri": _cri,
}
"""What a container runtime makes of a line, by the name of its wrapper."""


@dataclass
class Writer:
    """Applications that log, and what they logged."""

    folder: Path
    random: random.Random
    shape: str = "plain"
    expected: Counter[tuple[str, str]] = field(default_factory=Counter)
    results: Counter[Result] = field(default_factory=Counter)
    number: int = 0
    partial: bytes = b""
    dated: int = 0

    @property
    def live(self) -> Path:
        return self.folder / "app.jsonl"

    def line(self) -> bytes:
        """One more record, a repeated one, or a broken one, as it lies in the file."""
        dress = SHAPES[self.shape]
        return b"".join(dress(line, self.random) for line in self._lines())

    def _lines(self) -> list[bytes]:
        self.number += 1
        system = f"{self.shape}-{self.random.choice(SYSTEMS)}"
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
            return [raw, raw]
        if chance < 0.08:
            self.results[Result.INVALID_LINE] += 1
            return [raw, b'{"broken": \n']
        return [raw]

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
        action = self.random.choice(
            ["write"] * 7 + ["rename", "copytruncate", "regrow", "dated", "compress", "outside"]
        )
        if action == "write" or not self.live.exists():
            self.write(self.live, self.random.randrange(1, burst))
            return
        if action == "compress":
            self.compress()
            return
        if self.random.random() < 0.7:
            self.finish_line()
        size = self.live.stat().st_size
        name = f"{self.random.randrange(10**9)}"
        if action == "rename":
            self.live.rename(self.folder / f"app-{name}.jsonl")
        elif action in {"copytruncate", "regrow"}:
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
        if self.partial and action not in {"copytruncate", "regrow"}:
            target = self.folder / (f"app.jsonl.{name}" if action == "outside" else f"app-{name}.jsonl")
            with target.open("ab") as file:
                file.write(self.partial)
            self.partial = b""
        elif self.partial:
            with (self.folder / f"app-{name}.jsonl").open("ab") as file:
                file.write(self.partial)
            self.partial = b""
        if action == "regrow" and size < _SMALL:
            # Beyond its old length at once, so that its size does not tell.
            with self.live.open("ab") as file:
                while file.tell() <= size:
                    file.write(b"".join(self.line() for _ in range(20)))

    def sweep(self) -> None:
        """Delete what rotated away, as a retention does."""
        for path in self.folder.iterdir():
            if path != self.live:
                path.unlink()

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


def configure(folder: Path, url: str, port: int, quiet: str, shapes: Iterable[str]) -> Path:
    """A source for each shape."""
    sources = [
        {
            "name": shape,
            "type": "files",
            # The globs leave out `app.jsonl.123`, which only the search for rotated files finds.
            "path": [f"logs/{shape}/*.jsonl{suffix}" for suffix in ("", ".gz", ".zst")],
            "format": {"type": "jsonl", "fields": FIELDS, **({} if shape == "plain" else {"wrap": shape})},
            "system": "{app}",
            "interval": "100ms",
            "quiet_after": quiet,
            # Long enough for what the writers repeat, and no growing part of the time that a short life has.
            "dedupe_window": "2m",
        }
        for shape in shapes
    ]
    config = {
        "store": {"url": url},
        "server": {"listen": f"127.0.0.1:{port}"},
        "evaluation": {"interval": "300ms"},
        "sources": sources,
    }
    path = folder / "leverwatch.yaml"
    path.write_text(yaml.safe_dump(config))
    return path


class Life(Protocol):
    """A running agent."""

    def is_alive(self) -> bool:
        """Whether it still runs."""
        ...

    def kill(self) -> None:
        """Send SIGKILL and wait for the end."""
        ...


class Ordeal:
    """An agent over logs of several shapes, killed again and again. `launch` starts one."""

    def __init__(
        self,
        folder: Path,
        url: str,
        seed: int,
        shapes: Sequence[str] = ("plain",),
        launch: Callable[[Path, int], Life] = start,
    ) -> None:
        self._launch = launch
        self._checked = 0
        self._folder, self._url, self._shapes, self._port = folder, url, shapes, free_port()
        self._random = random.Random(seed)
        self._writers = []
        self._config = configure(folder, url, self._port, "1h", shapes)
        for shape in shapes:
            (folder / "logs" / shape).mkdir(parents=True)
            writer = Writer(folder / "logs" / shape, random.Random(f"{seed}/{shape}"), shape)
            # Files outside the glob are only read as parts of a live log that was seen once.
            writer.write(writer.live, 10)
            self._writers.append(writer)
        leverwatch_json("collect", config=self._config)

    def kill(self, seconds: float, backlog: int, burst: int) -> None:
        """One life of the agent."""
        agent = self._launch(self._config, self._port)
        for writer in self._writers if backlog else ():
            writer.finish_line()
            name = f"backlog-{writer.number}.jsonl"
            (writer.folder / name).write_bytes(b"".join(writer.line() for _ in range(backlog)))
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._random.choice(self._writers).step(burst)
            time.sleep(self._random.uniform(0, 0.03))
        assert agent.is_alive(), (self._folder / "agent.log").read_text()[-3000:]
        agent.kill()

    def check(self) -> tuple[int, float]:
        """Let everything be read, and compare every count.

        Gives the number of records, and which part of those since the last check was counted before this one.
        """
        for writer in self._writers:
            writer.finish_line()
        early = _calls(totals(self._url)) - self._checked
        configure(self._folder, self._url, self._port, "0s", self._shapes)
        for _ in range(2):
            leverwatch_json("collect", config=self._config)
        configure(self._folder, self._url, self._port, "1h", self._shapes)
        expected: Counter[tuple[str, str]] = Counter()
        for writer in self._writers:
            expected.update(writer.expected)
        assert totals(self._url) == +expected
        store = Store(self._url)
        tallies = store.tallies()
        store.close()
        for writer in self._writers:
            found = {result: tallies[writer.shape].get(result, 0) for result in writer.results}
            assert found == dict(writer.results), writer.shape
        new = _calls(expected) - self._checked
        self._checked += new
        return sum(writer.number for writer in self._writers), early / new

    def sweep(self) -> None:
        """Delete what rotated away."""
        for writer in self._writers:
            writer.sweep()

    def life(self, shortest: float, longest: float) -> float:
        """How long the next agent lives, in seconds."""
        return self._random.uniform(shortest, longest)


def _calls(found: Counter[tuple[str, str]]) -> int:
    return sum(number for (_, name), number in found.items() if name in {"inferences", "errors"})


def run_and_kill(folder: Path, url: str, seed: int, kills: int) -> None:
    """Kill an agent that often, and compare every count."""
    ordeal = Ordeal(folder, url, seed)
    for kill in range(kills):
        # Every tenth life has a backlog of some MiB to read, so that it dies in the middle of it. A process takes
        # most of a second to start; what it does afterwards is what may be interrupted.
        ordeal.kill(ordeal.life(0.2, 2.2), backlog=40_000 if kill % 10 == 5 else 0, burst=400)
    _, share = ordeal.check()
    assert share, "the agent was always killed before it counted anything"
