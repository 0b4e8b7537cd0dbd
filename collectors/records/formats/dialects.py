"""What the attributes of spans of GenAI calls are called, in each dialect. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from leverwatch.collectors.records.formats.peek import peek
from leverwatch.collectors.records.formats.span_kinds import KINDS
from leverwatch.collectors.records.formats.spans import Scalar

_MODEL = (
    "gen_ai.response.model", "gen_ai.request.model", "llm.response.model_name", "llm.model_name",
    "llm.request.model_name", "embedding.model_name", "reranker.model_name", "ai.response.model", "ai.model.id",
    "langfuse.observation.model.name", "litellm.provider.model", "llm.request.model",
)  # fmt: skip
_RESPONSE = ("gen_ai.response.id", "ai.response.id", "gen_ai.response_id")
_INPUT = (
    "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt", "llm.usage.prompt_tokens",
    "ai.usage.inputTokens", "ai.usage.promptTokens", "ai.usage.tokens",
)  # fmt: skip
_CACHED = (
    "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens",
    "gen_ai.usage.prompt_tokens_details.cached_tokens", "gen_ai.usage.prompt_tokens_details.cache_read",
    "gen_ai.usage.input_tokens_details.cached_tokens", "gen_ai.usage.details.cache_read_tokens",
    "gen_ai.usage.details.cache_read_input_tokens", "gen_ai.usage.details.cached_tokens",
    "gen_ai.usage.cached_input_tokens", "gen_ai.usage.input_tokens.cached", "gen_ai.usage.cached_tokens",
    "llm.token_count.prompt_details.cache_read", "llm.token_count.prompt_details.cache_input",
    "llm.usage.cache_read_input_tokens", "ai.usage.inputTokenDetails.cacheReadTokens",
    "ai.usage.cachedInputTokens",
)  # fmt: skip
_WRITTEN = (
    "gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.cache_creation_input_tokens", "gen_ai.usage.cache_write_input_tokens",
    "gen_ai.usage.prompt_tokens_details.cache_creation_tokens",
    "gen_ai.usage.prompt_tokens_details.cache_write_tokens",
    "gen_ai.usage.input_tokens_details.cache_write_tokens", "gen_ai.usage.details.cache_write_tokens",
    "gen_ai.usage.details.cache_creation_input_tokens", "gen_ai.usage.input_tokens.cache_write",
    "llm.token_count.prompt_details.cache_write", "llm.usage.cache_creation_input_tokens",
    "ai.usage.inputTokenDetails.cacheWriteTokens",
)  # fmt: skip
_OUTPUT = (
    "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion",
    "llm.usage.completion_tokens", "ai.usage.outputTokens", "ai.usage.completionTokens",
)  # fmt: skip
_REASONING = (
    "gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens",
    "gen_ai.usage.reasoning_output_tokens", "gen_ai.usage.completion_tokens_details.reasoning_tokens",
    "gen_ai.usage.output_tokens_details.reasoning_tokens",
    "gen_ai.usage.details.reasoning_tokens", "gen_ai.usage.details.thoughts_tokens",
    "gen_ai.usage.output_tokens.reasoning", "llm.token_count.completion_details.reasoning",
    "llm.usage.reasoning_tokens", "ai.usage.outputTokenDetails.reasoningTokens", "ai.usage.reasoningTokens",
)  # fmt: skip
_TOTAL = (
    "gen_ai.usage.total_tokens", "llm.token_count.total", "llm.usage.total_tokens", "ai.usage.totalTokens",
)  # fmt: skip
_COST = (
    "gen_ai.usage.cost", "gen_ai.usage.total_cost", "gen_ai.cost.total_cost", "litellm.cost.total",
    "operation.cost", "llm.cost.total", "gen_ai.usage.cost.total", "gen_ai.usage.cost_usd",
)  # fmt: skip
_FINISH = (
    "gen_ai.response.finish_reasons", "gen_ai.response.finish_reason", "gen_ai.response.stop_reason",
    "gen_ai.completion.0.finish_reason", "llm.finish_reason", "llm.response.finish_reason",
    "llm.response.stop_reason", "anthropic.message.stop_reason", "ai.response.finishReason",
)  # fmt: skip
_SCHEMA = ("gen_ai.openai.request.response_format", "gen_ai.request.response_format")
_TIER = (
    "openai.response.service_tier", "gen_ai.openai.response.service_tier", "openai.request.service_tier",
    "gen_ai.openai.request.service_tier",
)  # fmt: skip
PARAMETERS = "llm.invocation_parameters"
OTHER_PARAMETERS = "embedding.invocation_parameters"
CACHE_HIT = "litellm.cache_hit"
ERROR = "error.type"
_SPELLINGS = {
    "input": _INPUT, "cached": _CACHED, "written": _WRITTEN, "output": _OUTPUT, "reasoning": _REASONING,
    "total": _TOTAL, "model": _MODEL, "response": _RESPONSE, "cost": _COST, "finish": _FINISH, "schema": _SCHEMA,
    "tier": _TIER,
}  # fmt: skip
"""The names that each attribute can have; the first one with a value is used."""
_RANK = {name: (what, rank) for what, names in _SPELLINGS.items() for rank, name in enumerate(names)}
TOKENS = ("input", "cached", "written", "output", "reasoning")
_MODALITIES = ("text", "image", "audio", "video", "document")
BREAKDOWN = {
    f"gen_ai.usage.{modality}.{part}": what
    for modality in _MODALITIES
    for part, what in (
        ("input_tokens", "input"), ("output_tokens", "output"), ("cache_read.input_tokens", "cached"),
    )
}  # fmt: skip
"""The parts of what is told once more for each kind of content."""
_UNCOMMON_ATTRIBUTES = frozenset({*BREAKDOWN, PARAMETERS, OTHER_PARAMETERS})
AMOUNTS = frozenset({"cached", "written", "reasoning", "cost"})
"""What is a zero under one name where another name has the number."""
WANTED = frozenset({*_RANK, *BREAKDOWN, *KINDS, PARAMETERS, OTHER_PARAMETERS, ERROR, CACHE_HIT})


def ranked(names: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Return the places of the names of each attribute, the one that is used first in front."""
    found: dict[str, list[tuple[int, int]]] = {}
    for place, name in enumerate(names):
        if name in _RANK:
            what, rank = _RANK[name]
            found.setdefault(what, []).append((rank, place))
    return {what: tuple(place for _, place in sorted(places)) for what, places in found.items()}


