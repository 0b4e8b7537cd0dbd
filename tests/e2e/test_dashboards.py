"""Every query of the dashboards against a real Prometheus that knows the demo's past and its present."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
import requests

from grafana.shared import AGREEMENT, BASELINE, states
from leverwatch.agent.exporter.families import SECTIONS
from tests.e2e.agents import leverwatch_json
from tests.e2e.gaps_of_demo import ALONE, CROSSINGS, DECLARED_ONCE, EMPTY, EMPTY_ANNOTATIONS, NO_BILL, NO_DAYS
from tests.e2e.history import History, company_with_a_past
from tests.e2e.panels import ALL, answers, of_dashboards, rows_of, timeline, told, values, words_of
from tests.e2e.servers import Server, exposition, prometheus, wait_until
from tests.grafana.queries import FILES, Json, filled, load, metric_names, panels, rows_of_words
from tests.grafana.test_meanings import STATES

pytestmark = pytest.mark.e2e

METRICS = Path(__file__).parents[1] / "golden/metrics.txt"
"""What an agent serves that has a value for every family."""
NOT_REPLAYED = {
    family.name
    for section in ("economics", "outlook", "baselines", "over_engineering", "reviews", "locked_in", "evals")
    for family in SECTIONS[section]
    if "system" in family.labels
}
"""What is assessed beside the verdicts has no past: a replay decides, and assesses nothing."""


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[History]:
    with company_with_a_past(tmp_path_factory.mktemp("history")) as there:
        # Something to warn about. Rates need several scrapes.
        (there.demo.folder / "logs" / f"gateway-{there.today}.jsonl").write_text("no record\n")
        wait_until(
            lambda: bool(there.instant("count_over_time(leverwatch_log_warnings_total[1m]) > 9")), 60, "scrapes"
        )
        yield there


@pytest.fixture(scope="module")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A Prometheus that scrapes what an agent serves whose sources are asked for days, compared and billed."""
    with exposition() as agent:
        agent.text = METRICS.read_text()
        config = {
            "global": {"scrape_interval": "1s"},
            "scrape_configs": [{"job_name": "leverwatch", "static_configs": [{"targets": [agent.target]}]}],
        }
        with prometheus(tmp_path_factory.mktemp("sampled"), config) as server:
            wait_until(lambda: bool(values(server, "leverwatch_source_billed_usd")), 30, "a scrape")
            yield server


def test_every_query_is_valid_and_has_data_and_a_word_for_each_state(history: History) -> None:
    asked: dict[str, list[dict[str, Any]]] = {}
    empty, wordless, blank = set(), [], set()
    for dashboard, panel, target in of_dashboards():
        if target["expr"] not in asked:
            asked[target["expr"]] = answers(history, target, ALL)
        found = asked[target["expr"]]
        if len(found) > len(told(found)) and panel["type"] == "table":
            blank.add(panel["title"])
        if not told(found) and not target["expr"].startswith("label_replace(absent("):
            empty.add((dashboard["uid"], panel["title"], target["refId"]))
        words = words_of(panel, target)
        if words and not {value for row in found for _, value in row.get("values", [row.get("value")])} <= words:
            wordless.append(panel["title"])

    assert empty == set(EMPTY)
    assert wordless == []
    assert blank == {"Sources that diverge", CROSSINGS}, "only a table without any row says that it has none"


def test_only_what_is_chosen_is_shown(history: History) -> None:
    asked: set[str] = set()
    for _, panel, target in of_dashboards():
        if target["expr"] in asked:
            continue
        asked.add(target["expr"])
        found = told(answers(history, target, {**ALL, "system": "support-bot|hr-faq"}))
        systems = {row["metric"].get("system", "hr-faq") for row in found}
        assert systems <= {"support-bot", "hr-faq"} or "ALERTS" in str(target["expr"]), panel["title"]


