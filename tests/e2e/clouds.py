"""Clouds whose metrics are asked for, with a text in every place of their answers that is not read."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.collectors.sources.azure_monitor.azure import DIMENSIONS, RESOURCE
from tests.collectors.sources.cloudwatch.amazon import ALONE, metric
from tests.collectors.sources.web import Asked, Said

REFUSED = ("bedrock-refused", "azure-refused", "vertex-refused")


def environment(secret: str) -> dict[str, str]:
    """Credentials of Amazon, which are nowhere in a configuration."""
    return {
        **ALONE,
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_SESSION_TOKEN": secret,
    }


def sources(url: str, secret: str) -> list[dict[str, Any]]:
    """A source of each cloud, and one that is refused."""
    kinds: dict[str, dict[str, Any]] = {
        "bedrock": {"type": "cloudwatch", "regions": ["us-east-1"]},
        "azure": {"type": "azure-monitor", "resources": [RESOURCE], "token": secret},
        "vertex": {"type": "google-monitoring", "projects": ["shop"], "headers": {"Authorization": secret}},
    }
    return [
        {
            "name": f"{name}{refused}",
            **kind,
            "url": f"{url}/{refused}",
            "system": f"bot-{name}{refused}",
            "history": "3d",
        }
        for name, kind in kinds.items()
        for refused in ("", "-refused")
    ]


def answer(asked: Asked, canary: str) -> Said:
    """What a cloud says: a call of yesterday, and one whose status is the text."""
    if asked.path.startswith("/-refused"):
        code = {"__type": "AccessDenied", "error": {"code": canary, "status": canary}, "message": canary}
        return Said(code, 403)
    at = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    if "X-Amz-Target" in asked.headers:
        return Said(_amazon(json.loads(asked.body), at, canary))
    if asked.path.endswith("/metricDefinitions"):
        dimensions = [{"value": it, "localizedValue": canary} for it in DIMENSIONS["ModelRequests"]]
        named = {"value": "ModelRequests", "localizedValue": canary}
        return Said({"value": [{"name": named, "dimensions": dimensions, "id": canary}], canary: canary})
    if asked.path.endswith("/metrics"):
        points = [{"timeStamp": f"{at:%Y-%m-%dT%H:%M:%SZ}", "total": 1, canary: canary}]
        series = [
            {"data": points, "metadatavalues": [_label("modeldeploymentname", "d"), _label("statuscode", status)]}
            for status in ("200", canary)
        ]
        named = {"value": "ModelRequests", "localizedValue": canary}
        return Said({"value": [{"name": named, "displayDescription": canary, "timeseries": series}]})
    ended = {
        "interval": {"endTime": f"{at + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"},
        "value": {"int64Value": "1"},
    }
    found = [
        {
            "metric": {"labels": {"response_code": status, "type": canary}},
            "resource": {"labels": {"model_user_id": "m", canary: canary}},
            "points": [ended],
        }
        for status in ("200", canary)
    ]
    return Said({"timeSeries": found, "unit": canary})


def _label(name: str, value: str) -> dict[str, Any]:
    return {"name": {"value": name}, "value": value}


def _amazon(asked: dict[str, Any], at: datetime, canary: str) -> dict[str, Any]:
    if "MetricDataQueries" not in asked:
        return {"Metrics": [metric("Invocations", ModelId="m"), metric("Invocations", ModelId="m", Text=canary)]}
    values = {"Timestamps": [at.timestamp()], "Values": [1.0], "Label": canary, "StatusCode": "Complete"}
    told = [{"Code": canary, "Value": canary}]
    return {
        "MetricDataResults": [{"Id": it["Id"], **values, "Messages": told} for it in asked["MetricDataQueries"]]
    }
