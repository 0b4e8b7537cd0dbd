"""Against a server that speaks Amazon's protocol as documented, with its pages, partial answers and errors."""

from __future__ import annotations

import builtins
import logging
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from leverwatch.collectors.daily.errors import (
    CredentialsRefused,
    PermissionRefused,
    TimedOut,
    Unreachable,
)
from leverwatch.collectors.errors import CollectorError, SourceRefused, SourceUnavailable
from leverwatch.collectors.interface import SourceState
from leverwatch.collectors.sources.cloudwatch.series import Place, unlisted
from tests.collectors.sources.cloudwatch.amazon import KEYS, Scripted, error, metric, result, source

DAY = date(2026, 11, 26)
AT = datetime(2026, 11, 26, tzinfo=UTC)
Asked = dict[str, Any]


def answering(
    served: Scripted,
    listed: Callable[[Asked], tuple[int, Any]],
    measured: Callable[[Asked], tuple[int, Any]] = lambda _: (200, {"MetricDataResults": []}),
) -> None:
    served.answer = lambda operation, asked: (listed if operation == "ListMetrics" else measured)(asked)


def one(*metrics: Mapping[str, Any], **more: Any) -> Callable[[Asked], tuple[int, Any]]:
    return lambda _: (200, {"Metrics": list(metrics), **more})


def told(values: Mapping[tuple[str, str], float]) -> Callable[[Asked], tuple[int, Any]]:
    """Answers with the values by metric and statistic, on one day."""

    def answer(asked: Asked) -> tuple[int, Any]:
        found = []
        for query in asked["MetricDataQueries"]:
            stat = query["MetricStat"]
            value = values.get((stat["Metric"]["MetricName"], stat["Stat"]))
            found.append(result(query, {} if value is None else {AT: value}))
        return 200, {"MetricDataResults": found}

    return answer


def test_all_pages_of_the_list_and_of_the_values_are_read(served: Scripted, tmp_path: Path) -> None:
    names = [f"model-{number:03}" for number in range(300)]

    def listed(asked: Asked) -> tuple[int, Any]:
        start = int(asked.get("NextToken", "0"))
        page = [
            metric(it, ModelId=name) for name in names[start : start + 250] for it in ("Invocations", "Invented")
        ]
        return 200, {"Metrics": page, **({"NextToken": "250"} if start == 0 else {})}

    def measured(asked: Asked) -> tuple[int, Any]:
        queries = asked["MetricDataQueries"]
        if "NextToken" not in asked:
            part = [result(query, {AT: 1.0}, "PartialData") for query in queries]
            return 200, {"MetricDataResults": part, "NextToken": "more"}
        return 200, {"MetricDataResults": [result(query, {AT.replace(day=27): 2.0}) for query in queries]}

    answering(served, listed, measured)
    (batch, *_) = source(served.url, tmp_path, history="3d").collect(SourceState(0, dict))

    assert sum(it.inferences for it in batch.usage if it.day.day == 26) == 300
    assert sum(it.inferences for it in batch.usage if it.day.day == 27) == 600
    assert {it.system for it in batch.usage} == set(names)


def test_a_request_has_at_most_500_metrics_and_whole_days_of_utc(served: Scripted, tmp_path: Path) -> None:
    page = [
        metric(it, ModelId=f"m-{number}") for number in range(101) for it in ("InputTokenCount", "Invocations")
    ]
    answering(served, one(*page), told({("Invocations", "Sum"): 1.0}))

    answer = source(served.url, tmp_path).trial(DAY).answer

    questions = served.of("GetMetricData")
    assert [len(it["MetricDataQueries"]) for it in questions] == [303]
    page += [metric("OutputTokenCount", ModelId=f"m-{number}") for number in range(101)]
    answering(served, one(*page), told({("Invocations", "Sum"): 1.0}))
    served.asked.clear()
    source(served.url, tmp_path).trial(DAY)
    questions = served.of("GetMetricData")
    assert [len(it["MetricDataQueries"]) for it in questions] == [500, 5]
    span = (AT.timestamp(), AT.replace(day=27).timestamp())
    assert {(it["StartTime"], it["EndTime"]) for it in questions} == {span}
    periods = {(it["MetricStat"]["Period"], it["MetricStat"]["Stat"]) for it in questions[0]["MetricDataQueries"]}
    assert periods == {(86_400, "Sum"), (86_400, "SampleCount")}
    assert sum(it.inferences for it in answer.usage) == 101


