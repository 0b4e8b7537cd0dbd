"""Both generations of Helm, and the chart with one dashboard of the tests' own."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.helm.programs import CHART, EXAMPLES, Helm, helm

DASHBOARD = {"uid": "sample", "title": "Sample {{ of braces }}", "panels": [{"color": {"mode": "shades"}}]}


@pytest.fixture(params=[3, 4], ids=["helm3", "helm4"])
def any_helm(request: pytest.FixtureRequest) -> Helm:
    """Each generation."""
    return helm(request.param)


@pytest.fixture(params=list(EXAMPLES.values()), ids=list(EXAMPLES))
def example(request: pytest.FixtureRequest) -> Path:
    """Each file of example values."""
    path: Path = request.param
    return path


@pytest.fixture(scope="session")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The chart, with a dashboard that does not change when the real ones do."""
    copy = tmp_path_factory.mktemp("chart") / "leverwatch"
    shutil.copytree(CHART, copy, ignore=shutil.ignore_patterns("dashboards"))
    (copy / "dashboards").mkdir()
    (copy / "dashboards/Sample_one.json").write_text(json.dumps(DASHBOARD, indent=2) + "\n")
    return copy


@pytest.fixture(scope="session")
def chart_with_notes(chart: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The chart with its notes as an object, which `helm template` shows."""
    copy = tmp_path_factory.mktemp("notes") / "leverwatch"
    shutil.copytree(chart, copy)
    shutil.copy(copy / "templates/NOTES.txt", copy / "files/NOTES.txt")
    notes = '{{ dict "apiVersion" "v1" "kind" "Notes" "text" (tpl (.Files.Get "files/NOTES.txt") .) | toYaml }}'
    (copy / "templates/notes.yaml").write_text(notes)
    return copy
