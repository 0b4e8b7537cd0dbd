"""Applications that log, rotate and compress, and what an agent must count of it."""

from __future__ import annotations

import gzip
import os
import random
import shutil
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import zstandard

from tests.e2e.kills.dialects import DIALECTS, Call, Dialect, chunk, completion

SYSTEMS = ("alpha", "beta", "gamma")
GLOBS = ("*.log", "*.log.gz", "*.log.zst")
"""These leave out `app.log.123`, which only the search for rotated files finds."""
_ACTIONS = ["write"] * 7 + ["rename", "copytruncate", "regrow", "dated", "compress", "outside"]
_SMALL = 1 << 20

Counts = Counter[tuple[str, str, str]]
"""By system, UTC day and column."""


def pack(data: bytes, suffix: str) -> bytes:
    """What a file with this suffix holds."""
    if suffix == ".gz":
        return gzip.compress(data, 1)
    return zstandard.ZstdCompressor().compress(data) if suffix == ".zst" else data


@dataclass
class Writer:
    """The logs of one source, and what was logged."""

    folder: Path
    random: random.Random
    name: str
    expected: Counts = field(default_factory=Counter)
    results: Counter[str] = field(default_factory=Counter)
    number: int = 0
    partial: bytes = b""
    dated: int = 0
    torn: int = 0
    """Lines that were begun when their file moved: who looks just then sees a broken one, which goes on later."""

    @property
    def dialect(self) -> Dialect:
        """How it logs."""
        return DIALECTS[self.name]

    @property
    def live(self) -> Path:
        """The file that is written now."""
        return self.folder / "app.log"

    def call(self, at: datetime | None = None) -> Call:
        """One more call, of which nothing is logged yet."""
        self.number += 1
        tokens = self.random.randrange(1, 1000)
        system = f"{self.name}-{self.random.choice(SYSTEMS)}"
        succeeded = self.name == "openai" or self.random.random() >= 0.1
        return Call(at or datetime.now(UTC), system, f"r{self.number}", succeeded, tokens, 1 + tokens % 7)

    def count(self, call: Call) -> None:
        """It is logged whole."""
        self.results["counted"] += 1
        if not call.succeeded:
            self.add(call, errors=1)
        else:
            self.add(call, inferences=1, input_tokens=call.input, output_tokens=call.output)

    def add(self, call: Call, **sums: int) -> None:
        """To what is expected of its system and day."""
        for column, number in sums.items():
            self.expected[call.system, str(call.at.date()), column] += number

    def lines(self, number: int) -> bytes:
        """So many more records, some of them repeated and some broken, as they lie in the file."""
        dress = self.dialect.dress
        return b"".join(dress(line, self.random) for _ in range(number) for line in self.record())

    def record(self, at: datetime | None = None) -> list[bytes]:
        """One more record, a repeated one, or one after a broken line."""
        call = self.call(at)
        raw = self.dialect.encode(call)
        self.count(call)
        chance = self.random.random()
        if chance < 0.05:
            self.results["duplicate"] += 1
            return [raw, raw]
        if chance < 0.08:
            self.results["invalid_line"] += 1
            # Before it, as what is broken at the end of a file is judged there and again when the file goes on.
            return [self.dialect.broken, raw]
        return [raw]

    def _start(self) -> bytes:
        """What a new file begins with."""
        if self.dialect.header:
            self.results["ignored"] += 1
        return self.dialect.header

    def write(self, path: Path, lines: int) -> None:
        """Append whole lines, and now and then the first part of one more."""
        start = b"" if path.exists() and path.stat().st_size else self._start()
        data = start + self.partial + self.lines(lines)
        self.partial = b""
        if self.random.random() < 0.5:
            raw = self.lines(1)
            cut = self.random.randrange(1, len(raw))
            data, self.partial = data + raw[:cut], raw[cut:]
        with path.open("ab") as file:
            file.write(data)

    def new_file(self, name: str, lines: int) -> None:
        """A file that is there at once and never grows."""
        (self.folder / name).write_bytes(self._start() + self.lines(lines))

    def finish_line(self) -> None:
        """Complete the line that was begun, before its file moves away."""
        self._finish(self.live)

    def _finish(self, path: Path) -> None:
        if self.partial:
            with path.open("ab") as file:
                file.write(self.partial)
            self.partial = b""

    def step(self, burst: int) -> None:
        """One thing that happens to logs."""
        action = self.random.choice(_ACTIONS)
        if action == "write" or not self.live.exists() or not self.live.stat().st_size:
            self.write(self.live, self.random.randrange(1, burst))
        elif action == "compress":
            self.compress()
        else:
            self._rotate(action)

    def _rotate(self, action: str) -> None:
        # A row that is cut in its last column is a row all the same: tables are never moved half written.
        if self.dialect.header or self.random.random() < 0.7:
            self.finish_line()
        size = self.live.stat().st_size
        name = f"{self.random.randrange(10**9)}"
        rotated = self.folder / (f"app.log.{name}" if action == "outside" else f"app-{name}.log")
        if action == "dated":
            self.dated += 1
            self.new_file(f"day-{self.dated}.log", 50)
            return
        if action in {"copytruncate", "regrow"}:
            shutil.copyfile(self.live, rotated)
            os.truncate(self.live, 0)
        else:
            self.live.rename(rotated)
        # What was begun goes on in the old file, as an application does that has it open.
        self.torn += bool(self.partial)
        self._finish(rotated)
        if action == "regrow" and size < _SMALL:
            # Beyond its old length at once, so that its size does not tell.
            with self.live.open("ab") as file:
                file.write(self._start())
                while file.tell() <= size:
                    file.write(self.lines(20))

    def sweep(self) -> None:
        """Delete what rotated away, as a retention does."""
        for path in self.folder.iterdir():
            if path != self.live:
                path.unlink()

    def compress(self) -> None:
        """Compress one rotated file, as a log rotation does a while later."""
        rotated = sorted(self.folder.glob("app-*.log"))
        if not rotated:
            return
        path = self.random.choice(rotated)
        suffix = self.random.choice((".gz", ".zst"))
        hidden = path.with_name(f".{path.name}.tmp")
        hidden.write_bytes(pack(path.read_bytes(), suffix))
        hidden.rename(path.with_name(path.name + suffix))
        path.unlink()


@dataclass
class StreamWriter(Writer):
    """Calls of which every chunk is logged; those of several calls take turns, and some calls never end."""

    open: list[tuple[Call, int]] = field(default_factory=list)
    """Calls that go on, and how many chunks are still to come."""

    def record(self, at: datetime | None = None) -> list[bytes]:
        """A whole call, or a chunk."""
        chance = self.random.random()
        if chance < 0.3:
            call = self.call(at)
            self.count(call)
            return [completion(call)]
        if chance < 0.6 or not self.open:
            call = self.call(at)
            self.open.append((call, self.random.randrange(1, 8)))
            self.results["counted"] += 1
            self.add(call, inferences=1, unknown_input=1, unknown_output=1)
            return [chunk(call, last=False)]
        index = self.random.randrange(len(self.open))
        call, left = self.open.pop(index)
        self.results["part"] += 1
        if left > 1:
            # One call in a while is cut off: it stays an inference of unknown tokens.
            self.open += [(call, left - 1)] if self.random.random() < 0.98 else []
            return [chunk(call, last=False)]
        self.add(call, input_tokens=call.input, output_tokens=call.output, unknown_input=-1, unknown_output=-1)
        return [chunk(call, last=True)]
