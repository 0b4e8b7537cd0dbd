"""Words and colours: every value that is exported has them, and every rule about them holds for something."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from itertools import product

import pytest

from grafana.build import DASHBOARDS
from grafana.model import NOT_SCRAPED, Panel
from grafana.queries import CONFLICT
from grafana.shared import STRATEGY
from leverwatch.agent.exporter.families import AGENT, SYSTEMS
from leverwatch.agent.framework.comparison import ComparisonOutcome as BaselineOutcome
from leverwatch.agent.framework.economics.model import Agreement, CostOutcome
from leverwatch.agent.framework.forecast.model import Method
from leverwatch.agent.framework.model import Band, Boundary, PromptOrigin, Rule, Status, Strategy
from tests.grafana.queries import FILES, Json, load, panels

EVERY = pytest.mark.parametrize("dashboard", [load(file) for file in FILES], ids=[file.stem for file in FILES])
STATES: dict[str, type[StrEnum]] = {
    "leverwatch_recommended_strategy": Strategy,
    "leverwatch_declared_strategy": Strategy,
    "leverwatch_verdict_status": Status,
    "leverwatch_volume_band": Band,
    "leverwatch_prompt_origin": PromptOrigin,
    "leverwatch_forecast_method": Method,
    "leverwatch_economics_outcome": CostOutcome,
    "leverwatch_economics_agreement": Agreement,
    "leverwatch_baseline_outcome": BaselineOutcome,
}
"""Of which values one series each says which is the present one."""
LABELS: dict[str, set[str]] = {
    "declared": set(Strategy),
    "recommended": set(Strategy),
    "strategy": set(Strategy),
    "state": set(Status),
    "reason": {*Rule, CONFLICT},
}
"""What the label behind a column with words can be."""
LEGENDS: dict[str, set[str]] = {
    "strategy": set(Strategy),
    "boundary": set(Boundary),
    "system": {"a-system"},
    "reason": {*Rule, CONFLICT},
}
"""What the labels in the name of a line can be, where lines have a colour of their own."""
_CODED = re.compile(r'(?:(\d+) \* )?max by \(job, system\) \((leverwatch_\w+)\{[^}]*,(\w+)="([^"$]+)"\}\)')


def word(value: str) -> str:
    """What stands for a value on a dashboard."""
    return STRATEGY[value][0] if value in STRATEGY else value.replace("_", " ")


def mapped(dashboard: Json) -> Iterator[tuple[str, str, dict[str, Json]]]:
    """Every place where values have words: its name, the query or label that fills it, and the words."""
    for panel in panels(dashboard):
        expressions = {target["refId"]: target["expr"] for target in panel["targets"]}
        for mapping in panel["fieldConfig"]["defaults"]["mappings"]:
            if panel["title"] == "What the rows below have":
                continue
            assert len(expressions) == 1, panel["title"]
            told = {value: one for value, one in mapping["options"].items() if value != "-1"}
            yield panel["title"], expressions["A"], told
        if panel["type"] != "table":
            continue
        sources = {title: name for name, title in panel["transformations"][-1]["options"]["renameByName"].items()}
        for override in panel["fieldConfig"]["overrides"]:
            title = override["matcher"]["options"]
            for one in override["properties"]:
                if one["id"] == "mappings":
                    (mapping,) = one["value"]
                    source = sources[title]
                    filled = source if source in LABELS else expressions[source.removeprefix("Value #")]
                    yield f"{panel['title']}: {title}", filled, mapping["options"]


@EVERY
def test_every_state_that_the_agent_exports_has_its_number_its_word_and_a_colour(dashboard: Json) -> None:
    for place, expression, words in mapped(dashboard):
        coded = _CODED.findall(expression)
        if not coded:
            continue
        ((metric, label),) = {(metric, label) for _, metric, label, _ in coded}
        numbers = {value: number or "1" for number, _, _, value in coded}
        assert set(numbers) == set(STATES[metric]), place
        assert set(words) == {"0", *numbers.values()}, place
        assert len(set(numbers.values())) == len(numbers), place
        assert {value: words[number]["text"] for value, number in numbers.items()} == {
            value: word(value) for value in numbers
        }, place
        assert label in next(family.labels for family in SYSTEMS if family.name == metric)


def test_every_metric_of_states_is_somewhere_with_its_words() -> None:
    found = {
        metric
        for file in FILES
        for _, expression, _ in mapped(load(file))
        for _, metric, _, _ in _CODED.findall(expression)
    }

    assert found == set(STATES)


@EVERY
def test_every_label_that_is_shown_in_words_has_one_for_each_of_its_values(dashboard: Json) -> None:
    for place, source, words in mapped(dashboard):
        if source in LABELS:
            assert set(words) == LABELS[source], place


@EVERY
def test_what_is_neither_a_state_nor_a_label_is_a_flag(dashboard: Json) -> None:
    flags = {family.name for family in SYSTEMS if family.help.startswith("1 ")}
    flags |= {family.name for family in AGENT if family.help.startswith("1 ")}
    for place, expression, words in mapped(dashboard):
        if expression in LABELS or _CODED.search(expression):
            continue
        if "ALERTS{" in expression:
            numbers = re.findall(r'(?:(\d+) \* )?max by [^{]+ALERTS\{[^}]*alertstate="(\w+)"', expression)
            assert {number or "1": {"text": text} for number, text in numbers} == {
                number: {"text": one["text"]} for number, one in words.items()
            }
            continue
        (metric,) = set(re.findall(r"leverwatch_\w+|\bup(?=\{)", expression)) - {"leverwatch_build_info"}
        assert metric in flags | {"up"}, (place, metric)
        assert set(words) == {"0", "1"}, place


@EVERY
def test_words_and_colours_tell_the_values_of_a_place_apart(dashboard: Json) -> None:
    for place, _, words in mapped(dashboard):
        assert all(one["text"] and one["color"] for one in words.values()), place
        assert len({one["text"] for one in words.values()}) == len(words), place


@EVERY
def test_every_override_has_a_query_a_column_or_a_line_to_hold_for(dashboard: Json) -> None:
    for panel in panels(dashboard):
        letters = {target["refId"] for target in panel["targets"]}
        for override in panel["fieldConfig"]["overrides"]:
            matcher = override["matcher"]
            if matcher["id"] == "byFrameRefID":
                assert matcher["options"] in letters, panel["title"]
            elif matcher["id"] == "byRegexp":
                pattern = matcher["options"].removeprefix("/").removesuffix("/")
                assert any(re.search(pattern, name) for name in lines(panel)), (panel["title"], pattern)
            else:
                columns = panel["transformations"][-1]["options"]["renameByName"].values()
                assert (matcher["id"], matcher["options"] in columns) == ("byName", True), panel["title"]


def lines(panel: Json) -> list[str]:
    """The names that the lines of a graph, or the columns of a table, can have."""
    if panel["type"] == "table":
        return list(panel["transformations"][-1]["options"]["renameByName"].values())
    names = []
    for target in panel["targets"]:
        labels = [label for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]) if label in LEGENDS]
        for values in product(*(LEGENDS[label] for label in labels)):
            given = dict(zip(labels, values, strict=True))
            names.append(
                re.sub(
                    r"\{\{(\w+)\}\}",
                    lambda found, given=given: given.get(found[1], "other"),  # type: ignore[misc]  # of re.sub
                    target["legendFormat"],
                )
            )
    return names


@EVERY
def test_a_line_to_compare_with_is_there_only_beside_what_it_is_compared_with(dashboard: Json) -> None:
    # Alone it would hide the words for no data.
    for panel in (panel for row in the_table(dashboard) for panel in row):
        measured = {query.expr for query in panel.queries if not query.dashed}
        for query in panel.queries:
            if query.dashed and "break-even" not in query.legend and "late: " not in query.legend:
                *_, beside = re.split(r" and on \((?:job)?\) ", query.expr, maxsplit=1)
                assert beside != query.expr, panel.title
                assert any(beside in expr for expr in measured), panel.title


def the_table(dashboard: Json) -> Iterator[tuple[Panel, ...]]:
    """The rows that a dashboard is made from."""
    (made,) = (one for one in DASHBOARDS if one.uid == dashboard["uid"])
    return (row.panels for row in made.rows)


@EVERY
def test_a_figure_has_the_colour_of_a_threshold_only_where_there_is_one(dashboard: Json) -> None:
    for panel in panels(dashboard):
        defaults = panel["fieldConfig"]["defaults"]
        assert (defaults["color"]["mode"] == "thresholds") == ("thresholds" in defaults), panel["title"]
        assert "thresholds" not in defaults or panel["type"] == "stat"


@EVERY
def test_a_table_without_rows_says_why_and_an_empty_cell_is_a_dash(dashboard: Json) -> None:
    for panel in panels(dashboard):
        if panel["type"] == "table":
            first, *_ = panel["fieldConfig"]["overrides"]
            assert first["matcher"] == {"id": "byRegexp", "options": "/.*/"}
            assert first["properties"] == [{"id": "noValue", "value": "-"}]
            assert len(panel["fieldConfig"]["defaults"]["noValue"]) > len("-"), panel["title"]


@EVERY
def test_words_for_no_data_say_no_more_of_a_time_than_that_it_has_no_value(dashboard: Json) -> None:
    for panel in panels(dashboard):
        words = panel["fieldConfig"]["defaults"]["noValue"]
        over_time = panel["type"] in ("timeseries", "state-timeline")
        assert words.startswith("No value in this time") == over_time, panel["title"]


@EVERY
def test_a_figure_without_a_value_claims_nothing_that_is_false_where_no_agent_is_scraped(dashboard: Json) -> None:
    for panel in panels(dashboard):
        if panel["type"] in ("stat", "table"):
            words = panel["fieldConfig"]["defaults"]["noValue"]
            assert words == NOT_SCRAPED or "not known" in words.lower(), panel["title"]
            # A zero of nothing would be a value.
            assert not any("or vector" in target["expr"] for target in panel["targets"]), panel["title"]


def test_no_line_or_word_has_the_colour_of_a_strategy_that_it_is_not() -> None:
    reserved = {color for _, color in STRATEGY.values()}
    strategies = {word for word, _ in STRATEGY.values()} | {"low", "mid", "high"}
    for file in FILES:
        for panel in panels(load(file)):
            defaults = panel["fieldConfig"]["defaults"]
            assert defaults["color"].get("fixedColor") not in reserved
            assert defaults["color"]["mode"] != "palette-classic", panel["title"]
        for place, _, words in mapped(load(file)):
            for one in words.values():
                assert one["color"] not in reserved or one["text"] in strategies, (place, one["text"])
        assert not reserved & {one["iconColor"] for one in load(file)["annotations"]["list"]}


def test_lines_without_a_replayed_past_say_that_they_may_have_just_begun() -> None:
    said = {
        panel["title"]: panel["fieldConfig"]["defaults"]["noValue"].endswith("it has only just begun: zoom in")
        for panel in panels(load(FILES[0].with_name("system.json")))
    }

    assert said["Monthly cost of each strategy"]
    assert said["Is fine-tuning cheaper, over time"]
    assert not said["What each strategy costs"], "a table is of now"
    assert not said["Recommended over time"], "a replay fills it in"
