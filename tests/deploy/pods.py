"""What the chart installs, on this machine: the pod's files in a scratch root, and its container's command."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bcrypt

from tests.agent.web.transport.certificates import Authority, authority
from tests.deploy.inside import Spec
from tests.deploy.scratch import binds, scratch
from tests.deploy.shipped import PROBES, image
from tests.helm.programs import Manifest, only, workload

USER, PASSWORD = "prometheus", "a password of the tests"
NODE = "node-7.example.com"
STORE_URL = "postgresql://leverwatch:a-password@db.example.com/"


@dataclass(frozen=True)
class Database:
    """A PostgreSQL server of the tests, and its databases for this pod."""

    socket: str
    name: str


def pod(folder: Path, manifests: list[Manifest], database: Database) -> Spec:
    """The container of the agent as Kubernetes would start it."""
    root = scratch(folder)
    spec = workload(manifests)["spec"]["template"]["spec"]
    (container,) = [each for each in spec["containers"] if each["name"] == "leverwatch"]
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    signer = authority(folder)
    secrets = _secrets(signer)
    for mount in container["volumeMounts"]:
        place = Path(root, mount["mountPath"].lstrip("/"))
        place.mkdir(parents=True, exist_ok=True)
        volume = volumes.get(mount["name"], {})
        if "configMap" in volume:
            of = volume["configMap"]["name"]
            mounted = only([each for each in manifests if each["metadata"]["name"] == of], "ConfigMap")
            for name, text in mounted["data"].items():
                (place / name).write_text(text)
        if "secret" in volume:
            for name, content in secrets[mount["name"]].items():
                (place / name).write_bytes(content)
    secure = (
        "https" if any(mount["name"] in {"tls", "web-config"} for mount in container["volumeMounts"]) else "http"
    )
    client = signer.client("scraper")
    return Spec(
        str(root),
        binds(),
        container["command"],
        {"PATH": image().environ["PATH"], **_environ(container, database)},
        image().cwd,
        urls=[*PROBES, f"{secure}://HOST:9847/metrics"],
        headers={"Authorization": f"Basic {base64.b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}"},
        authority=str(signer.file),
        client=[str(client.certificate), str(client.key)],
        relay=None if workload(manifests)["kind"] == "StatefulSet" else database.socket,
    )


def _environ(container: dict[str, Any], database: Database) -> dict[str, str]:
    environ = {}
    for each in container["env"]:
        secret = (
            f"{STORE_URL}{database.name}" if each["name"] == "LEVERWATCH_STORE_URL" else "a token of the tests"
        )
        environ[each["name"]] = each.get("value", NODE if each["name"] == "NODE_NAME" else secret)
    return environ


def _secrets(signer: Authority) -> dict[str, dict[str, bytes]]:
    """The files of each Secret that an example mounts, by the name of its volume."""
    server = signer.server("server")
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    web = (
        "tls_server_config: {cert_file: /etc/leverwatch/tls/tls.crt, key_file: /etc/leverwatch/tls/tls.key}\n"
        f'basic_auth_users: {{{USER}: "{hashed}"}}\n'
    )
    return {
        "tls": {
            "tls.crt": server.certificate.read_bytes(),
            "tls.key": server.key.read_bytes(),
            "ca.crt": signer.file.read_bytes(),
        },
        "web-config": {"web-config.yaml": web.encode()},
        "store-password": {"password": b"a password of the store\n"},
        "secret-gateway": {"token": b"a token of the tests\n"},
    }
