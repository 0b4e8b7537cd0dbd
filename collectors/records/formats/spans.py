"""Reads spans of traces from their JSON forms, with only the wanted attributes. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.decode import mend
from leverwatch.collectors.records.formats.span_documents import usual_forms
from leverwatch.collectors.records.formats.whole_values import as_text, whole
from leverwatch.collectors.records.mistyped import explain

Scalar = str | int | float | bool | None
Refusal = tuple[Result, str]
UNREADABLE = math.nan
"""Stands for a value of another type than its name implies; as a number it is none, so that its reader sees it."""
_NOTHING = msgspec.Raw()


class Loose(dict[str, Scalar]):
    """Attributes of which some are `UNREADABLE`."""


class NotSpans(ValueError):
    """A JSON object that is not a document of OpenTelemetry."""


class _Array(msgspec.Struct, gc=False):
    values: list[msgspec.Raw] = []


class _Value(msgspec.Struct, gc=False):
    stringValue: str | None = None  # noqa: N815 the names of the protocol
    intValue: int | None = None  # noqa: N815 as above
    doubleValue: float | None = None  # noqa: N815 as above
    boolValue: bool | None = None  # noqa: N815 as above
    arrayValue: _Array | None = None  # noqa: N815 as above


class _Attribute(msgspec.Struct, gc=False):
    key: str
    value: msgspec.Raw = msgspec.Raw(b"{}")


class _Status(msgspec.Struct, gc=False):
    code: int | str | None = None


class _Span(msgspec.Struct, gc=False):
    name: msgspec.Raw = _NOTHING
    traceId: str | None = None  # noqa: N815 as above
    spanId: str | None = None  # noqa: N815 as above
    parentSpanId: str | None = None  # noqa: N815 as above
    traceState: str | None = None  # noqa: N815 as above
    startTimeUnixNano: int | None = None  # noqa: N815 as above
    endTimeUnixNano: int | None = None  # noqa: N815 as above
    attributes: list[_Attribute] | None = None
    status: _Status | None = None


class _LooseSpan(_Span, gc=False):
    endTimeUnixNano: msgspec.Raw = _NOTHING  # type: ignore[assignment]  # noqa: N815 as above


class _Resource(msgspec.Struct, gc=False):
    attributes: list[_Attribute] | None = None


class _Library(msgspec.Struct, gc=False):
    name: str | None = None
    version: str | None = None


_NO_LIBRARY = _Library()


class _Scope(msgspec.Struct, gc=False):
    scope: _Library | None = None
    spans: list[_Span] | None = None


class _LooseScope(msgspec.Struct, gc=False):
    scope: _Library | None = None
    spans: list[msgspec.Raw] | None = None


class _ResourceSpans(msgspec.Struct, gc=False):
    resource: _Resource | None = None
    scopeSpans: list[_Scope] | None = None  # noqa: N815 as above


class _LooseResourceSpans(msgspec.Struct, gc=False):
    resource: _Resource | None = None
    scopeSpans: list[_LooseScope] | None = None  # noqa: N815 as above


class _Context(msgspec.Struct, gc=False):
    trace_id: str | None = None
    span_id: str | None = None


class _FlatStatus(msgspec.Struct, gc=False):
    status_code: int | str | None = None


class _FlatResource(msgspec.Struct, gc=False):
    attributes: dict[str, msgspec.Raw] | None = None


class _Printed(msgspec.Struct, gc=False):
    """A single span as an SDK prints it."""

    name: msgspec.Raw = _NOTHING
    span_kind: str | None = None
    scope: _Library | None = None
    context: _Context | None = None
    parent_id: str | None = None
    start_time: str | int | float | None = None
    end_time: Any = None
    status_code: int | str | None = None
    status: _FlatStatus | None = None
    attributes: dict[str, msgspec.Raw] | None = None
    resource: _FlatResource | None = None


class _Base(msgspec.Struct, gc=False):
    resourceLogs: msgspec.Raw = _NOTHING  # noqa: N815 as above
    resourceMetrics: msgspec.Raw = _NOTHING  # noqa: N815 as above
    context: msgspec.Raw = _NOTHING


class _Document(_Base, gc=False):
    """A batch in OTLP's JSON form, or something else."""

    resourceSpans: list[_ResourceSpans] | None = None  # noqa: N815 as above


class _LooseDocument(_Base, gc=False):
    resourceSpans: list[_LooseResourceSpans] | None = None  # noqa: N815 as above


