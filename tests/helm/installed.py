"""The rendered configuration on this machine: its files where a test can write, and its ports free ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import bcrypt

from tests.agent.web.transport.certificates import Pair, authority
from tests.e2e.servers import free_port
from tests.helm.programs import Manifest, named, only

USER, PASSWORD = "prometheus", "a password of the tests"


@dataclass(frozen=True, slots=True)
class Installed:
    """Where the parts of the pod's file system are, and where the agent will listen."""

    config: Path
    authority: Path
    """The certificate that signed the agent's and the client's."""
    client: Pair
    port: int
    probe_port: int
    test: Manifest
    """The container of the Helm test."""

    def environment_of_test(self, seconds: float) -> dict[str, str]:
        """The environment of the Helm test, pointed at this machine."""
        rendered = {each["name"]: each["value"] for each in self.test["env"]}
        here = {"AGENT_HOST": "127.0.0.1", "AGENT_PORT": str(self.port), "PROBE_PORT": str(self.probe_port)}
        return {**rendered, **here, "WAIT_SECONDS": str(seconds)}


def install(manifests: list[Manifest], folder: Path) -> Installed:
    """Write the files that the pod would have: the ConfigMap, and the Secrets of the examples."""
    data = named(manifests, "ConfigMap")["data"]
    etc, port, probe_port = folder / "etc", free_port(), free_port()
    places = {
        "/etc/leverwatch/": f"{etc}/",
        "/var/lib/leverwatch/": f"{folder}/lib/",
        "/var/cache/leverwatch": f"{folder}/cache",
        "listen: :9847": f"listen: 127.0.0.1:{port}",
        "probe_listen: :9848": f"probe_listen: 127.0.0.1:{probe_port}",
    }
    for part in ("config", "store", "tls", "web"):
        (etc / part).mkdir(parents=True)
    (folder / "lib").mkdir(parents=True)
    for file, text in data.items():
        (etc / "config" / file).write_text(_moved(text, places))
    (etc / "store/password").write_text("a password of the store\n")
    signer = authority(etc / "tls")
    signer.server("tls")
    trusted = signer.file.rename(etc / "tls/ca.crt")
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    (etc / "web/web-config.yaml").write_text(
        f"tls_server_config: {{cert_file: {etc}/tls/tls.crt, key_file: {etc}/tls/tls.key}}\n"
        f'basic_auth_users: {{{USER}: "{hashed}"}}\n'
    )
    test = only(manifests, "Pod")["spec"]["containers"][0]
    return Installed(etc / "config/leverwatch.yaml", trusted, signer.client(), port, probe_port, test)


def _moved(text: str, places: Mapping[str, str]) -> str:
    for before, after in places.items():
        text = re.sub(rf"(?<![\w_]){re.escape(before)}", after, text)
    return text