def tells_in_parts(names: Iterable[str]) -> bool:
    """Whether something is told once more for each kind of content."""
    return not BREAKDOWN.keys().isdisjoint(names)


Told = tuple[int, str, Scalar]
"""An attribute: the index of its name among the possible ones, the name, and the value."""


def tell(attributes: Mapping[str, Scalar]) -> dict[str, Told]:
    """Return what the attributes tell, each under the first of its names that has a value."""
    found: dict[str, Told] = {}
    for name, value in attributes.items():
        known = _RANK.get(name)
        if known is None or value is None or value == "":
            continue
        what, rank = known
        before = found.get(what)
        if before is None or _is_better(what, (rank, name, value), before):
            found[what] = (rank, name, value)
    if not _UNCOMMON_ATTRIBUTES.isdisjoint(attributes):
        _tell_rare(found, attributes)
    return found


def _tell_rare(found: dict[str, Told], attributes: Mapping[str, Scalar]) -> None:
    """Add what is told in parts or within another attribute, unless it is told for itself."""
    sums: dict[str, float] = {}
    for name, what in BREAKDOWN.items():
        value = attributes.get(name)
        if isinstance(value, int | float):
            sums[what] = sums.get(what, 0) + value
    for what, total in sums.items():
        found.setdefault(what, (0, what, total))
    if "model" not in found:
        model = parameter(attributes, "model")
        if isinstance(model, str) and model:
            found["model"] = (0, PARAMETERS, model)


def _is_better(what: str, one: Told, other: Told) -> bool:
    """Whether an attribute is used instead of another one of the same meaning."""
    if what in AMOUNTS and bool(one[2]) != bool(other[2]):
        return bool(one[2])
    return one[0] < other[0]


def parameter(attributes: Mapping[str, Scalar], *path: str) -> Scalar:
    """Return a parameter of the request, which OpenInference keeps as JSON; None when it is not told."""
    for name in (PARAMETERS, OTHER_PARAMETERS):
        text = attributes.get(name)
        if isinstance(text, str) and (value := peek(text.encode(errors="replace"), *path)) is not None:
            return value
    return None


def value_of(told: Mapping[str, Told], what: str) -> Scalar:
    """Return the value of what is told; None when it is not."""
    found = told.get(what)
    return None if found is None else found[2]


def spellings(what: str) -> tuple[str, ...]:
    """Return the names that an attribute can have, what counts first: `input`, `cached`, `written`, `output`,
    `reasoning`, `total`, `model`, `response`, `cost`, `finish`, `schema`, `tier`."""
    return _SPELLINGS[what]