class Span(msgspec.Struct, frozen=True, eq=False, gc=False):
    """One span. Instances are compared by identity."""

    scope: str
    """The name of what recorded it; empty when it is not told."""
    version: str
    """The version of what recorded it; empty when it is not told."""
    name: msgspec.Raw
    """The name as JSON, as few names are read; empty when it is not told, or not needed."""
    trace_id: str | None
    span_id: str | None
    parent_id: str | None
    start: str | int | float | None
    """The start: nanoseconds since 1970, or a text in ISO 8601."""
    end: str | int | float | None
    """The end; `UNREADABLE` for what is no time."""
    failed: bool
    state: str
    """The trace state, in which samplers write their threshold."""
    attributes: Mapping[str, Scalar]
    resource: Mapping[str, Scalar]


_document = msgspec.json.Decoder(_Document, strict=False)
_loose = msgspec.json.Decoder(_LooseDocument, strict=False)
_span = msgspec.json.Decoder(_Span, strict=False)
_loose_span: msgspec.json.Decoder[Any] = msgspec.json.Decoder(_LooseSpan, strict=False)
_end: msgspec.json.Decoder[Any] = msgspec.json.Decoder(int | None, strict=False)
_value = msgspec.json.Decoder(_Value, strict=False)
_printed = msgspec.json.Decoder(_Printed, strict=False)
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_FAILED = frozenset({2, "2", "ERROR", "STATUS_CODE_ERROR", "StatusCode.ERROR"})
_KIND = "openinference.span.kind"
NAMING = "openlit."
"""What the names of instrumentations begin with whose spans are named by what they do."""


def mended(text: bytes) -> bytes:
    """Return JSON without what JSON has not; a number that is none is a text, so that its reader still sees it."""
    return mend(text, b'"NaN"')


class _Ids(dict[str | None, str | None]):
    """Ids as they are compared, by how they are written: those of traces and parents come again and again."""

    def __missing__(self, written: str | None) -> str | None:
        self[written] = found = _id(written)
        return found


