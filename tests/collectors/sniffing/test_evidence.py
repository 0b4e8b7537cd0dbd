"""What values prove of a column, whatever its name: codes, models, currencies, prices, limits, sums."""

from __future__ import annotations

from typing import Any

import pytest

from leverwatch.collectors.sniffing.guess import FieldGuess

from .test_own_logs import USED, Call, proposed
from .test_unnamed_tokens import cost, model


def notes_on(found: FieldGuess, name: str) -> str:
    return "\n".join(note for note in found.notes if note.startswith(name))


def base(it: Call) -> dict[str, Any]:
    return {"ts": it.ts, "model": model(it), **USED(it)}


def test_codes_of_http_are_the_outcome_under_any_name_where_the_bad_ones_have_no_output() -> None:
    found = proposed(
        lambda it: {"ts": it.ts, "model": model(it), "upstream": 503 if it.failed else 200,
                    **({} if it.failed else USED(it))}
    )  # fmt: skip

    assert found.fields["status"] == "upstream"


def test_numbers_like_codes_beside_output_are_no_outcome() -> None:
    found = proposed(lambda it: {**base(it), "room": 404 if it.failed else 200})

    assert "status" not in found.fields


def test_a_model_that_looks_like_one_comes_before_a_name_that_does_not() -> None:
    found = proposed(lambda it: {"ts": it.ts, "model": "Fold 7", "llm": "gpt-9-mini", **USED(it)})

    assert found.fields["model"] == "llm"


def test_a_column_of_codes_of_currencies_says_that_a_cost_is_not_in_dollars() -> None:
    found = proposed(lambda it: {**base(it), "cost": cost(it) * 30, "ccy": "TWD"})

    assert "cost_usd" not in found.fields
    assert "is in the currencies of ccy (TWD)" in notes_on(found, "cost_usd")


@pytest.mark.parametrize("sign", ["费用(元)", "Kosten in €", "стоимость ₽"])
def test_a_sign_of_money_in_a_name_of_any_script_is_not_taken_for_dollars(sign: str) -> None:
    found = proposed(lambda it: {**base(it), sign: cost(it) * 8})

    assert "cost_usd" not in found.fields
    assert f"{sign} is in" in notes_on(found, "cost_usd")


def test_a_sign_of_dollars_in_a_name_is_taken_for_dollars() -> None:
    found = proposed(lambda it: {**base(it), "Kosten in $": cost(it)})

    assert found.fields["cost_usd"] == "Kosten in $"


@pytest.mark.parametrize(
    "prices", [{"price": 2.5}, {"input_cost": 2.5e-6, "output_cost": 1e-5}], ids=["one", "one for each"]
)
def test_what_is_the_same_for_all_calls_of_a_model_is_a_price_and_no_cost(prices: dict[str, float]) -> None:
    found = proposed(
        lambda it: {**base(it), **{name: each * (1 + it.n % 3 % 2) for name, each in prices.items()},
                    "model": f"gpt-{it.n % 3 % 2}"}
    )  # fmt: skip

    assert "cost_usd" not in found.fields
    assert "prices are" in notes_on(found, "cost_usd") or "a price is" in notes_on(found, "cost_usd")


def test_an_amount_without_a_name_that_tokens_make_is_a_cost_with_a_doubt() -> None:
    found = proposed(lambda it: {**base(it), "k": cost(it), "w": it.n / 7})

    assert found.fields["cost_usd"] == "k"
    assert "no name tells" in notes_on(found, "cost_usd")


def test_whole_numbers_that_are_far_too_much_in_dollars_are_millionths_with_a_doubt() -> None:
    found = proposed(lambda it: {**base(it), "cost": round(cost(it) * 1e6)})

    assert found.fields["cost_usd"] == {"path": "cost", "unit": "micros"}
    assert "by its size" in notes_on(found, "cost_usd")


def test_a_round_number_that_never_changes_is_a_limit_and_no_count_of_tokens() -> None:
    found = proposed(
        lambda it: {"ts": it.ts, "model": model(it), "context_tokens": 128_000, "latency_ms": 900 + it.n}
    )

    assert "input_tokens" not in found.fields
    assert "as a limit is" in notes_on(found, "input_tokens")


def test_names_of_input_and_output_that_may_be_of_something_else_are_doubted_until_a_cost_proves_them() -> None:
    alone = proposed(lambda it: {"ts": it.ts, "model": model(it), "input": it.taken, "output": it.given})
    proven = proposed(
        lambda it: {"ts": it.ts, "model": model(it), "input": it.taken, "output": it.given, "usd": cost(it)}
    )

    assert "or numbers of something else" in notes_on(alone, "input_tokens and output_tokens")
    assert not notes_on(proven, "input_tokens and output_tokens")


def test_a_text_that_may_have_the_tokens_is_named() -> None:
    found = proposed(lambda it: {"ts": it.ts, "model": model(it), "toks": f"{it.taken}/{it.given}"})

    assert "toks may have them in a text" in notes_on(found, "input_tokens and output_tokens")


def test_a_flag_for_answers_of_a_cache_is_found_under_the_name_that_later_records_give_it() -> None:
    found = proposed(lambda it: {**base(it), ("cache_hit" if it.n < 20 else "cache_hit_early"): it.n % 8 == 5})

    assert found.fields["cache_hit"] == ["cache_hit", "cache_hit_early"]


def test_an_action_with_a_word_for_sums_is_a_call_where_its_tokens_are_as_those_of_others() -> None:
    actions = ("debate", "translate", "weekly-summary")
    found = proposed(
        lambda it: {**base(it), "action": actions[it.n % 3]} if it.n % 5 else {"ts": it.ts, "action": "opened"}
    )

    assert sorted(found.only["action"]) == ["debate", "translate", "weekly-summary"]


def test_of_two_costs_that_differ_the_other_one_is_named_with_what_it_would_give() -> None:
    found = proposed(lambda it: {**base(it), "cost_usd": cost(it), "billed_cost": round(cost(it) * 1.5, 8)})

    assert found.fields["cost_usd"] == "cost_usd"
    assert "billed_cost differs in 40 of 40 records" in notes_on(found, "cost_usd")
