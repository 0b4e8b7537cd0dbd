"""A folder of logs, a store that applies batches as the runner does, and a collector between them."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import zstandard

from leverwatch.collectors.interface import Batch, CollectorContext, Problem, Result, SourceState
from leverwatch.collectors.sources.files.collector import FilesCollector
from leverwatch.collectors.sources.files.config import FilesConfig
from tests.collectors.sources.files.logs import config


def line(app: str, **values: Any) -> bytes:
    """One record of a system of its own, so that totals tell exactly which lines were counted."""
    return json.dumps({"ts": "2026-03-10T08:00:00Z", "app": app, **values}).encode() + b"\n"


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def copytruncate(live: Path, copy: Path) -> None:
    shutil.copyfile(live, copy)
    os.truncate(live, 0)


def compress(path: Path) -> Path:
    packed = path.with_name(path.name + ".gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    return packed


def compress_zstd(path: Path) -> Path:
    packed = path.with_name(path.name + ".zst")
    packed.write_bytes(zstandard.ZstdCompressor().compress(path.read_bytes()))
    path.unlink()
    return packed


def compress_bzip2(path: Path) -> Path:
    packed = path.with_name(path.name + ".bz2")
    packed.write_bytes(bz2.compress(path.read_bytes()))
    path.unlink()
    return packed


def compress_xz(path: Path) -> Path:
    packed = path.with_name(path.name + ".xz")
    packed.write_bytes(lzma.compress(path.read_bytes()))
    path.unlink()
    return packed


class Store:
    """Applies a batch completely or not at all."""

    def __init__(self) -> None:
        self.revision = 0
        self.state: dict[str, bytes] = {}
        self.inferences: Counter[str] = Counter()
        self.input_tokens = 0.0
        self.tallies: Counter[Result] = Counter()
        self.problems: list[Problem] = []
        self.batches: list[Batch] = []
        self.loads = 0

    def source_state(self) -> SourceState:
        def load() -> dict[str, bytes]:
            self.loads += 1
            return dict(self.state)

        return SourceState(self.revision, load)

    def apply(self, batch: Batch) -> None:
        for key, value in batch.state.items():
            if value is None:
                self.state.pop(key, None)
            else:
                self.state[key] = value
        for row in batch.usage:
            self.inferences[row.system] += int(row.inferences)
            self.input_tokens += row.input_tokens
        self.tallies.update(batch.tallies)
        self.problems.extend(batch.problems)
        self.batches.append(batch)
        self.revision += 1

    def counted(self) -> dict[str, int]:
        """Inferences by system, without zeros."""
        return {system: number for system, number in self.inferences.items() if number}


class Bench:
    """Everything that one test of following files needs."""

    def __init__(self, folder: Path, settings: FilesConfig | None = None, **changes: Any) -> None:
        self.folder = folder
        self.settings = settings or config(**{"path": "*.jsonl", **changes})
        self.store = Store()
        self.offset = 0.0
        self.monotonic: Callable[[], float] = time.monotonic
        self.restart()

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time() + self.offset, UTC)

    def restart(self) -> None:
        """A new process: nothing is remembered but the store."""
        context = CollectorContext(self.folder, self.folder / "cache", self.now, {})
        self.collector = FilesCollector(self.settings, context, lambda: self.monotonic())

    def collect(self) -> dict[str, int]:
        """One run; what has been counted in all."""
        for batch in self.collector.collect(self.store.source_state()):
            self.store.apply(batch)
        return self.store.counted()

    def crash(self, batches: int, committed: bool) -> None:
        """A run that dies at its n-th batch, just before or just after the commit."""
        running = self.collector.collect(self.store.source_state())
        for number, batch in enumerate(running, start=1):
            if number < batches or committed:
                self.store.apply(batch)
            if number == batches:
                break
        running.close()  # type: ignore[attr-defined]  # a generator, which the protocol calls an iterator
        self.restart()

    def wait(self, seconds: float) -> None:
        self.offset += seconds

    def settle(self) -> dict[str, int]:
        """Let every file become quiet."""
        self.wait(600)
        return self.collect()
