"""Traces of MLflow with their spans, which are needed to count the calls of a trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.formats.declared import Declaration, Declared
from leverwatch.collectors.records.formats.interface import Parsed, Reader, Repeats
from leverwatch.collectors.records.formats.jsonl import TYPES
from leverwatch.collectors.records.formats.mlflow_spans import (
    SPAN_TYPE,
    Span,
    around_calls,
    decode_span,
    operation_of_span,
    outer_calls,
    text_of,
)
from leverwatch.collectors.records.formats.plain import Place, Plainly, Plan
from leverwatch.collectors.records.formats.plan import plan_of
from leverwatch.collectors.records.formats.rewritten import Refusal, Rewriting, Rewritten, with_keys

_TIME, _REQUEST, _TRACE = FIELD_INDEX["time"], FIELD_INDEX["request_id"], FIELD_INDEX["trace_id"]
_MODEL, _OPERATION, _LATENCY = FIELD_INDEX["model"], FIELD_INDEX["operation"], FIELD_INDEX["latency_ms"]
_COST_USD = FIELD_INDEX["cost_usd"]
_SPAN, _INFO, _OUTER = "leverwatch span", "leverwatch trace", "leverwatch outer"
_OF_SPAN, _OF_OUTER = (b'{"%b":%b,"%b":' % (_OUTER.encode(), flag, _SPAN.encode()) for flag in (b"false", b"true"))
_AND_INFO = b',"%b":' % _INFO.encode()
_JUDGE = "mlflow.trace.sourceScorer"
_USAGE = "mlflow.trace.tokenUsage"
_MOST_HELD = 1 << 20
"""Bytes of lone spans that wait for more of their trace."""
_LONGEST = 10**18
"""The longest duration in nanoseconds; no call takes so long."""
_TEXTS = frozenset({b"mlflow.spanInputs", b"mlflow.spanOutputs"})
"""What a span was given, and what it answered."""
_Map = dict[str, msgspec.Raw] | None


class _Info(msgspec.Struct, gc=False):
    tags: _Map = None
    trace_metadata: _Map = None


class _Data(msgspec.Struct, gc=False):
    spans: list[msgspec.Raw] | None = None


class _Document(_Info, gc=False):
    info: msgspec.Raw = msgspec.Raw(b"null")
    data: _Data | None = None
    spans: list[msgspec.Raw] | None = None
    traces: list[msgspec.Raw] | None = None
    """The traces of a page of a search."""
    outer: bool = msgspec.field(default=False, name=_OUTER)
    """Whether a span alone was found to stand around another call."""


_decode = msgspec.json.Decoder(_Document).decode
_decode_info = msgspec.json.Decoder(_Info | None).decode


def _spans(unit: bytes) -> Sequence[bytes | Refusal] | Refusal | None:
    """Return the spans of a trace, or of all traces of a page of a search."""
    try:
        document = _decode(unit)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if document.traces is None:
        return _spans_of(unit, document)
    found: list[bytes | Refusal] = []
    for trace in document.traces:
        spans = _spans_of(bytes(trace))
        found += (bytes(trace),) if spans is None else (spans,) if isinstance(spans, Refusal) else spans
    return found


def _spans_of(unit: bytes, document: _Document | None = None) -> Sequence[bytes] | Refusal | None:
    """Return each span of a trace with values of the trace added, and whether it contains another call."""
    try:
        document = document or _decode(unit)
        inner = _decode_info(document.info)
        raw = _without_spans(unit) if inner is None else bytes(document.info)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    spans = document.spans if document.data is None else document.data.spans
    info = inner or document
    if not spans and f'"{SPAN_TYPE}"'.encode() in unit:
        spans = [msgspec.Raw(unit)]
    if not spans:
        if _JUDGE not in (info.tags or {}) and _USAGE in (info.trace_metadata or {}):
            return Refusal(Result.MISSING_FIELD, "a trace without its spans, which tell how many calls it was")
        return (b"{}",)
    outer = {0} if document.outer else outer_calls(spans)
    return [
        b"".join((_OF_OUTER if index in outer else _OF_SPAN, bytes(span), _AND_INFO, raw, b"}"))
        for index, span in enumerate(spans)
    ]


def _without_spans(unit: bytes) -> bytes:
    values = msgspec.json.decode(unit, type=dict[str, msgspec.Raw])
    return msgspec.json.encode({name: value for name, value in values.items() if name not in {"spans", "data"}})


class Traces(Rewriting):
    """Reads traces. Spans that were written down alone are put together by their trace first."""

    group_marker = b"mlflow."
    makes_lines = True

    def plan(self) -> Plan | None:
        """Return what the compiled helper needs to count the spans of plain traces, of which it makes records."""
        plan = plan_of(self.declared.declaration, self.declared.template, self.declared.read)
        if plan is None:
            return None
        own: tuple[Place, ...] = (((b"leverwatch ns",), "latency_ms", 0), ((b"leverwatch id",), "request_id", 0))
        paths = (*(place for place in plan.paths if place[1] != "request_id"), *own)
        return replace(plan, paths=paths, latency_in=1e6, by_line=True, divides=True, texts=_TEXTS)

    has_ends = False

    def open_from(self, units: Sequence[bytes]) -> int | None:
        """Return the index of the first of the lone spans at the end, as more of their trace may follow; None when
        there are none, or too many to wait for."""
        last = _lone(units[-1]) if units else None
        if last is None or last.trace is None:
            return None
        first, held = len(units) - 1, len(units[-1])
        while first and held <= _MOST_HELD:
            before = _lone(units[first - 1])
            if before is None or before.trace != last.trace:
                return first
            first -= 1
            held += len(units[first])
        return first if held <= _MOST_HELD else None

    def goes_on(self, data: bytes) -> bool:  # noqa: ARG002 what a span lacks is not told from what came before
        """Return False: no span says that others came before it."""
        return False

    def read(self, units: Sequence[bytes]) -> Parsed:
        """Read traces. The lone spans of one trace must be in the same units."""
        traces: dict[str, list[tuple[int, Span]]] = {}
        for index, unit in enumerate(units):
            span = _lone(unit)
            if span is not None and span.trace is not None:
                traces.setdefault(span.trace, []).append((index, span))
        around = {
            members[place][0]
            for members in traces.values()
            for place in around_calls([span for _, span in members])
        }
        told = [with_keys(unit, {_OUTER: b"true"}) if at in around else unit for at, unit in enumerate(units)]
        return super().read(told)


def _lone(unit: bytes) -> Span | None:
    """Return a span that was written down without its trace; None for anything else."""
    if SPAN_TYPE.encode() not in unit:
        return None
    try:
        document = _decode(unit)
        if document.traces is not None or document.spans is not None or document.data is not None:
            return None
        span = decode_span(unit)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return None if span.attributes is None else span


class _Mlflow(Rewritten, frozen=True):
    def build(self, template: Sequence[str]) -> Reader:
        """Return a reader.

        Raises:
            ValueError: a placeholder of the system template is not a valid path.
        """
        return Traces(Declared(self.declaration, template), self.rewrite, self.reads_text)


def _finish(
    row: list[Any],
    kind: str | None,
    name: str | None,
    method: str | None,
    action: str | None,
    end: object,
    outer: bool | None,
    judge: str | None,
) -> Result | None:
    row[_MODEL] = text_of(row[_MODEL]) or row[_MODEL]
    asked = text_of(method) or text_of(action)
    row[_OPERATION] = operation_of_span(text_of(kind), name, asked, row[_MODEL])
    if row[_OPERATION] is None or outer or judge is not None:
        return Result.NOT_A_CALL
    if row[_COST_USD] == 0:
        # What a price list has for a model without a price.
        row[_COST_USD] = None
    if row[_REQUEST] is not None:
        row[_REQUEST] = f"{row[_TRACE]}/{row[_REQUEST]}"
    start = row[_TIME]
    if isinstance(start, int) and isinstance(end, int) and 0 <= end - start < _LONGEST:
        row[_LATENCY] = (end - start) / 1e6
    return None


def _recognise(record: Any) -> int:
    if not isinstance(record, Mapping):
        return 0
    traces = record.get("traces")
    if isinstance(traces, list) and traces:
        return _recognise(traces[0])
    info = record.get("info", record)
    if not isinstance(info, Mapping):
        return 0
    if "trace_location" in info or "trace_metadata" in info:
        return 90
    if _has_own(info.get("tags")):
        return 80
    spans = record.get("spans")
    return 90 if any(_has_own(span.get("attributes")) for span in _objects(spans) or (record,)) else 0


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [it for it in value if isinstance(it, Mapping)] if isinstance(value, list) else []


def _has_own(values: Any) -> bool:
    """Whether tags or attributes have a name of MLflow's own."""
    return isinstance(values, Mapping) and any(str(name).startswith("mlflow.") for name in values)


