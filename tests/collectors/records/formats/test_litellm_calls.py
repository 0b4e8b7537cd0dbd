from __future__ import annotations

import json
from typing import Any

import pytest

from leverwatch.collectors.interface import Operation, Result
from tests.collectors.records.formats.records import operations, read, totals
from tests.collectors.records.formats.test_litellm import payload, row

GENERATION, OTHER = Operation.GENERATION, Operation.OTHER
CALLS: dict[Operation | None, str] = {
    GENERATION: """
        completion acompletion text_completion atext_completion anthropic_messages aanthropic_messages responses
        aresponses compact_responses acompact_responses generate_content agenerate_content generate_content_stream
        agenerate_content_stream create_interaction acreate_interaction create acreate _arealtime
        _aresponses_websocket
    """,
    Operation.EMBEDDING: "embedding aembedding",
    Operation.RERANK: "rerank arerank",
    Operation.IMAGE: "image_generation aimage_generation image_edit aimage_edit aimage_variation",
    Operation.AUDIO: "speech aspeech transcription atranscription",
    Operation.MODERATION: "moderation amoderation",
    Operation.AGENT: "send_message asend_message asend_message_streaming query aquery",
    OTHER: """
        search asearch ocr aocr decisions adecisions systemone asystemone extraction aextraction create_video
        acreate_video video_generation avideo_generation video_edit avideo_edit video_remix avideo_remix
        video_extension avideo_extension
    """,
    None: """
        acreate_realtime_client_secret arealtime_calls acreate_realtime_transcription_session
        acreate_realtime_translation_client_secret arealtime_translation_calls create_batch acreate_batch
        retrieve_batch aretrieve_batch cancel_batch acancel_batch alist_batches get_assistants aget_assistants
        create_assistants acreate_assistants delete_assistant adelete_assistant create_thread acreate_thread
        get_thread aget_thread add_message a_add_message get_messages aget_messages run_thread arun_thread
        run_thread_stream arun_thread_stream file_retrieve afile_retrieve file_delete afile_delete file_list
        afile_list create_file acreate_file file_content afile_content create_fine_tuning_job
        acreate_fine_tuning_job cancel_fine_tuning_job acancel_fine_tuning_job list_fine_tuning_jobs
        alist_fine_tuning_jobs retrieve_fine_tuning_job aretrieve_fine_tuning_job video_retrieve avideo_retrieve
        video_content avideo_content video_list avideo_list video_retrieve_job avideo_retrieve_job video_delete
        avideo_delete video_create_character avideo_create_character video_get_character avideo_get_character
        avideo_status vector_store_file_create avector_store_file_create vector_store_file_list
        avector_store_file_list vector_store_file_retrieve avector_store_file_retrieve vector_store_file_content
        avector_store_file_content vector_store_file_update avector_store_file_update vector_store_file_delete
        avector_store_file_delete vector_store_create avector_store_create vector_store_search
        avector_store_search ingest aingest create_container acreate_container list_containers alist_containers
        retrieve_container aretrieve_container delete_container adelete_container list_container_files
        alist_container_files upload_container_file aupload_container_file create_sandbox acreate_sandbox
        delete_sandbox adelete_sandbox run_code arun_code code_interpreter_tool acode_interpreter_tool
        get_responses aget_responses delete_responses adelete_responses cancel_responses acancel_responses
        alist_input_items call_mcp_tool list_mcp_tools acreate_skill alist_skills aget_skill adelete_skill
        acreate_eval alist_evals aget_eval aupdate_eval adelete_eval acancel_eval acreate_run alist_runs aget_run
        adelete_run acancel_run aget alist alist_versions aupdate adelete acancel aretrieve aretrieve_content
        batch_of_a_later_version
    """,
}
"""All names that LiteLLM 1.110 logs: its `CallTypes`, and the functions it wraps that are not among them."""


@pytest.mark.parametrize(
    ("word", "operation"), [(word, operation) for operation, words in CALLS.items() for word in words.split()]
)
def test_every_type_of_litellm_counts_as_what_it_asks_for(word: str, operation: Operation | None) -> None:
    counted = read("litellm", row(call_type=word))

    assert operations(counted) == ({} if operation is None else {operation: 1})
    assert counted.tallies == {Result.NOT_A_CALL if operation is None else Result.COUNTED: 1}
    assert len(counted.days_seen) == 1


