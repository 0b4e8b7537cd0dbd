"""Usage logs of a fixed seed for the benchmarks: compact records of about 300 bytes, fat ones of about 4 KB.

As in a real log, records lie in the order in which calls ended, and their times are those of the starts; a million
a day is a busy gateway.
"""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

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


def write_log(path: Path, size: int, *, fat: bool = False, apps: int = 40, a_second: float = 12.0) -> int:
    """Write about `size` bytes of JSON lines; gives the number of records."""
    rng = random.Random(20260901)
    filler = "".join(rng.choice('abcdefghij klmnop\n"') for _ in range(3000)) if fat else ""
    written = records = 0
    with path.open("w") as file:
        while written < size:
            record = {
                "ts": (START + timedelta(seconds=records / a_second + 30 * rng.random())).isoformat(),
                "id": f"chatcmpl-{rng.getrandbits(96):024x}",
                "app": f"app-{rng.randrange(apps)}",
                "status": "success",
                "duration_ms": rng.randrange(200, 9000),
                "cost": round(rng.random() / 100, 6),
                "response": {"model": "gpt-4o-mini-2024-07-18"},
                "usage": {
                    "prompt_tokens": rng.randrange(50, 4000),
                    "completion_tokens": rng.randrange(5, 900),
                    "prompt_tokens_details": {"cached_tokens": rng.randrange(0, 50)},
                },
            }
            if fat:
                record["messages"] = [{"role": "user", "content": filler}, {"role": "assistant", "content": "ok"}]
            written += file.write(json.dumps(record, separators=(",", ":")) + "\n")
            records += 1
    return records
