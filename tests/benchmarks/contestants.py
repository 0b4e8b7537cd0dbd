"""Our own ways to read a log, and the bare decoder: each function prepares, and gives what reads and rolls up.

A roll-up maps system, model and UTC day to inferences, errors, tokens, cost, latency and the counts of inferences
for which each of these is unknown, in the order of `SUMS`; all records of these logs are generations. `None` is
the roll-up of a way that only reads.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import msgspec
from sqlalchemy import select

from leverwatch.agent.scheduling.runner import SourceRunner
from leverwatch.agent.store.schema import usage_daily
from leverwatch.agent.store.store import Store
from leverwatch.collectors.aggregation import _native
from leverwatch.collectors.aggregation.ingest import Ingest
from leverwatch.collectors.interface import CollectorContext
from leverwatch.collectors.records.formats.jsonl import JsonLines
from leverwatch.collectors.sources.files.collector import FilesCollector
from leverwatch.collectors.sources.files.config import FilesConfig
from tests.benchmarks.logs import FIELDS, SYSTEM

SUMS = (
    "inferences", "errors", "input_tokens", "cached_input_tokens", "output_tokens", "cost_usd", "latency_ms",
    "unknown_input", "unknown_cached", "unknown_output", "unpriced", "unknown_latency",
)  # fmt: skip
Rollup = dict[str, list[float]]
"""By system, model and day, joined by spaces."""
Reading = Callable[[], Rollup | Callable[[], Rollup] | None]
"""What is measured. It gives the roll-up, or what fetches it from where it was stored, which is not measured."""
CHUNK = 1 << 20


def chunks(path: Path) -> Iterator[memoryview]:
    """Whole lines, about a MiB at a time, in memory that is used again: new memory costs more than decoding."""
    memory = bytearray(2 * CHUNK)
    view = memoryview(memory)
    rest = 0
    with path.open("rb", buffering=0) as file:
        while size := file.readinto(view[rest : rest + CHUNK]):
            end = rest + size
            cut = memory.rfind(b"\n", 0, end) + 1
            yield view[:cut]
            view[: end - cut] = bytes(view[cut:end])
            rest = end - cut


def newlines(path: Path) -> Reading:
    """The floor: reading the file and counting its lines, many bytes at once."""

    def read() -> None:
        for chunk in chunks(path):
            _native.count_lines(chunk)

    return read


def scan(path: Path) -> Reading:
    """The second floor: finding the values in the lines with the compiled helper, and adding nothing up."""
    plain = Ingest(config(path, "1h"), lambda: datetime.now(UTC))._plain
    assert plain is not None

    def read() -> None:
        for chunk in chunks(path):
            if found := plain.scan(chunk):
                plain._scans.append(found.scan)

    return read


def decoder_lines(path: Path) -> Reading:
    """Decode chunks at once into the structs of the field map, keeping nothing: the bare decoder.

    Objects that share a line, or lie on several, pass here: any decoder that must tell them apart is slower.
    """
    decode = msgspec.json.Decoder(JsonLines(FIELDS, ("app",)).record, strict=False).decode_lines

    def read() -> None:
        for chunk in chunks(path):
            decode(chunk)

    return read


def decoder(path: Path) -> Reading:
    """Decode every line on its own into the structs of the field map, keeping nothing."""
    decode = msgspec.json.Decoder(JsonLines(FIELDS, ("app",)).record, strict=False).decode

    def read() -> None:
        for chunk in chunks(path):
            list(map(decode, BytesIO(chunk)))

    return read


def config(path: Path, dedupe: str) -> FilesConfig:
    """The source of a benchmark."""
    return FilesConfig.model_validate(
        {
            "name": "bench",
            "path": str(path),
            "format": {"type": "jsonl", "fields": FIELDS},
            "system": SYSTEM,
            "dedupe_window": dedupe,
        }
    )


def whole_path(path: Path, source: FilesConfig, workers: int = 1) -> Reading:
    """The whole path of one source, from its file to the roll-up in a store of SQLite."""
    folder = tempfile.TemporaryDirectory()
    store = Store(f"sqlite:///{folder.name}/bench.db")
    store.migrate()
    context = CollectorContext(path.parent, Path(folder.name), workers=workers)
    # Batches end by the same clock as what is measured, whatever else the machine does.
    runner = SourceRunner(source, FilesCollector(source, context, time.process_time), store)

    def fetch() -> Rollup:
        names = ("system", "model", "day", *SUMS)
        with store._engine.connect() as connection:
            rows = connection.execute(select(*(usage_daily.c[name] for name in names))).all()
        store.close()
        folder.cleanup()
        return {f"{row[0]} {row[1]} {row[2]}": [float(value) for value in row[3:]] for row in rows}

    def read() -> Callable[[], Rollup]:
        report = runner.run()
        if report.error:
            raise SystemExit(report.error)
        return fetch

    return read


def leverwatch(path: Path) -> Reading:
    """The whole path: collector, runner and SQLite store, as `leverwatch collect` does it; duplicates count."""
    return whole_path(path, config(path, "0s"))


def leverwatch_dedupe(path: Path) -> Reading:
    """The same, remembering request ids for an hour, in memory and in the store: the default."""
    return whole_path(path, config(path, "1h"))


def leverwatch_workers(path: Path) -> Reading:
    """The default with two threads, on both cores."""
    return whole_path(path, config(path, "1h"), workers=2)
