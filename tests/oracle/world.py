"""Carries out a history on real files, with the real collector, and compares what it counted with the oracle."""

from __future__ import annotations

import itertools
import json
import os
import random
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from leverwatch.collectors.errors import SourceIncomplete
from leverwatch.collectors.interface import BackfillRequest, Batch, Result
from tests.collectors.sources.files.logs import config
from tests.collectors.sources.files.tailing import (
    Bench,
    append,
    compress,
    compress_bzip2,
    compress_xz,
    compress_zstd,
    copytruncate,
)
from tests.oracle.counter import COLUMNS, Cell, Oracle
from tests.oracle.history import History
from tests.oracle.producers.interface import Producer, Record, compact
from tests.oracle.producers.plain import Table
from tests.oracle.steps import (
    Archive,
    Backfill,
    Backup,
    Collect,
    CopyTruncate,
    Crash,
    Pack,
    Rename,
    Restart,
    Step,
    Write,
)

_PACKS = {"gz": compress, "zst": compress_zstd, "bz2": compress_bzip2, "xz": compress_xz}
_ROUNDING = 1e-6


class World:
    """A folder of logs while a history happens in it."""

    def __init__(self, folder: Path, history: History) -> None:
        self._history, self._producer = history, history.producer
        self.bench = Bench(folder, config(path=history.glob, **history.producer.settings))
        (folder / "archive").mkdir()
        self._folder = folder
        self.oracle = Oracle()
        self._mtime = 0
        self._written: dict[str, list[Record]] = {}
        self._texts: set[bytes] = set()
        self._unended: set[str] = set()
        self._archived = False
        self._counts_traces = True
        """Whether no part of a line was counted alone: what it told of a trace is not taken back with it."""
        self.is_exact = history.layout == "lines"
        """Whether every record that is written is read exactly once."""
        self.counts_results = history.counts_results
        """Whether a call has the result `counted` once."""

    def run(self) -> list[str]:
        """Carry out every step, let everything become quiet, and return the differences."""
        for step in self._history.steps:
            self._do(step)
        if any(isinstance(step, Archive | Backfill) for step in self._history.steps):
            self.is_exact = False
            self._do(Backfill())
        self._settle()
        return self._differences()

    def _settle(self) -> None:
        """Let every file become quiet."""
        self.bench.wait(600)
        self._run()

    def _do(self, step: Step) -> None:
        match step:
            case Write(layout="lines" | "csv"):
                self._append(step)
            case Write():
                self._rewrite(step)
            case Collect(slowly=slowly):
                self._collect(slowly=slowly)
            case Restart():
                self.bench.restart()
            case Crash():
                self._crash(step)
            case Rename(file=file) | CopyTruncate(file=file):
                self._rotate(file, by_copy=isinstance(step, CopyTruncate))
            case Pack(file=file, how=how):
                for old in self._generations(file):
                    if old.suffix.removeprefix(".") not in _PACKS:
                        written = old.stat().st_mtime_ns
                        os.utime(_PACKS[how](old), ns=(written, written))
            case Backup(file=file):
                # What was never read at its path cannot be told from another document.
                self._run()
                if (self._folder / file).exists():
                    shutil.copy2(self._folder / file, self._folder / f"{file}.1")
                    self.is_exact = False
            case Archive(file=file):
                for old in [*self._generations(file), self._folder / file]:
                    if old.exists():
                        old.rename(self._folder / "archive" / f"{self._next()}-{old.name}")
                self._archived = True
            case Backfill():
                with self._archives_are_missed():
                    self._backfill(step)

    def _collect(self, *, slowly: bool) -> None:
        self.bench.monotonic = _stepping() if slowly else time.monotonic
        self._run()

    def _crash(self, step: Crash) -> None:
        self._slow()
        with self._archives_are_missed():
            self.bench.crash(step.batch, step.committed)

    def _run(self) -> None:
        with self._archives_are_missed():
            self.bench.collect()

    @contextmanager
    def _archives_are_missed(self) -> Iterator[None]:
        """That what was in a log is nowhere any more is said, and nothing else may be."""
        try:
            yield
        except SourceIncomplete as error:
            reasons = str(error).split("; ")
            if not self._archived or not all("it was replaced or truncated" in reason for reason in reasons):
                raise

    def _slow(self) -> None:
        self.bench.monotonic = _stepping()

    def _backfill(self, step: Backfill) -> None:
        bench = self.bench
        if step.crash is not None:
            self._slow()
        wanted = BackfillRequest(step.since, step.until, (str(self._folder / "archive" / "*"),))
        running: Iterator[Batch] = bench.collector.backfill(bench.store.source_state(), wanted)
        for number, batch in enumerate(running, start=1):
            dies = step.crash is not None and number == step.crash.batch
            if not dies or (step.crash is not None and step.crash.committed):
                bench.store.apply(batch)
            if dies:
                break
        if step.crash is not None:
            running.close()  # type: ignore[attr-defined]  # a generator
            bench.restart()

    # Writing

    def _next(self) -> int:
        self._mtime = max(self._mtime + 1_000_000, int(self.bench.now().timestamp() * 1e9))
        return self._mtime

    def _touch(self, path: Path) -> None:
        """Give each change a time of its own: two in one tick of the clock would be read in any order."""
        now = self._next()
        os.utime(path, ns=(now, now))

    def _note(self, lines: Sequence[Sequence[Record]], *, at_start: bool) -> None:
        for line in lines:
            # A new log that begins as a known one does is a copy of it, of which that beginning is not read.
            text = self._producer.line(line)
            if at_start and text in self._texts:
                self.is_exact = False
            self._texts.add(text)
            at_start = False
            for record in line:
                self.oracle.wrote(record.told)

    def _append(self, step: Write) -> None:
        if step.turn is not None and len(step.lines) > 1:
            first = 1 + int(step.turn * (len(step.lines) - 1))
            self._append(replace(step, lines=step.lines[:first], turn=None, ended=True))
            self._rotate(step.file, by_copy=first % 2 == 0)
            step = replace(step, lines=step.lines[first:], turn=None)
        path = self._folder / step.file
        is_new = not path.exists() or not path.stat().st_size
        self._note(step.lines, at_start=is_new)
        data = b"\n".join(self._producer.line(line) for line in step.lines) + b"\n" * step.ended
        if step.file in self._unended:
            data = b"\n" + data
            self._unended.discard(step.file)
        if is_new and step.layout == "csv":
            data = Table.header() + b"\n" + data
        if not step.ended:
            self._unended.add(step.file)
        start = 0
        if step.cut is not None:
            start = int(len(data) * step.cut)
            append(path, data[:start])
            self._touch(path)
            self._run()
            if step.waits:
                # The part gets a result of its own, and the whole line another one.
                self.is_exact = self.counts_results = self._counts_traces = False
                self.bench.wait(step.waits)
                self._run()
        append(path, data[start:])
        self._touch(path)

    def _rewrite(self, step: Write) -> None:
        path = self._folder / step.file
        known = self._written.setdefault(step.file, [])
        new = [record for line in step.lines for record in line]
        self._note(step.lines, at_start=False)
        known += new
        if step.shuffled is not None:
            # Records may be taken for versions of others for a while, and count anew.
            self.counts_results = False
            random.Random(step.shuffled).shuffle(known)
        other = path.with_suffix(".new")
        other.write_bytes(document(self._producer, known, step.layout))
        if random.Random(len(known)).random() < 0.5:
            path.write_bytes(other.read_bytes())
            other.unlink()
        else:
            other.rename(path)
        self._touch(path)

    def _generations(self, file: str) -> list[Path]:
        """What was rotated away of a log, the oldest first."""
        found = [
            (int(name[1]), path)
            for path in self._folder.iterdir()
            if (name := re.fullmatch(re.escape(file) + r"\.(\d+)(\.\w+)?", path.name))
        ]
        return [path for _, path in sorted(found, reverse=True)]

    def _rotate(self, file: str, *, by_copy: bool) -> None:
        live = self._folder / file
        if not live.exists() or not live.stat().st_size:
            return
        if self._history.sees_first:
            self.bench.collect()
        for old in self._generations(file):
            _, number, *packed = old.name.removeprefix(file).split(".")
            old.rename(self._folder / ".".join([file, str(int(number) + 1), *packed]))
        first = self._folder / f"{file}.1"
        self._unended.discard(file)
        if by_copy:
            copytruncate(live, first)
            self._touch(first)
            self._touch(live)
        else:
            live.rename(first)

    # Comparing

    def _differences(self) -> list[str]:
        store, oracle = self.bench.store, self.oracle
        found = [
            f"a batch read {batch.read} records and has results of {sum(batch.tallies.values())}"
            for batch in store.batches
            if batch.read != sum(batch.tallies.values())
        ]
        found += self.wrong_cells(_cells(store.batches))
        tallies = Counter({result: number for result, number in store.tallies.items() if number})
        if self.counts_results and tallies[Result.COUNTED] != oracle.calls:
            found.append(f"counted is {tallies[Result.COUNTED]}, and should be {oracle.calls}")
        if self.is_exact:
            found += self._inexact(tallies)
        return found

    def wrong_cells(self, product: Mapping[Cell, Counter[str]]) -> list[str]:
        """Return every count of the product that is not the one of the oracle."""
        found = []
        right = self.oracle.cells()
        for cell in sorted({*right, *product}):
            ours, theirs = right.get(cell, {}), product.get(cell, Counter())
            for column in COLUMNS if self._counts_traces else set(COLUMNS) - {"traces"}:
                counted, should = theirs[column], ours.get(column, 0)
                if abs(counted - should) > _ROUNDING:
                    found.append(f"{' '.join(cell)}: {column} is {counted:g}, and should be {should:g}")
        return found

    def _inexact(self, tallies: Counter[Result]) -> list[str]:
        expected = Counter(self.oracle.results)
        found = [
            f"{result} is {tallies[Result(result)]}, and should be {number}"
            for result, number in expected.items()
            if result not in ("part", "duplicate", "ignored") and tallies[Result(result)] != number
        ]
        others = sum(number for result, number in tallies.items() if result is not Result.IGNORED)
        records = self.oracle.records - expected["ignored"]
        return (
            found if others == records else [*found, f"{others} records have a result, and {records} were written"]
        )


def _stepping() -> Callable[[], float]:
    """A clock by which everything takes a minute, so that each piece that is read is a batch."""
    clock = itertools.count(0.0, 60.0)
    return lambda: next(clock)


def _cells(batches: Iterable[Batch]) -> dict[Cell, Counter[str]]:
    """What batches add up to."""
    found: dict[Cell, Counter[str]] = {}
    for batch in batches:
        for row in batch.usage:
            cell = found.setdefault((row.system, row.model, str(row.operation), row.day.isoformat()), Counter())
            for column in COLUMNS:
                cell[column] += getattr(row, column)
    return found


def document(producer: Producer, records: Iterable[Record], layout: str) -> bytes:
    """A document of records."""
    texts = [producer.line((record,)) for record in records]
    if layout == "array":
        return b"[" + b",\n".join(texts) + b"]\n"
    if layout == "page":
        return compact({"data": [json.loads(text) for text in texts], "meta": {"page": 1}})
    indented = [json.dumps(json.loads(text), indent=2).encode() for text in texts]
    if layout == "pretty":
        return b"[\n" + b",\n".join(indented) + b"\n]\n"
    return b"\n".join(indented) + b"\n"
