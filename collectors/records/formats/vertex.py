"""Request-response logs of Vertex AI, as rows exported from BigQuery."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.formats.declared import Declaration
from leverwatch.collectors.records.formats.jsonl import TYPES
from leverwatch.collectors.records.formats.plain import Plainly
from leverwatch.collectors.records.formats.routes import kind_of_model, short_model
from leverwatch.collectors.records.formats.rows import settle_tokens
from leverwatch.collectors.records.tokens import Stands

_MODEL, _OPERATION, _STATUS = FIELD_INDEX["model"], FIELD_INDEX["operation"], FIELD_INDEX["status"]
_INPUT, _OUTPUT, _THOUGHTS = (
    FIELD_INDEX["input_tokens"],
    FIELD_INDEX["output_tokens"],
    FIELD_INDEX["reasoning_tokens"],
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
    method: str | None,
    candidates: list[_Candidate] | None,
    blocked: str | None,
    error: object,
    tool_use: int | None,
    claude: int | None,
    sum_of_all: object,
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
        if row[_OUTPUT] is None:
            row[_OUTPUT] = _candidates(row[_INPUT], row[_THOUGHTS], sum_of_all)
    elif claude is not None:
        # Anthropic's own usage has what went through the cache beside the input.
        row[_INPUT] = claude
        settle_tokens(row, Stands.BESIDE, Stands.INSIDE)
    return None


def _candidates(taken: int, thoughts: int | None, sum_of_all: object) -> int | None:
    """Return the tokens of the candidates where they are left out, as zeros are; None when nothing tells them.

    The sum is that of prompt, results of tools, candidates and thoughts.
    """
    rest = sum_of_all - taken - (thoughts or 0) if isinstance(sum_of_all, int) else None
    return rest if rest is not None and rest >= 0 else None if thoughts is None else 0


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
_SUM = _both("full_response.usage_metadata.total_token_count")
VERTEX = Declaration(
    name="vertex",
    recognise=_recognise,
    fields={
        "time": _both("full_response.create_time", "logging_time"),
        "model": _MODELS,
        "request_id": _both("request_id", "full_response.response_id"),
        "operation": (),
        "status": (),
        "input_tokens": (
            *_both("full_response.usage_metadata.prompt_token_count"),
            "full_response.usage.prompt_tokens",
        ),
        "cached_input_tokens": (
            *_both("full_response.usage_metadata.cached_content_token_count"),
            "full_response.usage.cache_read_input_tokens",
            "full_response.usage.prompt_tokens_details.cached_tokens",
        ),
        "cache_write_tokens": "full_response.usage.cache_creation_input_tokens",
        "cache_write_1h_tokens": "full_response.usage.cache_creation.ephemeral_1h_input_tokens",
        "tier": (*_both("full_response.usage_metadata.traffic_type"), "full_response.usage.service_tier"),
        "output_tokens": (
            *_both(
                "full_response.usage_metadata.candidates_token_count",
                "full_response.usage_metadata.response_token_count",
            ),
            "full_response.usage.output_tokens",
            "full_response.usage.completion_tokens",
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
        "sum_of_all": (_SUM, float | int | str | None),
    },
    completes={
        "tool_use": "+input_tokens",
        "claude": "+input_tokens",
        "candidates": "finish_reason",
        "sum_of_all": "",
    },
    convert={"model": short_model, "endpoint": lambda name: short_model(str(name))},
    in_text=("full_request", "full_response", "fullRequest", "fullResponse", "metadata"),
    reasoning=Stands.BESIDE,
    total=_SUM,
    finish=_finish,
    plainly=Plainly(
        absent=("full_response.usage.input_tokens",),
        classes=frozenset({"tool_use", "sum_of_all"}),
        inside={"candidates": ((True, b"finish_reason"), (True, b"finishReason"))},
    ),
)
