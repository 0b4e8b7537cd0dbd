"""Which metrics of Bedrock are asked for, and what their values mean. Pure.

Names and meanings are those of Amazon's guide: "Monitor bedrock-runtime inference using CloudWatch metrics", and
"Monitor bedrock-mantle inference using CloudWatch metrics" for the other endpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from msgspec import Struct

from leverwatch.collectors.daily.metered import Metered, Sum, averaged, with_parts
from leverwatch.collectors.records.formats.routes import short_model

NAMESPACE, DIMENSION = "AWS/Bedrock", "ModelId"
MANTLE, MODEL, PROJECT = "AWS/BedrockMantle", "Model", "Project"
"""The endpoint for the APIs of OpenAI and Anthropic counts in a namespace of its own, under other names."""
PERIOD = 86_400
"""Seconds of a day. It is a multiple of the hour, to which old metrics are rolled up."""
SUM, COUNT = "Sum", "SampleCount"

_CALLS, _INPUT, _OUTPUT, _LATENCY = "Invocations", "InputTokenCount", "OutputTokenCount", "InvocationLatency"
_ERRORS = ("InvocationClientErrors", "InvocationServerErrors")
_THROTTLES = "InvocationThrottles"
# What the guide, and what dashboards in use call them: one of both is published.
_READ = ("CacheReadInputTokens", "CacheReadInputTokenCount")
_WRITTEN = ("CacheWriteInputTokens", "CacheWriteInputTokenCount")
_SAMPLED = (_INPUT, _OUTPUT, _LATENCY)
"""Metrics with one sample a call, so that the number of samples is the number of calls of which this is known."""
METRICS = (_CALLS, *_ERRORS, _THROTTLES, _INPUT, _OUTPUT, *_READ, *_WRITTEN, _LATENCY)
# By project and model it has tokens with one sample a call; what begins with `Total` is by one of them alone.
_MANTLE = {
    "Inferences": _CALLS, "InferenceClientErrors": _ERRORS[0], "InputTokens": _INPUT, "OutputTokens": _OUTPUT,
}  # fmt: skip
_MANTLE_NAMES = {ours: name for name, ours in _MANTLE.items()}


class Place(Struct, frozen=True, order=True):
    """Whose metrics: those of a model or inference profile, in a region of an account."""

    region: str
    model: str
    """As the dimension says it: an id, or an ARN."""
    account: str = ""
    """Of a linked account; empty for the account that is asked."""
    project: str = ""
    """Of the endpoint `bedrock-mantle`, where each call is of a project; empty for `bedrock-runtime`."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that there may be, under the names of `bedrock-runtime`."""
        return tuple(_MANTLE_NAMES) if self.project else METRICS


class Series(Struct, frozen=True, order=True):
    """One metric of one model."""

    place: Place
    metric: str
    """Under its name in `bedrock-runtime`."""
    stat: str = SUM


Values = Mapping[tuple[Series, date], float]
"""The values of series by day. A day without a value has none, and no zero."""


def listed(metrics: Iterable[Mapping[str, Any]], region: str, accounts: Sequence[str] = ()) -> Iterator[Series]:
    """Yield the series of metrics that `ListMetrics` returned.

    The same calls are published without a model, and with more dimensions than the model (sizes of images, agents
    and their aliases): each call counts once, by what has the model alone, or the model and the project.

    Args:
        metrics: as returned.
        region: of which.
        accounts: the owner of each, where linked accounts are listed.
    """
    for at, metric in enumerate(metrics):
        named = {it["Name"]: it["Value"] for it in metric.get("Dimensions", [])}
        name, is_mantle = metric["MetricName"], metric.get("Namespace") == MANTLE
        owner = accounts[at] if at < len(accounts) else ""
        if is_mantle and named.keys() == {MODEL, PROJECT} and name in _MANTLE:
            yield Series(Place(region, named[MODEL], owner, named[PROJECT]), _MANTLE[name])
        elif not is_mantle and named.keys() == {DIMENSION} and name in METRICS:
            yield Series(Place(region, named[DIMENSION], owner), name)


def wanted(found: Iterable[Series], remembered: Iterable[Place]) -> list[Series]:
    """Return the series to ask for: those that are listed, and all that remembered models may have.

    A model without a call for two weeks is not listed, and its metrics are there all the same.
    """
    series = set(found)
    now = {each.place for each in series}
    series |= {Series(place, metric) for place in remembered if place not in now for metric in place.metrics}
    series |= {Series(it.place, it.metric, COUNT) for it in series if it.metric in _SAMPLED}
    return sorted(series)


