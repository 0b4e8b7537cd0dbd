"""Numbers of calls that stand beside the object whose entries tell the tokens."""

from __future__ import annotations

from typing import Any

import pytest

from leverwatch.collectors.sniffing.guess import FieldGuess
from leverwatch.collectors.sniffing.reshaping import reshaped

from .proposed import said


def run(n: int, *models: str, calls: str = "calls", inside: str = "by_model") -> dict[str, Any]:
    used = {name: {"prompt_tokens": 41_000 + 97 * n, "completion_tokens": 5_100 + 13 * n} for name in models}
    return {"run_at": f"2026-04-{1 + n:02}", calls: 3 + n, inside: used, "total_tokens": 46_100 + 110 * n}


def found_in(runs: list[dict[str, Any]]) -> FieldGuess:
    found = reshaped(runs, None, None)
    assert found is not None
    return found.fields


@pytest.mark.parametrize(
    ("calls", "inside"),
    [("calls", "by_model"), ("requests", "models"), ("n_calls", "usage_by_model"), ("request_count", "per_model")],
)
def test_a_number_of_calls_beside_a_single_entry_is_that_of_the_entry(calls: str, inside: str) -> None:
    found = found_in([run(n, "gpt-4o-mini", calls=calls, inside=inside) for n in range(6)])
    assert found.fields["inferences"] == calls
    assert "33 in the sample" in said(found, "inferences")
    assert "too many" not in said(found, "inferences")


def test_a_few_runs_of_several_models_are_said_to_count_too_often() -> None:
    runs = [run(n, "gpt-4o-mini", *(["gpt-4o"] if n == 2 else [])) for n in range(12)]
    found = found_in(runs)
    assert found.fields["inferences"] == "calls"
    assert "1 of 12 records have several entries" in said(found, "inferences")
    assert "5 too many in the sample" in said(found, "inferences")


def test_runs_of_several_models_do_not_tell_the_calls_of_each() -> None:
    assert "inferences" not in found_in([run(n, "gpt-4o-mini", "gpt-4o") for n in range(6)]).fields


def test_entries_that_tell_their_own_calls_are_believed() -> None:
    runs = [run(n, "gpt-4o-mini") for n in range(6)]
    for n, it in enumerate(runs):
        it["by_model"]["gpt-4o-mini"]["requests"] = 2 + n
    assert found_in(runs).fields["inferences"] == "by_model.*.requests"