def test_without_data_each_panel_says_in_neutral_words_that_it_has_none(history: History) -> None:
    unknown = {**ALL, "job": "no-such-job"}
    asked: dict[str, list[dict[str, Any]]] = {}
    said: dict[str, set[str]] = {}
    for dashboard in map(load, FILES):
        for panel in panels(dashboard):
            for target in panel["targets"]:
                if target["expr"] not in asked:
                    asked[target["expr"]] = history.instant(filled(target["expr"], unknown))
            nobody = [row for target in panel["targets"] for row in asked[target["expr"]]]
            place = (dashboard["uid"], panel["title"])
            assert told(nobody) == [], place
            words = panel["fieldConfig"]["defaults"]["noValue"]
            if panel["type"] == "state-timeline":
                assert [row["value"][1] for row in nobody] == ["-1"] * len(panel["targets"]), place
                words = panel["fieldConfig"]["defaults"]["mappings"][0]["options"]["-1"]["text"]
            elif row := rows_of_words(panel):
                assert [set(one["metric"].values()) for one in nobody] == [set(row)], place
                (words,) = row
            else:
                assert nobody == [], place
            said.setdefault(panel["type"], set()).add(re.split(r"[:.,]", words)[0])

    now = {
        "No data",
        "Not known",
        "None",
        "None is firing",
        "The economics are not known",
        "no data",
        "none known",
    }
    assert said.pop("timeseries") | said.pop("state-timeline") == {"No value in this time"}
    assert said.keys() == {"stat", "table"}
    assert set().union(*said.values()) <= now | {"No alert about a system is firing"}