def unlisted(listed: Collection[Place], known: Iterable[Place], *, linked: bool) -> set[Place]:
    """Return the places to ask for beside those that are listed, each under one name.

    The account that is asked has a number only where linked ones are listed: what is known without one is then of
    that account, unless the model is known of an account with a number. Without linked ones, models are asked for
    in the account that is asked alone; where they were another's, there is nothing.
    """
    known = set(known)
    if not linked:
        return {Place(it.region, it.model, project=it.project) for it in known} - set(listed)
    numbered = {it for it in (*listed, *known) if it.account}
    models = {(it.region, it.model, it.project) for it in numbered}
    alone = {it for it in known if not it.account and (it.region, it.model, it.project) not in models}
    return (numbered | alone) - set(listed)


def query_of(series: Series, number: int) -> dict[str, Any]:
    """Return one query of `GetMetricData`; its id is `q` and the number."""
    place, name = series.place, series.metric
    dimensions = {MODEL: place.model, PROJECT: place.project} if place.project else {DIMENSION: place.model}
    query: dict[str, Any] = {
        "Id": f"q{number}",
        "MetricStat": {
            "Metric": {
                "Namespace": MANTLE if place.project else NAMESPACE,
                "MetricName": _MANTLE_NAMES[name] if place.project else name,
                "Dimensions": [{"Name": label, "Value": value} for label, value in dimensions.items()],
            },
            "Period": PERIOD,
            "Stat": series.stat,
        },
        "ReturnData": True,
    }
    return {**query, "AccountId": series.place.account} if series.place.account else query


def values_of(
    series: Series, times: Iterable[datetime], values: Iterable[float]
) -> dict[tuple[Series, date], float]:
    """Return the values of a series by UTC day."""
    return {(series, at.astimezone(UTC).date()): value for at, value in zip(times, values, strict=True)}


def metered(
    values: Values,
    template: Sequence[str],
    account: Callable[[Place], str | None],
    profiles: Mapping[str, str],
) -> Iterator[Metered]:
    """Yield what the values say of each model and day.

    Args:
        values: of all series.
        template: the labels that the template of the system needs.
        account: returns the account of a place; None: it is unknown.
        profiles: the model of each inference profile whose id names none.
    """
    for place, day in sorted({(series.place, day) for series, day in values}):

        def of(metric: str, stat: str = SUM, place: Place = place, day: date = day) -> float | None:
            return values.get((Series(place, metric, stat), day))

        def first(names: Sequence[str], of: Callable[[str], float | None] = of) -> float | None:
            return next((value for name in names if (value := of(name)) is not None), None)

        errors = sum(of(name) or 0.0 for name in _ERRORS)
        written = of(_OUTPUT, COUNT)
        amounts = {
            "input_tokens": (of(_INPUT), of(_INPUT, COUNT)),
            "output_tokens": (of(_OUTPUT), written),
            # They have samples of calls that used the cache alone: all others used none.
            "cached_input_tokens": (first(_READ), None),
            "cache_write_tokens": (first(_WRITTEN), None),
        }
        sums = {name: Sum(it, samples) for name, (it, samples) in amounts.items() if it is not None}
        calls = successes(of(_CALLS), errors, written, of(_INPUT, COUNT))
        latency = averaged(of(_LATENCY) or 0.0, of(_LATENCY, COUNT) or 0.0, calls)
        if latency is not None:
            sums["latency_ms"] = latency
        model = profiles.get(place.model) or profiles.get(short_model(place.model)) or short_model(place.model)
        labels = {
            "ModelId": place.model,
            "model": model,
            "region": place.region,
            "account": account(place),
            "project": place.project or None,
        }
        yield Metered(
            day,
            model,
            calls,
            errors + (of(_THROTTLES) or 0.0),
            # Amazon adds what was read and written to the tokens of the input for its quotas: it is beside them.
            with_parts(sums, ("cached_input_tokens", "cache_write_tokens")),
            tuple(labels[label] for label in template),
        )


def successes(calls: float | None, errors: float, wrote: float | None, read: float | None) -> float:
    """Return how many calls succeeded.

    The guide says of `Invocations` in one edition that they are the successful requests, and in another one that
    those are among them which failed later. So there are at least `calls - errors` successes and at most `calls`;
    how many calls wrote tokens says where in between, when it is in between.

    Args:
        calls: `Invocations`; None when they are not there, as when they arrive later than the tokens.
        errors: calls that failed, but for throttled ones, which are never among `calls`.
        wrote: calls that wrote tokens, as far as they are told.
        read: calls that read tokens.
    """
    if calls is None:
        return max(wrote or 0.0, read or 0.0)
    if wrote is not None and max(calls - errors, 0.0) <= wrote <= calls:
        return wrote
    return calls
