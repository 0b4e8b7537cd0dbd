"""Everything that is shipped as a way to start the agent, read from where a user finds it."""

from __future__ import annotations

import base64
import re
import shlex
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from leverwatch.agent.config.models import Config
from tests.agent.web.transport.certificates import authority
from tests.deploy.inside import IPV4, Spec
from tests.deploy.scratch import ROOT, binds, scratch

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
MAIN = ("http://HOST:9847/-/healthy", "http://HOST:9847/-/ready", "http://HOST:9847/metrics")
PROBES = ("http://HOST:9848/-/healthy", "http://HOST:9848/-/ready")
_PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))


@dataclass(frozen=True)
class Example:
    """A whole configuration that a page shows."""

    page: str
    text: str

    @property
    def settings(self) -> dict[str, Any]:
        """What it says."""
        found: dict[str, Any] = yaml.safe_load(self.text)
        return found


@cache
def examples() -> dict[str, Example]:
    """Every configuration of the documentation that can stand alone, by its page and line."""
    known = {field.alias or name for name, field in Config.model_fields.items()}
    found = {}
    for path in _PAGES:
        page = path.read_text()
        for block in re.finditer(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
            settings = yaml.safe_load(block[1])
            # A price file has a list under a name that the configuration has too.
            own = isinstance(settings, dict) and not isinstance(settings.get("prices"), list)
            if own and settings.keys() <= known:
                name = f"{path.relative_to(ROOT)}:{page.count(chr(10), 0, block.start()) + 1}"
                found[name] = Example(str(path.relative_to(ROOT)), block[1])
    return found


def plain(folder: Path, config: str) -> Spec:
    """`leverwatch run` in the folder of a configuration."""
    root = scratch(folder)
    (root / "home-of-it").mkdir()
    (root / "home-of-it/leverwatch.yaml").write_text(config)
    environ = {"PATH": f"/opt/leverwatch/bin:{DEFAULT_PATH}", "HOME": "/home-of-it"}
    return Spec(str(root), binds(), ["leverwatch", "run"], environ, "/home-of-it", urls=list(MAIN))


def protected(spec: Spec, folder: Path) -> Spec:
    """A configuration with the web configuration that the page about security shows, and its certificates."""
    page = (ROOT / "docs/security.md").read_text()
    (web,) = re.findall(r"^```yaml\n(# web\.yaml.*?)^```$", page, re.MULTILINE | re.DOTALL)
    here, signer = Path(spec.root, spec.cwd.lstrip("/")), authority(folder)
    (here / "web.yaml").write_text(web)
    server, client = signer.server("server"), signer.client("client")
    for source, name in (
        (server.certificate, "server.crt"),
        (server.key, "server.key"),
        (signer.file, "clients.pem"),
    ):
        (here / name).write_bytes(source.read_bytes())
    return replace(
        spec,
        urls=[*PROBES, MAIN[-1].replace("http:", "https:")],
        headers={"Authorization": f"Basic {base64.b64encode(b'prometheus:example').decode()}"},
        authority=str(signer.file),
        client=[str(client.certificate), str(client.key)],
    )


def on_its_address(spec: Spec, shown: Example) -> Spec:
    """The same, asked where the example listens, when that is one address only."""
    host = str(shown.settings.get("web", {}).get("listen", "")).rpartition(":")[0]
    return replace(spec, families=IPV4) if host == "127.0.0.1" else spec


@dataclass(frozen=True)
class Image:
    """What the last stage of the Dockerfile says of how it is run."""

    entrypoint: list[str]
    command: list[str]
    environ: dict[str, str]
    health: list[str]
    cwd: str


@cache
def image() -> Image:
    """The image's own command line."""
    last = (ROOT / "Dockerfile").read_text().replace("\\\n", " ").rpartition("\nFROM ")[2]
    said = dict(re.findall(r"^(ENTRYPOINT|CMD|WORKDIR|ENV) +(.+)$", last, re.MULTILINE))
    (health,) = re.findall(r"^HEALTHCHECK .*?CMD +(\[.+\])$", last, re.MULTILINE)
    environ = dict(pair.split("=", 1) for pair in shlex.split(said["ENV"]))
    environ = {name: value.replace("$PATH", DEFAULT_PATH) for name, value in environ.items()}
    return Image(
        yaml.safe_load(said["ENTRYPOINT"]),
        yaml.safe_load(said["CMD"]),
        {"HOME": "/var/lib/leverwatch", **environ},
        yaml.safe_load(health),
        said["WORKDIR"],
    )


def container(folder: Path, config: str | None, command: list[str] | None = None) -> Spec:
    """The image's own command line, or its entry point with another command, and its health check."""
    root, its = scratch(folder), image()
    if config is not None:
        (root / "etc/leverwatch/leverwatch.yaml").write_text(config)
    argv = [*its.entrypoint, *(its.command if command is None else command)]
    return Spec(str(root), binds(), argv, its.environ, its.cwd, urls=list(MAIN), checks=[its.health])


def unit(folder: Path, config: str) -> Spec:
    """The command line of the systemd unit, with what systemd would make of its other lines."""
    lines = (ROOT / "docs/deploy/systemd/leverwatch.service").read_text().splitlines()
    said = dict(line.split("=", 1) for line in lines if re.match(r"(ExecStart|WorkingDirectory|UMask)=", line))
    environ = dict(line.split("=", 2)[1:] for line in lines if line.startswith("Environment="))
    root = scratch(folder)
    (root / "etc/leverwatch/leverwatch.yaml").write_text(config)
    return Spec(
        str(root),
        binds(),
        shlex.split(said["ExecStart"]),
        {"PATH": DEFAULT_PATH, "HOME": "/var/lib/leverwatch", **environ},
        said["WorkingDirectory"],
        umask=int(said["UMask"], 8),
        urls=list(MAIN),
    )


def at(families: str, spec: Spec) -> Spec:
    """The same where a family of addresses is missing."""
    return replace(spec, families=families)
