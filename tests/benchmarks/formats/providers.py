"""Records of providers and model servers, a call each, or the events of one."""

from __future__ import annotations

import json
from typing import Any

from tests.benchmarks.formats.call import Call, Lines


def openai(call: Call) -> Lines:
    """A chat completion."""
    yield call.completion


def responses(call: Call) -> Lines:
    """A response of the Responses API."""
    yield {
        "id": f"resp_{call.id}", "object": "response", "created_at": int(call.start.timestamp()),
        "status": "failed" if call.failed else "completed", "error": None, "incomplete_details": None,
        "model": call.model, "service_tier": call.system, "instructions": call.prompt,
        "output": [{"type": "message", "content": [{"type": "output_text", "text": call.answer}]}],
        "text": {"format": {"type": "text"}},
        "usage": {
            "input_tokens": call.taken, "input_tokens_details": {"cached_tokens": call.cached},
            "output_tokens": call.output, "output_tokens_details": {"reasoning_tokens": 0},
        },
    }  # fmt: skip


def chunks(call: Call) -> Lines:
    """The chunks of a streamed completion."""
    whole = call.completion
    for number in range(9):
        choice = {
            "index": 0,
            "delta": {"content": call.answer[:12]},
            "finish_reason": None if number < 7 else "stop",
        }
        yield {
            **whole, "object": "chat.completion.chunk", "choices": [choice] if number < 8 else [],
            "usage": None if number < 8 else whole["usage"],
        }  # fmt: skip


def _message(call: Call) -> dict[str, Any]:
    return {
        "id": f"msg_{call.id}", "type": "message", "role": "assistant", "model": call.model,
        "created_at": call.iso(), "app": call.system, "content": [{"type": "text", "text": call.answer}],
        "stop_reason": "end_turn", "stop_sequence": None,
        "usage": {
            "input_tokens": call.taken, "cache_creation_input_tokens": 0, "cache_read_input_tokens": call.cached,
            "output_tokens": call.output, "service_tier": "standard",
        },
    }  # fmt: skip


def anthropic(call: Call) -> Lines:
    """A message."""
    yield {**_message(call), "request": {"messages": call.messages}}


def events(call: Call) -> Lines:
    """The events of a streamed message."""
    yield {"type": "message_start", "message": {**_message(call), "content": [], "stop_reason": None}}
    for _ in range(5):
        delta = {"type": "text_delta", "text": call.answer[:12]}
        yield {"type": "content_block_delta", "index": 0, "delta": delta}
    yield {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": call.output}}
    yield {"type": "message_stop"}


def bedrock(call: Call) -> Lines:
    """A line of the invocation log."""
    yield {
        "schemaType": "ModelInvocationLog", "schemaVersion": "1.0", "timestamp": call.iso()[:19] + "Z",
        "accountId": "111122223333", "region": "us-east-1", "requestId": call.id, "operation": "Converse",
        "identity": {"arn": f"arn:aws:sts::111122223333:assumed-role/{call.system}/i-{call.id[:8]}"},
        "modelId": f"arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.{call.model}",
        **({"errorCode": "ThrottlingException"} if call.failed else {}),
        "input": {
            "inputContentType": "application/json", "inputBodyJson": {"messages": call.messages},
            "inputTokenCount": call.taken, "cacheReadInputTokenCount": call.cached,
        },
        "output": {
            "outputContentType": "application/json",
            "outputBodyJson": {
                "output": {"message": {"role": "assistant", "content": [{"text": call.answer}]}},
                "stopReason": "end_turn", "metrics": {"latencyMs": call.ms},
                "usage": {
                    "inputTokens": call.taken, "outputTokens": call.output, "cacheReadInputTokens": call.cached,
                    "totalTokens": call.taken + call.output + call.cached,
                },
            },
            "outputTokenCount": call.output,
        },
    }  # fmt: skip


def vertex(call: Call) -> Lines:
    """A row of the request-response table."""
    yield {
        "api_method": "GenerateContent", "endpoint": f"projects/p/locations/l/endpoints/{call.system}",
        "request_id": call.id, "logging_time": call.iso(), "model": "publishers/google/models/gemini-2.5-pro",
        "full_request": {"contents": [{"role": "user", "parts": [{"text": call.prompt}]}]},
        "full_response": {
            "candidates": [{"finish_reason": "STOP", "content": {"parts": [{"text": call.answer}]}}],
            "create_time": call.iso("034Z"), "model_version": "gemini-2.5-pro", "response_id": call.id,
            "usage_metadata": {
                "prompt_token_count": call.taken, "candidates_token_count": call.output,
                "cached_content_token_count": call.cached, "thoughts_token_count": 100,
            },
        },
        "metadata": {"request_latency": call.ms + 0.5},
    }  # fmt: skip


def azure_apim(call: Call) -> Lines:
    """A diagnostic record of the gateway."""
    yield {
        "category": "GatewayLogs", "correlationId": call.id, "durationMs": call.ms, "isRequestSuccess": True,
        "time": call.iso("4652Z"),
        "properties": {
            "apiId": call.system, "backendMethod": "POST", "backendResponseBody": json.dumps(call.completion),
            "backendUrl": "https://a.example.com/openai/deployments/pilot/chat/completions?api-version=2024",
            "cache": "none", "operationId": "ChatCompletions_Create", "responseCode": 500 if call.failed else 200,
        },
    }  # fmt: skip


def azure_openai(call: Call) -> Lines:
    """A diagnostic record of the resource."""
    properties = {
        "apiName": "Azure OpenAI API version 2024-02-15", "requestTime": 638515262815394150, "requestLength": 128,
        "responseTime": 638515262825606520, "responseLength": 1411, "objectId": "", "streamType": "Non-Streaming",
        "modelDeploymentName": call.system, "modelName": call.model, "modelVersion": "0301",
    }  # fmt: skip
    yield {
        "Tenant": "eastus", "category": "RequestResponse", "correlationId": call.id, "durationMs": call.ms,
        "event": "ShoeboxCallResult", "location": "eastus", "operationName": "ChatCompletions_Create",
        "resultSignature": "500" if call.failed else "200", "time": call.iso("0000Z"), "resourceId": "/S/A/PROD",
        "properties": json.dumps(properties),
    }  # fmt: skip


def ollama(call: Call) -> Lines:
    """A response."""
    yield {
        "model": call.model, "created_at": call.iso("799Z"), "app": call.system,
        "message": {"role": "assistant", "content": call.answer}, "done": True,
        "done_reason": "stop", "total_duration": call.ms * 1_000_000, "load_duration": 2154458,
        "prompt_eval_count": call.taken, "eval_count": call.output,
    }  # fmt: skip
