from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from leverwatch.collectors.daily.answers import DayState
from leverwatch.collectors.daily.window import Days
from leverwatch.collectors.interface import Operation, SourceState, UsageRow
from leverwatch.collectors.sources.google_monitoring.api import spans
from tests.collectors.sources.google_monitoring.google import (
    CALLS,
    GEMINI,
    LATENCIES,
    RESPONSES,
    TOKENS,
    Google,
    source,
)
from tests.collectors.sources.web import Web

DAY = date(2026, 11, 26)
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def rows(served: Web, google: Google, folder: Path, **more: Any) -> list[UsageRow]:
    served.answer = google
    return sorted(source(served.url, folder, **more).trial(DAY).answer.usage, key=lambda row: row.model)


def traffic(google: Google, at: datetime, calls: float = 4, **labels: str) -> None:
    google.add(CALLS, at, calls, response_code="200", **{**GEMINI, **labels})
    google.add(TOKENS, at, calls * 100, type="input", **{**GEMINI, **labels})
    google.add(TOKENS, at, calls * 7, type="output", **{**GEMINI, **labels})


def test_requests_count_by_model_and_status_with_their_tokens_and_latency(served: Web, tmp_path: Path) -> None:
    google = Google()
    for method in ("RawPredict", "StreamRawPredict"):
        traffic(google, NOON, method=method, input_token_size="1K")
    google.add(CALLS, NOON, 2, response_code="429", error_category="capacity", **GEMINI)
    google.add(CALLS, NOON, 1, response_code="503", **GEMINI)
    for latency in (900.0, 1100.0, 1000.0, 1000.0, 5000.0):
        google.add(LATENCIES, NOON, latency, latency_type="model", **GEMINI)
        google.add(LATENCIES, NOON, 50.0, latency_type="overhead", **GEMINI)
    traffic(google, NOON, 3, model_user_id="text-embedding-005")

    gemini, embedding = rows(served, google, tmp_path)

    assert (gemini.system, gemini.model, gemini.inferences, gemini.errors) == (
        "shop-prod",
        "gemini-2.5-flash",
        8,
        3,
    )
    assert (gemini.input_tokens, gemini.output_tokens, gemini.unknown_input) == (800, 56, 0)
    assert (gemini.latency_ms, gemini.unknown_latency, gemini.unknown_cached) == (9250, 3, 8)
    assert (embedding.operation, embedding.inferences) == (Operation.EMBEDDING, 3)


def test_all_pages_are_read(served: Web, tmp_path: Path) -> None:
    google = Google(page=2)
    for number in range(7):
        traffic(google, NOON, 1, model_user_id=f"model-{number}")

    found = rows(served, google, tmp_path)

    assert [(it.inferences, it.input_tokens, it.output_tokens) for it in found] == [(1, 100, 7)] * 7


def test_a_minute_belongs_to_the_day_that_it_is_of_in_utc(served: Web, tmp_path: Path) -> None:
    google = Google()
    midnight = datetime(2026, 11, 26, tzinfo=UTC)
    traffic(google, midnight, 1000)  # of the last minute of the day before
    traffic(google, midnight + timedelta(minutes=1), 1)
    traffic(google, midnight + timedelta(days=1), 10)
    traffic(google, midnight + timedelta(days=1, minutes=1), 1000)

    assert [it.inferences for it in rows(served, google, tmp_path)] == [11]


def test_the_present_day_is_a_period_of_its_own_and_days_without_a_point_are_zeros(
    served: Web, tmp_path: Path
) -> None:
    google = Google()
    for day in (24, 26, 28):
        traffic(google, datetime(2026, 11, day, 0, 1, tzinfo=UTC))
    served.answer = google
    found = source(served.url, tmp_path, lookback="5d", history="10d")
    stored: dict[str, bytes] = {}
    usage: list[UsageRow] = []
    for batch in found.collect(SourceState(0, dict)):
        usage += batch.usage
        stored |= {key: value for key, value in batch.state.items() if value is not None}

    states = {day: one.state for one in found.days(stored).told for day in one.days}
    assert [states[date(2026, 11, day)] for day in (23, 24, 25, 26, 27, 28)] == [
        DayState.UNKNOWN, DayState.COMPLETE, DayState.EMPTY, DayState.COMPLETE, DayState.EMPTY, DayState.PARTIAL,
    ]  # fmt: skip
    assert [(it.day.day, it.inferences) for it in sorted(usage, key=lambda it: it.day)] == [
        (24, 4),
        (26, 4),
        (28, 4),
    ]


