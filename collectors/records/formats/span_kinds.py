"""Which spans are calls to a model, by the kind that an instrumentation gives them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.formats.spans import Scalar
from leverwatch.collectors.records.recall import recall

KINDS = (
    "openinference.span.kind", "gen_ai.operation.name", "ai.operationId", "llm.request.type",
    "traceloop.span.kind",
)  # fmt: skip

_OPENINFERENCE = {"LLM": "llm", "EMBEDDING": "embedding", "RERANKER": "rerank"}
_OPERATIONS = {
    "chat": "chat", "completion": "completion", "text_completion": "completion", "generate_content": "chat",
    "message": "chat", "messages": "chat", "responses": "chat", "call_llm": "chat", "embeddings": "embedding",
    "embedding": "embedding", "rerank": "rerank", "image": "image", "image_generation": "image", "audio": "audio",
    "speech": "audio", "transcription": "audio", "generation": "chat",
    "generate_image": "image", "translate": "other", "speech_to_text": "audio", "text_to_speech": "audio",
    "speech_to_text_translate": "audio", "moderation": "moderation", "litellm.moderation": "moderation",
    "video": "other", "decide": "other", "transliterate": "other",
    "language_identification": "other", "ocr": "other",
}  # fmt: skip
_UNSAID = ""
"""The operation of a call whose span tells none."""
_OTHERWORK = re.compile(
    r"execute_tool|tool|.*agent.*|.*workflow.*|plan|retriev.*|.*memory.*|vectordb|framework|task|chain|evaluat.*"
    r"|execute_.*|execution|model_request|user_prompt_processing|tool_.*|mcp_.*|batch|file|fine_tuning|conversation"
    r"|(?:browser|crawl|extract|scrape|search|map|cancel)(?:_.*)?|litellm\..*management|count_tokens|step|cycle"
)
_VERCEL = {".doGenerate": "chat", ".doStream": "chat", ".doEmbed": "embedding", ".doRerank": "rerank"}
_PASSED_THROUGH = "litellm.passthrough"
"""A request to LiteLLM of which only the tokens show whether it asked a model."""


@recall(1024, typed=True)
def operations_of(*values: Scalar) -> tuple[str | Result, str | Result]:
    """Return what `operation_of` does for a span without tokens, and for one with them."""
    return operation_of(False, *values), operation_of(True, *values)


def operation_of(has_tokens: bool, *values: Scalar) -> str | Result:
    """Return the operation of a span with these kinds, or a result when it is not a call."""
    kinds = {
        name: str(value).strip() for name, value in zip(KINDS, values, strict=True) if value not in (None, "")
    }
    if (kind := kinds.get("openinference.span.kind", "").upper()) not in ("", "UNKNOWN"):
        return _OPENINFERENCE.get(kind, Result.NOT_A_CALL)
    if kind := kinds.get("ai.operationId", ""):
        return next((word for end, word in _VERCEL.items() if kind.endswith(end)), Result.NOT_A_CALL)
    if kinds.get("gen_ai.operation.name") == _PASSED_THROUGH:
        return _UNSAID if has_tokens else Result.NOT_A_CALL
    for name in ("gen_ai.operation.name", "llm.request.type"):
        kind = kinds.get(name, "").lower()
        if kind in _OPERATIONS:
            return _OPERATIONS[kind]
        if kind and kind != "unknown":
            known = _OTHERWORK.fullmatch(kind) or not has_tokens
            return Result.NOT_A_CALL if known else Result.UNKNOWN_OPERATION
    if "traceloop.span.kind" in kinds:
        return Result.NOT_A_CALL
    # Some instrumentations name no kind; only a model spends tokens, and its name may tell what it does.
    return _UNSAID if has_tokens else Result.NOT_A_CALL


def words() -> tuple[Mapping[str, str], Mapping[str, str], Mapping[str, str], str]:
    """Return what says that a span is a call, for who cannot ask `operation_of`: operations by the kind of
    OpenInference, by the end of an operation of the AI SDK, by an operation in lower case; and the pattern of an
    operation that is none of these and no call."""
    return _OPENINFERENCE, _VERCEL, _OPERATIONS, _OTHERWORK.pattern
