"""The rules for Mimir and for Grafana itself say what the rule files say, in words that each understands."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest
import yaml

from grafana.alerts import DATASOURCE, rule_files
from grafana.build import DASHBOARDS
from grafana.templates import without_queries
from tests.grafana.queries import FILES, ROOT, Json, load, panels
from tests.rules.rulefile import RULE_FILE, run

MADE = {name: yaml.load(text, yaml.CSafeLoader) for name, text in rule_files(DASHBOARDS).items()}
MANAGED = MADE["rules/leverwatch.grafana.yaml"]
SOURCE = yaml.load(RULE_FILE.read_text(), yaml.CSafeLoader)
SHIPPED = {rule["alert"]: rule for group in SOURCE["groups"] for rule in group["rules"]}
RULES: dict[str, Json] = {rule["title"]: rule for group in MANAGED["groups"] for rule in group["rules"]}
every_rule = pytest.mark.parametrize("alert", list(RULES))

MOST_RULES_A_GROUP = 20
"""What the ruler of Mimir takes by default (`ruler.max-rules-per-rule-group`)."""
LONGEST_UID = 40
KNOWN = {
    *("uid", "title", "condition", "data", "noDataState", "execErrState", "for", "keepFiringFor"),
    *("missing_series_evals_to_resolve", "annotations", "labels", "isPaused"),
}
"""The keys of a rule in a file of Grafana's provisioning. It leaves out others without a word."""


@pytest.mark.parametrize("kind", ["leverwatch", "recording"])
def test_mimir_gets_the_groups_of_the_rule_file_in_a_namespace(kind: str) -> None:
    made = dict(MADE[f"rules/{kind}.mimir.yaml"])

    assert made.pop("namespace").startswith("leverwatch")
    assert made == yaml.safe_load(RULE_FILE.with_name(f"{kind}.rules.yaml").read_text())
    assert all(len(group["rules"]) <= MOST_RULES_A_GROUP for group in made["groups"])


def test_the_namespaces_of_mimir_differ_so_that_both_files_can_be_loaded_at_once() -> None:
    assert len({MADE[f"rules/{kind}.mimir.yaml"]["namespace"] for kind in ("leverwatch", "recording")}) == 2


def test_grafana_has_every_alert_in_its_group_and_in_order() -> None:
    assert MANAGED["apiVersion"] == 1
    assert [(group["name"], [rule["title"] for rule in group["rules"]]) for group in MANAGED["groups"]] == [
        (group["name"], [rule["alert"] for rule in group["rules"]]) for group in SOURCE["groups"]
    ]
    assert {(group["folder"], group["interval"], group["orgId"]) for group in MANAGED["groups"]} == {
        ("leverwatch", "1m", 1)
    }


@every_rule
def test_grafana_asks_waits_and_labels_as_prometheus_does(alert: str) -> None:
    made, given = RULES[alert], SHIPPED[alert]

    assert made["data"][0]["model"]["expr"] == given["expr"]
    assert made["for"] == given["for"]
    assert made.get("keepFiringFor") == given.get("keep_firing_for")
    assert made["annotations"]["summary"] == given["annotations"]["summary"]
    assert made["labels"].keys() == given["labels"].keys()
    as_written = {name: re.sub(r"{{ ?(.+?) ?}}", r"{{\1}}", text) for name, text in given["labels"].items()}
    assert made["labels"] == {name: text.replace("$value", ".Values.B.Value") for name, text in as_written.items()}


@every_rule
def test_any_series_makes_an_alert_and_none_makes_no_alert(alert: str) -> None:
    rule = RULES[alert]
    asked, one, fires = rule["data"]

    assert [each["refId"] for each in rule["data"]] == ["A", "B", "C"]
    assert all(each["model"]["refId"] == each["refId"] for each in rule["data"])
    assert (asked["datasourceUid"], asked["model"]["instant"]) == (DATASOURCE, True)
    assert (one["datasourceUid"], fires["datasourceUid"]) == ("__expr__", "__expr__")
    assert one["model"].items() >= {"type": "reduce", "expression": "A", "reducer": "last"}.items()
    assert fires["model"]["expression"] == "is_number($B) || is_nan($B) || is_inf($B)"
    assert (rule["condition"], rule["noDataState"], rule["execErrState"]) == ("C", "OK", "Error")


@every_rule
def test_grafana_knows_every_key_and_shows_a_panel_that_there_is(alert: str) -> None:
    rule = RULES[alert]
    shown = rule["annotations"]
    (dashboard,) = (load(file) for file in FILES if load(file)["uid"] == shown["__dashboardUid__"])

    assert set(rule) <= KNOWN
    assert re.fullmatch(r"[a-z-]+", rule["uid"])
    assert len(rule["uid"]) <= LONGEST_UID
    assert f"/d/{dashboard['uid']}?" in shown["dashboard_url"]
    (panel,) = (one for one in panels(dashboard) if str(one["id"]) == shown["__panelId__"])
    runbooks = {link["title"].removeprefix("Runbook: ") for one in panels(dashboard) for link in one["links"]}
    if alert in runbooks:
        assert alert in panel["links"][0]["title"]


def test_no_two_rules_have_one_uid() -> None:
    assert len({rule["uid"] for rule in RULES.values()}) == len(SHIPPED)


def test_the_data_source_that_rules_ask_is_the_one_that_is_provisioned() -> None:
    (file,) = (ROOT / "grafana/provisioning/datasources").glob("*.yaml")

    assert [one["uid"] for one in yaml.safe_load(file.read_text())["datasources"]] == [DATASOURCE]


