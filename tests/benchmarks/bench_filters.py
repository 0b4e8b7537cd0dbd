"""What `only` and `not` cost, with the compiled helper and without it.

Run as `python -m tests.benchmarks.bench_filters`. The same records, in memory, are counted without a filter and
under filters that leave nothing out, and then a log of which they leave out every second record. Best of three, by
processor time for each record.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from leverwatch.collectors.aggregation.ingest import Ingest
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.sources.files.config import FilesConfig

RECORDS, A_CHUNK, TURNS = 100_000, 5_000, 3
FIELDS = {
    "time": "ts", "model": "response.model", "request_id": "id", "input_tokens": "usage.in",
    "output_tokens": "usage.out",
}  # fmt: skip
FILTERS: dict[str, dict[str, Any]] = {
    "no filter": {},
    "one value": {"only": {"event": "call"}},
    "a prefix, presence, a list": {
        "only": {"id": {"prefix": "r-"}, "response": {"present": True}},
        "not": {"event": ["tick", "boot"]},
    },
}


def line(at: int, event: str) -> bytes:
    """One record of about 400 bytes."""
    return json.dumps({
        "ts": f"2026-03-10T08:{at // 60 % 60:02}:{at % 60:02}Z", "event": event, "id": f"r-{at}", "user": "ann",
        "response": {"model": "m", "text": "x" * 200}, "usage": {"in": 300, "out": 20},
        "tags": ["a", "b", {"c": 1}],
    }).encode() + b"\n"  # fmt: skip


def seconds(lines: Sequence[bytes], chosen: dict[str, Any], system: Any = "s", *, compiled: bool) -> float:
    """The processor time of counting all lines once."""
    source = {"name": "l", "path": "*", "system": system, "format": {"type": "jsonl", "fields": FIELDS, **chosen}}
    made = Ingest(
        FilesConfig.model_validate(source),
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
    print(f"{'log':24} {'filter':28} {'helper us':>9} {'python us':>9}")
    for log, events in (("calls alone", ("call",)), ("every second is none", ("call", "tick"))):
        lines = [line(at, events[at % len(events)]) for at in range(RECORDS)]
        for name, chosen in FILTERS.items():
            took = [
                min(seconds(lines, chosen, compiled=compiled) for _ in range(TURNS)) / RECORDS * 1e6
                for compiled in (True, False)
            ]
            print(f"{log:24} {name:28} {took[0]:9.3f} {took[1]:9.3f}")


if __name__ == "__main__":
    main()