@pytest.mark.parametrize(("span", "step"), [(timedelta(minutes=15), 5), (timedelta(days=365), 2 * 86_400)])
def test_zoomed_in_and_out_a_panel_has_values_or_says_that_the_time_has_none(
    history: History, span: timedelta, step: int
) -> None:
    now, drawn = datetime.now(UTC), 0
    chosen = {**ALL, "job": "leverwatch", "system": "support-bot"}
    # As Grafana does it: ends lie on steps.
    end = datetime.fromtimestamp(now.timestamp() // step * step, UTC)
    for _, panel, target in of_dashboards():
        if target["instant"]:
            continue
        found = history.between(filled(target["expr"], chosen), end - span, end, timedelta(seconds=step))
        if panel["type"] == "state-timeline":
            # Never without a line: Grafana's own words for that look like an error.
            assert found, panel["title"]
            words = words_of(panel, target)
            assert {value for row in found for _, value in row["values"]} <= words, panel["title"]
            if len(panel["targets"]) == 1 and panel["title"] in ("Recommended over time", "Status over time"):
                assert len(found) == 1, "one line, of its states and of the times without any"
        elif not found:
            # It claims nothing of settings, or of what ever was.
            assert panel["fieldConfig"]["defaults"]["noValue"].startswith("No value in this time"), panel["title"]
        drawn += bool(told(found))
    assert drawn > 20


@pytest.mark.parametrize(("metric", "states"), STATES.items())
def test_the_states_that_are_exported_are_those_that_have_words(
    history: History, metric: str, states: type[StrEnum]
) -> None:
    found = history.instant(f'{metric}{{job="leverwatch"}}')

    (label,) = {name for row in found for name in row["metric"]} - {"__name__", "job", "instance", "system"}
    assert {row["metric"][label] for row in found} == set(states)


def test_rows_of_a_table_are_not_kept_apart_by_the_names_of_metrics(history: History) -> None:
    # Grafana merges the rows of several queries whose labels agree, and the name is a label.
    tables = [panel for file in FILES for panel in panels(load(file)) if panel["type"] == "table"]
    for panel in tables:
        for target in panel["targets"]:
            found = history.instant(filled(target["expr"], ALL))
            assert not [row for row in found if "__name__" in row["metric"]], (panel["title"], target["refId"])
    assert len(tables) > 10


def test_graphs_of_systems_have_a_past(history: History) -> None:
    checked = 0
    for panel in panels(load(FILES[0].with_name("system.json"))):
        for target in panel["targets"]:
            if metric_names(target["expr"]) & NOT_REPLAYED:
                continue
            query = filled(target["expr"], {**ALL, "system": "support-bot"})
            if not target["instant"] and ("leverwatch-system", panel["title"], target["refId"]) not in EMPTY:
                assert told(history.range(query, 30)), panel["title"]
                checked += 1
    assert checked > 20


def test_what_the_demo_has_not_is_drawn_of_an_agent_that_has_it(sampled: Server) -> None:
    reasons = {ALONE, DECLARED_ONCE, NO_DAYS, NO_BILL}
    found = {
        (panel["title"], target["refId"]): values(sampled, filled(target["expr"], ALL))
        for dashboard in map(load, FILES)
        for panel in panels(dashboard)
        for target in panel["targets"]
        if EMPTY.get((dashboard["uid"], panel["title"], target["refId"])) in reasons
    }

    assert {key: [round(it, 4) for it in numbers] for key, numbers in found.items()} == {
        ("Days by what is known of them", "A"): [1, 1, 33, 56],
        ("Share of the history that has an answer", "A"): [0.4],
        ("Billed, and what tokens cost", "A"): [123.4],
        ("Billed, and what tokens cost", "B"): [121.9],
        ("Tokens without calls", "A"): [4_200_000],
        ("Dates of the review", "D"): [1_770_076_800_000],
        ("Divergence by day", "A"): [0.0647],
        ("Inferences of the compared day", "A"): [4_120_500.5],
        ("Inferences of the compared day", "B"): [3_870_000],
        ("Days that can be compared", "A"): [0, 0.1071],
        ("Sources that diverge", "A"): [1_774_656_000_000],
        ("Sources that diverge", "B"): [8_220_500.5],
        ("Sources that diverge", "C"): [7_770_000],
        ("Sources that diverge", "D"): [1_774_742_400_000],
    }


@pytest.mark.parametrize("dashboard", [load(file) for file in FILES], ids=[file.stem for file in FILES])
def test_every_choice_has_values(history: History, dashboard: Json) -> None:
    expected = {"job": {"leverwatch"}, "instance": {history.target}, "system": set(history.demo.expected.systems)}
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query" and not variable["hide"] and variable["query"]["query"].startswith("label"):
            query = re.fullmatch(r"label_values\((.+), (\w+)\)", filled(variable["query"]["query"], ALL))
            assert query is not None
            values = history.prometheus.get(f"/api/v1/label/{query[2]}/values", **{"match[]": query[1]})["data"]
            assert set(values) == expected[variable["name"]]


@pytest.mark.parametrize("annotation", load(FILES[0].with_name("system.json"))["annotations"]["list"],
                         ids=lambda one: str(one["name"]))  # fmt: skip
def test_annotations_mark_an_event_of_the_right_system_once(history: History, annotation: Json) -> None:
    found = history.between(
        filled(annotation["expr"], ALL),
        history.noon(38),
        history.noon(0),
        timedelta(hours=int(annotation["step"][:-1])),
    )

    assert bool(found) != (annotation["name"] in EMPTY_ANNOTATIONS)
    for series in found:
        assert set(re.findall(r"\{\{(\w+)\}\}", annotation["titleFormat"])) <= set(series["metric"])
        # Several times the same moment, which Grafana marks once, and not later than it is told.
        assert all(float(value) / 1000 <= at for at, value in series["values"])
        for moment in {float(value) / 1000 for _, value in series["values"]}:
            assert moment > history.noon(42).timestamp()


def test_the_system_that_asks_most_for_attention_is_shown_first(history: History) -> None:
    choices = {one["name"]: one for one in load(FILES[0].with_name("system.json"))["templating"]["list"]}
    drawn = {one["name"]: one for one in load(FILES[0].with_name("fleet.json"))["templating"]["list"]}

    def ranked(variable: Json) -> list[str]:
        query = filled(variable["query"]["query"], ALL).removeprefix("query_result(").removesuffix(")")
        return [row["metric"]["system"] for row in history.instant(query)]

    differing = {row["metric"]["system"] for row in history.instant("leverwatch_strategy_mismatch == 1")}
    assert set(ranked(choices["system"])[: len(differing)]) == differing != set()
    assert set(ranked(choices["system"])) == set(ranked(drawn["attention"])) == set(history.demo.expected.systems)


def test_the_crossing_is_marked_on_the_day_on_which_it_settled_and_every_view_tells_that_day(
    history: History,
) -> None:
    (change,) = (
        row
        for row in leverwatch_json(
            "replay",
            "--since",
            str(history.noon(39).date()),
            "--system",
            "support-bot",
            config=history.demo.config,
        )
        if row["from"] == "prompt_engineering"
    )
    (annotation,) = (
        one
        for one in load(FILES[0].with_name("fleet.json"))["annotations"]["list"]
        if one["name"] == "Volume crossings"
    )

    (series,) = history.range(filled(annotation["expr"], ALL), 38)

    (marked,) = {datetime.fromtimestamp(float(value) / 1000, UTC) for _, value in series["values"]}
    assert (series["metric"]["system"], series["metric"]["boundary"]) == ("support-bot", "hybrid")
    assert str(marked.date()) == change["day"]
    since_is_everywhere(history, date.fromisoformat(change["day"]))


def since_is_everywhere(history: History, day: date) -> None:
    """The day on which the recommendation of support-bot changed is the one that each view of it tells."""
    midnight = datetime.combine(day, time(), UTC)
    of = '{job="leverwatch",system="support-bot"}'
    # As the agent exports it now, and as a replay did on every day since.
    for metric in ("recommendation_changed", "strategy_mismatch_since"):
        (series,) = history.instant(f"leverwatch_{metric}_timestamp_seconds{of}")
        assert float(series["value"][1]) == midnight.timestamp(), metric
    (told,) = history.between(
        f"leverwatch_recommendation_changed_timestamp_seconds{of}",
        midnight + timedelta(days=1),
        history.noon(0),
        timedelta(hours=1),
    )
    assert {float(value) for _, value in told["values"]} == {midnight.timestamp()}
    row = rows_of(history, "fleet", "Every system, mismatches first")["support-bot"]
    assert str(midnight.timestamp() * 1000) in {str(float(row[letter])) for letter in "ABCDEFGH" if letter in row}
    page = requests.get(f"http://{history.target}/?system=support-bot", timeout=30).text
    assert f"since {day}" in page
    assert f"differs for {(history.today - day).days} days" in page
    # A timeline changes when the day is complete, and decided.
    chosen = {**ALL, "job": "leverwatch", "system": "support-bot"}
    (line,) = history.range(filled(timeline("Recommended over time"), chosen), 38)
    began = next(at for at, value in line["values"] if value == "2")
    assert datetime.fromtimestamp(began, UTC) == midnight + timedelta(days=1)


def test_the_table_of_the_fleet_says_what_the_agent_says(history: History) -> None:
    rows = rows_of(history, "fleet", "Every system, mismatches first")
    shares = rows_of(history, "fleet", "Share of each threshold that is reached")

    verdicts = leverwatch_json(
        "evaluate", "--as-of", str(history.today - timedelta(days=1)), config=history.demo.config
    )
    assert set(rows) == {verdict["system"] for verdict in verdicts}
    for verdict in verdicts:
        row = rows[verdict["system"]]
        assert (row["declared"], row["recommended"]) == (verdict["declared"], verdict["strategy"])
        assert row["state"] == verdict["status"]
        assert row["reason"] == (verdict["rule"] or "conflict")
        assert float(row["F"]) == verdict["volume"]["monthly_inferences"]
        share = shares[verdict["system"]]
        assert float(share["A"]) == pytest.approx(float(row["F"]) / 1e8)
        assert float(share["B"]) == pytest.approx(float(row["F"]) / 1e9)
        assert row["H"] == str(int(verdict["mismatch"]))


def test_the_second_table_of_the_fleet_says_what_is_assessed_beside_the_verdicts(history: History) -> None:
    rows = rows_of(history, "fleet", "Every system, reviews that are due first")

    assert set(rows) == set(history.demo.expected.systems)
    assert {system for system, row in rows.items() if row["A"] == "1"} == {"claims-triage", "hr-faq"}
    assert {system: states(BASELINE)[int(row["B"])].text for system, row in rows.items() if "B" in row} == {
        "claims-triage": "missing",
        "contract-extraction": "better",
    }
    assert {system for system, row in rows.items() if row["C"] == "1"} == {"claims-triage"}
    assert {system: states(AGREEMENT)[int(row["D"])].text for system, row in rows.items()} == {
        # A hybrid costs more than the declared fine-tuning, and both operational rules outrank that.
        "claims-triage": "outranked",
        "contract-extraction": "outranked",
        "hr-faq": "agrees",
        "search-summaries": "agrees",
        "support-bot": "disagrees",
    }
    assert {system for system, row in rows.items() if "F" in row} == {"hr-faq"}
    saved = {system: float(row["G"]) for system, row in rows.items() if "G" in row}
    assert {system for system, amount in saved.items() if amount < 0} == {"claims-triage", "support-bot"}
    assert set(saved.values()) > {0.0}
