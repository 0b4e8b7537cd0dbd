"""Further logs as strangers write them: steps beside calls, failures in odd words, tokens written as one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from leverwatch.collectors.records.formats.interface import Units
from leverwatch.collectors.records.framing.wrappers import Prefix
from leverwatch.collectors.sniffing.guess import FieldGuess
from leverwatch.collectors.sniffing.sniff import guess
from tests.collectors.sniffing.proposed import of_text, said

NUMBER = 9


def at(n: int) -> str:
    return f"2026-05-0{1 + n // 4}T06:{10 + n}:3{n}Z"


def of_lines(make: Callable[[int], dict[str, Any]]) -> FieldGuess:
    return of_text("".join(f"{json.dumps({'at': at(n), **make(n)})}\n" for n in range(NUMBER)))


def tokens(n: int, *, failed: bool = False) -> dict[str, Any]:
    return {"tokens_in": 0, "tokens_out": 0} if failed else {"tokens_in": 310 + 7 * n, "tokens_out": 40 + 3 * n}


def test_a_failure_named_like_an_exception_is_a_failed_call_where_only_values_name_the_model() -> None:
    found = of_lines(
        lambda n: (
            {"by": "gpt-4o", "outcome": "QuotaError"}
            if n == 4
            else {"by": "gpt-4o", "outcome": "ok", "usage": {"prompt_tokens": 30 + n, "completion_tokens": 5 + n}}
        )
    )

    assert not found.excluded
    assert found.fields["status"] == {"path": "outcome", "success": ["ok"], "error": ["QuotaError"]}


def test_a_fallback_that_failed_is_a_failed_call_and_what_was_skipped_none() -> None:
    words = {2: "skipped", 3: "fallback_failed", 5: "skipped", 6: "fallback_failed"}
    found = of_lines(
        lambda n: {"model": None if words.get(n) == "skipped" else "gpt-4o", "status": words.get(n, "success"),
                   **tokens(n, failed=n in words)}
    )  # fmt: skip

    assert dict(found.excluded) == {"status": "skipped"} or dict(found.excluded) == {"status": ["skipped"]}
    assert found.fields["status"]["error"] == ["fallback_failed"]


def test_runs_without_a_call_are_left_out_where_no_name_speaks_of_tokens() -> None:
    found = of_lines(
        lambda n: {"model": "gpt-4o", "dry_run": n % 4 == 0, "in": 0 if n % 4 == 0 else 300 + n,
                   "out": 0 if n % 4 == 0 else 40 + n}
    )  # fmt: skip

    assert dict(found.excluded) == {"dry_run": [True]}


def test_answers_that_ended_in_an_error_without_output_are_failed_calls() -> None:
    found = of_lines(
        lambda n: {"model": "gpt-4o", "finish_reason": "error" if n in (2, 6) else "stop",
                   **tokens(n, failed=n in (2, 6))}
    )  # fmt: skip

    assert found.fields["status"] == {"path": "finish_reason", "success": ["stop"], "error": ["error"]}
    assert found.fields["finish_reason"] == "finish_reason"


def test_an_error_with_output_is_a_doubt_and_no_failed_call() -> None:
    found = of_lines(lambda n: {"model": "gpt-4o", "finish_reason": "error" if n == 2 else "stop", **tokens(n)})

    assert "status" not in found.fields
    assert "count as successes" in said(found, "status")


def test_steps_of_the_program_itself_are_no_calls_and_no_failed_ones() -> None:
    found = of_lines(
        lambda n: (
            {"provider": "system", "action": f"load_{n}", "stage": "drafts", **tokens(n, failed=True)}
            if n < 2
            else {"provider": "openai", "action": "ask", "stage": None, **tokens(n)}
        )
    )

    assert dict(found.excluded) == {"provider": ["system"]}
    assert "status" not in found.fields


def test_what_one_word_says_is_speech_is_no_generation_where_all_others_answer() -> None:
    found = of_lines(lambda n: {"type": "tts" if n % 3 else "api", **tokens(n, failed=n % 3 != 0)})

    assert found.fields["operation"] == {"path": "type", "audio": ["tts"], "generation": ["api"]}


def test_purposes_below_a_model_of_a_day_are_records_of_their_own_though_there_are_two() -> None:
    purposes = {
        name: {"calls": 4 + n, "inputTokens": 800 + n, "outputTokens": 90 + n}
        for n, name in enumerate(("drafts", "night-job"))
    }
    days = {f"2026-05-0{n}": {"gpt-4o-mini": purposes} for n in range(1, 6)}
    found = of_text(json.dumps({"dates": days}))

    assert found.extras["records"] == "dates.*.*.*"
    assert found.fields["inferences"] == "dates.*.*.*.calls"


def test_steps_whose_sums_are_told_around_them_are_the_calls_by_any_name_of_tokens() -> None:
    def run(n: int) -> dict[str, Any]:
        steps = [
            {"at": at(n), "llm": {"model": "gpt-4o", "in": 100 + n + k, "out": 20 + k}, "tool": "edit"}
            for k in range(3)
        ]
        sums = {side: sum(it["llm"][side] for it in steps) for side in ("in", "out")}  # type: ignore[index]
        return {"steps": steps, "totals": sums}

    found = of_lines(run)

    assert found.extras["records"] == "steps"
    assert found.fields["model"] == "steps.llm.model"


@pytest.mark.parametrize(
    ("steps", "word"),
    [(("router", "llm", "search"), "llm"), (("retrieval", "generation", "rerank"), "generation"),
     (("load", "llm_call_done", "store"), "llm_call_done")],
)  # fmt: skip
def test_events_that_one_word_says_are_of_a_model_are_the_calls(steps: tuple[str, ...], word: str) -> None:
    found = of_lines(lambda n: {"event": steps[n % 3], "length": 40 + n})

    assert dict(found.only) == {"event": word}
    assert "left out, as other steps" in said(found, "only")
    assert "Is each of them one call of a model?" in said(found, "inferences")


def test_events_of_a_model_within_runs_are_the_calls() -> None:
    found = of_lines(
        lambda n: {"run": n, "events": [{"event": it, "at": at(n)} for it in ("start", "search", "llm", "store")]}
    )

    assert found.extras["records"] == "events"
    assert dict(found.only) == {"events.event": "llm"}


def test_a_task_that_generates_is_no_sign_beside_tasks_of_a_model() -> None:
    found = of_lines(
        lambda n: {"node": ("generate", "review")[n % 2], "latency_ms": 4000 + n, "prompt_version": "v1"}
    )

    assert not found.only


PAIRS = {
    "a slash": "{t} [gpt-4o] tokens={i}/{o} 4{n}0ms",
    "an arrow and a unit": "{t} ✓ gpt-4o {i}→{o} tok ({n}.2s)",
    "a month by name": "May 0{d} 2026 06:1{n}:03 used {i} input tokens and {o} output tokens with gpt-4o",
}


@pytest.mark.parametrize("name", PAIRS)
def test_both_tokens_of_a_line_are_read_however_they_are_written(name: str) -> None:
    lines = [
        PAIRS[name].format(t=at(n)[:-1].replace("T", " "), d=1 + n // 4, n=n, i=310 + 7 * n, o=40 + 3 * n)
        for n in range(NUMBER)
    ]
    found = of_text("\n".join(lines) + "\n")

    assert {"time", "model", "input_tokens", "output_tokens"} <= found.fields.keys()


def test_a_round_number_behind_tokens_is_a_limit_and_no_output() -> None:
    found = of_text(
        "".join(f"{at(n)[:-1]} gpt-4o tokens={310 + 7 * n}/128000 cost=$0.0{n + 1}\n" for n in range(9))
    )

    assert "output_tokens" not in found.fields


def test_tokens_written_as_one_are_read_below_a_title_of_several_words() -> None:
    blocks = "".join(
        f"\n=== Model Call No {at(n)[:-1]} ===\nPrompt: You are a clerk. {'Be brief, and kind. ' * 40}\n"
        f"Answer: Dear sir, {n} is right.\nThanks\nModel: qwen3:8b\nTokens: {410 + n}/{50 + n}\n"
        for n in range(6)
    )
    found = of_text(blocks)

    assert {"model", "input_tokens", "output_tokens"} <= found.fields.keys()
    assert "taken as input and output" in said(found, "input_tokens")


def test_what_a_logger_writes_behind_an_object_is_no_part_of_it() -> None:
    lines = [b'[2026-05-01 06:10:00] app.INFO: call {"model":"m"} []', b'app.INFO {"model":{"a":1}} {} ']

    assert Prefix().unwrap(Units(lines)).units == [b'{"model":"m"}', b'{"model":{"a":1}}']


def test_a_message_that_only_the_call_without_tokens_has_is_that_of_a_failure() -> None:
    found = of_text(
        "".join(
            f"[{at(n)[:-1]}] app.{'ERROR' if n == 5 else 'INFO'}: "
            + json.dumps({"model": "gpt-4o", **({"message": "Slow down"} if n == 5 else {"usage": {
                "prompt_tokens": 300 + n, "completion_tokens": 20 + n}})})
            + " []\n"
            for n in range(NUMBER)
        )
    )  # fmt: skip

    assert found.fields["status"] == {"path": "message", "error": {"present": True}}


def test_a_table_of_markdown_is_read_with_its_marks_and_without_its_bold_sum() -> None:
    rows = "".join(
        f"| {at(n)[:10]} 06:{10 + n} | `gpt-4o` | {1310 + n:,} | {40 + n} | $0.00{n + 1} |\n"
        for n in range(NUMBER)
    )
    head = "# used\n\n| Date | Model | In | Out | Cost |\n|---|:--|--:|--:|--:|\n"
    text = f"{head}{rows}| **Total** | | **9** | **9** | **$1** |\n"
    found = of_text(text)

    assert found.fields["input_tokens"] == {"path": "in", "thousands": ","}
    assert found.fields["cost_usd"] == {"path": "cost", "dollar_sign": True}
    cells = re.search(found.extras["pattern"], rows.splitlines()[0])
    assert cells is not None
    assert cells["model"] == "gpt-4o"
    assert re.search(found.extras["pattern"], text.splitlines()[-1]) is None


@pytest.mark.parametrize("blank", ["T", " "])
def test_a_table_whose_columns_are_apart_by_single_blanks_is_read(blank: str) -> None:
    rows = "".join(
        f"{at(n)[:-1].replace('T', blank)} gpt-4o {310 + n} {40 + n:4}  0.00{n + 1}\n" for n in range(NUMBER)
    )
    found = of_text(f"TIME                MODEL   IN  OUT  USD\n{rows}")

    assert {"time", "model", "input_tokens", "output_tokens", "cost_usd"} <= found.fields.keys()


def test_statements_of_sql_are_no_table_under_the_first_of_them() -> None:
    head = "CREATE TABLE calls (id INT, at TEXT, model TEXT, tokens_in INT, tokens_out INT);\n"
    rows = "".join(
        f"INSERT INTO calls VALUES({n},'{at(n)}','gpt-4o',{300 + n},{40 + n});\n" for n in range(NUMBER)
    )

    assert guess(f"{head}{rows}".encode(), "plain") is None


def test_answers_that_lines_tell_in_turn_with_what_was_asked_are_calls() -> None:
    lines = "".join(
        f"{at(n)[:-1]} [INFO] OpenAIChat: invoke -> 2 messages\n"
        + (
            f"{at(n)[:-1]} [INFO] httpx: HTTP Request: POST https://x.ai/v1/chat/completions 200\n"
            if n > 6
            else ""
        )
        + f"{at(n)[:-1]} [INFO] OpenAIChat: response <- {n} chars\n"
        for n in range(NUMBER)
    )
    found = of_text(lines)

    fitting = [line for line in lines.splitlines() if re.search(found.extras["pattern"], line)]
    assert len(fitting) == NUMBER
    assert all("response" in it for it in fitting)
    assert "if a program answers, and no model" in said(found, "inferences")


def test_answers_of_a_website_in_turn_with_requests_are_no_calls() -> None:
    lines = "".join(f"{at(n)[:-1]} shop: request {n}\n{at(n)[:-1]} shop: response {n}\n" for n in range(NUMBER))

    assert guess(lines.encode(), "plain") is None


def test_texts_of_messages_that_have_their_time_around_them_are_read() -> None:
    found = of_lines(
        lambda n: {
            "time": at(n),
            "message": f"completion from gpt-4o: {310 + 7 * n} prompt tokens, {40 + n} completion tokens",
        }
    )

    assert {"time", "model", "input_tokens", "output_tokens"} <= found.fields.keys()
    assert "that of its wrapper serves" in said(found, "time")


def test_sums_behind_the_sides_of_a_call_are_not_those_of_the_call() -> None:
    lines = "".join(
        f"{at(n)[:-1]} INFO gpt-4o call: {310 + n} in, {40 + n} out (all: {320 * n + 310} in, {45 * n} out)\n"
        for n in range(NUMBER)
    )
    found = of_text(lines)

    assert found.fields["input_tokens"] == "in"
    assert found.fields["output_tokens"] == "out"


def test_calls_so_far_are_no_number_of_calls_that_a_record_stands_for() -> None:
    found = of_lines(lambda n: {"model": "gpt-4o", "calls_so_far": n + 1, **tokens(n)})

    assert "inferences" not in found.fields


def test_sums_of_a_period_have_the_time_at_which_it_starts_around_them() -> None:
    results = [
        {"model": it, "requests": 4, "input_tokens": 900, "output_tokens": 70} for it in ("gpt-4o", "o3-mini")
    ]
    buckets = [
        {"start": 1778284800 + 86400 * n, "end": 1778371200 + 86400 * n, "results": results} for n in range(4)
    ]
    found = of_text(json.dumps({"buckets": buckets}))

    assert found.fields["time"] == "buckets.start"
    assert found.fields["inferences"] == "buckets.results.requests"


def test_lines_that_begin_a_call_with_nothing_but_its_model_are_no_calls_beside_those_that_end_it() -> None:
    lines = "".join(
        f"{at(n)[:-1]} INFO llm: request model=gpt-4o\n"
        + (
            f"{at(n)[:-1]} ERROR llm: error model=gpt-4o RateLimitError\n"
            if n == 4
            else f"{at(n)[:-1]} INFO llm: response model=gpt-4o prompt_tokens={31 + n} completion_tokens={n}\n"
        )
        for n in range(NUMBER)
    )
    found = of_text(lines)

    fitting = [line for line in lines.splitlines() if re.search(found.extras["pattern"], line)]
    assert len(fitting) == NUMBER
    assert found.fields["status"] == {"path": "error", "error": {"present": True}}


def test_lines_of_pairs_with_nothing_but_a_model_are_doubted_where_no_pattern_tells_them_apart() -> None:
    lines = "".join(
        f"time={at(n)} model=gpt-4o in_tokens={310 + n} out_tokens={40 + n}\nmodel=gpt-4o\n" for n in range(NUMBER)
    )
    found = of_text(lines)

    assert f"{NUMBER} lines have nothing but the model" in said(found, "inferences") or "pattern" in found.extras


def test_a_table_without_a_header_is_one_of_calls_by_a_model_a_code_and_a_duration() -> None:
    lines = "".join(
        f"{at(n)[:-1]} | POST /v1/chat | gpt-4o | {429 if n == 3 else 200} | {800 + n}ms\n" for n in range(NUMBER)
    )
    found = of_text(lines)

    assert {"time", "model", "status", "latency"} <= found.fields.keys()
    assert "Is that right?" in said(found, "columns")
