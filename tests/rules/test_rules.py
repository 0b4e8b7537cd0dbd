"""The alert rules: their own unit tests, whether these can fail, and what belongs to every alert."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
import yaml

from leverwatch.agent.exporter.families import AGENT, SYSTEMS
from leverwatch.agent.scheduling.nothing_counted import MOST, REFUSED
from tests.examples import examples
from tests.rules.rulefile import RULE_FILE, RUNBOOKS, UNIT_TESTS, Rule, faulty, only, rules, run, unit_test_of

RUNBOOK_BASE = "https://github.com/leverwatch/leverwatch/blob/main/"
RULES = rules()
ALERTS = [rule["alert"] for rule in RULES]
METRICS = {family.name for family in SYSTEMS} | {family.name for family in AGENT}
SYSTEM_ALERTS = [rule["alert"] for rule in rules("leverwatch-systems")]
every_rule = pytest.mark.parametrize("rule", RULES, ids=ALERTS)


def severities(rule: Rule) -> list[str]:
    """The severities that an alert can have, in the order of its rule."""
    written = re.sub(r"{{.+?}}", " ", rule["labels"]["severity"])
    return written.split()


def test_promtool_accepts_the_rules_without_a_remark() -> None:
    checked = run("promtool", "check", "rules", "--lint=all", "--lint-fatal", RULE_FILE)

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert f"SUCCESS: {len(RULES)} rules found" in checked.stdout


def test_promtool_unit_tests_pass_with_all_rules_beside_them() -> None:
    """For some, as promtool asks all rules at every step; for all by `make test-all`. Each passes with its own
    rule below."""
    for path in random.sample(UNIT_TESTS, examples(len(UNIT_TESTS), least=2)):
        tested = run("promtool", "test", "rules", path)

        assert tested.returncode == 0, tested.stdout + tested.stderr


def test_every_alert_has_its_unit_test_file_and_no_file_is_left_over() -> None:
    assert sorted(map(unit_test_of, ALERTS)) == UNIT_TESTS


@every_rule
def test_unit_tests_know_the_alert_firing_and_not_firing(rule: Rule) -> None:
    cases = [
        case
        for scenario in yaml.safe_load(unit_test_of(rule["alert"]).read_text())["tests"]
        for case in scenario["alert_rule_test"]
        if case["alertname"] == rule["alert"]
    ]

    assert any(case["exp_alerts"] for case in cases)
    assert any(not case["exp_alerts"] for case in cases)


@every_rule
def test_unit_tests_fail_for_a_faulty_rule(rule: Rule, tmp_path: Path) -> None:
    """Every duration, comparison, join, label and annotation is there because a test would miss it: some are
    tried, all by `make test-all`."""
    copy = tmp_path / "faulty.rules.yaml"
    loaded = yaml.safe_load(unit_test_of(rule["alert"]).read_text())
    scenarios = []
    for number, scenario in enumerate(loaded["tests"]):
        scenarios.append(tmp_path / f"{number}.test.yaml")
        alone = {**loaded, "rule_files": [str(copy)], "tests": [scenario]}
        scenarios[-1].write_text(yaml.safe_dump(alone, sort_keys=False))
    copy.write_text(only(rule))
    unnoticed = []

    passed = run("promtool", "test", "rules", *scenarios)
    assert passed.returncode == 0, passed.stdout + passed.stderr
    faults = list(faulty(rule))
    for fault, faulty_rule in random.sample(faults, examples(len(faults))):
        copy.write_text(only(faulty_rule))
        # What noticed the last fault is asked first: it notices many.
        noticed = next((it for it in scenarios if run("promtool", "test", "rules", it).returncode), None)
        if noticed is None:
            unnoticed.append(fault)
        else:
            scenarios.remove(noticed)
            scenarios.insert(0, noticed)

    assert unnoticed == []


@pytest.mark.parametrize("alert", ALERTS)
def test_alerts_about_a_system_carry_its_name_and_others_do_not(alert: str) -> None:
    """What the documented inhibition of Alertmanager relies on."""
    labels = [
        expected["exp_labels"]
        for scenario in yaml.safe_load(unit_test_of(alert).read_text())["tests"]
        for case in scenario["alert_rule_test"]
        for expected in case["exp_alerts"]
    ]

    assert {"system" in each for each in labels} == {alert in SYSTEM_ALERTS}


@every_rule
def test_rules_use_only_metrics_that_the_exporter_serves(rule: Rule) -> None:
    used = set(re.findall(r"\bleverwatch_\w+", rule["expr"]))

    assert used <= METRICS
    assert used or "up{" in rule["expr"]


def test_unreadable_records_are_all_that_should_have_counted() -> None:
    (rule,) = [rule for rule in RULES if rule["alert"] == "LeverwatchRecordsUnreadable"]

    named = re.findall(r'result=~"([^"]+)"', rule["expr"])
    assert [set(each.split("|")) for each in named] == [set(REFUSED)] * 2


def test_mostly_unreadable_is_what_the_page_and_the_commands_call_so() -> None:
    (rule,) = [rule for rule in RULES if rule["alert"] == "LeverwatchSourceMostlyUnreadable"]

    assert f"> {MOST}\n" in rule["expr"]


@every_rule
def test_every_alert_says_what_to_do(rule: Rule) -> None:
    assert re.fullmatch(r"Leverwatch([A-Z][a-z]+)+", rule["alert"])
    assert severities(rule) in (["info"], ["warning"], ["warning", "critical"])
    assert rule["for"]
    assert set(rule["annotations"]) == {"summary", "description", "dashboard_url", "runbook_url"}
    assert rule["annotations"]["summary"].endswith(".")
    assert "{{" not in rule["annotations"]["summary"], "the summary is the headline of a group of alerts"
    assert "{{" in rule["annotations"]["description"]


@every_rule
def test_every_runbook_link_points_to_a_runbook_with_the_four_parts(rule: Rule) -> None:
    url = rule["annotations"]["runbook_url"]
    path = RUNBOOKS / f"{rule['alert']}.md"

    assert url.endswith(f"{{{{- else -}}}} {RUNBOOK_BASE}docs/runbooks {{{{- end }}}}/{path.name}")
    headings = re.findall(r"^#+ .*", path.read_text(), re.MULTILINE)
    assert headings == [f"# {rule['alert']}", "## Meaning", "## Impact", "## Diagnosis", "## Mitigation"]


def test_every_runbook_belongs_to_an_alert() -> None:
    assert sorted(path.stem for path in RUNBOOKS.glob("*.md")) == sorted(ALERTS)


@every_rule
def test_the_table_of_alerts_shows_the_durations_of_the_rules(rule: Rule) -> None:
    alert, table = rule["alert"], (RUNBOOKS.parent / "alerts.md").read_text()
    cells = rf"{', '.join(severities(rule))} \| {rule['for']} \| {rule.get('keep_firing_for', '-')} \|$"

    assert re.search(rf"^\| \[{alert}\]\(runbooks/{alert}\.md\) \| .+ \| {cells}", table, re.MULTILINE)


def test_the_documented_alertmanager_example_is_valid_and_names_only_known_alerts(tmp_path: Path) -> None:
    documented = (RUNBOOKS.parent / "alerts.md").read_text()
    (example,) = re.findall(r"^```yaml\n(.+?)^```$", documented, re.MULTILINE | re.DOTALL)
    path = tmp_path / "alertmanager.yml"
    path.write_text(example)

    checked = run("amtool", "check-config", path)

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "5 inhibit rules" in checked.stdout
    named = set(re.findall(r"\bLeverwatch[A-Z]\w+", example))
    assert set(ALERTS) - set(SYSTEM_ALERTS) <= named <= set(ALERTS)
    assert "target_matchers: ['alertname=~\"Leverwatch.+\"', 'system!=\"\"']" in example


@every_rule
def test_queries_of_the_runbooks_parse_and_name_only_metrics_that_exist(rule: Rule, tmp_path: Path) -> None:
    runbook = (RUNBOOKS / f"{rule['alert']}.md").read_text()
    queries = re.findall(r"^    (.*(?:leverwatch_|up\{).*)$", runbook, re.MULTILINE)
    path = tmp_path / "queries.yaml"
    recorded = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(queries)]
    path.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": recorded}]}))

    checked = run("promtool", "check", "rules", path)

    assert queries
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert set(re.findall(r"\bleverwatch_\w+", runbook)) <= METRICS
