"""Which of two records of one call counts, and which records among calls are none."""

from __future__ import annotations

from typing import Any

import pytest

from leverwatch.collectors.records.formats.interface import Repeats
from leverwatch.collectors.sniffing.guess import FieldGuess, leaves, propose


def proposed(records: list[dict[str, Any]]) -> FieldGuess:
    found = propose([leaves(it) for it in records])
    assert found is not None
    return found


def at(n: int) -> str:
    return f"2026-05-03T10:{n:02}:17Z"


def call(n: int) -> dict[str, Any]:
    return {"at": at(n), "model": "gpt-4o-mini", "input_tokens": 300 + 7 * n % 40, "output_tokens": 20 + 5 * n % 9}


def test_a_line_of_what_was_asked_before_each_line_with_tokens_is_left_out() -> None:
    asked = [{"at": at(n), "model": "gpt-4o-mini", "query": f"how far is {n}"} for n in range(8)]
    found = proposed([it for n in range(8) for it in (asked[n], call(n))])

    assert found.only == {"output_tokens": {"present": True}}
    assert "status" not in found.fields
    assert "8 records without output_tokens" in " ".join(found.notes)


def test_a_call_that_names_no_model_has_an_answer_as_the_others_have() -> None:
    named = [{"at": at(n), "llm": "phi3", "prompt_chars": 90 + n * 7 % 5, "reply": f"it is {n}"} for n in range(6)]
    found = proposed([{"at": at(9), "prompt": "how far is it", "reply": "it is far"}, *named])

    assert not found.only
    assert "1 records without a model have an answer" in " ".join(found.notes)


def test_what_other_services_took_is_left_out_where_a_field_names_them_in_the_place_of_a_model() -> None:
    calls: list[dict[str, Any]] = [
        {"what": "gpt-4o", "in_tokens": 300 + n * 7 % 40, "out_tokens": 20 + n} for n in range(4)
    ]
    others: list[dict[str, Any]] = [{"what": "pagefetch", "pages": 1}, {"what": "mapsearch"}] * 4
    found = proposed(
        [{"at": at(n), "cost": 0.01 + n * 7 % 5 / 100, **it} for n, it in enumerate([*calls, *others])]
    )

    assert found.excluded == {"what": ["pagefetch", "mapsearch"]}
    assert found.fields["model"] == "what"


@pytest.mark.parametrize(
    ("begun", "ended", "failed", "model"),
    [
        ("llm_start", "llm_end", "llm_error", "gpt-4o"),
        ("Sending request to OpenAI", "Received response from OpenAI", "Request to OpenAI failed", "gpt-4o"),
        ("llm_call_started", "llm_call_finished", "llm_call_failed", None),
    ],
)
def test_of_events_in_turn_those_that_end_a_call_count(
    begun: str, ended: str, failed: str, model: str | None
) -> None:
    own: dict[str, Any] = {} if model is None else {"model": model}
    found = proposed([
        {"at": at(n), "msg": begun if n % 2 == 0 else failed if n == 9 else ended, "ms": 900 + n, **own}
        for n in range(16)
    ])  # fmt: skip

    assert found.excluded == {"msg": [begun]}
    assert found.fields["status"] == {"path": "msg", "success": [ended], "error": [failed]}
    assert "8 records whose msg is" in " ".join(found.notes)


def test_events_of_something_else_in_turn_are_no_calls() -> None:
    some = [{"at": at(n), "msg": ("backup_started", "backup_finished")[n % 2], "ms": 900 + n} for n in range(16)]

    assert propose([leaves(it) for it in some]) is None


@pytest.mark.parametrize("asker", ["user", "human", "system"])
def test_of_messages_of_one_model_those_that_it_was_given_are_no_calls(asker: str) -> None:
    found = proposed([
        {"llm_model": "gpt-4o", "m": {"role": (asker, "assistant")[n % 2], "content": f"is it {n}", "at": at(n)}}
        for n in range(8)
    ])  # fmt: skip

    assert found.only == {"m.role": "assistant"}
    assert "4 records whose m.role is" in " ".join(found.notes)


@pytest.mark.parametrize("names", [("primary_model", "used_model"), ("fallback_model", "model_used")])
def test_the_model_that_served_is_the_one_that_says_so(names: tuple[str, str]) -> None:
    found = proposed([
        {**call(n), "model": None, names[0]: "gpt-4o-mini", names[1]: ("gpt-4o", "gpt-4o-mini")[n % 2]}
        for n in range(8)
    ])  # fmt: skip

    assert found.fields["model"] == names[1]


