"""Logs in which a part is not what its place or its name says: beginnings, fallbacks and words for none."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from leverwatch.collectors.sniffing.guess import FieldGuess
from leverwatch.collectors.sniffing.sniff import guess
from tests.collectors.sniffing.proposed import of_text, said

NUMBER = 9


def at(n: int) -> str:
    return f"2026-06-0{1 + n // 4}T07:{10 + n}:3{n}Z"


def of_lines(make: Callable[[int], dict[str, Any]]) -> FieldGuess:
    return of_text("".join(f"{json.dumps({'at': at(n), **make(n)})}\n" for n in range(NUMBER)))


def tokens(n: int, *, failed: bool = False) -> dict[str, Any]:
    return {} if failed else {"tokens_in": 310 + 7 * n, "tokens_out": 40 + 3 * n}


@pytest.mark.parametrize("word", ["unknown", "n/a", "unavailable"])
def test_tokens_are_read_where_a_word_for_none_stands_in_the_place_of_some(word: str) -> None:
    found = of_lines(
        lambda n: (
            {"model": "gpt-4o", "status": "error", "tokens_in": word, "tokens_out": word}
            if n < 2
            else {"model": "gpt-4o", "status": "success", **tokens(n)}
        )
    )

    assert {"input_tokens", "output_tokens"} <= found.fields.keys()


def test_calls_for_which_something_else_answered_after_an_error_failed() -> None:
    found = of_lines(
        lambda n: {"model": "gpt-4o", "label": f"part-{n}", "fallbackReason": "api_error", "items": n}
    )

    assert found.fields["status"] == {"path": "fallbackReason", "error": ["api_error"]}
    assert f"{NUMBER} records" in said(found, "status")


def test_a_fallback_after_an_error_that_gave_output_is_no_failed_call() -> None:
    found = of_lines(lambda n: {"model": "gpt-4o", "fallbackReason": "api_error" if n % 3 else None, **tokens(n)})

    assert "status" not in found.fields


def test_a_model_whose_answers_are_as_long_as_those_of_another_one_is_no_sum_of_these() -> None:
    found = of_lines(
        lambda n: {"model": "o3-mini" if n > 5 else "gpt-4o", "step": ("sort", "draft", "send")[n % 3],
                   "tokens_in": 200 + n, "tokens_out": (15, 43, 51)[n % 3]}
    )  # fmt: skip

    assert not found.only
    assert not found.excluded


def test_beginnings_are_left_out_though_some_ends_name_no_model() -> None:
    found = of_text(
        "".join(
            json.dumps({"time": 1780300000 + n, "event": f"llm_call_{('start', 'end')[n % 2]}",
                        "model": "" if n < 4 else "qwen3", "success": None if n % 2 == 0 else n % 3 > 0}) + "\n"
            for n in range(16)
        )
    )  # fmt: skip

    assert dict(found.excluded) == {"event": ["llm_call_start"]}
    assert found.fields["model"] == "model"


def test_what_was_sent_is_told_from_what_was_received_by_a_span_and_no_id_is_an_error() -> None:
    found = of_lines(
        lambda n: (
            {"span": "response_received", "detail": {"model": "gpt-4o", **tokens(n)}}
            if n % 2
            else {"span": "request_sent", "detail": {"model": "gpt-4o", "prompt_id": f"p-{n}"}}
        )
    )

    assert "status" not in found.fields
    assert dict(found.only) == {"span": "response_received"} or "request_sent" in str(found.excluded)


@pytest.mark.parametrize(
    ("name", "word", "slow"), [("tool", "llm", False), ("event", "chat_stream", True)]
)  # fmt: skip
def test_records_are_calls_by_the_tool_that_answered_or_by_a_chat_that_alone_took_long(
    name: str, word: str, slow: bool
) -> None:
    found = of_lines(
        lambda n: {name: word if n % 3 else "files", "latency_ms": 4000 + n if n % 3 or not slow else 1}
    )

    assert dict(found.only) == {name: word}


def test_a_chat_no_slower_than_the_rest_says_nothing_of_a_model() -> None:
    text = "".join(
        json.dumps({"at": at(n), "event": "chat" if n % 3 else "files", "latency_ms": 2 + n}) + "\n"
        for n in range(NUMBER)
    )

    assert guess(text.encode(), "plain") is None


def test_questions_that_took_rounds_are_calls_that_are_asked_about() -> None:
    found = of_lines(lambda n: {"question": f"What is in the folder {n} of this project?", "round_num": 2 + n})

    assert "Is each of them one call of a model?" in said(found, "inferences")


def test_answers_in_capitals_are_told_from_the_same_word_in_a_sentence() -> None:
    lines = "".join(
        f"{at(n)[:-1]} - llm - INFO - [Part {n}] REQUEST:\n[\n{{}}\n]\n"
        f"{at(n)[:-1]} - llm - INFO - [Part {n}] RESPONSE:\nall is well\n"
        for n in range(4)
    )
    found = of_text(f"{lines}{at(4)[:-1]} - llm.all - INFO - Complete. Response: True\n")

    fitting = [line for line in lines.splitlines() if re.search(found.extras["pattern"], line)]
    assert len(fitting) == 4
    assert re.search(found.extras["pattern"], "2026-06-01T07:10:30 Response: True") is None


@pytest.mark.parametrize(
    "tells",
    ["Endpoint: /sum | Input Tokens: {i} | Output Tokens: {o}", "used {i} input tokens, {o} output tokens"],
)
def test_requests_to_an_api_that_tell_no_tokens_are_doubted_beside_lines_that_do(tells: str) -> None:
    url = "HTTP Request: POST https://api.openai.com/v1/chat/completions"
    lines = "".join(
        f'{at(n)[:-1]} INFO {url} "HTTP/1.1 {400 if n < 5 else 200} x"\n'
        + (f"{at(n)[:-1]} INFO {tells.format(i=310 + n, o=40 + n)}\n" if n >= 6 else "")
        for n in range(NUMBER)
    )
    found = of_text(lines)

    assert "9 other lines tell of requests to the API of a model, beside 3" in said(found, "inferences")
    assert "5 of these requests failed" in said(found, "status")


def test_numbers_of_outcomes_are_no_tokens_though_another_one_is_their_sum() -> None:
    found = of_lines(
        lambda n: {
            "model": "gpt-4o",
            "work": {"attempt": 9 + 2 * n, "ok": 8 + n, "http_429": 1 + n},
            "ms": 4000 + n,
        }
    )

    assert not {"input_tokens", "output_tokens"} & found.fields.keys()


FORMS = {
    "a model from some line on": (
        "[{t}] part {n} Token usage: Prompt: {i}, Completion: {o}",
        "[{t}] part {n} Model: gpt-4o Token usage: Prompt: {i}, Completion: {o}, Cached: 0",
    ),
    "another sentence": (
        "{t} gpt-4o answered with {i} prompt tokens, {o} completion tokens",
        "{t} done by gpt-4o, input tokens {i}, output tokens {o}, all well",
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_lines_that_tell_tokens_in_several_forms_are_all_read(name: str) -> None:
    lines = [
        FORMS[name][n > 3].format(t=at(n)[:-1].replace("T", " "), n=n, i=310 + n, o=40 + n) for n in range(NUMBER)
    ]
    found = of_text("\n".join(lines))

    values = [match.groupdict() for it in lines if (match := re.search(found.extras["pattern"], it)) is not None]
    assert len(values) == NUMBER
    assert isinstance(found.fields["input_tokens"], list)
    taken = [[it[path] for path in found.fields["input_tokens"] if it[path]] for it in values]
    assert taken == [[str(310 + n)] for n in range(NUMBER)]
    assert "they are of 2 forms" in said(found, "inferences")


def test_lines_in_forms_that_are_not_read_are_told() -> None:
    lines = [
        FORMS["a model from some line on"][n > 3].format(t=at(n)[:-1], n=n, i=310 + n, o=40 + n)
        for n in range(NUMBER)
    ]
    found = of_text("\n".join([*lines, f"{at(1)[:-1]} so far all tokens 9999"]))

    assert "1 other lines speak of tokens" in said(found, "inferences")
