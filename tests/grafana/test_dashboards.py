"""What a reader of the dashboards relies on, checked in the committed files."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import pytest

from grafana.build import DASHBOARDS
from grafana.model import Unit
from grafana.shared import AGREEMENT, BASELINE, CHEAPER, states
from leverwatch.agent.exporter.families import AGENT, SYSTEMS
from leverwatch.agent.framework.comparison import ComparisonOutcome as BaselineOutcome
from leverwatch.agent.framework.economics.model import Agreement, CostOutcome
from tests.grafana.queries import FILES, ROOT, Json, expressions, load, metric_names, panels, rows_of_words

EXPORTED = {family.name for family in SYSTEMS} | {family.name for family in AGENT}
NOT_SHOWN: dict[str, str] = {
    "leverwatch_source_billed_day_timestamp_seconds": "the day of two figures that are shown",
    "leverwatch_links_info": "addresses for the links of alerts",
    "leverwatch_prompt_changes_settled_timestamp_seconds": "marked by an annotation",
    "leverwatch_prompt_changes_candidate_seconds": "a few days at most; the reasons of a verdict say it",
    "leverwatch_prompt_change_frequency_dwell_seconds": "a setting of the same few days",
    "leverwatch_leader_term": "a number for finding out; a table shows which agent decides",
    "leverwatch_lease_last_success_timestamp_seconds": "without it an agent decides no more, which is shown",
    "leverwatch_prompt_change_frequency_odds": "a setting that no figure is compared with",
}
"""Exported families that are on no panel, each with the reason."""
YOUNGEST = {"stat", "table", "timeseries", "state-timeline", "row"}
PROMETHEUS = {"type": "prometheus", "uid": "${datasource}"}

EVERY = pytest.mark.parametrize("dashboard", [load(file) for file in FILES], ids=[file.stem for file in FILES])


def test_there_are_three_dashboards_with_uids_that_links_rely_on() -> None:
    assert {load(file)["uid"]: load(file)["title"] for file in FILES} == {
        "leverwatch-fleet": "leverwatch / Fleet",
        "leverwatch-system": "leverwatch / System",
        "leverwatch-agent": "leverwatch / Agent",
    }


@EVERY
def test_every_queried_metric_exists(dashboard: Json) -> None:
    for place, expression in expressions(dashboard):
        assert metric_names(expression) <= EXPORTED, place


@EVERY
def test_every_label_that_a_query_keeps_is_one_that_the_metric_has(dashboard: Json) -> None:
    has = {family.name: {"job", "instance", *family.labels} for family in SYSTEMS}
    has |= {family.name: {"job", "instance", *family.labels} for family in AGENT}
    checked = 0
    for place, expression in expressions(dashboard):
        for labels, name in re.findall(r"by \(([\w, ]+)\) \((?:\w+\()?(leverwatch_\w+)\{", expression):
            assert set(labels.split(", ")) <= has[name], (place, name)
            checked += 1
    assert checked > 10


def test_every_exported_metric_is_on_a_panel_or_left_out_for_a_reason() -> None:
    shown = {
        name
        for file in FILES
        for panel in panels(load(file))
        for target in panel["targets"]
        for name in metric_names(target["expr"])
    }

    assert EXPORTED - shown == set(NOT_SHOWN)


@EVERY
def test_it_is_classic_json_of_a_schema_that_current_grafana_reads(dashboard: Json) -> None:
    assert dashboard["schemaVersion"] == 39
    assert {panel["type"] for panel in dashboard["panels"]} <= YOUNGEST
    assert dashboard["editable"] is False
    assert (dashboard["id"], dashboard["graphTooltip"], dashboard["tags"]) == (None, 1, ["leverwatch"])
    assert "__inputs" not in dashboard
    assert "__requires" not in dashboard


@EVERY
def test_the_data_source_is_a_variable_without_a_value(dashboard: Json) -> None:
    (source,) = (one for one in dashboard["templating"]["list"] if one["type"] == "datasource")

    assert (source["name"], source["label"], source["query"]) == ("datasource", "Data source", "prometheus")
    assert source["current"] == {}
    for part in (*panels(dashboard), *dashboard["annotations"]["list"]):
        assert part["datasource"] == PROMETHEUS
        assert all(target["datasource"] == PROMETHEUS for target in part.get("targets", ()))


@EVERY
def test_system_shows_one_system_of_one_job_and_the_others_what_is_chosen(dashboard: Json) -> None:
    queried = {one["name"]: one for one in dashboard["templating"]["list"] if one["type"] == "query"}
    one_system = dashboard["uid"] == "leverwatch-system"

    # The agent's own metrics have no system, and replicas on one store say the same of a system.
    assert [name for name, one in queried.items() if not one["hide"]] == {
        "leverwatch-agent": ["job", "instance"],
        "leverwatch-fleet": ["job", "system"],
        "leverwatch-system": ["job", "system"],
    }[dashboard["uid"]]
    for name, variable in queried.items():
        single = name == "runbooks" or (one_system and name in ("job", "system"))
        assert (variable["multi"], variable["includeAll"]) == (not single, not single), name
        assert variable["allValue"] == (None if single or name == "attention" else ".+"), name
        assert (variable["current"] == {}) == single, "the first value, and never all"
        assert variable["refresh"] == 2
        assert variable["datasource"] == PROMETHEUS


def test_values_that_a_query_ranks_stay_in_its_order() -> None:
    for file in FILES:
        for variable in load(file)["templating"]["list"]:
            if variable["type"] == "query":
                assert (variable["sort"] == 0) == bool(variable["regex"]), variable["name"]


@EVERY
def test_every_query_keeps_to_what_was_chosen(dashboard: Json) -> None:
    systems = {family.name for family in SYSTEMS if "system" in family.labels}
    for panel in panels(dashboard):
        for target in panel["targets"]:
            selectors = re.findall(r"(leverwatch_\w+|\bup)\{(.*?)\}(?!\})", target["expr"])
            assert {name for name, _ in selectors} >= metric_names(target["expr"]), panel["title"]
            for name, matchers in selectors:
                # One system is no pattern: a name with a bracket or a dot is asked for as it is.
                one = "=" if dashboard["uid"] == "leverwatch-system" else "=~"
                assert f'job{one}"$job",instance=~"$instance"' in matchers, (panel["title"], name)
                chosen = f'system{one}"$system"' in matchers or 'system=~"$attention"' in matchers
                assert chosen == (name in systems), (panel["title"], name)


@EVERY
def test_every_panel_has_title_description_unit_and_words_for_no_data(dashboard: Json) -> None:
    for panel in panels(dashboard):
        defaults = panel["fieldConfig"]["defaults"]
        assert panel["title"]
        assert defaults["unit"] in set(Unit)
        assert defaults["noValue"], panel["title"]
        text, _, listed = panel["description"].partition("\n\nMetrics: ")
        assert len(text) > 10, panel["title"]
        asked = {name for target in panel["targets"] for name in metric_names(target["expr"])}
        assert metric_names(listed) == asked, panel["title"]
        assert asked or "`ALERTS`" in listed


@EVERY
def test_a_value_that_stands_for_a_state_has_a_word_and_a_colour(dashboard: Json) -> None:
    for panel in panels(dashboard):
        if panel["type"] == "state-timeline":
            for target in panel["targets"]:
                # Grafana has words of its own for a timeline without any data, which look like an error.
                assert " or on () label_replace(" in target["expr"], panel["title"]
            assert panel["fieldConfig"]["defaults"]["mappings"][0]["options"]["-1"]["text"], panel["title"]
            defaults = panel["fieldConfig"]["defaults"]
            (mapping,) = defaults["mappings"]
            assert all(option["text"] and option["color"] for option in mapping["options"].values())
            # By threshold the timeline would show ranges and ignore the words.
            assert defaults["color"]["mode"] == "fixed"


def test_every_state_of_the_agent_has_a_number_of_its_own() -> None:
    assert set(CHEAPER) == set(CostOutcome)
    assert set(AGREEMENT) == set(Agreement)
    assert set(BASELINE) == set(BaselineOutcome)
    assert [(one.value, one.text) for one in states(CHEAPER)] == [
        (0, "none"),
        (1, "cheaper"),
        (2, "not cheaper"),
        (3, "cannot tell"),
        (4, "unknown"),
    ]


def test_only_the_axis_of_what_may_be_negative_leaves_zero() -> None:
    graphs = [panel for file in FILES for panel in panels(load(file)) if panel["type"] == "timeseries"]

    free = {panel["title"] for panel in graphs if "min" not in panel["fieldConfig"]["defaults"]}

    assert free == {
        "Divergence by day",
        "Growth of the prompt",
        "Money at stake a month",
        # On an axis of magnitudes there is no zero.
        "Monthly inferences against the thresholds",
        "Monthly inferences and both thresholds",
    }


def test_ranges_follow_the_zoom_unless_a_reason_is_given() -> None:
    for dashboard in DASHBOARDS:
        for panel in (panel for row in dashboard.rows for panel in row.panels):
            windows = {window for query in panel.queries for window in re.findall(r"\[(.+?)\]", query.expr)}
            assert windows <= {"$__rate_interval"} or panel.fixed_window, panel.title
            assert windows - {"$__rate_interval"} or not panel.fixed_window, panel.title


@EVERY
def test_counters_are_only_asked_for_their_increase(dashboard: Json) -> None:
    for panel in panels(dashboard):
        for target in panel["targets"]:
            for before, name in re.findall(r"(\w*\(?)(leverwatch_\w+_total)\{", target["expr"]):
                ever = panel["title"] == "Malformed and unattributed records ever"
                assert before in ("rate(", "increase(") or ever, (panel["title"], name)


@EVERY
def test_ids_are_unique_and_no_panel_lies_on_another(dashboard: Json) -> None:
    shown = [*panels(dashboard), *(panel for panel in dashboard["panels"] if panel["type"] == "row")]
    ids = [panel["id"] for panel in shown]
    assert len(set(ids)) == len(ids)
    places = [panel["gridPos"] for panel in dashboard["panels"]]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        apart_x = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        apart_y = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert apart_x or apart_y, (one, other)


@EVERY
def test_links_lead_to_runbooks_pages_and_dashboards_that_exist(dashboard: Json) -> None:
    uids = {load(file)["uid"] for file in FILES}
    urls = re.findall(r'"url": "([^"]+)"', Path(FILES[0].parent / f"{dashboard['uid'][11:]}.json").read_text())

    assert any(url.startswith("${runbooks:raw}/") for url in urls)
    for url in urls:
        # As the repository has them, where no agent is known.
        url = url.replace("${runbooks:raw}", "/blob/main/docs/runbooks")
        if url.startswith("/d/"):
            assert re.match(r"/d/([\w-]+)\?", url)[1] in uids  # type: ignore[index]  # a mismatch fails the test
        else:
            assert (ROOT / url.partition("/blob/main/")[2]).exists(), url
    (others,) = (link for link in dashboard["links"] if link["type"] == "dashboards")
    # A fleet is no choice of one system, and 90 days are no range for an agent.
    assert (others["tags"], others["includeVars"], others["keepTime"]) == (["leverwatch"], False, False)
    assert {uid: load(file)["time"]["from"] for file in FILES for uid in [load(file)["uid"]]} == {
        "leverwatch-agent": "now-6h",
        "leverwatch-fleet": "now-90d",
        "leverwatch-system": "now-90d",
    }


def test_nothing_below_the_first_screens_is_asked_for_before_it_is_opened() -> None:
    closed = {
        load(file)["uid"]: [
            row["title"] for row in load(file)["panels"] if row["type"] == "row" and row["collapsed"]
        ]
        for file in FILES
    }
    opened = {load(file)["uid"]: [one for one in load(file)["panels"] if one["type"] != "row"] for file in FILES}

    assert len(closed["leverwatch-system"]) == 10
    assert "Volume" not in closed["leverwatch-system"]
    assert len(closed["leverwatch-fleet"]) == 3
    assert len(opened["leverwatch-system"]) < 25
    assert len(opened["leverwatch-fleet"]) == 10


@EVERY
def test_a_table_of_several_queries_has_a_row_of_words(dashboard: Json) -> None:
    for panel in panels(dashboard):
        several = panel["type"] == "table" and len(panel["targets"]) > 1
        words = rows_of_words(panel)
        # Several queries without rows have headings, and Grafana then shows no words of its own.
        assert len(words) == several, panel["title"]
        # Brief enough for the narrowest column.
        assert set(words) <= {"no data", "none known"}, panel["title"]


@EVERY
def test_every_title_and_every_word_for_no_data_can_be_read_beside_a_docked_menu(dashboard: Json) -> None:
    for panel in panels(dashboard):
        # 1280 pixels less the menu and the margins; beside a title are one or two signs of 24 pixels.
        width = 946 * panel["gridPos"]["w"] // 24 - 8
        assert len(panel["title"]) * 7.5 + 40 + 24 * len(panel["links"]) <= width, panel["title"]
        if panel["type"] == "stat":
            # The whole text is on one line: a letter is half as wide as it is high, and 12 pixels can be read.
            assert len(panel["fieldConfig"]["defaults"]["noValue"]) * 12 * 0.55 <= width, panel["title"]


@EVERY
def test_every_table_fits_beside_a_docked_menu(dashboard: Json) -> None:
    for panel in panels(dashboard):
        if panel["type"] != "table" or panel["gridPos"]["w"] < 24:
            continue
        widths = [
            one["value"]
            for override in panel["fieldConfig"]["overrides"]
            for one in override["properties"]
            if one["id"] == "custom.width"
        ]
        # 1280 pixels less the menu, the margins and the bar to scroll.
        assert sum(widths) <= 945, panel["title"]


@EVERY
def test_no_table_shows_the_job_which_is_there_for_links_alone(dashboard: Json) -> None:
    for panel in panels(dashboard):
        if panel["type"] == "table" and "job" in panel["transformations"][-1]["options"]["indexByName"]:
            hidden = [
                override["matcher"]["options"]
                for override in panel["fieldConfig"]["overrides"]
                if {"id": "custom.hidden", "value": True} in override["properties"]
            ]
            assert hidden == ["Job"], panel["title"]


@EVERY
def test_it_asks_anew_every_five_minutes_and_for_no_more_points_than_days_need(dashboard: Json) -> None:
    assert dashboard["refresh"] == "5m"
    for panel in panels(dashboard):
        assert (panel.get("maxDataPoints") == 200) == (panel["type"] in ("timeseries", "state-timeline"))


def test_crossings_and_declaration_changes_are_marked_where_systems_are_shown() -> None:
    for file in FILES:
        dashboard = load(file)
        names = {annotation["name"] for annotation in dashboard["annotations"]["list"]}
        expected = {
            "Volume crossings",
            "Prompt changes settled",
            "Recommendation changes",
            "Declaration reviews",
            "Declaration changes",
        }
        assert names == (set() if dashboard["uid"] == "leverwatch-agent" else expected)
        for annotation in dashboard["annotations"]["list"]:
            assert (annotation["enable"], annotation["hide"]) == (True, True)
            # Marks of a thousand systems are no marks, and dear.
            assert ('"$attention"' in annotation["expr"]) == (dashboard["uid"] == "leverwatch-fleet")
            # Each is at the time of the event itself.
            assert annotation["useValueForTime"] is True
            assert annotation["expr"].startswith("1000 * ")


@EVERY
def test_columns_of_a_table_are_fields_that_its_queries_have(dashboard: Json) -> None:
    for panel in panels(dashboard):
        if panel["type"] != "table":
            continue
        organize = panel["transformations"][-1]["options"]
        for field in organize["indexByName"]:
            if field.startswith("Value"):
                refs = [target["refId"] for target in panel["targets"]]
                assert field == "Value" if len(refs) == 1 else field.removeprefix("Value #") in refs
        renamed = set(organize["renameByName"].values())
        assert {one["displayName"] for one in panel["options"]["sortBy"]} <= renamed
        named = [one["matcher"] for one in panel["fieldConfig"]["overrides"]]
        assert {one["options"] for one in named if one["id"] == "byName"} <= renamed
