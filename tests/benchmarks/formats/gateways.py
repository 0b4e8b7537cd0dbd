"""Records of gateways and proxies, a call each."""

from __future__ import annotations

import json
from typing import Any

from tests.benchmarks.formats.call import Call, Lines


def _litellm_metadata(call: Call) -> dict[str, Any]:
    usage = {"prompt_tokens": call.taken, "completion_tokens": call.output, "completion_tokens_details": None}
    return {
        "applied_guardrails": [], "attempted_fallbacks": None, "original_model_group": None, "batch_models": None,
        "usage_object": {**usage, "prompt_tokens_details": {"cached_tokens": call.cached}},
        "model_map_information": {"model_map_key": call.model, "model_map_value": {"max_tokens": 16384}},
        "additional_usage_values": {"completion_tokens_details": None, "prompt_tokens_details": None},
        "user_api_key": call.id[:8], "user_api_key_alias": call.system, "user_api_key_team_id": call.system,
        "user_api_key_team_alias": call.system, "requester_ip_address": None, "user_agent": None, "status": None,
    }  # fmt: skip


def _litellm(call: Call) -> dict[str, Any]:
    return {
        "call_type": "acompletion", "cache_hit": "False" if call.failed else "None", "model": call.model,
        "status": "failure" if call.failed else "success", "startTime": str(call.start.replace(tzinfo=None)),
        "endTime": str(call.end.replace(tzinfo=None)), "total_tokens": call.taken + call.output,
        "prompt_tokens": call.taken, "completion_tokens": call.output, "custom_llm_provider": "openai",
    }  # fmt: skip


def spend_log(call: Call) -> Lines:
    """A row of the spend log, as a queue has it."""
    yield {
        "request_id": f"chatcmpl-{call.id}", "session_id": call.id[:16], **_litellm(call), "team_id": call.system,
        "metadata": json.dumps(_litellm_metadata(call)), "spend": call.cost, "request_tags": "[]",
        "messages": "{}", "response": "{}", "proxy_server_request": "{}", "api_base": "", "model_group": "",
    }  # fmt: skip


def payload(call: Call) -> Lines:
    """The standard payload of a callback."""
    yield {
        "id": f"chatcmpl-{call.id}", "trace_id": call.id[:16], **_litellm(call), "cache_hit": None, "stream": True,
        "metadata": _litellm_metadata(call), "response_cost": call.cost, "messages": call.messages,
        "response": call.completion, "model_parameters": {"temperature": 0.2, "stream": True}, "error_str": None,
    }  # fmt: skip


def envoy_ai_gateway(call: Call) -> Lines:
    """A line of its access log."""
    yield {
        "start_time": call.iso(), "method": "POST", "x-envoy-origin-path": "/v1/chat/completions",
        "response_code": 500 if call.failed else 200, "duration": call.ms, "bytes_sent": 900, "user-agent": "curl",
        "x-request-id": call.id, "gen_ai.request.model": call.model, "gen_ai.response.model": call.model,
        "gen_ai.provider.name": "openai", "gen_ai.usage.input_tokens": call.taken, "route_name": call.system,
        "gen_ai.usage.cached_input_tokens": call.cached, "gen_ai.usage.output_tokens": call.output,
        "session.id": call.id[:12], "upstream_host": "10.0.0.1:443", "response_code_details": "via_upstream",
    }  # fmt: skip


def kong(call: Call) -> Lines:
    """A line of a log plugin."""
    usage = {"prompt_tokens": call.taken, "completion_tokens": call.output, "cost": call.cost}
    meta = {"provider_name": "openai", "request_model": call.model, "response_model": call.model}
    yield {
        "started_at": int(call.start.timestamp() * 1000), "response": {"status": 500 if call.failed else 200},
        "request": {"id": call.id, "uri": "/ask", "headers": {"user-agent": "curl", "host": "llm.example.com"}},
        "service": {"name": call.system, "host": "api.example.com"}, "upstream_uri": "/v1/chat/completions",
        "route": {"name": "ask"}, "latencies": {"kong": 3, "proxy": call.ms},
        "ai": {
            "proxy": {
                "meta": {**meta, "llm_latency": call.ms}, "usage": usage,
                "payload": {"request": call.prompt, "response": call.answer},
            }
        },
    }  # fmt: skip


def apisix(call: Call) -> Lines:
    """A line of the access log, as text."""
    yield (
        f"10.0.0.1 - - [{call.start:%d/%b/%Y:%H:%M:%S} +0000] {call.system} \"POST /ask HTTP/1.1\" 200 804"
        f' {call.ms / 1000:.3f} "-" "curl/8.6.0" api.example.com:443 200 {call.ms / 1000:.3f}'
        f' "https://api.example.com/v1/chat/completions" "{call.id}" "ai_chat" "300" "{call.model}"'
        f' "{call.model}" "{call.taken}" "{call.output}"'
    )  # fmt: skip


def apisix_summary(call: Call) -> Lines:
    """A line of a logger plugin."""
    yield {
        "start_time": int(call.start.timestamp() * 1000), "latency": call.ms, "upstream_latency": call.ms - 10,
        "route_id": call.system, "apisix_request_id": call.id, "response": {"status": 500 if call.failed else 200},
        "llm_request": {"messages": call.messages}, "llm_response_text": call.answer, "request": {"size": 900},
        "llm_summary": {
            "model": call.model, "request_model": call.model, "duration": call.ms, "prompt_tokens": call.taken,
            "completion_tokens": call.output, "upstream_response_time": call.ms,
        },
    }  # fmt: skip


def nginx(call: Call) -> Lines:
    """A line of the combined format with labelled values behind it."""
    yield (
        f"10.0.0.1 - {call.system} [{call.start:%d/%b/%Y:%H:%M:%S} +0000]"
        f' "POST /openai/deployments/{call.model}/chat/completions?api-version=2024 HTTP/1.1"'
        f" {500 if call.failed else 200} 804 \"-\" \"curl/8.6.0\" rt={call.ms / 1000:.3f}"
        f' urt="{call.ms / 1000:.3f}" request_id={call.id}'
    )  # fmt: skip


def envoy(call: Call) -> Lines:
    """A line of the default format."""
    yield (
        f'[{call.iso()}] "POST /v1/chat/completions HTTP/1.1" {500 if call.failed else 200} - 105 432 {call.ms}'
        f' 451 "10.0.0.1" "curl/8.6.0" "{call.id}" "{call.system}" "10.0.0.2:443"'
    )
