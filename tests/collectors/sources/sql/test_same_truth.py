from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.collectors.sources.sql.logs import COUNTS, from_log, tiers
from tests.collectors.sources.sql.tables import Database, Record, days, sums

COLUMNS = {
    "at": "naive", "model": "text", "kind": "text", "result": "text", "fresh": "int", "cached": "int",
    "written": "int", "out": "int", "thought": "int", "cost": "float",
    "took": "float", "team": "text", "app": "text", "stop": "text", "hit": "text", "tier": "text",
}  # fmt: skip
FIELDS = {
    "time": "at", "model": "model", "operation": "kind", "status": "result", "input_tokens": "fresh",
    "cached_input_tokens": "cached", "cache_write_tokens": "written", "output_tokens": "out",
    "reasoning_tokens": "thought", "cost_usd": "cost", "latency_ms": "took", "finish_reason": "stop",
    "cache_hit": "hit", "tier": "tier",
}  # fmt: skip
SYSTEM = "{team}-{app}"


def a_record(chance: random.Random) -> Record:
    def maybe(value: Any, unknown: float = 0.2) -> Any:
        return None if chance.random() < unknown else value

    at = datetime(2026, 11, 20, tzinfo=UTC) + timedelta(seconds=chance.randrange(5 * 86_400))
    return {
        "at": at.strftime("%Y-%m-%d %H:%M:%S"),
        "model": maybe(chance.choice(["gpt-4o", "claude-x", "m"])),
        "kind": maybe(chance.choice(["chat", "embedding", "rerank"])),
        "result": maybe(chance.choice(["ok", "error", "200", "429", "strange"])),
        "fresh": maybe(chance.choice([0, 5, 900, 40_000, 250_000])),
        "cached": maybe(chance.choice([0, 3, 800])),
        "written": maybe(chance.choice([0, 100])),
        "out": maybe(chance.randrange(500)),
        "thought": maybe(chance.choice([0, 400])),
        "cost": maybe(chance.choice([0, 0.25, 0.5])),
        "took": maybe(chance.choice([10, 20.5])),
        "team": maybe(chance.choice(["a", "b"]), 0.05),
        "app": chance.choice(["x", "y"]),
        "stop": maybe(chance.choice(["stop", "length"])),
        "hit": maybe(chance.choice(["true", "false"])),
        "tier": maybe(chance.choice(["batch", "default"])),
    }


def test_a_table_and_a_log_of_the_same_calls_give_the_same_counts(database: Database, tmp_path: Path) -> None:
    chance = random.Random(7)
    records = [a_record(chance) for _ in range(3000)]
    expected, of_tiers = from_log(records, tmp_path, SYSTEM, fields=FIELDS)
    database.write(COLUMNS, records)

    found = database.ask(days("2026-11-01", "2026-11-28"), time_is="utc", fields=FIELDS, system=SYSTEM)

    assert sums(found.usage, *COUNTS) == sums(expected, *COUNTS)
    assert tiers(found.tiers) == of_tiers
    assert len(found.usage) > 100
