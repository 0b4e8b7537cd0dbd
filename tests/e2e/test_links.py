"""Every link of every alert, and to every runbook of a dashboard, is visited on the agent that it leads to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests
import yaml

from tests.e2e.agents import running
from tests.e2e.servers import Server, free_port, prometheus, wait_until
from tests.e2e.test_alert_chain import RULE_FILE
from tests.grafana.queries import FILES, filled, load, panels

pytestmark = pytest.mark.e2e

CHOSEN = {"job": ".+", "instance": ".+"}


class Linked(NamedTuple):
    """An agent without any address configured, and a Prometheus that scrapes it and fires every alert."""

    agent: str
    prometheus: Server


def fired() -> dict[str, Any]:
    """The shipped rules, each of which fires at once for one system of one agent."""
    shipped: dict[str, Any] = yaml.safe_load(RULE_FILE.read_text())
    for group in shipped["groups"]:
        group["interval"] = "1s"
        for rule in group["rules"]:
            given = 'label_replace(leverwatch_links_info, "system", "a & b", "", "")'
            rule |= {"expr": f"max by (job, instance, system) ({given})"}
            rule.pop("for", None)
    return shipped


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Linked]:
    folder, port = tmp_path_factory.mktemp("links"), free_port()
    config, rules = folder / "leverwatch.yaml", folder / "fired.rules.yaml"
    config.write_text(
        yaml.safe_dump({"store": {"url": "sqlite:///store.db"}, "web": {"listen": f"127.0.0.1:{port}"}})
    )
    rules.write_text(yaml.safe_dump(fired()))
    scraping = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(rules)],
        "scrape_configs": [{"job_name": "leverwatch", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}],
    }
    with running(config, port), prometheus(folder / "prometheus", scraping) as server:
        yield Linked(f"http://127.0.0.1:{port}", server)


def visited(address: str) -> str:
    answer = requests.get(address, timeout=30)
    assert answer.status_code == 200, address
    return answer.text


def test_the_links_of_every_alert_lead_to_pages_of_the_agent(linked: Linked) -> None:
    shipped = yaml.safe_load(RULE_FILE.read_text())
    names = {rule["alert"] for group in shipped["groups"] for rule in group["rules"] if "alert" in rule}

    def firing() -> dict[str, dict[str, str]]:
        found = linked.prometheus.get("/api/v1/alerts")["data"]["alerts"]
        return {one["labels"]["alertname"]: one["annotations"] for one in found if one["state"] == "firing"}

    wait_until(lambda: names <= firing().keys(), 60, "every alert")
    for name, links in firing().items():
        assert links["runbook_url"] == f"{linked.agent}/runbooks/{name}.md"
        assert f"<h1>{name}</h1>" in visited(links["runbook_url"])
        assert links["dashboard_url"] == f"{linked.agent}/"
        assert "leverwatch" in visited(links["dashboard_url"])


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_the_runbooks_of_a_dashboard_are_those_of_the_agent(linked: Linked, file: Path) -> None:
    dashboard = load(file)
    (variable,) = (one for one in dashboard["templating"]["list"] if one["name"] == "runbooks")
    links = [link["url"] for panel in panels(dashboard) for link in panel["links"]]
    links += [link["url"] for link in dashboard["links"] if "runbooks" in link.get("url", "")]
    query = filled(variable["query"]["query"].removeprefix("query_result(").removesuffix(")"), CHOSEN)

    def addresses() -> list[str]:
        # As Grafana writes an answer before it looks for the pattern of a variable.
        found = linked.prometheus.get("/api/v1/query", query=query)["data"]["result"]
        texts = ["{" + ",".join(f'{key}="{value}"' for key, value in one["metric"].items()) + "}" for one in found]
        pattern = variable["regex"].removeprefix("/").removesuffix("/")
        return [match[1] for text in texts if (match := re.search(pattern, text))]

    wait_until(lambda: addresses() == [f"{linked.agent}/runbooks"], 60, "the address")
    assert links
    for link in links:
        name = link.rpartition("/")[2].removesuffix(".md") if link.endswith(".md") else "Runbooks"
        assert f"<h1>{name}</h1>" in visited(link.replace("${runbooks:raw}", addresses()[0]))


def test_where_no_agent_is_known_the_runbooks_are_those_of_the_repository(linked: Linked) -> None:
    (variable,) = (one for one in load(FILES[0])["templating"]["list"] if one["name"] == "runbooks")
    query = variable["query"]["query"].removeprefix("query_result(").removesuffix(")")

    (found,) = linked.prometheus.get("/api/v1/query", query=filled(query, {**CHOSEN, "job": "nothing"}))["data"][
        "result"
    ]

    assert found["metric"]["base"].endswith("/docs/runbooks")
