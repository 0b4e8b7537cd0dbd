"""Logs as strangers write them: calls that a part of which nothing is known must not hide, lose or double."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from leverwatch.collectors.records.formats.interface import Repeats
from leverwatch.collectors.sniffing.guess import FieldGuess
from leverwatch.collectors.sniffing.sniff import guess
from tests.collectors.sniffing.proposed import found_in, of_text, said

NUMBER = 8


def at(n: int) -> str:
    return f"2026-04-0{1 + n // 4}T08:{10 + n}:2{n}Z"


def of_lines(make: Callable[[int], dict[str, Any]]) -> FieldGuess:
    return of_text("".join(f"{json.dumps({'at': at(n), **make(n)})}\n" for n in range(NUMBER)))


@pytest.mark.parametrize(("later", "took", "repeats"), [(50, 40, Repeats.CALLS), (18, 38, Repeats.VERSIONS)])
def test_steps_with_one_id_that_follow_each_other_are_no_versions_of_a_call(
    later: int, took: int, repeats: Repeats
) -> None:
    # The first ends at second 10 and took 30 seconds; the second begins then, or together with it.
    found = found_in([
        {"ts": f"2026-04-02T08:{10 * (n // 2):02}:{later if n % 2 else 10}Z", "id": f"job{n // 2}",
         "model": "opus", "in_tokens": 3,
         "out_tokens": 200 + 51 * (n % 2), "elapsed_ms": 1000 * (took if n % 2 else 30)}
        for n in range(NUMBER)
    ])  # fmt: skip

    assert found.repeats is repeats


def test_a_column_under_the_sign_of_a_currency_is_the_cost() -> None:
    rows = "".join(
        f"| 2026-04-02 08:1{n}:20 | gpt-4o | {700 + n} | {90 + n} | $0.00{n + 1} |\n" for n in range(NUMBER)
    )
    found = of_text(f"# costs\n\n| When | Model | In | Out | $ |\n|---|---|---|---|---|\n{rows}")

    assert found.fields["cost_usd"] == {"path": "cost_usd", "dollar_sign": True}


def test_events_without_the_tokens_that_others_have_are_no_calls() -> None:
    found = of_lines(lambda n: {"event": "prompt_size", "raw_tokens": 40 + n} if n % 2 else {"event": "look_up"})

    assert found.only == {"event": "prompt_size"}


def test_tasks_of_unknown_names_are_generations_where_their_records_have_output() -> None:
    found = of_lines(lambda n: (
        {"operation": "image_generation", "model": "dall-e-2", "input_tokens": 0, "output_tokens": 0} if n == 5
        else {"operation": "mood_check", "model": "gpt-4o", "input_tokens": 70 + n, "output_tokens": 9}
    ))  # fmt: skip

    assert found.fields["operation"]["generation"] == ["mood_check"]
    assert "7 records whose operation is mood_check" in said(found, "operation")


def test_the_calls_of_a_run_that_failed_count() -> None:
    found = of_lines(lambda n: {
        "model": "gpt-4o", "status": "error" if n == 2 else "ok", "llm_calls": 3 + n % 4,
        "tokens_in": 900 + 31 * n, "tokens_out": 70 + n,
    })  # fmt: skip

    assert found.fields["inferences"] == "llm_calls"
    assert "status" not in found.fields
    assert "1 records that failed by status are runs of several calls" in said(found, "status")


def test_what_failed_calls_took_without_an_answer_is_said() -> None:
    found = of_lines(lambda n: {
        "model": "gpt-4o", "status": "error" if n == 2 else "success", "input_tokens": 300 + n,
        "output_tokens": 0 if n == 2 else 50,
    })  # fmt: skip

    assert "1 of 1 records that failed by status have input tokens, 302 together" in said(found, "status")


def test_the_letters_of_reads_and_writes_of_a_cache_are_known() -> None:
    found = of_lines(
        lambda n: {"model": "opus", "in": 50 + n, "out": 20 + n, "cache_r": 300 + n, "cache_w": 90 + n}
    )

    assert found.fields["cached_input_tokens"] == {"path": "cache_r", "stands": "beside"}
    assert found.fields["cache_write_tokens"] == {"path": "cache_w", "stands": "beside"}


ASKED: dict[str, tuple[Callable[[int], dict[str, Any]], dict[str, str]]] = {
    "nothing but questions": (lambda n: {"who": "a", "question": f"what is the age of tree {n}"}, {}),
    "requests that cost nothing and take long": (
        lambda n: {"path": "/look", "latency_ms": 40_000 + n, "cost_usd": 0.0}, {}
    ),
    "requests of which some generate": (
        lambda n: {"endpoint": "/generate_plan" if n % 2 else "/upload", "latency_s": 3.5 + n},
        {"endpoint": "/generate_plan"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ASKED)
def test_a_little_that_speaks_for_calls_is_counted_with_a_question(name: str) -> None:
    make, only = ASKED[name]
    found = of_lines(make)

    assert found.only == only
    assert "calls" in said(found, "inferences")


NO_CALLS: dict[str, Callable[[int], dict[str, Any]]] = {
    "questions of a search": lambda n: {"question": f"what is the age of tree {n}", "hits": n},
    "requests that are quick": lambda n: {"endpoint": "/generate_id", "latency_ms": 4 + n},
    "requests that cost nothing and are quick": lambda n: {"path": "/x", "latency_ms": 4 + n, "cost_usd": 0.0},
}  # fmt: skip


@pytest.mark.parametrize("name", NO_CALLS)
def test_less_than_that_is_refused(name: str) -> None:
    lines = "".join(f"{json.dumps({'at': at(n), **NO_CALLS[name](n)})}\n" for n in range(NUMBER))

    assert guess(lines.encode(), "plain") is None


def test_a_pair_that_only_some_lines_have_hides_none_of_them() -> None:
    lines = [
        f"2026-04-02 08:1{n}:20,104 - draft | {'job=j1 | ' if n % 2 else ''}in_tokens={50 + n} | "
        f"out_tokens={7 + n} | model=gpt-4o (fast)\n" for n in range(NUMBER)
    ]  # fmt: skip
    found = of_text("".join(lines))

    assert found.fields.keys() >= {"input_tokens", "output_tokens", "model"}
    assert "do not fit" not in said(found, "inferences")


def test_models_in_brackets_behind_a_label_are_those_of_calls() -> None:
    lines = [
        f"2026-04-02 08:1{n}:20,104 - Who (x) | LLM ({('GPT4o', 'Gemini 1 (own)')[n % 2]}) | Said: (hm {n})\n"
        for n in range(4)
    ]
    found = of_text("".join(lines))

    assert found.fields["model"] == "model"
    assert "(?P<model>" in found.extras["pattern"]


def test_one_row_wider_than_its_header_is_read_where_it_begins_as_the_others_do() -> None:
    rows = [f"2026-04-02T08:1{n}:20,gpt-4o,{700 + n},{90 + n},out/{n}.txt" for n in range(NUMBER)]
    wider = "2026-04-02T08:19:20,gpt-4o,811,77,0.000,out/w.txt"
    found = of_text("\n".join(["time,model,input_tokens,output_tokens,file", *rows, wider, *rows[:1], ""]))

    assert found.extras["other_columns"] == [
        ["time", "model", "input_tokens", "output_tokens", "column5", "column6"]
    ]
    split = of_text(
        "\n".join(["time,model,input_tokens,output_tokens,file", *rows, wider.replace("0.000", "204"), ""])
    )
    assert "other_columns" not in split.extras


@pytest.mark.parametrize("models", [["gpt-4o"], ["gpt-4o", "gpt-4o-mini"]])
def test_numbers_of_calls_by_model_under_days_are_counted(models: list[str]) -> None:
    days = {
        f"2026-04-0{n}": {"total_calls": 2 * len(models), "failed": n % 2, "models_used": dict.fromkeys(models, 2)}
        for n in range(1, 6)
    }  # fmt: skip
    found = of_text(json.dumps(days, indent=1))

    assert found.fields["inferences"] == "*.models_used.*"
    assert (found.fields["time"], found.fields["model"]) == ("key.1", "key.2")
    # Of several models, nobody knows whose calls failed.
    assert found.fields.get("errors") == ("*.failed" if len(models) == 1 else None)
    assert "3 calls of the sample failed" in said(found, "errors")
