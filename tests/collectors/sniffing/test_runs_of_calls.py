"""A run that tells its time once, its sums, and each of its calls: by which the calls are proven."""

from __future__ import annotations

import json
from typing import Any

from leverwatch.collectors.sniffing.guess import FieldGuess
from leverwatch.collectors.sniffing.sniff import guess

PAGES = [{"page": f"leaf ({n}).png", "tokens": 700 + 13 * n, "cost_usd": 0.0} for n in range(7)]
RUN: dict[str, Any] = {
    "run_timestamp": 1_775_060_412.25,
    "total_pages": len(PAGES),
    "total_tokens_used": sum(it["tokens"] for it in PAGES),
    "total_cost_usd": 0.0,
    "breakdown": PAGES,
}


def proposed(document: dict[str, Any]) -> FieldGuess:
    found = guess(json.dumps(document, indent=2).encode(), "plain")
    assert found is not None
    assert found.fields is not None
    return found.fields


def test_the_calls_of_a_run_whose_sum_and_number_they_have_are_its_records() -> None:
    found = proposed(RUN)

    assert found.extras["records"] == "breakdown"
    assert (found.fields["time"], found.fields["cost_usd"]) == ("run_timestamp", "breakdown.cost_usd")
    assert any("were the records the calls, there would be 1" in note for note in found.notes)
    assert any("Is each of them one call of a model?" in note for note in found.notes)


def test_parts_of_a_run_whose_number_is_not_told_may_be_parts_of_one_call() -> None:
    found = proposed({key: it for key, it in RUN.items() if key != "total_pages"})

    assert "records" not in found.extras


def test_parts_that_are_not_all_of_the_sum_are_no_records() -> None:
    assert "records" not in proposed({**RUN, "total_tokens_used": 99_000}).extras


def test_parts_of_a_run_with_a_model_are_not_taken_for_its_calls() -> None:
    assert "records" not in proposed({**RUN, "model": "gpt-4.1-mini"}).extras
