from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.interface import Operation, Result
from leverwatch.collectors.records.formats.openai import OPENAI
from tests.collectors.records.formats.records import NOW, operations, read, totals
from tests.collectors.records.framing.test_partial import docker
from tests.collectors.sources.files.logs import config, count

USAGE = {
    "prompt_tokens": 19, "completion_tokens": 10, "prompt_tokens_details": {"cached_tokens": 8},
    "completion_tokens_details": {"reasoning_tokens": 6},
}  # fmt: skip
COUNTS = ("inferences", "errors", "input_tokens", "cached_input_tokens", "output_tokens", "reasoning_tokens")
KNOWN = {
    "inferences": 1, "input_tokens": 19, "cached_input_tokens": 8, "output_tokens": 10, "reasoning_tokens": 6,
}  # fmt: skip


def completion(**values: Any) -> dict[str, Any]:
    return {
        "id": "c1", "object": "chat.completion", "created": NOW, "model": "m", "usage": USAGE,
        "choices": [{"message": {"content": "canary"}, "finish_reason": "stop"}],
    } | values  # fmt: skip


def response(**values: Any) -> dict[str, Any]:
    usage = {
        "input_tokens": 19, "output_tokens": 10, "input_tokens_details": {"cached_tokens": 8},
        "output_tokens_details": {"reasoning_tokens": 6},
    }  # fmt: skip
    return {
        "id": "r1", "object": "response", "created_at": NOW, "model": "m", "status": "completed", "error": None,
        "usage": usage, "output": [{"text": "canary"}], "text": {"format": {"type": "json_schema"}},
    } | values  # fmt: skip


def incomplete(reason: str) -> dict[str, Any]:
    return {"status": "incomplete", "incomplete_details": {"reason": reason}}


def test_cached_and_reasoning_tokens_are_inside_input_and_output() -> None:
    assert totals(read("openai", completion()), *COUNTS) == KNOWN
    assert totals(read("openai", response()), *COUNTS, "schema_mode") == {**KNOWN, "schema_mode": 1}


def test_what_these_records_lack_is_unknown() -> None:
    counted = read("openai", completion(usage=None))

    assert totals(counted, "unpriced", "unknown_latency", "unknown_input", "unknown_output", "unknown_cached") == {
        "unpriced": 1, "unknown_latency": 1, "unknown_input": 1, "unknown_output": 1, "unknown_cached": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (incomplete("max_output_tokens"), {"inferences": 1, "truncated": 1}),
        (incomplete("content_filter"), {"inferences": 1}),
        ({"status": "failed", "error": {"message": "canary"}}, {"errors": 1}),
        ({"status": "cancelled"}, {"errors": 1}),
    ],
)  # fmt: skip
def test_the_status_of_a_response_decides(values: Any, expected: dict[str, float]) -> None:
    assert totals(read("openai", response(**values)), "inferences", "errors", "truncated") == expected


def test_a_response_that_still_runs_is_no_call_yet() -> None:
    counted = read("openai", response(status="queued"), response(status="in_progress"), response())

    assert counted.tallies == {Result.COUNTED: 1, Result.NOT_A_CALL: 2}


def event(kind: str, status: str | None = None, **values: Any) -> dict[str, Any]:
    inner = {} if status is None else {"response": response(status=status, **values)}
    return {"type": f"response.{kind}", "sequence_number": 1, **inner}


@pytest.mark.parametrize("last", ["completed", "incomplete"])
def test_the_events_of_a_response_are_one_call(last: str) -> None:
    delta = {**event("output_text.delta"), "delta": "canary"}
    running = [event("created", "in_progress", usage=None), event("in_progress", "in_progress", usage=None)]
    counted = read("openai", *running, delta, delta, event(last, last))

    assert totals(counted, *COUNTS) == KNOWN
    assert counted.tallies == {Result.COUNTED: 1, Result.PART: 4}


def batch(id_: str, **values: Any) -> dict[str, Any]:
    answer = {"status_code": 200, "request_id": f"q{id_}", "body": completion(id=f"c{id_}")}
    return {"id": f"b{id_}", "custom_id": id_, "response": answer, "error": None} | values


def test_a_line_of_a_batch_is_the_call_inside_it() -> None:
    counted = read("openai", batch("1"), batch("2"), batch("1"))

    assert totals(counted, "inferences", "input_tokens") == {"inferences": 2, "input_tokens": 38}
    assert counted.tallies == {Result.COUNTED: 2, Result.DUPLICATE: 1}
    assert counted.usage[0].model == "m"


def test_a_failure_in_a_batch_is_an_error_and_never_an_inference() -> None:
    late = {"status_code": 500, "body": {"created": NOW, "error": {"message": "canary"}}}
    timeless = batch("2", response=None, error={"code": "batch_expired", "message": "canary"})
    counted = read("openai", batch("1", response=late), timeless)

    assert totals(counted, "inferences", "errors") == {"errors": 1}
    assert counted.tallies == {Result.COUNTED: 1, Result.MISSING_FIELD: 1}


def test_embeddings_are_counted_apart_when_a_wrapper_tells_their_time() -> None:
    record = {"object": "list", "data": [{"object": "embedding"}], "model": "e", "usage": {"prompt_tokens": 5}}
    data = docker(json.dumps(record))
    counted = count(data, config(format={"type": "openai", "wrap": "docker"}, system="bot"))

    assert operations(counted) == {Operation.EMBEDDING: 1}
    assert read("openai", record).tallies == {Result.MISSING_FIELD: 1}


