"""The guide and the README of the chart: their values render, their commands name what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from helm.values_file import parse_values, walk
from tests.helm.programs import CHART, ROOT, Helm, helm, only

GUIDE = (ROOT / "docs/deploy/helm.md").read_text()
EXAMPLES = re.findall(r"^```yaml\n(.+?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
VALUES = {value.name for value in walk(parse_values((CHART / "values.yaml").read_text()))}


@pytest.mark.parametrize("example", EXAMPLES, ids=[text.split(":")[0].splitlines()[-1] for text in EXAMPLES])
def test_every_example_of_the_guide_renders(any_helm: Helm, example: str, tmp_path: Path) -> None:
    values = tmp_path / "values.yaml"
    values.write_text(example)

    assert any_helm.manifests(CHART, "--values", values)


def test_the_examples_of_the_guide_fit_together(any_helm: Helm, tmp_path: Path) -> None:
    """But for the two kinds of monitor, of which there is one."""
    arguments: list[str | Path] = ["--set", "serviceMonitor.enabled=false"]
    for number, example in enumerate(EXAMPLES):
        path = tmp_path / f"{number}.yaml"
        path.write_text(example)
        arguments += ["--values", path]

    kinds = {each["kind"] for each in any_helm.manifests(CHART, *arguments)}

    assert kinds >= {"Deployment", "PodMonitor", "PrometheusRule", "NetworkPolicy", "PodDisruptionBudget"}


def test_every_value_named_in_the_guide_exists() -> None:
    sections = {name.split(".")[0] for name in VALUES} - {"config"}
    named = {
        name for name in re.findall(r"`([a-zA-Z]+(?:\.[a-zA-Z]+)+)`", GUIDE) if name.split(".")[0] in sections
    }
    settings = {"web.listen", "web.probe_listen", "web.config_file"}
    free = {"podSecurityContext.fsGroup"}

    assert named - settings - free <= VALUES


def test_the_objects_named_in_the_guide_are_those_of_its_installation(any_helm: Helm) -> None:
    done = any_helm.run("template", "leverwatch", CHART, "--namespace", "llm-ops")
    manifests = list(yaml.safe_load_all(done.stdout))
    claim = only(manifests, "StatefulSet")["spec"]["volumeClaimTemplates"][0]["metadata"]["name"]
    name = only(manifests, "StatefulSet")["metadata"]["name"]

    assert set(re.findall(r"statefulset/([\w-]+)", GUIDE)) == {name}
    assert set(re.findall(r"delete pvc ([\w-]+)", GUIDE)) == {f"{claim}-{name}-0"}
    assert set(re.findall(r"\b(leverwatch-\d+)\b", GUIDE)) == {f"{name}-0"}


def test_a_refusal_reads_as_the_guide_shows_it() -> None:
    done = helm(3).run("template", "x", CHART, "--set", "config.systems.support-bot.declared_strategi=hybrid")

    (shown,) = re.findall(r"^    (- config\..+)$", GUIDE, re.MULTILINE)
    assert shown in done.stderr
