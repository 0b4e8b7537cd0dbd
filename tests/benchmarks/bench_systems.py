"""What rules for the system cost beside a template, with the compiled helper and without it.

Run as `python -m tests.benchmarks.bench_systems`. The same records, in memory, of 200 keys, are counted under a
template, under a few rules, and under one rule for each key. Best of three, by processor time for each record, and
beside it how many times as long as the template took.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter

from leverwatch.collectors.aggregation.ingest import Ingest
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.sources.files.config import FilesConfig
from tests.benchmarks.bench_filters import A_CHUNK, FIELDS, RECORDS, TURNS

KEYS = 200
SYSTEMS: dict[str, Any] = {
    "template": "{key}",
    "three rules": [
        {"is": "a", "where": {"key": [f"key_{number}" for number in range(100)]}},
        {"is": "b", "where": {"key": {"prefix": "key_1"}}},
        "{key}",
    ],
    "a rule for each key": [{"is": f"s{number}", "where": {"key": f"key_{number}"}} for number in range(KEYS)],
    "half is unattributed": [{"is": "a", "where": {"key": [f"key_{number}" for number in range(0, KEYS, 2)]}}],
}


def line(at: int) -> bytes:
    """One record of about 400 bytes."""
    return json.dumps({
        "ts": f"2026-03-10T08:{at // 60 % 60:02}:{at % 60:02}Z", "key": f"key_{at % KEYS}", "id": f"r-{at}",
        "response": {"model": "m", "text": "x" * 200}, "usage": {"in": 300, "out": 20},
        "tags": ["a", "b", {"c": 1}],
    }).encode() + b"\n"  # fmt: skip


def seconds(lines: Sequence[bytes], system: Any, *, compiled: bool) -> float:
    """The processor time of counting all lines once."""
    source = {"name": "l", "path": "*", "system": system, "format": {"type": "jsonl", "fields": FIELDS}}
    made = Ingest(
        TypeAdapter(FilesConfig).validate_python(source),
        lambda: datetime(2026, 3, 11, tzinfo=UTC),
        compiled=compiled,
    )
    made.load({})
    chunks = [b"".join(lines[at : at + A_CHUNK]) for at in range(0, len(lines), A_CHUNK)]
    begun = time.process_time()
    for number, chunk in enumerate(chunks):
        made.add(Lines(chunk, "l.jsonl", number * A_CHUNK + 1))
    return time.process_time() - begun


def main() -> None:
    """Print the table."""
    print(f"{'system':24} {'helper us':>9} {'ratio':>6} {'python us':>9} {'ratio':>6}")
    lines = [line(at) for at in range(RECORDS)]
    base: list[float] = []
    for name, system in SYSTEMS.items():
        took = [
            min(seconds(lines, system, compiled=compiled) for _ in range(TURNS)) / RECORDS * 1e6
            for compiled in (True, False)
        ]
        base = base or took
        cells = " ".join(f"{it:9.3f} {it / of:6.2f}" for it, of in zip(took, base, strict=True))
        print(f"{name:24} {cells}")


if __name__ == "__main__":
    main()
