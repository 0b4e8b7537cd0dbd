"""The log stream of Portkey's gateway: an entry for each request of a client, with every call that it led to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.formats.declared import Declaration
from leverwatch.collectors.records.formats.interface import MAX_AMOUNT, MAX_COUNT
from leverwatch.collectors.records.formats.rewritten import Refusal, Rewritten, with_keys
from leverwatch.collectors.records.formats.routes import route
from leverwatch.collectors.records.tokens import Stands, Tokens, whole_tokens
from leverwatch.collectors.records.vocabulary import is_cache_hit

_CALL = "leverwatch call"
_OPERATIONS = {
    "chatComplete": "chat",
    "complete": "completion",
    "messages": "messages",
    "createModelResponse": "responses",
    "embed": "embeddings",
    "rerank": "rerank",
    "imageGenerate": "image",
    "imageEdit": "image",
    "createSpeech": "audio",
    "createTranscription": "audio",
    "createTranslation": "audio",
}
"""The gateway's own names of what it asks a provider for; `stream-` may stand before them."""
_NAMES: Mapping[str, Sequence[str]] = {
    "input": ("prompt_tokens", "input_tokens", "promptTokenCount", "inputTokens"),
    "cached": (
        "cached_tokens", "cache_read_input_tokens", "cachedContentTokenCount", "cacheReadInputTokens",
    ),
    "written": ("cache_write_tokens", "cache_creation_input_tokens", "cacheWriteInputTokens"),
    "output": ("completion_tokens", "output_tokens", "candidatesTokenCount", "outputTokens"),
    "reasoning": ("reasoning_tokens", "thoughtsTokenCount"),
    "total": ("total_tokens", "totalTokenCount", "totalTokens"),
}  # fmt: skip
"""What providers call their tokens; a response is that of the provider, or what the gateway made of it."""


class _Option(msgspec.Struct, gc=False):
    """A call to a provider, or an answer from the cache; nothing of it is sure to have its type."""

    provider: Any = msgspec.field(default=None, name="providerOptions")
    params: Any = msgspec.field(default=None, name="requestParams")
    untransformed: Any = msgspec.field(default=None, name="finalUntransformedRequest")
    original: Any = msgspec.field(default=None, name="originalResponse")
    response: Any = None
    created: Any = msgspec.field(default=None, name="createdAt")
    cache: Any = msgspec.field(default=None, name="cacheStatus")
    span: Any = msgspec.field(default=None, name="hookSpanId")
    took: Any = msgspec.field(default=None, name="executionTime")


class _Entry(msgspec.Struct, gc=False):
    method: Any = None
    status: Any = None
    duration: Any = None
    options: list[_Option] | None = msgspec.field(default=None, name="requestOptions")


_decode = msgspec.json.Decoder(_Entry).decode


def _call(unit: bytes) -> Sequence[bytes | Refusal] | Refusal | None:
    """Return an entry with what it says of its last call, which is the one that answered."""
    try:
        entry = _decode(unit)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not entry.options:
        return (unit,)
    first, last = entry.options[0], entry.options[-1]
    operation = _operation(last)
    # The answer to the client stands in the first option, whichever it came from.
    bodies = [it for it in (first.response, _at(last.original, "body"), last.response) if isinstance(it, dict)]
    asked = (*bodies, last.params, _at(last.untransformed, "body"), _at(last.provider, "overrideParams"))
    values = {
        "operation": operation,
        "time": _text(first.created),
        "id": _text(first.span),
        "model": next((name for it in asked if (name := _text(_at(it, "model")))), None),
        "provider": _text(_at(last.provider, "provider")),
        "attempts": _attempts(entry),
        "cache": "hit" if is_cache_hit(last.cache) else None,
        "latency": None
        if _at(last.params, "stream") is True
        else _told(entry.duration, _number(entry.duration, MAX_AMOUNT)),
        "finish": _reason(bodies),
        **_tokens(bodies),
    }
    known = {name: value for name, value in values.items() if value is not None}
    return (with_keys(unit, {_CALL: msgspec.json.encode(known)}),)