def test_periods_end_at_midnights_and_now() -> None:
    now = datetime(2026, 11, 28, 12, 0, 30, tzinfo=UTC)
    midnight, day = datetime(2026, 11, 28, tzinfo=UTC), timedelta(days=1)
    noon = midnight + timedelta(hours=12)

    assert spans(Days(DAY, date(2026, 11, 28)), now) == [
        (midnight - 2 * day, day, midnight),
        (midnight, timedelta(hours=12), noon),
    ]
    assert spans(Days(DAY, DAY), now) == [(midnight - 2 * day, day, midnight - day)]
    assert spans(Days(date(2026, 11, 28), date(2026, 11, 28)), now) == [(midnight, timedelta(hours=12), noon)]
    assert spans(Days(date(2026, 11, 28), date(2026, 11, 28)), midnight + timedelta(seconds=40)) == []


def test_tokens_of_batches_are_not_those_of_the_calls(served: Web, tmp_path: Path) -> None:
    google = Google()
    traffic(google, NOON)
    google.add(TOKENS, NOON, 1e6, type="input", source="batch_europe-west4", **GEMINI)
    google.add(
        TOKENS, NOON, 1e6, type="input", source="batch_europe-west4", **{**GEMINI, "model_user_id": "other"}
    )

    served.answer = google
    answer = source(served.url, tmp_path).trial(DAY).answer

    assert [(it.inferences, it.input_tokens) for it in answer.usage] == [(4, 400)]
    assert answer.problems == ()


def test_a_cloud_that_does_not_tell_where_tokens_are_from_is_asked_without(served: Web, tmp_path: Path) -> None:
    google = Google()
    google.labels[TOKENS].remove("source")
    traffic(google, NOON)

    assert [(it.inferences, it.input_tokens) for it in rows(served, google, tmp_path)] == [(4, 400)]


def test_endpoints_count_when_they_are_asked_for(served: Web, tmp_path: Path) -> None:
    google = Google()
    traffic(google, NOON)
    own = {"endpoint_id": "778", "deployed_model_id": "991", "location": "europe-west4"}
    google.add(RESPONSES, NOON, 6, response_code="2xx", spot="False", **own)
    google.add(RESPONSES, NOON, 2, response_code="4xx", **own)

    assert [it.system for it in rows(served, google, tmp_path, system="{location}")] == ["europe-west4"]
    (mine,) = rows(served, google, tmp_path, endpoints=True, system="{project}{endpoint}")
    assert (mine.system, mine.model, mine.inferences, mine.errors, mine.unknown_input) == (
        "shop-prod778", "991", 6, 2, 6,
    )  # fmt: skip


def test_a_status_that_is_none_is_said_and_no_success(served: Web, tmp_path: Path) -> None:
    google = Google()
    traffic(google, NOON)
    google.add(CALLS, NOON, 3, response_code="OK?", **GEMINI)

    served.answer = google
    answer = source(served.url, tmp_path).trial(DAY).answer

    assert [it.inferences for it in answer.usage] == [4]
    assert [reason for _, reason, _ in answer.problems] == ["unknown_status"]


@pytest.mark.parametrize(
    ("system", "expected"), [("{publisher}/{model}", "google/gemini-2.5-flash"), ("{location}", "europe-west4")]
)
def test_a_system_is_named_by_what_the_cloud_knows(
    served: Web, tmp_path: Path, system: str, expected: str
) -> None:
    google = Google()
    traffic(google, NOON)

    assert [it.system for it in rows(served, google, tmp_path, system=system)] == [expected]


def test_a_call_of_a_project_in_the_scope_of_metrics_belongs_to_that_project(served: Web, tmp_path: Path) -> None:
    google = Google()
    traffic(google, NOON, resource_container="search-prod")

    assert [it.system for it in rows(served, google, tmp_path)] == ["search-prod"]


def test_a_project_that_two_scopes_of_metrics_show_counts_once(served: Web, tmp_path: Path) -> None:
    google = Google()
    traffic(google, NOON)
    traffic(google, NOON, resource_container="search-prod")

    # Each of the two projects that are asked answers with the series of both.
    found = rows(served, google, tmp_path, projects=["shop-prod", "search-prod"])

    assert sorted((it.system, it.inferences, it.input_tokens) for it in found) == [
        ("search-prod", 4, 400),
        ("shop-prod", 4, 400),
    ]


def test_whole_numbers_come_as_texts_and_are_exact(served: Web, tmp_path: Path) -> None:
    google = Google()
    traffic(google, NOON)
    google.add(TOKENS, NOON, 90_071_992_547_409, type="input", **GEMINI)

    assert [it.input_tokens for it in rows(served, google, tmp_path)] == [90_071_992_547_809]


def test_what_is_asked_is_shown(served: Web, tmp_path: Path) -> None:
    served.answer = Google()

    shown = source(served.url, tmp_path).trial(DAY).question

    assert shown.startswith(
        'GET /v3/projects/shop-prod/timeSeries metric.type = "aiplatform.googleapis.com/publisher'
    )
    assert "2026-11-26T00:00Z to 2026-11-27T00:00Z, ALIGN_SUM of 86400s, REDUCE_SUM by resource_container" in shown