@pytest.mark.parametrize(("name", "no"), [("sucesso", "não"), ("ok", "N"), ("sukces", "nie"), ("успех", "нет")])
def test_what_says_no_to_a_success_is_a_failure_in_any_language(name: str, no: str) -> None:
    found = proposed([{**call(n), name: "да"} for n in range(6)] + [{**call(7), name: no}])

    assert found.fields["status"]["path"] == name
    assert found.fields["status"]["error"] == [no]


@pytest.mark.parametrize(("one", "other"), [("llm_input", "llm_output"), ("usage.prompt", "usage.completion")])
def test_of_a_record_for_the_input_and_one_for_the_output_one_counts(one: str, other: str) -> None:
    found = proposed([
        {"at": at(n), "model": "gpt-4o", "category": side, "units": 40 + n, "unit_type": "tokens"}
        for n in range(6) for side in (one, other)
    ])  # fmt: skip

    assert found.only == {"category": other}
    said = " ".join(found.notes)
    assert f"6 records whose category is {one}" in said
    assert "input_tokens and cost_usd" in said


def test_inputs_and_outputs_with_times_of_their_own_count_all_and_that_is_doubted() -> None:
    found = proposed([
        {"at": at(n), "model": "gpt-4o", "direction": ("in", "out")[n % 2], "chars": 90 + n} for n in range(12)
    ])  # fmt: skip

    assert not found.only
    assert any("6 records whose direction is in count as calls" in note for note in found.notes)


def test_the_beginnings_of_embeddings_are_no_calls_where_nothing_else_is_logged() -> None:
    found = proposed([
        {"at": at(n), "model": "text-embedding-3-small", "event": ("embed_start", "embed_done")[n % 2],
         **({"tokens_in": 50 + n * 7 % 5} if n % 2 else {})}
        for n in range(12)
    ])  # fmt: skip

    assert found.only == {"event": "embed_done"}


def test_words_of_both_sides_that_are_tasks_of_their_own_count_all() -> None:
    found = proposed([
        {"at": at(n), "model": "gpt-4o", "task": task, "cost_usd": 0.001 * (n + 1)}
        for n in range(6) for task in ("input_check", "output_polish")
    ])  # fmt: skip

    assert not found.only


def test_answers_that_were_given_without_a_model_are_left_out_by_all_their_words() -> None:
    words = {2: "filtered_locally", 4: "greeting", 7: "greeting_detected"}
    records: list[dict[str, Any]] = [
        {"at": at(n), "prompt_tokens": 0 if n in words else 9 + n, "response_tokens": 0 if n in words else 80 - n,
         "tokens_after": 120 + n, **({"note": words[n]} if n in words else {})}
        for n in range(12)
    ]  # fmt: skip
    found = proposed(records)

    assert found.excluded == {"note": list(words.values())}
    assert "status" not in found.fields


def test_searches_of_the_web_are_no_calls_of_a_model() -> None:
    searched = [
        {"at": at(n), "model": "tavily-basic", "input_tokens": 0, "output_tokens": 0, "cost": 0.02}
        for n in range(20, 24)
    ]
    found = proposed([*({**call(n), "cost": 0.001} for n in range(6)), *searched])

    assert found.excluded == {"model": ["tavily-basic"]}
    assert "4 records whose model is tavily-basic" in " ".join(found.notes)


def test_events_of_an_embedding_model_stay_beside_those_with_tokens() -> None:
    stored = [{"at": at(n), "model": "gemini-embedding-9", "event": "ingest", "chunks": 1} for n in range(20, 24)]
    found = proposed([*({**call(n), "event": "query"} for n in range(6)), *stored])

    assert not found.only
    assert "4 records of the sample name a model that is one of embedding" in " ".join(found.notes)


def test_looking_at_pictures_is_a_generation_beside_embeddings() -> None:
    found = proposed([
        {"at": at(n), "call_type": kind, "model": model}
        for n in range(5) for kind, model in (("vision", "gemini-2.5-flash"), ("embedding", "gemini-embedding-9"))
    ])  # fmt: skip

    assert found.fields["operation"] == {"path": "call_type", "generation": ["vision"]}


@pytest.mark.parametrize("name", ["served", "routed_to", "finally_used"])
def test_the_model_that_served_goes_before_the_one_that_was_requested(name: str) -> None:
    found = proposed([
        {**call(n), "model": None, "requested_model": "gpt-4o", name: "gpt-4o-mini" if n % 3 else "gpt-4o"}
        for n in range(9)
    ])  # fmt: skip

    assert found.fields["model"] == name
    assert any("requested_model names another model in 6 of 9 records" in note for note in found.notes)


