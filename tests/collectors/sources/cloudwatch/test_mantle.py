"""Calls of `bedrock-mantle`, which are in a namespace of their own, and the clock of the service."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from leverwatch.collectors.interface import SourceState
from tests.collectors.sources.cloudwatch.amazon import Scripted, metric, result, source

DAY = date(2026, 11, 26)
AT = datetime(2026, 11, 26, tzinfo=UTC)
LISTED = [
    metric("Invocations", ModelId="nova"),
    *(metric(name, Project="shop") for name in ("Inferences", "TotalInputTokens")),
    *(metric(name, Model="gpt") for name in ("Inferences", "TotalInputTokens")),
    *(
        metric(name, Model="gpt", Project=project)
        for name in ("Inferences", "InferenceClientErrors", "InputTokens", "OutputTokens")
        for project in ("shop", "ads")
    ),
]  # fmt: skip
VALUES = {
    ("Invocations", "Sum"): 3.0, ("Inferences", "Sum"): 5.0, ("InferenceClientErrors", "Sum"): 2.0,
    ("InputTokens", "Sum"): 500.0, ("InputTokens", "SampleCount"): 5.0,
    ("OutputTokens", "Sum"): 40.0, ("OutputTokens", "SampleCount"): 5.0,
}  # fmt: skip


def answer(operation: str, asked: dict[str, Any]) -> tuple[int, Any]:
    """As documented: each namespace has its own metrics, by account, project, model, and both."""
    if operation == "ListMetrics":
        return 200, {"Metrics": [it for it in LISTED if it["Namespace"] == asked["Namespace"]]}
    found = []
    for query in asked["MetricDataQueries"]:
        stat = query["MetricStat"]
        value = VALUES.get((stat["Metric"]["MetricName"], stat["Stat"]))
        found.append(result(query, {} if value is None else {AT: value}))
    return 200, {"MetricDataResults": found}


def test_calls_of_both_endpoints_count_once_each_and_a_project_can_name_the_system(
    served: Scripted, tmp_path: Path
) -> None:
    served.answer = answer

    rules = [{"is": "runtime", "where": {"ModelId": "nova"}}, {"is": "{project}"}]
    usage = source(served.url, tmp_path, system=rules).trial(DAY).answer.usage

    told = {(it.system, it.model): (it.inferences, it.errors, it.input_tokens, it.unknown_output) for it in usage}
    assert told == {
        ("ads", "gpt"): (5, 2, 500, 0),
        ("shop", "gpt"): (5, 2, 500, 0),
        ("runtime", "nova"): (3, 0, 0, 3),
    }
    spaces = {
        (it["MetricStat"]["Metric"]["Namespace"], len(it["MetricStat"]["Metric"]["Dimensions"]))
        for it in served.of("GetMetricData")[0]["MetricDataQueries"]
    }
    assert spaces == {("AWS/Bedrock", 1), ("AWS/BedrockMantle", 2)}


def test_one_endpoint_alone_can_be_read_also_after_both_were(served: Scripted, tmp_path: Path) -> None:
    served.answer = answer
    stored: dict[str, bytes] = {}
    for batch in source(served.url, tmp_path, history="3d").collect(SourceState(0, dict)):
        stored |= {key: it for key, it in batch.state.items() if it is not None}

    alone = source(served.url, tmp_path, history="3d", mantle=False)
    (batch, *_) = alone.collect(SourceState(1, lambda: stored))

    assert {(it.model, it.inferences) for it in batch.usage} == {("nova", 3.0)}


def test_a_model_of_a_project_that_is_no_longer_listed_is_still_asked_for(
    served: Scripted, tmp_path: Path
) -> None:
    served.answer = answer
    stored: dict[str, bytes] = {}
    for batch in source(served.url, tmp_path, history="3d").collect(SourceState(0, dict)):
        stored |= {key: it for key, it in batch.state.items() if it is not None}
    served.answer = lambda operation, asked: (
        (200, {"Metrics": []}) if operation == "ListMetrics" else answer(operation, asked)
    )

    (batch, *_) = source(served.url, tmp_path, history="3d").collect(SourceState(1, lambda: stored))

    assert sum(it.inferences for it in batch.usage) == 13


def test_each_region_is_asked_at_its_own_address(served: Scripted, tmp_path: Path) -> None:
    served.answer = answer
    regions = ["us-east-1", "eu-central-1"]

    found = source(f"{served.url}/{{region}}", tmp_path, regions=regions, system="{region}").trial(DAY).answer

    assert {(it.system, it.model, it.inferences) for it in found.usage} == {
        (region, *it) for region in regions for it in (("gpt", 10), ("nova", 3))
    }


def test_a_day_is_not_over_before_the_service_says_so(served: Scripted, tmp_path: Path) -> None:
    """The clock of this machine is two days ahead."""
    served.answer = answer
    served.now = AT.replace(hour=23, minute=59)
    early = source(served.url, tmp_path).trial(DAY).answer
    served.now = AT.replace(day=27)
    late = source(served.url, tmp_path).trial(DAY).answer

    assert (set(early.partial), set(late.partial)) == ({DAY}, set())
