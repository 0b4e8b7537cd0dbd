"""`leverwatch check-source` asks the metrics of each cloud for a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from leverwatch.agent.cli.main import main
from tests.collectors.sources.azure_monitor import azure
from tests.collectors.sources.cloudwatch.amazon import ALONE, KEYS, error, metric, result, scripted
from tests.collectors.sources.google_monitoring import google
from tests.collectors.sources.web import Said, web
from tests.days import midnight

CLOUDS: dict[str, dict[str, Any]] = {
    "cloudwatch": {"regions": ["us-east-1"]},
    "azure-monitor": {"resources": [azure.RESOURCE], "token": azure.TOKEN},
    "google-monitoring": {"projects": ["shop-prod"], "token": google.TOKEN},
}
each = pytest.mark.parametrize("name", CLOUDS)


def noon() -> datetime:
    """Of yesterday."""
    return midnight(1) + timedelta(hours=12)


@pytest.fixture(params=[False, True], ids=["answering", "refusing"])
def refusing(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def urls(refusing: bool, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    for name, value in {**KEYS, **ALONE}.items():
        monkeypatch.setenv(name, value)
    of_azure, of_google = azure.Azure(), google.Google()
    of_azure.add("ModelRequests", noon(), 7, StatusCode="200", ModelDeploymentName="d", ModelName="m")
    of_google.add(google.CALLS, noon(), 7, response_code="200", **{**google.GEMINI, "model_user_id": "m"})

    def amazon(operation: str, asked: dict[str, Any]) -> tuple[int, Any]:
        if refusing:
            return error("AccessDenied", 403)
        if operation == "ListMetrics":
            return 200, {"Metrics": [metric("Invocations", ModelId="m")]}
        return 200, {"MetricDataResults": [result(it, {noon(): 7.0}) for it in asked["MetricDataQueries"]]}

    with scripted() as bedrock, web() as microsoft, web() as vertex:
        bedrock.answer, bedrock.now = amazon, datetime.now(UTC)
        microsoft.answer = (lambda _: Said({}, 403)) if refusing else of_azure
        vertex.answer = (lambda _: Said({}, 403)) if refusing else of_google
        yield {"cloudwatch": bedrock.url, "azure-monitor": microsoft.url, "google-monitoring": vertex.url}


def check(folder: Path, name: str, url: str) -> Result:
    source = {"name": "cloud", "type": name, "url": url, "system": "bot", "ready_after": "0s", **CLOUDS[name]}
    path = folder / "leverwatch.yaml"
    path.write_text(yaml.safe_dump({"store": {"url": "sqlite:///store.db"}, "sources": [source]}))
    return CliRunner().invoke(main, ["check-source", "cloud", "--config", str(path)])


@each
def test_a_cloud_is_asked_for_yesterday(tmp_path: Path, urls: dict[str, str], refusing: bool, name: str) -> None:
    found = check(tmp_path, name, urls[name])

    if refusing:
        assert found.exit_code == 1
        assert "permission: source cloud: " in found.stderr
    else:
        assert found.exit_code == 0, found.output
        assert found.stdout.startswith(f"cloud, {noon():%Y-%m-%d}: complete; 1 row moved in ")
        rows = [line.split() for line in found.stdout.splitlines()]
        assert ["bot", "m", "generation", "7", "0", "?", "?", "?"] in rows
        assert "What it can tell:" in found.stdout
