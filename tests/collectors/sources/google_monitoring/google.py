"""Google Cloud Monitoring on a real socket, by its documentation: filters, alignment, reduction and pages.

What it answers was read with the messages of google-cloud-monitoring 2.32.0, which refuse a field that they lack.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from leverwatch.collectors.interface import CollectorContext
from leverwatch.collectors.sources.google_monitoring.collector import GoogleMonitoringCollector
from leverwatch.collectors.sources.google_monitoring.config import GoogleMonitoringConfig
from tests.collectors.sources.web import Asked, Said

NOW = datetime(2026, 11, 28, 12, 0, 30, tzinfo=UTC)
TOKEN = "t0k3n-0f-th3-t3sts"
CALLS = "publisher/online_serving/model_invocation_count"
TOKENS = "publisher/online_serving/token_count"
LATENCIES = "publisher/online_serving/model_invocation_latencies"
RESPONSES = "prediction/online/response_count"
LABELS = {
    CALLS: {"response_code", "request_type", "method", "error_category", "input_token_size"},
    TOKENS: {"type", "request_type", "modality", "source"},
    LATENCIES: {"latency_type", "request_type", "input_token_size"},
    RESPONSES: {"deployed_model_id", "response_code", "spot"},
}
RESOURCES = {
    "aiplatform.googleapis.com/PublisherModel": {
        "resource_container", "location", "publisher", "model_user_id", "model_version_id",
    },
    "aiplatform.googleapis.com/Endpoint": {"resource_container", "location", "endpoint_id"},
}  # fmt: skip
GEMINI = {"publisher": "google", "model_user_id": "gemini-2.5-flash", "location": "europe-west4"}


def source(url: str, folder: Path, now: datetime = NOW, **more: Any) -> GoogleMonitoringCollector:
    settings = {
        "name": "cloud", "url": url, "token": TOKEN, "projects": ["shop-prod"], "system": "{project}", **more,
    }  # fmt: skip
    config = GoogleMonitoringConfig.model_validate({name: it for name, it in settings.items() if it is not None})
    return GoogleMonitoringCollector(config, CollectorContext(folder, folder, lambda: now))


def error(code: int, status: str, reason: str = "", **headers: str) -> Said:
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}] if reason else []
    said = {"code": code, "message": "denied for reader@shop-prod.iam", "status": status, "details": details}
    return Said({"error": said}, code, headers)


@dataclass
class Google:
    """What is measured, and answers about it."""

    page: int = 1000
    """Series in a page."""
    labels: dict[str, set[str]] = field(default_factory=lambda: {name: set(it) for name, it in LABELS.items()})
    samples: list[tuple[str, datetime, dict[str, str], float]] = field(default_factory=list)

    def add(self, metric: str, at: datetime, value: float, **labels: str) -> None:
        """Write a value of the minute that ends at a time."""
        self.samples.append((metric, at, {"resource_container": "shop-prod", **labels}, value))

    def __call__(self, asked: Asked) -> Said:
        if asked.headers.get("Authorization") != f"Bearer {TOKEN}":
            return error(401, "UNAUTHENTICATED")
        named = re.fullmatch(
            r'metric\.type = "aiplatform\.googleapis\.com/([\w/]+)" AND resource\.type = "([\w./]+)"',
            asked["filter"],
        )
        aggregation = {name: asked[f"aggregation.{name}"] for name in ("perSeriesAligner", "crossSeriesReducer")}
        if named is None or aggregation != {"perSeriesAligner": "ALIGN_SUM", "crossSeriesReducer": "REDUCE_SUM"}:
            return error(400, "INVALID_ARGUMENT")
        metric, resource = named[1], named[2]
        by = [(it.split(".")[0], it.split(".")[2]) for it in asked.query["aggregation.groupByFields"]]
        known = {"resource": RESOURCES[resource], "metric": self.labels[metric]}
        if any(label not in known[kind] for kind, label in by):
            return error(400, "INVALID_ARGUMENT")
        start, end = (datetime.fromisoformat(asked[f"interval.{it}"]) for it in ("startTime", "endTime"))
        period = timedelta(seconds=int(asked["aggregation.alignmentPeriod"].removesuffix("s")))
        if end > NOW + timedelta(days=400) or period < timedelta(minutes=1):
            return error(400, "INVALID_ARGUMENT")
        series = self._series(metric, resource, by, start, end, period)
        first = int(asked.query.get("pageToken", ["0"])[0])
        body: dict[str, Any] = {"timeSeries": series[first : first + self.page], "unit": "1"} if series else {}
        if first + self.page < len(series):
            body["nextPageToken"] = str(first + self.page)
        return Said(body)

    def _series(
        self,
        metric: str,
        resource: str,
        by: list[tuple[str, str]],
        start: datetime,
        end: datetime,
        period: timedelta,
    ) -> list[dict[str, Any]]:
        """Points with the time of the end of their period; periods are laid back from the end of the interval."""
        sums: dict[tuple[str, ...], dict[datetime, list[float]]] = defaultdict(lambda: defaultdict(list))
        for name, at, labels, value in self.samples:
            if name == metric and start < at <= end:
                sums[tuple(labels.get(it, "") for _, it in by)][end - (end - at) // period * period].append(value)
        found = []
        for values, points in sorted(sums.items()):
            told: dict[str, dict[str, str]] = {"resource": {}, "metric": {}}
            for (kind, label), name in zip(by, values, strict=True):
                told[kind][label] = name
            found.append(
                {
                    "metric": {"type": f"aiplatform.googleapis.com/{metric}", "labels": told["metric"]},
                    "resource": {"type": resource, "labels": told["resource"]},
                    "metricKind": "DELTA",
                    "valueType": "DISTRIBUTION" if metric == LATENCIES else "INT64",
                    "points": [
                        {
                            "interval": {
                                "startTime": f"{at - period:%Y-%m-%dT%H:%M:%SZ}",
                                "endTime": f"{at:%Y-%m-%dT%H:%M:%SZ}",
                            },
                            "value": _value(metric, numbers),
                        }
                        for at, numbers in sorted(points.items(), reverse=True)
                    ],
                }
            )
        return found


def _value(metric: str, numbers: list[float]) -> dict[str, Any]:
    if metric != LATENCIES:
        return {"int64Value": f"{sum(numbers):.0f}"}
    return {"distributionValue": {"count": f"{len(numbers)}", "mean": sum(numbers) / len(numbers)}}
