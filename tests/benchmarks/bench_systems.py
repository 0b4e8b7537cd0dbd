"""What rules for the system cost beside a template, with the compiled helper and without it.

Run as `python -m tests.benchmarks.bench_systems`. The same records, in memory, of 200 keys, are counted under a
template, under a few rules, and under one rule for each key. Best of three, by processor time for each record, and
beside it how many times as long as the template took.
"""

from __future__ import annotations

import json
from typing import Any

from tests.benchmarks.bench_filters import RECORDS, TURNS, seconds

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


def main() -> None:
    """Print the table."""
    print(f"{'system':24} {'helper us':>9} {'ratio':>6} {'python us':>9} {'ratio':>6}")
    lines = [line(at) for at in range(RECORDS)]
    base: list[float] = []
    for name, system in SYSTEMS.items():
        took = [
            min(seconds(lines, {}, system, compiled=compiled) for _ in range(TURNS)) / RECORDS * 1e6
            for compiled in (True, False)
        ]
        base = base or took
        cells = " ".join(f"{it:9.3f} {it / of:6.2f}" for it, of in zip(took, base, strict=True))
        print(f"{name:24} {cells}")


if __name__ == "__main__":
    main()
