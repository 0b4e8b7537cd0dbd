"""Traces of GenAI calls: OpenTelemetry's conventions old and new, OpenLIT, OpenLLMetry and OpenInference."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.fields import ALL_FIELDS
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
from leverwatch.collectors.records.formats.jsonl import explain
from leverwatch.collectors.records.formats.peek import peek
from leverwatch.collectors.records.formats.spans import NotSpans, Refusal, Scalar, Span, SpanReader
from leverwatch.collectors.records.framing.values import VALUES
from leverwatch.collectors.records.recall import recall
from leverwatch.collectors.records.timestamps import elapsed_ms

_MODEL = (
    "gen_ai.response.model", "gen_ai.request.model", "llm.response.model_name", "llm.model_name",
    "llm.request.model_name", "embedding.model_name", "ai.model.id",
)  # fmt: skip
_RESPONSE = ("gen_ai.response.id", "ai.response.id")
_INPUT = (
    "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt", "llm.usage.prompt_tokens",
    "ai.usage.inputTokens", "ai.usage.promptTokens",
)  # fmt: skip
_CACHED = (
    "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens",
    "gen_ai.usage.prompt_tokens_details.cached_tokens", "gen_ai.usage.details.cache_read_tokens",
    "gen_ai.usage.cached_input_tokens", "llm.token_count.prompt_details.cache_read", "ai.usage.cachedInputTokens",
)  # fmt: skip
_WRITTEN = (
    "gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_creation_input_tokens",
    "gen_ai.usage.details.cache_write_tokens", "llm.token_count.prompt_details.cache_write",
)  # fmt: skip
_OUTPUT = (
    "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion",
    "llm.usage.completion_tokens", "ai.usage.outputTokens", "ai.usage.completionTokens",
)  # fmt: skip
_REASONING = (
    "gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens",
    "gen_ai.usage.completion_tokens_details.reasoning_tokens", "gen_ai.usage.details.reasoning_tokens",
    "llm.token_count.completion_details.reasoning", "ai.usage.reasoningTokens",
)  # fmt: skip
_COST = ("gen_ai.usage.cost", "llm.cost.total")
_FINISH = ("gen_ai.response.finish_reasons", "gen_ai.completion.0.finish_reason", "ai.response.finishReason")
_SCHEMA = ("gen_ai.openai.request.response_format", "gen_ai.request.response_format")
_PARAMETERS = "llm.invocation_parameters"
_KINDS = (
    "openinference.span.kind", "gen_ai.operation.name", "ai.operationId", "llm.request.type",
    "traceloop.span.kind",
)  # fmt: skip
_ERROR = "error.type"
_SPELLINGS = {
    "input": _INPUT, "cached": _CACHED, "written": _WRITTEN, "output": _OUTPUT, "reasoning": _REASONING,
    "model": _MODEL, "response": _RESPONSE, "cost": _COST, "finish": _FINISH, "schema": _SCHEMA,
}  # fmt: skip
"""The names that each attribute can have; the first one with a value is used."""
_RANK = {name: (what, rank) for what, names in _SPELLINGS.items() for rank, name in enumerate(names)}
_TOKENS = ("input", "cached", "written", "output", "reasoning")
_WANTED = frozenset({*_RANK, *_KINDS, _PARAMETERS, _ERROR})

_OPENINFERENCE = {"LLM": "llm", "EMBEDDING": "embedding", "RERANKER": "rerank"}
_OPERATIONS = {
    "chat": "chat", "completion": "completion", "text_completion": "completion", "generate_content": "chat",
    "message": "chat", "messages": "chat", "responses": "chat", "call_llm": "chat", "embeddings": "embedding",
    "embedding": "embedding", "rerank": "rerank", "image": "image", "image_generation": "image", "audio": "audio",
    "speech": "audio", "transcription": "audio",
}  # fmt: skip
_OTHERWORK = re.compile(
    r"execute_tool|tool|.*agent.*|.*workflow.*|plan|retriev.*|.*memory.*|vectordb|framework|task|chain|evaluat.*"
)
_VERCEL = {".doGenerate": "chat", ".doStream": "chat", ".doEmbed": "embedding"}
_NO_TOKENS = (None,) * len(_TOKENS)
_THRESHOLD = re.compile(r"(?:^|,)\s*ot=(?:[^,]*;)?th:([0-9a-f]{1,14})(?:;|,|$)")


class _Call(msgspec.Struct, frozen=True, eq=False, gc=False):
    """A span that is a call to a model."""

    span: Span
    operation: str
    told: Mapping[str, _Told]
    tokens: tuple[int | None, ...]
    """Numbers of tokens, in the order of `_TOKENS`."""
    response: Scalar


_Told = tuple[int, str, Scalar]
"""An attribute: the index of its name among the possible ones, the name, and the value."""


class _Mistyped(ValueError):
    """An attribute does not have the type that its name implies."""


class Otlp:
    """Reads batches of spans; `template` are names of attributes of the span or of its resource."""

    has_extended = True
    reads_text = False
    repeats = Repeats.CALLS
    framing: Framing = VALUES
    known = ALL_FIELDS - {"inferences", "cache_hit", "attempts", "errors", "valid", "static_input_tokens"}

    def __init__(self, template: Sequence[str]) -> None:
        self._template = tuple(part.replace("\\", "") for part in template)
        self._reader = SpanReader(_WANTED | frozenset(self._template))

    def read(self, units: Sequence[bytes]) -> Parsed:
        """Read documents of many spans each; an invalid span is refused, and the others are read."""
        parsed = Parsed(lines=[])
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
                    self._document(parsed, line, spans)
        return parsed

    def _document(self, parsed: Parsed, line: int, spans: Sequence[Span | Refusal]) -> None:
        calls: list[_Call] = []
        known: list[Span] = []
        for span in spans:
            if not isinstance(span, Span):
                parsed.refused.append((line, *span))
                continue
            known.append(span)
            try:
                told = _told(span.attributes)
                tokens = tuple([_count(told.get(name)) for name in _TOKENS]) if told else _NO_TOKENS
                operation = _operation(tokens != _NO_TOKENS, *map(span.attributes.get, _KINDS))
                if not isinstance(operation, Result):
                    calls.append(_Call(span, operation, told, tokens, _value(told, "response")))
                elif operation is Result.NOT_A_CALL:
                    _pass(parsed, operation, span.start)
                else:
                    parsed.refused.append((line, operation, "an operation of no known kind"))
            except _Mistyped as error:
                parsed.refused.append((line, Result.MISTYPED_FIELD, str(error)))
        repeated = _repeated(calls, known)
        for call in calls:
            if call.span in repeated:
                _pass(parsed, Result.DUPLICATE, call.span.start)
                continue
            try:
                row = self._row(call)
            except _Mistyped as error:
                parsed.refused.append((line, Result.MISTYPED_FIELD, str(error)))
                continue
            parsed.rows.append(row)
            if parsed.lines is not None:
                parsed.lines.append(line)

    def _row(self, call: _Call) -> Row:
        span, attributes, told = call.span, call.span.attributes, call.told
        taken, cached, written, output, reasoning = call.tokens
        # The conventions ask for totals; a part that is larger than the whole tells that it was left out.
        if taken is not None and (cached or 0) + (written or 0) > taken:
            taken += (cached or 0) + (written or 0)
        if output is not None and (reasoning or 0) > output:
            output += reasoning or 0
        identity = call.response or (f"{span.trace_id}:{span.span_id}" if span.trace_id and span.span_id else None)
        model = _value(told, "model")
        template = [_known(attributes.get(part)) or _known(span.resource.get(part)) for part in self._template]
        return (
            span.start,
            None if model is None else str(model),
            identity,
            call.operation,
            "error" if span.failed or attributes.get(_ERROR) else None,
            taken,
            cached,
            output,
            _amount(told.get("cost")),
            _latency(span),
            span.trace_id,
            None,
            _sample_rate(span.state),
            None,
            None,
            *template,
            None,
            written,
            reasoning,
            None,
            _schema_mode(told, attributes),
            _word(_value(told, "finish")),
            None,
        )


def _pass(parsed: Parsed, result: Result, start: object = None) -> None:
    parsed.passed[result] = parsed.passed.get(result, 0) + 1
    if start is not None:
        parsed.seen.append(start)


def _told(attributes: Mapping[str, Scalar]) -> dict[str, _Told]:
    found: dict[str, _Told] = {}
    for name, value in attributes.items():
        if value is None or value == "" or name not in _RANK:
            continue
        what, rank = _RANK[name]
        before = found.get(what)
        if before is None or rank < before[0]:
            found[what] = (rank, name, value)
    return found


def _value(told: Mapping[str, _Told], what: str) -> Scalar:
    found = told.get(what)
    return None if found is None else found[2]


def _known(value: Scalar) -> Scalar:
    return None if value == "" else value


def _count(told: _Told | None) -> int | None:
    if told is None:
        return None
    _, name, value = told
    if type(value) is int and 0 <= value <= MAX_COUNT:
        return value
    number = _number(name, value, MAX_COUNT)
    if not number.is_integer():
        raise _Mistyped(f"{name}: expected a whole number from 0 to 2**53")
    return int(number)


def _amount(told: _Told | None) -> float | None:
    return None if told is None else _number(told[1], told[2], MAX_AMOUNT)


def _number(name: str, value: Scalar, most: float) -> float:
    try:
        number = math.nan if value is None or isinstance(value, bool) else float(value)
    except (ValueError, OverflowError):
        number = math.nan
    if not 0 <= number <= most:
        raise _Mistyped(f"{name}: expected a number from 0 to {most:.0e}")
    return number


@recall(1024, typed=True)
def _operation(has_tokens: bool, *values: Scalar) -> str | Result:
    """Return the operation of a span with these kinds, or a result when it is not a call."""
    kinds = {
        name: str(value).strip() for name, value in zip(_KINDS, values, strict=True) if value not in (None, "")
    }
    if kind := kinds.get("openinference.span.kind"):
        return _OPENINFERENCE.get(kind.upper(), Result.NOT_A_CALL)
    if kind := kinds.get("ai.operationId"):
        return next((word for end, word in _VERCEL.items() if kind.endswith(end)), Result.NOT_A_CALL)
    for name in ("gen_ai.operation.name", "llm.request.type"):
        kind = kinds.get(name, "").lower()
        if kind in _OPERATIONS:
            return _OPERATIONS[kind]
        if kind and kind != "unknown":
            known = _OTHERWORK.fullmatch(kind) or not has_tokens
            return Result.NOT_A_CALL if known else Result.UNKNOWN_OPERATION
    if "traceloop.span.kind" in kinds:
        return Result.NOT_A_CALL
    # Some instrumentations name no kind; only a model spends tokens.
    return "llm" if has_tokens else Result.NOT_A_CALL


def _repeated(calls: Sequence[_Call], spans: Sequence[Span]) -> set[Span]:
    """Return calls that two instrumentations recorded: a nested call with the same response or tokens as its
    parent."""
    if len(calls) < 2:
        return set()
    around = {(span.trace_id, span.span_id): span.parent_id for span in spans}
    found = {(call.span.trace_id, call.span.span_id): call for call in calls}
    return {call.span for call in calls if _is_repeated(call, around, found)}


def _is_repeated(
    call: _Call,
    around: Mapping[tuple[str | None, str | None], str | None],
    found: Mapping[tuple[str | None, str | None], _Call],
) -> bool:
    trace, parent = call.span.trace_id, call.span.parent_id
    nearest = True
    seen = {call.span.span_id}
    while parent is not None and parent not in seen:
        seen.add(parent)
        outer = found.get((trace, parent))
        if outer is not None:
            if call.response is not None and outer.response == call.response:
                return True
            taken, output = call.tokens[0], call.tokens[3]
            equal = (
                taken is not None and output is not None and (taken, output) == (outer.tokens[0], outer.tokens[3])
            )
            if nearest and equal:
                return True
            nearest = False
        parent = around.get((trace, parent))
    return False


def _latency(span: Span) -> float | None:
    if isinstance(span.start, int) and isinstance(span.end, int):
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


def _schema_mode(told: Mapping[str, _Told], attributes: Mapping[str, Scalar]) -> Scalar:
    mode = _value(told, "schema")
    parameters = attributes.get(_PARAMETERS)
    if mode is None and isinstance(parameters, str):
        mode = peek(parameters.encode(errors="replace"), "response_format", "type")
    return mode


def _word(value: Scalar) -> str | None:
    return value if isinstance(value, str) else None


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
        return 40 if "resourceLogs" in record or "resourceMetrics" in record else 0

    def build(self, template: Sequence[str]) -> Reader:
        """Return a reader; a placeholder of the template may be the name of any attribute."""
        return Otlp(template)


OTLP = _Named("otlp")
