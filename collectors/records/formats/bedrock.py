"""Model-invocation logs of Amazon Bedrock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.formats.declared import Declaration
from leverwatch.collectors.records.formats.interface import MAX_AMOUNT
from leverwatch.collectors.records.formats.plain import CLASS, NAME, TOTAL, Plainly
from leverwatch.collectors.records.formats.routes import kind_of_model, short_model
from leverwatch.collectors.records.formats.rows import settle_tokens
from leverwatch.collectors.records.recall import recall
from leverwatch.collectors.records.tokens import Stands

_MODEL, _OPERATION, _STATUS = FIELD_INDEX["model"], FIELD_INDEX["operation"], FIELD_INDEX["status"]
_INPUT, _OUTPUT, _CACHED = (
    FIELD_INDEX["input_tokens"],
    FIELD_INDEX["output_tokens"],
    FIELD_INDEX["cached_input_tokens"],
)
_WRITTEN, _LATENCY, _FINISH = (
    FIELD_INDEX["cache_write_tokens"],
    FIELD_INDEX["latency_ms"],
    FIELD_INDEX["finish_reason"],
)
_NUMBERS = (int, float)
_OF_CLAUDE = ("message", "message_start")
"""Compared and not looked up, as a type may be anything."""
_COUNTS = (
    (_INPUT, ("inputTokenCount", "inputTokens", "input_tokens", "prompt_tokens")),
    (_OUTPUT, ("outputTokenCount", "outputTokens", "output_tokens", "completion_tokens")),
    (_CACHED, ("cacheReadInputTokenCount", "cacheReadInputTokens", "cache_read_input_tokens", "cached_tokens")),
    (_WRITTEN, ("cacheWriteInputTokenCount", "cacheWriteInputTokens", "cache_creation_input_tokens")),
)
"""What bodies call their tokens, which the record itself may leave out."""
_USUAL_COUNTS = (
    "inputTokens", "input_tokens", "outputTokens", "output_tokens", "cacheReadInputTokens",
    "cache_read_input_tokens", "cacheWriteInputTokens", "cache_creation_input_tokens",
)  # fmt: skip
"""Those that Converse and the bodies of Claude have."""
_RARE_COUNTS = tuple(name for _, names in _COUNTS for name in names if name not in _USUAL_COUNTS)
_BODY_NAMES = ("amazon-bedrock-guardrailAction", "stopReason", "stop_reason", "type")
_BODY = "output.outputBodyJson"


class _Body(msgspec.Struct, gc=False):
    """The wanted values of a response, or of an event of a streamed one; their types are not known."""

    metrics: Any = None
    invocation: Any = msgspec.field(default=None, name="amazon-bedrock-invocationMetrics")
    guardrail: Any = msgspec.field(default=None, name="amazon-bedrock-guardrailAction")
    reason: Any = msgspec.field(default=None, name="stopReason")
    stop_reason: Any = None
    delta: Any = None
    usage: Any = None
    message: Any = None
    type: Any = None

    @property
    def usages(self) -> tuple[Any, Any, Any]:
        """The objects that may tell tokens."""
        return self.usage, self.invocation, None if self.message is None else _inside(self.message, "usage")

    @property
    def reasons(self) -> tuple[Any, Any, Any]:
        """The finish reasons at the three places where models write one."""
        return self.reason, self.stop_reason, None if self.delta is None else _inside(self.delta, "stop_reason")


_decode = msgspec.json.Decoder(_Body).decode
_decode_list = msgspec.json.Decoder(list[msgspec.Raw]).decode


def _bodies(raw: msgspec.Raw | None) -> list[_Body]:
    """Return the body of a response, or the events of a streamed one; empty when it cannot be read."""
    text = bytes(raw or b"")
    try:
        if text.startswith(b"{"):
            return [_decode(text)]
        events = _decode_list(text) if text.startswith(b"[") else ()
        return [_decode(event) for event in events if bytes(event).startswith(b"{")]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []


def _inside(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _number(objects: Iterable[Any], key: str) -> float | None:
    """Return the first number that one of the objects has under a key; None when none has."""
    for it in objects:
        value: Any = it.get(key) if type(it) is dict else None
        if type(value) in _NUMBERS and 0 <= value <= MAX_AMOUNT:
            return value  # type: ignore[no-any-return]  # its type was just looked at
    return None


def _finish(
    row: list[Any], schema: str | None, error: str | int | None, body: msgspec.Raw | None
) -> Result | None:
    if schema != "ModelInvocationLog" and (schema is not None or row[_MODEL] is None):
        return Result.NOT_A_CALL
    bodies = _bodies(body)
    metrics: Sequence[Any]
    invocations: Sequence[Any]
    guardrails: Sequence[Any]
    reasons: Sequence[Any]
    usages: Sequence[Any]
    if len(bodies) == 1:
        # Nearly all records.
        (it,) = bodies
        metrics, invocations, guardrails = (it.metrics,), (it.invocation,), (it.guardrail,)
        reasons, usages = it.reasons, it.usages
    else:
        metrics, invocations = [it.metrics for it in bodies], [it.invocation for it in bodies]
        guardrails = [it.guardrail for it in bodies]
        # One way of saying it after the other, each in the order of the events.
        reasons = [reason for way in zip(*[it.reasons for it in bodies], strict=True) for reason in way]
        usages = [usage for it in bodies for usage in it.usages]
    row[_OPERATION] = kind_of_model(row[_MODEL]) or row[_OPERATION]
    latency = _number(metrics, "latencyMs")
    row[_LATENCY] = _number(invocations, "invocationLatency") if latency is None else latency
    for reason in reasons:
        if isinstance(reason, str):
            row[_FINISH] = reason
            break
    if error not in {None, ""}:
        row[_STATUS] = "error"
        return None
    _complete(row, usages)
    blocked = "guardrail_intervened" in reasons or "INTERVENED" in guardrails
    if blocked and not row[_OUTPUT]:
        row[_STATUS] = "blocked"
    elif row[_INPUT] == 0 and not row[_OUTPUT]:
        # No model reads nothing: these were not counted.
        row[_INPUT] = row[_OUTPUT] = None
    if row[_CACHED] or row[_WRITTEN]:
        claude = "anthropic" in (row[_MODEL] or "") or bool([it for it in bodies if it.type in _OF_CLAUDE])
        _settle(row, claude, _number(usages, "totalTokens"))
    return None


def _complete(row: list[Any], usages: Sequence[Any]) -> None:
    """Fill in the tokens that only the bodies tell; those of a stream grow from event to event."""
    told = None
    for place, names in _COUNTS:
        if not row[place]:
            if told is None:
                told = [usage for usage in usages if isinstance(usage, dict)]
            found = [usage[name] for usage in told for name in names if name in usage]
            if found:
                numbers = [it for it in found if type(it) in _NUMBERS and 0 <= it <= MAX_AMOUNT]
                row[place] = max(numbers, default=row[place])


def _settle(row: list[Any], claude: bool, total: float | None) -> None:
    """Put what went through the cache inside the input."""
    parts, taken = (row[_CACHED] or 0) + (row[_WRITTEN] or 0), row[_INPUT]
    if not claude and taken is not None and parts > taken and total == taken + (row[_OUTPUT] or 0):
        # The total says that the input is whole, so that these are no parts of it.
        row[_CACHED] = row[_WRITTEN] = None
    settle_tokens(row, Stands.BESIDE if claude else Stands.UNSAID, Stands.INSIDE, total)


@recall(4096, typed=True)
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
        "body": (_BODY, msgspec.Raw),
    },
    words={
        "operation": {
            "InvokeModelWithBidirectionalStream": "converse",
            "StartAsyncInvoke": "other",
            **dict.fromkeys(
                ("CountTokens", "ApplyGuardrail", "InvokeGuardrailChecks", "GetAsyncInvoke", "ListAsyncInvokes"),
                Result.NOT_A_CALL,
            ),
        },
    },
    convert={"model": short_model, "identity": _identity},
    cached=Stands.UNSAID,
    finish=_finish,
    plainly=Plainly(
        absent=(
            *(f"{_BODY}.{key}" for key in ("amazon-bedrock-invocationMetrics", "delta", "message")),
            *(f"{_BODY}.usage.{key}" for key in _RARE_COUNTS),
        ),
        further=(
            (f"{_BODY}.metrics.latencyMs", "latency_ms", 0),
            (f"{_BODY}.usage.totalTokens", TOTAL, 0),
            *((f"{_BODY}.{key}", NAME, 0) for key in _BODY_NAMES),
            *((f"{_BODY}.usage.{key}", CLASS, 0) for key in _USUAL_COUNTS),
        ),
        sessions=frozenset({"identity.arn"}),
        either=True,
        as_told=lambda row: row[_STATUS] == "error",
    ),
)
