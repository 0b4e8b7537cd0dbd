"""Links: where they lead exists, and takes the choices that they bring."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest
import yaml

from tests.grafana.queries import FILES, ROOT, Json, load, panels

EVERY = pytest.mark.parametrize("dashboard", [load(file) for file in FILES], ids=[file.stem for file in FILES])
BY_UID = {load(file)["uid"]: load(file) for file in FILES}


def variables(dashboard: Json, *, hidden: bool = False) -> set[str]:
    listed = dashboard["templating"]["list"]
    return {variable["name"] for variable in listed if hidden or not variable["hide"]}


def data_links(dashboard: Json) -> Iterator[str]:
    for panel in panels(dashboard):
        for override in panel["fieldConfig"]["overrides"]:
            for one in override["properties"]:
                if one["id"] == "links":
                    yield from (link["url"] for link in one["value"])


def test_every_row_of_all_systems_leads_to_the_page_of_its_system() -> None:
    fleet = BY_UID["leverwatch-fleet"]
    tables = [panel for panel in panels(fleet) if panel["type"] == "table"]

    assert len(tables) == 4
    assert len(list(data_links(fleet))) == len(tables)
    assert len(set(data_links(fleet))) == 1


@EVERY
def test_a_link_to_a_dashboard_brings_choices_that_both_have(dashboard: Json) -> None:
    for url in data_links(dashboard):
        address = urlsplit(re.sub(r"\$\{(\w+):queryparam\}", r"var-\1=x", url))
        target = BY_UID[address.path.removeprefix("/d/")]
        brought = {name.removeprefix("var-") for name, _ in parse_qsl(address.query) if name.startswith("var-")}
        # All of them, so that the page shows what the row was about, and not what was chosen beside it.
        assert brought == variables(target)
        asked = {name.partition(":")[0] for name in re.findall(r"\$\{([^}]+)\}", url)}
        assert asked == {"__value.text", "__data.fields.Job", "datasource"}


@EVERY
def test_a_link_is_on_the_column_of_the_system(dashboard: Json) -> None:
    for panel in panels(dashboard):
        for override in panel["fieldConfig"]["overrides"]:
            if any(one["id"] == "links" for one in override["properties"]):
                renamed = panel["transformations"][-1]["options"]["renameByName"]
                # Words for a value would stand in the address in its place.
                assert renamed["system"] == override["matcher"]["options"]
                assert all(one["id"] != "mappings" for one in override["properties"])


@EVERY
def test_the_menu_leads_to_every_dashboard(dashboard: Json) -> None:
    (menu,) = (link for link in dashboard["links"] if link["type"] == "dashboards")

    assert all(set(menu["tags"]) <= set(other["tags"]) for other in BY_UID.values())
    # What it keeps has the same name everywhere.
    shared = set.intersection(*map(variables, BY_UID.values()))
    assert shared == {"datasource", "job"}


@EVERY
def test_the_runbook_of_a_panel_is_that_of_an_alert_there_is(dashboard: Json) -> None:
    rules = yaml.safe_load((ROOT / "helm/leverwatch/rules/leverwatch.rules.yaml").read_text("utf-8"))
    alerts = {rule["alert"]: rule for group in rules["groups"] for rule in group["rules"] if "alert" in rule}
    for panel in panels(dashboard):
        for link in panel["links"]:
            alert = link["title"].removeprefix("Runbook: ")
            assert alert in alerts, panel["title"]
            assert link["url"] == f"${{runbooks:raw}}/{alert}.md"
            assert alerts[alert]["annotations"]["runbook_url"].endswith(f"{alert}.md")


@EVERY
def test_the_address_of_the_runbooks_is_known_and_not_chosen(dashboard: Json) -> None:
    (known,) = (one for one in dashboard["templating"]["list"] if one["name"] == "runbooks")

    assert known["hide"] == 2

    assert (known["name"], known["multi"], known["includeAll"], known["allValue"]) == (
        "runbooks",
        False,
        False,
        None,
    )
    assert "${runbooks:raw}" in {link.get("url") for link in dashboard["links"]}


@EVERY
def test_variables_of_queries_and_annotations_exist(dashboard: Json) -> None:
    known = variables(dashboard, hidden=True) | {"__rate_interval"}
    expressions = [target["expr"] for panel in panels(dashboard) for target in panel["targets"]]
    expressions += [one["expr"] for one in dashboard["annotations"]["list"]]
    for expression in expressions:
        assert set(re.findall(r"\$\{?([A-Za-z_]\w*)", expression)) <= known, expression


def alert_links() -> Iterator[tuple[str, str]]:
    """Every alert, and the address of its dashboard with the choices it brings, below that of Grafana."""
    rules = yaml.safe_load((ROOT / "helm/leverwatch/rules/leverwatch.rules.yaml").read_text("utf-8"))
    for group in rules["groups"]:
        for rule in group["rules"]:
            (link,) = re.findall(r"\.grafana -}}(.+?) ?{{- else if \.page", rule["annotations"]["dashboard_url"])
            yield rule["alert"], re.sub(r"{{.+?}}", lambda action: "x" if "urlquery" in action[0] else "", link)


def test_the_dashboard_of_an_alert_is_one_there_is_with_the_choices_that_the_alert_is_about() -> None:
    """Without its job, Grafana chooses the first one, and a system of another job has no values there."""
    brought = {}
    for alert, link in alert_links():
        address = urlsplit(link)
        target = BY_UID[address.path.removeprefix("/d/")]
        chosen = {name.removeprefix("var-"): value.strip() for name, value in parse_qsl(address.query)}
        assert set(chosen.values()) == {"x"}, alert
        # Which data source a Grafana has for it is not known to an alert.
        assert set(chosen) == {one["name"] for one in target["templating"]["list"]} & {"job", "system"} | (
            {"instance"} if target["uid"] == "leverwatch-agent" else set()
        )
        brought[alert] = target["uid"]

    assert {*brought.values()} == {"leverwatch-system", "leverwatch-agent"}
    assert brought["LeverwatchStrategyMismatch"] == "leverwatch-system"
    assert brought["LeverwatchDown"] == "leverwatch-agent"
