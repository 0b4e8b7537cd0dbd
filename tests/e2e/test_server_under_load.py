"""What others do to the listeners of the real agent, with the usual limit of open files, delays nobody."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bcrypt
import pytest
import requests
import yaml

from tests.agent.web.transport.certificates import authority
from tests.e2e.agents import COMMAND
from tests.e2e.loads import load
from tests.e2e.servers import free_port, wait_until

pytestmark = pytest.mark.e2e

KNOWN = ("prometheus", "known")
SYSTEMS = 1_200
"""Enough for an exposition of two megabytes."""
DESCRIPTORS = 1024
SECOND = 1.0


@dataclass
class Held:
    """An agent that is about to be held."""

    process: subprocess.Popen[bytes]
    port: int
    probes: int
    log: Path
    url: str
    verify: str | None

    def scrape(self) -> requests.Response:
        """With the known password, on a new connection."""
        return requests.get(f"{self.url}/metrics", auth=KNOWN, verify=self.verify, timeout=30)

    def probe(self) -> requests.Response:
        """On the second listener."""
        return requests.get(f"http://127.0.0.1:{self.probes}/-/healthy", timeout=30)

    def memory(self) -> int:
        """Bytes that it occupies."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) * 1024

    def is_ready(self) -> bool:
        """Whether it says so, or has ended."""
        try:
            return requests.get(f"http://127.0.0.1:{self.probes}/-/ready", timeout=10).ok
        except requests.RequestException:
            return self.process.poll() is not None


@contextmanager
def started(folder: Path, *, encrypted: bool) -> Iterator[Held]:
    """An agent that is ready, and may open so many files."""
    folder.mkdir()
    port, probes = free_port(), free_port()
    users = {KNOWN[0]: bcrypt.hashpw(KNOWN[1].encode(), bcrypt.gensalt(10)).decode()}
    web: dict[str, Any] = {"basic_auth_users": users}
    if encrypted:
        authority(folder).server()
        web["tls_server_config"] = {"cert_file": "server.crt", "key_file": "server.key"}
    (folder / "web.yaml").write_text(yaml.safe_dump(web))
    config = {
        "store": {"url": "sqlite:///store.db"},
        "web": {"listen": f":{port}", "probe_listen": f":{probes}", "config_file": "web.yaml"},
        "systems": {f"system-{number:04}": {} for number in range(1 if encrypted else SYSTEMS)},
    }
    (folder / "leverwatch.yaml").write_text(yaml.safe_dump(config))
    log = folder / "agent.log"
    shell = f"ulimit -n {DESCRIPTORS}; exec {' '.join(COMMAND)} run --config {folder / 'leverwatch.yaml'}"
    with log.open("ab") as output:
        process = subprocess.Popen(["sh", "-c", shell], stdout=output, stderr=output)
    scheme, verify = ("https", str(folder / "ca.pem")) if encrypted else ("http", None)
    agent = Held(process, port, probes, log, f"{scheme}://127.0.0.1:{port}", verify)
    try:
        wait_until(agent.is_ready, 60, "the agent is ready")
        assert process.poll() is None, log.read_text()
        yield agent
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def agents(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Held]]:
    folder = tmp_path_factory.mktemp("agents")
    with (
        started(folder / "http", encrypted=False) as plain,
        started(folder / "https", encrypted=True) as encrypted,
    ):
        yield {"http": plain, "https": encrypted}


def seconds(ask: Any) -> float:
    started = time.monotonic()
    assert ask().status_code == 200
    return time.monotonic() - started


def slowest(agent: Held, during: float = 3.0) -> tuple[float, float]:
    """The slowest probe and the slowest scrape of so many seconds."""
    until, probes, scrapes = time.monotonic() + during, [0.0], [0.0]
    while time.monotonic() < until:
        probes.append(seconds(agent.probe))
        scrapes.append(seconds(agent.scrape))
        time.sleep(0.2)
    return max(probes), max(scrapes)


@pytest.mark.parametrize(
    ("scheme", "kind", "count"),
    [
        ("http", "silent", 1_100),
        ("http", "writers", 64),
        ("http", "readers", 64),
        ("http", "guessers", 60),
        ("https", "silent", 1_100),
        ("https", "handshakes", 64),
    ],
)
def test_nobody_waits_while_others_hold_on(agents: dict[str, Held], scheme: str, kind: str, count: int) -> None:
    held = agents[scheme]
    page = len(held.scrape().content)
    before = held.memory()
    with load(kind, held.port, count):
        probe, scrape = slowest(held)
        grown = held.memory() - before
    time.sleep(1)
    after = slowest(held, 1)
    print(f"{scheme} {kind}: probe {probe:.3f} s, scrape {scrape:.3f} s, {grown / 1e6:.1f} MB; after {after}")

    assert max(probe, scrape) < SECOND
    assert max(after) < SECOND
    if kind == "readers":
        assert page > 2_000_000
        assert grown < count * page / 4, "each reader has a copy of its own"
    assert len(held.log.read_text().splitlines()) < 200
