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
