"""One record of every format, with an id and a model to fill in, and a canary wherever a text can be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

CANARY = "c4n4ry-t3xt"
"""Stands in every prompt and response; it must be found nowhere else."""
ID, MODEL = "@ID@", "@MODEL@"
TOKENS = 7
"""Input tokens of every record whose format knows them."""
FIELDS = {"time": "ts", "model": "model", "request_id": "id", "input_tokens": "in"}
HEADER = b"ts,id,model,in,text"

_ISO = "2026-03-10T08:00:00Z"
_SECONDS = 1773129600
_NANOS = _SECONDS * 1_000_000_000
_MESSAGES = [{"role": "user", "content": CANARY}, {"role": "user", "content": [{"type": "text", "text": CANARY}]}]
_USAGE = {"prompt_tokens": TOKENS, "completion_tokens": 3, "total_tokens": TOKENS + 3}
_COMPLETION = {
    "id": ID, "object": "chat.completion", "created": _SECONDS, "model": MODEL, "system_fingerprint": CANARY,
    "choices": [{"index": 0, "message": {"role": "assistant", "content": CANARY}, "finish_reason": "stop"}],
    "usage": _USAGE,
}  # fmt: skip
_ATTRIBUTES = {
    "gen_ai.operation.name": "chat", "gen_ai.request.model": MODEL, "gen_ai.response.model": MODEL,
    "gen_ai.prompt.0.content": CANARY, "gen_ai.completion.0.content": CANARY, "input.value": CANARY,
}  # fmt: skip

_OBJECTS: Mapping[str, Any] = {
    "jsonl": {"ts": _ISO, "id": ID, "model": MODEL, "in": TOKENS, "messages": _MESSAGES, "answer": CANARY},
    "openai": {**_COMPLETION, "messages": _MESSAGES},
    "anthropic": {
        "id": ID, "type": "message", "role": "assistant", "model": MODEL, "created_at": _ISO, "timestamp": _ISO,
        "content": [{"type": "text", "text": CANARY}], "stop_reason": "end_turn",
        "usage": {"input_tokens": TOKENS, "output_tokens": 3},
    },
    "litellm": {
        "id": ID, "trace_id": "t", "call_type": "acompletion", "status": "success", "response_cost": 0.5,
        "prompt_tokens": TOKENS, "completion_tokens": 3, "total_tokens": TOKENS + 3, "startTime": _SECONDS + 0.5,
        "endTime": _SECONDS + 1.5, "model": MODEL, "model_group": MODEL, "cache_hit": False,
        "metadata": {"user_api_key_team_alias": "t"}, "messages": _MESSAGES, "response": _COMPLETION,
        "error_str": None,
    },
    "otlp": {
        "resourceSpans": [
            {
                "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "s"}}]},
                "scopeSpans": [
                    {
                        "spans": [
                            {
                                "traceId": "e4ef45025c9b40924bff175e2b125b5b", "spanId": ID, "name": "x",
                                "startTimeUnixNano": str(_NANOS), "endTimeUnixNano": str(_NANOS + 10**9),
                                "attributes": [
                                    *(
                                        {"key": key, "value": {"stringValue": value}}
                                        for key, value in _ATTRIBUTES.items()
                                    ),
                                    {"key": "gen_ai.usage.input_tokens", "value": {"intValue": str(TOKENS)}},
                                    {"key": "gen_ai.usage.output_tokens", "value": {"intValue": "3"}},
                                ],
                                "status": {"message": CANARY},
                            }
                        ]
                    }
                ],
            }
        ]
    },
    "bedrock": {
        "schemaType": "ModelInvocationLog", "timestamp": _ISO, "accountId": "1", "requestId": ID,
        "identity": {"arn": "arn:aws:sts::1:assumed-role/search/i-0"}, "operation": "Converse", "modelId": MODEL,
        "input": {"inputBodyJson": {"messages": _MESSAGES}, "inputTokenCount": TOKENS},
        "output": {
            "outputBodyJson": {
                "output": {"message": {"content": [{"text": CANARY}]}}, "stopReason": "end_turn",
                "metrics": {"latencyMs": 12}, "usage": {"totalTokens": TOKENS + 3},
            },
            "outputTokenCount": 3,
        },
    },
    "envoy-ai-gateway": {
        "start_time": _ISO, "response_code": 200, "duration": 12, "x-request-id": ID,
        "gen_ai.request.model": MODEL, "gen_ai.usage.input_tokens": TOKENS, "gen_ai.usage.output_tokens": 3,
        "x-envoy-origin-path": "/v1/chat/completions", "user-agent": CANARY, "response_code_details": CANARY,
    },
    "kong": {
        "started_at": _SECONDS * 1000, "request": {"id": ID, "body": CANARY}, "response": {"status": 200},
        "ai": {
            "payload": {"request": CANARY},
            "proxy": {
                "meta": {"request_model": MODEL, "response_model": MODEL, "llm_latency": 12},
                "usage": {"prompt_tokens": TOKENS, "completion_tokens": 3, "cost": 0.5},
                "payload": {"response": CANARY},
            },
        },
    },
    "portkey": {
        "time": "3/10/2026, 8:00:00 AM", "method": "POST", "status": 200, "duration": 900,
        "requestOptions": [
            {
                "providerOptions": {"provider": "openai", "apiKey": CANARY, "rubeusURL": "chatComplete"},
                "createdAt": _ISO, "hookSpanId": ID, "executionTime": 890, "cacheStatus": "DISABLED",
                "requestParams": {"model": MODEL, "messages": _MESSAGES}, "response": _COMPLETION,
                "transformedRequest": {"headers": {"authorization": CANARY}, "body": {"messages": _MESSAGES}},
            }
        ],
    },
    "apisix": {
        "start_time": _SECONDS * 1000, "latency": 12, "upstream_latency": 11, "apisix_request_id": ID,
        "response": {"status": 200, "body": CANARY}, "request": {"body": CANARY},
        "llm_request": {"messages": _MESSAGES}, "llm_response_text": CANARY,
        "llm_summary": {
            "model": MODEL, "request_model": MODEL, "duration": 1, "prompt_tokens": TOKENS, "completion_tokens": 3,
        },
    },
    "vertex": {
        "api_method": "GenerateContent", "endpoint": "e", "request_id": ID, "model": MODEL, "logging_time": _ISO,
        "full_request": {"contents": [{"parts": [{"text": CANARY}]}]}, "metadata": {"request_latency": 12.5},
        "full_response": {
            "candidates": [{"finish_reason": "STOP", "content": {"parts": [{"text": CANARY}]}}],
            "usage_metadata": {"prompt_token_count": TOKENS, "candidates_token_count": 3},
        },
    },
    "azure-apim": {
        "category": "GatewayLogs", "correlationId": ID, "durationMs": 12, "time": _ISO,
        "properties": {
            "modelName": MODEL, "responseCode": 200, "backendMethod": "POST", "cache": "none",
            "backendUrl": "https://a.example.com/openai/deployments/d/chat/completions",
            "requestBody": json.dumps({"messages": _MESSAGES}), "backendResponseBody": json.dumps(_COMPLETION),
        },
    },
    "azure-openai": {
        "category": "RequestResponse", "correlationId": ID, "durationMs": 12, "time": _ISO,
        "operationName": "ChatCompletions_Create", "resultSignature": "200", "resourceId": "/A/B",
        "properties": {"modelName": MODEL, "requestTime": 639087264815394150, "objectId": CANARY},
    },
    "ollama": {
        "model": MODEL, "created_at": _ISO, "done": True, "done_reason": "stop", "total_duration": 5191566416,
        "message": {"content": CANARY}, "prompt_eval_count": TOKENS, "eval_count": 3, "id": ID,
    },
    "langfuse": {
        "id": ID, "traceId": "t", "type": "GENERATION", "startTime": _ISO, "endTime": _ISO, "level": "DEFAULT",
        "model": MODEL, "usageDetails": {"input": TOKENS, "output": 3, "total": TOKENS + 3}, "input": _MESSAGES,
        "output": CANARY, "statusMessage": CANARY, "metadata": {"x": CANARY}, "costDetails": {"total": 0.5},
    },
    "mlflow": {
        "info": {"trace_id": "t", "trace_metadata": {"mlflow.traceInputs": CANARY}, "request_preview": CANARY},
        "data": {
            "spans": [
                {
                    "span_id": ID, "start_time_unix_nano": _NANOS, "end_time_unix_nano": _NANOS + 10**9,
                    "status": {"code": "STATUS_CODE_OK", "message": CANARY},
                    "attributes": {
                        "mlflow.spanType": '"LLM"', "mlflow.spanInputs": json.dumps(_MESSAGES),
                        "mlflow.spanOutputs": CANARY, "mlflow.llm.model": MODEL,
                        "mlflow.chat.tokenUsage": json.dumps({"input_tokens": TOKENS, "output_tokens": 3}),
                    },
                }
            ]
        },
    },
}  # fmt: skip

TEXTS: Mapping[str, str] = {
    **{name: json.dumps(record, separators=(",", ":")) for name, record in _OBJECTS.items()},
    "csv": f'{_ISO},{ID},{MODEL},{TOKENS},"{CANARY}, and more"',
    "nginx": (
        f'10.0.0.1 - - [10/Mar/2026:08:00:00 +0000] "POST /openai/deployments/{MODEL}/chat/completions?q={CANARY}'
        f' HTTP/1.1" 200 804 "-" "{CANARY}" rt=0.512 urt="0.1, 0.4" request_id={ID}'
    ),
    "envoy": (
        f'[{_ISO}] "POST /openai/deployments/{MODEL}/chat/completions?q={CANARY} HTTP/1.1" 200 - 105 432 1526 451'
        f' "10.0.0.1" "{CANARY}" "{ID}" "llm.example.com" "10.0.0.2:443"'
    ),
}
"""By format; every named format has one."""

WITHOUT_TOKENS = frozenset({"nginx", "envoy", "azure-openai"})


def settings(name: str) -> Any:
    """What `format` says in the configuration."""
    return {"type": name, "fields": FIELDS} if name in {"jsonl", "csv"} else name


def record(name: str, id_: str, model: str) -> bytes:
    """A whole record, without a newline."""
    return TEXTS[name].replace(ID, id_).replace(MODEL, model).encode()
