"""In the pod of an application: the manifest of the page is valid, and its container starts and counts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from leverwatch import __version__
from tests.deploy.pods import Database, pod
from tests.deploy.scratch import ROOT, shipped
from tests.helm.programs import workload
from tests.helm.test_render import KUBERNETES

MANIFESTS: list[Any] = list(yaml.safe_load_all((ROOT / "docs/deploy/sidecar/deployment.yaml").read_text()))
POD = workload(MANIFESTS)["spec"]["template"]["spec"]
APPLICATION, SIDECAR = POD["containers"]


@pytest.mark.parametrize("version", KUBERNETES)
def test_kubernetes_accepts_every_object(version: str) -> None:
    for manifest in MANIFESTS:
        kubernetes_validate.validate(manifest, version, strict=True)


def test_both_containers_mount_one_folder_and_every_volume_is_mounted() -> None:
    folders = [{mount["name"]: mount for mount in each["volumeMounts"]} for each in (APPLICATION, SIDECAR)]
    (shared,) = folders[0].keys() & folders[1].keys()

    assert folders[0][shared]["mountPath"] == folders[1][shared]["mountPath"]
    assert folders[1][shared]["readOnly"] is True
    assert {volume["name"] for volume in POD["volumes"]} == folders[0].keys() | folders[1].keys()
    assert {volume["name"] for volume in POD["volumes"] if "emptyDir" in volume} >= {shared}
    assert SIDECAR["image"].endswith(f":{__version__}")


@pytest.mark.e2e
@pytest.mark.shipped
def test_it_starts_and_reads_the_last_records_before_the_pod_ends(tmp_path: Path) -> None:
    spec = replace(pod(tmp_path, MANIFESTS, Database("", "")), relay=None)
    (log,) = (each["value"] for each in APPLICATION["env"] if each["name"] == "USAGE_LOG")
    line = '{"ts": "2026-03-10T08:00:00Z", "model": "m", "id": "r%d", "usage": {"prompt_tokens": 7}}'
    write = f"echo '{line % 1}' >> {log}"
    last = [part.replace("sleep 10", "sleep 0") for part in SIDECAR["lifecycle"]["preStop"]["exec"]["command"]]
    told = ["leverwatch", "explain", "--all", "chat"]

    outcome = shipped(replace(spec, checks=[["sh", "-c", write], last, ["leverwatch", "evaluate"], told]))

    assert [output for code, output in outcome.checks if code != 0] == []
    assert {status for status, _ in outcome.answers.values()} == {200}, outcome.log
    assert "usage from chat, newest day 2026-03-10" in str(outcome.checks[-1][1])
