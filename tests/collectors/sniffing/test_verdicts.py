"""Calls whose answers are judged later count with their tokens; those without output that failed are errors."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.sniffing.proposed import found_in, said

MIXED = "status: 3 of 6 records that failed by {} have output tokens"


def call(n: int, output: int | None) -> dict[str, Any]:
    given = {} if output is None else {"output_tokens": output}
    return {"at": f"2026-03-05T09:{n:02}:11Z", "model": "m", "input_tokens": 300 + n * 17 % 91, **given}


def judged(name: str, good: Any, bad: Any, *, empty: int | None = 0, answered: int = 2) -> list[dict[str, Any]]:
    """Return 36 calls, of which each sixth is judged bad; of these, two of `answered` have output."""
    rows = []
    for n in range(36):
        failed = n % 6 == 2
        has_output = not failed or answered == 2 or n % 12 == 2
        rows.append({**call(n, 20 + n * 7 % 43 if has_output else empty), name: bad if failed else good})
    return rows


@pytest.mark.parametrize(
    ("name", "good", "bad", "valid"),
    [
        ("success", True, False, "success"),
        ("ok", "true", "false", "ok"),
        ("succeeded", 1, 0, "succeeded"),
        ("success", "yes", "no", {"path": "success", "valid": ["yes"], "invalid": ["no"]}),
        ("result", "pass", "fail", "result"),
        ("outcome", "accepted", "rejected", {"path": "outcome", "valid": ["accepted"], "invalid": ["rejected"]}),
    ],
)
def test_a_verdict_on_answers_is_no_status_but_says_whether_these_passed(
    name: str, good: Any, bad: Any, valid: object
) -> None:
    found = found_in(judged(name, good, bad))

    assert "status" not in found.fields
    assert found.fields.get("valid") == valid


@pytest.mark.parametrize("name", ["passed", "correct", "parse_ok", "valid"])
def test_a_name_that_only_a_verdict_has_is_neither_a_status_nor_doubted(name: str) -> None:
    found = found_in(judged(name, True, False))

    assert "status" not in found.fields
    assert not said(found, "status")


def test_a_field_of_validity_is_kept_beside_a_success_that_tells_of_the_same() -> None:
    rows = [{**it, "schema_valid": it["success"]} for it in judged("success", True, False)]

    assert found_in(rows).fields["valid"] == "schema_valid"


def test_a_bare_success_is_doubted_where_its_failures_have_output() -> None:
    assert "all of the 6 records that failed by success have output" in said(
        found_in(judged("success", True, False)), "status"
    )


def test_an_error_beside_is_said_and_makes_the_failure_none_of_validity() -> None:
    rows = judged("success", True, False)
    found = found_in([{**it, "error_code": None if it["success"] else "RATE_LIMIT"} for it in rows])

    assert not {"status", "valid"} & found.fields.keys()
    assert "other fields tell of an error" in said(found, "status")


@pytest.mark.parametrize(("empty", "error"), [(0, [0, False]), (None, [False])])
def test_failures_without_output_are_errors_beside_others_that_have_some(
    empty: int | None, error: list[Any]
) -> None:
    found = found_in(judged("success", True, False, empty=empty, answered=1))

    assert found.fields["status"] == {
        "path": ["output_tokens", "success"],
        "success": {"present": True},
        "error": error,
    }
    assert said(found, "status").startswith(MIXED.format("success"))


def test_a_status_of_words_for_failures_stays_an_error_and_says_what_does_not_count() -> None:
    found = found_in(judged("status", "success", "error"))

    assert found.fields["status"] == "status"
    assert "which do not count" in said(found, "status")


def test_a_success_without_output_leaves_the_verdict_as_it_is() -> None:
    rows = judged("success", True, False, answered=1)
    rows[0]["output_tokens"] = 0
    found = found_in(rows)

    assert found.fields["status"] == "success"
    assert "which do not count" in said(found, "status")
