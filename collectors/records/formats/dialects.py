"""What the attributes of spans of GenAI calls are called, in each dialect, and which spans are calls. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.formats.spans import Scalar
from leverwatch.collectors.records.recall import recall

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
PARAMETERS = "llm.invocation_parameters"
KINDS = (
    "openinference.span.kind", "gen_ai.operation.name", "ai.operationId", "llm.request.type",
    "traceloop.span.kind",
)  # fmt: skip
ERROR = "error.type"
_SPELLINGS = {
    "input": _INPUT, "cached": _CACHED, "written": _WRITTEN, "output": _OUTPUT, "reasoning": _REASONING,
    "model": _MODEL, "response": _RESPONSE, "cost": _COST, "finish": _FINISH, "schema": _SCHEMA,
}  # fmt: skip
"""The names that each attribute can have; the first one with a value is used."""
_RANK = {name: (what, rank) for what, names in _SPELLINGS.items() for rank, name in enumerate(names)}
TOKENS = ("input", "cached", "written", "output", "reasoning")
WANTED = frozenset({*_RANK, *KINDS, PARAMETERS, ERROR})

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

Told = tuple[int, str, Scalar]
"""An attribute: the index of its name among the possible ones, the name, and the value."""


def tell(attributes: Mapping[str, Scalar]) -> dict[str, Told]:
    """Return what the attributes tell, each under the first of its names that has a value."""
    found: dict[str, Told] = {}
    for name, value in attributes.items():
        if value is None or value == "" or name not in _RANK:
            continue
        what, rank = _RANK[name]
        before = found.get(what)
        if before is None or rank < before[0]:
            found[what] = (rank, name, value)
    return found


def value_of(told: Mapping[str, Told], what: str) -> Scalar:
    """Return the value of what is told; None when it is not."""
    found = told.get(what)
    return None if found is None else found[2]


@recall(1024, typed=True)
def operation_of(has_tokens: bool, *values: Scalar) -> str | Result:
    """Return the operation of a span with these kinds, or a result when it is not a call."""
    kinds = {
        name: str(value).strip() for name, value in zip(KINDS, values, strict=True) if value not in (None, "")
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
