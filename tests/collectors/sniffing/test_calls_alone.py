"""Calls of which a log tells neither a model nor tokens: what says that they are calls, and what does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from leverwatch.collectors.sniffing.sniff import guess, refusal

NUMBER = 12
Record = Callable[[int], dict[str, Any]]


def log(make: Record) -> bytes:
    return "".join(
        f"{json.dumps({'at': f'2026-03-0{1 + n // 5}T09:{n:02}:07Z', **make(n)})}\n" for n in range(NUMBER)
    ).encode()


CALLS: dict[str, Record] = {
    "questions and answers": lambda n: {"query": f"is lake {n} deep", "answer": "" if n == 3 else "It is."},
    "a total of tokens": lambda n: {"endpoint": "chat", "usage": {"total_tokens": 90 + n}},
    "a number of tokens that is never told": lambda n: {"method": "plan", "token_count": 0, "took_ms": 900 + n},
    "a provider": lambda n: {"backend": "ollama", "item": f"i-{n}", "ok": True},
    "the version of a prompt": lambda n: {"step": "draft", "prompt_version": "2.1", "latency_ms": 400 + n},
    "a setting of the call": lambda n: {"request": {"max_tokens": 64, "temperature": 0.1}, "chars": 40 + n},
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_calls_that_tell_no_model_and_no_tokens_are_counted_with_a_question(name: str) -> None:
    found = guess(log(CALLS[name]), "plain")

    assert found is not None
    assert found.fields is not None
    assert "model" not in found.fields.fields
    said = [note for note in found.fields.notes if note.startswith("inferences")]
    assert f"{NUMBER} records of the sample count as calls" in said[0]
    assert "Is each of them one call of a model?" in said[0]


NONE: dict[str, Record] = {
    "requests of a website": lambda n: {"path": "/cart", "status": 200, "duration_ms": n, "id": f"r-{n}"},
    "questions that nobody answers": lambda n: {"query": f"lamps of size {n}", "results": n, "took_ms": 12},
    "tokens of sessions": lambda n: {"event": "login", "access_token": f"tok-{n}", "user": f"u-{n}"},
    "a bucket of tokens": lambda n: {"client_ip": "10.0.0.7", "tokens_remaining": 40 - n, "refill_rate": 5},
    "a provider of something else": lambda n: {"provider": "stripe", "amount": n, "status": "paid"},
    "messages between people": lambda n: {"sender": "anna" if n % 2 else "ben", "text": f"see you at {n}"},
}


@pytest.mark.parametrize("name", NONE)
def test_what_is_no_call_by_any_sign_is_refused_with_what_is_missing(name: str) -> None:
    assert guess(log(NONE[name]), "plain") is None
    said = refusal(log(NONE[name]))
    assert said.startswith("time found in at")
    assert "no model, no tokens" in said


def test_a_row_a_day_is_no_call_though_it_has_a_total() -> None:
    days = "".join(f"2026-03-{n + 1:02},{900 * n}\n" for n in range(20))

    assert guess(f"date,total_tokens\n{days}".encode(), "plain") is None


def test_of_a_conversation_only_what_the_model_wrote_is_a_call() -> None:
    found = guess(log(lambda n: {"role": ("user", "assistant")[n % 2], "content": f"words of turn {n}"}), "plain")

    assert found is not None
    assert found.fields is not None
    assert found.fields.only == {"role": "assistant"}
    assert any("6 records whose role is user are left out" in note for note in found.fields.notes)


def test_calls_of_other_services_are_told_apart_by_who_answered() -> None:
    def call(n: int) -> dict[str, Any]:
        if n % 3 == 1:
            return {"service": "google", "endpoint": "search", "usage": {"queries": 1}}
        failed = {"usage": {"took": 31.5}, "error": "refused"} if n == 9 else {"usage": {"total_tokens": 70 + n}}
        return {"service": "openai", "endpoint": "chat/completions" if n == 9 else "chat", **failed}

    found = guess(log(call), "plain")

    assert found is not None
    assert found.fields is not None
    assert found.fields.only == {"service": "openai"}
    assert found.fields.fields["status"] == {"path": "error", "error": {"present": True}}


def test_records_without_any_time_but_that_of_a_logger_are_read_too() -> None:
    lines = "".join(
        f"2026-03-01 09:{n:02}:07 | INFO | bot | OK | Question: lakes | Language: English | Tokens: {90 + n}\n"
        for n in range(NUMBER)
    )

    assert guess(lines.encode(), "plain") is not None
