"""Requests that a client of HTTP logs as failed are the failed calls beside lines with tokens of the others."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from leverwatch.collectors.sniffing.sniff import Guess, guess

POST = "HTTP Request: POST https://llm.example/v1/chat/completions"
LIMIT, FINE = f'{POST} "HTTP/1.1 429 Too Many Requests"', f'{POST} "HTTP/1.1 200 OK"'


def log(said: Callable[[int], str], *, failing: bool = True, more: int = 0) -> Guess:
    """Return what is guessed of 12 requests, some of which fail, with a line of tokens behind each other one."""
    lines: list[str] = []
    for n in range(12):
        time = f"2026-04-02 10:{n:02}:07,{n:03} - INFO - "
        failed = failing and n % 4 == 1
        lines += [time + (LIMIT if failed else FINE), *([] if failed else [time + said(n)])]
    lines += [f"2026-04-02 11:{n:02}:07,000 - INFO - {FINE}" for n in range(more)]
    found = guess("\n".join([*lines, ""]).encode(), "plain")
    assert found is not None
    return found


def both(n: int) -> str:
    return f"Tokens used - prompt: {310 + n * 7}, completion: {20 + n * 3}"


def in_forms(n: int) -> str:
    total = f"Endpoint: /sort | Label: good | Tokens: {200 + n}"
    return total if n % 3 else f"Endpoint: /sum | Input Tokens: {310 + n * 7} | Output Tokens: {20 + n * 3}"


@pytest.mark.parametrize("said", [both, in_forms, lambda n: f"Used {330 + n * 9} tokens"])
def test_a_request_that_failed_is_an_error_where_the_others_are_as_many_as_lines_of_tokens(
    said: Callable[[int], str],
) -> None:
    found = log(said)

    assert found.format == "lines"
    assert found.fields is not None
    assert found.fields.fields["status"] == {"path": "failed_status", "error": {"present": True}}
    assert found.fields.fields["time"][-1] == "request_time"
    assert any(it.startswith("status: 3 requests to the API of a model failed") for it in found.fields.notes)
    assert not any("other lines tell" in it for it in found.fields.notes)


def test_forms_that_tell_more_and_less_are_read_beside_requests() -> None:
    found = log(in_forms).fields

    assert found is not None
    assert found.fields["output_tokens"] == "output_tokens"
    assert len(found.fields["time"]) == 3


@pytest.mark.parametrize(("failing", "more"), [(False, 0), (True, 8)])
def test_requests_of_other_numbers_are_only_spoken_of(failing: bool, more: int) -> None:
    found = log(both, failing=failing, more=more).fields

    assert found is not None
    assert "status" not in found.fields
    assert any("other lines tell of requests" in it for it in found.notes) == (more > 0)
