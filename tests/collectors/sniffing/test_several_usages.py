"""Records that tell the tokens of several calls, side by side."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from leverwatch.collectors.sniffing.guess import FieldGuess
from leverwatch.collectors.sniffing.sniff import guess

Write = Callable[[int], dict[str, Any]]


def found_in(write: Write) -> FieldGuess:
    rows = ({"ts": f"2026-04-0{1 + n % 7}T1{n // 7}:03:00Z", **write(n)} for n in range(21))
    found = guess("".join(json.dumps(it) + "\n" for it in rows).encode(), "plain")
    assert found is not None
    assert found.fields is not None
    return found.fields


def used(n: int, more: int = 0) -> dict[str, int]:
    return {"prompt_tokens": 400 + n * 59 % 83 + more, "completion_tokens": 50 + n * 23 % 37 + more}


def said(found: FieldGuess) -> str:
    return "\n".join(it for it in found.notes if it.startswith("inferences:"))


@pytest.mark.parametrize(
    ("write", "places"),
    [
        (lambda n: {"model": "gpt-4o", "planner": used(n), "executor": used(n, 7)}, ["planner", "executor"]),
        (lambda n: {"usage": {"router": used(n), "writer": used(n, 7)}}, ["usage.router", "usage.writer"]),
        (lambda n: {"judge": {"use": used(n)}, "drafter": {"use": used(n, 7)}}, ["judge.use", "drafter.use"]),
    ],
)  # fmt: skip
def test_those_who_have_a_part_have_a_call_each_though_they_name_no_model(write: Write, places: list[str]) -> None:
    found = found_in(write)

    assert found.extras["records"] == places
    assert found.fields["input_tokens"] == [f"{it}.prompt_tokens" for it in places]
    assert found.fields.get("model") == ("model" if "planner" in places else None)
    assert " tell tokens each, and count as a call each" in said(found)


@pytest.mark.parametrize(
    "write",
    [
        lambda n: {"model": "gpt-4o", "basic": used(n), "optimized": used(n, 7)},
        lambda n: {"model": "gpt-4o", **used(n), **{f"judge_{name}": it for name, it in used(n, 9).items()}},
    ],
)
def test_the_tokens_of_what_may_be_a_second_call_are_told(write: Write) -> None:
    found = found_in(write)

    assert "records" not in found.extras
    assert "were these of another call, there would be 21 more" in said(found)


@pytest.mark.parametrize("name", ["total", "session", "estimated", "cumulative", "previous"])
def test_tokens_of_the_same_call_or_of_all_are_no_second_call(name: str) -> None:
    found = found_in(lambda n: {"model": "gpt-4o", **used(n), **{f"{name}_{it}": 9 for it in used(n)}})

    assert "another call" not in said(found)
