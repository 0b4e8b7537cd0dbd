"""LiteLLM's proxy: rows of its spend log, and the standard payload of its logging callbacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.formats.declared import Declaration
from leverwatch.collectors.records.formats.jsonl import TEXT
from leverwatch.collectors.records.formats.litellm_attempts import HEALTH_CHECK, is_client_gone, tells_more
from leverwatch.collectors.records.formats.litellm_calls import PLAIN
from leverwatch.collectors.records.formats.litellm_record import Told, bare_model, complete, identity
from leverwatch.collectors.records.formats.peek import peek
from leverwatch.collectors.records.formats.plain import Plainly
from leverwatch.collectors.records.timestamps import elapsed_ms

_INPUT, _CACHED, _OUTPUT = (
    FIELD_INDEX["input_tokens"],
    FIELD_INDEX["cached_input_tokens"],
    FIELD_INDEX["output_tokens"],
)
_WRITTEN, _REASONING = FIELD_INDEX["cache_write_tokens"], FIELD_INDEX["reasoning_tokens"]
_TIME, _COST, _LATENCY = FIELD_INDEX["time"], FIELD_INDEX["cost_usd"], FIELD_INDEX["latency_ms"]
_FINISH, _SCHEMA = FIELD_INDEX["finish_reason"], FIELD_INDEX["schema_mode"]
_MODEL, _REQUEST, _OPERATION = FIELD_INDEX["model"], FIELD_INDEX["request_id"], FIELD_INDEX["operation"]
_STATUS = FIELD_INDEX["status"]
_SHORT = 100
"""Bytes of a response that is looked through before it is decoded."""


class _Choice(msgspec.Struct, gc=False):
    finish_reason: str | None = None


class _Response(msgspec.Struct, gc=False):
    choices: list[_Choice] | None = None


_decode_response = msgspec.json.Decoder(_Response).decode


def _finish(
    row: list[Any], end: object, response: msgspec.Raw | None, parameters: msgspec.Raw | None, read: object,
    wrote: object, call: object, provider: object, silent: object, billed: object, retries: object,
    fallbacks: object, alias: object, key: object, group: object, stream: object, text: object,
    error: msgspec.Raw | None, why: object, hidden: msgspec.Raw | None, row_id: object, base: object,
    asked: object,
) -> Result | None:  # fmt: skip
    if read is not None or wrote is not None:
        row[_CACHED], row[_WRITTEN] = _larger(row[_CACHED], read), _larger(row[_WRITTEN], wrote)
    if not row[_INPUT] and not row[_OUTPUT]:
        # Columns that are never null hold zeros where the usage was not known.
        row[_INPUT] = row[_OUTPUT] = row[_CACHED] = row[_WRITTEN] = row[_REASONING] = None
    if not row[_COST]:
        # A model without a price is logged with a cost of zero.
        row[_COST] = None
    if row[_LATENCY] is None:
        # `response_time` will not do: for a stream it is the time to the first token.
        row[_LATENCY] = elapsed_ms(row[_TIME], end)
    if response is not None:
        row[_FINISH] = _reason(response)
    if parameters is not None:
        row[_SCHEMA] = peek(parameters, "response_format", "type")
    if call is not None:
        row[_REQUEST] = identity(row[_REQUEST], call)
    row[_MODEL] = bare_model(row[_MODEL], provider)
    if (
        row[_STATUS] == "success"
        and row[_OPERATION] in PLAIN
        and not (silent or billed or retries or fallbacks or why)
        and not (stream and row[_CACHED] is None and text is not None)
        and HEALTH_CHECK not in (alias, key)
        and (hidden is None or not tells_more(hidden, group))
        and not is_client_gone(error)
    ):
        # Nearly all records.
        row[_OPERATION] = PLAIN[row[_OPERATION]]
        return None
    if why and error is None:
        error = msgspec.Raw(msgspec.json.encode(why))
    told = Told(
        response, parameters, provider, key, alias, silent, billed, retries, fallbacks, group, stream, text, error,
        hidden, row_id, base, asked,
    )  # fmt: skip
    return complete(row, told)


def _larger(first: float | None, second: object) -> Any:
    """Of two places for the same number, one may be zero where it was never filled in."""
    if first or isinstance(second, bool) or not isinstance(second, int | float):
        return first
    return second if first is None or second > first else first


def _reason(response: msgspec.Raw) -> str | None:
    text = bytes(response)
    if len(text) < _SHORT and b"finish_reason" not in text and b"\\" not in text:
        return None  # such as an empty object in a text
    try:
        choices = _decode_response(response).choices
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass  # such as JSON in a string
    else:
        return choices[0].finish_reason if choices else None
    value = peek(response, "choices", 0, "finish_reason")
    return value if isinstance(value, str) else None


class _Asked(msgspec.Struct, gc=False):
    call_type: str | None = None


_decode_asked = msgspec.json.Decoder(_Asked).decode


def _is_plain(unit: bytes) -> bool:
    """Whether no more of a response counts than how it ended: batches and sessions are several calls."""
    return _decode_asked(unit).call_type in PLAIN


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
            _MORE + "prompt_tokens_details.cached_tokens",
        ),
        "cache_write_tokens": (
            _USAGE + "cache_creation_input_tokens",
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
        "inferences": (),
        "attempts": (),
        "errors": (),
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
        "call": ("litellm_call_id", TEXT),
        "provider": ("custom_llm_provider", TEXT),
        "row_id": ("request_id", TEXT),
        "base": ("api_base", TEXT),
        "asked": (_KEY + "request_route", TEXT),
        "key": (("api_key", _KEY + "hash"), TEXT),
        "alias": (_KEY + "alias", TEXT),
        "silent": ("metadata.is_silent_experiment", TEXT),
        "billed": ("metadata.billed_retry_attempt", TEXT),
        "retries": ("metadata.attempted_retries", TEXT),
        "fallbacks": ("metadata.attempted_fallbacks", TEXT),
        "group": ("model_group", TEXT),
        "stream": ("stream", TEXT),
        "text": (_USAGE + "completion_tokens_details.text_tokens", TEXT),
        "read": ((_USAGE + "cache_read_input_tokens", _MORE + "cache_read_input_tokens"), TEXT),
        "wrote": (_USAGE + "prompt_tokens_details.cache_creation_tokens", TEXT),
        "error": ("error_information", msgspec.Raw),
        # In rows it is almost always null, and raw values inside of text take long.
        "why": ("metadata.error_information", Any),
        "hidden": ("hidden_params", msgspec.Raw),
    },
    completes={
        "end": "latency_ms",
        "text": "",
        "read": "cached_input_tokens",
        "wrote": "cache_write_tokens",
    },
    total="total_tokens",
    in_text=("metadata",),
    finish=_finish,
    plainly=Plainly(
        absent=("litellm_call_id", "hidden_params", _USAGE + "completion_tokens_details.text_tokens"),
        unread=frozenset({"row_id"}),
        classes=frozenset({"read", "wrote"}),
        inside={
            "response": ((b"choices", True, b"finish_reason"),),
            "parameters": ((b"response_format", b"type"),),
        },
        ended="end",
        accepts=_is_plain,
    ),
)
