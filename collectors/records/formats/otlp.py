"""Traces of GenAI calls: OpenTelemetry's conventions old and new, OpenLIT, OpenLLMetry and OpenInference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec.structs import replace

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.fields import ALL_FIELDS, PromptPath
from leverwatch.collectors.records.formats.dialects import CACHE_HIT, ERROR, Told, tell, value_of
from leverwatch.collectors.records.formats.interface import Framing, Parsed, Reader, Repeats, Row
from leverwatch.collectors.records.formats.observers import Around, Call, Observers, around, is_work
from leverwatch.collectors.records.formats.plain import Plan
from leverwatch.collectors.records.formats.producers import PRODUCERS_WANT, as_meant, has_own_meaning, is_hit
from leverwatch.collectors.records.formats.span_documents import has_spans
from leverwatch.collectors.records.formats.span_kinds import KINDS, operations_of
from leverwatch.collectors.records.formats.span_lines import SpanLines
from leverwatch.collectors.records.formats.span_numbers import (
    NO_TOKENS,
    Mistyped,
    amount_of,
    readable_tokens,
    take_unreadable,
    whole_numbers,
)
from leverwatch.collectors.records.formats.span_rows import row_of, sample_rate, schema_mode
from leverwatch.collectors.records.formats.span_shapes import Shapes
from leverwatch.collectors.records.formats.span_wire import WireSpan
from leverwatch.collectors.records.formats.spans import (
    PROCESS,
    UNREADABLE,
    Loose,
    NotSpans,
    Refusal,
    Scalar,
    Scoped,
    Span,
    SpanReader,
    has_failed,
    id_of,
)
from leverwatch.collectors.records.framing.values import VALUES
from leverwatch.collectors.records.mistyped import explain
from leverwatch.collectors.records.vocabulary import is_cache_hit

_WORDS = {
    "model": "model",
    "response": "request_id",
    "finish": "finish_reason",
    "schema": "schema_mode",
    "tier": "tier",
}
"""Those of the texts."""
_DECIDING = (*KINDS, ERROR, CACHE_HIT)
"""Attributes that say whether and how a span counts."""
_Answer = tuple[str | Result, str | Result, bool]
"""What spans of some kinds are without tokens, what they are with them, and whether they are work of their own."""
_SHORT, _MOST_KINDS = 100, 1_000


class Otlp:
    """Reads batches of spans; `template` are names of attributes of the span or of its resource."""

    has_extended = True
    makes_lines = True
    reads_text = False
    repeats = Repeats.CALLS
    framing: Framing = VALUES
    known = ALL_FIELDS - {"inferences", "attempts", "errors", "valid", "static_input_tokens"}

    def __init__(self, template: Sequence[str]) -> None:
        self._template = tuple(part.replace("\\", "") for part in template)
        self._known: dict[tuple[Scalar, ...], _Answer] = {}
        self._wanted = PRODUCERS_WANT | frozenset((*self._template, *PROCESS))
        names = frozenset(part.replace("\\", "") for part in template if not isinstance(part, PromptPath))
        self._prompts = frozenset(self._template) - names
        self._reader = SpanReader(self._wanted, self._template, self._prompts)
        self._shapes = Shapes(self._template)

    def plan(self) -> Plan | None:
        """Return what the compiled helper needs to count plain spans; None when it cannot."""
        try:
            return None if self._prompts else SpanLines(self._template, self.read).plan()
        except ValueError:
            return None

    def read(self, units: Sequence[bytes]) -> Parsed:
        """Read documents of many spans each; an invalid span is refused, and the others are read."""
        found = _Found(Parsed(lines=[]), [], [], [])
        parsed = found.parsed
        for line, unit in enumerate(units):
            text = unit.removeprefix(b"\xef\xbb\xbf").strip(b"\0\r\n\t ")
            if not text:
                parsed.ignored += 1
                continue
            try:
                groups = self._reader.groups(text)
            except NotSpans:
                parsed.refused.append((line, Result.MISSING_FIELD, "neither spans nor logs nor metrics"))
            except msgspec.ValidationError as error:
                parsed.refused.append((line, *explain(error)))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                parsed.refused.append((line, Result.INVALID_LINE, "not one JSON object"))
            else:
                self._document(found, line, groups)
        parsed.lines = found.lines
        parsed.observed = Observers(found.calls, found.others)
        return parsed

    def _document(self, found: _Found, line: int, groups: Sequence[Scoped | Span | Refusal] | None) -> None:
        if groups is None:
            found.no_call(None)
        for group in groups or ():
            if not isinstance(group, Scoped):
                self._span(found, line, group)
                continue
            for span in group.spans:
                if type(span) is not WireSpan or not self._simple(found, line, span, group):
                    self._span(found, line, self._reader.span(span, group))

    def _simple(self, found: _Found, line: int, span: WireSpan, of: Scoped) -> bool:
        """Read a span that means what the conventions say. Returns whether it is one; else nothing was done."""
        wanted = self._wanted
        picked = [it for it in span.attributes or () if it.key in wanted]
        names = tuple([it.key for it in picked])
        if self._prompts and not self._prompts.isdisjoint(names):
            return False
        shape = self._shapes[names]
        failed = span.status is not None and has_failed(span)
        if shape is None or has_own_meaning(of.scope, failed=failed):
            return False
        try:
            kinds = shape.kinds(picked)
            operation, spending, is_work_ = self._known.get(kinds) or self._operations(kinds)
            if shape.has_tokens:
                operation = spending
            if operation is Result.NOT_A_CALL:
                if operation is not spending and shape.tells:
                    return False
                ids = of.ids[span.traceId], id_of(span.spanId), of.ids[span.parentSpanId]
                found.no_call(span.startTimeUnixNano, Around(*ids, is_work_))
                return True
            told = None if isinstance(operation, Result) else shape.read(picked)
            rate = sample_rate(span.traceState) if span.traceState else None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, Mistyped):
            return False
        if told is None or isinstance(operation, Result):
            return False
        tokens, total, model, response, cost, finish, schema, tier, error, hit, own, models = told
        tokens = whole_numbers(of.scope, tokens, total)
        failed = failed or bool(error)
        named = of.resource.named
        template = named if own is None else [one or other for one, other in zip(own, named, strict=True)]
        is_hit_ = hit is not None and is_cache_hit(hit)
        trace, id_, start, end = (
            of.ids[span.traceId],
            id_of(span.spanId),
            span.startTimeUnixNano,
            span.endTimeUnixNano,
        )
        row = row_of(
            start, end, trace, id_, operation, failed, tokens, model, response, cost, is_hit_, rate, template,
            schema, finish, tier,
        )  # fmt: skip
        parent = of.ids[span.parentSpanId]
        call = Call(
            of.scope,
            trace,
            id_,
            parent,
            start,
            end,
            operation,
            failed,
            response,
            tokens,
            models,
            of.resource.process,
        )
        found.call(line, row, call)
        return True

    def _span(self, found: _Found, line: int, span: Span | Refusal) -> None:
        """Read any span, or refuse it."""
        if not isinstance(span, Span):
            found.parsed.refused.append((line, *span))
            return
        is_loose = span.end is UNREADABLE or type(span.attributes) is Loose
        meant = as_meant(span)
        if meant is None or not meant.attributes:
            found.no_call(span.start, around(span))
            return
        span = meant
        try:
            operation, spending, _ = self._operations(tuple(map(span.attributes.get, KINDS)))
            if operation is spending is Result.NOT_A_CALL and not is_loose:
                # Most spans that are no calls, whatever else they tell.
                found.no_call(span.start, around(span))
                return
            told = tell(span.attributes)
            bad: list[tuple[str, str]] = []
            if is_loose:
                span, bad = self._readable(span, told)
            tokens, wrong = readable_tokens(span.scope, told) if told else (NO_TOKENS, [])
            wrong += bad
            if wrong or tokens != NO_TOKENS:
                operation = spending
            if not isinstance(operation, Result):
                self._call(found, line, span, operation, told, tokens, wrong)
            elif operation is Result.NOT_A_CALL:
                found.no_call(span.start, around(span))
            else:
                found.parsed.refused.append((line, operation, "an operation of no known kind"))
        except Mistyped as error:
            found.parsed.refused.append((line, Result.MISTYPED_FIELD, str(error)))

    def _call(
        self,
        found: _Found,
        line: int,
        span: Span,
        operation: str,
        told: dict[str, Told],
        tokens: tuple[int | None, ...],
        wrong: list[tuple[str, str]],
    ) -> None:
        """Note a call, of which the fields in `wrong` are unreadable.

        Raises:
            Mistyped: its sample rate is none.
        """
        attributes = span.attributes
        failed = span.failed or bool(attributes.get(ERROR))
        hit, rate = is_hit(span), sample_rate(span.state)
        try:
            cost = amount_of(told.get("cost"))
        except Mistyped:
            wrong += take_unreadable(told)
            cost = None
        model, response = value_of(told, "model"), value_of(told, "response")
        template = [
            _known(attributes.get(part)) or named
            for part, named in zip(self._template, span.resource.named, strict=True)
        ]
        row = row_of(
            span.start, span.end, span.trace_id, span.span_id, operation, failed, tokens, model, response, cost,
            hit, rate, template, schema_mode(told, attributes), value_of(told, "finish"),
            value_of(told, "tier"),
        )  # fmt: skip
        if wrong:
            found.parsed.unreadable += ((len(found.parsed.rows), field, why) for field, why in wrong)
        # Only wanted attributes are read: these are the names of models.
        models = (model, *[value for name, value in attributes.items() if "model" in name])
        ids = span.trace_id, span.span_id, span.parent_id
        call = Call(
            span.scope,
            *ids,
            span.start,
            span.end,
            operation,
            failed,
            response,
            tokens,
            models,
            span.resource.process,
        )
        found.call(line, row, call)

    def _readable(self, span: Span, told: dict[str, Told]) -> tuple[Span, list[tuple[str, str]]]:
        """Take texts and an end out that have another type; returns the span without them, and field and reason of
        each.

        Raises:
            Mistyped: what says whether a span counts, and for which system, is unreadable.
        """
        for name in (*_DECIDING, *self._template):
            if span.attributes.get(name) is UNREADABLE:
                raise Mistyped(f"{name}: expected a value of its type")
        wrong = [
            (field, f"{told.pop(name)[1]}: expected a text")
            for name, field in _WORDS.items()
            if value_of(told, name) is UNREADABLE
        ]
        if span.end is not UNREADABLE:
            return span, wrong
        return replace(span, end=None), [*wrong, ("latency_ms", "end: expected a time")]

    def _operations(self, kinds: tuple[Scalar, ...]) -> _Answer:
        """Return what spans of some kinds are; the few usual answers are remembered."""
        found = self._known.get(kinds)
        if found is None:
            found = (*operations_of(*kinds), is_work(dict(zip(KINDS, kinds, strict=True))))
            short = all(kind is None or (type(kind) is str and len(kind) < _SHORT) for kind in kinds)
            if short and len(self._known) < _MOST_KINDS:
                self._known[kinds] = found
        return found


class _Found(msgspec.Struct, gc=False):
    """What was found in some documents."""

    parsed: Parsed
    lines: list[int]
    calls: list[Call]
    others: list[Around]

    def no_call(self, start: object, span: Around | None = None) -> None:
        """Note a record that is no call."""
        passed = self.parsed.passed
        passed[Result.NOT_A_CALL] = passed.get(Result.NOT_A_CALL, 0) + 1
        if start is not None:
            self.parsed.seen.append(start)
        if span is not None:
            self.others.append(span)

    def call(self, line: int, row: Row, call: Call) -> None:
        """Note a call in a line."""
        self.parsed.rows.append(row)
        self.lines.append(line)
        self.calls.append(call)


def _known(value: Scalar) -> Scalar:
    return None if value == "" else value


@dataclass(frozen=True)
class _Named:
    name: str
    framing: Framing = VALUES

    def recognise(self, record: Any) -> int:
        """Return how likely a record is a batch of spans, or a span: 0 to 100."""
        if not isinstance(record, Mapping):
            return 0
        if "resourceSpans" in record:
            return 95
        context = record.get("context")
        if isinstance(context, Mapping) and "trace_id" in context and "span_id" in context:
            return 85
        if has_spans(record):
            return 80
        return 40 if "resourceLogs" in record or "resourceMetrics" in record else 0

    def build(self, template: Sequence[str]) -> Reader:
        """Return a reader; a placeholder of the template may be the name of any attribute."""
        return Otlp(template)


OTLP = _Named("otlp")
