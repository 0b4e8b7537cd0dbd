"""Reads spans of traces from their JSON forms, with only the wanted attributes. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.decode import mend
from leverwatch.collectors.records.formats import span_wire as wire
from leverwatch.collectors.records.formats.span_documents import usual_forms
from leverwatch.collectors.records.formats.whole_values import as_text, whole
from leverwatch.collectors.records.mistyped import explain

Scalar = str | int | float | bool | None
Refusal = tuple[Result, str]
UNREADABLE = math.nan
"""Stands for a value of another type than its name implies; as a number it is none, so that its reader sees it."""


LONGEST = 256
"""Characters of an id or a name that is compared."""


class Loose(dict[str, Scalar]):
    """Attributes of which some are `UNREADABLE`."""


class NotSpans(ValueError):
    """A JSON object that is not a document of OpenTelemetry."""


PROCESS = ("service.name", "service.instance.id", "host.name", "k8s.pod.name", "container.id", "process.pid")
"""Attributes of a resource that tell two processes apart."""


class Resource(msgspec.Struct, frozen=True, eq=False, gc=False):
    """What emitted spans."""

    named: tuple[Scalar, ...]
    """The values of the attributes that name the system; None for what is not told."""
    process: tuple[str | None, ...]
    """Those of `PROCESS`."""


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
    resource: Resource


_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_MOST_RESOURCES, _LONG_RESOURCE = 1_000, 10_000
_FAILED = frozenset({2, "2", "ERROR", "STATUS_CODE_ERROR", "StatusCode.ERROR"})
_KIND = "openinference.span.kind"
NAMING = "openlit."
"""What the names of instrumentations begin with whose spans are named by what they do."""


def mended(text: bytes) -> bytes:
    """Return JSON without what JSON has not; a number that is none is a text, so that its reader still sees it."""
    return mend(text, b'"NaN"')


class Ids(dict[str | None, str | None]):
    """Ids as they are compared, by how they are written: those of traces and parents come again and again."""

    def __missing__(self, written: str | None) -> str | None:
        self[written] = found = id_of(written)
        return found


class Scoped(msgspec.Struct, frozen=True, eq=False, gc=False):
    """Spans of OTLP that one instrumentation of one process recorded, as they are written."""

    scope: str
    version: str
    resource: Resource
    ids: Ids
    spans: Sequence[wire.WireSpan | msgspec.Raw]
    """Raw in a document where something has another type."""


class SpanReader:
    """Reads documents, keeping only the `wanted` attributes; `template` are those that name the system.

    Attributes of `prompts` are kept whole, others as one value.
    """

    def __init__(
        self, wanted: frozenset[str], template: Sequence[str] = (), prompts: frozenset[str] = frozenset()
    ) -> None:
        self._wanted, self._template, self._prompts = wanted, template, prompts
        self._resources: dict[bytes, Resource] = {}
        """Resources, by how they are written: few processes send most documents."""
        parts = (name.split(".") for name in wanted)
        self._groups = frozenset(".".join(names[:depth]) for names in parts for depth in range(1, len(names)))
        """The beginnings of wanted names, under which some producers nest the rest."""

    def read(self, unit: bytes) -> list[Span | Refusal] | None:
        """Return the spans of a document, with a `Refusal` in place of an invalid one; None for logs and metrics.

        Raises:
            msgspec.DecodeError: it is not a JSON object of the right types.
            NotSpans: it has neither spans nor logs nor metrics.
        """
        found = self.groups(unit)
        if found is None:
            return None
        spans: list[Span | Refusal] = []
        for one in found:
            spans += [self.span(it, one) for it in one.spans] if type(one) is Scoped else (one,)  # type: ignore[arg-type]
        return spans

    def groups(self, unit: bytes) -> list[Scoped | Span | Refusal] | None:
        """Return the spans of a document as `read` does, but those of OTLP by what recorded them, and unread.

        Raises:
            msgspec.DecodeError: it is not a JSON object of the right types.
            NotSpans: it has neither spans nor logs nor metrics.
        """
        document: wire.Document | wire.LooseDocument
        try:
            document = wire.document.decode(unit)
            if found := self._scoped(document.resourceSpans):
                return found
        except msgspec.ValidationError:
            document = wire.loose_document.decode(unit)
        except msgspec.DecodeError:
            whole = mended(unit)
            return self._rare(unit) if whole == unit else self.groups(whole)
        groups = document.resourceSpans
        if groups is not None and (not groups or any(group.scopeSpans is not None for group in groups)):
            return self._scoped(groups)
        if _is_object(document.context):
            return [self._flat(wire.printed.decode(unit))]
        if bytes(document.resourceLogs) or bytes(document.resourceMetrics):
            return None
        return self._rare(unit)

    def _rare(self, unit: bytes) -> list[Scoped | Span | Refusal]:
        """Return the spans of a document of another form than the two most usual ones."""
        found = usual_forms(unit)
        if found is None:
            raise NotSpans
        spans: list[Scoped | Span | Refusal] = []
        for one in found:
            try:
                document = wire.loose_document.decode(one)
                if _is_object(document.context):
                    spans.append(self._flat(wire.printed.decode(one)))
                elif document.resourceSpans is not None:
                    spans += self._scoped(document.resourceSpans)
                else:
                    spans.append((Result.MISSING_FIELD, "not a span"))
            except msgspec.ValidationError as error:
                spans.append(explain(error))
        return spans

    def _scoped(self, groups: Sequence[Any] | None) -> list[Scoped | Span | Refusal]:
        found: list[Scoped | Span | Refusal] = []
        for group in groups or ():
            resource = self._resource(group.resource)
            ids = Ids()
            for scope in group.scopeSpans or ():
                library = scope.scope or wire.NO_LIBRARY
                found.append(Scoped(library.name or "", library.version or "", resource, ids, scope.spans or ()))
        return found

    def _resource(self, resource: msgspec.Raw | wire.WireResource | None) -> Resource:
        if not isinstance(resource, msgspec.Raw):
            return self._of_resource(resource)
        text = bytes(resource)
        found = self._resources.get(text)
        if found is None:
            found = self._of_resource(wire.resource.decode(text) if text else None)
            if len(text) < _LONG_RESOURCE:
                if len(self._resources) >= _MOST_RESOURCES:
                    self._resources.clear()
                self._resources[text] = found
        return found

    def _of_resource(self, resource: wire.WireResource | None) -> Resource:
        try:
            found = self._of_list(resource.attributes if resource else None)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            found = {}  # what the spans tell counts; a name that is missing leaves them unattributed
        return self._told({name: value for name, value in found.items() if value is not UNREADABLE})

    def _told(self, attributes: Mapping[str, Scalar]) -> Resource:
        named = [attributes.get(part) for part in self._template]
        return Resource(
            tuple([None if value == "" else value for value in named]),
            tuple([text_of(attributes.get(name)) for name in PROCESS]),
        )

    def span(self, span: wire.WireSpan | msgspec.Raw, of: Scoped) -> Span | Refusal:
        """Return a span of what recorded it, or why it is refused."""
        try:
            return self._of_protocol(_alone(span) if isinstance(span, msgspec.Raw) else span, of)
        except msgspec.ValidationError as error:
            return explain(error)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return Result.INVALID_LINE, "a span that is not JSON"

    def _of_protocol(self, span: wire.WireSpan | wire.LooseSpan, of: Scoped) -> Span:
        return Span(
            of.scope,
            of.version,
            # It holds all of the document in memory, as it is a view of it.
            span.name if of.scope.startswith(NAMING) else wire.NOTHING,
            of.ids[span.traceId],
            id_of(span.spanId),
            of.ids[span.parentSpanId],
            span.startTimeUnixNano,
            span.endTimeUnixNano,
            has_failed(span),
            span.traceState or "",
            self._of_list(span.attributes),
            of.resource,
        )

    def _of_list(self, attributes: Sequence[wire.Attribute | wire.LooseAttribute] | None) -> dict[str, Scalar]:
        wanted = self._wanted
        try:
            found = {it.key: scalar(it.value) for it in attributes or () if it.key in wanted}
        except msgspec.ValidationError:
            found = Loose((it.key, _readable(it.value)) for it in attributes or () if it.key in wanted)
        if self._prompts:
            found.update((it.key, whole(it.value)) for it in attributes or () if it.key in self._prompts)
        return found

    def _flat(self, document: wire.Printed) -> Span:
        context = document.context or wire.Context()
        code = document.status.status_code if document.status else document.status_code
        attributes = self._of_mapping(document.attributes)
        if document.span_kind:
            attributes.setdefault(_KIND, document.span_kind)
        scope = document.scope or wire.NO_LIBRARY
        return Span(
            scope.name or "",
            scope.version or "",
            document.name,
            id_of(context.trace_id),
            id_of(context.span_id),
            id_of(document.parent_id),
            document.start_time,
            _scalar_time(document.end_time),
            code in _FAILED,
            "",
            attributes,
            self._told(self._of_mapping(document.resource.attributes if document.resource else None)),
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


def scalar(value: wire.Value | msgspec.Raw) -> Scalar:
    """Return the value of an attribute; of a list, that of its first element.

    Raises:
        msgspec.DecodeError: it is not a value of the protocol.
        UnicodeDecodeError: it is a text of no Unicode.
    """
    if type(value) is msgspec.Raw:
        value = wire.value.decode(value)
    if value.stringValue is not wire.NOTHING and (told := wire.text.decode(value.stringValue)) is not None:
        return told
    if value.arrayValue is not wire.NOTHING and (array := wire.array.decode(value.arrayValue)) is not None:
        return next(map(scalar, array.values), None)
    if value.intValue is not None:
        return value.intValue
    return value.boolValue if value.doubleValue is None else value.doubleValue


def _readable(value: wire.Value | msgspec.Raw) -> Scalar:
    try:
        return scalar(value)
    except msgspec.ValidationError:
        return UNREADABLE


def text_of(value: Scalar) -> str | None:
    """Return a value as text; None when it is empty, or too long to be compared."""
    text = "" if value is None else str(value).strip()
    return text if 0 < len(text) <= LONGEST else None


def has_failed(span: wire.WireSpan | wire.LooseSpan) -> bool:
    """Return whether a span says that it failed."""
    return span.status is not None and span.status.code in _FAILED


def _alone(raw: msgspec.Raw) -> wire.LooseSpan:
    """Decode a span in whose document something has another type."""
    try:
        return wire.loose_span.decode(raw)
    except msgspec.ValidationError:
        loose: Any = wire.endless_span.decode(raw)
    end = bytes(loose.endTimeUnixNano)
    try:
        loose.endTimeUnixNano = wire.end_of_span.decode(end) if end else None
    except msgspec.ValidationError:
        loose.endTimeUnixNano = UNREADABLE
    span: wire.LooseSpan = loose
    return span


def _scalar_time(value: object) -> str | int | float | None:
    return value if value is None or type(value) in {str, int, float} else UNREADABLE  # type: ignore[return-value]


def _first(value: object) -> Scalar:
    if isinstance(value, list):
        return _first(value[0]) if value else None
    return value if isinstance(value, str | int | float | bool) else None


def _is_object(raw: msgspec.Raw) -> bool:
    return bytes(raw)[:1] == b"{"


def id_of(text: str | None) -> str | None:
    """Return an id as it is compared; None when it is not told."""
    return text.strip().lower().removeprefix("0x") or None if text else None
