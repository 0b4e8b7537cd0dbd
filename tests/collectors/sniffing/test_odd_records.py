"""Whatever a record has in place of a value, it is looked at without a crash, by `sniff` and by every format."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from leverwatch.collectors.records.formats.registry import NAMED
from leverwatch.collectors.sniffing.sniff import guess
from tests.collectors.records.formats.examples import CASES

ODD: tuple[Any, ...] = (
    None, "", "x", [], {}, [None], [[]], [{}], [5], {"a": 1}, {"type": []}, -1, 0, 1.5, True, float("nan"),
    10**400,
)  # fmt: skip
RARE: tuple[dict[str, Any], ...] = (
    {"custom_id": "a", "result": {"type": "succeeded", "message": {}}},
    {"custom_id": "a", "response": {"body": {"object": "list"}}},
    {"type": "error", "error": {}},
    {"object": "list", "usage": {}},
    {"object": "chat.completion", "id": "c"},
    {"type": "response.created", "response": {"object": "response"}},
    {"type": "assistant", "uuid": "u", "sessionId": "s", "message": {"usage": {}}},
    {"records": [{"category": "RequestResponse"}]},
    {"category": "GatewayLogs", "Type": "x", "properties": {}},
    {"traces": [{"info": {"trace_location": {}, "tags": {}}, "spans": [{"attributes": {}}]}]},
    {"observations": [{}], "trace": {}, "projectId": "x"},
    {"data": [{"type": "GENERATION", "traceId": "t", "startTime": "x"}]},
    {"context": {"trace_id": "t", "span_id": "s"}},
    {"ts": "2026-03-10T08:00:00Z", "model": "m", "usage": {"input_tokens": 1, "total_tokens": 2}, "id": "x"},
)
"""Beside the examples of the formats, what they recognise by other keys."""
BODIES: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "bedrock",
        {
            "schemaType": "ModelInvocationLog", "timestamp": "2026-03-10T08:00:00Z", "operation": "InvokeModel",
            "modelId": "m", "requestId": "r", "input": {"inputTokenCount": 1},
            "output": {
                "outputTokenCount": 1,
                "outputBodyJson": [
                    {
                        "type": "message_start", "stopReason": "x", "stop_reason": "x",
                        "delta": {"stop_reason": "x"},
                        "usage": {"input_tokens": 1}, "message": {"usage": {"output_tokens": 2}},
                        "metrics": {"latencyMs": 1}, "amazon-bedrock-guardrailAction": "x",
                    }
                ],
            },
        },
    ),
    (
        "portkey",
        {
            "method": "POST", "status": 200, "duration": 9,
            "requestOptions": [
                {
                    "providerOptions": {
                        "provider": "openai", "rubeusURL": "chatComplete", "requestURL": "x",
                        "retry": {"attempts": 2, "onStatusCodes": [429]}, "overrideParams": {"model": "m"},
                    },
                    "requestParams": {"model": "m", "stream": False}, "createdAt": "2026-03-10T08:00:00Z",
                    "finalUntransformedRequest": {"body": {"model": "m"}}, "cacheStatus": "MISS",
                    "hookSpanId": "s",
                    "originalResponse": {"body": {"usage": {"prompt_tokens": 1}, "type": "message"}},
                    "response": {"choices": [{"finish_reason": "stop"}], "incomplete_details": {"reason": "x"}},
                    "executionTime": 3,
                }
            ],
        },
    ),
    (
        "kong",
        {
            "started_at": 1773129600000, "response": {"status": 200}, "request": {"id": "r"},
            "ai": {
                "proxy": {
                    "meta": {"llm_latency": 1}, "usage": {"prompt_tokens": 1}, "cache": {"cache_status": "Hit"},
                    "tried_targets": [{"model": "m", "route_type": "llm/v1/chat"}],
                }
            },
        },
    ),
)  # fmt: skip
"""Records with what the examples leave out: values of no sure type."""
_GUESSED = 5
Path = tuple[str | int, ...]


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from places(one, (*path, key))


def with_odd(value: Any, path: Path, odd: Any) -> Any:
    if not path:
        return odd
    changed = value.copy()
    changed[path[0]] = with_odd(value[path[0]], path[1:], odd)
    return changed


RECORDS = [
    *(pytest.param(record, id=f"{name}-{at}") for name, make in CASES for at, record in enumerate(make("one"))),
    *(pytest.param(record, id=f"rare-{at}") for at, record in enumerate(RARE)),
]


@pytest.mark.parametrize("record", RECORDS)
def test_a_record_with_anything_in_place_of_a_value_is_looked_at_without_a_crash(record: Any) -> None:
    for at, path in enumerate(places(record)):
        for number, odd in enumerate(ODD):
            changed = with_odd(record, path, odd)
            for format_ in NAMED.values():
                assert 0 <= format_.recognise(changed) <= 100
            # To guess takes a hundred times as long: each place has some of the values, each value some places.
            if (at + number) % _GUESSED == 0:
                guess(json.dumps(changed).encode() + b"\n", "plain")


@pytest.mark.parametrize(
    ("name", "record"),
    [*((name, record) for name, make in CASES for record in make("one")), *BODIES],
    ids=[*(f"{name}-{at}" for name, make in CASES for at, _ in enumerate(make("one"))), *(it for it, _ in BODIES)],
)
def test_a_record_with_anything_in_place_of_a_value_is_read_without_a_crash(name: str, record: Any) -> None:
    reader = NAMED[name].build(())
    for path in places(record):
        for odd in ODD:
            reader.read([json.dumps(with_odd(record, path, odd)).encode()])


@pytest.mark.parametrize("kind", [["chat.completion"], {"is": "chat.completion"}, 5, 1.5, True])
@pytest.mark.parametrize("name", ["openai", "anthropic"])
@pytest.mark.parametrize("key", ["object", "type"])
def test_an_object_or_a_type_that_is_no_text_names_no_kind(name: str, key: str, kind: Any) -> None:
    assert NAMED[name].recognise({key: kind, "id": "c-1", "usage": {}}) == 0
    assert NAMED["anthropic"].recognise({"custom_id": "a", "result": {"type": kind}}) == 0


@pytest.mark.parametrize("category", [[], ["GatewayLogs"], {"of": "RequestResponse"}, 5])
def test_a_category_that_is_no_text_names_no_log_of_azure(category: Any) -> None:
    for name in ("azure-apim", "azure-openai"):
        assert NAMED[name].recognise({"category": category}) == 0
        assert NAMED[name].recognise({"records": [{"category": category}]}) == 0
