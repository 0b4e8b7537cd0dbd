"""Usage logs of a fixed seed for the benchmarks: compact records of about 300 bytes, fat ones of about 4 KB.

As in a real log, records lie in the order in which calls ended, and their times are those of the starts; a million
a day is a busy gateway.
"""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

START = datetime(2026, 9, 1, tzinfo=UTC)
FIELDS = {
    "time": "ts",
    "model": "response.model",
    "request_id": "id",
    "input_tokens": "usage.prompt_tokens",
    "output_tokens": "usage.completion_tokens",
    "cached_input_tokens": "usage.prompt_tokens_details.cached_tokens",
    "cost_usd": "cost",
    "status": "status",
    "latency_ms": "duration_ms",
}
SYSTEM = "{app}"
A_SECOND = 12.0
MODELS = ("gpt-4o-mini-2024-07-18", "gpt-4o-2024-08-06", "claude-sonnet-4-5-20250929")


def write_log(path: Path, size: int, *, fat: bool = False, apps: int = 40, days: int = 0) -> int:
    """Write about `size` bytes of JSON lines; gives the number of records.

    With `days`, records of so many days are mixed at random instead of following each other.
    One in twenty is an error, one in thirty lacks its usage and its cost, one in five hundred comes twice.
    """
    rng = random.Random(20260901)
    filler = "".join(rng.choice('abcdefghij klmnop\n"') for _ in range(3000)) if fat else ""
    written = records = 0
    with path.open("w") as file:
        while written < size:
            known = rng.randrange(30) > 0
            after = rng.randrange(days * 86400) if days else records / A_SECOND
            record: dict[str, Any] = {
                "ts": (START + timedelta(seconds=after + 30 * rng.random())).isoformat(),
                "id": f"chatcmpl-{rng.getrandbits(96):024x}",
                "app": f"app-{rng.randrange(apps)}",
                "status": "success" if rng.randrange(20) else "error",
                "duration_ms": rng.randrange(200, 9000),
                # A cost of zero beside tokens would be an unknown price to us, and to no peer.
                "cost": max(round(rng.random() / 100, 6), 0.000001) if known else None,
                "response": {"model": rng.choice(MODELS)},
                "usage": {
                    "prompt_tokens": rng.randrange(50, 4000),
                    "completion_tokens": rng.randrange(5, 900),
                    "prompt_tokens_details": {"cached_tokens": rng.randrange(0, 50)},
                }
                if known
                else None,
            }
            if fat:
                record["messages"] = [{"role": "user", "content": filler}, {"role": "assistant", "content": "ok"}]
            line = json.dumps(record, separators=(",", ":")) + "\n"
            for _ in range(2 if rng.randrange(500) == 0 else 1):
                written += file.write(line)
                records += 1
    return records
