"""What Kong's AI plugins add to the log of a request, each under a name of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from collectors.files.formats.declared import PLACE, Declaration
from collectors.files.formats.rewritten import Rewritten, with_key
from collectors.files.formats.routes import route
from collectors.interface import Result

_REQUEST, _OPERATION, _COST = PLACE["request_id"], PLACE["operation"], PLACE["cost_usd"]
_INPUT, _OUTPUT = PLACE["input_tokens"], PLACE["output_tokens"]
_PLUGIN, _NAME = "leverwatch plugin", "leverwatch plugin name"


class _Cache(msgspec.Struct, gc=False):
    cache_status: str | None = None


class _Plugin(msgspec.Struct, gc=False):
    meta: dict[str, msgspec.Raw] | None = None
    usage: dict[str, msgspec.Raw] | None = None
    cache: _Cache | None = None

    def has_called(self) -> bool:
        """Whether it asked a model, or answered in its place; one that only missed its cache did neither."""
        hit = self.cache is not None and (self.cache.cache_status or "").lower() == "hit"
        return bool(self.meta or self.usage or hit)


class _Record(msgspec.Struct, gc=False):
    ai: dict[str, msgspec.Raw] | None = None


_decode = msgspec.json.Decoder(_Record).decode
_decode_plugin = msgspec.json.Decoder(_Plugin).decode


def _one_plugin_each(unit: bytes) -> Sequence[bytes]:
    """The record once for each plugin that made a call: one request may make several."""
    try:
        plugins = _decode(unit).ai or {}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return (unit,)
    found = [
        with_key(with_key(unit, _NAME, msgspec.json.encode(name)), _PLUGIN, bytes(plugin))
        for name, plugin in plugins.items()
        if _has_called(plugin)
    ]
    return found or (unit,)


def _has_called(plugin: msgspec.Raw) -> bool:
    try:
        return _decode_plugin(plugin).has_called()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return bytes(plugin).startswith(b"{")  # refused with its reason when it is read as a call


def _finish(row: list[Any], *, name: str | None, uri: str | None) -> Result | None:
    if name is None:
        return Result.NOT_A_CALL
    if row[_REQUEST] is not None:
        row[_REQUEST] = f"{row[_REQUEST]}/{name}"
    found = route(uri) if uri else None
    row[_OPERATION] = found.operation if found is not None else None
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
            "input_tokens": _of_plugin("usage.prompt_tokens", "usage.prompt_token"),
            "output_tokens": _of_plugin("usage.completion_tokens", "usage.completion_token"),
            "cost_usd": _of_plugin("usage.cost"),
            "latency_ms": _of_plugin("meta.llm_latency"),
            "cache_hit": _of_plugin("cache.cache_status"),
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
        extras={"name": (_NAME, str | None), "uri": ("upstream_uri", str | None)},
        finish=_finish,
    ),
    _one_plugin_each,
)
