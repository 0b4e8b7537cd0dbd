"""What model servers answered, where LiteLLM logs the answer and not what it tells: requests that were passed on,
sessions of many answers, and batches."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from leverwatch.collectors.records.tokens import Stands, Tokens, whole_tokens

_LONGEST_STREAM = 1 << 20
"""Characters of a streamed answer that is taken apart; of a longer one the tokens stay unknown."""
_CHUNKS = "Chunks="
_OBJECTS = ("chat.completion", "text_completion", "response", "list")
"""How the kinds of objects begin that model servers answer with."""
_BAD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class _Details(msgspec.Struct, gc=False):
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None


class _Usage(msgspec.Struct, gc=False):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    prompt_tokens_details: _Details | None = None
    input_tokens_details: _Details | None = None
    completion_tokens_details: _Details | None = None
    output_tokens_details: _Details | None = None


class _GoogleUsage(msgspec.Struct, gc=False, rename="camel"):
    prompt_token_count: int | None = None
    candidates_token_count: int | None = None
    cached_content_token_count: int | None = None
    thoughts_token_count: int | None = None
    total_token_count: int | None = None


class _Choice(msgspec.Struct, gc=False):
    finish_reason: str | None = None


class _Candidate(msgspec.Struct, gc=False, rename="camel"):
    finish_reason: str | None = None


class _Inner(msgspec.Struct, gc=False):
    model: str | None = None
    status: str | None = None
    usage: _Usage | None = None
    stop_reason: str | None = None


class _Body(_Inner, gc=False, rename={"google_usage": "usageMetadata"}):
    object: str | None = None
    type: str | None = None
    choices: list[_Choice] | None = None
    candidates: list[_Candidate] | None = None
    google_usage: _GoogleUsage | None = None
    message: _Inner | None = None
    response: _Inner | None = None
    delta: _Inner | None = None


@dataclass(slots=True)
class Answer:
    """What an answer tells of the call."""

    operation: str = "completion"
    model: str | None = None
    finish_reason: str | None = None
    tokens: Tokens = field(default_factory=Tokens)


class _Passed(msgspec.Struct, gc=False):
    response: Any = None


class _Event(msgspec.Struct, gc=False):
    type: str | None = None
    response: _Inner | None = None


class _Session(msgspec.Struct, gc=False):
    results: list[_Event] | None = None


class _Requests(msgspec.Struct, gc=False):
    completed: int | None = None
    failed: int | None = None


class Batch(msgspec.Struct, gc=False):
    """A batch, as a look at it shows it."""

    id: str | None = None
    object: str | None = None
    endpoint: str | None = None
    status: str | None = None
    created_at: float | None = None
    request_counts: _Requests | None = None


_decode_passed = msgspec.json.Decoder(_Passed).decode
_decode_body = msgspec.json.Decoder(_Body, strict=False).decode
_decode_session = msgspec.json.Decoder(_Session, strict=False).decode
_decode_batch = msgspec.json.Decoder(Batch, strict=False).decode
_ENDED = frozenset({"response.done", "response.completed", "response.incomplete", "response.failed"})
_OVER = frozenset({"completed", "expired", "cancelled"})


def has_text(response: msgspec.Raw | None) -> bool:
    """Whether the answer of a request that was passed on is there to be looked at, and not redacted."""
    try:
        text = _decode_passed(response or b"{}").response
    except _BAD:
        return False
    return text.lstrip()[:1] in {"{", "["} if isinstance(text, str) else bool(text)


def answer_of(response: msgspec.Raw | None) -> Answer | None:
    """Return what the answer to a request that was passed on tells; None when it is not of a model."""
    try:
        text = _decode_passed(response or b"{}").response
        units = list(_units(text if isinstance(text, str) else msgspec.json.encode(text).decode()))
    except (*_BAD, ValueError, SyntaxError, MemoryError):
        return None
    bodies = []
    for unit in units:
        try:
            bodies.append(_decode_body(unit))
        except _BAD:
            continue
    return _joined(bodies) if any(map(_is_answer, bodies)) else None


def _units(text: str) -> Iterator[str]:
    """Yield the JSON texts of an answer: a single one, or those of the events of a stream."""
    at = text.find(_CHUNKS)
    if text.lstrip()[:1] in "{[" or at < 0 or len(text) > _LONGEST_STREAM:
        yield text
        return
    for chunk in ast.literal_eval(text[at + len(_CHUNKS) :]):
        for line in str(chunk).splitlines():
            if line.startswith("data:") and "{" in line:
                yield line.removeprefix("data:")


def _is_answer(body: _Body) -> bool:
    if body.object is not None and not body.object.startswith(_OBJECTS):
        # A batch, a run and others have a usage too, and say it whenever they are looked at.
        return False
    return (
        body.choices is not None
        or body.candidates is not None
        or body.google_usage is not None
        or body.usage is not None
        or body.type in {"message", "message_start"}
        or body.object == "response"
    )


def _joined(bodies: list[_Body]) -> Answer:
    answer = Answer()
    tokens: dict[str, float] = {}
    beside = Stands.INSIDE
    thought = Stands.INSIDE
    for body in bodies:
        for part in (body, body.message, body.response, body.delta):
            if part is None:
                continue
            answer.model = part.model or answer.model
            answer.finish_reason = part.stop_reason or answer.finish_reason
            if part.usage is not None:
                tokens |= _told(part.usage)
                if part.usage.cache_read_input_tokens is not None and part.usage.prompt_tokens is None:
                    beside = Stands.BESIDE
        if body.google_usage is not None:
            tokens |= _told_by_google(body.google_usage)
            thought = Stands.BESIDE
        for choice in (*(body.choices or ()), *(body.candidates or ())):
            answer.finish_reason = choice.finish_reason or answer.finish_reason
        if body.object == "list":
            answer.operation = "embeddings"
    answer.tokens = whole_tokens(Tokens(**tokens), beside, thought)
    return answer


def _told(usage: _Usage) -> dict[str, float]:
    entered, left = usage.prompt_tokens_details or usage.input_tokens_details, usage.completion_tokens_details
    left = left or usage.output_tokens_details
    cached = usage.cache_read_input_tokens or (None if entered is None else entered.cached_tokens)
    told = {
        "input": usage.input_tokens if usage.prompt_tokens is None else usage.prompt_tokens,
        "output": usage.output_tokens if usage.completion_tokens is None else usage.completion_tokens,
        "cached": usage.cache_read_input_tokens if cached is None else cached,
        "written": usage.cache_creation_input_tokens,
        "reasoning": None if left is None else left.reasoning_tokens,
        "total": usage.total_tokens,
    }
    return {name: value for name, value in told.items() if value is not None}


def _told_by_google(usage: _GoogleUsage) -> dict[str, float]:
    told = {
        "input": usage.prompt_token_count,
        "output": usage.candidates_token_count,
        "cached": usage.cached_content_token_count,
        "reasoning": usage.thoughts_token_count,
        "total": usage.total_token_count,
    }
    return {name: value for name, value in told.items() if value is not None}


def answers_of_session(response: msgspec.Raw | None) -> tuple[int, int] | None:
    """Return how many answers a session had and how many of them failed; None when its events are not told."""
    try:
        events = _decode_session(response or b"{}").results
    except _BAD:
        return None
    if events is None:
        return None
    ended = [event for event in events if event.type in _ENDED]
    failed = sum(
        event.type == "response.failed" or (event.response is not None and event.response.status == "failed")
        for event in ended
    )
    return len(ended) - failed, failed


def batch_of(response: msgspec.Raw | None) -> Batch | None:
    """Return a batch that is done and tells how many calls it had; None for any other."""
    try:
        batch = _decode_batch(response or b"{}")
    except _BAD:
        return None
    if batch.object != "batch" or batch.id is None or batch.created_at is None or batch.request_counts is None:
        return None
    return (
        batch if batch.status in {"completed", "expired", "cancelled"} and batch.request_counts.completed else None
    )
