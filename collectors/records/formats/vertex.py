"""Request-response logs of Vertex AI, as rows exported from BigQuery."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.formats.declared import Declaration
from leverwatch.collectors.records.formats.jsonl import TYPES
from leverwatch.collectors.records.formats.routes import kind_of_model, short_model
from leverwatch.collectors.records.tokens import Stands

_MODEL, _OPERATION, _STATUS = FIELD_INDEX["model"], FIELD_INDEX["operation"], FIELD_INDEX["status"]
_INPUT, _CACHED, _WRITTEN = (
    FIELD_INDEX["input_tokens"],
    FIELD_INDEX["cached_input_tokens"],
    FIELD_INDEX["cache_write_tokens"],
)
_FINISH = FIELD_INDEX["finish_reason"]
_COUNT = TYPES["input_tokens"]


class _Candidate(msgspec.Struct, gc=False):
    finish_reason: str | None = None
    finishReason: str | None = None  # noqa: N815 the name in the record


_METHODS: Mapping[str, str | Result] = {
    "generatecontent": "generate_content",
    "streamgeneratecontent": "generate_content",
    "rawpredict": "generate_content",
    "streamrawpredict": "generate_content",
    "predict": "generate_content",
    "serverstreamingpredict": "generate_content",
    "chatcompletions": "chat",
    "embedcontent": "embeddings",
    "counttokens": Result.NOT_A_CALL,
    "computetokens": Result.NOT_A_CALL,
}


def _finish(
    row: list[Any],
    *,
    method: str | None,
    candidates: list[_Candidate] | None,
    blocked: str | None,
    error: object,
    tool_use: int | None,
    claude: int | None,
) -> Result | None:
    word = (method or "generateContent").rpartition(".")[2]
    operation = _METHODS.get(word.replace("_", "").lower(), word)
    if isinstance(operation, Result):
        return operation
    row[_OPERATION] = kind_of_model(row[_MODEL]) or operation
    if candidates:
        row[_FINISH] = candidates[0].finish_reason or candidates[0].finishReason
    elif blocked:
        row[_STATUS] = "blocked"
    if error is not None:
        row[_STATUS] = "error"
    if row[_INPUT] is not None:
        row[_INPUT] += tool_use or 0
    elif claude is not None:
        # Anthropic's own usage has what went through the cache beside the input.
        row[_INPUT] = claude + (row[_CACHED] or 0) + (row[_WRITTEN] or 0)
    return None


def _recognise(record: Any) -> int:
    if not isinstance(record, Mapping):
        return 0
    if {"full_response", "logging_time"} & record.keys() and "full_request" in record:
        return 95
    return 95 if {"fullResponse", "fullRequest"} <= record.keys() else 0


def _camel(path: str) -> str:
    return ".".join(
        "".join(word.capitalize() if index else word for index, word in enumerate(key.split("_")))
        for key in path.split(".")
    )


def _both(*paths: str) -> tuple[str, ...]:
    """Return each path as spelt by BigQuery, by the API inside BigQuery's record, and by the API alone."""
    spellings: list[str] = []
    for path in paths:
        column, _, rest = path.partition(".")
        spellings += [path, f"{column}.{_camel(rest)}" if rest else path, _camel(path)]
    return tuple(dict.fromkeys(spellings))


_MODELS = (*_both("model"), *_both("full_response.model_version", "deployed_model_id"))
VERTEX = Declaration(
    name="vertex",
    recognise=_recognise,
    fields={
        "time": _both("full_response.create_time", "logging_time"),
        "model": _MODELS,
        "request_id": _both("request_id", "full_response.response_id"),
        "operation": (),
        "status": (),
        "input_tokens": _both("full_response.usage_metadata.prompt_token_count"),
        "cached_input_tokens": (
            *_both("full_response.usage_metadata.cached_content_token_count"),
            "full_response.usage.cache_read_input_tokens",
        ),
        "cache_write_tokens": "full_response.usage.cache_creation_input_tokens",
        "output_tokens": (
            *_both("full_response.usage_metadata.candidates_token_count"),
            "full_response.usage.output_tokens",
        ),
        "reasoning_tokens": _both("full_response.usage_metadata.thoughts_token_count"),
        "latency_ms": _both("metadata.request_latency"),
        "finish_reason": (),
    },
    names={"model": _MODELS, "endpoint": "endpoint"},
    extras={
        "method": (_both("api_method"), str | None),
        "candidates": (_both("full_response.candidates"), list[_Candidate] | None),
        "blocked": (_both("full_response.prompt_feedback.block_reason"), str | None),
        "error": (_both("full_response.error"), dict[str, msgspec.Raw] | str | None),
        "tool_use": (_both("full_response.usage_metadata.tool_use_prompt_token_count"), _COUNT),
        "claude": ("full_response.usage.input_tokens", _COUNT),
    },
    convert={"model": short_model, "endpoint": lambda name: short_model(str(name))},
    in_text=("full_request", "full_response", "fullRequest", "fullResponse", "metadata"),
    reasoning=Stands.BESIDE,
    finish=_finish,
)
