from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from leverwatch.collectors.daily.answers import DayState
from leverwatch.collectors.interface import Operation, SourceState, UsageRow
from tests.collectors.sources.azure_monitor.azure import NOW, RESOURCE, Azure, source
from tests.collectors.sources.web import Web

DAY = date(2026, 11, 26)
AT = datetime(2026, 11, 26, tzinfo=UTC)
GPT: dict[str, str] = {"ModelDeploymentName": "support", "ModelName": "gpt-4o", "ModelVersion": "2024-08-06"}


def rows(served: Web, azure: Azure, folder: Path, **more: Any) -> list[UsageRow]:
    served.answer = azure
    return list(source(served.url, folder, **more).trial(DAY).answer.usage)


def older(azure: Azure, at: datetime, calls: float, tokens: float) -> None:
    azure.add("AzureOpenAIRequests", at, calls, StatusCode="200", **GPT)
    azure.add("ProcessedPromptTokens", at, tokens, **GPT)
    azure.add("GeneratedTokens", at, tokens / 10, **GPT)


def newer(azure: Azure, at: datetime, calls: float, tokens: float) -> None:
    azure.add("ModelRequests", at, calls, StatusCode="200", **GPT)
    azure.add("InputTokens", at, tokens, **GPT)
    azure.add("OutputTokens", at, tokens / 10, **GPT)


def test_requests_count_by_deployment_and_status_with_their_tokens(served: Web, tmp_path: Path) -> None:
    azure = Azure()
    for hour in (0, 23):
        newer(azure, AT + timedelta(hours=hour, minutes=59), 5, 700)
    azure.add("ModelRequests", AT, 3, StatusCode="429", **GPT)
    azure.add("ModelRequests", AT, 1, StatusCode="500", **GPT)
    azure.add("ModelRequests", AT, 9, StatusCode="200", OperationName="List")  # no call of a model
    azure.add(
        "ModelRequests", AT, 2, StatusCode="200", ModelDeploymentName="emb", ModelName="text-embedding-3-small"
    )

    gpt, emb = sorted(rows(served, azure, tmp_path), key=lambda row: row.model)

    assert (gpt.system, gpt.model, gpt.inferences, gpt.errors) == ("support", "gpt-4o", 10, 4)
    assert (gpt.input_tokens, gpt.output_tokens, gpt.unknown_input, gpt.unknown_cached) == (1400, 140, 0, 10)
    assert (emb.system, emb.operation, emb.inferences, emb.unknown_input) == ("emb", Operation.EMBEDDING, 2, 2)


def test_a_resource_with_both_generations_of_metrics_counts_each_call_once(served: Web, tmp_path: Path) -> None:
    azure = Azure()
    older(azure, AT, 10, 1000)
    newer(azure, AT, 10, 1000)

    (row,) = rows(served, azure, tmp_path)

    assert (row.inferences, row.input_tokens, row.output_tokens) == (10, 1000, 100)


def test_on_the_day_on_which_a_generation_begins_the_other_one_is_taken(served: Web, tmp_path: Path) -> None:
    azure = Azure()
    older(azure, AT, 10, 1000)
    newer(azure, AT, 4, 400)

    (row,) = rows(served, azure, tmp_path)

    assert (row.inferences, row.input_tokens) == (10, 1000)


def test_a_resource_with_the_older_metrics_alone_is_asked_for_no_others(served: Web, tmp_path: Path) -> None:
    azure = Azure(has=("AzureOpenAIRequests", "ProcessedPromptTokens", "GeneratedTokens", "Latency"))
    older(azure, AT, 10, 1000)

    (row,) = rows(served, azure, tmp_path)

    assert (row.model, row.inferences, row.input_tokens, row.output_tokens) == ("gpt-4o", 10, 1000, 100)


def test_more_than_ten_deployments_are_all_counted(served: Web, tmp_path: Path) -> None:
    azure = Azure()
    for number in range(30):
        azure.add("ModelRequests", AT, 1, StatusCode="200", ModelDeploymentName=f"d{number}", ModelName="gpt-4o")

    assert len(rows(served, azure, tmp_path)) == 30


def test_a_grain_of_days_that_is_not_offered_is_added_up_from_hours(served: Web, tmp_path: Path) -> None:
    azure = Azure(grains=("PT1M", "PT1H"))
    for hour in range(24):
        newer(azure, AT + timedelta(hours=hour), 1, 10)

    (row,) = rows(served, azure, tmp_path)

    assert (row.day, row.inferences, row.input_tokens) == (DAY, 24, 240)