def _at(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _number(value: Any, most: float) -> float | None:
    return value if type(value) in {int, float} and 0 <= value <= most else None


def _told(value: Any, number: float | None) -> Any:
    """Return a number, or the value that is none, of which the reader of the record says so."""
    return number if number is not None or value is None else value


def _operation(option: _Option) -> str | None:
    """Return what was asked for; None when that calls no model."""
    name = _text(_at(option.provider, "rubeusURL")) or ""
    if name not in {"proxy", ""}:
        return _OPERATIONS.get(name.removeprefix("stream-"))
    found = route(_text(_at(option.provider, "requestURL")) or "")
    return None if found is None else found.operation


def _attempts(entry: _Entry) -> int:
    """Return how many providers were asked. A call that the gateway repeated by itself looks like a single one,
    unless it ended in a status for which the gateway gives up only after its last retry."""
    options = entry.options or []
    asked = [it for it in options if not is_cache_hit(it.cache)]
    if any(it.took is not None for it in options):
        # A guardrail that refused the request leaves no time of execution.
        asked = [it for it in asked if it.took is not None]
    retry = _at(options[-1].provider, "retry")
    retries, statuses = _at(retry, "attempts"), _at(retry, "onStatusCodes")
    if asked and type(retries) is int and 0 < retries < 100 and isinstance(statuses, list):
        return len(asked) + (retries if entry.status in statuses else 0)
    return len(asked)


def _reason(bodies: Iterable[dict[str, Any]]) -> str | None:
    for body in bodies:
        choices = _at(body, "choices") or _at(body, "candidates")
        choice = choices[0] if isinstance(choices, list) and choices else None
        told = _at(choice, "finish_reason") or _at(choice, "finishReason")
        told = told or _at(body, "stop_reason") or _at(body, "stopReason")
        reason = _text(told or _at(_at(body, "incomplete_details"), "reason"))
        if reason is not None:
            return reason
    return None


def _tokens(bodies: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return the tokens that the first body with a usage tells, as they are where they are no numbers."""
    unread: dict[str, Any] = {}
    for body in bodies:
        usage = _at(body, "usage") or _at(body, "usageMetadata")
        if not isinstance(usage, dict):
            continue
        flat = dict(usage)
        for inner in usage.values():
            flat |= inner if isinstance(inner, dict) else {}
        told = Tokens(**{name: _count(flat, names) for name, names in _NAMES.items()})
        given = {name: _given(flat, names) for name, names in _NAMES.items() if name != "total"}
        if told.input is None and told.output is None:
            unread = unread or given
            continue
        # The gateway adds up some providers' caches and leaves those of others out; its totals tell which.
        cached = Stands.BESIDE if _at(body, "type") == "message" else Stands.UNSAID
        thoughts = Stands.BESIDE if "thoughtsTokenCount" in usage else Stands.UNSAID
        whole = whole_tokens(told, cached, thoughts)
        return {name: _told(value, getattr(whole, name)) for name, value in given.items()}
    return unread


def _given(usage: dict[str, Any], names: Sequence[str]) -> Any:
    return next((usage[name] for name in names if usage.get(name) is not None), None)


def _count(usage: dict[str, Any], names: Sequence[str]) -> float | None:
    found = [number for name in names if (number := _number(usage.get(name), MAX_COUNT)) is not None]
    # Of two spellings the one that saw nothing knows less.
    return max(found, default=None)


def _finish(row: list[Any], method: str | None, operation: str | None) -> Result | None:  # noqa: ARG001
    return None if operation is not None and method in {"POST", None} else Result.NOT_A_CALL


def _recognise(record: Any) -> int:
    options = record.get("requestOptions") if isinstance(record, Mapping) else None
    if not isinstance(options, list) or not options or not isinstance(options[0], Mapping):
        return 0
    return 95 if "providerOptions" in options[0] else 0


def _of_call(name: str) -> str:
    return f"{_CALL}.{name}"


PORTKEY = Rewritten(
    Declaration(
        name="portkey",
        recognise=_recognise,
        fields={
            "time": _of_call("time"),
            "model": _of_call("model"),
            "request_id": _of_call("id"),
            "operation": _of_call("operation"),
            "status": "status",
            "input_tokens": _of_call("input"),
            "cached_input_tokens": _of_call("cached"),
            "cache_write_tokens": _of_call("written"),
            "output_tokens": _of_call("output"),
            "reasoning_tokens": _of_call("reasoning"),
            "latency_ms": _of_call("latency"),
            "cache_hit": _of_call("cache"),
            "attempts": _of_call("attempts"),
            "finish_reason": _of_call("finish"),
        },
        names={"provider": _of_call("provider"), "model": _of_call("model")},
        extras={"method": ("method", str | None), "operation": (_of_call("operation"), str | None)},
        finish=_finish,
    ),
    _call,
)
