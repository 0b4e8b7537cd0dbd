"""Rewrites single spans as programs print them, or have them in the row of a table, to one form. Pure.

The form is the one in which the SDK for Python prints a span: a `context`, times, attributes by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_COLUMN = "attributes."
_CONTEXT = ("trace_id", "span_id")
_TIMES = ("start_time", "end_time")
_MILLISECONDS = 1e14
"""An epoch below is in milliseconds; spans have nanoseconds."""
_MICROSECONDS = 1e17
"""A number below may be in microseconds."""


def as_printed(record: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a span in the one form; None when the record is no printed span."""
    return next((rewrite(record) for does_fit, rewrite in _FORMS if does_fit(record)), None)


def _is_of_python(record: Mapping[str, Any]) -> bool:
    context = record.get("context")
    return isinstance(context, Mapping) and all(name in context for name in _CONTEXT)


def _of_python(record: Mapping[str, Any]) -> dict[str, Any]:
    return dict(record)


def _is_row(record: Mapping[str, Any]) -> bool:
    """Whether it is a row of a table of spans: columns named `context.trace_id`, `attributes.llm.model_name`."""
    return "context.trace_id" in record and "start_time" in record


def _of_row(record: Mapping[str, Any]) -> dict[str, Any]:
    columns = {key.removeprefix(_COLUMN): value for key, value in record.items() if key.startswith(_COLUMN)}
    flat = {key: value for key, value in record.items() if not key.startswith((_COLUMN, "context."))}
    flat["context"] = {name: record.get(f"context.{name}") for name in _CONTEXT}
    # A table has a cell for every attribute that any of its spans has.
    flat["attributes"] = {key: value for key, value in columns.items() if value is not None}
    for name in _TIMES:
        value = record.get(name)
        if isinstance(value, int | float) and 0 <= value < _MILLISECONDS:
            flat[name] = int(value * 1_000_000)
    return flat


def _is_of_go(record: Mapping[str, Any]) -> bool:
    return isinstance(record.get("SpanContext"), Mapping) and "StartTime" in record


def _of_go(record: Mapping[str, Any]) -> dict[str, Any]:
    context, parent, status = (_inner(record, name) for name in ("SpanContext", "Parent", "Status"))
    scope = _inner(record, "InstrumentationScope") or _inner(record, "InstrumentationLibrary")
    above = str(parent.get("SpanID") or "")
    return {
        "name": record.get("Name"),
        "kind": record.get("SpanKind"),
        "scope": {"name": scope.get("Name"), "version": scope.get("Version")},
        "context": {"trace_id": context.get("TraceID"), "span_id": context.get("SpanID")},
        "parent_id": above if above.strip("0") else None,
        "start_time": record.get("StartTime"),
        "end_time": record.get("EndTime"),
        "status_code": str(status.get("Code", "")).upper(),
        "attributes": _pairs(record.get("Attributes")),
        "resource": {"attributes": _pairs(record.get("Resource"))},
    }


def _pairs(attributes: Any) -> dict[str, Any]:
    pairs = [it for it in attributes if isinstance(it, Mapping)] if isinstance(attributes, list) else []
    return {str(it.get("Key")): _inner(it, "Value").get("Value") for it in pairs}


def _is_of_javascript(record: Mapping[str, Any]) -> bool:
    return {"traceId", "id", "timestamp", "duration"} <= record.keys()


def _of_javascript(record: Mapping[str, Any]) -> dict[str, Any]:
    start, length = (_nanoseconds(record.get(name)) for name in ("timestamp", "duration"))
    return {
        "name": record.get("name"),
        "scope": dict(_inner(record, "instrumentationScope")),
        "context": {"trace_id": record.get("traceId"), "span_id": record.get("id")},
        "parent_id": _inner(record, "parentSpanContext").get("spanId") or record.get("parentId"),
        "start_time": start,
        "end_time": None if start is None or length is None else start + length,
        "status_code": _inner(record, "status").get("code"),
        "attributes": record.get("attributes"),
        "resource": record.get("resource"),
    }


def _nanoseconds(microseconds: Any) -> int | None:
    is_number = isinstance(microseconds, int | float) and 0 <= microseconds < _MICROSECONDS
    return int(microseconds * 1000) if is_number else None


def _inner(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = record.get(name)
    return found if isinstance(found, Mapping) else {}


_FORMS: tuple[tuple[Callable[[Mapping[str, Any]], bool], Callable[[Mapping[str, Any]], dict[str, Any]]], ...] = (
    (_is_of_python, _of_python),
    (_is_row, _of_row),
    (_is_of_go, _of_go),
    (_is_of_javascript, _of_javascript),
)
