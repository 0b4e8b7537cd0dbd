"""Calls of which a log tells no more than what was asked and answered, or how long these were."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from leverwatch.collectors.sniffing.sniff import guess
from tests.collectors.sniffing.proposed import found_in, said

NUMBER = 9
Record = Callable[[int], dict[str, Any]]


def log(make: Record) -> bytes:
    return "".join(
        f"{json.dumps({'at': f'2026-04-1{n // 5}T07:{n:02}:31Z', **make(n)})}\n" for n in range(NUMBER)
    ).encode()


CALLS: dict[str, Record] = {
    "a prompt and the length of what came back": lambda n: {"prompt": f"name {n} rivers", "reply_len": 80 + n},
    "lengths of both": lambda n: {"question_chars": 20 + n, "answer_chars": 300 - n},
    "names of several words": lambda n: {"lastUserMessage": f"is it {n} km", "AssistantText": f"It is {n}."},
    "an object for each": lambda n: {"query": {"text": f"who is {n}"}, "answer": {"preview": f"It is {n}"}},
    "another language": lambda n: {"frageText": f"wie hoch ist {n}", "antwort_kurz": "So hoch."},
    "a third language": lambda n: {"soru": f"deniz {n} derin mi", "cevap_metni": "Evet, derin."},
    "messages and responses": lambda n: {"message": f"is {n} odd", "response": "I think it is", "ms": 40 + n},
    "one letter each": lambda n: {"q": f"is {n} odd", "a": "I think it is"},
    "input and output as texts": lambda n: {"input": f"is {n} odd", "output": "I think it is"},
    "a query and how many characters came back": lambda n: {"query": f"odd {n}", "response_chars": 300 + n},
    "lengths of a query and its answer": lambda n: {"query_length": 20 + n, "answer_length": 300 + n},
    "a prompt alone": lambda n: {"user": f"u{n % 2}", "image_prompt": f"a boat and {n} birds"},
    "a time of the inference": lambda n: {"picture": f"p{n}.png", "inference_sec": 3.5 + n, "steps": 20},
    "a question and how long generating took": lambda n: {"query": f"odd {n}", "generation_ms": 30 + n},
    "a question and as many milliseconds as a model takes": lambda n: {"domanda": f"e {n}", "latenza_ms": 812 + n},
    "numbers of a model by name": lambda n: {"node": f"n{n % 3}", "llm_ms": 400 + n},
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_what_was_asked_and_answered_is_a_call_whose_model_is_unknown(name: str) -> None:
    found = guess(log(CALLS[name]), "plain")

    assert found is not None
    assert found.fields is not None
    assert set(found.fields.fields) <= {"time", "latency_ms", "latency"}
    said = [note for note in found.fields.notes if note.startswith("inferences") and "Is each of them" in note]
    assert f"{NUMBER} records of the sample count as calls" in said[0]


NONE: dict[str, Record] = {
    "queries of a database": lambda n: {"query": f"lamps of size {n}", "response_length": 90 + n},
    "a search as fast as databases are": lambda n: {"question": f"lamps of size {n}", "latency_ms": 9 + n},
    "a slow search": lambda n: {"query": f"lamps of size {n}", "latency_ms": 812 + n},
    "a converter of files": lambda n: {"file": f"f{n}", "input_length": 90 + n, "output_length": 70 + n},
    "messages of a program": lambda n: {"message": f"saved page {n}", "result": "ok"},
    "words in and out": lambda n: {"input": "photo", "output": f"p{n}"},
    "messages between people": lambda n: {"user_name": "anna", "message": f"see you at {n}"},
    "answers that nobody asked for": lambda n: {"lamp": n, "response": "it is on"},
}  # fmt: skip


@pytest.mark.parametrize("name", NONE)
def test_what_databases_and_people_say_is_no_call(name: str) -> None:
    assert guess(log(NONE[name]), "plain") is None


def test_rows_of_a_day_with_a_prompt_each_are_calls_and_rows_without_are_not() -> None:
    days = [f"2026-04-1{n // 5}" for n in range(NUMBER)]
    asked = "".join(f"tell me of hill {n},{60 + n},{day}\n" for n, day in enumerate(days))
    sums = "".join(f"team {n % 2},{60 + n},{day}\n" for n, day in enumerate(days))

    found = guess(f"Prompt,Tokens Used,Date\n{asked}".encode(), "plain")
    assert found is not None
    assert found.fields is not None
    assert found.fields.fields == {"time": "Date"}
    assert guess(f"Team,Tokens Used,Date\n{sums}".encode(), "plain") is None


def test_no_value_of_a_key_or_a_user_is_shown_in_a_doubt() -> None:
    key = ("sk-test", "sk-7f")
    found = guess(log(lambda n: {"model": "gpt-4o", "prompt_tokens": 9 + n, "api_key": key[n % 2]}), "plain")

    assert found is not None
    assert found.fields is not None
    assert "sk-" not in " ".join(found.fields.notes)


MESSAGES: dict[str, tuple[Record, dict[str, Any]]] = {
    "an event": (lambda n: {"event": ("question", "answer")[n % 2], "text": f"is {n} odd"}, {"event": "answer"}),
    "a type of two words": (
        lambda n: {"type": ("user_message", "bot_response")[n % 2], "content": f"is {n} odd"},
        {"type": "bot_response"},
    ),
    "who it is from": (lambda n: {"from": ("user", "bot")[n % 2], "text": f"is {n} odd"}, {"from": "bot"}),
    "a flag": (lambda n: {"is_user": n % 2 == 0, "message": f"is {n} odd"}, {"is_user": False}),
    "a flag of the other side": (lambda n: {"from_bot": n % 2 == 0, "text": f"is {n} odd"}, {"from_bot": True}),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_of_messages_in_turn_those_of_a_model_are_calls(name: str) -> None:
    make, only = MESSAGES[name]
    found = guess(log(make), "plain")

    assert found is not None
    assert found.fields is not None
    assert found.fields.only == only
    assert any("Is each of them one call of a model?" in note for note in found.fields.notes)


@pytest.mark.parametrize("key", ["text", "lamp"])
def test_events_of_systems_and_agents_are_no_messages(key: str) -> None:
    record: Record = lambda n: {"type": ("sensor", "agent")[n % 2], key: f"on {n}"}  # noqa: E731

    assert guess(log(record), "plain") is None


def test_messages_of_each_user_under_a_key_are_all_calls() -> None:
    turns = {
        f"u{k}": [{"at": f"2026-04-1{k}T07:0{n}:31Z", "user": f"is {n} odd", "bot": "It is so"} for n in range(4)]
        for k in range(3)
    }
    found = guess(json.dumps(turns, indent=1).encode(), "plain")

    assert found is not None
    assert found.fields is not None
    assert found.fields.extras["records"] == "*"
    assert "12 records of the sample count as calls" in " ".join(found.fields.notes)


def test_messages_within_an_object_of_what_went_in_and_a_text_that_came_out_are_calls() -> None:
    log = [
        {"ts": 1770000000.5 + 60 * n, "input": {"messages_count": 3 + n, "last": f"add room {n}"},
         "output": f"Room {n} is in the plan."}
        for n in range(5)
    ]  # fmt: skip

    assert "5 records of the sample count as calls by input.messages_count and output" in said(
        found_in(log), "inferences"
    )