def test_a_check_of_what_was_answered_is_no_outcome_of_the_call_where_an_error_is_told() -> None:
    found = proposed(
        [
            {**call(n), "syntactic_ok": n % 2 == 0, **({"error": "no connection"} if n == 4 else {})}
            for n in range(9)
        ]
    )

    assert found.fields["status"]["path"] == "error"


def test_a_prompt_that_is_written_with_its_response_is_the_input_of_it_whatever_the_task() -> None:
    kinds = ("draft_prompt", "draft_response", "title_prompt", "title_response")
    halves = [
        {"at": f"2026-05-03T10:{n // 2:02}:17.50{n % 2}Z", "model": "gpt-4o", "tokens_used": 40 + n * 7 % 11,
         "kind": kinds[n % 4]}
        for n in range(16)
    ]  # fmt: skip

    assert proposed(halves).only == {"kind": ["draft_response", "title_response"]}
    # Kinds that no sample has may be calls as well.
    found = proposed([*halves, *({**halves[0], "at": at(n), "kind": "check"} for n in range(20, 24))])
    assert found.excluded == {"kind": ["draft_prompt", "title_prompt"]}
    assert "8 records whose kind is draft_prompt, title_prompt are taken for the inputs" in " ".join(found.notes)


def test_beginnings_that_alone_name_the_model_are_kept_and_replaced_by_the_ends_with_their_ids() -> None:
    records: list[dict[str, Any]] = []
    for n in range(0, 40, 2):
        own = {"run_id": f"r-{n * 7919 % 1000}", "at": at(n)}
        records.append({**own, "event": "model_start", "model": "m-large" if n % 4 else "m-small"})
        usage = {"input_tokens": 300 + 7 * n % 40, "output_tokens": 20 + 5 * n % 9}
        end = {"event": "model_end", **usage} if n % 10 else {"event": "model_error", "error": "timeout"}
        records += [{"at": at(n), "event": "chain_end"}, {**own, "at": at(n + 1), **end}]
    found = proposed(records)

    assert found.repeats is Repeats.VERSIONS
    assert found.only == {"event": ["model_end", "model_error", "model_start"]}
    assert found.fields["request_id"] == "run_id"
    assert found.fields["status"] == {
        "path": "event",
        "success": ["model_end", "model_start"],
        "error": ["model_error"],
    }
    assert "are replaced by these; 0 of them have no end" in " ".join(found.notes)


@pytest.mark.parametrize(("others", "excluded"), [(0, {}), (3, {"saved": {"present": True}})])
def test_an_id_alone_joins_what_names_the_model_with_what_tells_the_tokens_or_a_failure(
    others: int, excluded: dict[str, Any]
) -> None:
    records: list[dict[str, Any]] = []
    for n in range(0, 40, 2):
        own = {"call_id": f"r-{n * 7919 % 1000}", "at": at(n)}
        usage = {"tokens_in": 300 + 7 * n % 40, "tokens_out": 20 + 5 * n % 9}
        records.append({**own, "model": "m-large" if n % 4 else "m-small"})
        records.append({**own, "at": at(n + 1), **(usage if n % 10 else {"error": "timed out"})})
        records += [{**own, "saved": 1}] if 0 < n <= 2 * others and n % 10 else []
    found = proposed(records)

    assert found.repeats is Repeats.VERSIONS
    assert (found.only, found.excluded) == ({}, excluded)
    assert (found.fields["request_id"], found.fields["model"]) == ("call_id", "model")
    assert found.fields["status"] == {"path": "error", "error": {"present": True}}
    assert "20 records without tokens name the models" in " ".join(found.notes)
    assert "count as unknown" not in " ".join(found.notes)


def test_beginnings_whose_ends_name_the_model_too_are_left_out() -> None:
    records: list[dict[str, Any]] = []
    for n in range(0, 40, 2):
        own = {"run_id": f"r-{n * 7919 % 1000}", "model": "m-large"}
        usage = {"input_tokens": 300 + 7 * n % 40, "output_tokens": 20 + 5 * n % 9}
        records.append({"at": at(n), "event": "model_start", **own})
        records.append({"at": at(n + 1), "event": "model_end", **own, **usage})
    found = proposed(records)

    assert (found.repeats, found.only) == (Repeats.CALLS, {"event": "model_end"})
