"""Monitors and rules, judged by the types of the Prometheus Operator and by promtool."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.helm.programs import EXAMPLES, NAMESPACE, RELEASE, ROOT, Manifest, helm, only
from tests.rules.rulefile import rules, run

TYPES = ROOT / ".tools/operator"
JUDGE = Path(__file__).parent / "operator_objects.py"
GROUP = "monitoring.coreos.com/v1"


def judged(manifests: list[Manifest]) -> list[dict[str, Any]]:
    """What the types say of each object.

    Raises:
        RuntimeError: they were not downloaded. The tests need them, and skipping them would hide that.
    """
    if not TYPES.exists():
        raise RuntimeError("the types of the Prometheus Operator are missing; `make servers` downloads them")
    done = subprocess.run(
        [sys.executable, str(JUDGE)],
        input=json.dumps(manifests),
        env={**os.environ, "PYTHONPATH": str(TYPES)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


@pytest.fixture(scope="module")
def custom(chart: Path) -> list[Manifest]:
    """Every monitor and rule of every example."""
    found = [each for path in EXAMPLES.values() for each in helm(4).manifests(chart, "--values", path)]
    return [each for each in found if each["apiVersion"] == GROUP]


@pytest.fixture
def rule_file(chart: Path, tmp_path: Path) -> Path:
    """The rules of an example that changes none of them, as Prometheus gets them from the operator."""
    return written(chart, tmp_path, "postgres")


def written(chart: Path, folder: Path, example: str, *arguments: str) -> Path:
    """The rendered rules as a rule file."""
    manifests = helm(3).manifests(chart, "--values", EXAMPLES[example], *arguments)
    path = folder / "rendered.rules.yaml"
    path.write_text(yaml.safe_dump(only(manifests, "PrometheusRule")["spec"], sort_keys=False))
    return path


def rendered(path: Path) -> dict[str, Any]:
    """The rules of a file by name."""
    return {
        rule["alert"]: rule
        for group in yaml.safe_load(path.read_text())["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }


def test_the_operator_knows_every_key_of_every_object(custom: list[Manifest]) -> None:
    assert {each["kind"] for each in custom} == {"ServiceMonitor", "PodMonitor", "PrometheusRule"}
    assert judged(custom) == [{"known": each} for each in custom]


def test_the_types_notice_a_key_that_does_not_exist_and_a_wrong_value(custom: list[Manifest]) -> None:
    """What the test above relies on."""
    monitor = next(each for each in custom if each["kind"] == "ServiceMonitor")
    misspelt = {**monitor, "spec": {**monitor["spec"], "joblabel": "x"}}
    wrong = {**monitor, "spec": {**monitor["spec"], "endpoints": {}}}

    first, second = judged([misspelt, wrong])

    assert first["known"] == monitor
    assert "spec.endpoints" in second["refused"]


def test_promtool_accepts_the_rendered_rules_without_a_remark(rule_file: Path) -> None:
    checked = run("promtool", "check", "rules", "--lint=all", "--lint-fatal", rule_file)

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert f"SUCCESS: {len(rules())} rules found" in checked.stdout


def test_without_a_change_the_rules_are_those_of_the_rule_file(rule_file: Path) -> None:
    """So that what their unit tests say of the rule file holds for them."""
    assert list(rendered(rule_file).values()) == rules()


def test_each_alert_can_be_changed_and_the_rest_of_it_stays(chart: Path, tmp_path: Path) -> None:
    changed = rendered(written(chart, tmp_path, "everything"))
    original = {rule["alert"]: rule for rule in rules()}
    url = "https://wiki.example.com/runbooks/{}.md".format
    dashboard = "https://grafana.example.com/d/leverwatch"

    assert original.keys() - changed.keys() == {"LeverwatchCollectorFailing"}
    mismatch, down = changed["LeverwatchStrategyMismatch"], changed["LeverwatchDown"]
    assert mismatch == {
        "alert": "LeverwatchStrategyMismatch",
        "expr": original["LeverwatchStrategyMismatch"]["expr"],
        "for": "1h",
        "labels": {"severity": "info", "team": "ml-platform"},
        "annotations": {
            **original["LeverwatchStrategyMismatch"]["annotations"],
            "runbook_url": url("LeverwatchStrategyMismatch"),
            "dashboard": dashboard,
        },
    }
    assert down == {
        **original["LeverwatchDown"],
        "expr": 'up{job="lever"} == 0',
        "labels": {"severity": "critical", "team": "ml-platform", "page": "yes"},
        "annotations": {
            **original["LeverwatchDown"]["annotations"],
            "summary": "Nobody watches the systems.",
            "runbook_url": url("LeverwatchDown"),
            "dashboard": dashboard,
        },
    }


def test_changed_rules_and_rules_of_your_own_are_valid(chart: Path, tmp_path: Path) -> None:
    path = written(chart, tmp_path, "everything")

    checked = run("promtool", "check", "rules", path)

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert [group["name"] for group in yaml.safe_load(path.read_text())["groups"]][-1] == "mine"


def test_a_group_without_a_rule_is_left_out(chart: Path, tmp_path: Path) -> None:
    off = ",".join(f"prometheusRule.alerts.{rule['alert']}.enabled=false" for rule in rules("leverwatch-systems"))

    path = written(chart, tmp_path, "postgres", "--set", off)

    assert [group["name"] for group in yaml.safe_load(path.read_text())["groups"]] == ["leverwatch-agent"]


@pytest.mark.parametrize("kind", ["ServiceMonitor", "PodMonitor"])
@pytest.mark.parametrize("name", ["leverwatch", "lever"])
def test_the_scrape_job_is_the_one_that_the_rules_miss(chart: Path, tmp_path: Path, kind: str, name: str) -> None:
    """The operator makes `job` of the label that `jobLabel` names, of the Service or of the pod."""
    values = tmp_path / "values.yaml"
    monitor = f"{kind[0].lower()}{kind[1:]}"
    chosen = {"nameOverride": name, monitor: {"enabled": True}, "prometheusRule": {"enabled": True}}
    values.write_text(yaml.safe_dump(chosen))
    manifests = helm(3).manifests(chart, "--values", values)
    monitored, rule = only(manifests, kind)["spec"], only(manifests, "PrometheusRule")
    labels = {
        "ServiceMonitor": only(manifests, "Service")["metadata"]["labels"],
        "PodMonitor": only(manifests, "StatefulSet")["spec"]["template"]["metadata"]["labels"],
    }[kind]
    (down,) = [
        each["expr"]
        for group in rule["spec"]["groups"]
        for each in group["rules"]
        if each["alert"] == "LeverwatchDown"
    ]

    assert monitored["selector"]["matchLabels"].items() <= labels.items()
    assert labels[monitored["jobLabel"]] == name
    assert down.count(f'job="{name}"') == down.count("job=") == 2


@pytest.mark.parametrize(
    ("kind", "port"), [("ServiceMonitor", "endpoints"), ("PodMonitor", "podMetricsEndpoints")]
)
def test_prometheus_checks_the_certificate_for_the_name_of_the_service(chart: Path, kind: str, port: str) -> None:
    on = f"web.tls.enabled=true,web.tls.existingSecret=certificate,{kind[0].lower()}{kind[1:]}.enabled=true"
    (endpoint,) = only(helm(3).manifests(chart, "--set", on), kind)["spec"][port]

    assert endpoint["scheme"] == "https"
    assert endpoint["tlsConfig"] == {
        "ca": {"secret": {"name": "certificate", "key": "ca.crt"}},
        "serverName": f"{RELEASE}-leverwatch.{NAMESPACE}.svc",
    }


def test_a_monitor_says_what_its_values_say(chart: Path) -> None:
    values = yaml.safe_load(EXAMPLES["postgres"].read_text())["podMonitor"]
    monitor = only(helm(3).manifests(chart, "--values", EXAMPLES["postgres"]), "PodMonitor")
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]

    assert monitor["metadata"]["namespace"] == values["namespace"]
    assert monitor["metadata"]["labels"].items() >= values["labels"].items()
    assert monitor["spec"]["namespaceSelector"] == {"matchNames": [NAMESPACE]}
    assert endpoint == {
        "port": "http",
        "path": "/metrics",
        "scheme": "http",
        **{key: values[key] for key in ("interval", "scrapeTimeout", "relabelings", "metricRelabelings")},
    }
