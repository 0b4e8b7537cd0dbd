"""Events of requests to a model and of its responses, without a model and without tokens."""

from __future__ import annotations

from typing import Any

import pytest

from leverwatch.collectors.sniffing.guess import leaves, propose
from tests.collectors.sniffing.proposed import found_in, said


def events(*kinds: str, rounds: int = 5, text: str = "tell me about {}") -> list[dict[str, Any]]:
    return [
        {
            "at": f"2026-05-03T1{turn}:0{step}:17Z",
            "event": kind,
            "data": {"text": text.format(turn)} if step == 0 else {},
        }
        for turn in range(rounds)
        for step, kind in enumerate(kinds)
    ]


@pytest.mark.parametrize(
    ("kinds", "answer"),
    [
        (("CHAT_REQUEST", "CHAT_RESPONSE"), "CHAT_RESPONSE"),
        (("llm.request", "llm.completion", "ui.drawn"), "llm.completion"),
        (("assistant_asked", "assistant_replied", "db_saved"), "assistant_replied"),
        (("PROMPT_REQUEST", "PROMPT_RESPONSE_RAW"), "PROMPT_RESPONSE_RAW"),
        (("bot-anfrage", "bot-antwort"), "bot-antwort"),
    ],
)
def test_each_response_to_a_request_is_a_call(kinds: tuple[str, ...], answer: str) -> None:
    found = found_in(events(*kinds))

    assert found.only == {"event": answer}
    assert "5 records of the sample count as calls by event. Is each of them one call" in said(found, "inferences")
    assert f"{5 * len(kinds) - 5} records whose event is none of {answer} are left out" in said(found, "only")


def test_of_two_events_of_one_response_one_counts() -> None:
    parsed = events("AI_REQUEST", "AI_RESPONSE_RAW", "AI_RESPONSE_PARSED")
    found = found_in([it for at, it in enumerate(parsed) if at != 8])

    assert found.only == {"event": "AI_RESPONSE_RAW"}


def test_an_error_in_the_place_of_a_response_is_a_failed_call() -> None:
    found = found_in([*events("ai_request", "ai_response"), *events("ai_request", "ai_error", rounds=2)])

    assert found.fields["status"] == {"path": "event", "success": ["ai_response"], "error": ["ai_error"]}
    assert found.only == {"event": ["ai_response", "ai_error"]}


@pytest.mark.parametrize(
    ("kinds", "text"),
    [
        (("http_request", "http_response"), "GET /a/{} of it"),
        (("sql_query", "sql_result"), "select {} from it"),
        (("chat_request", "chat_opened"), "tell me about {}"),
        (("chat_request", "chat_response"), "{}"),
    ],
)
def test_requests_that_no_model_is_named_for_are_no_calls(kinds: tuple[str, ...], text: str) -> None:
    assert propose([leaves(it) for it in events(*kinds, text=text)]) is None
