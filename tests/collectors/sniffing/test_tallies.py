"""Small files in which a program keeps how many calls there were: by day, by model, by who served them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from leverwatch.collectors.sniffing.guess import FieldGuess
from leverwatch.collectors.sniffing.sniff import guess

DAYS = {"2026-03-04": 7, "2026-03-05": 11}


def read(document: Any, name: str = "state.json") -> FieldGuess | None:
    found = guess(json.dumps(document, indent=1).encode(), "plain", name)
    return None if found is None else found.fields


def by_provider(day: str, *calls: int) -> dict[str, Any]:
    return {
        "date": day,
        **{name: {"requests": n, "cost": 0.0} for name, n in zip(("groq", "own"), calls, strict=True)},
    }


@pytest.mark.parametrize(
    ("document", "records", "fields"),
    [
        (
            {"2026-03-04": {"calls": 9, "by_model": {"house-7b": {"calls": 4}, "gpt-4.1": {"calls": 5}}}},
            "*.by_model.*",
            {"time": "key.1", "model": "key.2", "inferences": "*.by_model.*.calls"},
        ),
        (
            {name: {"usage_count": n, "daily_limit": 20, "first_request_at": f"2026-03-0{n}T08:00:01Z"}
             for n, name in enumerate(("gemini-3-pro", "gemini-2.5-flash"), 2)},
            "*",
            {"time": "*.first_request_at", "model": "key.1", "inferences": "*.usage_count"},
        ),
        (
            {"day": "2026-03-04", "groq": {"requests": 3, "cost": 0.0}, "own": {"requests": 2, "cost": 0.0},
             "history": [by_provider("2026-03-02", 4, 1), by_provider("2026-03-03", 0, 2)]},
            ["history.*", "*"],
            {"time": ["history.date", "day"], "inferences": ["history.*.requests", "*.requests"]},
        ),
        (
            {"total_runs": 18, "runs_by_service": {"openai": 12, "google": 6}, "runs_by_date": DAYS},
            "runs_by_date.*",
            {"time": "key.1", "inferences": "runs_by_date.*"},
        ),
    ],
)  # fmt: skip
def test_the_finest_numbers_of_calls_with_a_day_are_read(
    document: Any, records: str | list[str], fields: dict[str, Any]
) -> None:
    found = read(document)

    assert found is not None
    assert found.extras["records"] == records
    assert {name: found.fields.get(name) for name in fields} == fields


def test_bare_numbers_of_days_are_calls_where_the_name_of_the_file_speaks_of_models() -> None:
    found = read(DAYS, "gemini_usage.json")

    assert found is not None
    assert (found.fields["time"], found.fields["inferences"]) == ("key.1", "*")
    assert read(DAYS, "visitors.json") is None
    assert read({day: {"requests": n} for day, n in DAYS.items()}, "web_stats.json") is None


def test_two_providers_with_a_model_and_tokens_of_their_own_are_a_call_each() -> None:
    served = {"requests": 2, "tokens": {"input": 40, "output": 8}, "lastRequestAt": "2026-03-04T08:10:00Z"}
    providers = {
        "claude": {"model": "claude-sonnet-4-5", **served},
        "deepseek": {"model": "deepseek-chat", **served},
    }
    found = read({"scope": "lifetime", "startedAt": "2026-03-04T08:00:00Z", "providers": providers})

    assert found is not None
    assert (found.extras["records"], found.fields["model"]) == ("providers.*", "providers.*.model")


@pytest.mark.parametrize(
    ("document", "records", "fields"),
    [
        (
            {"daily": {day: {"success": n, "failed": 1} for day, n in DAYS.items()}, "of": "gpt-4o"},
            "daily.*",
            {"inferences": ["daily.*.success", "+daily.*.failed"], "errors": "daily.*.failed"},
        ),
        (
            {"today": {"date": "2026-03-06", "count": 4}, "gemini": True,
             "history": [{"date": day, "count": n} for day, n in DAYS.items()]},
            ["history", "today"],
            {"time": ["history.date", "today.date"], "inferences": ["history.count", "today.count"]},
        ),
        (
            {f"gemini_key_{n}": {"used": 3 + n, "date": "2026-03-05"} for n in range(3)},
            "*",
            {"time": "*.date", "inferences": "*.used", "model": None},
        ),
        (
            {"每日统计": {day: {"调用次数": n, "输入tokens": 90 * n, "输出tokens": 7 * n}
                      for day, n in DAYS.items()}},
            "每日统计.*",
            {"inferences": "每日统计.*.调用次数", "input_tokens": "每日统计.*.输入tokens"},
        ),
        (
            {"data": [{"start_time": 1784505600 + 86400 * n, "results": [{"input_tokens": 90 + n,
              "output_tokens": 11, "num_model_requests": 5 + n, "model": "gpt-4o-mini"}]} for n in range(2)]},
            "data.results",
            {"inferences": "data.results.num_model_requests"},
        ),
        (
            {name: {"plan": "pro", "calls": [{"ts": f"2026-03-04T08:0{n}:00Z", "input_tokens": 90 + n,
                                              "output_tokens": 7}]} for n, name in enumerate(("u_91", "u_44"))},
            "*.calls",
            {"time": "*.calls.ts", "input_tokens": "*.calls.input_tokens"},
        ),
    ],
)  # fmt: skip
def test_other_shapes_of_such_files_are_read_too(
    document: Any, records: str | list[str], fields: dict[str, Any]
) -> None:
    found = read(document)

    assert found is not None
    assert found.extras["records"] == records
    assert {name: found.fields.get(name) for name in fields} == fields


def test_sums_of_days_are_taken_before_a_list_of_the_last_calls() -> None:
    recent = [{"timestamp": "2026-03-05T08:00:00Z", "model": "gpt-4o", "input_tokens": 90, "output_tokens": 7}]
    by_day = {day: {"calls": n, "input_tokens": 95 * n, "output_tokens": 8 * n} for day, n in DAYS.items()}
    found = read({"by_day": by_day, "recent_calls": recent})

    assert found is not None
    assert found.extras["records"] == "by_day.*"
    assert any("some calls are missing there" in note for note in found.notes)


@pytest.mark.parametrize(
    ("document", "records", "fields"),
    [
        (
            {"day": "2026-03-05", "used": {"gemini-2.5-pro": 14, "gemini-2.5-flash": 80},
             "limits": {"gemini-2.5-pro": 50, "gemini-2.5-flash": 500}},
            "used.*",
            {"time": "day", "model": "key.1", "inferences": "used.*"},
        ),
        (
            {"days": [{"date": day, "inputTokens": 40 * n, "outputTokens": 9 * n, "parts": [
                {"modelName": "claude-opus-4-1", "inputTokens": 40 * n, "outputTokens": 9 * n,
                 "cacheReadTokens": 900 * n, "cacheCreationTokens": 3}]} for day, n in DAYS.items()]},
            "days.parts",
            {"model": "days.parts.modelName",
             "cache_write_tokens": {"path": "days.parts.cacheCreationTokens", "stands": "beside"}},
        ),
        (
            {name: {"minute": {"count": 1}, "day": {"date": "2026-03-05", "count": n}}
             for name, n in (("gemini", 12), ("groq", 5))},
            "*.day",
            {"time": "*.day.date", "inferences": "*.day.count"},
        ),
        (
            {"data": [{"date": day, "model": "openai/gpt-4o", "usage": 0.0002 * n, "requests": n,
                       "prompt_tokens": 90 * n, "completion_tokens": 8 * n} for day, n in DAYS.items()]},
            "data",
            {"cost_usd": "data.usage", "inferences": "data.requests"},
        ),
    ],
)  # fmt: skip
def test_parts_of_sums_and_numbers_beside_a_day_are_read(
    document: Any, records: str, fields: dict[str, Any]
) -> None:
    found = read(document)

    assert found is not None
    assert found.extras["records"] == records
    assert {name: found.fields.get(name) for name in fields} == fields


def test_of_two_numbers_of_a_file_that_of_the_day_is_taken() -> None:
    found = read({"last_reset": "2026-03-05", "total_count": 300, "daily_count": 14}, "gemini_quota.json")

    assert found is not None
    assert (found.fields["time"], found.fields["inferences"]) == ("last_reset", "daily_count")
    assert any("count again when they are written" in note for note in found.notes)


@pytest.mark.parametrize(
    ("document", "records", "fields"),
    [
        (
            {"by_user": {user: {day: {"calls": n, "tokens": 90 * n} for day, n in DAYS.items()}
                         for user in ("a1", "b2")}},
            "by_user.*.*",
            {"time": "key.2", "inferences": "by_user.*.*.calls"},
        ),
        (
            {"days": [{"date": day, "openai": {"calls": n, "cost": 0.01}, "anthropic": {"calls": 2, "cost": 0.02}}
                      for day, n in DAYS.items()]},
            "days.*",
            {"time": "days.date", "inferences": "days.*.calls", "cost_usd": "days.*.cost"},
        ),
        (
            {"seen": "2026-03-05T10:00:00Z", "providers": {
                "openai": {"requests": 10, "failures": 1, "tokens": 900, "last_success": "2026-03-05T09:00:00Z"},
                "groq": {"requests": 4, "failures": 0, "tokens": 300, "last_success": "2026-03-05T08:00:00Z"}}},
            "providers.*",
            {"inferences": "providers.*.requests", "errors": "providers.*.failures"},
        ),
        (
            [{"date": day, "of": {"gemini": {"attempt": n, "ok": n - 3, "http_429": 2, "exception": 1},
                                  "groq": {"attempt": 4, "ok": 4, "http_429": 0, "exception": 0}}}
             for day, n in DAYS.items()],
            "of.*",
            {"inferences": "of.*.attempt", "errors": ["of.*.http_429", "+of.*.exception"]},
        ),
        (
            {"models": {name: {"rpd_used": 12, "rpd_limit": 250, "date": "2026-03-05"}
                        for name in ("gemini-2.5-flash", "gemini-2.5-pro")}},
            "models.*",
            {"model": "key.1", "inferences": "models.*.rpd_used"},
        ),
        (
            {"runs": [{"date": day, "steps": {
                "condense": {"model": "gpt-4o", "calls": n, "tokens_in": 400, "tokens_out": 80},
                "render": {"model": "o3-mini", "calls": 2, "tokens_in": 100, "tokens_out": 90 + n}}}
                for day, n in DAYS.items()]},
            "runs.steps.*",
            {"model": "runs.steps.*.model", "inferences": "runs.steps.*.calls"},
        ),
        (
            {"gpt-4o": [{"date": day, "calls": n} for day, n in DAYS.items()],
             "o3-mini": [{"date": "2026-03-05", "calls": 1}]},
            "*",
            {"time": "*.date", "model": "key.1", "inferences": "*.calls"},
        ),
        (
            {"llm": {day: {"requests": str(n), "prompt_tokens": str(90 * n)} for day, n in DAYS.items()}},
            "llm.*",
            {"time": "key.1", "inferences": "llm.*.requests"},
        ),
        (
            {"tokens": {day: {"prompt": 90 * n, "completion": 8 * n, "total": 98 * n} for day, n in DAYS.items()}},
            "tokens.*",
            {"input_tokens": "tokens.*.prompt", "inferences": None},
        ),
    ],
)  # fmt: skip
def test_users_providers_and_models_around_days_are_followed(
    document: Any, records: str, fields: dict[str, Any]
) -> None:
    found = read(document)

    assert found is not None
    assert found.extras["records"] == records
    assert {name: found.fields.get(name) for name in fields} == fields


def test_the_total_of_requests_is_told_inside_of_them() -> None:
    found = read({"since": "2026-03-05T00:00:00Z", "model": "gpt-4o", "tokens": {"input": 3_000, "output": 500},
                  "requests": {"total": 30, "success": 27, "error": 3}})  # fmt: skip

    assert found is not None
    assert (found.fields["inferences"], found.fields["errors"]) == ("requests.total", "requests.error")
