"""Rewrites the rarer JSON forms of spans as one of the two usual ones. Pure.

The usual ones are a batch of OTLP (`resourceSpans`) and a single span with a `context`, as the SDK for Python
prints it. The rarer ones are parts of a batch without what is around them, names of older versions or of the
protobuf files, pages of an API, and spans as other programs print them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from leverwatch.collectors.records.formats.printed_spans import as_printed

_OLD = {
    "instrumentationLibrarySpans": "scopeSpans", "instrumentationLibrary": "scope", "ilSpans": "scopeSpans",
    "batches": "resourceSpans",
}  # fmt: skip
"""What the protocol called its parts before."""
_PARTS = ("resourceSpans", "scopeSpans", "spans", "data")
_MLFLOW = "mlflow."
"""Its spans have other attributes, and a format of their own."""
_UNDERSCORE = re.compile(r"_([a-z])")


def usual_forms(unit: bytes) -> Sequence[bytes] | None:
    """Return the documents of a usual form that say the same as this one; None when it has no spans.

    Raises:
        msgspec.DecodeError: it is not JSON.
    """
    try:
        record = msgspec.json.decode(unit)
    except msgspec.DecodeError:
        # A text that is no Unicode, or a number that is none, costs no span that does not need it.
        try:
            record = json.loads(unit, parse_constant=lambda _: None)
        except ValueError as error:
            raise msgspec.DecodeError from error
    if not isinstance(record, Mapping):
        return None
    if any(record.get(part) == [] for part in _PARTS):
        return []
    return [json.dumps(one, ensure_ascii=False).encode(errors="replace") for one in _documents(record)] or None


def has_spans(record: object) -> bool:
    """Whether a record is a span, or has spans, in one of the rarer forms; only the first span is looked at."""
    if not isinstance(record, Mapping):
        return False
    first = {key: value[:1] if isinstance(value, list) else value for key, value in record.items()}
    return next(_documents(first), None) is not None


def _documents(record: Mapping[str, Any]) -> Iterator[Any]:
    printed = as_printed(record)
    if printed is not None:
        yield printed
        return
    named = _renamed(record)
    trace = named.get("trace")
    if isinstance(trace, Mapping):
        named = _renamed(trace)
    for part in _PARTS:
        inner = named.get(part)
        if not isinstance(inner, list):
            continue
        objects = [one for one in inner if isinstance(one, Mapping)]
        if part == "resourceSpans":
            yield {"resourceSpans": [_batch(one) for one in objects]}
        elif part == "scopeSpans":
            yield {"resourceSpans": [_batch(named)]}
        else:
            printed_spans = [it for it in map(as_printed, objects) if it is not None]
            spans = [it for it in map(_renamed, objects) if _is_span(it)]
            yield from printed_spans
            if spans:
                yield {"resourceSpans": [_batch({**named, "scopeSpans": [{**named, "spans": spans}]})]}
            if printed_spans or spans:
                # Each element that is no span is refused for itself.
                yield from [{}] * (len(inner) - len(printed_spans) - len(spans))
        return
    if _is_span(named):
        yield {"resourceSpans": [{"scopeSpans": [{"spans": [_span(named)]}]}]}


def _renamed(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object with the names that the protocol has in JSON today."""
    names = ((key, _UNDERSCORE.sub(lambda match: match[1].upper(), key)) for key in record)
    return {_OLD.get(name, name): record[key] for key, name in names}


def _batch(group: Mapping[str, Any]) -> dict[str, Any]:
    named = _renamed(group)
    resource = named.get("resource")
    return {
        "resource": _span(resource) if isinstance(resource, Mapping) else None,
        "scopeSpans": _each(named.get("scopeSpans"), _scope),
    }


def _scope(group: Mapping[str, Any]) -> dict[str, Any]:
    named = _renamed(group)
    return {"scope": named.get("scope"), "spans": _each(named.get("spans"), _span)}


def _each(values: Any, rewrite: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Any:
    """Rewrite the objects of a list; what is no object, or no list, is left for the decoder to refuse."""
    if not isinstance(values, list):
        return values
    return [rewrite(it) if isinstance(it, Mapping) else it for it in values]


def _span(span: Mapping[str, Any]) -> dict[str, Any]:
    named = _renamed(span)
    attributes = named.get("attributes")
    if isinstance(attributes, list):
        named["attributes"] = _each(attributes, _attribute)
    elif isinstance(attributes, Mapping):
        named["attributes"] = [{"key": key, "value": _typed(value)} for key, value in attributes.items()]
    return named


def _attribute(attribute: Mapping[str, Any]) -> dict[str, Any]:
    return {**attribute, "value": _any_value(attribute.get("value"))}


def _any_value(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return _typed(value)
    named = _renamed(value)
    array = named.get("arrayValue")
    if isinstance(array, Mapping) and isinstance(array.get("values"), list):
        named["arrayValue"] = {"values": [_any_value(it) for it in array["values"]]}
    return named


def _typed(value: Any) -> dict[str, Any]:
    """Return a plain value as the protocol writes it."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": value}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_typed(it) for it in value]}}
    return {"stringValue": value} if isinstance(value, str) else {}


def _is_span(span: Mapping[str, Any]) -> bool:
    attributes = span.get("attributes")
    if isinstance(attributes, Mapping) and any(key.startswith(_MLFLOW) for key in attributes):
        return False
    return "traceId" in span and "spanId" in span and "startTimeUnixNano" in span
