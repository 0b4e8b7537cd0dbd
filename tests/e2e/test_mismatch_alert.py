"""From a growing usage log and a git repository of prompts to an alert, with the real programs all the way."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from tests.e2e.agents import running
from tests.e2e.servers import alertmanager, free_port, prometheus, wait_until, webhook_receiver
from tests.e2e.test_alert_chain import documented_inhibit_rules, shortened_rules

pytestmark = pytest.mark.e2e

ALERT = "LeverwatchStrategyMismatch"
SYSTEM = "support-bot"
DAYS = 45


def write_days(log: Path, newest: int, oldest: int, inferences: int) -> None:
    """Append one summed line for each day, `newest` to `oldest` days ago."""
    today = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    with log.open("a") as file:
        for age in range(oldest, newest - 1, -1):
            moment = (today - timedelta(days=age)).isoformat()
            line = {"ts": moment, "app": SYSTEM, "n": inferences, "id": f"{age}-{inferences}"}
            file.write(json.dumps(line) + "\n")


def write_prompts(folder: Path) -> None:
    """A repository whose one prompt was added four months ago and changed once since."""

    def git(*arguments: str, age: int = 0) -> None:
        moment = (datetime.now(UTC) - timedelta(days=age)).isoformat()
        identity = {
            f"GIT_{role}_{part}": value
            for role in ("AUTHOR", "COMMITTER")
            for part, value in (("NAME", "a"), ("EMAIL", "a@example.com"), ("DATE", moment))
        }
        environ = {"PATH": "/usr/bin:/bin", "HOME": str(folder), **identity}
        subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, env=environ)

    folder.mkdir()
    git("init", "--initial-branch=main")
    for age, text in ((120, "Answer politely."), (70, "Answer politely and briefly.")):
        (folder / "system.md").write_text(text)
        git("add", ".", age=age)
        git("commit", "-m", "prompt", age=age)


def configure(folder: Path, port: int, declared: str) -> Path:
    fields = {"time": "ts", "inferences": "n", "request_id": "id"}
    config = {
        "store": {"url": "sqlite:///leverwatch.db"},
        "web": {"listen": f"127.0.0.1:{port}"},
        "evaluation": {"interval": "500ms"},
        "sources": [
            {
                "name": "gateway",
                "type": "files",
                "path": "usage.jsonl",
                "format": {"type": "jsonl", "fields": fields},
                "system": "{app}",
                "interval": "300ms",
            },
            {
                "name": "prompts",
                "type": "git",
                "repo": "prompts",
                "branch": "main",
                "systems": {SYSTEM: ["**/system.md"]},
                "interval": "1s",
            },
        ],
        "systems": {SYSTEM: {"declared_strategy": declared, "reviewed": "2026-01-01"}},
    }
    path = folder / "leverwatch.yaml"
    path.write_text(yaml.safe_dump(config))
    return path


def scraping(agent: str, notifier: str, rules: Path) -> dict[str, Any]:
    return {
        "global": {"scrape_interval": "500ms", "scrape_timeout": "500ms"},
        "rule_files": [str(rules)],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [notifier]}]}]},
        "scrape_configs": [{"job_name": "leverwatch", "static_configs": [{"targets": [agent]}]}],
    }


def test_growth_past_the_threshold_alerts_and_an_edited_declaration_resolves(tmp_path: Path) -> None:
    port = free_port()
    log = tmp_path / "usage.jsonl"
    write_days(log, 1, DAYS, inferences=2_000_000)
    write_prompts(tmp_path / "prompts")
    config = configure(tmp_path, port, declared="prompt_engineering")
    rules = tmp_path / "leverwatch.rules.yaml"
    rules.write_text(yaml.safe_dump(shortened_rules()))
    with webhook_receiver() as webhook, running(config, port) as agent:
        route = {"receiver": "webhook", "group_by": ["..."], "group_wait": "0s", "group_interval": "1s"}
        receiver = {"name": "webhook", "webhook_configs": [{"url": webhook.url, "send_resolved": True}]}
        notifying = {"route": route, "receivers": [receiver], "inhibit_rules": documented_inhibit_rules()}
        with alertmanager(tmp_path / "alertmanager", notifying) as notifier:
            target = notifier.url.removeprefix("http://")
            scrape = scraping(f"127.0.0.1:{port}", target, rules)
            with prometheus(tmp_path / "prometheus", scrape) as server:

                def value(expression: str) -> float | None:
                    result = server.get("/api/v1/query", query=expression)["data"]["result"]
                    return float(result[0]["value"][1]) if result else None

                decided = 'leverwatch_verdict_status{system="support-bot",status="decided"}'
                wait_until(lambda: value(decided) == 1, 30, "a decided verdict in Prometheus")
                assert value("leverwatch_strategy_mismatch") == 0
                assert value("leverwatch_monthly_inferences") == 2_000_000 * 28 * 30.4375 / 28

                # Late lines of the last 20 days: the 28-day window passes 100M, and did so 9 days ago or earlier.
                write_days(log, 1, 20, inferences=5_000_000)
                firing = webhook.wait_for(ALERT, "firing", seconds=30)
                # Nothing is configured about links: they lead to where Prometheus reaches the agent.
                runbook = requests.get(firing["annotations"]["runbook_url"], timeout=30).text
                page = requests.get(firing["annotations"]["dashboard_url"], timeout=30).text
                configure(tmp_path, port, declared="hybrid")
                agent.reload()
                resolved = webhook.wait_for(ALERT, "resolved", seconds=30)
                crossed = webhook.wait_for("LeverwatchVolumeThresholdCrossed", "firing", seconds=30)

                volume = value("leverwatch_monthly_inferences")
    assert firing["labels"] == {
        "alertname": ALERT,
        "severity": "warning",
        "job": "leverwatch",
        "system": SYSTEM,
        "declared": "prompt_engineering",
        "recommended": "hybrid",
    }
    assert firing["annotations"]["summary"] == "A system's recommended strategy differs from the declared one."
    assert firing["annotations"]["description"].startswith(
        "support-bot declares prompt_engineering, and hybrid is recommended since "
    )
    assert f"<h1>{ALERT}</h1>" in runbook
    assert f'<th scope="row"><a class="name" href="?system={SYSTEM}">{SYSTEM}</a>' in page
    assert resolved["fingerprint"] == firing["fingerprint"]
    assert volume == (28 * 2_000_000 + 20 * 5_000_000) * 30.4375 / 28
    assert crossed["labels"]["boundary"] == "hybrid"
