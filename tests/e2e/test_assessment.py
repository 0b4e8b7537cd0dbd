"""Bad evals, a price file with a typo and a system without prices, through the real commands and agent."""

from __future__ import annotations

import json
import os
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from tests.e2e.agents import Agent, leverwatch, leverwatch_json, running
from tests.e2e.servers import free_port, wait_until

pytestmark = pytest.mark.e2e

PRICES = "prices:\n  - {model: m, input: 1, output: 4}\n"
TYPO = PRICES.replace("output", "ouput")


def usage() -> bytes:
    """60 days of one call a day that stands for a million, by two systems on two models."""
    return b"".join(
        json.dumps(
            {
                "ts": (datetime.now(UTC) - timedelta(days=age)).isoformat(),
                "app": app,
                "model": model,
                "n": 1_000_000,
                "in": 900_000_000,
                "out": 90_000_000,
            }
        ).encode()
        + b"\n"
        for age in range(1, 61)
        for app, model in (("bot", "m"), ("faq", "nobody-prices-it"))
    )


@pytest.fixture
def company(tmp_path: Path) -> Path:
    (tmp_path / "usage.jsonl").write_bytes(usage())
    fields = {"time": "ts", "model": "model", "inferences": "n", "input_tokens": "in", "output_tokens": "out"}
    config = {
        "store": {"url": "sqlite:///store.db"},
        "web": {"listen": f"127.0.0.1:{free_port()}"},
        "evaluation": {"interval": "300ms"},
        "prices": {"file": "prices.yaml", "public": False},
        "sources": [
            {
                "name": "gateway",
                "type": "files",
                "path": "usage.jsonl",
                "format": {"type": "jsonl", "fields": fields},
                "system": "{app}",
                "interval": "300ms",
            },
            {"name": "evals", "type": "evals", "path": "evals.jsonl", "interval": "300ms"},
        ],
        "systems": {"bot": {"declared_strategy": "prompt_engineering"}, "faq": {}},
    }
    path = tmp_path / "leverwatch.yaml"
    path.write_text(yaml.safe_dump(config))
    return path


def write_prices(config: Path, text: str) -> None:
    (config.parent / "prices.yaml").write_text(text)
    # Two versions within one tick of the clock must differ.
    os.utime(config.parent / "prices.yaml", ns=(time.time_ns(), time.time_ns()))


def section(config: Path, system: str, title: str) -> list[str]:
    done = leverwatch("explain", system, "--all", config=config)
    assert done.returncode == 0, done.stderr
    return done.stdout.partition(f"\n{title}:\n")[2].partition("\n\n")[0].splitlines()


def test_a_price_file_with_a_typo_is_named_by_the_check_and_costs_no_verdict(company: Path) -> None:
    write_prices(company, TYPO)
    checked = leverwatch("check-config", config=company)
    leverwatch("collect", config=company)
    explained = leverwatch("explain", "bot", config=company)
    verdicts = leverwatch_json("evaluate", config=company)

    place = f"{company.parent / 'prices.yaml'}:2: prices[0]."
    assert checked.returncode == 1
    assert f"{place}ouput: " in checked.stdout
    assert leverwatch("check-config", "--format", "json", config=company).returncode == 1
    assert explained.returncode == 0
    assert "event=price_file_unusable" in explained.stderr
    assert place in explained.stderr
    assert section(company, "bot", "Economics") == [
        "  unknown: the price of m is unknown: prices.yaml cannot be used"
    ]
    assert [verdict["strategy"] for verdict in verdicts] == ["prompt_engineering", "prompt_engineering"]

    write_prices(company, PRICES)
    assert leverwatch("check-config", config=company).returncode == 0


