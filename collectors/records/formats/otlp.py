"""Traces of GenAI calls: OpenTelemetry's conventions old and new, OpenLIT, OpenLLMetry and OpenInference."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec.structs import replace

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.fields import ALL_FIELDS
from leverwatch.collectors.records.formats.dialects import (
    CACHE_HIT,
    ERROR,
    PARAMETERS,
    TOKENS,
    Told,
    parameter,
    tell,
    value_of,
)
from leverwatch.collectors.records.formats.interface import (
    MAX_AMOUNT,
    MAX_COUNT,
    MIN_RATE,
    Framing,
    Parsed,
    Reader,
    Repeats,
    Row,
)
from leverwatch.collectors.records.formats.observers import PROCESS, Call, Observers
from leverwatch.collectors.records.formats.peek import peek
from leverwatch.collectors.records.formats.producers import PRODUCERS_WANT, as_meant, is_hit, stands_beside
from leverwatch.collectors.records.formats.span_documents import has_spans
from leverwatch.collectors.records.formats.span_kinds import KINDS, operations_of
from leverwatch.collectors.records.formats.spans import (
    UNREADABLE,
    Loose,
    NotSpans,
    Refusal,
    Scalar,
    Span,
    SpanReader,
)
from leverwatch.collectors.records.framing.values import VALUES
from leverwatch.collectors.records.mistyped import explain
from leverwatch.collectors.records.timestamps import elapsed_ms
from leverwatch.collectors.records.tokens import Stands, Tokens, whole_tokens

_NO_TOKENS = (None,) * len(TOKENS)
_NUMBERS = {
    "input": "input_tokens", "cached": "cached_input_tokens", "written": "cache_write_tokens",
    "output": "output_tokens", "reasoning": "reasoning_tokens", "cost": "cost_usd",
}  # fmt: skip
"""The fields of the numbers that are unknown when they cannot be read."""
_WORDS = {"model": "model", "response": "request_id", "finish": "finish_reason", "schema": "schema_mode"}
"""Those of the texts."""
_DECIDING = (*KINDS, ERROR, CACHE_HIT)
"""Attributes that say whether and how a span counts."""
_NANOSECONDS = 10**17
"""An epoch below is not in nanoseconds, as some clocks give others."""
_THRESHOLD = re.compile(r"(?:^|,)\s*ot=(?:[^,]*;)?th:([0-9a-f]{1,14})(?:;|,|$)")


class _Mistyped(ValueError):
    """An attribute does not have the type that its name implies."""


_SHORT, _MOST_KINDS = 100, 1_000


class Otlp:
    """Reads batches of spans; `template` are names of attributes of the span or of its resource."""

    has_extended = True
    reads_text = False
    repeats = Repeats.CALLS
    framing: Framing = VALUES
    known = ALL_FIELDS - {"inferences", "attempts", "errors", "valid", "static_input_tokens"}

    def __init__(self, template: Sequence[str]) -> None:
        self._template = tuple(part.replace("\\", "") for part in template)
        self._known: dict[tuple[Scalar, ...], tuple[str | Result, str | Result]] = {}
        self._reader = SpanReader(PRODUCERS_WANT | frozenset((*self._template, *PROCESS)))

    def read(self, units: Sequence[bytes]) -> Parsed:
        """Read documents of many spans each; an invalid span is refused, and the others are read."""
        parsed = Parsed(lines=[])
        calls: list[Call] = []
        others: list[Span] = []
        for line, unit in enumerate(units):
            text = unit.removeprefix(b"\xef\xbb\xbf").strip(b"\0\r\n\t ")
            if not text:
                parsed.ignored += 1
                continue
            try:
                spans = self._reader.read(text)
            except NotSpans:
                parsed.refused.append((line, Result.MISSING_FIELD, "neither spans nor logs nor metrics"))
            except msgspec.ValidationError as error:
                parsed.refused.append((line, *explain(error)))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                parsed.refused.append((line, Result.INVALID_LINE, "not one JSON object"))
            else:
                if spans is None:
                    _pass(parsed, Result.NOT_A_CALL)
                else:
                    self._document(parsed, line, spans, calls, others)
        parsed.observed = Observers(calls, others)
        return parsed

    def _document(
        self,
        parsed: Parsed,
        line: int,
        spans: Sequence[Span | Refusal],
        calls: list[Call],
        others: list[Span],
    ) -> None:
        for span in spans:
            if not isinstance(span, Span):
                parsed.refused.append((line, *span))
                continue
            is_loose = span.end is UNREADABLE or type(span.attributes) is Loose
            meant = as_meant(span)
            if meant is None or not meant.attributes:
                _pass(parsed, Result.NOT_A_CALL, span.start)
                others.append(span)
                continue
            span = meant
            try:
                operation, spending = self._operations(tuple(map(span.attributes.get, KINDS)))
                if operation is spending is Result.NOT_A_CALL and not is_loose:
                    # Most spans that are no calls, whatever else they tell.
                    _pass(parsed, operation, span.start)
                    others.append(span)
                    continue
                told = tell(span.attributes)
                bad: list[tuple[str, str]] = []
                if is_loose:
                    span, bad = self._readable(span, told)
                tokens, wrong = _readable_tokens(span, told) if told else (_NO_TOKENS, [])
                wrong += bad
                if wrong or tokens != _NO_TOKENS:
                    operation = spending
                if not isinstance(operation, Result):
                    call = Call(span, operation, told, tokens, value_of(told, "response"))
                    try:
                        row = self._row(call)
                    except _Mistyped:
                        wrong += _take_unreadable(told)
                        row = self._row(call)
                    if wrong:
                        parsed.unreadable += ((len(parsed.rows), field, why) for field, why in wrong)
                    parsed.rows.append(row)
                    calls.append(call)
                    if parsed.lines is not None:
                        parsed.lines.append(line)
                elif operation is Result.NOT_A_CALL:
                    _pass(parsed, operation, span.start)
                    others.append(span)
                else:
                    parsed.refused.append((line, operation, "an operation of no known kind"))
            except _Mistyped as error:
                parsed.refused.append((line, Result.MISTYPED_FIELD, str(error)))

    def _readable(self, span: Span, told: dict[str, Told]) -> tuple[Span, list[tuple[str, str]]]:
        """Take texts and an end out that have another type; returns the span without them, and field and reason of
        each.

        Raises:
            _Mistyped: what says whether a span counts, and for which system, is unreadable.
        """
        for name in (*_DECIDING, *self._template):
            if span.attributes.get(name) is UNREADABLE:
                raise _Mistyped(f"{name}: expected a value of its type")
        wrong = [
            (field, f"{told.pop(name)[1]}: expected a text")
            for name, field in _WORDS.items()
            if value_of(told, name) is UNREADABLE
        ]
        if span.end is not UNREADABLE:
            return span, wrong
        return replace(span, end=None), [*wrong, ("latency_ms", "end: expected a time")]

    def _operations(self, kinds: tuple[Scalar, ...]) -> tuple[str | Result, str | Result]:
        """As `operations_of`, of which the few usual answers are remembered."""
        found = self._known.get(kinds)
        if found is None:
            found = operations_of(*kinds)
            short = all(kind is None or (type(kind) is str and len(kind) < _SHORT) for kind in kinds)
            if short and len(self._known) < _MOST_KINDS:
                self._known[kinds] = found
        return found

    def _row(self, call: Call) -> Row:
        span, attributes, told = call.span, call.span.attributes, call.told
        taken, cached, written, output, reasoning = call.tokens
        hit = is_hit(span)
        # A response id is that of all answers from a cache too; a span is delivered again with its own id.
        identity = f"{span.trace_id}:{span.span_id}" if span.trace_id and span.span_id else call.response
        model = value_of(told, "model")
        template = [_known(attributes.get(part)) or _known(span.resource.get(part)) for part in self._template]
        return (
            span.start,
            None if model is None else str(model),
            identity,
            call.operation,
            "error" if span.failed or attributes.get(ERROR) else None,
            taken,
            cached,
            output,
            # Producers write 0 for what they have no price for.
            _amount(told.get("cost")) or (0.0 if hit else None),
            _latency(span),
            span.trace_id,
            None,
            _sample_rate(span.state),
            hit or None,
            None,
            _word(value_of(told, "tier")),
            None,
            *template,
            None,
            written,
            reasoning,
            None,
            _schema_mode(told, attributes),
            _word(value_of(told, "finish")),
            None,
        )


def _pass(parsed: Parsed, result: Result, start: object = None) -> None:
    parsed.passed[result] = parsed.passed.get(result, 0) + 1
    if start is not None:
        parsed.seen.append(start)


def _known(value: Scalar) -> Scalar:
    return None if value == "" else value


def _count(told: Told) -> int:
    _, name, value = told
    if type(value) is int and 0 <= value <= MAX_COUNT:
        return value
    number = _number(name, value, MAX_COUNT)
    if not number.is_integer():
        raise _Mistyped(f"{name}: expected a whole number from 0 to 2**53")
    return int(number)


def _take_unreadable(told: dict[str, Told]) -> list[tuple[str, str]]:
    """Take the numbers out that cannot be read; returns field and reason of each."""
    wrong: list[tuple[str, str]] = []
    for name, field in _NUMBERS.items():
        try:
            if name in told:
                _ = _amount(told[name]) if name == "cost" else _count(told[name])
        except _Mistyped as error:
            del told[name]
            wrong.append((field, str(error)))
    return wrong


def _readable_tokens(span: Span, told: dict[str, Told]) -> tuple[tuple[int | None, ...], list[tuple[str, str]]]:
    try:
        return _tokens(span, told), []
    except _Mistyped:
        wrong = _take_unreadable(told)
        return _tokens(span, told), wrong


def _tokens(span: Span, told: Mapping[str, Told]) -> tuple[int | None, ...]:
    """Return the numbers of tokens in the order of `TOKENS`, with the parts inside their wholes."""
    numbers = tuple([_count(told[name]) if name in told else None for name in TOKENS])
    taken, cached, written, output, reasoning = numbers
    if not (cached or written or reasoning):
        return numbers
    stands, proves = stands_beside(span.scope)
    total = value_of(told, "total") if proves else None
    proof = total if isinstance(total, int | float) and not isinstance(total, bool) else None
    fits = (cached or 0) + (written or 0) <= (taken or 0) and (reasoning or 0) <= (output or 0)
    if stands is Stands.UNSAID and fits and proof in (None, (taken or 0) + (output or 0)):
        # Nothing contradicts the conventions, which have the parts inside.
        return numbers
    whole = whole_tokens(Tokens(taken, cached, written, output, reasoning, proof), stands, Stands.UNSAID)
    return (_whole(whole.input), cached, written, _whole(whole.output), reasoning)


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


def _amount(told: Told | None) -> float | None:
    return None if told is None else _number(told[1], told[2], MAX_AMOUNT)


def _number(name: str, value: Scalar, most: float) -> float:
    try:
        number = math.nan if value is None or isinstance(value, bool) else float(value)
    except (ValueError, OverflowError):
        number = math.nan
    if not 0 <= number <= most:
        raise _Mistyped(f"{name}: expected a number from 0 to {most:.0e}")
    return number


def _latency(span: Span) -> float | None:
    if isinstance(span.start, int) and isinstance(span.end, int) and span.start >= _NANOSECONDS:
        # A number that no clock shows is refused as a time, and must not fail here as too large for a float.
        elapsed = span.end - span.start
        return elapsed / 1e6 if 0 <= elapsed <= MAX_COUNT else None
    return elapsed_ms(span.start, span.end)


def _sample_rate(state: str) -> float | None:
    """Return the sample rate of OpenTelemetry's consistent sampling, from the threshold in the trace state."""
    match = _THRESHOLD.search(state) if state else None
    if match is None:
        return None
    rate = 1 - int(match[1].ljust(14, "0"), 16) / 16**14
    if rate < MIN_RATE:
        raise _Mistyped("traceState: expected a share of traces from 1e-6 to 1")
    return rate


def _schema_mode(told: Mapping[str, Told], attributes: Mapping[str, Scalar]) -> Scalar:
    mode = value_of(told, "schema")
    if mode is None and PARAMETERS in attributes:
        return parameter(attributes, "response_format", "type")
    return mode


def _word(value: Scalar) -> str | None:
    """Return why the model stopped; some producers write the list of reasons as JSON in a text."""
    if not isinstance(value, str):
        return None
    first = peek(value.encode(errors="replace"), 0) if value.startswith("[") else value
    return first if isinstance(first, str) else None


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
