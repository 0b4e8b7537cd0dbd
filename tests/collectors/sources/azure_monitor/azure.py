"""Azure Monitor on a real socket, by its documentation: names, dimensions, filters, limits and errors.

What it answers was read with the models of azure-mgmt-monitor 7.0.0, which found every value in its place.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from leverwatch.collectors.interface import CollectorContext
from leverwatch.collectors.sources.azure_monitor.collector import AzureMonitorCollector
from leverwatch.collectors.sources.azure_monitor.config import AzureMonitorConfig
from tests.collectors.sources.web import Asked, Said

NOW = datetime(2026, 11, 28, 12, 0, 30, tzinfo=UTC)
RESOURCE = "/subscriptions/11-22/resourceGroups/ai/providers/Microsoft.CognitiveServices/accounts/chat-prod"
TOKEN = "t0k3n-0f-th3-t3sts"
_CALLS = ("ApiName", "OperationName", "Region", "ModelDeploymentName", "ModelName", "ModelVersion", "StatusCode")
_TOKENS = ("ApiName", "Region", "ModelDeploymentName", "ModelName", "ModelVersion")
DIMENSIONS = {
    "ModelRequests": _CALLS,
    "InputTokens": _TOKENS,
    "OutputTokens": _TOKENS,
    "cacheReadInputTokens": (*_TOKENS, "ContextLength"),
    "ephemeral5mInputTokens": (*_TOKENS, "ContextLength"),
    "ephemeral1hInputTokens": (*_TOKENS, "ContextLength"),
    "AzureOpenAIRequests": _CALLS,
    "ProcessedPromptTokens": ("ApiName", "ModelDeploymentName", "FeatureName", "Region", "ModelVersion"),
    "GeneratedTokens": ("ApiName", "ModelDeploymentName", "FeatureName", "Region", "ModelVersion"),
    "Latency": ("ApiName", "OperationName", "Region"),
    "ActionOccurrences": ("ActionId",),
}
"""As the list of supported metrics has them."""


def source(url: str, folder: Path, now: datetime = NOW, **more: Any) -> AzureMonitorCollector:
    settings = {
        "name": "cloud", "url": url, "token": TOKEN, "resources": [RESOURCE], "system": "{deployment}", **more,
    }  # fmt: skip
    config = AzureMonitorConfig.model_validate({name: it for name, it in settings.items() if it is not None})
    return AzureMonitorCollector(config, CollectorContext(folder, folder, lambda: now))


def error(status: int, code: str, **headers: str) -> Said:
    return Said({"error": {"code": code, "message": f"the client 'object-id-1' at {RESOURCE}"}}, status, headers)


@dataclass
class Azure:
    """What is measured, and answers about it."""

    has: Sequence[str] = tuple(DIMENSIONS)
    grains: Sequence[str] = ("PT1M", "PT1H", "P1D")
    samples: list[tuple[str, datetime, dict[str, str], float]] = field(default_factory=list)

    def add(self, metric: str, at: datetime, total: float, **labels: str) -> None:
        self.samples.append((metric, at, labels, total))

    def __call__(self, asked: Asked) -> Said:
        if asked.headers.get("Authorization") != f"Bearer {TOKEN}":
            return error(401, "InvalidAuthenticationToken")
        if (
            asked["api-version"] != "2024-02-01"
            or asked["metricnamespace"] != "microsoft.cognitiveservices/accounts"
        ):
            return error(400, "BadRequest")
        resource, _, what = asked.path.partition("/providers/Microsoft.Insights/")
        if what == "metricDefinitions":
            return Said({"value": [self._definition(resource, name) for name in self.has]})
        if asked["aggregation"] != "Total" or asked["interval"] not in self.grains:
            return error(400, "BadRequest")
        names = asked["metricnames"].split(",")
        split = re.findall(r"(\w+) eq '\*'", asked["$filter"])
        if len(names) > 20 or any(name not in self.has or set(split) - {*DIMENSIONS[name]} for name in names):
            return error(400, "BadRequest")
        start, end = (datetime.fromisoformat(it) for it in asked["timespan"].split("/"))
        grain = timedelta(days=1) if asked["interval"] == "P1D" else timedelta(hours=1)
        top = int(asked.query.get("top", ["10"])[0])
        metrics = [self._metric(resource, name, split, start, end, grain)[:2] for name in names]
        value = [{**one, "timeseries": series[:top]} for one, series in metrics]
        return Said(
            {
                "cost": 59,
                "timespan": asked["timespan"],
                "interval": asked["interval"],
                "namespace": asked["metricnamespace"],
                "resourceregion": "swedencentral",
                "value": value,
            }
        )

    def _definition(self, resource: str, name: str) -> dict[str, Any]:
        return {
            "id": f"{resource}/providers/microsoft.insights/metricdefinitions/{name}",
            "resourceId": resource,
            "namespace": "Microsoft.CognitiveServices/accounts",
            "name": {"value": name, "localizedValue": name},
            "isDimensionRequired": False,
            "unit": "Count",
            "primaryAggregationType": "Total",
            "supportedAggregationTypes": ["Total"],
            "metricAvailabilities": [{"timeGrain": it, "retention": "P93D"} for it in self.grains],
            "dimensions": [{"value": it, "localizedValue": it} for it in DIMENSIONS[name]],
        }

    def _metric(
        self, resource: str, name: str, split: list[str], start: datetime, end: datetime, grain: timedelta
    ) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """A metric and its series. Periods without a call have a zero."""
        sums: dict[tuple[str, ...], dict[datetime, float]] = defaultdict(lambda: defaultdict(float))
        for metric, at, labels, total in self.samples:
            if metric == name and start <= at < end:
                sums[tuple(labels.get(it, "") for it in split)][start + (at - start) // grain * grain] += total
        times = [start + grain * number for number in range(-((start - end) // grain))]
        series = [
            {
                "metadatavalues": [
                    {"name": {"value": label.lower(), "localizedValue": label.lower()}, "value": value}
                    for label, value in zip(split, values, strict=True)
                ],
                "data": [{"timeStamp": f"{at:%Y-%m-%dT%H:%M:%SZ}", "total": found.get(at, 0.0)} for at in times],
            }
            for values, found in sorted(sums.items())
        ]
        return {
            "id": f"{resource}/providers/Microsoft.Insights/metrics/{name}",
            "type": "Microsoft.Insights/metrics",
            "name": {"value": name, "localizedValue": name},
            "displayDescription": "",
            "unit": "Count",
            "errorCode": "Success",
        }, series