@pytest.mark.parametrize(
    ("calls", "errors", "wrote", "expected"),
    [
        (100.0, 10.0, 90.0, 90.0),  # failed ones are among the calls
        (100.0, 10.0, 100.0, 100.0),  # they are not
        (100.0, 10.0, 95.0, 95.0),  # some were refused before they were accepted
        (100.0, 10.0, None, 100.0),  # nothing says it
        (100.0, 10.0, 1440.0, 100.0),  # samples that are no calls
        (5.0, 10.0, 0.0, 0.0),
    ],
)
def test_calls_that_failed_are_taken_from_the_invocations_when_they_are_among_them(
    served: Scripted, tmp_path: Path, calls: float, errors: float, wrote: float | None, expected: float
) -> None:
    values = {("Invocations", "Sum"): calls, ("InvocationServerErrors", "Sum"): errors}
    if wrote is not None:
        values |= {("OutputTokenCount", "Sum"): 50.0, ("OutputTokenCount", "SampleCount"): wrote}
    names = ("Invocations", "InvocationServerErrors", "OutputTokenCount")
    answering(served, one(*(metric(name, ModelId="m") for name in names)), told(values))

    (row,) = source(served.url, tmp_path).trial(DAY).answer.usage

    assert (row.inferences, row.errors) == (expected, errors)


def test_both_names_of_cached_tokens_are_read_and_never_added(served: Scripted, tmp_path: Path) -> None:
    names = ("Invocations", "InputTokenCount", "CacheReadInputTokens", "CacheReadInputTokenCount",
             "CacheWriteInputTokenCount")  # fmt: skip
    values = {(name, "Sum"): 10.0 for name in names} | {("InputTokenCount", "SampleCount"): 10.0}
    answering(served, one(*(metric(name, ModelId="m") for name in names)), told(values))

    (row,) = source(served.url, tmp_path).trial(DAY).answer.usage

    assert (row.input_tokens, row.cached_input_tokens, row.cache_write_tokens) == (30, 10, 10)


def test_calls_that_are_late_are_told_by_the_tokens_that_were_written(served: Scripted, tmp_path: Path) -> None:
    values = {("OutputTokenCount", "Sum"): 50.0, ("OutputTokenCount", "SampleCount"): 5.0}
    answering(served, one(metric("OutputTokenCount", ModelId="m")), told(values))

    (row,) = source(served.url, tmp_path).trial(DAY).answer.usage

    assert (row.inferences, row.output_tokens, row.unknown_input) == (5, 50, 5)


def test_a_model_that_is_no_longer_listed_is_still_asked_for(served: Scripted, tmp_path: Path) -> None:
    values = told({("Invocations", "Sum"): 3.0})
    answering(served, one(metric("Invocations", ModelId="m")), values)
    stored: dict[str, bytes] = {}
    for batch in source(served.url, tmp_path, history="3d").collect(SourceState(0, dict)):
        stored |= {key: value for key, value in batch.state.items() if value is not None}
    answering(served, one(), values)

    after = source(served.url, tmp_path, history="3d")
    (batch, *_) = after.collect(SourceState(1, lambda: stored))

    assert [(it.model, it.inferences) for it in batch.usage] == [("m", 3.0)]
    assert after.days(stored).answered == 2
    trial = source(served.url, tmp_path, history="3d").trial(DAY, stored)
    assert ([it.inferences for it in trial.answer.usage], trial.answer.problems) == ([3.0], ())


def test_a_model_that_is_named_is_asked_for_though_it_is_not_listed(served: Scripted, tmp_path: Path) -> None:
    answering(served, one(), told({("Invocations", "Sum"): 3.0}))

    (row,) = source(served.url, tmp_path, models=["old-model"]).trial(DAY).answer.usage

    assert (row.model, row.inferences) == ("old-model", 3.0)


