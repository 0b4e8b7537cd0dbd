"""What promtool does not look for in rules, and a linter would: labels that are gone, ranges, patterns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from leverwatch.agent.exporter.families import AGENT, SYSTEMS
from leverwatch.agent.exporter.family import Family
from tests.grafana.queries import FILES, load, panels
from tests.rules.rulefile import RULE_FILE, Rule, rules, unit_test_of

EXPORTED: list[Family[Any]] = [*SYSTEMS, *AGENT]
FAMILIES = {family.name: family for family in EXPORTED}
TARGET = {"job", "instance", "pod", "container", "node", "namespace", "cluster"}
"""Labels that a target may have, beside those of the metrics."""
GONE = {"instance", "pod", "container", "node"}
"""Labels that an alert about a system has lost."""
LONGEST_SCRAPE_INTERVAL = 240
"""Seconds between two scrapes at most, as docs/alerts.md says."""
WITHOUT_COMPARISON = {
    "LeverwatchSourcesDiverge": "its series is there only while the sources diverge",
}
COUNTED_EVER = {
    "leverwatch_records_total": "whether anything was ever counted",
    "leverwatch_prompt_changes_total": "whether a prompt was ever found",
    "leverwatch_collector_runs_total": "whether a source had two runs to succeed in",
}
"""Counters that are read as they are, and what of them is asked: how far they are, and not how fast they grow."""

RULES = rules()
OF_SYSTEMS = {rule["alert"] for rule in rules("leverwatch-systems")}
RECORDED = [
    rule
    for group in yaml.safe_load(RULE_FILE.with_name("recording.rules.yaml").read_text())["groups"]
    for rule in group["rules"]
]
every_rule = pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])


def asked_in(template: str) -> list[str]:
    """The queries in a template, with their quotes as they are asked."""
    return [
        found.replace('\\"', '"')
        for found in re.findall(r'printf "((?:[^"\\]|\\.)*leverwatch_(?:[^"\\]|\\.)*)"', template)
    ]


def queries() -> Iterator[tuple[str, str]]:
    """Every query of a rule or of one of its texts, and which rule it is of."""
    for rule in RULES:
        yield rule["alert"], rule["expr"]
        for text in rule["annotations"].values():
            for query in asked_in(text):
                yield rule["alert"], query
    for rule in RECORDED:
        yield rule["record"], rule["expr"]


def told(rule: Rule) -> set[str]:
    """The labels that texts of a rule write, or decide by; those of a question may be missing."""
    texts = [*rule["annotations"].values(), *rule["labels"].values()]
    used: set[str] = set()
    for text in texts:
        used |= set(re.findall(r"\$labels\.(\w+)", re.sub(r"{{-? ?\$\w+ := .+?}}", "", text)))
    return used


def fired(rule: Rule) -> list[set[str]]:
    """The labels of the alert whenever it fires in its unit tests."""
    scenarios = yaml.load(unit_test_of(rule["alert"]).read_text(), yaml.CSafeLoader)["tests"]
    return [
        set(expected["exp_labels"])
        for scenario in scenarios
        for case in scenario["alert_rule_test"]
        for expected in case["exp_alerts"]
    ]


@every_rule
def test_texts_name_only_labels_that_the_alert_still_has(rule: Rule) -> None:
    assert told(rule) <= set.union(*fired(rule))
    if rule["alert"] in OF_SYSTEMS:
        assert not told(rule) & GONE


@every_rule
def test_a_rule_compares_something_or_says_why_not(rule: Rule) -> None:
    without_matchers = re.sub(r"{[^}]*}", "", rule["expr"])

    compares = bool(re.search(r"[<>]=?|[!=]=|absent\(", without_matchers))
    assert compares != (rule["alert"] in WITHOUT_COMPARISON)


def test_queries_select_by_labels_that_the_metric_has() -> None:
    selected = [
        (where, metric, label)
        for where, query in queries()
        for metric, matchers in re.findall(r"(leverwatch_\w+){([^}]*)}", query)
        for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matchers)
    ]

    assert selected
    assert [one for one in selected if one[2] not in {*FAMILIES[one[1]].labels, *TARGET}] == []


def test_queries_group_and_match_by_labels_that_one_of_their_metrics_has() -> None:
    grouped = 0
    for where, query in queries():
        has = TARGET.union(
            *(FAMILIES[name].labels for name in re.findall(r"leverwatch_\w+", query) if name in FAMILIES)
        )
        has |= set(re.findall(r'label_replace\([^"]*"(\w+)"', query)) | {"recommended", "declared"}
        for labels in re.findall(r"\b(?:by|without|on|ignoring|group_left|group_right) ?\(([^)]*)\)", query):
            grouped += 1
            assert {label.strip() for label in labels.split(",")} <= has, (where, labels)
    assert grouped


def test_rates_are_of_counters_and_counters_are_not_read_as_they_are() -> None:
    for where, query in queries():
        for name in re.findall(r"(?:rate|increase)\((leverwatch_\w+)", query):
            assert FAMILIES[name].type == "counter", (where, name)
        bare = set(re.findall(r"(?<!rate\()(?<!increase\()\b(leverwatch_\w+)", query))
        counters = {name for name in bare if FAMILIES[name].type == "counter"}
        assert counters <= COUNTED_EVER.keys(), where


def test_every_range_has_two_scrapes() -> None:
    seconds = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
    ranges = [(where, found) for where, query in queries() for found in re.findall(r"\[(\d+)([smhd])\]", query)]

    assert ranges
    for where, (number, unit) in ranges:
        assert int(number) * seconds[unit] >= 2 * LONGEST_SCRAPE_INTERVAL, where


def patterns() -> Iterator[tuple[str, str]]:
    """Every regular expression by which a rule or a dashboard selects, and where."""
    shown = [
        (panel["title"], target["expr"])
        for file in FILES
        for panel in panels(load(file))
        for target in panel["targets"]
    ]
    for where, query in (*queries(), *shown):
        for pattern in re.findall(r'[=!]~"((?:[^"\\]|\\.)*)"', query):
            yield where, pattern


def test_a_pattern_is_one_and_has_no_anchors_which_it_has_anyway() -> None:
    plain = [
        (where, pattern)
        for where, pattern in patterns()
        if "$" not in pattern.replace("$$", "") and not re.search(r"[.|*+?\[(]", pattern)
    ]
    anchored = [(where, one) for where, one in patterns() if one.startswith("^") or re.search(r"[^\\]\$$", one)]

    assert (plain, anchored) == ([], [])
    assert len(list(patterns())) > 10


def test_no_two_rules_ask_the_same_or_have_one_name() -> None:
    names = Counter(rule.get("alert") or rule["record"] for rule in (*RULES, *RECORDED))
    expressions = Counter(rule["expr"] for rule in (*RULES, *RECORDED))

    assert (names.most_common(1)[0][1], expressions.most_common(1)[0][1]) == (1, 1)
