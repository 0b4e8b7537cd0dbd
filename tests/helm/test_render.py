"""The chart as Helm renders it, over every example."""

from __future__ import annotations

import json
import shutil
import tarfile
from itertools import takewhile
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from helm.values_file import parse_values, walk
from tests.agent.exporter.golden import GOLDEN, assert_golden
from tests.helm.conftest import DASHBOARD
from tests.helm.programs import CHART, EXAMPLES, NAMESPACE, RELEASE, Helm, Manifest, helm, named, only, workload

KUBERNETES = ("1.25", "1.31", "1.37")
"""The oldest that Chart.yaml allows, one in between, and the newest that there are schemas of."""
CUSTOM = ("monitoring.coreos.com/v1", "grafana.integreatly.org/v1beta1")


def pod_specs(manifests: list[Manifest]) -> dict[str, Manifest]:
    """The specification of every pod, by the name of its object."""
    return {
        manifest["metadata"]["name"]: manifest["spec"]
        if manifest["kind"] == "Pod"
        else manifest["spec"]["template"]["spec"]
        for manifest in manifests
        if manifest["kind"] in {"Pod", "StatefulSet", "Deployment"}
    }


def test_there_are_five_examples_and_the_readme_lists_each() -> None:
    readme = (CHART / "README.md").read_text()

    assert EXAMPLES.keys() == {"default", "postgres", "tls-auth", "sidecar", "everything"}
    assert [name for name in EXAMPLES if f"(ci/{name}-values.yaml)" not in readme] == []


def test_lint_has_nothing_to_say(any_helm: Helm, chart: Path, example: Path) -> None:
    done = any_helm.run("lint", "--strict", chart, "--values", example)

    assert done.returncode == 0, done.stdout
    assert "[WARNING]" not in done.stdout
    assert "[ERROR]" not in done.stdout


def test_both_generations_render_what_is_expected(any_helm: Helm, chart: Path, example: Path) -> None:
    name = example.name.removesuffix("-values.yaml")

    assert_golden(f"helm/{name}.yaml", any_helm.template(chart, "--values", example).encode())


def test_no_expected_output_is_left_over() -> None:
    assert {path.stem for path in (GOLDEN / "helm").iterdir()} == EXAMPLES.keys()


@pytest.mark.parametrize("version", KUBERNETES)
def test_kubernetes_accepts_every_object(chart: Path, example: Path, version: str) -> None:
    manifests = helm(4).manifests(chart, "--values", example, "--kube-version", version)
    checked = [manifest for manifest in manifests if manifest["apiVersion"] not in CUSTOM]

    for manifest in checked:
        kubernetes_validate.validate(manifest, version, strict=True)
    assert {"ConfigMap", "Service", "ServiceAccount", "Pod"} <= {manifest["kind"] for manifest in checked}


def test_the_schemas_refuse_a_key_that_does_not_exist(chart: Path) -> None:
    """What the test above relies on."""
    service = only(helm(4).manifests(chart), "Service")
    service["spec"]["selectors"] = {}

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(service, KUBERNETES[0], strict=True)


def test_an_older_kubernetes_is_refused(any_helm: Helm, chart: Path) -> None:
    done = any_helm.run("template", RELEASE, chart, "--kube-version", "1.24")

    assert done.returncode != 0
    assert "requires kubeVersion: >=1.25.0-0" in done.stderr


