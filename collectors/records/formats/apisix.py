"""Apache APISIX with its AI plugins: the access log with their variables, and the summaries of its loggers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.formats.access import (
    CLIENT,
    COUNT_TYPES,
    COUNT_WORDS,
    LISTED,
    QUOTED,
    attempts,
    local_time,
    milliseconds,
    rewrite_lines,
)
from leverwatch.collectors.records.formats.declared import Declaration
from leverwatch.collectors.records.formats.plain import Plainly
from leverwatch.collectors.records.formats.rewritten import Rewritten
from leverwatch.collectors.records.formats.routes import kind_of_model, route
from leverwatch.collectors.records.framing.lines import LINES
from leverwatch.collectors.records.tokens import Stands

_OPERATION, _HIT, _ATTEMPTS = FIELD_INDEX["operation"], FIELD_INDEX["cache_hit"], FIELD_INDEX["attempts"]
_MODEL, _LATENCY = FIELD_INDEX["model"], FIELD_INDEX["latency_ms"]
_INPUT, _OUTPUT = FIELD_INDEX["input_tokens"], FIELD_INDEX["output_tokens"]
_Text = str | int | float | None
_LINE = re.compile(
    rf"{CLIENT} (\S+) {QUOTED} (\d+) (\d+|-) ([\d.]+|-) {QUOTED} {QUOTED} "
    rf"{LISTED} {LISTED} {LISTED} {QUOTED} {QUOTED} {QUOTED} {QUOTED} {QUOTED} {QUOTED} +{QUOTED} {QUOTED}"
)
_NAMES = (
    "remote_addr", "remote_user", "time_local", "http_host", "request_line", "status", "body_bytes_sent",
    "request_time", "http_referer", "http_user_agent", "upstream_addr", "upstream_status",
    "upstream_response_time", "upstream_url", "apisix_request_id", "request_type", "llm_time_to_first_token",
    "llm_model", "request_llm_model", "llm_prompt_tokens", "llm_completion_tokens",
)  # fmt: skip


def _finish(
    row: list[Any],
    kind: str | None,
    url: str | None,
    seconds: str | float | None,
    requested: str | None,
    summary_requested: str | None,
    summary_duration: object,
    upstream_status: str | None,
    upstream_latency: object,
) -> Result | None:
    if kind is not None:
        if not kind.startswith("ai_"):
            return Result.NOT_A_CALL
    elif (
        row[_MODEL] is None and row[_INPUT] is None and row[_OUTPUT] is None
        and summary_requested is None and summary_duration is None
    ):  # fmt: skip
        return Result.NOT_A_CALL
    found = route(url) if url else None
    row[_OPERATION] = found.operation if found is not None else kind_of_model(kind)
    if row[_LATENCY] is None:
        row[_LATENCY] = milliseconds(seconds)
    # A blank status is no proof: some releases ask the model without an upstream of nginx.
    row[_ATTEMPTS] = attempts(upstream_status) or None
    if row[_INPUT] == 0 and not row[_OUTPUT]:
        # What the variables hold until a response fills them.
        row[_INPUT] = row[_OUTPUT] = None
    if row[_MODEL] is None and row[_INPUT] is None and not row[_ATTEMPTS] and not upstream_latency:
        row[_HIT] = "hit"
    row[_MODEL] = row[_MODEL] or requested or summary_requested
    return None


def _recognise(record: Any) -> int:
    if isinstance(record, str):
        return 95 if _LINE.match(record) else 0
    if not isinstance(record, Mapping):
        return 0
    return 95 if "llm_summary" in record or {"request_type", "llm_model"} <= record.keys() else 0


APISIX = Rewritten(
    Declaration(
        name="apisix",
        recognise=_recognise,
        fields={
            "time": ("start_time", "time_local", "time_iso8601", "@timestamp", "timestamp"),
            "model": ("llm_summary.model", "llm_model"),
            "request_id": ("apisix_request_id", "request_id", "response.headers.x-request-id"),
            "operation": (),
            "status": ("response.status", "status"),
            "input_tokens": ("llm_summary.prompt_tokens", "llm_prompt_tokens"),
            "cached_input_tokens": ("llm_summary.cache_read_input_tokens", "llm_cache_read_input_tokens"),
            "cache_write_tokens": ("llm_summary.cache_creation_input_tokens", "llm_cache_creation_input_tokens"),
            "output_tokens": ("llm_summary.completion_tokens", "llm_completion_tokens"),
            "reasoning_tokens": ("llm_summary.reasoning_tokens", "llm_reasoning_tokens"),
            "latency_ms": "latency",
            "cache_hit": (),
            "attempts": (),
        },
        names={
            "host": ("http_host", "host"),
            "route": "route_id",
            "service": "service_id",
            "consumer": ("consumer.username", "consumer_name"),
        },
        extras={
            "kind": ("request_type", str | None),
            "url": ("upstream_url", str | None),
            "seconds": ("request_time", _Text),
            "requested": ("request_llm_model", str | None),
            "summary_requested": ("llm_summary.request_model", str | None),
            "summary_duration": ("llm_summary.duration", Any),
            "upstream_status": ("upstream_status", str | None),
            "upstream_latency": ("upstream_latency", Any),
        },
        completes={"seconds": "latency_ms"},
        types=COUNT_TYPES,
        convert={"time": local_time},
        words=COUNT_WORDS,
        cached=Stands.UNSAID,
        reasoning=Stands.UNSAID,
        total=("llm_summary.total_tokens", "llm_total_tokens"),
        finish=_finish,
        plainly=Plainly(
            # As text, so that it is none of a plain record: the access log, in seconds.
            absent=("request_time",),
            classes=frozenset({"summary_duration", "upstream_latency"}),
            keeps_time=True,
        ),
        framing=LINES,
    ),
    rewrite_lines(_LINE, _NAMES, "not the access log that the documentation of ai-proxy shows"),
    reads_text=True,
    keeps_json=True,
)  # fmt: skip
