"""Models that records of an older layout name in another field."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.sniffing.proposed import found_in


def records(old: dict[str, Any], model: str = "gpt-4.1-mini") -> list[dict[str, Any]]:
    return [
        {"at": f"2026-05-03T10:{n:02}:17Z", "usd": 0.01 + (n * 7 % 5) / 500, "input_tokens": 90 + n * 7 % 40}
        | (old if n < 3 else {"model": model, "op": "draw"})
        for n in range(12)
    ]


@pytest.mark.parametrize(
    "old",
    [{"op": "gpt-4.1-mini"}, {"what": "claude-3-haiku"}, {"engine": "flux-1.1-pro"}, {"llm": "org/qwen3-8b"}],
)
def test_a_model_in_another_field_fills_the_gap(old: dict[str, Any]) -> None:
    found = found_in(records(old))

    assert found.fields["model"] == ["model", *old]
    assert not found.only


@pytest.mark.parametrize("old", [{"op": "startup"}, {"op": "step-2 of it"}, {}])
def test_what_names_no_model_fills_none(old: dict[str, Any]) -> None:
    assert found_in(records(old)).fields["model"] == "model"


def test_the_program_that_asked_is_no_model_though_its_name_is_like_one() -> None:
    asked = [{**it, "agent": "claude-code"} for it in records({"error": "timeout"})]

    assert found_in(asked).fields["model"] == "model"