def test_a_system_without_prices_says_which_model_has_none(company: Path) -> None:
    write_prices(company, PRICES)
    leverwatch("collect", config=company)

    reason = "prices.yaml has no entry for it, and public prices are not in use"
    assert section(company, "faq", "Economics") == [
        f"  unknown: the price of nobody-prices-it is unknown: {reason}"
    ]
    priced = section(company, "bot", "Economics")
    assert priced[0].startswith("  fine-tuning: ")
    assert any(line.startswith("  assumed: ") and "static_share" in line for line in priced)


def test_a_bad_line_of_evals_is_named_and_counted_and_the_others_are_taken(company: Path) -> None:
    write_prices(company, PRICES)
    good = {
        "ts": datetime.now(UTC).isoformat(),
        "system": "bot",
        "model": "m",
        "suite": "s",
        "metric": "accuracy",
        "value": 0.5,
        "n": 40,
    }
    lines = [good, {"ts": "soon"}, {**good, "metric": "tone"}]
    (company.parent / "evals.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = leverwatch("collect", "--source", "evals", "--format", "json", config=company)

    [report] = json.loads(done.stdout)
    assert (report["records"], report["malformed"]) == (2, {"missing_field": 1})
    assert "evals.jsonl:2" in done.stderr
    assert "soon" not in done.stderr


def test_an_explanation_of_a_past_day_is_of_that_day(company: Path) -> None:
    write_prices(company, PRICES)
    leverwatch("collect", config=company)
    day = str((datetime.now(UTC) - timedelta(days=10)).date())

    told = leverwatch_json("explain", "bot", "--as-of", day, config=company)

    assert (
        told["as_of"] == told["assessment"]["economics"]["as_of"] == told["assessment"]["outlook"]["as_of"] == day
    )
    assert told["assessment"]["baseline"] is None
    assert told["assessment"]["agreement"] in {"agrees", "disagrees", "not_compared"}


def outcome(agent: Agent, system: str) -> str | None:
    found = [
        name
        for name in ("cheaper", "not_cheaper", "cannot_tell", "unknown")
        if agent.value(f'leverwatch_economics_outcome{{outcome="{name}",system="{system}"}}') == 1
    ]
    return found[0] if len(found) == 1 else None


def test_a_running_agent_follows_the_price_file_through_a_typo(company: Path) -> None:
    port = int(yaml.safe_load(company.read_text())["web"]["listen"].rpartition(":")[2])
    write_prices(company, TYPO)
    problems, failures = "leverwatch_price_file_problems", "leverwatch_price_file_failures_total"
    verdict = 'leverwatch_recommended_strategy{strategy="prompt_engineering",system="bot"}'
    with running(company, port) as agent:
        wait_until(lambda: agent.value(verdict) == 1, 20, "the verdict")
        assert outcome(agent, "bot") == "unknown"
        assert (agent.value(problems) or 0) > 0
        assert agent.value(failures) == 1
        assert (agent.value('leverwatch_log_warnings_total{event="price_file_unusable"}') or 0) > 0

        write_prices(company, PRICES)
        wait_until(lambda: outcome(agent, "bot") not in {None, "unknown"}, 20, "the economics")
        assert (agent.value(problems), agent.value(failures)) == (0, 1)
        assert outcome(agent, "faq") == "unknown"
        known = outcome(agent, "bot")

        write_prices(company, TYPO)
        wait_until(lambda: agent.value(failures) == 2, 20, "the failure is counted")
        assert outcome(agent, "bot") == known, "the last good prices stay"
        assert agent.value(verdict) == 1
        lint = subprocess.run(
            ["promtool", "check", "metrics"], input=agent.metrics(), capture_output=True, text=True, check=False
        )
        assert (lint.returncode, lint.stdout, lint.stderr) == (0, "", "")

        config = yaml.safe_load(company.read_text())
        company.write_text(yaml.safe_dump({**config, "prices": {"public": False}}))
        agent.reload()
        wait_until(lambda: outcome(agent, "bot") == "unknown", 20, "the reload takes the prices away")
        assert agent.value(problems) is None
        assert agent.terminate() == 0
