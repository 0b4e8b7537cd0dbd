"""What single producers mean by their spans, where the conventions say something else or nothing. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, timedelta

import msgspec

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.formats.dialects import CACHE_HIT, ERROR, WANTED, tell
from leverwatch.collectors.records.formats.langfuse_spans import KIND as LANGFUSE_KIND
from leverwatch.collectors.records.formats.langfuse_spans import LANGFUSE_NAMES, of_langfuse
from leverwatch.collectors.records.formats.peek import peek
from leverwatch.collectors.records.formats.span_kinds import KINDS, operation_of
from leverwatch.collectors.records.formats.spans import NAMING, Scalar, Span, name_of
from leverwatch.collectors.records.timestamps import EPOCH, parse_time
from leverwatch.collectors.records.tokens import Stands
from leverwatch.collectors.records.vocabulary import is_cache_hit

_LOGFIRE_TYPE = "logfire.span_type"
_SECONDS = "duration"
_REQUEST = "request_data"
_AGENTS = "logfire.openai_agents"
"""Its spans tell of what agents do, and of each call once."""
_STREAMED = frozenset({"chat", "text_completion"})
_COMPACTED = "anthropic.usage.compaction.input_tokens"
_COMPACTION = {
    _COMPACTED: "gen_ai.usage.input_tokens",
    "anthropic.usage.compaction.output_tokens": "gen_ai.usage.output_tokens",
}  # fmt: skip
"""Tokens of the model that the Anthropic SDK leaves out of the usual attributes."""
_CALL_TYPE = "litellm.call_type"
_CALL_TYPES = {
    word: operation
    for operation, words in (
        ("image", ("image_generation", "image_edit", "image_variation")), ("other", ("ocr",)),
        ("audio", ("speech", "transcription")), ("moderation", ("moderation",)), ("rerank", ("rerank",)),
    )
    for base in words
    for word in (base, f"a{base}")
}  # fmt: skip
"""Requests to LiteLLM that it names `generate_content` or `chat` like generations."""
_NAMED = re.compile(r"(\w+) (\S+)")
_FRAMEWORKS = frozenset({"openlit.instrumentation.ag2"})
"""Their spans have the name of an agent where others have that of a model."""
_BESIDE = frozenset(
    {
        "openlit.instrumentation.anthropic",
        "openlit.instrumentation.bedrock",
        "opentelemetry.instrumentation.bedrock",
    }
)
"""Instrumentations that write the input as providers tell it that leave cached tokens out, and add up a total of
their own of it."""
_ADK = "gcp.vertex.agent"
_ADK_VERSION = re.compile(r"2\.(?:[6-9]|1[0-3])\.")
"""Versions of Google's ADK that add the reasoning to an output that has it, for models of LiteLLM and Apigee."""
_ADK_OWN = ("projects/", "models/", "publishers/")
_REASONING, _OUTPUT = "gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.output_tokens"
MEANS_MORE = frozenset({LANGFUSE_KIND, _LOGFIRE_TYPE, _CALL_TYPE, _COMPACTED})
"""Attributes of producers that mean something of their own."""
PRODUCERS_WANT = WANTED | {_CALL_TYPE, _LOGFIRE_TYPE, _SECONDS, _REQUEST, *_COMPACTION, *LANGFUSE_NAMES}
"""All attributes that are read."""


def stands_beside(scope: str) -> tuple[Stands, bool]:
    """Return where the cached tokens of an instrumentation stand, and whether its total proves anything."""
    return (Stands.BESIDE, False) if scope in _BESIDE else (Stands.UNSAID, True)


def has_own_meaning(scope: str, *, failed: bool) -> bool:
    """Return whether an instrumentation means something of its own by spans, or by those that failed."""
    return scope == _ADK or (failed and scope.startswith(NAMING))


def is_as_told(names: Iterable[str]) -> bool:
    """Return whether attributes of these names mean what the conventions say, by any other instrumentation."""
    return MEANS_MORE.isdisjoint(names)


