"""Calls without tokens that lie inside of a document, sums of days that tell only calls, tables without names."""

from __future__ import annotations

import json
from typing import Any

from leverwatch.collectors.sniffing.guess import FieldGuess
from leverwatch.collectors.sniffing.sniff import guess


def guessed(data: bytes) -> FieldGuess | None:
    found = guess(data, "plain")
    return None if found is None else found.fields


def document(value: dict[str, Any]) -> FieldGuess | None:
    return guessed(json.dumps(value, indent=1).encode())


def at(n: int) -> str:
    return f"2026-07-2{n}T11:{n:02}:09+02:00"


def test_calls_of_a_list_need_no_tokens_beside_a_time_of_day_and_a_model() -> None:
    calls = [{"at": at(n), "model": f"m{n % 2}", "input_length": 9 + n, "duration_ms": 70 + n} for n in range(5)]
    found = document({"requests_total": 5, "latest": calls})

    assert found is not None
    assert found.extras["records"] == "latest"
    assert found.fields == {"time": "latest.at", "model": "latest.model", "latency_ms": "latest.duration_ms"}


def test_questions_and_answers_of_a_list_are_calls_too() -> None:
    asked = [{"at": at(n), "question": f"is {n} a prime", "answer": "I think so."} for n in range(5)]
    found = document({"version": 2, "history": asked})

    assert found is not None
    assert found.fields == {"time": "history.at"}
    assert any("Is each of them one call of a model?" in note for note in found.notes)


def test_a_list_of_other_things_with_a_time_is_refused() -> None:
    assert document({"jobs": [{"at": at(n), "name": f"backup {n}", "took_ms": 90} for n in range(5)]}) is None


def test_days_that_tell_calls_and_a_cost_count_by_the_calls_of_models() -> None:
    days = {
        f"2026-07-2{n}": {"jira_api_calls": 40 + n, "openai_api_calls": 3 + n % 2, "total_cost": (2 + n % 3) / 100}
        for n in range(4)
    }
    found = document({"per_day": days, "per_month": {"2026-07": days["2026-07-20"]}})

    assert found is not None
    assert found.extras["records"] == "per_day.*"
    assert found.fields["inferences"] == "per_day.*.openai_api_calls"
    assert found.fields["time"] == "key.1"


def test_counts_that_add_up_are_tokens_of_a_table_without_names_or_models_and_that_is_asked() -> None:
    rows = [f"{at(n)},s-{n % 2},{40 + n * 7 % 5},{9 + n * 5 % 3},{49 + n * 7 % 5 + n * 5 % 3}\n" for n in range(8)]
    found = guessed("".join(rows).encode())

    assert found is not None
    assert found.extras["columns"] == ["time", "column2", "input_tokens", "output_tokens", "total_tokens"]
    assert any("8 fewer in the sample" in note for note in found.notes)


def test_counts_that_do_not_add_up_are_none_without_a_model() -> None:
    rows = [f"{at(n)},s-{n % 2},{40 + n * 7 % 5},{9 + n * 5 % 3},{50 + n}\n" for n in range(8)]

    assert guessed("".join(rows).encode()) is None


def test_calls_of_several_uses_of_a_day_are_added_up() -> None:
    uses = {"search": {"call_count": 4, "total_tokens": 910}, "mail": {"call_count": 3, "total_tokens": 77}}
    found = document({"date": "2026-07-21", **uses, "alerts": {"call_count": 0, "total_tokens": 0}})

    assert found is not None
    assert sorted(found.fields["inferences"]) == ["+alerts.call_count", "+mail.call_count", "search.call_count"]


def test_calls_of_all_uses_are_those_of_a_day_and_are_not_added_to_their_parts() -> None:
    uses = {"search": {"call_count": 4}, "mail": {"call_count": 3}}
    found = document({"date": "2026-07-21", "call_count": 7, "total_tokens": 987, **uses})

    assert found is not None
    assert found.fields["inferences"] == "call_count"


def test_counters_since_a_reset_are_no_day_and_those_of_the_day_are_its() -> None:
    since = {"total_requests": 19, "total_tokens": 870, "last_reset": "2026-07-21"}
    found = document({**since, "requests_today": 4})

    assert document(since) is None
    assert found is not None
    assert (found.fields["inferences"], found.fields["time"]) == ("requests_today", "last_reset")


def test_sums_of_a_run_by_task_are_refused_where_the_only_time_is_in_its_id() -> None:
    task = {"calls": 4, "input_tokens": 900, "output_tokens": 31}
    tasks = {name: {**task, "input_tokens": 900 + len(name)} for name in ("plan", "write", "check", "mend")}

    assert document({"run_id": "run-20260721T101500", "model": "gpt-5-nano", "by_task": tasks}) is None
