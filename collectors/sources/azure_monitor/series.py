"""Which metrics of Azure OpenAI and Foundry are asked for, and what their values mean. Pure.

Names and dimensions are those of "Supported metrics for Microsoft.CognitiveServices/accounts".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from math import inf
from typing import Any

from msgspec import Struct

from leverwatch.collectors.daily.metered import Metered, Sum, with_parts
from leverwatch.collectors.interface import Result

DEPLOYMENT, MODEL, STATUS = "ModelDeploymentName", "ModelName", "StatusCode"
_SPLIT = (DEPLOYMENT, MODEL, STATUS)
MOST_NAMES = 20
"""Metrics of one question."""


class Generation(Struct, frozen=True):
    """The names that one generation of metrics has. Both count the same calls, so that one of them is taken."""

    calls: str
    tokens: Mapping[str, str]
    """By name of the metric: the amount that it is."""


GENERATIONS = (
    Generation(
        "ModelRequests",
        {
            "InputTokens": "input_tokens",
            "OutputTokens": "output_tokens",
            "cacheReadInputTokens": "cached_input_tokens",
            "ephemeral5mInputTokens": "cache_write_5m_tokens",
            "ephemeral1hInputTokens": "cache_write_1h_tokens",
        },
    ),
    Generation(
        "AzureOpenAIRequests", {"ProcessedPromptTokens": "input_tokens", "GeneratedTokens": "output_tokens"}
    ),
)
"""The newer one, for the models of all makers, and the older one, for those of OpenAI."""
METRICS = tuple(name for each in GENERATIONS for name in (each.calls, *each.tokens))


class Question(Struct, frozen=True):
    """Metrics that can be asked for together: they have the same dimensions."""

    names: tuple[str, ...]
    dimensions: tuple[str, ...]
    grain: str

    @property
    def filter(self) -> str:
        """The filter that asks for each value of each dimension."""
        return " and ".join(f"{name} eq '*'" for name in self.dimensions)


def questions_of(definitions: Iterable[Mapping[str, Any]]) -> list[Question]:
    """Return what to ask a resource for, by the definitions of its metrics.

    A metric that a resource does not have, and a dimension that a metric does not have, would be an error.
    """
    groups: dict[tuple[tuple[str, ...], str], list[str]] = defaultdict(list)
    for each in definitions:
        name = _value(each.get("name"))
        if name not in METRICS:
            continue
        has = {_value(it) for it in each.get("dimensions") or ()}
        grains = {it.get("timeGrain") for it in each.get("metricAvailabilities") or ()}
        if DEPLOYMENT in has:
            grain = "P1D" if "P1D" in grains or not grains else "PT1H"
            groups[tuple(it for it in _SPLIT if it in has), grain].append(name)
    return [
        Question(tuple(names[start : start + MOST_NAMES]), dimensions, grain)
        for (dimensions, grain), names in sorted(groups.items())
        for start in range(0, len(names), MOST_NAMES)
    ]


class Point(Struct, frozen=True):
    """A value of one metric on one day, for one value of each dimension."""

    metric: str
    day: date
    deployment: str
    model: str | None
    status: str | None
    total: float


def points_of(metrics: Iterable[Mapping[str, Any]]) -> Iterator[Point]:
    """Yield the values of metrics that are there and more than zero: days without calls are filled with zeros.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: it is no answer of Azure Monitor.
    """
    for metric in metrics:
        name = _value(metric["name"])
        for series in metric.get("timeseries") or ():
            # Names of dimensions come in small letters.
            labels = {_value(it["name"]).lower(): str(it["value"]) for it in series.get("metadatavalues") or ()}
            deployment = labels.get(DEPLOYMENT.lower(), "")
            for point in series.get("data") or ():
                total = point.get("total")
                if total is None or not float(total):
                    continue
                if not 0 < float(total) < inf:
                    raise ValueError
                at = datetime.fromisoformat(point["timeStamp"]).astimezone(UTC)
                model, status = labels.get(MODEL.lower()), labels.get(STATUS.lower())
                yield Point(name, at.date(), deployment, model or None, status, float(total))


def metered(
    points: Iterable[Point], template: Sequence[str], resource: str
) -> tuple[list[Metered], list[tuple[str, str]]]:
    """Return what the values of one resource say of each deployment, model and day, and what could not be counted
    with its reason and detail.

    Requests without a deployment are no calls of a model: lists, files, threads.
    """
    by_cell: dict[tuple[str, date], list[Point]] = defaultdict(list)
    for point in points:
        if point.deployment:
            by_cell[point.deployment, point.day].append(point)
    found: list[Metered] = []
    problems: dict[tuple[str, str], None] = {}
    for (deployment, day), some in sorted(by_cell.items()):
        counts = {each.calls: [it for it in some if it.metric == each.calls] for each in GENERATIONS}
        # The one with more calls: a generation may begin within a day. They are never added.
        taken = max(GENERATIONS, key=lambda each: sum(it.total for it in counts[each.calls]))
        calls, failed, odd = _outcomes(counts[taken.calls])
        if odd:
            problems[str(Result.UNKNOWN_STATUS), f"{STATUS}: {odd:,.0f} requests have one that is no number"] = (
                None
            )
        models = {*calls, *failed}
        sums, vague = _tokens(some, (taken, *(it for it in GENERATIONS if it is not taken)), models)
        if vague:
            detail = f"{day}: two models of one deployment, whose tokens are told together"
            problems[str(Result.MISSING_FIELD), detail] = None
        for model in sorted(models, key=str):
            labels = {**_named(resource), "deployment": deployment, "model": model or deployment}
            found.append(
                Metered(
                    day,
                    labels["model"],
                    calls.get(model, 0.0),
                    failed.get(model, 0.0),
                    sums.get(model, {}),
                    tuple(labels[label] for label in template),
                )
            )
    return found, list(problems)


def _outcomes(counts: Iterable[Point]) -> tuple[dict[str | None, float], dict[str | None, float], float]:
    """Return successful and failed calls by model, and how many have a status that is none."""
    calls: dict[str | None, float] = defaultdict(float)
    failed: dict[str | None, float] = defaultdict(float)
    odd = 0.0
    for point in counts:
        if point.status is None or (point.status.isascii() and point.status.isdecimal()):
            good = point.status is None or 200 <= int(point.status[:6]) < 300
            (calls if good else failed)[point.model] += point.total
        else:
            odd += point.total
    return calls, failed, odd


def _tokens(
    points: Sequence[Point], generations: Sequence[Generation], models: set[str | None]
) -> tuple[dict[str | None, dict[str, Sum]], bool]:
    """Return the sums of tokens by model, and whether some are told of two models together.

    Each amount is that of the first generation that has it.
    """
    found: dict[str | None, dict[str, float]] = defaultdict(dict)
    vague = False
    have: set[str] = set()
    for generation in generations:
        told = [point for point in points if point.metric in generation.tokens]
        for point in told:
            name = generation.tokens[point.metric]
            if name in have:
                continue
            model = point.model
            if model not in models:
                if len(models) != 1:
                    vague = vague or bool(models)
                    continue
                (model,) = models
            found[model][name] = found[model].get(name, 0.0) + point.total
        have |= {name for amounts in found.values() for name in amounts}
    return {model: _whole(amounts) for model, amounts in found.items()}, vague


def _whole(amounts: Mapping[str, float]) -> dict[str, Sum]:
    sums = {name: Sum(amount) for name, amount in amounts.items() if name != "cache_write_5m_tokens"}
    written = [amounts[it] for it in ("cache_write_5m_tokens", "cache_write_1h_tokens") if it in amounts]
    if written:
        sums["cache_write_tokens"] = Sum(sum(written))
    # Only Anthropic's models have them, whose input tokens are those beside the cache.
    return with_parts(sums, ("cached_input_tokens", "cache_write_tokens"))


def _named(resource: str) -> dict[str, str]:
    parts = resource.split("/")
    return {"subscription": parts[2], "group": parts[4], "resource": parts[-1]}


def _value(name: Any) -> str:
    return str(name["value"]) if isinstance(name, Mapping) else ""
