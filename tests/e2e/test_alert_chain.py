"""The shipped rules in a real Prometheus, through a real Alertmanager, to a receiver."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.servers import (
    Exposition,
    Server,
    ServerFailed,
    Webhook,
    alertmanager,
    exposition,
    prometheus,
    wait_until,
    webhook_receiver,
)

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
RULE_FILE = ROOT / "helm/leverwatch/rules/leverwatch.rules.yaml"
ALERTS = ROOT / "docs/alerts.md"
ALERT = "LeverwatchStrategyMismatch"
STRATEGIES = ("prompt_engineering", "hybrid", "fine_tuning")


def shortened_rules() -> dict[str, Any]:
    """The shipped rules with the waiting taken out: `for` and `keep_firing_for` are 1 s, nothing else changes."""
    shipped: dict[str, Any] = yaml.safe_load(RULE_FILE.read_text())
    for group in shipped["groups"]:
        group["interval"] = "250ms"
        for rule in group["rules"]:
            rule |= {key: "1s" for key in ("for", "keep_firing_for") if key in rule}
    return shipped


def documented_inhibit_rules() -> list[dict[str, Any]]:
    """Those of the example in docs/alerts.md."""
    (example,) = re.findall(r"^```yaml\n(.+?)^```$", ALERTS.read_text(), re.MULTILINE | re.DOTALL)
    rules: list[dict[str, Any]] = yaml.safe_load(example)["inhibit_rules"]
    return rules


def metrics(
    declared: str, recommended: str, status: str = "decided", saving: tuple[float, float, float] | None = None
) -> str:
    """What an agent serves of one system; the saving is low, likely and high."""
    lines = [f'leverwatch_strategy_mismatch{{system="support-bot"}} {int(declared != recommended)}']
    lines += [
        'leverwatch_recommendation_changed_timestamp_seconds{system="support-bot"} 1763510400',
        'leverwatch_monthly_inferences{system="support-bot"} 131000000',
        'leverwatch_volume_threshold_inferences{boundary="hybrid"} 100000000',
        'leverwatch_volume_threshold_inferences{boundary="fine_tuning"} 1000000000',
    ]
    lines += [
        f'leverwatch_recommendation_saving_usd{{system="support-bot",bound="{bound}"}} {value}'
        for bound, value in zip(("low", "likely", "high"), saving or (), strict=False)
    ]
    for name, present in (("declared", declared), ("recommended", recommended)):
        lines += [
            f'leverwatch_{name}_strategy{{system="support-bot",strategy="{each}"}} {int(each == present)}'
            for each in STRATEGIES
        ]
    lines += [
        f'leverwatch_verdict_status{{system="support-bot",status="{each}"}} {int(each == status)}'
        for each in ("decided", "provisional", "undecided")
    ]
    return "\n".join((*lines, ""))


@dataclass(frozen=True)
class Chain:
    """All four parts, connected."""

    agent: Exposition
    prometheus: Server
    alertmanager: Server
    webhook: Webhook

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The result of an instant query."""
        result: list[dict[str, Any]] = self.prometheus.get("/api/v1/query", query=expression)["data"]["result"]
        return result

    def states(self) -> dict[str, str]:
        """What Alertmanager does with each alert it has: `active` or `suppressed`."""
        alerts = self.alertmanager.get("/api/v2/alerts")
        return {alert["labels"]["alertname"]: alert["status"]["state"] for alert in alerts}


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    rules = tmp_path / "leverwatch.rules.yaml"
    rules.write_text(yaml.safe_dump(shortened_rules()))
    with exposition() as agent, webhook_receiver() as webhook:
        route = {"receiver": "webhook", "group_by": ["..."], "group_wait": "0s", "group_interval": "1s"}
        receiver = {"name": "webhook", "webhook_configs": [{"url": webhook.url, "send_resolved": True}]}
        notifying = {"route": route, "receivers": [receiver], "inhibit_rules": documented_inhibit_rules()}
        with alertmanager(tmp_path / "alertmanager", notifying) as notifier:
            target = notifier.url.removeprefix("http://")
            config = {
                "global": {"scrape_interval": "500ms", "scrape_timeout": "500ms"},
                "rule_files": [str(rules)],
                "alerting": {"alertmanagers": [{"static_configs": [{"targets": [target]}]}]},
                "scrape_configs": [{"job_name": "leverwatch", "static_configs": [{"targets": [agent.target]}]}],
            }
            agent.text = metrics(declared="prompt_engineering", recommended="hybrid", status="provisional")
            with prometheus(tmp_path / "prometheus", config) as server:
                yield Chain(agent, server, notifier, webhook)


