"""Everything shipped starts as it is shipped: on its own addresses and paths, with either family of addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
import yaml

from tests.deploy.inside import ADDRESSES, DUAL, Outcome, Spec
from tests.deploy.pods import NODE, Database, pod
from tests.deploy.scratch import ROOT, shipped
from tests.deploy.shipped import at, container, examples, image, on_its_address, plain, protected, unit
from tests.helm.programs import CHART, EXAMPLES, PLACES, helm

pytestmark = [pytest.mark.e2e, pytest.mark.shipped]

FAMILIES = pytest.mark.parametrize("families", ADDRESSES)
NOTHING_SET = "{}\n"
DEMO = yaml.safe_load((ROOT / "docs/deploy/compose/compose.yaml").read_text())["services"]["leverwatch"]["command"]


def example(page: str) -> str:
    (found,) = (shown.text for shown in examples().values() if shown.page == page)
    return found


def assert_served(spec: Spec) -> Outcome:
    outcome = shipped(spec)
    refused = {url: answer for url, answer in outcome.answers.items() if answer[0] != 200}
    assert refused == {}, outcome.log
    assert len(outcome.answers) == len(spec.urls) * len(ADDRESSES[spec.families])
    assert [output for code, output in outcome.checks if code != 0] == []
    assert outcome.code == 0, outcome.log
    assert "event=stopped" in outcome.log or '"event": "stopped"' in outcome.log
    metrics = [str(body) for url, (_, body) in outcome.answers.items() if url.endswith("/metrics")]
    assert all("leverwatch_build_info" in body for body in metrics)
    return outcome


@FAMILIES
def test_it_starts_with_no_web_section(families: str, tmp_path: Path) -> None:
    assert_served(at(families, plain(tmp_path, NOTHING_SET)))


@FAMILIES
def test_the_command_line_of_the_image_starts_and_its_health_check_passes(families: str, tmp_path: Path) -> None:
    assert_served(at(families, container(tmp_path, example("docs/deploy/container.md"))))


@FAMILIES
def test_the_command_line_of_the_unit_starts(families: str, tmp_path: Path) -> None:
    outcome = assert_served(at(families, unit(tmp_path, example("docs/deploy/systemd.md"))))

    store = tmp_path / "root/var/lib/leverwatch/leverwatch.db"
    assert store.stat().st_mode & 0o077 == 0, outcome.log


@pytest.mark.parametrize("name", examples())
def test_each_configuration_of_the_documentation_starts(name: str, tmp_path: Path) -> None:
    shown = examples()[name]
    spec = plain(tmp_path, shown.text)
    if "config_file" in shown.settings.get("web", {}):
        spec = protected(spec, tmp_path)

    assert_served(on_its_address(spec, shown))


@pytest.fixture(scope="session")
def database(postgres_url: str) -> Iterator[Database]:
    """What `leverwatch@db.example.com/leverwatch` of the examples leads to."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE ROLE leverwatch LOGIN SUPERUSER")
        connection.execute("CREATE DATABASE leverwatch")
        (folder,) = connection.execute("SHOW unix_socket_directories").fetchone() or ("",)
        (port,) = connection.execute("SHOW port").fetchone() or ("",)
    yield Database(f"{folder}/.s.PGSQL.{port}", "leverwatch")
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("DROP DATABASE leverwatch WITH (FORCE)")
        connection.execute("DROP ROLE leverwatch")


@pytest.mark.parametrize("name", sorted(EXAMPLES.keys() - {"default"}))
def test_each_example_of_the_chart_starts(name: str, tmp_path: Path, database: Database) -> None:
    manifests = helm(4).manifests(CHART, "--values", EXAMPLES[name])

    assert_served(pod(tmp_path, manifests, database))


def test_the_values_for_the_logs_of_a_node_count_its_containers(tmp_path: Path, database: Database) -> None:
    spec = pod(tmp_path, helm(4).manifests(CHART, "--values", PLACES["node-logs"]), database)
    places = (("shop_chat-7f", "chat"), ("shop_chat-8d", "chat"), ("lab_try-1", "app"))
    for number, (of, name) in enumerate(places):
        logs = Path(spec.root, f"var/log/pods/{of}_5d0c/{name}")
        logs.mkdir(parents=True)
        stamp = f"2026-03-10T08:00:00.{number}Z"
        said = '{"ts": "2026-03-10T08:00:00Z", "model": "m", "usage": {"prompt_tokens": 7}}'
        (logs / "0.log").write_text(f"{stamp} stderr F up\n{stamp} stdout F {said}\n")
    counted = [["leverwatch", "explain", "--all", "shop-chat"], ["leverwatch", "explain", "--all", "lab-app"]]

    outcome = assert_served(
        replace(spec, checks=[["leverwatch", "collect"], ["leverwatch", "evaluate"], *counted])
    )

    told = [str(output) for _, output in outcome.checks[2:]]
    assert [f"usage from pods@{NODE}, newest day 2026-03-10" in story for story in told] == [True, True]


def test_the_values_of_the_page_about_helm_start(tmp_path: Path, database: Database) -> None:
    first, *_ = re.findall(
        r"^```yaml\n(.+?)^```$", (ROOT / "docs/deploy/helm.md").read_text(), re.DOTALL | re.MULTILINE
    )
    (tmp_path / "values.yaml").write_text(first)

    assert_served(pod(tmp_path, helm(4).manifests(CHART, "--values", tmp_path / "values.yaml"), database))


@FAMILIES
def test_the_chart_as_it_is_starts(families: str, tmp_path: Path, database: Database) -> None:
    manifests = helm(4).manifests(CHART, "--values", EXAMPLES["default"])

    assert_served(at(families, pod(tmp_path, manifests, database)))


def test_the_command_of_the_compose_file_starts(tmp_path: Path) -> None:
    outcome = assert_served(container(tmp_path, None, DEMO))

    (body,) = {str(answer[1]) for url, answer in outcome.answers.items() if url == "http://127.0.0.1:9847/metrics"}
    assert 'system="support-bot"' in body


def test_the_health_check_of_the_image_asks_no_proxy(tmp_path: Path) -> None:
    spec = container(tmp_path, NOTHING_SET)

    assert_served(replace(spec, environ={**spec.environ, "http_proxy": "http://127.0.0.1:1"}))


def test_the_health_check_of_the_image_can_fail(tmp_path: Path) -> None:
    spec = container(tmp_path, NOTHING_SET)
    elsewhere = {**spec.environ, "LEVERWATCH_HEALTH_URL": "http://localhost:9848/-/healthy"}

    assert [code for code, _ in shipped(replace(spec, environ=elsewhere)).checks] == [1]


def test_an_address_that_is_taken_is_an_error_and_no_start(tmp_path: Path) -> None:
    """What the tests above rely on: an agent that cannot listen fails them."""
    spec = plain(tmp_path, 'web: {listen: ":9847", probe_listen: "127.0.0.1:9847"}\n')
    outcome = shipped(replace(spec, families=DUAL))

    assert outcome.code == 1
    assert "cannot listen on 127.0.0.1:9847" in outcome.log


def test_the_pages_have_the_configurations_that_this_file_starts() -> None:
    pages = {shown.page for shown in examples().values()}

    assert pages >= {
        "docs/quickstart.md",
        "docs/configuration.md",
        "docs/security.md",
        "docs/economics.md",
        "docs/status-page.md",
        "docs/deploy/container.md",
        "docs/deploy/systemd.md",
    }


def test_the_image_says_how_it_is_run() -> None:
    assert (image().entrypoint, image().command) == (["leverwatch"], ["run"])
