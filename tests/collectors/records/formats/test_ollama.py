from __future__ import annotations

from typing import Any

import pytest

from leverwatch.collectors.interface import Result
from tests.collectors.records.formats.reading import counted, only, sniffed, without

LAST: dict[str, Any] = {
    "model": "llama3.2", "created_at": "2026-03-10T09:00:00.416799+01:00", "done": True, "done_reason": "length",
    "message": {"role": "assistant", "content": "canary"}, "total_duration": 5191566416, "prompt_eval_count": 26,
    "eval_count": 298,
}  # fmt: skip


def test_the_last_chunk_is_the_call_and_its_duration_is_in_nanoseconds() -> None:
    chunk = {"model": "llama3.2", "created_at": LAST["created_at"], "done": False, "response": "canary"}
    found = counted("ollama", chunk, chunk, LAST)
    (row,) = found.usage

    assert found.tallies == {Result.NOT_A_CALL: 2, Result.COUNTED: 1}
    assert (row.model, row.input_tokens, row.output_tokens, row.latency_ms) == ("llama3.2", 26, 298, 5191.566416)
    assert (row.truncated, row.unpriced) == (1, 1)


def test_a_prompt_that_was_not_evaluated_leaves_the_input_unknown() -> None:
    assert only("ollama", without(LAST, "prompt_eval_count")).unknown_input == 1


@pytest.mark.parametrize("reason", ["load", "unload"])
def test_loading_a_model_is_no_call(reason: str) -> None:
    assert counted("ollama", LAST | {"done_reason": reason}).tallies == {Result.NOT_A_CALL: 1}


def test_what_is_no_response_is_told() -> None:
    assert counted("ollama", {"error": "canary"}).tallies == {Result.MISSING_FIELD: 1}


def test_it_is_recognised() -> None:
    assert sniffed(LAST) == "ollama"
