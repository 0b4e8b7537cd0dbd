"""Spans of MLflow: which operation each is, and which of them stand around another call."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from leverwatch.collectors.records.formats.routes import kind_of_model
from leverwatch.collectors.records.recall import recall

_OPERATIONS = {"CHAT_MODEL": "chat", "LLM": "chat", "EMBEDDING": "embeddings", "RERANKER": "rerank"}
# Several of MLflow's instrumentations give every call of their SDK the type LLM, and its gateway does so too.
EMBEDDINGS = ("embeddings", "openai_embeddings", "embed_content", "embed_contents")
NO_CALLS = ("count_tokens", "compute_tokens", "count_message_tokens")
AUDIO = ("transcriptions", "translations")
SPAN_TYPE = "mlflow.spanType"
_NUMBER = re.compile(r"_\d+$")
"""What older releases append to a name that a trace has several times."""


class _Context(msgspec.Struct, gc=False):
    span_id: str | None = None
    trace_id: str | None = None


_NULL = msgspec.Raw(b"null")


class _Attributes(msgspec.Struct, gc=False):
    kind: msgspec.Raw = msgspec.field(default=_NULL, name=SPAN_TYPE)
    method: msgspec.Raw = _NULL
    action: msgspec.Raw = _NULL
    model: msgspec.Raw = msgspec.field(default=_NULL, name="mlflow.llm.model")


class Span(msgspec.Struct, gc=False):
    """What is needed of a span to tell the calls of its trace."""

    span_id: str | None = None
    parent_span_id: str | None = None
    parent_id: str | None = None
    trace_id: str | None = None
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
    def trace(self) -> str | None:
        """The id of the trace, in either version of the schema."""
        return self.trace_id or (self.context.trace_id if self.context is not None else None)

    @property
    def is_call(self) -> bool:
        """Whether the span is a call in which a model generated text."""
        of = self.attributes
        kind = None if of is None else text_of(of.kind)
        if of is None or _OPERATIONS.get(kind or "") != "chat":
            return False
        asked = text_of(of.method) or text_of(of.action)
        return operation_of_span(kind, self.name, asked, text_of(of.model)) == "chat"


decode_span = msgspec.json.Decoder(Span).decode
"""Reads a span; raises what msgspec does."""


def text_of(raw: msgspec.Raw | str | None) -> str | None:
    """Return a text, which MLflow writes as a JSON string inside a string."""
    if raw is None or raw is _NULL:
        return None  # most spans tell little
    return _unquoted(bytes(raw) if isinstance(raw, msgspec.Raw) else raw)


@recall(1024)
def _unquoted(text: str | bytes) -> str | None:
    value: Any = text
    for _ in range(2):
        try:
            value = msgspec.json.decode(value)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, TypeError):
            break
    return value if isinstance(value, str) else None


def operation_of_span(kind: str | None, name: object, asked: str | None, model: str | None) -> str | None:
    """Return the operation of a span by its type, unless what it did or its model says that it was another."""
    operation = _OPERATIONS.get(kind or "")
    if operation != "chat":
        return operation
    did = asked or (_NUMBER.sub("", name.rpartition(".")[2]).lower() if isinstance(name, str) else "")
    if did in NO_CALLS:
        return None
    if did in EMBEDDINGS:
        return "embeddings"
    return "audio" if did in AUDIO else kind_of_model(model) or operation


def outer_calls(spans: Sequence[msgspec.Raw]) -> set[int]:
    """Return the indexes of calls that contain other calls: two instrumentations recorded the same call."""
    known: list[Span] = []
    for raw in spans:
        try:
            known.append(decode_span(raw))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            known.append(Span())
    return around_calls(known)


def around_calls(known: Sequence[Span]) -> set[int]:
    """As `outer_calls`, for spans that have been read."""
    parents = {span.id: span.parent for span in known if span.id is not None}
    around: set[str] = set()
    calls = [(index, span) for index, span in enumerate(known) if span.is_call]
    for _, span in calls:
        at = span.parent
        while at is not None and at not in around:
            around.add(at)
            at = parents.get(at)
    return {index for index, span in calls if span.id in around}
