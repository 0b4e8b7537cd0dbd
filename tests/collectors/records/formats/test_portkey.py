from __future__ import annotations

import json
from typing import Any

import pytest

from leverwatch.collectors.interface import Result
from tests.collectors.records.formats.reading import counted, only, operations, sniffed, totals

USAGE: dict[str, Any] = {
    "prompt_tokens": 40, "completion_tokens": 9, "total_tokens": 49,
    "prompt_tokens_details": {"cached_tokens": 16}, "completion_tokens_details": {"reasoning_tokens": 4},
}  # fmt: skip


def answer(usage: Any = USAGE, **more: Any) -> dict[str, Any]:
    choice = {"message": {"content": "canary"}, "finish_reason": "length"}
    return {"id": "c", "model": "small-2026", "choices": [choice], "usage": usage, **more}


def option(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "providerOptions": {"provider": "openai", "apiKey": "canary", "rubeusURL": "chatComplete"},
        "requestParams": {"model": f"asked-{number}", "messages": ["canary"]},
        "createdAt": f"2026-03-10T08:00:0{number}.500Z", "hookSpanId": f"span-{number}", "executionTime": 80,
        "cacheStatus": "DISABLED", "originalResponse": {"body": answer()}, "response": answer(), **changes,
    }  # fmt: skip


def entry(*options: dict[str, Any], **changes: Any) -> dict[str, Any]:
    found = list(options) or [option()]
    return {
        "time": "3/10/2026, 9:00:01 AM", "method": "POST", "status": 200, "duration": 95, "requestOptions": found,
        **changes,
    }  # fmt: skip


def asking(kind: str, url: str = "") -> dict[str, Any]:
    return entry(option(providerOptions={"rubeusURL": kind, "requestURL": url}))


def test_an_entry_is_one_call() -> None:
    row = only("portkey", entry(), system="{provider}")

    assert (row.system, row.model, row.inferences, row.attempts) == ("openai", "small-2026", 1, 1)
    assert (row.input_tokens, row.cached_input_tokens) == (40, 16)
    assert (row.output_tokens, row.reasoning_tokens, row.truncated) == (9, 4, 1)
    assert (row.latency_ms, row.unpriced) == (95, 1)


def test_a_fallback_is_one_call_of_what_answered_and_two_attempts() -> None:
    failed = option(1, originalResponse={"body": {"error": {"message": "canary"}}})
    found = counted("portkey", entry(failed, option(2, response={})))
    (row,) = found.usage

    assert found.tallies == {Result.COUNTED: 1}
    assert (row.inferences, row.errors, row.attempts, row.input_tokens) == (1, 0, 2, 40)


def test_a_failed_call_is_an_error_and_its_exhausted_retries_are_attempts() -> None:
    bad = {"error": {"message": "canary"}, "provider": "openai"}
    retry = {"provider": "openai", "rubeusURL": "chatComplete", "retry": {"attempts": 2, "onStatusCodes": [503]}}
    failed = option(providerOptions=retry, response=bad, originalResponse={"body": bad})
    exhausted, other = only("portkey", entry(failed, status=503)), only("portkey", entry(failed, status=400))

    assert (exhausted.errors, exhausted.attempts, exhausted.model) == (1, 3, "asked-1")
    assert (other.errors, other.attempts) == (1, 1)


def test_an_answer_from_the_cache_and_one_of_a_guardrail_asked_no_provider() -> None:
    hit = only("portkey", entry(option(cacheStatus="HIT", executionTime=0)))
    refused = option(2)
    del refused["executionTime"]
    fallen = only("portkey", entry(option(), refused, status=446))

    assert (hit.cache_hits, hit.inferences, hit.attempts) == (1, 0, 0)
    assert (fallen.errors, fallen.attempts) == (1, 1)


def test_a_stream_tells_neither_its_tokens_nor_its_duration() -> None:
    streamed = option(response={"message": "The response was a stream."}, originalResponse={})
    streamed["requestParams"]["stream"] = True
    row = only("portkey", entry(streamed))

    assert (row.inferences, row.model, row.unknown_input, row.unknown_latency) == (1, "asked-1", 1, 1)


@pytest.mark.parametrize(
    ("body", "tokens"),
    [
        (answer({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 45, "cache_read_input_tokens": 30,
                 "prompt_tokens_details": {"cached_tokens": 30}}), (40, 5)),
        (answer({"prompt_tokens": 40, "completion_tokens": 5, "total_tokens": 45, "cache_read_input_tokens": 30}),
         (40, 5)),
        (answer({"input_tokens": 50, "output_tokens": 5, "cache_read_input_tokens": 30}, type="message"), (80, 5)),
        ({"candidates": [], "usageMetadata": {"promptTokenCount": 40, "candidatesTokenCount": 5,
                                              "thoughtsTokenCount": 7, "totalTokenCount": 52}}, (40, 12)),
        ({"usage": {"inputTokens": 10, "outputTokens": 5, "totalTokens": 45, "cacheReadInputTokens": 30}},
         (40, 5)),
    ],
)  # fmt: skip
def test_the_tokens_of_every_provider_are_whole(body: dict[str, Any], tokens: tuple[int, int]) -> None:
    # The gateway cuts a long response, which is then none.
    row = only("portkey", entry(option(response='{"id": "canar...', originalResponse={"body": body})))

    assert (row.input_tokens, row.output_tokens) == tokens


@pytest.mark.parametrize(
    ("kind", "operation"),
    [("stream-messages", "generation"), ("createModelResponse", "generation"), ("embed", "embedding"),
     ("imageEdit", "image"), ("createSpeech", "audio")],
)  # fmt: skip
def test_what_was_asked_for_is_the_operation(kind: str, operation: str) -> None:
    assert operations("portkey", asking(kind)) == {operation: 1}


def test_files_batches_and_counted_tokens_are_no_calls_and_a_proxied_path_tells_what_it_is() -> None:
    others = [asking(kind) for kind in ("messagesCountTokens", "uploadFile", "createBatch", "getModelResponse")]
    found = counted("portkey", *others, entry(method="GET"), asking("proxy", "https://x.example/v1/files"))

    assert found.tallies == {Result.NOT_A_CALL: 6}
    assert operations("portkey", asking("proxy", "https://x.example/v1/embeddings")) == {"embedding": 1}


def test_the_events_of_the_stream_are_read_as_they_come() -> None:
    events = ["event: connected", "data: 1773129600000", ""]
    for number in (1, 2):
        events += ["event: log", f"data: {json.dumps(entry(option(number)))}", f"id: {number}", ""]
    found = counted("portkey", *events)

    assert (found.tallies[Result.COUNTED], Result.INVALID_LINE in found.tallies) == (2, False)
    assert sniffed(*events) == "portkey"


def test_values_of_unforeseen_types_cost_only_themselves() -> None:
    odd = option(originalResponse="canary", response=["canary"], requestParams=None, providerOptions={
        "provider": 5, "rubeusURL": "chatComplete", "retry": "canary",
    })  # fmt: skip
    found = totals("portkey", entry(odd, duration="canary"))

    assert (found["inferences"], found["unknown_input"], found["unknown_latency"]) == (1, 1, 1)
