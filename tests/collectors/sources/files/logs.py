"""Small usage logs and what counts them, shared by the tests of the files collector."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from leverwatch.collectors.aggregation.ingest import Counted, Ingest
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.counted_fields import COLUMNS
from leverwatch.collectors.interface import UsageRow
from leverwatch.collectors.sources.files.config import FilesConfig

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
FIELDS = {
    "time": "ts",
    "model": "response.model",
    "request_id": "id",
    "operation": "op",
    "status": "status",
    "input_tokens": "usage.prompt_tokens",
    "cached_input_tokens": "usage.details.cached",
    "output_tokens": "usage.completion_tokens",
    "cost_usd": "cost",
    "latency_ms": "ms",
    "trace_id": "trace",
    "inferences": "n",
    "sample_rate": "rate",
    "cache_hit": "hit",
    "attempts": "tries",
}


def config(**changes: Any) -> FilesConfig:
    settings = {
        "name": "gateway",
        "path": "logs/*.jsonl",
        "format": {"type": "jsonl", "fields": FIELDS},
        "system": "{app}",
        **changes,
    }
    return FilesConfig.model_validate(settings)


def csv_config(**changes: Any) -> FilesConfig:
    fields = {"time": "TIMESTAMP", "input_tokens": "ContextTokens", "output_tokens": "GeneratedTokens"}
    return config(**{"format": {"type": "csv", "fields": fields}, "system": "code", **changes})


def record(**values: Any) -> bytes:
    return json.dumps({"ts": "2026-03-10T08:00:00Z", "app": "bot", **values}).encode() + b"\n"


def ingest(settings: FilesConfig | None = None, *, compiled: bool = True) -> Ingest:
    made = Ingest(settings or config(), lambda: NOW, compiled=compiled)
    made.load({})
    return made


def count(data: bytes, settings: FilesConfig | None = None, header: bytes | None = None) -> Counted:
    made = ingest(settings)
    made.add(Lines(data, "app.jsonl", 1, header))
    return made.drain()


def sums(usage: Iterable[UsageRow]) -> dict[str, float]:
    """All counts that are not zero, over every row; without those that only set apart what others have."""
    total: Counter[str] = Counter()
    for row in usage:
        for column in COLUMNS:
            total[column] += getattr(row, column)
    return {
        column: value
        for column, value in total.items()
        if value and not column.startswith(("costed_", "uncosted_"))
    }
