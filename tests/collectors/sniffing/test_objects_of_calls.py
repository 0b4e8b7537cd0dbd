"""Records that have a call in one object among others, or tell of it in the way of a store or a form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from leverwatch.collectors.sniffing.guess import FieldGuess, leaves, propose
from leverwatch.collectors.sniffing.reshaping import reshaped


def guessed(write: Callable[[int], dict[str, Any]], number: int = 30) -> FieldGuess | None:
    return propose([leaves(write(n)) for n in range(number)])


def proposed(write: Callable[[int], dict[str, Any]]) -> FieldGuess:
    found = guessed(write)
    assert found is not None
    return found


def used(n: int) -> dict[str, Any]:
    return {"in_tokens": 500 + n * 19 % 83, "out_tokens": 30 + n * 11 % 47}


def at(n: int) -> str:
    return f"2026-04-07T10:{n:02}:09Z"


def test_the_model_is_that_of_the_object_with_the_tokens_and_another_call_of_the_record_is_said() -> None:
    found = proposed(
        lambda n: {
            "at": at(n),
            "search": {"model": "text-embedding-3-small", "tokens": 9 + n % 5},
            "answer": {"model": "gpt-4o", **used(n)},
        }
    )

    assert found.fields["model"] == "answer.model"
    assert any(
        note.startswith("inferences: records name a model in answer.model and another in search.model")
        for note in found.notes
    )
    assert any("what search.model took is not in it" in note for note in found.notes)


def test_a_model_asked_for_beside_the_one_that_answered_is_no_other_call() -> None:
    found = proposed(
        lambda n: {"at": at(n), "request": {"model": "gpt-4o"}, "reply": {"model": "gpt-4o-2024", **used(n)}}
    )

    assert found.fields["model"] == "reply.model"
    assert not any(note.startswith("inferences:") for note in found.notes)


def test_only_the_calls_that_succeeded_say_how_many_a_record_stands_for() -> None:
    found = proposed(lambda n: {"at": at(n), "model": "m", **used(n), "totals": {"succeeded_calls": 1 + n % 4}})

    assert found.fields["inferences"] == "totals.succeeded_calls"
    assert any(note.startswith("inferences: every record stands for as many calls") for note in found.notes)


def test_a_box_that_is_ticked_where_a_call_failed_is_its_status() -> None:
    found = proposed(lambda n: {"At": at(n), "Model": "m", **({"Failed?": "yes"} if n % 6 == 1 else used(n))})

    assert found.fields["status"] == {"path": "Failed?", "error": ["yes"]}


def test_keys_that_name_the_type_of_a_value_are_no_part_of_its_name() -> None:
    def written(n: int) -> dict[str, Any]:
        told = {"tokensIn": {"N": str(400 + n)}, "tokensOut": {"N": str(20 + n % 9)}} if n % 6 != 1 else {}
        return {
            "Item": {
                "when": {"S": at(n)}, "modelId": {"S": "m-1"}, "succeeded": {"BOOL": n % 6 != 1}, **told,
            }
        }  # fmt: skip

    found = proposed(written)

    assert found.fields["time"] == "Item.when.S"
    assert found.fields["model"] == "Item.modelId.S"
    assert found.fields["status"] == "Item.succeeded.BOOL"
    assert found.fields["output_tokens"] == "Item.tokensOut.N"
    assert dict(found.extras).get("only") is None


def test_records_of_another_level_that_say_that_they_failed_are_failed_calls() -> None:
    found = proposed(
        lambda n: {
            "t": at(n),
            "level": "warn" if n % 6 == 1 else "info",
            "model": "m",
            **({"err": "overloaded", "status": 529} if n % 6 == 1 else used(n)),
        }
    )

    assert dict(found.extras).get("only") is None
    assert "status" in found.fields


@pytest.mark.parametrize("further", [("loss", "epoch"), ("eval_loss", "learning_rate", "grad_norm")])
def test_a_run_that_trains_a_model_is_no_log_of_calls(further: tuple[str, ...]) -> None:
    found = guessed(
        lambda n: {
            "ts": at(n),
            "model": "llama-3",
            "input_tokens": 8_000 * n,
            **dict.fromkeys(further, 0.5 / (n + 1)),
        }
    )

    assert found is None


@pytest.mark.parametrize("cost", [{"zed_cost_usd": 0.25}, {"summary": {"total_cost": 0.25}}])
def test_a_cost_around_several_sums_is_said_to_be_of_none_of_them(cost: dict[str, Any]) -> None:
    runs = [
        {
            "at": at(n),
            "by": {name: {"calls": 2 + n % 3, **used(n + len(name))} for name in ("ab", "abc", "z")},
            **cost,
        }
        for n in range(4)
    ]
    found = reshaped(runs, None, None)

    assert found is not None
    assert found.fields.fields["inferences"] == "by.*.calls"
    assert "cost_usd" not in found.fields.fields
    assert any("around the records at by.*, 1 in the sample" in note for note in found.fields.notes)


def test_calls_inside_of_sums_that_say_how_many_they_are_go_before_the_sums() -> None:
    def session(n: int, calls: int) -> dict[str, Any]:
        own: list[dict[str, Any]] = [
            {"at": at(n + it), "prompt_tokens": 90 + it * 7, "completion_tokens": 9 + it} for it in range(calls)
        ]
        own.append({"at": at(n + calls), "error": "503 overloaded"})
        sums = {name: sum(it.get(name, 0) for it in own) for name in ("prompt_tokens", "completion_tokens")}
        return {"started_at": at(n), "model": "m-large", "calls": own, "totals": {"calls": calls + 1, **sums}}

    document = {"version": 2, "sessions": [session(n * 9, 3 + n % 3) for n in range(6)]}
    plain = propose([leaves(document)])
    found = reshaped([document], plain, None)

    assert found is not None
    assert found.fields.extras["records"] == "sessions.calls"
    assert found.fields.fields["model"] == "sessions.model"
    assert found.fields.fields["status"] == {"path": "sessions.calls.error", "error": {"present": True}}


def test_tokens_in_a_text_of_json_are_said_to_be_unknown() -> None:
    found = proposed(lambda n: {"at": at(n), "model": "m", **used(n), "other": f'{{"cache_tokens": {n}, "x": 1}}'})

    assert "cached_input_tokens" not in found.fields
    assert (
        "cached_input_tokens: other is JSON in a text, whose cache_tokens (up to 29) no path reaches"
        in found.notes
    )
