"""All producers."""

from __future__ import annotations

from collections.abc import Mapping

from tests.oracle.producers.anthropic import Events, Messages, Transcripts
from tests.oracle.producers.interface import Producer
from tests.oracle.producers.langfuse import Langfuse
from tests.oracle.producers.litellm import Payloads, SpendLog
from tests.oracle.producers.openai import Chunks, Objects, Responses
from tests.oracle.producers.otlp import Spans
from tests.oracle.producers.plain import Document, Plain, Table

PRODUCERS: Mapping[str, type[Producer]] = {
    "jsonl": Plain,
    "json-documents": Document,
    "csv": Table,
    "openai": Objects,
    "openai-chunks": Chunks,
    "openai-responses": Responses,
    "anthropic": Messages,
    "anthropic-events": Events,
    "claude-code": Transcripts,
    "langfuse": Langfuse,
    "litellm": Payloads,
    "litellm-spend-log": SpendLog,
    "otlp": Spans,
}
