"""Records of tracing tools, in which calls lie among other work."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.benchmarks.formats.call import Call, Lines


def _attributes(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"key": key, "value": {"intValue": str(it)} if isinstance(it, int) else {"stringValue": it}}
        for key, it in values.items()
    ]


def _span(call: Call, number: int, parent: str | None, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    start = int(call.start.timestamp() * 1000) * 1_000_000
    return {
        "traceId": call.id + "0" * 8, "spanId": f"{number:04x}{call.id[:12]}", "parentSpanId": parent or "",
        "name": name, "kind": 3, "startTimeUnixNano": str(start), "attributes": _attributes(values),
        "endTimeUnixNano": str(start + call.ms * 1_000_000), "status": {"code": 2} if call.failed else {},
    }  # fmt: skip


def otlp(call: Call) -> Lines:
    """A chain of three calls, with the agent and the tools around them."""
    root = _span(call, 0, None, "agent", {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "a"})
    spans = [root]
    for number in range(1, 4):
        values = {
            "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "server.address": "api.example.com",
            "server.port": 443, "gen_ai.request.model": call.model, "gen_ai.response.model": call.model,
            "gen_ai.request.max_tokens": 1024, "gen_ai.response.id": f"chatcmpl-{number}{call.id}",
            "gen_ai.usage.input_tokens": call.taken + number, "gen_ai.usage.output_tokens": call.output,
            "gen_ai.usage.cache_read.input_tokens": call.cached, "gen_ai.input.messages": call.prompt,
            "gen_ai.output.messages": call.answer,
        }  # fmt: skip
        chat = _span(call, number, root["spanId"], "chat", values)
        chat["attributes"].append(
            {
                "key": "gen_ai.response.finish_reasons",
                "value": {"arrayValue": {"values": [{"stringValue": "stop"}]}},
            }
        )
        tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search", "input.value": call.answer}
        spans += [chat, _span(call, 10 + number, root["spanId"], "tool", tool)]
    resource = {"service.name": call.system, "deployment.environment": "prod", "telemetry.sdk.language": "python"}
    yield {
        "resourceSpans": [
            {"resource": {"attributes": _attributes(resource)}, "scopeSpans": [{"scope": {}, "spans": spans}]}
        ]
    }


def langfuse(call: Call) -> Lines:
    """A tool and a generation of a trace."""
    common: dict[str, Any] = {
        "traceId": call.id, "startTime": call.iso(), "endTime": call.end.isoformat(timespec="milliseconds"),
        "projectId": call.system, "environment": "default", "statusMessage": None, "modelParameters": {},
        "level": "ERROR" if call.failed else "DEFAULT", "input": call.prompt, "output": call.answer,
    }  # fmt: skip
    yield {"id": f"t{call.id[:15]}", "type": "TOOL", **common, "usageDetails": {}, "costDetails": {}}
    yield {
        "id": call.id[:16], "type": "GENERATION", **common, "model": call.model,
        "usageDetails": {"input": call.taken, "output": call.output, "total": call.taken + call.output},
        "costDetails": {"input": call.cost / 2, "output": call.cost / 2, "total": call.cost},
        "totalCost": call.cost,
    }  # fmt: skip


def mlflow(call: Call) -> Lines:
    """A trace of four spans, two of which are calls."""
    start = int(call.start.timestamp() * 1000) * 1_000_000
    spans: list[dict[str, Any]] = []
    for number, kind in enumerate(("AGENT", "CHAT_MODEL", "TOOL", "CHAT_MODEL")):
        usage = {
            "input_tokens": call.taken,
            "output_tokens": call.output,
            "total_tokens": call.taken + call.output,
        }
        of_call = {"mlflow.llm.model": json.dumps(call.model), "mlflow.chat.tokenUsage": json.dumps(usage)}
        spans.append(
            {
                "span_id": f"{number:016x}", "parent_span_id": f"{0:016x}" if number else None, "name": kind,
                "start_time_unix_nano": start, "end_time_unix_nano": start + call.ms * 1_000_000,
                "status": {"code": "STATUS_CODE_OK", "message": ""},
                "attributes": {
                    "mlflow.spanType": json.dumps(kind), "mlflow.spanInputs": json.dumps(call.prompt[:400]),
                    "mlflow.spanOutputs": json.dumps(call.answer), **(of_call if kind == "CHAT_MODEL" else {}),
                },
            }
        )  # fmt: skip
    location = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": call.system}}
    info = {"trace_id": f"tr-{call.id}", "trace_location": location, "request_time": call.iso(), "state": "OK"}
    yield {"info": {**info, "trace_metadata": {}, "tags": {}}, "data": {"spans": spans}}
