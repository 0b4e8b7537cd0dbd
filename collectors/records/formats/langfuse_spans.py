"""Observations that Langfuse's SDKs send as spans: their attributes under the names of the conventions. Pure.

They have no attribute of the conventions, and their usage is JSON in a text: as the provider told it, or in
Langfuse's own form, in which every kind of token is apart from all others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from leverwatch.collectors.records.formats.spans import Scalar, Span
from leverwatch.collectors.records.tokens import Stands, Tokens, whole_tokens

_PREFIX = "langfuse.observation."
KIND = f"{_PREFIX}type"
_MODEL, _LEVEL = f"{_PREFIX}model.name", f"{_PREFIX}level"
_USAGE, _COST = f"{_PREFIX}usage_details", f"{_PREFIX}cost_details"
LANGFUSE_NAMES = frozenset({KIND, _MODEL, _LEVEL, _USAGE, _COST})
"""The attributes that are read."""
_OPERATIONS = {"generation": "chat", "embedding": "embeddings"}
_INPUT = ("input", "prompt")
_OUTPUT = ("output", "completion", "candidates")
_WRITES = ("creation", "write", "ephemeral")
_NO_PART = ("priority", "flex", "miss")
"""Words in the names of amounts that are in another one already."""
_PARTS = frozenset({"cached", "written", "reasoning"})
_NAMES = {
    "gen_ai.usage.input_tokens": "input",
    "gen_ai.usage.cache_read.input_tokens": "cached",
    "gen_ai.usage.cache_write.input_tokens": "written",
    "gen_ai.usage.output_tokens": "output",
    "gen_ai.usage.reasoning.output_tokens": "reasoning",
}
_object = msgspec.json.Decoder(dict[str, Any])


def of_langfuse(span: Span) -> Span | None:
    """Return the span of a generation or an embedding under the names of the conventions; None for all others."""
    told = span.attributes
    operation = _OPERATIONS.get(str(told.get(KIND)).lower())
    if operation is None:
        return None
    attributes: dict[str, Scalar] = {**told, "gen_ai.operation.name": operation}
    if told.get(_MODEL):
        attributes["gen_ai.response.model"] = told[_MODEL]
    usage = _read(told.get(_USAGE))
    if usage:
        tokens = usage_of(usage)
        attributes |= {name: getattr(tokens, part) for name, part in _NAMES.items()}
    costs = [(name, it) for name, it in _read(told.get(_COST)).items() if isinstance(it, int | float)]
    if costs:
        whole = dict(costs).get("total")
        attributes["gen_ai.usage.cost"] = sum(it for _, it in costs) if whole is None else whole
    failed = span.failed or str(told.get(_LEVEL)).upper() == "ERROR"
    return msgspec.structs.replace(span, attributes=attributes, failed=failed)


def usage_of(usage: Mapping[str, Any]) -> Tokens:
    """Return the tokens of a usage, of OpenAI's forms or of Langfuse's own, with the parts inside their wholes."""
    flat = _sums(usage.items())
    inner = _sums(
        (f"{name}.{key}", it)
        for name, details in usage.items()
        if name.endswith("_details") and isinstance(details, dict)
        for key, it in details.items()
    )
    # Details are of a whole that has them. Without any, each number of Langfuse's own form stands for itself.
    parts = {what: amount for what, amount in inner.items() if what in _PARTS and amount}
    is_openai = {"prompt_tokens", "completion_tokens"} <= usage.keys()
    cached = (
        Stands.INSIDE if is_openai or "input" in inner or {"cached", "written"} & inner.keys() else Stands.BESIDE
    )
    reasoning = Stands.INSIDE if is_openai or {"output", "reasoning"} & inner.keys() else Stands.BESIDE
    sums = {**flat, **parts}
    if "total" in sums and "input" not in sums and not {"cached", "written"} & sums.keys():
        sums["input"] = max(0, sums["total"] - sums.get("output", 0))
    if cached is Stands.BESIDE and {"cached", "written"} & sums.keys():
        sums.setdefault("input", 0)
    return whole_tokens(Tokens(**sums), cached, reasoning)


def _sums(amounts: Iterable[tuple[str, Any]]) -> dict[str, float]:
    sums: dict[str, float] = {}
    for name, value in amounts:
        what = _part(name)
        if what is not None and isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
            sums[what] = sums.get(what, 0) + value
    return sums


def _part(name: str) -> str | None:
    """Return which number of tokens an amount of usage belongs to, by its name; None: to none."""
    if any(word in name for word in _NO_PART):
        return None
    if "reasoning" in name or "thought" in name or "thinking" in name:
        return "reasoning"
    if "cache" in name or "ephemeral" in name:
        return "written" if any(word in name for word in _WRITES) else "cached"
    if name.startswith("total"):
        return "total"
    if any(word in name for word in _OUTPUT):
        return "output"
    return "input" if any(word in name for word in _INPUT) else None


def _read(text: Scalar) -> dict[str, Any]:
    try:
        return _object.decode(text) if isinstance(text, str) else {}
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return {}