def test_no_two_objects_have_the_same_name(chart: Path, example: Path) -> None:
    manifests = helm(3).manifests(chart, "--values", example)
    names = [
        (each["apiVersion"], each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"])
        for each in manifests
    ]

    assert len(names) == len(set(names))


def test_every_pod_satisfies_the_restricted_standard(chart: Path, example: Path) -> None:
    """The rules of https://kubernetes.io/docs/concepts/security/pod-security-standards/, and a read-only root."""
    for name, pod in pod_specs(helm(3).manifests(chart, "--values", example)).items():
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["runAsUser"] > 0, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert pod.keys() & {"hostNetwork", "hostPID", "hostIPC"} == set(), name
        assert [volume for volume in pod.get("volumes", []) if "hostPath" in volume] == [], name
        for container in [*pod["containers"], *pod.get("initContainers", [])]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False, container["name"]
            assert context["readOnlyRootFilesystem"] is True, container["name"]
            assert context["capabilities"] == {"drop": ["ALL"]}, container["name"]
            assert not context.get("privileged"), container["name"]
            assert [port for port in container.get("ports", []) if "hostPort" in port] == [], container["name"]


def test_every_mount_has_its_volume_and_every_volume_its_mount(chart: Path, example: Path) -> None:
    manifests = helm(3).manifests(chart, "--values", example)
    agent = workload(manifests)
    pod = agent["spec"]["template"]["spec"]
    claims = [claim["metadata"]["name"] for claim in agent["spec"].get("volumeClaimTemplates", [])]
    volumes = [volume["name"] for volume in pod["volumes"]] + claims
    mounts = {mount["name"] for container in pod["containers"] for mount in container.get("volumeMounts", [])}

    assert sorted(volumes) == sorted(mounts)


def test_what_a_pod_needs_is_made_by_the_example_or_named_in_its_first_lines(chart: Path, example: Path) -> None:
    manifests = helm(4).manifests(chart, "--values", example)
    made = {each["metadata"]["name"] for each in manifests}
    pod = workload(manifests)["spec"]["template"]["spec"]
    sources = [each.get("valueFrom", {}) for one in pod["containers"] for each in one.get("env", ())]
    needed = {source["secretKeyRef"]["name"] for source in sources if "secretKeyRef" in source}
    for volume in pod["volumes"]:
        needed |= {volume["configMap"]["name"]} if "configMap" in volume else set()
        needed |= {volume["secret"]["secretName"]} if "secret" in volume else set()
        claim = volume.get("persistentVolumeClaim")
        needed |= {claim["claimName"]} if claim else set()
    head = "".join(takewhile(lambda line: line.startswith("#"), example.read_text().splitlines(keepends=True)))

    assert [name for name in needed - made if name not in head] == []


def test_there_is_no_right_and_no_secret_in_the_chart(chart: Path, example: Path) -> None:
    kinds = {each["kind"] for each in helm(3).manifests(chart, "--values", example)}

    assert not {kind for kind in kinds if "Role" in kind or kind == "Secret"}


def test_the_service_finds_the_agent_and_not_the_pod_of_the_test(chart: Path, example: Path) -> None:
    manifests = helm(3).manifests(chart, "--values", example)
    test, service = only(manifests, "Pod"), named(manifests, "Service")
    wanted = service["spec"]["selector"].items()

    assert wanted <= workload(manifests)["spec"]["template"]["metadata"]["labels"].items()
    assert not wanted <= test["metadata"]["labels"].items()


def of_dashboards(manifests: list[Manifest]) -> list[Manifest]:
    return [each for each in manifests if "-dashboard-" in each["metadata"]["name"]]


def test_dashboards_come_through_unchanged(any_helm: Helm, chart: Path) -> None:
    chosen = "dashboards.enabled=true,dashboards.annotations.grafana_folder=LLM"
    shown = only(of_dashboards(any_helm.manifests(chart, "--set", chosen)), "ConfigMap")

    assert shown["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert shown["metadata"]["annotations"] == {"grafana_folder": "LLM"}
    assert json.loads(shown["data"]["Sample_one.json"]) == DASHBOARD


def test_the_operator_of_grafana_gets_the_same_dashboard_as_an_object_of_its_own(
    any_helm: Helm, chart: Path
) -> None:
    (shown,) = of_dashboards(any_helm.manifests(chart, "--set", "grafanaDashboards.enabled=true"))

    assert (shown["apiVersion"], shown["kind"]) == ("grafana.integreatly.org/v1beta1", "GrafanaDashboard")
    assert json.loads(shown["spec"].pop("json")) == DASHBOARD
    assert shown["spec"] == {
        "instanceSelector": {"matchLabels": {"dashboards": "grafana"}},
        "folder": "leverwatch",
        "allowCrossNamespaceImport": False,
    }


def test_objects_with_a_dashboard_say_what_the_values_say(any_helm: Helm, chart: Path) -> None:
    values = yaml.safe_load(EXAMPLES["everything"].read_text())["grafanaDashboards"]
    shown = only(of_dashboards(any_helm.manifests(chart, "--values", EXAMPLES["everything"])), "GrafanaDashboard")

    assert shown["metadata"]["namespace"] == values["namespace"]
    assert shown["metadata"]["labels"].items() >= values["labels"].items()
    assert shown["metadata"]["annotations"] == values["annotations"]
    named = ("instanceSelector", "folder", "allowCrossNamespaceImport", "resyncPeriod")
    assert {key: value for key, value in shown["spec"].items() if key != "json"} == {
        key: values[key] for key in named
    }


def test_for_grafana_9_lines_have_colours_that_it_knows_in_both_kinds_of_objects(
    any_helm: Helm, chart: Path
) -> None:
    manifests = of_dashboards(any_helm.manifests(chart, "--values", EXAMPLES["everything"]))
    texts = {
        each["kind"]: each.get("data", {}).get("Sample_one.json") or each["spec"]["json"] for each in manifests
    }

    assert set(texts) == {"ConfigMap", "GrafanaDashboard"}
    for text in texts.values():
        assert json.loads(text) == {**DASHBOARD, "panels": [{"color": {"mode": "palette-classic"}}]}


def test_the_chart_renders_without_any_dashboard(any_helm: Helm, chart: Path, tmp_path: Path) -> None:
    without = tmp_path / "leverwatch"
    shutil.copytree(chart, without, ignore=shutil.ignore_patterns("dashboards"))

    manifests = any_helm.manifests(without, "--values", EXAMPLES["everything"])

    assert [each for each in manifests if "-dashboard-" in each["metadata"]["name"]] == []


def test_a_changed_configuration_replaces_the_pod_and_nothing_else_does(chart: Path) -> None:
    def checksum(*settings: str) -> str:
        arguments = [part for setting in settings for part in ("--set", setting)]
        pod = only(helm(3).manifests(chart, *arguments), "StatefulSet")["spec"]["template"]
        return str(pod["metadata"]["annotations"]["checksum/config"])

    assert checksum() == checksum("service.port=80", "serviceMonitor.enabled=true")
    assert len({checksum(), checksum("config.log.level=debug"), checksum(*TLS), checksum(*TLS, CLIENTS)}) == 4


TLS = ("web.tls.enabled=true", "web.tls.existingSecret=t")
CLIENTS = "web.tls.requireClientCertificate=true"


def test_a_disruption_budget_is_for_several_pods(chart: Path) -> None:
    several = helm(3).manifests(chart, "--values", EXAMPLES["postgres"])
    one = helm(3).manifests(chart, "--values", EXAMPLES["postgres"], "--set", "replicas=1")

    assert only(several, "PodDisruptionBudget")["spec"]["maxUnavailable"] == 1
    assert "PodDisruptionBudget" not in {each["kind"] for each in one}


def test_every_value_is_in_an_example() -> None:
    """So that the tests of this folder render each of them."""
    given = [yaml.safe_load(path.read_text()) for path in EXAMPLES.values()]

    def is_in(path: tuple[str, ...], values: object) -> bool:
        for key in path:
            if not isinstance(values, dict) or key not in values:
                return False
            values = values[key]
        return True

    values = [value for value in walk(parse_values((CHART / "values.yaml").read_text())) if not value.children]
    missing = {value.name for value in values if not any(is_in(value.path, each) for each in given)}
    unchanged_alerts = {value.name for value in values if value.path[:2] == ("prometheusRule", "alerts")}
    assert missing - unchanged_alerts == set()


def test_a_list_or_mapping_may_be_left_empty(any_helm: Helm, chart_with_notes: Path, tmp_path: Path) -> None:
    """As a key is whose lines below it are comments, which YAML reads as null."""
    values: dict[str, Any] = {}
    for value in walk(parse_values((CHART / "values.yaml").read_text())):
        place = values
        for key in value.path[:-1]:
            place = place.setdefault(key, {})
        if value.path[-1] == "enabled" and value.name not in {
            "podMonitor.enabled",
            "web.tls.enabled",
            "daemonSet.enabled",
        }:
            place["enabled"] = True
        elif isinstance(value.default, list | dict) and not value.children:
            place[value.path[-1]] = None
    empty = tmp_path / "values.yaml"
    empty.write_text(yaml.safe_dump(values))

    manifests = any_helm.manifests(chart_with_notes, "--values", empty)

    assert {"ServiceMonitor", "PrometheusRule", "NetworkPolicy"} <= {each["kind"] for each in manifests}
    for manifest in manifests:
        if manifest["apiVersion"] not in CUSTOM and manifest["kind"] != "Notes":
            kubernetes_validate.validate(manifest, KUBERNETES[-1], strict=True)


def test_the_notes_give_three_commands(any_helm: Helm, chart_with_notes: Path, example: Path) -> None:
    notes = only(any_helm.manifests(chart_with_notes, "--values", example), "Notes")["text"]

    assert notes.count(f"\n   kubectl -n {NAMESPACE} ") == 3
    assert "<no value>" not in notes
    assert "%!" not in notes


def test_an_installation_shows_the_notes(chart: Path, chart_with_notes: Path, example: Path) -> None:
    """Helm 3 asks a cluster before it shows them; Helm 4 does not."""
    notes = only(helm(4).manifests(chart_with_notes, "--values", example), "Notes")["text"]
    install = ("install", RELEASE, chart, "--namespace", NAMESPACE, "--dry-run=client", "--values", example)

    assert helm(4).run(*install).stdout.partition("NOTES:\n")[2].strip() == notes.strip()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("", "There are no sources yet"),
        ("", "Nothing tells Prometheus to scrape it"),
        ("serviceMonitor.enabled=true", "kube-prometheus-stack takes only"),
        ("persistence.enabled=false", "WARNING: persistence is off."),
        ("networkPolicy.enabled=true", "networkPolicy.egress"),
    ],
)
def test_the_notes_say_what_is_missing(chart_with_notes: Path, settings: str, said: str) -> None:
    changed = only(helm(3).manifests(chart_with_notes, "--set", settings), "Notes")["text"]
    complete = only(helm(3).manifests(chart_with_notes, "--values", EXAMPLES["postgres"]), "Notes")["text"]

    assert said in changed
    assert said not in complete


def test_a_package_holds_what_the_templates_read_and_no_examples(any_helm: Helm, tmp_path: Path) -> None:
    done = any_helm.run("package", CHART, "--destination", tmp_path)
    (package,) = tmp_path.glob("*.tgz")
    with tarfile.open(package) as archive:
        names = set(archive.getnames())

    assert done.returncode == 0, done.stderr
    needed = {"rules/leverwatch.rules.yaml", "files/smoke.py", "values.schema.json", "README.md"}
    assert {f"leverwatch/{name}" for name in needed} <= names
    assert not [name for name in names if name.startswith("leverwatch/ci/")]
    assert any_helm.template(package) == any_helm.template(CHART)


def test_the_chart_works_inside_another_one(any_helm: Helm, chart: Path, tmp_path: Path) -> None:
    (tmp_path / "charts").mkdir()
    shutil.copytree(chart, tmp_path / "charts/leverwatch")
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: platform\nversion: 1.0.0\n")
    (tmp_path / "values.yaml").write_text("global: {region: eu}\nleverwatch: {serviceMonitor: {enabled: true}}\n")

    manifests = any_helm.manifests(tmp_path)

    assert only(manifests, "ServiceMonitor")["metadata"]["name"] == f"{RELEASE}-leverwatch"
