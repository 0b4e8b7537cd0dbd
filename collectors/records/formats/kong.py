"""Logs of Kong: what its AI plugins add to the log of a request, each under its own name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.formats.declared import Declaration
from leverwatch.collectors.records.formats.plain import Plainly
from leverwatch.collectors.records.formats.rewritten import Rewritten, with_keys
from leverwatch.collectors.records.formats.routes import route
from leverwatch.collectors.records.tokens import Stands

_REQUEST, _OPERATION, _COST = FIELD_INDEX["request_id"], FIELD_INDEX["operation"], FIELD_INDEX["cost_usd"]
_MODEL, _ATTEMPTS = FIELD_INDEX["model"], FIELD_INDEX["attempts"]
_INPUT, _OUTPUT = FIELD_INDEX["input_tokens"], FIELD_INDEX["output_tokens"]
_NULL = msgspec.Raw(b"null")
_PLUGIN, _NAME = "leverwatch plugin", "leverwatch plugin name"


class _Cache(msgspec.Struct, gc=False):
    cache_status: str | None = None


class _Plugin(msgspec.Struct, gc=False):
    """The wanted values of a plugin."""

    meta: msgspec.Raw = _NULL
    usage: msgspec.Raw = _NULL
    cache: msgspec.Raw = _NULL
    tried_targets: msgspec.Raw = _NULL


class _Target(msgspec.Struct, gc=False):
    """A model that the plugin asked; its values are not sure to have their types."""

    model: Any = None
    route_type: Any = None


class _Record(msgspec.Struct, gc=False):
    ai: dict[str, _Plugin] | None = None


class _LooseRecord(msgspec.Struct, gc=False):
    ai: dict[str, msgspec.Raw] | None = None


_decode = msgspec.json.Decoder(_Record).decode
_decode_loosely = msgspec.json.Decoder(_LooseRecord).decode
_decode_cache = msgspec.json.Decoder(_Cache | None).decode
_decode_plugin = msgspec.json.Decoder(_Plugin).decode
_decode_targets = msgspec.json.Decoder(list[_Target] | None).decode
_KINDS = (("embedding", "embeddings"), ("image", "image"), ("audio", "audio"), ("rerank", "rerank"))
"""Parts of Kong's types of routes, such as `llm/v1/embeddings`, and the operations that they mean."""
_BAD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def _one_plugin_each(unit: bytes) -> Sequence[bytes] | None:
    """Return a record for each plugin that made a call, as a request may make several."""
    try:
        plugins: Mapping[str, _Plugin | msgspec.Raw] = _decode(unit).ai or {}
    except _BAD:
        try:
            plugins = _decode_loosely(unit).ai or {}
        except _BAD:
            return None
    found = [
        with_keys(unit, {_PLUGIN: _text(plugin), _NAME: msgspec.json.encode(name)})
        for name, plugin in plugins.items()
        if _has_called(plugin)
    ]
    return found or (unit,)


def _text(plugin: _Plugin | msgspec.Raw) -> bytes:
    if isinstance(plugin, msgspec.Raw):
        return bytes(plugin)
    known = [(key, getattr(plugin, name)) for name, key in _KEYS]
    return b"{%b}" % b",".join([key + bytes(raw) for key, raw in known if _is_filled(raw)])


_KEYS = tuple((name, b"%b:" % msgspec.json.encode(name)) for name in _Plugin.__struct_fields__)


def _has_called(plugin: _Plugin | msgspec.Raw) -> bool:
    """Whether a plugin called a model or answered from its cache. One that only looked into its cache did neither.

    True for a plugin that cannot be decoded, so that it is refused with a reason when it is read as a call.
    """
    try:
        read = _decode_plugin(plugin) if isinstance(plugin, msgspec.Raw) else plugin
        if _is_filled(read.meta) or _is_filled(read.usage) or _targets(read.tried_targets):
            return True
        cache = _decode_cache(read.cache)
    except _BAD:
        return not isinstance(plugin, msgspec.Raw) or bytes(plugin).startswith(b"{")
    return cache is not None and (cache.cache_status or "").lower() == "hit"


