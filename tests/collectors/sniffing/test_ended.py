"""Calls that begin in one record and end in another one, of which none tells tokens."""

from __future__ import annotations

from typing import Any

import pytest

from leverwatch.collectors.records.formats.interface import Repeats
from tests.collectors.sniffing.proposed import found_in, said

MODEL = "claude-sonnet-4-5"


def begun(n: int, word: str, name: str, **more: Any) -> dict[str, Any]:
    return {"event": word, name: f"c-{n}", "at": f"2026-05-02T11:{n:02}:00Z", "model": MODEL, **more}


def ended(n: int, word: str, name: str, second: int = 4) -> dict[str, Any]:
    return {"event": word, name: f"c-{n}", "at": f"2026-05-02T11:{n:02}:{second:02}Z"}


@pytest.mark.parametrize(
    ("start", "good", "bad", "name"),
    [
        ("vertex_request", "vertex_response", "vertex_error", "trace_id"),
        ("llm.start", "llm.end", "llm.failed", "request_id"),
        ("calling", "done", "timeout", "call_id"),
        ("sent_request", "answered", "echec", "request_id"),
        ("anfrage_started", "antwort_erfolgreich", "fehlgeschlagen", "request_id"),
    ],
)
def test_the_ends_are_the_calls_with_the_model_of_their_beginnings(
    start: str, good: str, bad: str, name: str
) -> None:
    found = found_in(
        [it for n in range(6) for it in (begun(n, start, name), ended(n, bad if n in (1, 4) else good, name))]
    )

    assert found.excluded == {"event": [start]}
    assert found.fields["model"] == {"constant": MODEL}
    assert found.fields["status"] == {"path": "event", "success": [good], "error": [bad]}
    assert "6 records" in said(found, "not")
    assert MODEL in said(found, "model")


def test_where_all_calls_failed_none_of_the_beginnings_is_a_success() -> None:
    found = found_in([it for n in range(3) for it in (begun(n, "request", "id"), ended(n, "error", "id", n % 2))])

    assert found.excluded == {"event": ["request"]}
    assert found.fields["status"] == {"path": "event", "error": ["error"]}


def test_a_failure_replaces_its_beginning_where_only_failures_have_an_end() -> None:
    found = found_in(
        [it for n in range(6) for it in (begun(n, "request", "id"), ended(n, "error", "id"))
         if n in (1, 4) or it["event"] == "request"]
    )  # fmt: skip

    assert found.repeats is Repeats.VERSIONS
    assert found.fields["request_id"] == "id"
    assert found.fields["status"] == {"path": "event", "success": ["request"], "error": ["error"]}
    assert "2 more inferences" in said(found, "request_id")


def test_of_several_models_the_ends_do_not_know_theirs() -> None:
    found = found_in(
        [it for n in range(6)
         for it in (begun(n, "request", "id") | {"model": f"claude-sonnet-{n % 2 + 4}"}, ended(n, "done", "id"))]
    )  # fmt: skip

    assert found.excluded == {"event": ["request"]}
    assert "model" not in found.fields
    assert said(found, "model")


def test_without_an_id_nothing_is_joined() -> None:
    found = found_in([it for n in range(4) for it in (begun(n, "request", "no"), ended(n, "error", "no"))])

    assert found.excluded == {}
