"""What a call costs, beside what is earned with it and what it would have cost."""

from __future__ import annotations

from typing import Any

import pytest

from leverwatch.collectors.sniffing.guess import FieldGuess, leaves, propose


def proposed(**more: Any) -> FieldGuess:
    records = [
        {"at": f"2026-06-03T08:{n:02}:07Z", "model": "claude-sonnet-4", "input_tokens": 40 + n * 37 % 90,
         "output_tokens": 60 + n * 11 % 50, **{key: value(n) for key, value in more.items()}}
        for n in range(12)
    ]  # fmt: skip
    found = propose([leaves(record) for record in records])
    assert found is not None
    return found


def own(n: int) -> float:
    return (3 + n * 7 % 11) / 1000


@pytest.mark.parametrize(("paid", "gain"), [("charge_usd", "profit_usd"), ("revenue_usd", "margin_usd")])
@pytest.mark.parametrize("order", [1, -1])
def test_what_a_customer_pays_is_no_cost_where_a_gain_stands_beside(paid: str, gain: str, order: int) -> None:
    columns = {"cost_usd": own, paid: lambda n: 3 * own(n), gain: lambda n: 2 * own(n)}
    found = proposed(**dict(list(columns.items())[::order]))

    assert found.fields["cost_usd"] == "cost_usd"


@pytest.mark.parametrize("name", ["human_cost", "manual_cost_usd", "cost_today", "monthly_cost", "baseline_cost"])
def test_what_something_else_costs_is_no_cost_of_a_call(name: str) -> None:
    assert proposed(**{name: lambda n: 90 * own(n), "ai_cost": own}).fields["cost_usd"] == "ai_cost"
    assert "cost_usd" not in proposed(**{name: own}).fields


def test_a_gain_alone_is_no_cost() -> None:
    assert "cost_usd" not in proposed(profit_usd=own).fields


def test_parts_of_a_cost_still_make_its_total() -> None:
    found = proposed(model_cost=own, tool_cost=lambda n: 2 * own(n), cost_usd=lambda n: 3 * own(n))

    assert found.fields["cost_usd"] == "cost_usd"


@pytest.mark.parametrize("name", ["api_equivalent_usd", "api_esdegeri_usd", "hypothetical_cost_usd"])
def test_what_calls_would_have_cost_is_doubted(name: str) -> None:
    found = proposed(**{name: own})

    assert found.fields["cost_usd"] == name
    assert any("would have cost" in note for note in found.notes)


def test_what_is_written_to_a_cache_is_found_without_the_word_for_tokens() -> None:
    found = proposed(cache_read=lambda n: 0 * n, cache_write=lambda n: 7000 + 13 * n)

    assert found.fields["cache_write_tokens"] == {"path": "cache_write", "stands": "beside"}


def test_steps_of_a_picture_are_no_calls() -> None:
    assert "inferences" not in proposed(num_inference_steps=lambda n: 20 + n % 3).fields
