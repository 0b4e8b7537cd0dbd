"""The compose file and what its services are configured with, under each one's own checker and program."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.agents import COMMAND
from tests.e2e.servers import alertmanager, free_port, prometheus, wait_until
from tests.e2e.test_alert_chain import documented_inhibit_rules

FOLDER = Path(__file__).parents[2] / "docs/deploy/compose"
ROOT = FOLDER.parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OTHERS_MAKE = {ROOT / "grafana/dashboards"}
"""Mounted, and made by another part of the project; there may be none yet."""


def mounts(service: str) -> dict[str, str]:
    """The volumes and host folders of a service, by where they are inside."""
    return {parts[1]: parts[0] for parts in (volume.split(":") for volume in SERVICES[service].get("volumes", ()))}


def check(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def specified(path: Path) -> subprocess.CompletedProcess[str]:
    """The verdict of the schema of the compose specification."""
    program = Path(sys.executable).with_name("check-jsonschema")
    return check(program, "--builtin-schema", "vendor.compose-spec", path)


def test_the_file_follows_the_compose_specification(tmp_path: Path) -> None:
    done = specified(FOLDER / "compose.yaml")
    wrong = tmp_path / "compose.yaml"
    wrong.write_text((FOLDER / "compose.yaml").read_text().replace("read_only: true", "readonly: true"))

    assert done.returncode == 0, done.stdout
    assert specified(wrong).returncode != 0


@pytest.mark.parametrize("service", SERVICES)
def test_images_are_named_by_name_and_version(service: str) -> None:
    assert re.fullmatch(r"[a-z-]+(/[a-z-]+)?:(v?\d+\.\d+\.\d+|demo)", SERVICES[service]["image"])


@pytest.mark.parametrize("service", SERVICES)
def test_ports_are_published_on_this_machine_alone(service: str) -> None:
    for port in SERVICES[service]["ports"]:
        assert re.fullmatch(r"127\.0\.0\.1:(\d+):\1", port)


@pytest.mark.parametrize("service", SERVICES)
def test_everything_mounted_is_there(service: str) -> None:
    for place in mounts(service).values():
        if place.startswith("."):
            found = (FOLDER / place).resolve()
            assert found.exists() or found in OTHERS_MAKE, place
        else:
            assert place in COMPOSE["volumes"]


@pytest.mark.parametrize("service", ["prometheus", "alertmanager"])
def test_every_path_of_a_command_is_mounted(service: str) -> None:
    for argument in SERVICES[service]["command"]:
        path = argument.partition("=")[2]
        assert not path.startswith("/") or path in mounts(service), argument


def test_services_find_each_other_by_name() -> None:
    config = (FOLDER / "prometheus.yml").read_text() + (FOLDER / "grafana/datasources.yaml").read_text()
    named = set(re.findall(r"\b([a-z]+):(9\d{3})\b", config)) - {("localhost", "9090")}

    assert named == {("leverwatch", "9847"), ("alertmanager", "9093"), ("prometheus", "9090")}
    for name, port in named:
        assert f"127.0.0.1:{port}:{port}" in SERVICES[name]["ports"]


def test_the_grafana_provider_reads_the_folder_that_is_mounted() -> None:
    (provider,) = yaml.safe_load((FOLDER / "grafana/dashboards.yaml").read_text())["providers"]

    assert (FOLDER / mounts("grafana")[provider["options"]["path"]]).resolve() == ROOT / "grafana/dashboards"


def test_promtool_accepts_the_configuration_with_its_rules(tmp_path: Path) -> None:
    inside = "/etc/prometheus/rules"
    rules = (FOLDER / mounts("prometheus")[inside]).resolve()
    config = tmp_path / "prometheus.yml"
    config.write_text((FOLDER / "prometheus.yml").read_text().replace(inside, str(rules)))

    done = check("promtool", "check", "config", config)

    assert done.returncode == 0, done.stderr
    assert "SUCCESS: 2 rule files found" in done.stdout


def test_amtool_accepts_the_routes_and_they_are_the_documented_ones() -> None:
    file = FOLDER / "alertmanager.yml"

    assert check("amtool", "check-config", file).returncode == 0
    assert yaml.safe_load(file.read_text())["inhibit_rules"] == documented_inhibit_rules()


def local(file: str, addresses: dict[str, str]) -> dict[str, Any]:
    """A configuration of the folder with other addresses."""
    text = (FOLDER / file).read_text()
    for name, address in addresses.items():
        assert name in text
        text = text.replace(name, address)
    config: dict[str, Any] = yaml.safe_load(text)
    return config


@pytest.mark.e2e
def test_the_services_work_together(tmp_path: Path) -> None:
    port = free_port()
    arguments = [argument.replace(":9847", f"127.0.0.1:{port}") for argument in SERVICES["leverwatch"]["command"]]
    with (tmp_path / "demo.log").open("wb") as log:
        demo = subprocess.Popen([*COMMAND, *arguments, "--folder", tmp_path / "demo"], stdout=log, stderr=log)
    try:
        with alertmanager(tmp_path / "alertmanager", local("alertmanager.yml", {})) as notifier:
            addresses = {
                "leverwatch:9847": f"127.0.0.1:{port}",
                "alertmanager:9093": notifier.url.removeprefix("http://"),
                "/etc/prometheus/rules": str(ROOT / "helm/leverwatch/rules"),
                "scrape_interval: 15s": "scrape_interval: 1s",
                "evaluation_interval: 15s": "evaluation_interval: 1s",
            }
            with prometheus(tmp_path / "prometheus", local("prometheus.yml", addresses)) as server:

                def pending() -> bool:
                    alerts = server.get("/api/v1/alerts")["data"]["alerts"]
                    return {alert["labels"].get("system") for alert in alerts} >= {"support-bot", "claims-triage"}

                wait_until(pending, 60, "the mismatches of the demo are pending")
                active = server.get("/api/v1/alertmanagers")["data"]["activeAlertmanagers"]
                assert [manager["url"] for manager in active] == [f"{notifier.url}/api/v2/alerts"]
                assert (
                    server.get("/api/v1/query", query='up{job="leverwatch"}')["data"]["result"][0]["value"][1]
                    == "1"
                )
    finally:
        demo.terminate()
        assert demo.wait(30) == 0, json.dumps((tmp_path / "demo.log").read_text()[-2000:])
