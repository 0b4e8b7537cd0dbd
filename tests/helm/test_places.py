"""The values for where the logs are: on every node."""

from __future__ import annotations

from pathlib import Path

import kubernetes_validate
import pytest

from tests.helm.programs import CHART, PLACES, Helm, helm, workload
from tests.helm.test_render import KUBERNETES

NODE_LOGS = PLACES["node-logs"]


def test_the_guide_and_the_readme_name_each_place() -> None:
    readme, guide = (CHART / "README.md").read_text(), (CHART.parents[1] / "docs/deploy/helm.md").read_text()

    assert [name for name in PLACES if f"(places/{name}-values.yaml)" not in readme] == []
    assert [name for name in PLACES if f"helm/leverwatch/places/{name}-values.yaml)" not in guide] == []


def test_lint_has_nothing_to_say(any_helm: Helm, chart: Path) -> None:
    done = any_helm.run("lint", "--strict", chart, "--values", NODE_LOGS)

    assert done.returncode == 0, done.stdout
    assert "[WARNING]" not in done.stdout


@pytest.mark.parametrize("version", KUBERNETES)
def test_kubernetes_accepts_a_pod_on_every_node(chart: Path, version: str) -> None:
    manifests = helm(4).manifests(chart, "--values", NODE_LOGS, "--kube-version", version)

    for manifest in manifests:
        kubernetes_validate.validate(manifest, version, strict=True)
    assert workload(manifests)["kind"] == "DaemonSet"
    assert not {each["kind"] for each in manifests} & {"Deployment", "StatefulSet", "PodDisruptionBudget"}


def test_the_pod_reads_the_logs_of_the_node_and_writes_nothing_there(any_helm: Helm, chart: Path) -> None:
    pod = workload(any_helm.manifests(chart, "--values", NODE_LOGS))["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    on_node = {volume["name"] for volume in pod["volumes"] if "hostPath" in volume}

    assert {mount["mountPath"] for mount in container["volumeMounts"] if mount["name"] in on_node} == {
        "/var/log/pods"
    }
    assert all(mount["readOnly"] for mount in container["volumeMounts"] if mount["name"] in on_node)
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    (node,) = [each for each in container["env"] if each["name"] == "NODE_NAME"]
    assert node["valueFrom"]["fieldRef"]["fieldPath"] == "spec.nodeName"
