"""A log of a business that is closed at weekends, with one missed day, from real files to a firing alert."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from tests.e2e.agents import leverwatch_json, running
from tests.e2e.servers import alertmanager, free_port, prometheus, wait_until, webhook_receiver
from tests.e2e.test_alert_chain import shortened_rules
from tests.e2e.test_mismatch_alert import ALERT, SYSTEM, configure, scraping, write_prompts

pytestmark = pytest.mark.e2e

WEEKS = 28


def write_weekdays(log: Path, missed: date) -> None:
    """One summed line of 10M calls for each Monday to Friday but one."""
    today = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    with log.open("w") as file:
        for age in range(7 * WEEKS, 0, -1):
            moment = today - timedelta(days=age)
            if moment.weekday() < 5 and moment.date() != missed:
                line = {"ts": moment.isoformat(), "app": SYSTEM, "n": 10_000_000, "id": str(age)}
                file.write(json.dumps(line) + "\n")


def test_a_weekday_business_with_a_missed_day_is_decided_and_its_alert_fires(tmp_path: Path) -> None:
    port = free_port()
    # A weekday well within the window, and not at its edge, where a day may still arrive.
    missed = next(
        day
        for age in range(10, 15)
        if (day := (datetime.now(UTC) - timedelta(days=age)).date()).weekday() in {1, 2, 3}
    )
    write_weekdays(tmp_path / "usage.jsonl", missed)
    write_prompts(tmp_path / "prompts")
    config = configure(tmp_path, port, declared="prompt_engineering")
    rules = tmp_path / "leverwatch.rules.yaml"
    rules.write_text(yaml.safe_dump(shortened_rules()))
    with webhook_receiver() as webhook, running(config, port):
        route = {"receiver": "webhook", "group_by": ["..."], "group_wait": "0s", "group_interval": "1s"}
        receivers = [{"name": "webhook", "webhook_configs": [{"url": webhook.url, "send_resolved": True}]}]
        with alertmanager(tmp_path / "alertmanager", {"route": route, "receivers": receivers}) as notifier:
            scrape = scraping(f"127.0.0.1:{port}", notifier.url.removeprefix("http://"), rules)
            with prometheus(tmp_path / "prometheus", scrape) as server:

                def value(expression: str) -> float | None:
                    result = server.get("/api/v1/query", query=expression)["data"]["result"]
                    return float(result[0]["value"][1]) if result else None

                decided = 'leverwatch_verdict_status{system="support-bot",status="decided"}'
                wait_until(lambda: value(decided) == 1, 30, "a decided verdict in Prometheus")
                firing = webhook.wait_for(ALERT, "firing", seconds=30)
                assert value("leverwatch_usage_coverage_ratio") == pytest.approx(27 / 28)
                # The missed day has its likely count, the mean of its weekday; weekends have none.
                assert value("leverwatch_monthly_inferences") == 200_000_000 * 30.4375 / 28
    assert firing["labels"]["recommended"] == "hybrid"
    (verdict,) = leverwatch_json("evaluate", config=config)
    told = {reason["code"]: reason["text"] for reason in verdict["reasons"]}
    assert verdict["status"] == "decided"
    assert told["idle_days"].startswith("8 days without records count as zero (Saturday, Sunday)")
    assert f"{missed} had no records" in told["partial_window"]
    assert "206.5M to 217.4M a month, the mid band either way" in told["partial_window"]