def test_the_first_run_says_that_models_of_old_days_may_not_be_listed(served: Scripted, tmp_path: Path) -> None:
    answering(served, one(metric("Invocations", ModelId="m")), told({("Invocations", "Sum"): 3.0}))

    def said(stored: dict[str, bytes], **more: Any) -> list[str]:
        found: dict[str, bytes] = {}
        reasons = []
        for batch in source(served.url, tmp_path, **more).collect(SourceState(0, lambda: stored)):
            found |= {key: value for key, value in batch.state.items() if value is not None}
            reasons += [str(problem.reason) for problem in batch.problems]
        stored |= found
        return reasons

    stored: dict[str, bytes] = {}
    assert said({}, history="14d") == []
    assert said({}, models=["old-model"]) == []
    assert set(said(stored)) == {"unlisted_models"}
    assert said(stored, system="bot") == []  # every day is asked for again, with the models that were met


def test_rules_say_of_which_system_a_profile_is_and_what_none_names_is_shown(
    served: Scripted, tmp_path: Path
) -> None:
    page = [metric("Invocations", ModelId=name) for name in ("p1", "p2", "us.model")]
    answering(served, one(*page), told({("Invocations", "Sum"): 3.0}))
    rules = [{"is": "search", "where": {"ModelId": ["p1", "p2"], "region": {"prefix": "us-"}}}]

    answer = source(served.url, tmp_path, system=rules).trial(DAY).answer

    assert {(it.system, it.model, it.inferences) for it in answer.usage} == {
        ("search", "p1", 3),
        ("search", "p2", 3),
    }
    assert list(answer.unattributed.values()) == [3]
    assert "us.model" in str(answer.unattributed)


def test_linked_accounts_are_listed_and_asked_by_their_owner(served: Scripted, tmp_path: Path) -> None:
    listed = one(
        metric("Invocations", ModelId="m"), metric("Invocations", ModelId="m"), OwningAccounts=["111", "222"]
    )
    answering(served, listed, told({("Invocations", "Sum"): 3.0}))

    usage = source(served.url, tmp_path, system="{account}", linked_accounts=True).trial(DAY).answer.usage

    assert [(it.system, it.inferences) for it in usage] == [("111", 3.0), ("222", 3.0)]
    assert served.of("ListMetrics")[0]["IncludeLinkedAccounts"] is True
    assert [it["AccountId"] for it in served.of("GetMetricData")[0]["MetricDataQueries"]] == ["111", "222"]


def test_no_account_is_asked_twice_when_linked_ones_are_read_later(served: Scripted, tmp_path: Path) -> None:
    values = told({("Invocations", "Sum"): 3.0})
    answering(served, one(metric("Invocations", ModelId="m")), values)
    stored: dict[str, bytes] = {}
    for batch in source(served.url, tmp_path, history="3d").collect(SourceState(0, dict)):
        stored |= {key: value for key, value in batch.state.items() if value is not None}
    answering(served, one(metric("Invocations", ModelId="m"), OwningAccounts=["111"]), values)

    after = source(served.url, tmp_path, history="3d", linked_accounts=True, models=["m", "old"])
    (batch, *_) = after.collect(SourceState(1, lambda: stored))

    assert {(it.model, it.inferences) for it in batch.usage} == {("m", 3.0), ("old", 3.0)}
    asked = served.of("GetMetricData")[-1]["MetricDataQueries"]
    owners = {(it["MetricStat"]["Metric"]["Dimensions"][0]["Value"], it.get("AccountId")) for it in asked}
    assert owners == {("m", "111"), ("old", None)}


@pytest.mark.parametrize(
    ("listed", "known", "linked", "expected"),
    [
        ([], [("m", "")], False, {("m", "")}),
        ([("m", "")], [("m", ""), ("n", "")], False, {("n", "")}),
        # Linked accounts were read before: of which of them a model was, only asking tells.
        ([("m", "")], [("m", "1"), ("n", "1"), ("n", "2")], False, {("n", "")}),
        ([("m", "1")], [("m", ""), ("n", "")], True, {("n", "")}),
        ([("m", "1")], [("n", "2"), ("n", "")], True, {("n", "2")}),
        ([("m", "1")], [("m", "2")], True, {("m", "2")}),
    ],
)
def test_a_model_that_is_not_listed_is_asked_for_under_one_name(
    listed: list[tuple[str, str]], known: list[tuple[str, str]], linked: bool, expected: set[tuple[str, str]]
) -> None:
    def places(named: list[tuple[str, str]]) -> list[Place]:
        return [Place("us-east-1", model, account) for model, account in named]

    found = unlisted(places(listed), places(known), linked=linked)

    assert {(it.model, it.account) for it in found} == expected


