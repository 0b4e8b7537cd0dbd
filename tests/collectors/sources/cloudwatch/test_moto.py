"""Against moto's server, which speaks as CloudWatch."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from leverwatch.collectors.daily.account import ACCOUNT, Account, digest_of
from leverwatch.collectors.daily.answers import DayState
from leverwatch.collectors.daily.errors import CredentialsRefused
from leverwatch.collectors.interface import Operation, SourceState
from tests.collectors.sources.cloudwatch.amazon import NOW, client, put, source

CLAUDE = "us.anthropic.claude-sonnet-4-20250514-v1:0"
PROFILE = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/k3b9x2m4q7zt"
EMBED = "amazon.titan-embed-text-v2:0"
REGIONS = ("us-east-1", "eu-central-1")


def traffic(url: str) -> None:
    """Two days of calls, with an idle one between them, in two regions."""
    here, there = client(url), client(url, "eu-central-1")
    for cloud, day in ((here, 24), (here, 26), (there, 26)):
        for hour in (0, 12, 23):
            at = datetime(2026, 11, day, hour, 59, 30 + hour, tzinfo=UTC)
            for name, value in {
                "Invocations": 1, "InputTokenCount": 100, "OutputTokenCount": 20, "InvocationLatency": 1500.5,
                "CacheReadInputTokenCount": 1000,
            }.items():  # fmt: skip
                put(cloud, name, at, value, ModelId=CLAUDE)
            put(cloud, "Invocations", at, 1)
            put(
                cloud, "OutputTokenCount", at, 20, ModelId=CLAUDE, AgentAliasArn="arn:aws:bedrock:x", Operation="y"
            )
    at = datetime(2026, 11, 26, 8, tzinfo=UTC)
    for name, value in {"Invocations": 1, "InputTokenCount": 7}.items():
        put(here, name, at, value, ModelId=EMBED)
        put(here, name, at, value, ModelId=PROFILE)
    put(here, "InvocationThrottles", at, 1, ModelId=CLAUDE)
    put(here, "InvocationClientErrors", at, 1, ModelId="cohere.command-r-v1:0")


@pytest.fixture(scope="module", autouse=True)
def _traffic(moto_url: str) -> None:
    traffic(moto_url)


def collected(found: Any, stored: dict[str, bytes] | None = None) -> list[Any]:
    return list(found.collect(SourceState(0, lambda: stored or {})))


def test_each_model_counts_by_day_and_region_with_what_is_unknown(moto_url: str, tmp_path: Path) -> None:
    # It tells regions apart by what signed a request, and has one address.
    found = [source(moto_url, tmp_path, regions=[it], system="{region}:{model}") for it in REGIONS]
    usage = [row for one in found for batch in collected(one) for row in batch.usage]

    rows = {(it.system, it.day.day): it for it in usage}
    claude = rows[f"us-east-1:{CLAUDE}", 26]
    assert (claude.inferences, claude.errors, claude.attempts) == (3, 1, 4)
    # What was read from the cache is counted beside the input, and belongs into it.
    assert (claude.input_tokens, claude.cached_input_tokens, claude.output_tokens) == (3300, 3000, 60)
    assert (claude.unknown_input, claude.unknown_output, claude.latency_ms) == (0, 0, 4501.5)
    assert {name for name, _ in rows} == {
        f"us-east-1:{CLAUDE}", f"eu-central-1:{CLAUDE}", f"us-east-1:{EMBED}", "us-east-1:k3b9x2m4q7zt",
        "us-east-1:cohere.command-r-v1:0",
    }  # fmt: skip
    embed, cohere = rows[f"us-east-1:{EMBED}", 26], rows["us-east-1:cohere.command-r-v1:0", 26]
    assert (embed.operation, embed.inferences, embed.input_tokens) == (Operation.EMBEDDING, 1, 7)
    assert (embed.output_tokens, embed.unknown_output, embed.unknown_latency) == (0, 1, 1)
    assert (cohere.inferences, cohere.errors) == (0, 1)
    assert sum(it.inferences for it in usage) == 3 + 3 + 3 + 1 + 1


def test_days_are_those_of_utc_and_an_idle_one_is_a_true_zero(moto_url: str, tmp_path: Path) -> None:
    found = source(moto_url, tmp_path, lookback="5d", system="{account}-{ModelId}", linked_accounts=False)
    stored: dict[str, bytes] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", moto_url)
        for batch in collected(found):
            stored |= {key: value for key, value in batch.state.items() if value is not None}

    states = {day: one.state for one in found.days(stored).told for day in one.days}
    assert [states[date(2026, 11, day)] for day in (23, 24, 25, 26, 27, 28)] == [
        DayState.UNKNOWN, DayState.COMPLETE, DayState.EMPTY, DayState.COMPLETE, DayState.UNKNOWN, DayState.UNKNOWN,
    ]  # fmt: skip


def test_the_account_is_asked_for_when_a_system_is_named_by_it(moto_url: str, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", moto_url)
        trial = source(moto_url, tmp_path, system="{account}").trial(date(2026, 11, 26))

    assert {it.system for it in trial.answer.usage} == {"123456789012"}
    assert trial.state is DayState.COMPLETE
    assert trial.question.startswith(
        "aws cloudwatch get-metric-data --region us-east-1 --start-time 2026-11-26T00"
    )


def test_credentials_of_another_account_replace_no_day_of_the_first_one(moto_url: str, tmp_path: Path) -> None:
    found = source(moto_url, tmp_path, system="{account}")
    stored: dict[str, bytes] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", moto_url)
        for batch in collected(found):
            stored |= {key: value for key, value in batch.state.items() if value is not None}
        kept = ACCOUNT.loads("account", stored[ACCOUNT.key])
        stored[ACCOUNT.key] = ACCOUNT.dumps(Account(kept.settings, digest_of("210987654321")))

        with pytest.raises(CredentialsRefused, match="of another organisation or project"):
            list(source(moto_url, tmp_path, system="{account}").collect(SourceState(1, lambda: stored)))
        with pytest.raises(CredentialsRefused, match="give the source another name"):
            source(moto_url, tmp_path, system="{account}").trial(date(2026, 11, 26), stored)


def test_a_profile_counts_for_its_model(moto_url: str, tmp_path: Path) -> None:
    profiles = {"k3b9x2m4q7zt": "anthropic.claude-3-haiku-20240307-v1:0"}
    trial = source(moto_url, tmp_path, system="{ModelId}", profiles=profiles).trial(date(2026, 11, 26))

    (row,) = [it for it in trial.answer.usage if it.system == PROFILE]
    assert row.model == "anthropic.claude-3-haiku-20240307-v1:0"


def test_a_day_older_than_what_is_kept_is_not_asked_for(moto_url: str, tmp_path: Path) -> None:
    old = source(moto_url, tmp_path, now=NOW + timedelta(days=456 - 4)).trial(date(2026, 11, 24))
    younger = source(moto_url, tmp_path, now=NOW + timedelta(days=456 - 4)).trial(date(2026, 11, 26))

    assert not old.answer.filled
    assert younger.answer.filled == {date(2026, 11, 26)}
