"""Times that stand within the id of a run, where a log has no other one."""

from __future__ import annotations

from typing import Any

import pytest

from leverwatch.collectors.sniffing.guess import FieldGuess, leaves, propose


def proposed(ids: list[str], **more: Any) -> FieldGuess | None:
    return propose([
        leaves({"run": id_, "model": "gpt-4o-mini", "prompt_tokens": 90 + n, "output_tokens": 9 + n % 3, **more})
        for n, id_ in enumerate(ids)
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("start", "end", "form"),
    [
        ("eval_20260917T10", "07Z_ab3", "*%Y%m%dT%H%M%S%z*"),
        ("2026-09-17_10-", "-07-daily", "%Y-%m-%d_%H-%M-%S*"),
        ("j/20260917_10", "07", "*%Y%m%d_%H%M%S"),
    ],
)
def test_a_time_within_an_id_is_the_time_and_the_question_says_of_what(start: str, end: str, form: str) -> None:
    found = proposed([f"{start}{10 + n // 3}{end}" for n in range(9)])

    assert found is not None
    assert found.fields["time"] == {"path": "run", "format": form}
    assert any("several records have the same" in note for note in found.notes)


def test_a_time_of_the_records_goes_before_one_within_an_id() -> None:
    found = proposed([f"r_20260917T10{10 + n}07Z" for n in range(9)], at="2026-09-18T00:03:09Z")

    assert found is not None
    assert found.fields["time"] == "at"


def test_ids_of_figures_that_are_no_times_are_none() -> None:
    assert proposed([f"r_20269917T10{10 + n}07Z" for n in range(9)]) is None
