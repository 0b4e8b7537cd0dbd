"""How many calls of a day succeeded is a number, and no code of HTTP, whatever its size."""

from __future__ import annotations

import pytest

from leverwatch.collectors.sniffing.guess import FieldGuess, propose
from leverwatch.collectors.sniffing.numerals import Scalar


def _days(good: list[int], bad: list[int], **more: list[int]) -> FieldGuess:
    rows: list[dict[tuple[str, ...], Scalar]] = [
        {("Tag",): f"2026-06-{at + 1:02}", ("Modell",): "command-r", ("Prompt tokens",): str(70 * ok + at),
         ("Completion tokens",): str(9 * ok), ("Calls",): str(ok + not_ok), ("Success",): str(ok),
         ("Errors",): str(not_ok), **{(name,): str(values[at]) for name, values in more.items()}}
        for at, (ok, not_ok) in enumerate(zip(good, bad, strict=True))
    ]  # fmt: skip
    found = propose(rows, lambda path: path[0])
    assert found is not None
    return found


@pytest.mark.parametrize("scale", [0, 1, 5, 200, 300, 404, 429, 500, 590, 4000])
def test_a_number_of_successes_beside_calls_and_errors_is_no_status(scale: int) -> None:
    good = [max(scale + at % 3 - 1, 0) for at in range(9)]
    found = _days(good, [2 + at % 2 for at in range(9)])

    assert "status" not in found.fields
    assert (found.fields["inferences"], found.fields["errors"]) == ("Calls", "Errors")


def test_codes_beside_a_number_of_calls_are_the_status() -> None:
    found = _days([30] * 9, [0] * 9, status=[200, 200, 529, 200, 429, 200, 200, 200, 599])

    assert found.fields["status"] == "status"


def test_numbers_that_no_server_uses_as_codes_are_not_read_as_such() -> None:
    rows: list[dict[tuple[str, ...], Scalar]] = [
        {("ts",): f"2026-06-01T03:{at:02}:11Z", ("model",): "command-r", ("result",): 271 + 13 * at,
         ("prompt_tokens",): 50 + at % 7, ("completion_tokens",): 5 + at % 3}
        for at in range(12)
    ]  # fmt: skip
    found = propose(rows)

    assert found is not None
    assert "status" not in found.fields
    assert "status: result has numbers that are no codes of outcomes: not mapped" in found.notes
