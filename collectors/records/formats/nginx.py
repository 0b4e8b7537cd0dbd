"""Access logs of nginx in front of model servers: `combined`, also with usual additions, or JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.formats.access import (
    CLIENT,
    LISTED,
    QUOTED,
    attempts,
    call,
    local_time,
    method_and_target,
    milliseconds,
    rewrite_lines,
)
from leverwatch.collectors.records.formats.declared import Declaration
from leverwatch.collectors.records.formats.line_layout import Asked, Kind, Labelled, Lines, Step, layout
from leverwatch.collectors.records.formats.rewritten import Rewritten
from leverwatch.collectors.records.framing.lines import LINES

_LATENCY, _ATTEMPTS = FIELD_INDEX["latency_ms"], FIELD_INDEX["attempts"]
_Text = str | int | float | None
_LINE = re.compile(rf"(?:(\S+) )?{CLIENT} {QUOTED} (\d+) (?:\d+|-) {QUOTED} {QUOTED}")
_NAMES = ("host", "remote_addr", "remote_user", "time_local", "request", "status", "referer", "agent")
_INGRESS = re.compile(rf" \d+ ([\d.]+) \[([^\]]*)\] \[[^\]]*\] {LISTED} {LISTED} {LISTED} {LISTED} (\S+)")
_INGRESS_NAMES = (
    "request_time", "proxy_upstream_name", "upstream_addr", "upstream_response_length", "upstream_response_time",
    "upstream_status", "req_id",
)  # fmt: skip
_LABEL = re.compile(
    r"\b(request_time|rt|upstream_status|us|ust|upstream_response_time|urt|request_id|req_id|rid)[=:]"
)
_SECONDS_VALUE, _LIST_VALUE, _ID_VALUE = map(re.compile, (r'"?([\d.]+)', f'"?{LISTED}', r'"?([\w.-]+)'))
_TAIL = (
    Labelled(Step(Kind.SECONDS, "request_time"), ("request_time", "rt")),
    Labelled(Step(Kind.LISTED, "upstream_response_time", Asked.ONE), ("upstream_response_time", "urt")),
    Labelled(Step(Kind.LISTED, "upstream_status", Asked.ONE), ("upstream_status", "us", "ust")),
    Labelled(Step(Kind.WORD, "request_id"), ("request_id", "req_id", "rid")),
)
_PATTERNS = {Kind.SECONDS: _SECONDS_VALUE, Kind.LISTED: _LIST_VALUE, Kind.WORD: _ID_VALUE}
_LABELLED = {label: (it.step.text, _PATTERNS[it.step.kind]) for it in _TAIL for label in it.labels}
_COMBINED = (
    '{remote_addr} - {remote_user} [{time_local}] "{request:request}" {status:digits} {:count}'
    ' "{referer}" "{agent}"'
)
_APPENDED = (
    " {:digits} {request_time:seconds} [{proxy_upstream_name}] [{}] {upstream_addr:listed} {:listed}"
    " {upstream_response_time:listed} {upstream_status:listed} {req_id}"
)
_LAYOUTS = tuple(
    layout(f"{host}{_COMBINED}{more}", Kind.END if more else Kind.TAIL)
    for host in ("", "{host} ")
    for more in ("", _APPENDED)
)
_SECONDS = re.compile(r'[ "]((?:\d+\.\d{3}|-)(?:(?:, | : )(?:\d+\.\d{3}|-)){0,30})(?=[ "]|$)')
_STATUSES = re.compile(r'[ "]([1-5]\d\d(?:(?:, | : )[1-5]\d\d){1,30})(?=[ "]|$)')


def _tail(text: str) -> Mapping[str, str]:
    """Read what follows `combined`: the additions of ingress-nginx, or labelled values, times and statuses."""
    ingress = _INGRESS.match(text)
    if ingress:
        return dict(zip(_INGRESS_NAMES, ingress.groups(), strict=True))
    found: dict[str, str] = {}
    for label in _LABEL.finditer(text):
        name, value = _LABELLED[label[1]]
        match = None if name in found else value.match(text, label.end())
        if match:
            found[name] = match[1]
    seconds = [value for value in _SECONDS.findall(text) if value != "-"]
    bare = dict(zip(("request_time", "upstream_response_time"), seconds, strict=False))
    statuses = _STATUSES.search(text)
    if statuses:
        bare["upstream_status"] = statuses[1]
    return bare | found


def _finish(
    row: list[Any],
    request: str | None,
    method: str | None,
    request_uri: str | None,
    uri: str | None,
    seconds: str | float | None,
    upstream_status: str | None,
    upstream_seconds: str | None,
    upstream_addr: str | None,
    completion: str | None,
) -> Result | None:
    asked, target = method_and_target(request)
    # How long a stream took that the client left says nothing of a whole one.
    row[_LATENCY] = None if completion == "" else milliseconds(seconds)
    # nginx answers by itself what it limits or has no route for, and asks no upstream.
    row[_ATTEMPTS] = attempts(upstream_status, upstream_seconds, upstream_addr)
    return call(row, method or asked, request_uri or uri or target)


def _recognise(record: Any) -> int:
    if isinstance(record, str):
        return 85 if _LINE.match(record) else 0
    if not isinstance(record, Mapping) or "status" not in record:
        return 0
    asked = "request" in record or "request_uri" in record or "uri" in record
    known = {"remote_addr", "request_time", "body_bytes_sent", "upstream_response_time"} & record.keys()
    return 70 if asked and known else 0


NGINX = Rewritten(
    Declaration(
        name="nginx",
        recognise=_recognise,
        fields={
            "time": ("time_iso8601", "time_local", "msec", "@timestamp", "timestamp", "time"),
            "model": (),
            "request_id": ("request_id", "req_id"),
            "operation": (),
            "status": "status",
            "latency_ms": (),
            "cache_hit": "upstream_cache_status",
            "attempts": (),
        },
        names={
            "host": ("host", "server_name", "http_host"),
            "user": "remote_user",
            "upstream": "proxy_upstream_name",
        },
        extras={
            "request": ("request", str | None),
            "method": ("request_method", str | None),
            "request_uri": ("request_uri", str | None),
            "uri": ("uri", str | None),
            "seconds": ("request_time", _Text),
            "upstream_status": ("upstream_status", str | None),
            "upstream_seconds": ("upstream_response_time", str | None),
            "upstream_addr": ("upstream_addr", str | None),
            "completion": ("request_completion", str | None),
        },
        completes={"seconds": "latency_ms", "upstream_seconds": "latency_ms"},
        convert={"time": local_time},
        finish=_finish,
        framing=LINES,
    ),
    rewrite_lines(
        _LINE,
        _NAMES,
        "not a line of the combined log format",
        _tail,
        frozenset({"upstream_addr", "upstream_status", "upstream_response_time"}),
    ),
    reads_text=True,
    keeps_json=True,
    lines=Lines(_LAYOUTS, _TAIL),
)
