"""Lines of text with what was asked and what a model answered, each with its time."""

from __future__ import annotations

import re

import pytest

from leverwatch.collectors.sniffing.sniff import guess
from tests.collectors.sniffing.proposed import of_text
from tests.collectors.sniffing.proposed import said as said_of


def lines(form: str, other: str = "") -> bytes:
    turns = (
        form.format(at=f"2026-08-0{2 + n // 4} 14:{n:02}:07", n=n)
        + (other.format(at=f"2026-08-0{2 + n // 4} 14:{n:02}:19", n=n) if other else "")
        for n in range(7)
    )
    return "".join(turns).encode()


@pytest.mark.parametrize(
    ("asked", "answered", "word"),
    [
        ("[{at}] User: is {n} odd?\n", "[{at}] Bot: Let us see: yes.\n", "Bot"),
        ("{at},207 - INFO - Frage: ist {n} gerade?\n", "{at},208 - INFO - Antwort: Nein.\n", "Antwort"),
        ("{at} | chat | Question > is {n} odd?\n", "{at} | chat | LLM response > Yes.\n", "response"),
    ],
)
def test_answers_in_turn_with_questions_are_calls_of_an_unknown_model(
    asked: str, answered: str, word: str
) -> None:
    found = guess(lines(asked, answered), "plain")

    assert found is not None
    assert found.format == "lines"
    assert found.fields is not None
    assert found.fields.only == {"role": word}
    assert found.fields.fields == {"time": "time"}
    assert any("Is each of them one call of a model?" in note for note in found.fields.notes)


def test_a_line_with_question_and_answer_is_one_call() -> None:
    found = guess(lines("{at} Q: is {n} odd? | A: I think so: yes.\n"), "plain")

    assert found is not None
    assert found.fields is not None
    assert not found.fields.only
    assert found.fields.fields == {"time": "time"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{at} anna: is {n} odd?\n", "{at} ben: I think so.\n"),
        ("{at} INFO: started job {n}\n", "{at} INFO: finished job {n}\n"),
        ("{at} User: logged in {n}\n", "{at} Server: done {n}\n"),
    ],
)
def test_what_people_and_programs_say_in_turn_is_no_call(one: str, other: str) -> None:
    assert guess(lines(one, other), "plain") is None


def request(url: str, outcome: str = "200 OK") -> str:
    return f'{{at}},118 INFO httpx: HTTP Request: POST {url} "HTTP/1.1 {outcome}"\n'


@pytest.mark.parametrize(
    "url",
    [
        "https://api.openai.com/v1/chat/completions",
        "https://api.anthropic.com/v1/messages?beta=true",
        "https://api.groq.com/openai/v1/chat/completions",
        "http://127.0.0.1:11434/api/chat",
        "http://gpu.example.org:8000/v1/chat/completions",
    ],
)
def test_requests_to_the_api_of_a_model_are_calls_with_their_outcome(url: str) -> None:
    found = guess(lines(request(url), request(url, "429 Too Many Requests")), "plain")

    assert found is not None
    assert found.fields is not None
    assert found.fields.fields == {"time": "time", "status": "status"}
    assert any("Is each of them one call of a model?" in note for note in found.fields.notes)


@pytest.mark.parametrize(
    ("url", "model"),
    [
        ("https://generativelanguage.googleapis.com/v1beta/models/gemini-9-lite:generateContent", "gemini-9-lite"),
        (
            "https://lab.openai.azure.com/openai/deployments/gpt-9-nano/chat/completions?api-version=1",
            "gpt-9-nano",
        ),
    ],
)
def test_the_address_of_a_request_may_name_the_model(url: str, model: str) -> None:
    found = of_text(lines(request(url), request(url, "503 Service Unavailable")).decode())
    match = re.search(str(found.extras["pattern"]), request(url).format(at="2026-08-02 14:00:07"))

    assert found.fields == {"time": "time", "model": "model", "status": "status"}
    assert match is not None
    assert match["model"] == model


@pytest.mark.parametrize("said", ["calling the API, model: {}", "调用 API 模型: {}", "using Modell={}."])
def test_lines_before_requests_that_name_a_model_are_the_calls(said: str) -> None:
    asked = f"{{at}},101 INFO bot: {said.format('qwen-9-max')}\n"
    found = of_text(lines(asked, request("https://api.deepseek.com/v1/chat/completions")).decode())

    assert found.fields == {"time": "time", "model": "model"}
    assert re.search(str(found.extras["pattern"]), asked.format(at="2026-08-02 14:00:07")) is not None
    assert "each of the 7 lines that name a model before a request" in said_of(found, "inferences")


def test_one_model_named_once_is_asked_about_for_all_requests() -> None:
    asked = request("https://api.deepseek.com/v1/chat/completions", "500 Internal Server Error")
    found = of_text("2026-08-02 13:59:59,000 INFO start, model: qwen-9-max\n" + lines(asked).decode())

    assert found.fields == {"time": "time", "model": {"constant": "qwen-9-max"}, "status": "status"}
    assert "1 other lines name qwen-9-max" in said_of(found, "model")


@pytest.mark.parametrize(
    "url",
    [
        "https://api.openai.com/v1/embeddings",
        "https://shop.example.org/v1/messages",
        "https://api.openai.com/v1/files",
    ],
)
def test_other_requests_are_none(url: str) -> None:
    assert guess(lines(request(url)), "plain") is None


@pytest.mark.parametrize(
    "form",
    [
        "[{at}]\nUser: is {n} odd?\nBot: Let us see.\n{n} is.\n---\n",
        "=== {at} ===\nQuestion: is {n} odd?\n\nAnswer: yes\n",
        "Timestamp: {at}\nUser Query: is {n} odd?\nLLM Response: yes\n\n",
    ],
)
def test_a_time_above_a_question_and_its_answer_is_one_call(form: str) -> None:
    found = guess(lines(form), "plain")

    assert found is not None
    assert found.format == "lines"
    assert found.fields is not None
    assert found.fields.fields == {"time": "time"}
    assert "7 records of the sample count as calls" in " ".join(found.fields.notes)


@pytest.mark.parametrize(
    "form", ["[{at}]\nUser: anna\nJob: backup\n", "[{at}]\nUser: a\nBot: b\nUser: c\nBot: d\n"]
)
def test_blocks_without_one_answer_each_are_no_calls(form: str) -> None:
    assert guess(lines(form), "plain") is None
