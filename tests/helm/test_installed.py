"""What the chart installs, run on this machine: the real agent with the rendered file, and the Helm test."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import requests
import yaml
from sqlalchemy.engine import make_url

from tests.e2e.agents import COMMAND
from tests.e2e.servers import wait_until
from tests.helm.installed import PASSWORD, USER, Installed, install
from tests.helm.programs import EXAMPLES, Helm, helm

SECRETS = {"GIT_TOKEN": "a token of the tests", "LEVERWATCH_STORE_URL": "postgresql://leverwatch:x@127.0.0.1/x"}

INFERENCES = r'leverwatch_inferences_total\{[^}]*system="bot"[^}]*\} (\S+)'


@contextmanager
def agent(installed: Installed, environ: dict[str, str]) -> Iterator[str]:
    """The agent with the rendered configuration; the address of its probes."""
    probes = f"http://127.0.0.1:{installed.probe_port}"
    log = installed.config.parent / "agent.log"

    def is_ready() -> bool:
        try:
            return process.poll() is not None or requests.get(f"{probes}/-/ready", timeout=5).ok
        except requests.ConnectionError:
            return False

    with log.open("wb") as output:
        environment = {**os.environ, **environ, "LEVERWATCH_CONFIG": str(installed.config)}
        process = subprocess.Popen([*COMMAND, "run"], stdout=output, stderr=output, env=environment)
        try:
            wait_until(is_ready, 30, "the agent is ready")
            assert process.poll() is None, log.read_text()
            yield probes
        finally:
            process.terminate()
            process.wait(30)


def run_test(installed: Installed, seconds: float = 20) -> subprocess.CompletedProcess[str]:
    """The command of the Helm test, as the pod would run it."""
    program, option = installed.test["command"]
    assert (program, option) == ("python3", "-c")
    return subprocess.run(
        [sys.executable, "-I", option, *installed.test["args"]],
        env=installed.environment_of_test(seconds),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextmanager
def answering(status: int, body: str) -> Iterator[int]:
    """A server that answers everything the same; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def rendered(chart: Path, folder: Path, *arguments: str | Path) -> Installed:
    """The chart with these arguments, installed in a folder."""
    return install(helm(4).manifests(chart, *arguments), folder)


def test_the_agent_accepts_the_rendered_configuration(chart: Path, example: Path, tmp_path: Path) -> None:
    installed = rendered(chart, tmp_path, "--values", example)

    done = subprocess.run(
        [*COMMAND, "check-config", str(installed.config)],
        env={**os.environ, **SECRETS},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_configuration_arrives_as_it_was_written(any_helm: Helm, chart: Path, tmp_path: Path) -> None:
    """Names such as "no", large numbers and days pass two readers of YAML before the agent reads them."""
    given = yaml.safe_load(EXAMPLES["everything"].read_text())["config"]
    for system in given["systems"].values():
        system.update({key: value.isoformat() for key, value in system.items() if isinstance(value, date)})

    installed = install(any_helm.manifests(chart, "--values", EXAMPLES["everything"]), tmp_path)
    arrived = yaml.safe_load(installed.config.read_text())

    assert {key: value for key, value in arrived.items() if key in given.keys() - {"web"}} == {
        key: value for key, value in given.items() if key != "web"
    }
    assert arrived.keys() - given.keys() == {"store", "cache_dir"}
    assert arrived["web"].keys() - given["web"].keys() == {"listen", "probe_listen", "config_file"}
    assert arrived["web"]["external_url"] == given["web"]["external_url"]


def test_the_helm_test_passes_on_the_defaults(chart: Path, tmp_path: Path) -> None:
    installed = rendered(chart, tmp_path)

    with agent(installed, {}):
        done = run_test(installed)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "lib/leverwatch.db").exists()


def test_tls_a_password_and_postgresql_work_together(chart: Path, tmp_path: Path, postgres_url: str) -> None:
    installed = rendered(chart, tmp_path, "--values", EXAMPLES["tls-auth"])
    url = f"https://127.0.0.1:{installed.port}/metrics"
    authority = str(installed.authority)

    with agent(installed, {"LEVERWATCH_STORE_URL": postgres_url}):
        done = run_test(installed)
        refused = requests.get(url, verify=authority, timeout=5)
        served = requests.get(url, verify=authority, auth=(USER, PASSWORD), timeout=5)

    assert (done.returncode, done.stderr) == (0, "")
    assert refused.status_code == 401
    assert "leverwatch_build_info" in served.text


