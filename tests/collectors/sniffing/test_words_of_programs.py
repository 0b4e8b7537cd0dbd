"""Words and numbers beside calls that are of the program around them: modes, parsers, searches, and feedback."""

from __future__ import annotations

from typing import Any

from leverwatch.collectors.sniffing.guess import leaves, propose
from tests.collectors.sniffing.proposed import found_in, said

_LOG = list[dict[str, Any]]


def calls(number: int = 6, **more: Any) -> _LOG:
    return [
        {"at": f"2026-03-01T09:{n:02}:41Z", "model": "claude-haiku-4-5", "input_tokens": 310 + (n * 37) % 91,
         "output_tokens": 42 + (n * 19) % 31, **{key: value(n) for key, value in more.items()}}
        for n in range(number)
    ]  # fmt: skip


def test_a_mode_of_the_program_makes_no_call_of_a_model_an_agent() -> None:
    log = [{key: it[key] for key in ("at", "model", "mode")} for it in calls(mode=lambda _: "agent")]
    found = found_in(log)

    assert "operation" not in found.fields
    assert "6 records whose mode is agent, as a setting of a program may be" in said(found, "operation")


def test_agents_beside_chats_in_a_mode_are_calls_as_well_where_they_name_a_model() -> None:
    found = found_in(calls(mode=lambda n: "agent" if n % 3 else "chat"))

    assert "operation" not in found.fields
    assert "4 records whose mode is agent" in said(found, "operation")


def test_spans_of_agents_that_name_no_model_are_no_calls() -> None:
    spans = [{"at": f"2026-03-01T10:{n:02}:00Z", "mode": "agent"} for n in range(4)]
    found = propose([leaves(it) for it in [*calls(mode=lambda _: "chat"), *spans]])

    assert found is not None
    assert found.only or found.excluded or found.fields["operation"] == "mode"


def test_a_mode_of_embeddings_stays_what_was_asked_for() -> None:
    assert found_in(calls(mode=lambda _: "embedding")).fields["operation"] == "mode"


def test_a_program_that_reads_documents_is_no_model_where_it_has_no_tokens() -> None:
    parsed = [{"at": f"2026-03-01T08:{n:02}:00Z", "model": "llamaparse", "input_tokens": 0, "output_tokens": 0}
              for n in range(3)]  # fmt: skip
    found = found_in([*parsed, *calls()])

    assert found.excluded == {"model": ["llamaparse"]}
    assert "were they calls, there would be 3 more" in said(found, "not")


def test_a_reader_of_documents_with_tokens_counts() -> None:
    assert not found_in([{**it, "model": "docling-vlm"} if n % 2 else it for n, it in enumerate(calls())]).excluded


def test_searches_of_the_web_within_a_call_are_no_number_of_calls() -> None:
    found = found_in(calls(web_search_requests=lambda n: n % 4, fetch_requests=lambda n: n % 3))

    assert "inferences" not in found.fields
    assert any(it.startswith("web_search_requests") for it in found.unmapped)


def answer(n: int) -> dict[str, Any]:
    texts = {"question": f"How do I prune tree number {n}?", "answer": f"Cut branch {n} in the winter."}
    return {"type": "answer", "message_id": f"m-{n}7c", "at": f"2026-03-04T10:{n:02}:12Z", **texts}


def opinion(n: int, id_: str) -> dict[str, Any]:
    return {"type": "feedback", "message_id": id_, "at": f"2026-03-04T10:{n:02}:55Z", "feedback": "up"}


def test_what_people_said_of_answers_is_no_call() -> None:
    found = found_in([*map(answer, range(5)), *(opinion(n, f"m-{n}7c") for n in range(3))])

    assert found.excluded == {"type": ["feedback"]}
    assert found.fields["request_id"] == "message_id"
    assert "were they calls, there would be 3 more" in said(found, "not")


def test_opinions_with_ids_of_their_own_are_only_doubted() -> None:
    found = found_in([*map(answer, range(5)), *(opinion(n, f"f-{n}") for n in range(3))])

    assert not found.excluded
    assert "if they are what people said of answers, there are 3 fewer" in said(found, "inferences")


def test_feedback_that_a_model_wrote_counts() -> None:
    found = found_in(calls(type=lambda n: "feedback" if n % 2 else "lesson", message_id=lambda n: f"m-{n}"))

    assert not found.excluded
    assert "feedback" not in said(found, "inferences")