def as_meant(span: Span) -> Span | None:
    """Return the span with the attributes and times that its producer means; None when it is no call.

    A span of no known producer is returned as it is.
    """
    attributes = span.attributes
    if not has_own_meaning(span.scope, failed=span.failed) and is_as_told(attributes):
        return span
    if LANGFUSE_KIND in attributes:
        return of_langfuse(span)
    if _LOGFIRE_TYPE in attributes:
        return _of_logfire(span)
    if span.failed and span.scope.startswith(NAMING):
        return _of_openlit(span)
    if _CALL_TYPE in attributes:
        operation = _CALL_TYPES.get(str(attributes[_CALL_TYPE]).lower())
        return _changed(span, {**attributes, "gen_ai.operation.name": operation}) if operation else span
    if span.scope == _ADK and _REASONING in attributes and _ADK_VERSION.match(span.version):
        return _of_adk(span)
    if _COMPACTED in attributes:
        return _changed(span, _with_compaction(attributes))
    return span


def is_hit(span: Span) -> bool:
    """Whether a gateway answered the call from its response cache."""
    hit = span.attributes.get(CACHE_HIT)
    return hit is not None and is_cache_hit(hit)


def _changed(span: Span, attributes: Mapping[str, Scalar]) -> Span:
    return msgspec.structs.replace(span, attributes=attributes)


def _of_logfire(span: Span) -> Span | None:
    """A stream has two spans: one until it begins, and one of type `log` at its end, which tells everything."""
    kind = span.attributes.get(_LOGFIRE_TYPE)
    if kind == "pending_span":
        return None
    if kind == "log":
        return _lasting(span)
    return None if _only_began(span) else span


def _lasting(span: Span) -> Span:
    seconds, end = span.attributes.get(_SECONDS), span.end
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < 1e9:
        return span
    if isinstance(end, int):
        return msgspec.structs.replace(span, start=end - round(seconds * 1e9))
    moment = parse_time(end, UTC)
    if moment is None:
        return span
    last = (moment - EPOCH) // timedelta(microseconds=1) * 1000
    return msgspec.structs.replace(span, start=last - round(seconds * 1e9), end=last)


def _only_began(span: Span) -> bool:
    attributes = span.attributes
    if not span.scope.startswith("logfire.") or span.scope == _AGENTS or span.failed or attributes.get(ERROR):
        return False
    if attributes.get("gen_ai.operation.name") not in _STREAMED:
        return False
    request = attributes.get(_REQUEST)
    if isinstance(request, str) and peek(request.encode(errors="replace"), "stream") is False:
        return False
    # Whatever answers at once tells its id, its tokens or why it ended.
    return tell(attributes).keys() <= {"model", "schema"}


def _of_openlit(span: Span) -> Span:
    """A failed call may have nothing but its name, which is that of the operation and of the model."""
    attributes = span.attributes
    if span.scope in _FRAMEWORKS or not attributes.keys().isdisjoint(KINDS):
        return span
    match = _NAMED.fullmatch(name_of(span))
    if match is None:
        return span
    named = {"gen_ai.request.model": match[2], **attributes, "gen_ai.operation.name": match[1]}
    return span if isinstance(operation_of(False, *map(named.get, KINDS)), Result) else _changed(span, named)


def _of_adk(span: Span) -> Span:
    """Return the span with an output in which the reasoning counts once."""
    attributes = span.attributes
    model, output, reasoning = (attributes.get(it) for it in ("gen_ai.request.model", _OUTPUT, _REASONING))
    if not isinstance(model, str) or "/" not in model or model.startswith(_ADK_OWN):
        return span
    if not isinstance(output, int) or not isinstance(reasoning, int) or not 2 * reasoning <= output:
        return span
    return _changed(span, {**attributes, _OUTPUT: output - reasoning})


def _with_compaction(attributes: Mapping[str, Scalar]) -> dict[str, Scalar]:
    more = dict(attributes)
    for extra, name in _COMPACTION.items():
        whole, part = attributes.get(name), attributes.get(extra)
        if isinstance(whole, int) and isinstance(part, int) and part > 0:
            more[name] = whole + part
    return more