def test_only_clients_with_a_certificate_are_served_and_the_helm_test_knows(chart: Path, tmp_path: Path) -> None:
    on = "web.tls.enabled=true,web.tls.existingSecret=tls,web.tls.requireClientCertificate=true"
    installed = rendered(chart, tmp_path, "--set", on)
    url, authority = f"https://127.0.0.1:{installed.port}/metrics", str(installed.authority)
    client = (str(installed.client.certificate), str(installed.client.key))

    with agent(installed, {}):
        done = run_test(installed)
        served = requests.get(url, verify=authority, cert=client, timeout=5)
        with pytest.raises(requests.ConnectionError):
            requests.get(url, verify=authority, timeout=5)

    assert (done.returncode, done.stderr) == (0, "")
    assert "leverwatch_build_info" in served.text


def test_the_helm_test_fails_when_nobody_answers(chart: Path, tmp_path: Path) -> None:
    done = run_test(rendered(chart, tmp_path), seconds=0)

    assert done.returncode == 1
    assert done.stderr.startswith("no answer: ")


@pytest.mark.parametrize(
    ("ready", "metrics", "complaint"),
    [
        ((503, "not ready: no evaluation"), (200, ""), "/-/ready says 503: not ready: no evaluation\n"),
        ((200, "ready"), (200, "up 1\n"), "/metrics has no leverwatch_build_info\n"),
        ((200, "ready"), (500, ""), "/metrics says 500\n"),
        ((200, "ready"), (401, ""), "/metrics says 401\n"),
    ],
)
def test_the_helm_test_says_what_is_wrong(
    chart: Path, tmp_path: Path, ready: tuple[int, str], metrics: tuple[int, str], complaint: str
) -> None:
    installed = rendered(chart, tmp_path)
    with answering(*ready) as probe_port, answering(*metrics) as port:
        done = run_test(replace(installed, port=port, probe_port=probe_port), seconds=0)

    assert (done.returncode, done.stderr) == (1, complaint)


def test_two_pods_on_one_database_count_each_line_once(chart: Path, tmp_path: Path, postgres_url: str) -> None:
    """Both read the same growing file at once, as the guide allows with `replicas: 2`."""
    name = f"t{uuid4().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    url = make_url(postgres_url).set(database=name, drivername="postgresql").render_as_string(hide_password=False)
    log, values = tmp_path / "calls.jsonl", tmp_path / "values.yaml"
    fields = {"time": "ts", "model": "model"}
    source = {"name": "calls", "type": "files", "path": str(log), "interval": "100ms", "system": "bot"}
    config = {
        "evaluation": {"interval": "500ms"},
        "sources": [{**source, "format": {"type": "jsonl", "fields": fields}}],
    }
    store = {"type": "postgresql", "postgresql": {"urlSecret": {"name": "db"}}}
    values.write_text(yaml.safe_dump({"replicas": 2, "store": store, "config": config}))
    line = f'{{"ts": "{datetime.now(UTC).isoformat()}", "model": "m"}}\n'
    log.write_text(line * 1000)
    pods = [rendered(chart, tmp_path / pod, "--values", values) for pod in ("first", "second")]

    def counted() -> set[float]:
        pages = [requests.get(f"http://127.0.0.1:{pod.port}/metrics", timeout=5).text for pod in pods]
        return {float(found) for page in pages for found in re.findall(INFERENCES, page)}

    with agent(pods[0], {"LEVERWATCH_STORE_URL": url}), agent(pods[1], {"LEVERWATCH_STORE_URL": url}):
        for _ in range(100):
            with log.open("a") as file:
                file.write(line * 20)
            time.sleep(0.02)
        wait_until(lambda: counted() == {3000}, 30, "both pods show every line")
        time.sleep(1.5)  # several more runs of both, which must add nothing

        assert counted() == {3000}
