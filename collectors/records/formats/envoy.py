"""Access logs of Envoy and Istio in front of model servers: their default text, or JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.formats.access import QUOTED, call, rewrite_lines
from leverwatch.collectors.records.formats.declared import Declaration
from leverwatch.collectors.records.formats.envoy_ai_gateway import NO_RESPONSE, was_cut
from leverwatch.collectors.records.formats.line_layout import Lines, layout
from leverwatch.collectors.records.formats.rewritten import Rewritten
from leverwatch.collectors.records.framing.lines import LINES

_STATUS, _LATENCY, _ATTEMPTS = FIELD_INDEX["status"], FIELD_INDEX["latency_ms"], FIELD_INDEX["attempts"]
_LINE = re.compile(
    # Istio has details of the response, of the connection and of a failure between flags and bytes.
    rf'\[([^\]]+)\] "(\S+) (\S+) [^"]*" (\d+) (\S+) (?:\S+ \S+ {QUOTED} )?(?:\d+|-) (?:\d+|-) (\d+|-) \S+ '
    rf"{QUOTED} {QUOTED} {QUOTED} {QUOTED} {QUOTED}(?: (\S+))?"
)
_NAMES = (
    "start_time", "method", "path", "response_code", "response_flags", "failure", "duration", "x_forwarded_for",
    "user_agent", "request_id", "authority", "upstream_host", "upstream_cluster",
)  # fmt: skip

_LAYOUTS = tuple(
    layout(
        '[{start_time}] "{method:method} {path:target} {:rest}" {response_code:digits} {response_flags} '
        + of_istio
        + '{:count} {:count} {duration:count} {} "{x_forwarded_for}" "{user_agent}" "{request_id}" "{authority}"'
        ' "{upstream_host:server}"{upstream_cluster:last}'
    )
    for of_istio in ("", '{} {} "{failure}" ')
)


def _finish(
    row: list[Any],
    method: str | None,
    path: str | None,
    origin: str | None,
    original: str | None,
    flags: str | None,
    host: str | None,
) -> Result | None:
    if was_cut(row[_STATUS], flags):
        # How long it took until then says nothing of a whole answer.
        row[_LATENCY] = None
    if row[_ATTEMPTS] is None and host in {"", "-"}:
        # What Envoy limits or finds no server for, it answers by itself.
        row[_ATTEMPTS] = 0
    return call(row, method or "", origin or original or path or "")


def _recognise(record: Any) -> int:
    if isinstance(record, str):
        return 90 if _LINE.match(record) else 0
    if not isinstance(record, Mapping):
        return 0
    return 75 if {"response_code", "start_time", "method"} <= record.keys() else 0


ENVOY = Rewritten(
    Declaration(
        name="envoy",
        recognise=_recognise,
        fields={
            "time": "start_time",
            "model": (),
            "request_id": ("request_id", "x-request-id"),
            "operation": (),
            "status": "response_code",
            "latency_ms": "duration",
            "attempts": "upstream_request_attempt_count",
        },
        names={
            "authority": ("authority", ":authority"),
            "cluster": "upstream_cluster",
            "route": "route_name",
            "flags": "response_flags",
        },
        extras={
            "method": ("method", str | None),
            "path": ("path", str | None),
            "origin": ("x-envoy-origin-path", str | None),
            "original": ("x-envoy-original-path", str | None),
            "flags": ("response_flags", str | None),
            "host": ("upstream_host", str | None),
        },
        words={"status": NO_RESPONSE},
        finish=_finish,
        framing=LINES,
    ),
    rewrite_lines(_LINE, _NAMES, "not a line of Envoy's default log format", blanks=frozenset({"upstream_host"})),
    reads_text=True,
    keeps_json=True,
    lines=Lines(_LAYOUTS),
)