def test_a_mismatch_reaches_the_receiver_and_resolves_after_the_declaration_is_edited(chain: Chain) -> None:
    # Long enough for a rule that minds no status to fire.
    provisional = "count_over_time(leverwatch_strategy_mismatch[1m]) >= 6"
    wait_until(lambda: bool(chain.query(provisional)), 15, "six scrapes")
    assert chain.webhook.payloads == []

    chain.agent.text = metrics(declared="prompt_engineering", recommended="hybrid")
    firing = chain.webhook.wait_for(ALERT, "firing", seconds=15)
    chain.agent.text = metrics(declared="hybrid", recommended="hybrid")
    resolved = chain.webhook.wait_for(ALERT, "resolved", seconds=15)

    assert firing["labels"] == {
        "alertname": ALERT,
        "system": "support-bot",
        "declared": "prompt_engineering",
        "recommended": "hybrid",
        "job": "leverwatch",
        "severity": "warning",
    }
    assert firing["annotations"] == {
        "summary": "A system's recommended strategy differs from the declared one.",
        "description": "support-bot declares prompt_engineering, and hybrid is recommended since 2025-11-19. "
        "Rule: volume. Volume: 131M inferences a month (fine_tuning threshold 1B, hybrid threshold 100M). "
        "Cost: unknown, so nothing says whether hybrid is cheaper. The reasons: leverwatch explain support-bot",
        # This agent is a stand-in that exports no links.
        "dashboard_url": "",
        "runbook_url": f"https://github.com/leverwatch/leverwatch/blob/main/docs/runbooks/{ALERT}.md",
    }
    assert resolved["labels"] == firing["labels"]
    assert resolved["endsAt"] > resolved["startsAt"]
    assert chain.states().keys() <= {ALERT}


def test_a_mismatch_names_the_money_and_becomes_information_where_cost_points_the_other_way(chain: Chain) -> None:
    twin = "LeverwatchRecommendationCostsMore"
    chain.agent.text = metrics("prompt_engineering", "hybrid", saving=(2_113.2, 7_410.5, 19_004))
    saves = chain.webhook.wait_for(ALERT, "firing", seconds=20)
    assert chain.webhook.alerts(twin, "firing") == []

    chain.agent.text = metrics("prompt_engineering", "hybrid", saving=(-10_480, -7_888.2, 93))
    costs = chain.webhook.wait_for(twin, "firing", seconds=20)
    resolved = chain.webhook.wait_for(ALERT, "resolved", seconds=20)

    assert (saves["labels"]["severity"], costs["labels"]["severity"]) == ("warning", "info")
    assert (
        "Cost: hybrid saves $7,410 a month against prompt_engineering"
        " (10% to 90% of the saving: $2,113 to $19,004)."
    ) in saves["annotations"]["description"]
    assert (
        "Cost: hybrid costs $7,888 a month more than prompt_engineering"
        " (10% to 90% of the saving: -$10,480 to $93.00)."
    ) in costs["annotations"]["description"]
    assert costs["annotations"]["summary"].endswith("and would cost more.")
    assert resolved["fingerprint"] == saves["fingerprint"]
    assert chain.states().keys() == {twin}


