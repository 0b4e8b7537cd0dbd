"""The access log of Envoy AI Gateway: JSON whose names have dots in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.formats.access import COUNT_TYPES, COUNT_WORDS
from leverwatch.collectors.records.formats.declared import Declaration
from leverwatch.collectors.records.formats.plain import Plainly
from leverwatch.collectors.records.formats.routes import route
from leverwatch.collectors.records.tokens import Stands

_MODEL, _OPERATION, _OUTPUT = FIELD_INDEX["model"], FIELD_INDEX["operation"], FIELD_INDEX["output_tokens"]
_STATUS, _LATENCY = FIELD_INDEX["status"], FIELD_INDEX["latency_ms"]
NO_RESPONSE: Mapping[Any, str] = {0: "error", "0": "error"}
"""The status that Envoy writes for a request without a response, and its meaning."""
_CUT = frozenset(
    {
        "DC", "UT", "UC", "UR", "LR", "SI", "DT", "UMSDR", "UPE", "DPE", "DR", "OM",
        "DownstreamConnectionTermination", "UpstreamRequestTimeout", "UpstreamConnectionTermination",
        "UpstreamRemoteReset", "LocalReset", "StreamIdleTimeout", "DurationTimeout",
        "UpstreamMaxStreamDurationReached", "UpstreamProtocolError", "DownstreamProtocolError",
        "DownstreamRemoteReset", "OverloadManagerTerminated",
    }
)  # fmt: skip
"""Flags of responses that did not come to their end, by Envoy's documentation of `%RESPONSE_FLAGS%` and
`%RESPONSE_FLAGS_LONG%`."""


def was_cut(status: object, flags: str | None) -> bool:
    """Whether a response began and was then cut by the client, by Envoy or by the model server."""
    if not flags or flags == "-":
        return False
    return str(status).startswith("2") and not _CUT.isdisjoint(flags.split(","))


def _finish(
    row: list[Any], path: str | None, other_path: str | None, mcp: str | None, flags: str | None
) -> Result | None:
    if mcp is not None:
        return Result.NOT_A_CALL
    if was_cut(row[_STATUS], flags):
        # How long it took until then says nothing of a whole answer.
        row[_LATENCY] = None
    path = path or other_path
    found = route(path) if path else None
    if found is not None:
        row[_OPERATION] = found.operation
        row[_MODEL] = row[_MODEL] or found.model
        return None
    # A path of the operator's own, and a record without one, are calls when a model answered.
    return None if row[_OUTPUT] is not None or (not path and row[_MODEL] is not None) else Result.NOT_A_CALL


def _recognise(record: Any) -> int:
    if not isinstance(record, Mapping) or "response_code" not in record:
        return 0
    return 95 if any(str(key).startswith("gen_ai.") for key in record) else 0


def _names(*names: str) -> tuple[str, ...]:
    return tuple(name.replace(".", r"\.") for name in names)


ENVOY_AI_GATEWAY = Declaration(
    name="envoy-ai-gateway",
    recognise=_recognise,
    fields={
        "time": "start_time",
        "model": _names("gen_ai.response.model", "gen_ai.request.model"),
        "request_id": "x-request-id",
        "operation": (),
        "status": "response_code",
        "input_tokens": _names("gen_ai.usage.input_tokens"),
        "cached_input_tokens": _names("gen_ai.usage.cached_input_tokens", "gen_ai.usage.cache_read.input_tokens"),
        "cache_write_tokens": _names(
            "gen_ai.usage.cache_creation_input_tokens", "gen_ai.usage.cache_creation.input_tokens"
        ),
        "output_tokens": _names("gen_ai.usage.output_tokens"),
        "reasoning_tokens": _names("gen_ai.usage.reasoning_tokens"),
        "latency_ms": "duration",
        "attempts": "upstream_request_attempt_count",
        "trace_id": _names("session.id"),
    },
    names={
        "model": _names("gen_ai.response.model", "gen_ai.request.model"),
        "provider": _names("gen_ai.provider.name"),
        "route": "route_name",
        "authority": ":authority",
        "flags": "response_flags",
    },
    extras={
        "path": ("x-envoy-origin-path", str | None),
        "other_path": ("path", str | None),
        "mcp": (r"mcp\.method\.name", str | None),
        "flags": ("response_flags", str | None),
    },
    types=COUNT_TYPES,
    cached=Stands.UNSAID,
    reasoning=Stands.UNSAID,
    total=_names("gen_ai.usage.total_tokens"),
    words={"status": NO_RESPONSE, **COUNT_WORDS},
    finish=_finish,
    plainly=Plainly(),
)