@pytest.mark.parametrize("word", ["", None])
def test_a_call_without_a_type_is_a_generation(word: str | None) -> None:
    assert operations(read("litellm", row(call_type=word))) == {GENERATION: 1}


@pytest.mark.parametrize("word", ["ateleport", "arequery", "_a"])
def test_a_type_that_nobody_knows_is_reported(word: str) -> None:
    assert read("litellm", row(call_type=word)).tallies == {Result.UNKNOWN_OPERATION: 1}


def test_creating_without_a_model_creates_no_interaction_but_a_store() -> None:
    made = row(call_type="acreate", model="", model_group="")

    assert read("litellm", made).tallies == {Result.NOT_A_CALL: 1}


CHAT = {
    "id": "c1", "object": "chat.completion", "model": "m-large",
    "choices": [{"index": 0, "message": {"content": "canary"}, "finish_reason": "length"}],
    "usage": {"prompt_tokens": 70, "completion_tokens": 6, "prompt_tokens_details": {"cached_tokens": 30}},
}  # fmt: skip
CHUNKS = [
    "data: " + json.dumps(it)
    for it in (
        {"object": "chat.completion.chunk", "choices": [{"delta": {"content": "it's \\ canary"}}]},
        {"object": "chat.completion.chunk", "choices": [{"delta": {}, "finish_reason": "length"}]},
        {"object": "chat.completion.chunk", "choices": [], "usage": CHAT["usage"]},
    )
]
MESSAGE = {
    "type": "message", "model": "m-large", "content": [{"text": "canary"}], "stop_reason": "max_tokens",
    "usage": {
        "input_tokens": 40, "cache_read_input_tokens": 30, "cache_creation_input_tokens": 0, "output_tokens": 6,
    },
}  # fmt: skip
EVENTS = [
    "event: message_start\ndata: "
    + json.dumps({"type": "message_start", "message": MESSAGE | {"stop_reason": None}}),
    "data: "
    + json.dumps({"type": "message_delta", "delta": {"stop_reason": "max_tokens"}, "usage": {"output_tokens": 6}}),
]
CONTENT = {
    "candidates": [{"content": {"parts": [{"text": "canary"}]}, "finishReason": "MAX_TOKENS"}],
    "usageMetadata": {
        "promptTokenCount": 70, "candidatesTokenCount": 4, "thoughtsTokenCount": 2, "cachedContentTokenCount": 30,
        "totalTokenCount": 76,
    },
}  # fmt: skip


def stream(chunks: list[str]) -> str:
    return f"cannot parse chunks to standard response object. Chunks={[*chunks, 'data: [DONE]']}"


def passed(answer: Any, **values: Any) -> dict[str, Any]:
    """A request to a route of the proxy that passes it on, with an answer that LiteLLM did not look into."""
    return payload(
        call_type="pass_through_endpoint", model="unknown", prompt_tokens=0, completion_tokens=0,
        response_cost=0.0, metadata={}, model_parameters={}, response={"response": answer}, **values,
    )  # fmt: skip


@pytest.mark.parametrize(
    "answer",
    [json.dumps(CHAT), CHAT, stream(CHUNKS), json.dumps(MESSAGE), stream(EVENTS), json.dumps(CONTENT)],
    ids=["text", "object", "stream", "message", "events", "content"],
)
def test_the_answer_to_a_request_that_is_passed_on_tells_what_litellm_does_not(answer: Any) -> None:
    counted = read("litellm", passed(answer))

    assert operations(counted) == {GENERATION: 1}
    assert totals(counted, "input_tokens", "cached_input_tokens", "output_tokens", "truncated", "unpriced") == {
        "input_tokens": 70, "cached_input_tokens": 30, "output_tokens": 6, "truncated": 1, "unpriced": 1,
    }  # fmt: skip


def test_the_model_of_a_request_that_is_passed_on_is_that_of_its_answer() -> None:
    assert [it.model for it in read("litellm", passed(CHAT)).usage] == ["m-large"]