def _span(*paths: str) -> tuple[str, ...]:
    return tuple(f"{_SPAN}.{path}" for path in paths)


_CHAT_USAGE = r"attributes.mlflow\.chat\.tokenUsage"
_COST = r"attributes.mlflow\.llm\.cost"
MLFLOW = _Mlflow(
    Declaration(
        name="mlflow",
        recognise=_recognise,
        fields={
            "time": _span("start_time_unix_nano", "start_time"),
            "model": _span(
                r"attributes.mlflow\.llm\.model", r"attributes.mlflow\.chat\.model", "attributes.model"
            ),
            "request_id": _span("span_id", "context.span_id"),
            "operation": (),
            "status": _span("status.code", "status_code"),
            "input_tokens": _span(f"{_CHAT_USAGE}.input_tokens"),
            "cached_input_tokens": _span(f"{_CHAT_USAGE}.cache_read_input_tokens"),
            "cache_write_tokens": _span(f"{_CHAT_USAGE}.cache_creation_input_tokens"),
            "output_tokens": _span(f"{_CHAT_USAGE}.output_tokens"),
            "cost_usd": _span(f"{_COST}.total_cost"),
            "latency_ms": (),
            "trace_id": (f"{_INFO}.trace_id", f"{_INFO}.request_id", *_span("trace_id", "context.trace_id")),
        },
        names={
            "experiment": (f"{_INFO}.trace_location.mlflow_experiment.experiment_id", f"{_INFO}.experiment_id"),
            "trace": rf"{_INFO}.tags.mlflow\.traceName",
        },
        extras={
            "kind": (rf"{_SPAN}.attributes.mlflow\.spanType", str | None),
            "name": (f"{_SPAN}.name", str | None),
            "method": (f"{_SPAN}.attributes.method", str | None),
            "action": (f"{_SPAN}.attributes.action", str | None),
            "end": (_span("end_time_unix_nano", "end_time"), TYPES["time"]),
            "outer": (_OUTER, bool | None),
            "judge": (_INFO + r".tags.mlflow\.trace\.sourceScorer", str | None),
        },
        completes={"end": "latency_ms"},
        words={
            "status": {
                "STATUS_CODE_OK": "ok", "STATUS_CODE_UNSET": "ok", "UNSET": "ok", "STATUS_CODE_ERROR": "error",
            },
        },
        in_text=tuple(_span(_CHAT_USAGE, _COST)),
        total=_span(f"{_CHAT_USAGE}.total_tokens"),
        repeats=Repeats.VERSIONS,
        finish=_finish,
        plainly=Plainly(unread=frozenset({"end"})),
    ),
    _spans,
)  # fmt: skip