class SpanReader:
    """Reads documents, keeping only the `wanted` attributes; those of `prompts` whole, others as one value."""

    def __init__(self, wanted: frozenset[str], prompts: frozenset[str] = frozenset()) -> None:
        self._wanted, self._prompts = wanted, prompts
        parts = (name.split(".") for name in wanted)
        self._groups = frozenset(".".join(names[:depth]) for names in parts for depth in range(1, len(names)))
        """The beginnings of wanted names, under which some producers nest the rest."""

    def read(self, unit: bytes) -> list[Span | Refusal] | None:
        """Return the spans of a document, with a `Refusal` in place of an invalid one; None for logs and metrics.

        Raises:
            msgspec.DecodeError: it is not a JSON object of the right types.
            NotSpans: it has neither spans nor logs nor metrics.
        """
        document: _Document | _LooseDocument
        try:
            document = _document.decode(unit)
        except msgspec.ValidationError:
            document = _loose.decode(unit)
        except msgspec.DecodeError:
            whole = mended(unit)
            return self._rare(unit) if whole == unit else self.read(whole)
        groups = document.resourceSpans
        if groups is not None and (not groups or any(group.scopeSpans is not None for group in groups)):
            return list(self._spans(groups))
        if _is_object(document.context):
            return [self._flat(_printed.decode(unit))]
        if bytes(document.resourceLogs) or bytes(document.resourceMetrics):
            return None
        return self._rare(unit)

    def _rare(self, unit: bytes) -> list[Span | Refusal]:
        """Return the spans of a document of another form than the two most usual ones."""
        found = usual_forms(unit)
        if found is None:
            raise NotSpans
        spans: list[Span | Refusal] = []
        for one in found:
            try:
                document = _loose.decode(one)
                if _is_object(document.context):
                    spans.append(self._flat(_printed.decode(one)))
                elif document.resourceSpans is not None:
                    spans += self._spans(document.resourceSpans)
                else:
                    spans.append((Result.MISSING_FIELD, "not a span"))
            except msgspec.ValidationError as error:
                spans.append(explain(error))
        return spans

    def _spans(self, groups: list[Any]) -> Iterator[Span | Refusal]:
        for group in groups:
            resource = self._resource(group.resource)
            ids = _Ids()
            for scope in group.scopeSpans or ():
                library = scope.scope or _NO_LIBRARY
                for span in scope.spans or ():
                    try:
                        yield self._of_protocol(
                            _alone(span) if isinstance(span, msgspec.Raw) else span, resource, library, ids
                        )
                    except msgspec.ValidationError as error:
                        yield explain(error)
                    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                        yield Result.INVALID_LINE, "a span that is not JSON"

    def _resource(self, resource: _Resource | None) -> Mapping[str, Scalar]:
        try:
            found = self._of_list(resource.attributes if resource else None)
            return {name: value for name, value in found.items() if value is not UNREADABLE}
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return {}  # what the spans tell counts; a name that is missing leaves them unattributed

    def _of_protocol(self, span: _Span, resource: Mapping[str, Scalar], scope: _Library, ids: _Ids) -> Span:
        by = scope.name or ""
        return Span(
            by,
            scope.version or "",
            # It holds all of the document in memory, as it is a view of it.
            span.name if by.startswith(NAMING) else _NOTHING,
            ids[span.traceId],
            _id(span.spanId),
            ids[span.parentSpanId],
            span.startTimeUnixNano,
            span.endTimeUnixNano,
            span.status is not None and span.status.code in _FAILED,
            span.traceState or "",
            self._of_list(span.attributes),
            resource,
        )

    def _of_list(self, attributes: list[_Attribute] | None) -> dict[str, Scalar]:
        wanted = self._wanted
        try:
            found = {it.key: _scalar(it.value) for it in attributes or () if it.key in wanted}
        except msgspec.ValidationError:
            found = Loose((it.key, _readable(it.value)) for it in attributes or () if it.key in wanted)
        if self._prompts:
            found.update((it.key, whole(it.value)) for it in attributes or () if it.key in self._prompts)
        return found

    def _flat(self, document: _Printed) -> Span:
        context = document.context or _Context()
        code = document.status.status_code if document.status else document.status_code
        attributes = self._of_mapping(document.attributes)
        if document.span_kind:
            attributes.setdefault(_KIND, document.span_kind)
        scope = document.scope or _NO_LIBRARY
        return Span(
            scope.name or "",
            scope.version or "",
            document.name,
            _id(context.trace_id),
            _id(context.span_id),
            _id(document.parent_id),
            document.start_time,
            _scalar_time(document.end_time),
            code in _FAILED,
            "",
            attributes,
            self._of_mapping(document.resource.attributes if document.resource else None),
        )

    def _of_mapping(self, attributes: Mapping[str, msgspec.Raw] | None, prefix: str = "") -> dict[str, Scalar]:
        found: dict[str, Scalar] = {}
        for key, raw in (attributes or {}).items():
            name = prefix + key
            if name in self._wanted:
                value = msgspec.json.decode(raw)
                found[name] = as_text(value) if name in self._prompts else _first(value)
            elif name in self._groups and _is_object(raw):
                found |= self._of_mapping(_object.decode(raw), f"{name}.")
        return found


def name_of(span: Span) -> str:
    """Return the name of a span; empty when it is not told."""
    try:
        name = msgspec.json.decode(span.name) if bytes(span.name) else ""
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    return name if isinstance(name, str) else ""


def _scalar(raw: msgspec.Raw) -> Scalar:
    value = _value.decode(raw)
    if value.arrayValue is not None:
        return next(map(_scalar, value.arrayValue.values), None)
    if value.stringValue is not None:
        return value.stringValue
    if value.intValue is not None:
        return value.intValue
    return value.boolValue if value.doubleValue is None else value.doubleValue


def _readable(raw: msgspec.Raw) -> Scalar:
    try:
        return _scalar(raw)
    except msgspec.ValidationError:
        return UNREADABLE


def _alone(raw: msgspec.Raw) -> _Span:
    """Decode a span in whose document something has another type."""
    try:
        return _span.decode(raw)
    except msgspec.ValidationError:
        loose: Any = _loose_span.decode(raw)
    end = bytes(loose.endTimeUnixNano)
    try:
        loose.endTimeUnixNano = _end.decode(end) if end else None
    except msgspec.ValidationError:
        loose.endTimeUnixNano = UNREADABLE
    span: _Span = loose
    return span


def _scalar_time(value: object) -> str | int | float | None:
    return value if value is None or type(value) in {str, int, float} else UNREADABLE  # type: ignore[return-value]


def _first(value: object) -> Scalar:
    if isinstance(value, list):
        return _first(value[0]) if value else None
    return value if isinstance(value, str | int | float | bool) else None


def _is_object(raw: msgspec.Raw) -> bool:
    return bytes(raw)[:1] == b"{"


def _id(text: str | None) -> str | None:
    return text.strip().lower().removeprefix("0x") or None if text else None