def test_the_cache_of_anthropics_models_is_put_inside_of_their_input(served: Web, tmp_path: Path) -> None:
    azure = Azure()
    claude = {"ModelDeploymentName": "opus", "ModelName": "claude-opus-4-1"}
    azure.add("ModelRequests", AT, 2, StatusCode="200", **claude)
    for name, tokens in {
        "InputTokens": 10, "cacheReadInputTokens": 500, "ephemeral5mInputTokens": 40, "ephemeral1hInputTokens": 50,
    }.items():  # fmt: skip
        azure.add(name, AT, tokens, ContextLength="short", **claude)

    (row,) = rows(served, azure, tmp_path)

    assert (row.input_tokens, row.cached_input_tokens, row.cache_write_tokens) == (600, 500, 90)
    assert row.uncosted_write_1h_tokens == 50


def test_tokens_of_two_models_that_are_told_together_are_unknown_and_said(served: Web, tmp_path: Path) -> None:
    azure = Azure(has=("AzureOpenAIRequests", "ProcessedPromptTokens"))
    older(azure, AT, 10, 1000)
    azure.add("AzureOpenAIRequests", AT, 5, StatusCode="200", ModelDeploymentName="support", ModelName="gpt-5")

    served.answer = azure
    answer = source(served.url, tmp_path).trial(DAY).answer

    assert {it.model: (it.inferences, it.unknown_input) for it in answer.usage} == {
        "gpt-4o": (10, 10),
        "gpt-5": (5, 5),
    }
    assert [reason for _, reason, _ in answer.problems] == ["missing_field"]


def test_a_status_that_is_no_number_is_said_and_no_success(served: Web, tmp_path: Path) -> None:
    azure = Azure()
    newer(azure, AT, 10, 1000)
    azure.add("ModelRequests", AT, 3, StatusCode="gone", **GPT)

    served.answer = azure
    answer = source(served.url, tmp_path).trial(DAY).answer

    assert [(it.inferences, it.errors) for it in answer.usage] == [(10, 0)]
    assert answer.problems == (
        ("source cloud: chat-prod", "unknown_status", "StatusCode: 3 requests have one that is no number"),
    )


def test_days_are_those_of_utc_and_days_filled_with_zeros_are_true_zeros(served: Web, tmp_path: Path) -> None:
    azure = Azure()
    for day in (24, 26, 28):
        newer(azure, datetime(2026, 11, day, 11, 59, tzinfo=UTC), 5, 700)
    served.answer = azure
    found = source(served.url, tmp_path, lookback="5d", history="10d")
    stored: dict[str, bytes] = {}
    for batch in found.collect(SourceState(0, dict)):
        stored |= {key: value for key, value in batch.state.items() if value is not None}

    states = {day: one.state for one in found.days(stored).told for day in one.days}
    assert [states[date(2026, 11, day)] for day in (23, 24, 25, 26, 27, 28)] == [
        DayState.UNKNOWN, DayState.COMPLETE, DayState.EMPTY, DayState.COMPLETE, DayState.EMPTY, DayState.PARTIAL,
    ]  # fmt: skip
    spans = {it["timespan"] for it in served.asked if it.path.endswith("/metrics")}
    assert "2026-11-23T00:00:00Z/2026-11-28T12:00:00Z" in spans


def test_a_day_that_is_partly_deleted_is_not_asked_for(served: Web, tmp_path: Path) -> None:
    azure = Azure()
    newer(azure, AT, 5, 700)
    served.answer = azure

    assert not source(served.url, tmp_path, now=NOW + timedelta(days=91)).trial(DAY).answer.filled
    assert source(served.url, tmp_path, now=NOW + timedelta(days=90)).trial(DAY).answer.filled


@pytest.mark.parametrize(
    ("system", "expected"),
    [
        ("{resource}-{deployment}", "chat-prod-support"),
        ("{group}.{subscription}", "ai.11-22"),
        ("{model}", "gpt-4o"),
    ],
)
def test_a_system_is_named_by_what_the_cloud_knows(
    served: Web, tmp_path: Path, system: str, expected: str
) -> None:
    azure = Azure()
    newer(azure, AT, 5, 700)

    assert [it.system for it in rows(served, azure, tmp_path, system=system)] == [expected]


def test_what_is_asked_is_shown_as_the_command_line_says_it(served: Web, tmp_path: Path) -> None:
    served.answer = Azure()

    shown = source(served.url, tmp_path).trial(DAY).question

    assert shown.startswith(f"az monitor metrics list --resource {RESOURCE} --metrics ModelRequests InputTokens")
    assert "--start-time 2026-11-26T00:00:00Z --end-time 2026-11-27T00:00:00Z" in shown
