"""The words that producers use for statuses, operations, cache hits and finish reasons, and their meaning here."""

from __future__ import annotations

from enum import IntEnum

from leverwatch.collectors.interface import Operation
from leverwatch.collectors.records.recall import recall


class CallStatus(IntEnum):
    """How a call ended."""

    SUCCESS = 0
    ERROR = 1
    CACHE_HIT = 2


# A span whose status nobody set did not fail.
_SUCCESS = frozenset({"success", "ok", "succeeded", "successful", "completed", "complete", "true", "unset"})
_ERROR = frozenset(
    {
        "error", "failure", "failed", "fail", "timeout", "timed_out", "cancelled", "canceled", "aborted",
        "blocked", "rejected", "expired", "errored", "false",
    }
)  # fmt: skip
_OPERATIONS = {
    Operation.GENERATION: (
        "chat", "achat", "completion", "acompletion", "chat.completion", "chat_completion", "chat.completions",
        "chat_completions", "completions", "text_completion", "atext_completion", "generate", "generation",
        "generate_content", "agenerate_content", "responses", "aresponses", "message", "messages", "converse",
        "conversestream", "invokemodel", "invokemodelwithresponsestream", "llm", "anthropic_messages",
        "generate_content_stream", "agenerate_content_stream",
    ),
    Operation.EMBEDDING: ("embedding", "embeddings", "aembedding"),
    Operation.RERANK: ("rerank", "arerank", "reranker"),
    Operation.IMAGE: ("image", "image_generation", "aimage_generation", "image_edit"),
    Operation.AUDIO: ("audio", "speech", "aspeech", "transcription", "atranscription", "translation"),
    Operation.MODERATION: ("moderation", "moderations", "amoderation"),
    Operation.TOOL: ("tool", "execute_tool", "tool_call"),
    Operation.AGENT: (
        "agent", "invoke_agent", "create_agent", "invoke_workflow", "workflow", "agent_step", "chain",
    ),
    Operation.OTHER: ("other", "retriever", "guardrail", "evaluator", "prompt"),
}  # fmt: skip
_OPERATION_OF = {word: operation for operation, words in _OPERATIONS.items() for word in words}
_VALID = frozenset({"true", "valid", "pass", "passed", "ok", "success", "1"})
_INVALID = frozenset({"false", "invalid", "fail", "failed", "error", "failure", "0"})
_SCHEMA = frozenset({"true", "json_schema", "strict", "structured", "1"})
_NO_SCHEMA = frozenset({"false", "text", "json_object", "json", "none", "off", "0"})
_LENGTH = frozenset(
    {
        "length", "max_tokens", "max_output_tokens", "model_length", "max_length", "token_limit",
        "model_context_window_exceeded",
    }
)  # fmt: skip
_LONGEST = 64
"""The longest word in characters; a longer text is not looked up."""
_HIT = frozenset({"true", "hit", "yes", "1", "semantic hit"})


def _word(value: object) -> str:
    """Return a value as lower-case text; `?` when it is too long to be a known word, or to be written at all."""
    if isinstance(value, int) and value.bit_length() > _LONGEST:
        return "?"
    text = str(value).strip()
    return text.lower() if len(text) <= _LONGEST else "?"


def status_of(status: object) -> CallStatus | None:
    """Return success or error; None for an unknown word. A record without a status is a success."""
    if status is None or status is True:
        return CallStatus.SUCCESS
    if status is False:
        return CallStatus.ERROR
    text = _word(status)
    if text.isdecimal():
        code = int(text)
        if 200 <= code < 300:
            return CallStatus.SUCCESS
        return CallStatus.ERROR if 300 <= code < 600 else None
    if not text or text in _SUCCESS:
        return CallStatus.SUCCESS
    return CallStatus.ERROR if text in _ERROR else None


def operation_of(word: str | None) -> Operation | None:
    """Return the operation that a word means; None for an unknown word. A record without one is a generation."""
    text = (word or "").strip().lower()
    return _OPERATION_OF.get(text) if text else Operation.GENERATION


def is_cache_hit(value: object) -> bool:
    """Whether the value means that the response cache of a gateway answered."""
    return value is True or (value is not None and _word(value) in _HIT)


def is_invalid(value: object) -> bool | None:
    """Whether the value means that the application found the output invalid; None when it is unknown."""
    return _either(value, _INVALID, _VALID)


def is_schema_mode(value: object) -> bool | None:
    """Whether the value means that a structured-output mode with a schema was on; None when it is unknown.

    JSON mode without a schema is not such a mode.
    """
    return _either(value, _SCHEMA, _NO_SCHEMA)


@recall(1024)
def is_truncated(finish_reason: str | None) -> bool | None:
    """Whether the finish reason means that the output was cut at a limit of length; None for an unknown reason."""
    word = (finish_reason or "").strip().lower()
    return word in _LENGTH if word else None


def _either(value: object, yes: frozenset[str], no: frozenset[str]) -> bool | None:
    if value is None:
        return None
    word = _word(value)
    return True if word in yes else False if word in no else None