@every_rule
def test_a_text_has_no_dollar_and_asks_nothing(alert: str) -> None:
    """Versions differ in whether they put environment variables into annotations; a question finds nothing."""
    for text in (*RULES[alert]["annotations"].values(), *RULES[alert]["labels"].values()):
        assert "$" not in text
        assert "query" not in re.sub(r"urlquery", "", text)
        assert ".." not in text


OF_SYSTEM = {"system": "a & b", "job": "lw"}
OF_AGENT = {"instance": "h:1", "job": "lw", "source": "log"}
TEXTS: list[tuple[str, dict[str, str], float, str]] = [
    (
        "LeverwatchStrategyMismatch",
        {**OF_SYSTEM, "declared": "hybrid", "recommended": "fine_tuning"},
        7,
        "a & b declares hybrid, and fine_tuning is recommended. The reasons: leverwatch explain a & b",
    ),
    (
        "LeverwatchSourcesDiverge",
        {**OF_SYSTEM, "system": "a", "source": "f", "authoritative": "d"},
        1_800_000_000,
        "Of a, f and d differ since Friday, 2027-01-15. What counts is d. Day by day: leverwatch explain a --all",
    ),
    (
        "LeverwatchModelShutdownAhead",
        {**OF_SYSTEM, "model": "m-1"},
        -1,
        "a & b uses m-1, the last day of which has come. Its share of the traffic: leverwatch explain a & b",
    ),
    (
        "LeverwatchRecordsUnreadable",
        OF_AGENT,
        12,
        "The source log on h:1 refused 12 records in a day. Calls may be missing from its systems.",
    ),
    (
        "LeverwatchUsageStale",
        {**OF_SYSTEM, "system": "a"},
        90_000,
        "The newest day with known usage of a began 1d 1h 0m 0s ago. What stands is what was recommended then.",
    ),
]


def test_prometheus_expands_the_texts_of_grafana_as_they_are_meant(tmp_path: Path) -> None:
    """Both use the templates of Prometheus, in which only the value has another name."""
    rules, series, tests = [], [], []
    for alert, labels, value, description in TEXTS:
        given = RULES[alert]
        texts: dict[str, str] = {key: text for key, text in given["annotations"].items() if "__" not in key}
        for was, now in ((".Values.B.Value", ".Value"), ("{{externalURL", '{{"https://g.example.com/sub/"')):
            texts = {key: text.replace(was, now) for key, text in texts.items()}
        severity = given["labels"]["severity"].replace(".Values.B.Value", ".Value")
        expr = f'max without (of) (given{{of="{alert}"}})'
        rules.append({"alert": alert, "expr": expr, "labels": {"severity": severity}, "annotations": texts})
        named = ",".join(f"{key}={json.dumps(text)}" for key, text in {**labels, "of": alert}.items())
        series.append({"series": f"given{{{named}}}", "values": f"{value}x10"})
        chosen = "agent?var-job=lw&var-instance=h%3A1"
        if "system" in labels:
            chosen = f"system?var-system={quote_plus(labels['system'])}&var-job=lw"
        expected: dict[str, Any] = {
            "exp_labels": {**labels, "severity": "critical" if "model" in labels else "warning"},
            "exp_annotations": {
                "summary": texts["summary"],
                "description": description,
                "dashboard_url": f"https://g.example.com/sub/d/leverwatch-{chosen}",
                "runbook_url": f"https://github.com/leverwatch/leverwatch/blob/main/docs/runbooks/{alert}.md",
            },
        }
        tests.append({"eval_time": "5m", "alertname": alert, "exp_alerts": [expected]})
    (tmp_path / "made.rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "made", "rules": rules}]}))
    unit: Json = {"rule_files": ["made.rules.yaml"], "evaluation_interval": "1m"}
    unit["tests"] = [{"interval": "1m", "input_series": series, "alert_rule_test": tests}]
    (tmp_path / "made.test.yaml").write_text(yaml.safe_dump(unit))

    tested = run("promtool", "test", "rules", tmp_path / "made.test.yaml")

    assert tested.returncode == 0, tested.stdout + tested.stderr


@pytest.mark.parametrize(
    ("template", "left"),
    [
        ("{{ $labels.a }} has {{- $value }}.", "{{.Labels.a}} has{{V}}."),
        ('A {{- with printf "x" | query }} B {{ . }}{{ else }} C{{ end }} D', "A D"),
        ("A {{- with $of | query }} B{{ else }}{{/* true either way */}} C{{ end }} D", "A C D"),
        (
            "{{ if $labels.a }}A{{ with $of | query }}B{{ end }}{{ else }}C{{ end }}",
            "{{if .Labels.a}}A{{else}}C{{end}}",
        ),
        (
            '{{- define "n" }}N{{ if . }}!{{ end }}{{ end -}} A{{ with $o | query }}{{ template "n" . }}{{ end }}',
            "A",
        ),
        ('{{ define "n" }}N{{ end }}{{ template "n" . }}', '{{define "n"}}N{{end}}{{template "n" .}}'),
        ("{{- $of := $labels.a -}} A", "A"),
    ],
)
def test_what_asks_is_left_out_of_a_template_with_what_only_it_needs(template: str, left: str) -> None:
    assert without_queries(template, "V") == left


def test_an_alternative_takes_the_place_of_a_question_where_it_is_wanted() -> None:
    assert without_queries("{{ with $of | query }}A{{ else }}B{{ end }}/C", "V", alternatives=True) == "B/C"


@pytest.mark.parametrize("template", ["{{ if . }}A", "A{{ end }}", "{{ if . }}A{{ else if $a }}B{{ end }}"])
def test_a_template_whose_blocks_do_not_fit_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match="end"):
        without_queries(template, "V")
