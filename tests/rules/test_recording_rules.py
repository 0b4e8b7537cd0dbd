"""The recording rules: what they say of a system that two agents see, asked by promtool."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml

from leverwatch.agent.exporter.families import SYSTEMS
from tests.rules.rulefile import RULE_FILE, run

FILE = RULE_FILE.with_name("recording.rules.yaml")
GIVEN = {
    'leverwatch_recommended_strategy{system="bot",strategy="prompt_engineering"}': 0,
    'leverwatch_recommended_strategy{system="bot",strategy="hybrid"}': 1,
    'leverwatch_recommended_strategy{system="bot",strategy="fine_tuning"}': 0,
    'leverwatch_strategy_mismatch{system="bot"}': 1,
    'leverwatch_monthly_inferences{system="bot"}': 5,
    'leverwatch_recommendation_saving_usd{system="bot",bound="likely"}': -7,
    'leverwatch_recommendation_saving_usd{system="bot",bound="high"}': 9,
}
EXPECTED = {
    'job_system:leverwatch_recommended_strategy:code{job="a",system="bot"}': 2,
    'job_system:leverwatch_strategy_mismatch:max{job="a",system="bot"}': 1,
    'job_system:leverwatch_monthly_inferences:max{job="a",system="bot"}': 5,
    'job_system:leverwatch_recommendation_saving_usd:likely{job="a",system="bot"}': -7,
    'job_strategy:leverwatch_recommended_strategy:systems{job="a",strategy="prompt_engineering"}': 0,
    'job_strategy:leverwatch_recommended_strategy:systems{job="a",strategy="hybrid"}': 1,
    'job_strategy:leverwatch_recommended_strategy:systems{job="a",strategy="fine_tuning"}': 0,
}


def test_promtool_accepts_the_rules_without_a_remark() -> None:
    checked = run("promtool", "check", "rules", "--lint=all", "--lint-fatal", FILE)

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_replicas_of_an_agent_are_one_series_a_system(tmp_path: Path) -> None:
    series = [
        {"series": name.replace("{", f'{{job="a",instance="{instance}",', 1), "values": f"{value}x20"}
        for name, value in GIVEN.items()
        for instance in ("one", "two")
    ]
    names = {name.partition("{")[0] for name in EXPECTED}
    asked = [
        {
            "expr": name,
            "eval_time": "10m",
            "exp_samples": [
                {"labels": line, "value": value} for line, value in EXPECTED.items() if line.startswith(name + "{")
            ],
        }
        for name in names
    ]
    test = tmp_path / "recording.test.yaml"
    test.write_text(
        json.dumps(
            {
                "rule_files": [str(FILE)],
                "evaluation_interval": "5m",
                "tests": [{"interval": "1m", "input_series": series, "promql_expr_test": asked}],
            }
        )
    )

    tested = run("promtool", "test", "rules", test)

    assert tested.returncode == 0, tested.stdout + tested.stderr
    recorded = {rule["record"] for group in yaml.safe_load(FILE.read_text())["groups"] for rule in group["rules"]}
    assert recorded == names


def test_they_read_metrics_that_the_exporter_serves() -> None:
    expressions = [rule["expr"] for group in yaml.safe_load(FILE.read_text())["groups"] for rule in group["rules"]]

    read = {name for expression in expressions for name in re.findall(r"leverwatch_\w+", expression)}

    assert read < {family.name for family in SYSTEMS}