def test_the_permission_that_is_missing_for_the_values_is_named(served: Scripted, tmp_path: Path) -> None:
    answering(served, one(metric("Invocations", ModelId="m")), lambda _: error("AccessDenied", 403))

    with pytest.raises(PermissionRefused, match="may not call cloudwatch:GetMetricData"):
        source(served.url, tmp_path).trial(DAY)


def state_of(state: str, **more: Any) -> Callable[[Asked], tuple[int, Any]]:
    def answer(asked: Asked) -> tuple[int, Any]:
        return 200, {
            "MetricDataResults": [result(it, {AT: 1.0}, state) for it in asked["MetricDataQueries"]],
            **more,
        }

    return answer


@pytest.mark.parametrize(
    ("measured", "kind"),
    [
        (state_of("PartialData"), SourceUnavailable),
        (state_of("InternalError"), SourceUnavailable),
        (state_of("Forbidden"), PermissionRefused),
        (state_of("Complete", Messages=[{"Code": "MaxMetricsExceeded", "Value": "x"}]), SourceUnavailable),
        (state_of("PartialData", NextToken="again"), SourceUnavailable),  # a page that comes again and again
        (lambda _: (200, {"MetricDataResults": []}), SourceUnavailable),
        (lambda _: (200, b"<html>a proxy</html>"), SourceUnavailable),
    ],
)
def test_a_part_of_an_answer_is_none(
    served: Scripted, tmp_path: Path, measured: Callable[[Asked], tuple[int, Any]], kind: type[CollectorError]
) -> None:
    answering(served, one(metric("Invocations", ModelId="m")), measured)

    with pytest.raises(kind):
        source(served.url, tmp_path).trial(DAY)


def test_throttled_requests_are_tried_again_and_then_wait(served: Scripted, tmp_path: Path) -> None:
    listed = 200, {"Metrics": [metric("Invocations", ModelId="m")]}
    answers = iter([error("ThrottlingException")])
    answering(served, lambda _: next(answers, listed), told({("Invocations", "Sum"): 2.0}))

    (batch,) = source(served.url, tmp_path, history="1d", lookback="1d").collect(SourceState(0, dict))

    assert [it.inferences for it in batch.usage] == [2.0]


def test_nobody_there_no_answer_and_no_credentials_are_three_errors(
    served: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Unreachable, match="EndpointConnectionError"):
        source("http://127.0.0.1:1", tmp_path).trial(DAY)
    slow = threading.Event()
    answering(served, lambda _: (200, {"waited": slow.wait(1.5)}))
    with pytest.raises(TimedOut):
        source(served.url, tmp_path, timeout="300ms").trial(DAY)
    with pytest.raises(CredentialsRefused, match="ProfileNotFound"):
        source(served.url, tmp_path, profile="nobody").trial(DAY)
    for name in KEYS:
        monkeypatch.delenv(name)
    with pytest.raises(CredentialsRefused, match=r"no credentials were found.* \(NoCredentialsError\)"):
        source(served.url, tmp_path).trial(DAY)


def test_without_its_library_the_source_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def missing(name: str, *given: Any) -> Any:
        if name.partition(".")[0] == "botocore":
            raise ModuleNotFoundError(name)
        return real(name, *given)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(SourceRefused, match=r"install leverwatch\[cloudwatch\]"):
        source(None, tmp_path).trial(DAY)


def test_nothing_of_the_credentials_is_written_to_any_log(
    served: Scripted, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    answering(served, lambda _: error("SignatureDoesNotMatch", 403))

    with caplog.at_level(logging.DEBUG), pytest.raises(CredentialsRefused) as caught:
        source(served.url, tmp_path).trial(DAY)

    said = f"{caught.value} {caplog.text}"
    assert not [value for value in KEYS.values() if value in said]
    assert "Signature=" not in said
