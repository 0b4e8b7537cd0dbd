"""LiteLLM's proxy: rows of its spend log, and the standard payload of its logging callbacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.formats.declared import Declaration
from leverwatch.collectors.records.formats.peek import peek
from leverwatch.collectors.records.recall import recall
from leverwatch.collectors.records.timestamps import elapsed_ms

_INPUT, _CACHED, _OUTPUT = (
    FIELD_INDEX["input_tokens"],
    FIELD_INDEX["cached_input_tokens"],
    FIELD_INDEX["output_tokens"],
)
_OPERATION, _COST, _LATENCY = FIELD_INDEX["operation"], FIELD_INDEX["cost_usd"], FIELD_INDEX["latency_ms"]
_TIME, _FINISH, _SCHEMA = FIELD_INDEX["time"], FIELD_INDEX["finish_reason"], FIELD_INDEX["schema_mode"]


class _Choice(msgspec.Struct, gc=False):
    finish_reason: str | None = None


class _Response(msgspec.Struct, gc=False):
    choices: list[_Choice] | None = None


_decode_response = msgspec.json.Decoder(_Response).decode
_PASSTHROUGH = "pass_through_endpoint"
_CALLS: Mapping[str, Any] = {
    "anthropic_messages": "messages",
    "generate_content_stream": "generate_content",
    "agenerate_content_stream": "generate_content",
    "_arealtime": "responses",
    "_aresponses_websocket": "responses",
    "aimage_edit": "image_edit",
    "llm_passthrough_route": _PASSTHROUGH,
    "allm_passthrough_route": _PASSTHROUGH,
    "search": "other",
    "asearch": "other",
    "ocr": "other",
    "aocr": "other",
    "send_message": "agent",
    "asend_message": "agent",
}
_MANAGED = (
    "file", "batch", "fine_tuning", "container", "skill", "sandbox", "vector_store", "assistant", "thread", "mcp",
    "input_items", "get_responses", "delete_responses", "cancel_responses", "run_code", "interpreter", "video",
)  # fmt: skip
"""Parts of the names of calls that ask for no inference: uploads, jobs, look-ups."""


def _finish(
    row: list[Any], *, end: object, response: msgspec.Raw | None, parameters: msgspec.Raw | None
) -> Result | None:
    word = row[_OPERATION]
    if word is not None and _is_managed(word):
        return Result.NOT_A_CALL
    no_tokens = not row[_INPUT] and not row[_OUTPUT]
    if word == _PASSTHROUGH:
        # The route says nothing of what was asked for; tokens say that a model answered.
        row[_OPERATION] = "other" if no_tokens else "completion"
    if no_tokens:
        # Columns that are never null hold zeros where the usage was not known.
        row[_INPUT] = row[_OUTPUT] = row[_CACHED] = None
    if not row[_COST]:
        # A model without a price is logged with a cost of zero.
        row[_COST] = None
    if row[_LATENCY] is None:
        # `response_time` will not do: for a stream it is the time to the first token.
        row[_LATENCY] = elapsed_ms(row[_TIME], end)
    if row[_FINISH] is None:
        row[_FINISH] = _reason(response)
    row[_SCHEMA] = peek(parameters, "response_format", "type")
    return None


@recall(1024)
def _is_managed(word: str) -> bool:
    return any(part in word for part in _MANAGED)


def _reason(response: msgspec.Raw | None) -> str | None:
    if bytes(response or b"").startswith(b"{"):
        try:
            choices = _decode_response(response or b"").choices
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
        else:
            return choices[0].finish_reason if choices else None
    value = peek(response, "choices", 0, "finish_reason")
    return value if isinstance(value, str) else None


def _recognise(record: Any) -> int:
    if not isinstance(record, Mapping) or "call_type" not in record or "startTime" not in record:
        return 0
    return 98 if "spend" in record or "response_cost" in record else 60


_USAGE = "metadata.usage_object."
_MORE = "metadata.additional_usage_values."
_KEY = "metadata.user_api_key_"

LITELLM = Declaration(
    name="litellm",
    recognise=_recognise,
    fields={
        "time": "startTime",
        "model": ("model", "model_group"),
        "request_id": ("request_id", "id"),
        "operation": "call_type",
        "status": ("status", "metadata.status", "status_fields.llm_api_status"),
        "input_tokens": "prompt_tokens",
        "cached_input_tokens": (
            _USAGE + "prompt_tokens_details.cached_tokens",
            _USAGE + "cache_read_input_tokens",
            _MORE + "prompt_tokens_details.cached_tokens",
            _MORE + "cache_read_input_tokens",
        ),
        "cache_write_tokens": (
            _USAGE + "cache_creation_input_tokens",
            _USAGE + "prompt_tokens_details.cache_creation_tokens",
            _MORE + "cache_creation_input_tokens",
        ),
        "output_tokens": "completion_tokens",
        "reasoning_tokens": (
            _USAGE + "completion_tokens_details.reasoning_tokens",
            _MORE + "completion_tokens_details.reasoning_tokens",
        ),
        "cost_usd": ("spend", "response_cost"),
        "latency_ms": "request_duration_ms",
        "trace_id": ("session_id", "trace_id"),
        "cache_hit": "cache_hit",
        "schema_mode": (),
        "finish_reason": (),
    },
    names={
        "team_id": ("team_id", _KEY + "team_id"),
        "team_alias": _KEY + "team_alias",
        "user_api_key_team_alias": _KEY + "team_alias",
        "user_api_key_alias": _KEY + "alias",
        "key_alias": _KEY + "alias",
        "project_id": _KEY + "project_id",
        "project_alias": _KEY + "project_alias",
        "organization_id": ("organization_id", _KEY + "org_id"),
        "user": ("user", _KEY + "user_id"),
        "model_group": ("model_group", "model"),
    },
    extras={
        "end": ("endTime", str | int | float | None),
        "response": ("response", msgspec.Raw),
        "parameters": ("model_parameters", msgspec.Raw),
    },
    words={"operation": _CALLS},
    in_text=("metadata",),
    finish=_finish,
)
