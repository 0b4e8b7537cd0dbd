"""Calls as a log, counted as files are: what a table of the same calls has to give."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from leverwatch.collectors.interface import CollectorContext, SourceState, TierCount, UsageRow
from leverwatch.collectors.sources.files.collector import FilesCollector
from leverwatch.collectors.sources.files.config import FilesConfig
from tests.collectors.sources.sql.tables import NOW, Record, sums

COUNTS = (
    "inferences", "errors", "cache_hits", "attempts", "input_tokens", "unknown_input", "cached_input_tokens",
    "unknown_cached", "output_tokens", "unknown_output", "cost_usd", "unpriced", "latency_ms", "unknown_latency",
    "cache_write_tokens", "reasoning_tokens", "checked", "invalid", "schema_checked", "schema_mode",
    "finish_known", "truncated", "static_known", "static_tokens", "costed_input_tokens",
    "uncosted_write_1h_tokens", "uncosted_input", "uncosted_output",
)  # fmt: skip
Tiers = dict[tuple[Any, ...], TierCount]


def from_log(records: Iterable[Record], folder: Path, system: str, **form: Any) -> tuple[list[UsageRow], Tiers]:
    """Return what a log of JSON lines counts, and what of it is of tiers; `form` are settings of its format."""
    log = folder / "calls.jsonl"
    log.write_text("".join(json.dumps(record) + "\n" for record in records))
    config = FilesConfig.model_validate({
        "name": "log", "type": "files", "path": str(log), "format": {"type": "jsonl", **form},
        "system": system, "quiet_after": "0s",
    })  # fmt: skip
    reader = FilesCollector(config, CollectorContext(folder, folder, lambda: NOW))
    batches = list(reader.collect(SourceState(0, dict)))
    return [row for batch in batches for row in batch.usage], tiers(
        it for batch in batches for it in batch.tier_counts
    )


def tiers(found: Iterable[TierCount]) -> Tiers:
    """What is of tiers, by what it is of."""
    return {(it.system, it.model, it.day, it.tier): it for it in found}


def differences(found: Iterable[UsageRow], expected: Iterable[UsageRow]) -> list[tuple[Any, ...]]:
    """Return each count that differs, with what it is of; fractions of dollars may by less than they are written
    with."""
    one, other = (sums(list(rows), *COUNTS) for rows in (found, expected))
    nothing = (0.0,) * len(COUNTS)
    return [
        (*key, name, *pair)
        for key in sorted({*one, *other})
        for name, *pair in zip(COUNTS, one.get(key, nothing), other.get(key, nothing), strict=True)
        if not math.isclose(*pair, rel_tol=1e-9)
    ]
