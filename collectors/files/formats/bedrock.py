"""Model-invocation logs of Amazon Bedrock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from collectors.files.formats.declared import PLACE, Declaration
from collectors.files.formats.interface import MAX_COUNT
from collectors.files.formats.routes import kind_of_model, short_model
from collectors.interface import Result

_MODEL, _OPERATION, _STATUS = PLACE["model"], PLACE["operation"], PLACE["status"]
_INPUT, _OUTPUT, _CACHED = PLACE["input_tokens"], PLACE["output_tokens"], PLACE["cached_input_tokens"]
_WRITTEN, _LATENCY, _FINISH = PLACE["cache_write_tokens"], PLACE["latency_ms"], PLACE["finish_reason"]
_ACTION = "amazon-bedrock-guardrailAction"


def _objects(raw: msgspec.Raw | None) -> list[dict[str, Any]]:
    """The body of a response, or the events of a streamed one; a body may be anything at all."""
    if raw is None:
        return []
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    return [part for part in (body if isinstance(body, list) else [body]) if isinstance(part, dict)]


def _values(objects: list[dict[str, Any]], *path: str) -> Iterator[Any]:
    for value in objects:
        found: Any = value
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        if found is not None:
            yield found


def _number(values: Iterator[Any]) -> float | None:
    return next((it for it in values if type(it) in {int, float} and 0 <= it <= MAX_COUNT), None)


def _finish(
    row: list[Any], *, schema: str | None, error: str | int | None, body: msgspec.Raw | None
) -> Result | None:
    if schema != "ModelInvocationLog" and (schema is not None or row[_MODEL] is None):
        return Result.NOT_A_CALL
    objects = _objects(body)
    row[_OPERATION] = kind_of_model(row[_MODEL]) or row[_OPERATION]
    row[_LATENCY] = _number(_values(objects, "metrics", "latencyMs"))
    if row[_LATENCY] is None:
        row[_LATENCY] = _number(_values(objects, "amazon-bedrock-invocationMetrics", "invocationLatency"))
    paths = (("stopReason",), ("stop_reason",), ("delta", "stop_reason"))
    reasons = [reason for path in paths for reason in _values(objects, *path)]
    row[_FINISH] = next((reason for reason in reasons if isinstance(reason, str)), None)
    if error not in {None, ""}:
        row[_STATUS] = "error"
        return None
    blocked = "guardrail_intervened" in reasons or "INTERVENED" in list(_values(objects, _ACTION))
    if blocked and not row[_OUTPUT]:
        row[_STATUS] = "blocked"
    elif row[_INPUT] == 0 and not row[_OUTPUT]:
        # No model reads nothing: these were not counted.
        row[_INPUT] = row[_OUTPUT] = None
    _add_cache(row, objects)
    return None


def _add_cache(row: list[Any], objects: list[dict[str, Any]]) -> None:
    beside = (row[_CACHED] or 0) + (row[_WRITTEN] or 0)
    if row[_INPUT] is None or not beside:
        return
    total = _number(_values(objects, "usage", "totalTokens"))
    if "anthropic" in (row[_MODEL] or "") or total == row[_INPUT] + (row[_OUTPUT] or 0) + beside:
        row[_INPUT] += beside


def _identity(arn: Any) -> str:
    kind, _, name = str(arn).rpartition(":")[2].partition("/")
    # The session behind an assumed role is another one every time.
    return name.partition("/")[0] if kind == "assumed-role" else name.rpartition("/")[2] or str(arn)


def _recognise(record: Any) -> int:
    if not isinstance(record, Mapping):
        return 0
    if record.get("schemaType") == "ModelInvocationLog":
        return 99
    return 80 if {"modelId", "requestId", "operation"} <= record.keys() else 0


BEDROCK = Declaration(
    name="bedrock",
    recognise=_recognise,
    fields={
        "time": "timestamp",
        "model": "modelId",
        "request_id": "requestId",
        "operation": "operation",
        "status": (),
        "input_tokens": "input.inputTokenCount",
        "cached_input_tokens": "input.cacheReadInputTokenCount",
        "cache_write_tokens": "input.cacheWriteInputTokenCount",
        "output_tokens": "output.outputTokenCount",
        "latency_ms": (),
        "finish_reason": (),
    },
    names={"identity": "identity.arn", "account": "accountId", "region": "region", "model": "modelId"},
    extras={
        "schema": ("schemaType", str | None),
        "error": ("errorCode", str | int | None),
        "body": ("output.outputBodyJson", msgspec.Raw),
    },
    convert={"model": short_model, "identity": _identity},
    finish=_finish,
)