def test_an_agent_that_is_down_keeps_its_mismatch_and_mutes_it(chain: Chain) -> None:
    chain.agent.text = metrics(declared="prompt_engineering", recommended="hybrid")
    chain.webhook.wait_for(ALERT, "firing", seconds=20)

    chain.agent.status = 503
    chain.webhook.wait_for("LeverwatchDown", "firing", seconds=15)

    muted = {ALERT: "suppressed", "LeverwatchDown": "active"}
    wait_until(lambda: chain.states() == muted, 10, "the mismatch is muted")
    assert chain.webhook.alerts(ALERT, "resolved") == []


def everything_at_once(system: str) -> str:
    """What an agent serves of a system for which every alert about a system holds."""
    served = {
        "strategy_mismatch": 1,
        'verdict_status{status="decided"}': 1,
        'recommended_strategy{strategy="hybrid"}': 1,
        'declared_strategy{strategy="fine_tuning"}': 1,
        'volume_crossing_timestamp_seconds{boundary="hybrid"}': 864_000,
        "usage_newest_day_timestamp_seconds": 864_000,
        'crossing_probability_ratio{boundary="fine_tuning"}': 0.9,
        'model_shutdown_timestamp_seconds{model="m-1"}': time.time() + 20 * 86_400,
        "review_due": 1,
        "rules_in_conflict": 1,
        'baseline_outcome{outcome="too_small"}': 1,
        'baseline_outcome{outcome="worse"}': 1,
        "prompt_over_engineered": 1,
        'prompt_changes_total{kind="added"}': 0,
        "fine_tuning_cheaper_probability_ratio": 0.1,
        'economics_agreement{agreement="disagrees"}': 1,
        'cross_check_diverging_since_timestamp_seconds{source="log",authoritative="table"}': 864_000,
    }
    # Of the two that take turns, the second holds for a system of its own.
    dear = {
        "strategy_mismatch": 1,
        'verdict_status{status="decided"}': 1,
        'recommended_strategy{strategy="hybrid"}': 1,
        'declared_strategy{strategy="fine_tuning"}': 1,
        'recommendation_saving_usd{bound="likely"}': -5,
    }
    lines = ["leverwatch_usage_stale_after_seconds 345600", f'leverwatch_review_due{{system="quiet-{system}"}} 1']
    for about, values in ((system, served), (f"dear-{system}", dear)):
        for series, value in values.items():
            name, _, labels = series.rstrip("}").partition("{")
            lines.append(f'leverwatch_{name}{{system="{about}"{"," if labels else ""}{labels}}} {value}')
    return "\n".join((*lines, ""))


def test_every_alert_about_a_system_is_notified_and_a_due_review_only_where_no_other_says_why(
    chain: Chain,
) -> None:
    chain.agent.text = everything_at_once("bot")
    expected = {rule["alert"] for rule in shortened_rules()["groups"][0]["rules"]}

    for alert in expected:
        chain.webhook.wait_for(alert, "firing", seconds=20)

    reviews = chain.alertmanager.get("/api/v2/alerts", filter='alertname="LeverwatchReviewDue"')
    assert {each["labels"]["system"]: each["status"]["state"] for each in reviews} == {
        "bot": "suppressed",
        "quiet-bot": "active",
    }
    (ending,) = chain.webhook.alerts("LeverwatchModelShutdownAhead", "firing")
    assert ending["labels"]["severity"] == "critical"
    assert ending["annotations"]["description"].startswith("bot uses m-1, which is shut down in 19d 23h")
    unusable = [
        alert["labels"]["outcome"] for alert in chain.webhook.alerts("LeverwatchBaselineMissing", "firing")
    ]
    assert set(unusable) == {"too_small"}


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    with (
        pytest.raises(ServerFailed, match="unknown_key"),
        prometheus(tmp_path, {"unknown_key": 1}),
    ):
        pytest.fail("it must not get ready")


def test_a_missing_server_is_an_error_and_no_skip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ServerFailed, match="prometheus-alertmanager is not installed"), alertmanager(tmp_path, {}):
        pytest.fail("it must not get ready")
