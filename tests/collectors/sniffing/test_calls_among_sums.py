"""Documents and lines that tell of calls and of sums of them: the calls are the records, each at its own time."""

from __future__ import annotations

import json
from typing import Any

import pytest

from leverwatch.collectors.sniffing.sniff import Guess, guess

CALLS = [
    {"timestamp": f"2026-03-1{n}T07:05:0{n}.25", "model": "llama-x", "prompt_tokens": 90 + 7 * n,
     "completion_tokens": 12 + 5 * n}
    for n in range(6)
]  # fmt: skip
SUM = {"prompt_tokens": 645, "completion_tokens": 147, "requests": 6}


def found_in(text: str) -> Guess:
    found = guess(text.encode(), "plain")
    assert found is not None
    assert found.fields is not None
    return found


@pytest.mark.parametrize("word", ["sessions", "history", "recent", "recent_calls", "zettel"])
@pytest.mark.parametrize(
    "around",
    [
        {"total": SUM},
        {"created": "2026-02-01T00:00:00", "total": SUM, "by_model": {"llama-x": SUM}},
        {"created": "2026-02-01T00:00:00", "by_day": {"2026-03-10": SUM}},
        {"created": "2026-02-01T00:00:00", "last_updated": "2026-04-01T00:00:00", **SUM},
    ],
)
def test_the_calls_of_a_document_are_its_records_and_the_sums_beside_them_are_none(
    word: str, around: dict[str, Any]
) -> None:
    found = found_in(json.dumps({**around, word: CALLS}, indent=1))

    assert found.fields is not None
    assert found.fields.extras["records"] == word
    assert found.fields.fields["time"] == f"{word}.timestamp"
    assert found.fields.fields["model"] == f"{word}.model"
    assert found.fields.fields["input_tokens"] == f"{word}.prompt_tokens"
    assert "inferences" not in found.fields.fields


def test_sums_of_days_in_an_array_of_their_own_are_no_calls_where_calls_stand_beside_them() -> None:
    days = [
        {"date": f"2026-03-1{n % 6}", "prompt_tokens": 5, "completion_tokens": 4, "calls": 1} for n in range(9)
    ]
    found = found_in(json.dumps({"daily": days, "calls": CALLS}))

    assert found.fields is not None
    assert found.fields.extras["records"] == "calls"


@pytest.mark.parametrize("names", [("in", "out"), ("input", "output"), ("prompt", "completion")])
def test_calls_without_the_word_tokens_are_found_in_an_array(names: tuple[str, str]) -> None:
    calls = [{"ts": it["timestamp"], names[0]: it["prompt_tokens"], names[1]: it["completion_tokens"]}
             for it in CALLS]  # fmt: skip
    found = found_in(json.dumps({"month": "2026-03", "calls": 6, "log": calls}))

    assert found.fields is not None
    assert found.fields.fields["input_tokens"] == f"log.{names[0]}"
    assert found.fields.fields["output_tokens"] == f"log.{names[1]}"


def test_parts_of_tokens_in_brackets_behind_their_sum_are_read() -> None:
    found = found_in("".join(
        f"[2026-03-0{n + 1} 11:14:29] Action: chat | Tokens: {200 + 3 * n} (prompt: {150 + 2 * n},"
        f" completion: {50 + n}) | User: u{n % 2}\n"
        for n in range(6)
    ))  # fmt: skip

    assert found.fields is not None
    assert found.fields.fields["input_tokens"] == "prompt"
    assert found.fields.fields["output_tokens"] == "completion"