@pytest.mark.parametrize(
    ("answer", "values", "operation"),
    [
        ('{"object": "list", "data": [{"id": "m", "object": "model"}]}', {}, None),
        ("[1, 2]", {}, None),
        ({"object": "batch", "usage": {"input_tokens": 5}}, {}, None),
        (CHAT | {"object": "response"}, {"api_base": "https://m.example/v1/responses/resp-1"}, None),
        ({"object": "list", "data": [{"embedding": [1]}], "usage": {"prompt_tokens": 3}}, {}, Operation.EMBEDDING),
        ("redacted-by-litellm", {}, OTHER),
        ("redacted-by-litellm", {"api_base": "https://m.example/v1/chat/completions"}, GENERATION),
        ("redacted-by-litellm", {"api_base": "https://m.example/v1/embeddings"}, Operation.EMBEDDING),
        (None, {}, OTHER),
        ("cannot parse chunks to standard response object. Chunks=['data: {", {}, OTHER),
        (stream(["data: {}", "data: {broken", "event: ping"]), {}, OTHER),
    ],
)
def test_what_was_passed_on_is_known_by_its_answer_or_its_address(
    answer: Any, values: dict[str, Any], operation: Operation | None
) -> None:
    counted = read("litellm", passed(answer, **values))

    assert operations(counted) == ({} if operation is None else {operation: 1})


def test_a_failed_request_to_a_route_that_generates_is_an_error_of_a_generation() -> None:
    error = {
        "error_class": "HTTPException",
        "error_message": "Upstream passthrough request failed with status 500",
    }
    failed = passed(None, status="failure", api_base="http://m/v1/chat/completions", error_information=error)
    counted = read("litellm", failed)

    assert [(it.operation, it.errors, it.attempts) for it in counted.usage] == [(GENERATION, 1, 1)]


def session(word: str, *events: tuple[str, str | None], **values: Any) -> dict[str, Any]:
    results = [{"type": kind, "response": {"id": "x", "status": state}} for kind, state in events]
    return payload(call_type=word, response={"results": [{"type": "session.created"}, *results]}, **values)


def test_a_session_has_an_inference_for_each_answer_that_ended() -> None:
    talk = session("_arealtime", ("response.created", None), ("response.done", "completed"),
                   ("response.done", "completed"), ("response.done", "failed"))  # fmt: skip
    socket = session("_aresponses_websocket", ("response.completed", "completed"), ("response.failed", "failed"))

    expected = {"inferences": 2, "errors": 1, "attempts": 3, "input_tokens": 10, "unknown_latency": 2}
    assert totals(read("litellm", talk), *expected) == expected
    assert totals(read("litellm", socket), *expected) == {
        **expected, "inferences": 1, "attempts": 2, "unknown_latency": 1,
    }  # fmt: skip
    assert read("litellm", session("_arealtime")).tallies == {Result.NOT_A_CALL: 1}


def poll(**values: Any) -> dict[str, Any]:
    """A look at a batch."""
    batch = {
        "id": "batch-7", "object": "batch", "status": "completed", "endpoint": "/v1/chat/completions",
        "created_at": 1773120000, "request_counts": {"completed": 4, "failed": 1, "total": 5},
    }  # fmt: skip
    return payload(
        id="batch-7", call_type="aretrieve_batch", model="", prompt_tokens=400, completion_tokens=50, metadata={},
        hidden_params={"batch_models": ["m-batch"] * 4}, response=batch | values.pop("batch", {}), **values,
    )  # fmt: skip


def test_a_batch_counts_once_with_its_calls_however_often_it_is_looked_at() -> None:
    polls = [poll(litellm_call_id=f"l{number}", startTime=1773129600.5 + number) for number in range(3)]
    counted = read("litellm", poll(batch={"status": "in_progress"}), *polls)

    assert counted.tallies == {Result.COUNTED: 1, Result.DUPLICATE: 2, Result.NOT_A_CALL: 1}
    expected = {"inferences": 4, "errors": 1, "attempts": 5, "input_tokens": 400, "output_tokens": 50}
    assert totals(counted, *expected) == expected
    assert [it.model for it in counted.usage] == ["m-batch"]


@pytest.mark.parametrize(
    "values", [{"prompt_tokens": 0, "completion_tokens": 0}, {"response": {}}, {"response": "x"}]
)
def test_a_look_at_a_batch_that_does_not_say_what_it_used_is_no_call(values: dict[str, Any]) -> None:
    assert read("litellm", poll() | values).tallies == {Result.NOT_A_CALL: 1}