@pytest.mark.parametrize("kind", ["file", "batch", "model", "list", "page", "fine_tuning.job"])
def test_other_objects_are_no_calls(kind: str) -> None:
    assert read("openai", {"id": "x", "object": kind, "created_at": NOW}).tallies == {Result.NOT_A_CALL: 1}


def test_a_record_that_is_none_of_these_is_refused() -> None:
    assert read("openai", {"hello": "canary"}).tallies == {Result.MISSING_FIELD: 1}


def test_the_first_chunk_of_azure_is_part_of_a_call_that_others_name() -> None:
    first = {"id": "", "object": "", "created": 0, "model": "", "choices": [], "prompt_filter_results": []}
    chunk = completion(object="chat.completion.chunk", choices=[{"delta": {}, "finish_reason": "stop"}])

    assert read("openai", first, chunk).tallies == {Result.COUNTED: 1, Result.PART: 1}


def test_a_system_can_be_a_path_into_the_record() -> None:
    counted = read("openai", completion(metadata={"app": "search"}), system="{metadata.app}-{model}")

    assert [row.system for row in counted.usage] == ["search-m"]


def test_a_stream_of_events_that_ends_in_an_error_is_a_failed_call() -> None:
    error = {"type": "error", "code": "server_error", "message": "canary", "param": None, "sequence_number": 2}
    start = [event(kind, "in_progress", usage=None) for kind in ("created", "in_progress")]

    for after in ([], [event("failed", "failed", usage=None, error={"message": "canary"})]):
        counted = read("openai", *start, error, *after)
        assert totals(counted, *COUNTS, "attempts") == {"errors": 1, "attempts": 1}
        assert counted.problems == ()


def test_an_error_that_belongs_to_no_stream_is_refused() -> None:
    error = {"type": "error", "message": "canary", "sequence_number": 2}

    counted = read("openai", event("created", "in_progress"), event("completed", "completed"), error)
    assert counted.tallies == {Result.COUNTED: 1, Result.PART: 1, Result.MISSING_FIELD: 1}


def test_the_compaction_of_a_conversation_is_a_call() -> None:
    compaction = {key: value for key, value in response(id="cmp1").items() if key not in ("model", "status")}

    counted = read("openai", response(), compaction | {"object": "response.compaction"})
    assert totals(counted, *COUNTS) == {name: 2 * count for name, count in KNOWN.items()}
    assert {row.model for row in counted.usage} == {"m", "unknown"}


def test_tokens_written_to_the_cache_are_known_in_both_apis() -> None:
    chat = completion(usage={**USAGE, "prompt_tokens_details": {"cached_tokens": 8, "cache_write_tokens": 5}})
    details = {"cached_tokens": 8, "cache_write_tokens": 5, "cache_write_tokens_details": {"ttl_5m_tokens": 5}}
    other = response(usage={"input_tokens": 19, "output_tokens": 10, "input_tokens_details": details})
    for record in (chat, other):
        known = totals(read("openai", record), "input_tokens", "cached_input_tokens", "cache_write_tokens")
        assert known == {"input_tokens": 19, "cached_input_tokens": 8, "cache_write_tokens": 5}


@pytest.mark.parametrize(
    ("body", "operation"),
    [
        ({"created": NOW, "data": [{"b64_json": "canary"}], "usage": {"input_tokens": 3}}, "image"),
        ({"created": NOW, "id": "modr-1", "model": "m", "results": [{"flagged": False}]}, "moderation"),
        ({"object": "chat.completion", "created": NOW, "id": "c", "model": "m", "choices": []}, "generation"),
    ],
)
def test_a_line_of_a_batch_is_what_its_answer_is(body: dict[str, Any], operation: str) -> None:
    line = {"id": "b", "custom_id": "x", "response": {"status_code": 200, "body": body}, "error": None}

    assert operations(read("openai", line)) == {operation: 1}


CHUNKS = st.builds(
    lambda id_, tier, end, usage: completion(
        id=id_, object="chat.completion.chunk", service_tier=tier, usage=usage,
        choices=[{"index": 0, "delta": {}, "finish_reason": "stop" if end else None}],
    ),
    st.sampled_from(["a", "b", None]), st.sampled_from(["x", 1, True, 1.0, None]), st.booleans(),
    st.sampled_from([None, USAGE]),
)  # fmt: skip


@given(st.lists(st.tuples(st.one_of(CHUNKS, st.just(completion())), st.integers(1, 9)), max_size=6))
def test_chunks_that_say_the_same_are_what_each_of_them_is(runs: list[tuple[dict[str, Any], int]]) -> None:
    units = [json.dumps(record).encode() for record, times in runs for _ in range(times)]
    reader = OPENAI.build(("service_tier",))
    alone = [reader.read([unit]) for unit in units]
    found = reader.read(units)

    assert repr(found.rows) == repr([row for one in alone for row in one.rows])
    assert found.pieces == {at: one.pieces[0] for at, one in enumerate(alone) if one.pieces}
    assert found.lines is None or found.lines == list(range(len(units)))
