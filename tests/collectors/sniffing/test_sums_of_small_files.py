"""Small files that a program keeps of its own usage: sums of days, by model, by turns, or with a cost alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from leverwatch.collectors.sniffing.guess import FieldGuess
from leverwatch.collectors.sniffing.sniff import guess
from tests.collectors.sniffing.proposed import found_in, said


def read(document: Any) -> FieldGuess | None:
    found = guess(json.dumps(document, indent=1).encode(), "plain")
    return None if found is None else found.fields


def proposed(document: Any) -> FieldGuess:
    found = read(document)
    assert found is not None
    return found


def sums(calls: int, taken: int, given: int) -> dict[str, int]:
    return {"input_tokens": taken, "output_tokens": given, "requests": calls}


MINI, LARGE, BOTH = sums(31, 40_210, 3_377), sums(8, 91_004, 1_250), sums(39, 131_214, 4_627)


def test_the_sums_of_days_and_models_are_taken_before_those_of_all() -> None:
    by_model = {"gpt-4.1-mini": MINI, "gpt-4.1": LARGE}
    found = proposed(
        {
            "total": BOTH,
            "by_provider": {"corner": BOTH},
            "by_model": by_model,
            "by_date": {"2026-01-19": {**BOTH, "by_model": by_model}},
            "last_updated": "2026-01-19T21:04:33.1",
        }
    )

    assert found.extras["records"] == "by_date.*.by_model.*"
    assert (found.fields["time"], found.fields["model"]) == ("key.1", "key.2")
    assert found.fields["inferences"] == "by_date.*.by_model.*.requests"


def test_sums_by_model_that_are_not_all_of_the_total_are_not_taken_for_it() -> None:
    found = proposed(
        {
            "total": BOTH,
            "by_date": {"2026-01-19": {**MINI, "by_model": {"gpt-4.1-mini": MINI}}},
            "last_updated": "2026-01-19T21:04:33.1",
        }
    )

    assert found.fields["input_tokens"] == "total.input_tokens"
    assert "model" not in found.fields


def session(n: int) -> dict[str, Any]:
    told = {
        "input_tokens": 411 + n, "cache_creation_tokens": 1_204_551 + n, "cache_read_tokens": 31_077_200 + 9 * n,
        "output_tokens": 402_118 + n, "turns": 118 + 7 * n,
    }  # fmt: skip
    own = {"date": f"2026-02-1{n}", "tool": "claude", "run_id": f"r-{n}1f"}
    return {**own, **told, "models": {"claude-opus-4-5": told}}


def test_turns_are_the_calls_of_sums_too_large_for_one_call() -> None:
    found = proposed([session(n) for n in range(4)])

    assert found.extras["records"] == "models.*"
    assert (found.fields["model"], found.fields["inferences"]) == ("key.1", "models.*.turns")
    assert any("were these turns of people" in note for note in found.notes)


def test_turns_of_records_that_one_call_may_be_are_only_doubted() -> None:
    log = [
        {
            "at": f"2026-02-1{n}T08:04:1{n}Z",
            "model": "claude-opus-4-5",
            "input_tokens": 9_100 + 40 * n,
            "turns": 2 + n,
        }
        for n in range(5)
    ]
    found = proposed([{**it, "output_tokens": 310 + n} for n, it in enumerate(log)])

    assert "inferences" not in found.fields
    assert any("turns is more than 1" in note for note in found.notes)


def test_a_cost_of_the_same_day_as_the_calls_and_tokens_is_theirs() -> None:
    day = {"requests_today": 3, "requests_this_minute": 1, "input_tokens_today": 811, "output_tokens_today": 97}
    found = proposed({"date": "2026-04-02", **day, "total_cost_today": 0.00214})

    assert (found.fields["inferences"], found.fields["cost_usd"]) == ("requests_today", "total_cost_today")


def test_a_cost_of_a_day_beside_the_tokens_of_a_call_is_not_its_own() -> None:
    found = proposed([{"at": f"2026-04-02T10:0{n}:31Z", "model": "gpt-4.1", "input_tokens": 90 + 31 * n % 17,
                       "output_tokens": 20 + n, "cost_today": 0.01 + n * n / 900} for n in range(9)])  # fmt: skip

    assert "cost_usd" not in found.fields


@pytest.mark.parametrize("names", [("nb_appels", "cout_total_usd"), ("api_calls", "cost_usd")])
def test_a_number_of_calls_and_its_cost_in_dollars_alone_are_read_and_asked_about(names: tuple[str, str]) -> None:
    found = proposed({"date": "2026-05-11", names[0]: 14, names[1]: 0.0312})

    assert (found.fields["inferences"], found.fields["cost_usd"]) == names
    assert any("if they are something else, there are none" in note for note in found.notes)


@pytest.mark.parametrize("more", [{"minutes": 51}, {"impressions": 9_100}])
def test_calls_and_a_cost_beside_other_numbers_may_be_of_anything(more: dict[str, int]) -> None:
    assert read({"date": "2026-05-11", "calls": 14, "cost_usd": 3.12, **more}) is None


def test_one_call_of_a_history_with_its_time_and_model_is_a_record() -> None:
    told = {"tokens": 77, "cost": 0.000121}
    found = proposed(
        {
            "total_tokens": 77,
            "total_cost": 0.000121,
            "usage_history": [{"timestamp": "2026-03-07 19:22:08", **told, "model": "qwen/qwen3-8b"}],
            "model_usage": {"qwen/qwen3-8b": {**told, "calls": 1}},
        }
    )

    assert found.extras["records"] == "usage_history"
    assert found.fields["model"] == "usage_history.model"


def of_processes(write: Callable[[int, int], dict[str, Any]]) -> FieldGuess:
    """What is proposed for the calls of five processes, each of which counts anew."""
    return found_in([{"at": f"2026-03-{day + 1:02}T09:{n:02}:11Z", **write(day, n)}
                     for day in range(5) for n in range(9)])  # fmt: skip


def test_numbers_that_begin_anew_with_each_process_are_no_numbers_of_calls_and_no_tokens_of_one() -> None:
    found = of_processes(lambda day, n: {
        "calls": n + 1,
        "prompt_tokens": sum(200 + (day + at) * 37 % 211 for at in range(n + 1)),
        "completion_tokens": sum(40 + (day + at) * 13 % 57 for at in range(n + 1)),
    })  # fmt: skip

    assert "inferences" not in found.fields
    assert not found.fields.keys() & {"input_tokens", "output_tokens"}
    assert "prompt_tokens only grows, so it is a sum so far" in said(found, "input_tokens")


def test_numbers_of_calls_that_go_up_and_down_are_those_of_records() -> None:
    found = of_processes(lambda day, n: {
        "calls": 1 + (day + n) % 3, "prompt_tokens": 200 + n * 37 % 211, "completion_tokens": 40 + n * 13 % 57,
    })  # fmt: skip

    assert found.fields.keys() >= {"inferences", "input_tokens", "output_tokens"}


def test_outputs_of_calls_that_run_side_by_side_and_end_by_their_length_are_no_sum() -> None:
    ends = [2_391, 2_783, 394, 883, 891, 973, 3_036, 4_276, 600, 777, 933, 1_235]
    found = found_in([{"at": f"2026-03-05T09:{n:02}:11Z", "model": "m", "input_tokens": 4_540 + n * 997 % 1_013,
                       "output_tokens": out} for n, out in enumerate(ends)])  # fmt: skip

    assert found.fields["output_tokens"] == "output_tokens"