def _is_filled(raw: msgspec.Raw) -> bool:
    if raw is _NULL:
        return False
    text = bytes(raw)
    if text.startswith(b'{"'):
        return True
    # Lua writes an empty table as an array, whichever it was.
    return text != b"null" and b"".join(text.split()) not in {b"{}", b"[]"}


def _targets(raw: msgspec.Raw | None) -> list[_Target]:
    if raw is None:
        return []
    try:
        return _decode_targets(raw) or []
    except _BAD:
        return []


def _kind(target: _Target | None) -> str | None:
    route_type = target.route_type if target is not None else None
    text = route_type.lower() if isinstance(route_type, str) else ""
    return next((operation for part, operation in _KINDS if part in text), None)


def _finish(row: list[Any], name: str | None, uri: str | None, tried: msgspec.Raw | None) -> Result | None:
    if name is None:
        return Result.NOT_A_CALL
    if row[_REQUEST] is not None:
        row[_REQUEST] = f"{row[_REQUEST]}/{name}"
    found = route(uri) if uri else None
    targets = _targets(tried)
    last = targets[-1] if targets else None
    row[_OPERATION] = found.operation if found is not None else _kind(last)
    if last is not None:
        row[_ATTEMPTS] = len(targets)
        if row[_MODEL] is None and isinstance(last.model, str):
            row[_MODEL] = last.model
    if row[_COST] == 0:
        # The plugin multiplies by prices that are zero until someone sets them.
        row[_COST] = None
    if row[_INPUT] == 0 and not row[_OUTPUT]:
        row[_INPUT] = row[_OUTPUT] = None
    return None


def _recognise(record: Any) -> int:
    plugins = record.get("ai") if isinstance(record, Mapping) else None
    if not isinstance(plugins, Mapping):
        return 0
    parts = [plugin for plugin in plugins.values() if isinstance(plugin, Mapping)]
    return 90 if any({"meta", "usage", "cache"} & part.keys() for part in parts) else 0


def _of_plugin(*paths: str) -> tuple[str, ...]:
    return tuple(f"{_PLUGIN}.{path}" for path in paths)


_MODELS = _of_plugin("meta.response_model", "meta.request_model")
KONG = Rewritten(
    Declaration(
        name="kong",
        recognise=_recognise,
        fields={
            "time": "started_at",
            "model": _MODELS,
            "request_id": ("request.id", "request.headers.x-kong-request-id", "request.headers.x-request-id"),
            "operation": (),
            "status": "response.status",
            "input_tokens": _of_plugin("usage.prompt_tokens", "usage.prompt_token", "usage.input_tokens"),
            "cached_input_tokens": _of_plugin("usage.prompt_tokens_details.cached_tokens"),
            "output_tokens": _of_plugin(
                "usage.completion_tokens", "usage.completion_token", "usage.output_tokens"
            ),
            "reasoning_tokens": _of_plugin("usage.completion_tokens_details.reasoning_tokens"),
            "cost_usd": _of_plugin("usage.cost"),
            "latency_ms": _of_plugin("meta.llm_latency"),
            "cache_hit": _of_plugin("cache.cache_status"),
            "attempts": (),
        },
        names={
            "model": _MODELS,
            "provider": _of_plugin("meta.provider_name"),
            "plugin": _NAME,
            "service": "service.name",
            "route": "route.name",
            "consumer": ("consumer.username", "consumer.custom_id", "consumer.id"),
            "workspace": ("workspace_name", "workspace"),
        },
        extras={
            "name": (_NAME, str | None),
            "uri": ("upstream_uri", str | None),
            "tried": (f"{_PLUGIN}.tried_targets", msgspec.Raw),
        },
        cached=Stands.UNSAID,
        reasoning=Stands.UNSAID,
        total=_of_plugin("usage.total_tokens", "usage.total_token"),
        finish=_finish,
        plainly=Plainly(within={_PLUGIN: (b"ai", None), _NAME: (b"ai", None)}, needs=frozenset({"model"})),
    ),
    _one_plugin_each,
)
