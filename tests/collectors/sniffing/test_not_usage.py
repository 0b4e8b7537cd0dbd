"""Tables about models that nobody called: what they may take, what they cost, and how good they are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from leverwatch.collectors.sniffing.sniff import guess, refusal

MODELS = ("gpt-4o", "gpt-4o-mini", "claude-sonnet-4-5", "gemini-2.5-pro", "o3")


def table(header: str, *values: tuple[float, float]) -> bytes:
    """A row for each model: its day, its name, and numbers that each begin somewhere and grow by something."""
    rows = [
        ",".join(map(str, (f"2026-02-0{n + 1}", model, *(first + n * step for first, step in values))))
        for n, model in enumerate(MODELS)
    ]
    return "\n".join((header, *rows, "")).encode()


TABLES: dict[str, bytes] = {
    "limits": table("valid_from,model,max_input_tokens,max_output_tokens", (8192, 4096), (900, 0)),
    "prices by their names": table(
        "date,model,price_per_1m_input_tokens,price_per_1m_output_tokens", (0.5, 1), (1, 4)
    ),
    "prices in whole dollars": table("updated,model,input,output", (1, 1), (9, 3)),
    "scores": table("date,model,mmlu_score,gsm8k_score,tokens_per_second", (80, 1), (70, 0), (9, 1)),
    "speeds": table("date,model,accuracy,avg_latency_ms,throughput", (0.5, 0), (400, 1), (3, 1)),
    "windows": table("released,model,context_tokens,max_output_tokens", (128000, 0), (16384, 0)),
    "quotas": json.dumps(
        [{"model": model, "resets": f"2026-02-0{n + 1}T00:00:00Z", "rpm": 60 + n, "tpm": 9000, "daily_limit": 5}
         for n, model in enumerate(MODELS)]
    ).encode(),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_what_is_said_of_models_is_no_usage(name: str) -> None:
    assert guess(TABLES[name], "plain") is None
    assert "this is no usage log" in refusal(TABLES[name])


@pytest.mark.parametrize(
    "more",
    [
        {"max_tokens": 900, "rate_limit": 60, "latency_ms": 812},
        {"max_tokens": 900, "context_window": 9000, "prompt_tokens": 31, "completion_tokens": 4},
        {"relevance_score": 0.5, "style_score": 0.25, "request_id": "r-"},
        {"updated": "2026-02-01", "avg_score": 1, "max_tokens": 7, "status": "ok"},
    ],
)
def test_a_call_that_tells_its_limits_or_scores_is_still_one(more: dict[str, Any]) -> None:
    records = [
        {"time": f"2026-02-03T10:{n:02}:07Z", "model": MODELS[n % 5], **more}
        | ({"request_id": f"r-{n}"} if "request_id" in more else {})
        for n in range(20)
    ]

    assert guess("".join(f"{json.dumps(it)}\n" for it in records).encode(), "plain") is not None


def test_lines_with_the_time_of_day_alone_are_refused_for_the_date_that_they_lack() -> None:
    lines = "".join(f"11:{n:02}:52 gpt-4.1-mini   in {300 + n} out {40 + n} 3.10s ok\n" for n in range(9))

    assert guess(lines.encode(), "plain") is None
    assert "9 lines tell a model or tokens and the time of day, and no date" in refusal(lines.encode())
