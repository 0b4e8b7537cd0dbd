"""Which time series of Vertex AI are asked for, and what their points mean. Pure.

Names and labels are those of the list of Google Cloud metrics, under `aiplatform`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from math import inf
from typing import Any

from msgspec import Struct

from leverwatch.collectors.daily.metered import Metered, Sum, averaged
from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.formats.routes import short_model

_MODEL, _ENDPOINT = "aiplatform.googleapis.com/PublisherModel", "aiplatform.googleapis.com/Endpoint"
_STATUS = re.compile(r"[1-5](?:[0-9][0-9]|xx)")
_BATCH = "batch_"
_NAMES = {
    "model": "model_user_id", "publisher": "publisher", "location": "location", "container": "resource_container",
    "endpoint": "endpoint_id", "deployed": "deployed_model_id",
}  # fmt: skip


class Question(Struct, frozen=True):
    """One metric, added up by some of its labels."""

    metric: str
    resource: str
    by: tuple[str, ...]
    """Of the resource and of the metric, as the API names them."""

    @property
    def filter(self) -> str:
        """The filter of the API."""
        return f'metric.type = "aiplatform.googleapis.com/{self.metric}" AND resource.type = "{self.resource}"'

    def without(self, label: str) -> Question:
        """Return the same question, not by a label."""
        return Question(self.metric, self.resource, tuple(it for it in self.by if it != label))


_OF_MODEL = tuple(
    f"resource.label.{it}" for it in ("resource_container", "location", "publisher", "model_user_id")
)
SOURCE = "metric.label.source"
"""Where tokens come from; younger than the metric."""
CALLS = Question(
    "publisher/online_serving/model_invocation_count", _MODEL, (*_OF_MODEL, "metric.label.response_code")
)
TOKENS = Question("publisher/online_serving/token_count", _MODEL, (*_OF_MODEL, "metric.label.type", SOURCE))
LATENCIES = Question(
    "publisher/online_serving/model_invocation_latencies", _MODEL, (*_OF_MODEL, "metric.label.latency_type")
)
RESPONSES = Question(
    "prediction/online/response_count",
    _ENDPOINT,
    (
        *(f"resource.label.{it}" for it in ("resource_container", "location", "endpoint_id")),
        "metric.label.deployed_model_id",
        "metric.label.response_code",
    ),
)


class Cell(Struct, frozen=True, order=True):
    """Whose calls, and of which day."""

    day: date
    project: str
    model: str
    publisher: str = ""
    location: str = ""
    endpoint: str = ""


class Point(Struct, frozen=True):
    """A value of one metric on one day."""

    question: Question
    cell: Cell
    kind: str
    """The status of calls, the type of tokens or of latencies."""
    amount: float
    calls: float | None = None
    """How many values a distribution is of."""
    source: str = ""


def points_of(question: Question, series: Iterable[Mapping[str, Any]], project: str) -> Iterator[Point]:
    """Yield the points of time series that are aligned to whole UTC days.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: it is no answer of Cloud Monitoring.
    """
    for one in series:
        labels = {**one.get("resource", {}).get("labels", {}), **one.get("metric", {}).get("labels", {})}
        told = {name: str(labels.get(label, "")) for name, label in _NAMES.items()}
        kind = str(labels.get("response_code") or labels.get("type") or labels.get("latency_type") or "")
        for point in one.get("points") or ():
            # A period ends where the next one begins, and its point has the time of the end.
            end = datetime.fromisoformat(point["interval"]["endTime"]).astimezone(UTC)
            cell = Cell(
                (end - timedelta(microseconds=1)).date(),
                told["container"].removeprefix("projects/") or project,
                short_model(told["model"]) or told["deployed"],
                told["publisher"],
                told["location"],
                told["endpoint"],
            )
            amount, calls = _value(point["value"])
            if not 0 <= amount < inf:
                raise ValueError
            if amount > 0:
                yield Point(question, cell, kind, amount, calls, str(labels.get("source", "")))


def _value(value: Mapping[str, Any]) -> tuple[float, float | None]:
    """Return a value, and of how many it is the sum if it is a distribution; whole numbers come as texts."""
    if "distributionValue" in value:
        count = float(value["distributionValue"].get("count", 0))
        return count * float(value["distributionValue"].get("mean", 0.0)), count
    return float(value["int64Value"] if "int64Value" in value else value["doubleValue"]), None


def metered(points: Iterable[Point], template: Sequence[str]) -> tuple[list[Metered], list[tuple[str, str]]]:
    """Return what the points say of each model and day, and what could not be counted, with reason and detail."""
    cells: dict[Cell, list[Point]] = defaultdict(list)
    odd: dict[str, float] = defaultdict(float)
    for point in points:
        cells[point.cell].append(point)
    found: list[Metered] = []
    for cell, some in sorted(cells.items()):
        calls = failed = 0.0
        amounts: dict[str, float] = defaultdict(float)
        for point in some:
            if point.question.metric in (CALLS.metric, RESPONSES.metric):
                if not _STATUS.fullmatch(point.kind):
                    odd[f"response_code: {len(point.kind)} characters that are no status"] += point.amount
                elif point.kind.startswith("2"):
                    calls += point.amount
                else:
                    failed += point.amount
            elif point.question.metric == TOKENS.metric and not point.source.startswith(_BATCH):
                # Of batches the calls are not counted, so that their tokens would be those of others.
                amounts[point.kind] += point.amount
        sums = {f"{kind}_tokens": Sum(amounts[kind]) for kind in ("input", "output") if amounts[kind]}
        latency = _latency([it for it in some if it.question.metric == LATENCIES.metric], calls)
        if latency is not None:
            sums["latency_ms"] = latency
        labels = {
            "model": cell.model, "publisher": cell.publisher, "location": cell.location, "project": cell.project,
            "endpoint": cell.endpoint,
        }  # fmt: skip
        if not calls and not failed and all(it.source.startswith(_BATCH) for it in some):
            continue
        found.append(
            Metered(cell.day, cell.model or None, calls, failed, sums, tuple(labels[it] for it in template))
        )
    problems = [(str(Result.UNKNOWN_STATUS), f"{what}: {number:,.0f} calls") for what, number in odd.items()]
    return found, problems


def _latency(points: Sequence[Point], calls: float) -> Sum | None:
    """Return the latency: that of the model and what comes on top, which have one value for each call."""
    counts: dict[str, float] = defaultdict(float)
    for point in points:
        counts[point.kind] += point.calls or 0.0
    count = max(counts.values(), default=0.0)
    return averaged(sum(point.amount for point in points), count, calls)
