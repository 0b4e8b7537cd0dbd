"""Traces of MLflow with their spans, which are needed to count the calls of a trace."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.formats.declared import Declaration
from leverwatch.collectors.records.formats.interface import Repeats
from leverwatch.collectors.records.formats.jsonl import TYPES
from leverwatch.collectors.records.formats.rewritten import Refusal, Rewritten, with_keys
from leverwatch.collectors.records.formats.routes import kind_of_model
from leverwatch.collectors.records.recall import recall

_TIME, _REQUEST, _TRACE = FIELD_INDEX["time"], FIELD_INDEX["request_id"], FIELD_INDEX["trace_id"]
_MODEL, _OPERATION, _LATENCY = FIELD_INDEX["model"], FIELD_INDEX["operation"], FIELD_INDEX["latency_ms"]
_COST_USD = FIELD_INDEX["cost_usd"]
_SPAN, _INFO, _OUTER = "leverwatch span", "leverwatch trace", "leverwatch outer"
_OPERATIONS = {"CHAT_MODEL": "chat", "LLM": "chat", "EMBEDDING": "embeddings", "RERANKER": "rerank"}
# Several of MLflow's instrumentations give every call of their SDK the type LLM, and its gateway does so too.
_EMBEDDINGS = ("embeddings", "openai_embeddings", "embed_content", "embed_contents")
_NO_CALLS = ("count_tokens", "compute_tokens", "count_message_tokens")
_AUDIO = ("transcriptions", "translations")
_TYPE = "mlflow.spanType"
_JUDGE = "mlflow.trace.sourceScorer"
_USAGE = "mlflow.trace.tokenUsage"
_NUMBER = re.compile(r"_\d+$")
"""What older releases append to a name that a trace has several times."""
_LONGEST = 10**18
"""The longest duration in nanoseconds; no call takes so long."""
_Map = dict[str, msgspec.Raw] | None


class _Context(msgspec.Struct, gc=False):
    span_id: str | None = None


class _Attributes(msgspec.Struct, gc=False):
    kind: msgspec.Raw = msgspec.field(default=msgspec.Raw(b"null"), name=_TYPE)
    method: msgspec.Raw = msgspec.Raw(b"null")
    action: msgspec.Raw = msgspec.Raw(b"null")
    model: msgspec.Raw = msgspec.field(default=msgspec.Raw(b"null"), name="mlflow.llm.model")


class _Span(msgspec.Struct, gc=False):
    span_id: str | None = None
    parent_span_id: str | None = None
    parent_id: str | None = None
    name: Any = None
    context: _Context | None = None
    attributes: _Attributes | None = None

    @property
    def id(self) -> str | None:
        """The id of the span, in either version of the schema."""
        return self.span_id or (self.context.span_id if self.context is not None else None)

    @property
    def parent(self) -> str | None:
        """The id of the parent span; None for a root span."""
        return self.parent_span_id or self.parent_id

    @property
    def is_call(self) -> bool:
        """Whether the span is a call in which a model generated text."""
        of = self.attributes or _Attributes()
        asked = _text(of.method) or _text(of.action)
        return _operation(_text(of.kind), self.name, asked, _text(of.model)) == "chat"


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


_decode = msgspec.json.Decoder(_Document).decode
_decode_info = msgspec.json.Decoder(_Info | None).decode
_decode_span = msgspec.json.Decoder(_Span).decode


def _text(raw: msgspec.Raw | str | None) -> str | None:
    """Return a text, which MLflow writes as a JSON string inside a string."""
    return None if raw is None else _unquoted(bytes(raw) if isinstance(raw, msgspec.Raw) else raw)


@recall(1024)
def _unquoted(text: str | bytes) -> str | None:
    value: Any = text
    for _ in range(2):
        try:
            value = msgspec.json.decode(value)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, TypeError):
            break
    return value if isinstance(value, str) else None


def _operation(kind: str | None, name: object, asked: str | None, model: str | None) -> str | None:
    """Return the operation of a span by its type, unless what it did or its model says that it was another."""
    operation = _OPERATIONS.get(kind or "")
    if operation != "chat":
        return operation
    did = asked or (_NUMBER.sub("", name.rpartition(".")[2]).lower() if isinstance(name, str) else "")
    if did in _NO_CALLS:
        return None
    if did in _EMBEDDINGS:
        return "embeddings"
    return "audio" if did in _AUDIO else kind_of_model(model) or operation


def _spans(unit: bytes) -> Sequence[bytes | Refusal] | Refusal:
    """Return the spans of a trace, or of all traces of a page of a search."""
    try:
        traces = _decode(unit).traces
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return (unit,)
    if traces is None:
        return _spans_of(unit)
    found: list[bytes | Refusal] = []
    for trace in traces:
        spans = _spans_of(bytes(trace))
        found += (spans,) if isinstance(spans, Refusal) else spans
    return found


def _spans_of(unit: bytes) -> Sequence[bytes] | Refusal:
    """Return each span of a trace with values of the trace added, and whether it contains another call."""
    try:
        document = _decode(unit)
        inner = _decode_info(document.info)
        raw = _without_spans(unit) if inner is None else bytes(document.info)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return (unit,)
    spans = document.spans if document.data is None else document.data.spans
    info = inner or document
    if not spans and f'"{_TYPE}"'.encode() in unit:
        spans = [msgspec.Raw(unit)]
    if not spans:
        if _JUDGE not in (info.tags or {}) and _USAGE in (info.trace_metadata or {}):
            return Refusal(Result.MISSING_FIELD, "a trace without its spans, which tell how many calls it was")
        return (b"{}",)
    outer = _outer_calls(spans)
    return [
        with_keys(b"{}", {_OUTER: b"true" if index in outer else b"false", _SPAN: bytes(span), _INFO: raw})
        for index, span in enumerate(spans)
    ]


def _without_spans(unit: bytes) -> bytes:
    values = msgspec.json.decode(unit, type=dict[str, msgspec.Raw])
    return msgspec.json.encode({name: value for name, value in values.items() if name not in {"spans", "data"}})


def _outer_calls(spans: Sequence[msgspec.Raw]) -> set[int]:
    """Return the indexes of calls that contain other calls: two instrumentations recorded the same call."""
    known: list[_Span] = []
    for raw in spans:
        try:
            known.append(_decode_span(raw))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            known.append(_Span())
    parents = {span.id: span.parent for span in known if span.id is not None}
    around: set[str] = set()
    for span in known:
        at = span.parent if span.is_call else None
        while at is not None and at not in around:
            around.add(at)
            at = parents.get(at)
    return {index for index, span in enumerate(known) if span.is_call and span.id in around}


def _finish(
    row: list[Any],
    *,
    kind: str | None,
    name: str | None,
    method: str | None,
    action: str | None,
    end: object,
    outer: bool | None,
    judge: str | None,
) -> Result | None:
    row[_MODEL] = _text(row[_MODEL]) or row[_MODEL]
    asked = _text(method) or _text(action)
    row[_OPERATION] = _operation(_text(kind), name, asked, row[_MODEL])
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
MLFLOW = Rewritten(
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
        words={
            "status": {
                "STATUS_CODE_OK": "ok", "STATUS_CODE_UNSET": "ok", "UNSET": "ok", "STATUS_CODE_ERROR": "error",
            },
        },
        in_text=tuple(_span(_CHAT_USAGE, _COST)),
        total=_span(f"{_CHAT_USAGE}.total_tokens"),
        repeats=Repeats.VERSIONS,
        finish=_finish,
    ),
    _spans,
)  # fmt: skip
