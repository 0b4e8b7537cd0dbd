"""Tables of a fixed seed for the benchmark of CSV: a trace of three columns, and a wide export with texts."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

TRACE: dict[str, Any] = {"time": "TIMESTAMP", "input_tokens": "ContextTokens", "output_tokens": "GeneratedTokens"}
EXPORT: dict[str, Any] = {
    "time": "ts", "request_id": "id", "model": "model", "status": "status", "input_tokens": "prompt_tokens",
    "cached_input_tokens": "cached_tokens", "output_tokens": "completion_tokens", "cost_usd": "cost",
    "latency_ms": "latency_ms",
}  # fmt: skip
COLUMNS = (
    "ts", "id", "app", "model", "provider", "status", "prompt_tokens", "cached_tokens", "completion_tokens",
    "cost", "latency_ms", "prompt", "answer", "user", "team", "region", "path", "method", "stream", "temperature",
    "top_p", "max_tokens", "finish_reason", "error", "tags", "metadata", "session", "client", "version", "note",
)  # fmt: skip
NUMBERS = {"prompt_tokens": "BIGINT", "cached_tokens": "BIGINT", "completion_tokens": "BIGINT", "cost": "DOUBLE",
           "latency_ms": "DOUBLE", "ts": "TIMESTAMP"}  # fmt: skip
_MODELS = ("gpt-4o-mini-2024-07-18", "gpt-4o-2024-08-06", "claude-sonnet-4-5-20250929")
_WORDS = (
    "the",
    "model",
    "said",
    "that",
    "it",
    "would",
    "answer",
    "with",
    "care",
    "and",
    "then",
    "it",
    "did",
    "so",
)


def trace(file: TextIO, rows: int) -> None:
    """The columns of Azure's trace of LLM inference, with seven digits below the second."""
    rng = random.Random(20231116)
    moment = datetime(2023, 11, 16, 18, 17, 3)  # noqa: DTZ001 - as the trace has it
    file.write("TIMESTAMP,ContextTokens,GeneratedTokens\n")
    for _ in range(rows):
        moment += timedelta(microseconds=rng.randrange(1, 400_000))
        time = f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond:06}0"
        file.write(f"{time},{rng.randrange(3, 7500)},{rng.randrange(5, 800)}\n")


def export(file: TextIO, rows: int) -> None:
    """Thirty columns, of which two are texts with delimiters, doubled quotes and line breaks."""
    rng = random.Random(20260901)
    texts = [_text(rng) for _ in range(3000)]
    write = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC).writerow
    write(COLUMNS)
    moment = datetime(2026, 9, 1)  # noqa: DTZ001 - as databases export it
    for _ in range(rows):
        moment += timedelta(microseconds=rng.randrange(1, 200_000))
        status = "success" if rng.randrange(20) else "error"
        write([
            f"{moment}", f"chatcmpl-{rng.getrandbits(96):024x}", f"app-{rng.randrange(40)}", rng.choice(_MODELS),
            "openai", status, rng.randrange(50, 4000), rng.randrange(50), rng.randrange(5, 900),
            round(0.0001 + rng.random() / 100, 6), rng.randrange(200, 9000), rng.choice(texts), rng.choice(texts),
            f"user{rng.randrange(500)}@example.com", "team-a", "eu-west-1", "/v1/chat/completions", "POST", "true",
            0.7, 1, 1024, "stop", "", "a,b", '{"k": "v", "n": 1}', f"s{rng.randrange(10**9)}", "py/1.2",
            "2026-09", "",
        ])  # fmt: skip


def _text(rng: random.Random) -> str:
    text = " ".join(rng.choice(_WORDS) for _ in range(rng.randrange(3, 40)))
    kind = rng.random()
    text = f"{text}, and so on" if kind < 0.5 else text
    text = f'He said "{text}" to me' if kind < 0.25 else text
    return text.replace(" then", "\nthen") if kind < 0.3 else text


TABLES: dict[str, tuple[Callable[[TextIO, int], None], int]] = {
    "trace": (trace, 3_000_000),
    "export": (export, 400_000),
}
"""What writes a table, and how many rows it has."""


def write_table(path: Path, name: str, share: float) -> int:
    """Write a share of the rows of a table; gives how many these are."""
    write, rows = TABLES[name]
    with path.open("w", newline="") as file:
        write(file, int(rows * share))
    return int(rows * share)
