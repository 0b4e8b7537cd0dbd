"""How spans are written in JSON: OTLP's form, and the one that SDKs print. Pure.

Of a value only the text stays as it is written: most attributes are never looked at, and some hold a whole prompt.
"""

from __future__ import annotations

from typing import Any

import msgspec

NOTHING = msgspec.Raw()
"""Stands for what a record does not have."""


class Array(msgspec.Struct, gc=False):
    """A list of values."""

    values: list[msgspec.Raw] = []


class Value(msgspec.Struct, frozen=True, gc=False):
    """A value of an attribute; one of its fields has something."""

    stringValue: msgspec.Raw = NOTHING  # noqa: N815 the names of the protocol
    intValue: int | None = None  # noqa: N815 as above
    doubleValue: float | None = None  # noqa: N815 as above
    boolValue: bool | None = None  # noqa: N815 as above
    arrayValue: msgspec.Raw = NOTHING  # noqa: N815 as above
    kvlistValue: msgspec.Raw = NOTHING  # noqa: N815 as above


class Attribute(msgspec.Struct, gc=False):
    """An attribute all of whose values have the types of the protocol."""

    key: str
    value: Value = Value()


class LooseAttribute(msgspec.Struct, gc=False):
    """An attribute whose value may be anything."""

    key: str
    value: msgspec.Raw = msgspec.Raw(b"{}")


class Status(msgspec.Struct, gc=False):
    """How what the span was for ended."""

    code: int | str | None = None


class _AnySpan(msgspec.Struct, gc=False):
    name: msgspec.Raw = NOTHING
    traceId: str | None = None  # noqa: N815 as above
    spanId: str | None = None  # noqa: N815 as above
    parentSpanId: str | None = None  # noqa: N815 as above
    traceState: str | None = None  # noqa: N815 as above
    startTimeUnixNano: int | None = None  # noqa: N815 as above
    endTimeUnixNano: int | None = None  # noqa: N815 as above
    status: Status | None = None


class WireSpan(_AnySpan, gc=False):
    """A span of OTLP."""

    attributes: list[Attribute] | None = None


class LooseSpan(_AnySpan, gc=False):
    """A span with values of attributes that are anything."""

    attributes: list[LooseAttribute] | None = None


class _EndlessSpan(LooseSpan, gc=False):
    endTimeUnixNano: msgspec.Raw = NOTHING  # type: ignore[assignment]  # noqa: N815 as above


class WireResource(msgspec.Struct, gc=False):
    """What emitted spans."""

    attributes: list[LooseAttribute] | None = None


class Library(msgspec.Struct, gc=False):
    """What recorded spans."""

    name: str | None = None
    version: str | None = None


NO_LIBRARY = Library()


class _Scope(msgspec.Struct, gc=False):
    scope: Library | None = None
    spans: list[WireSpan] | None = None


class _LooseScope(msgspec.Struct, gc=False):
    scope: Library | None = None
    spans: list[msgspec.Raw] | None = None


class _ResourceSpans(msgspec.Struct, gc=False):
    resource: msgspec.Raw = NOTHING
    scopeSpans: list[_Scope] | None = None  # noqa: N815 as above


class _LooseResourceSpans(msgspec.Struct, gc=False):
    resource: WireResource | None = None
    scopeSpans: list[_LooseScope] | None = None  # noqa: N815 as above


class Context(msgspec.Struct, gc=False):
    """The ids of a printed span."""

    trace_id: str | None = None
    span_id: str | None = None


class _FlatStatus(msgspec.Struct, gc=False):
    status_code: int | str | None = None


class _FlatResource(msgspec.Struct, gc=False):
    attributes: dict[str, msgspec.Raw] | None = None


class Printed(msgspec.Struct, gc=False):
    """A single span as an SDK prints it."""

    name: msgspec.Raw = NOTHING
    span_kind: str | None = None
    scope: Library | None = None
    context: Context | None = None
    parent_id: str | None = None
    start_time: str | int | float | None = None
    end_time: Any = None
    status_code: int | str | None = None
    status: _FlatStatus | None = None
    attributes: dict[str, msgspec.Raw] | None = None
    resource: _FlatResource | None = None


class _Base(msgspec.Struct, gc=False):
    resourceLogs: msgspec.Raw = NOTHING  # noqa: N815 as above
    resourceMetrics: msgspec.Raw = NOTHING  # noqa: N815 as above
    context: msgspec.Raw = NOTHING


class Document(_Base, gc=False):
    """A batch in OTLP's JSON form, or something else."""

    resourceSpans: list[_ResourceSpans] | None = None  # noqa: N815 as above


class LooseDocument(_Base, gc=False):
    """The same, each of whose spans is read on its own."""

    resourceSpans: list[_LooseResourceSpans] | None = None  # noqa: N815 as above


document = msgspec.json.Decoder(Document, strict=False)
loose_document = msgspec.json.Decoder(LooseDocument, strict=False)
loose_span = msgspec.json.Decoder(LooseSpan, strict=False)
endless_span: msgspec.json.Decoder[Any] = msgspec.json.Decoder(_EndlessSpan, strict=False)
end_of_span: msgspec.json.Decoder[Any] = msgspec.json.Decoder(int | None, strict=False)
resource: msgspec.json.Decoder[WireResource | None] = msgspec.json.Decoder(WireResource | None, strict=False)
value: msgspec.json.Decoder[Value] = msgspec.json.Decoder(Value, strict=False)
array: msgspec.json.Decoder[Array | None] = msgspec.json.Decoder(Array | None, strict=False)
text: msgspec.json.Decoder[str | None] = msgspec.json.Decoder(str | None, strict=False)
printed = msgspec.json.Decoder(Printed, strict=False)
