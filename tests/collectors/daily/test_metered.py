from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from leverwatch.collectors.daily.metered import Metered, Sum, answer_of, averaged, with_parts
from leverwatch.collectors.interface import Operation, UsageRow

DAY = date(2026, 11, 20)


def row_of(calls: float, failed: float = 0.0, sums: Mapping[str, Sum] | None = None, model: str = "m") -> UsageRow:
    (row,) = answer_of([Metered(DAY, model, calls, failed, sums or {})], lambda _: "bot", "source cloud").usage
    return row


def test_calls_and_failed_calls_count_as_single_records_would() -> None:
    row = row_of(7, 2, {"input_tokens": Sum(700.0), "output_tokens": Sum(70.0)})

    assert (row.inferences, row.errors, row.attempts) == (7, 2, 9)
    assert (row.input_tokens, row.unknown_input, row.output_tokens, row.unknown_output) == (700, 0, 70, 0)
    assert (row.unknown_cached, row.unknown_latency, row.unpriced) == (7, 7, 7)


def test_a_sum_over_some_of_the_calls_leaves_the_others_unknown() -> None:
    sums = {"input_tokens": Sum(500.0, 5), "output_tokens": Sum(80.0, 8), "latency_ms": Sum(900.0, 3)}

    row = row_of(10, sums=sums)

    assert row.inferences == 10
    assert (row.input_tokens, row.unknown_input) == (500, 5)
    assert (row.output_tokens, row.unknown_output) == (80, 2)
    assert (row.latency_ms, row.unknown_latency) == (900, 7)


def test_a_sum_over_more_calls_than_there_are_is_over_all_of_them() -> None:
    row = row_of(4, sums={"input_tokens": Sum(500.0, 5)})

    assert (row.inferences, row.input_tokens, row.unknown_input) == (4, 500, 0)


def test_what_is_no_number_is_unknown() -> None:
    row = row_of(4, sums={"input_tokens": Sum(float("nan")), "output_tokens": Sum(-1.0)})

    assert (row.unknown_input, row.unknown_output) == (4, 4)


def test_the_operation_is_that_of_the_model() -> None:
    assert row_of(1, model="amazon.titan-embed-text-v2:0").operation is Operation.EMBEDDING
    assert row_of(1, model="us.anthropic.claude-sonnet-4").operation is Operation.GENERATION


def test_a_day_with_nothing_but_failed_calls_has_calls_and_one_without_any_has_none() -> None:
    answer = answer_of([Metered(DAY, "m", 0.0, 3.0), Metered(date(2026, 11, 21), "m", 0.0)], lambda _: "bot", "s")

    assert answer.filled == {DAY}
    assert [(row.inferences, row.errors) for row in answer.usage] == [(0, 3)]


def test_tokens_without_a_call_are_said_and_belong_to_no_other_call() -> None:
    answer = answer_of([Metered(DAY, "m", 0.0, sums={"input_tokens": Sum(9.0)})], lambda _: "bot", "source cloud")

    assert answer.usage == ()
    assert answer.problems == (
        ("source cloud", "missing_field", "inferences: 2026-11-20 has tokens without a successful call"),
    )


def test_calls_that_name_no_system_are_said_with_their_number() -> None:
    answer = answer_of([Metered(DAY, "m", 5.0, 1.0)], lambda _: None, "source cloud")

    assert answer.usage == ()
    assert answer.problems == (("source cloud", "unattributed", "names no system: 6 calls"),)


@pytest.mark.parametrize(
    ("amount", "samples", "calls", "expected"),
    [
        (1000.0, 10.0, 10.0, Sum(1000.0, 10.0)),
        (1000.0, 10.0, 8.0, Sum(800.0, 8.0)),
        (1000.0, 10.0, 20.0, Sum(1000.0, 10.0)),
        (0.0, 0.0, 8.0, None),
        (1000.0, 10.0, 0.0, None),
    ],
)
def test_a_latency_that_failed_calls_have_too_is_that_of_average_calls(
    amount: float, samples: float, calls: float, expected: Any
) -> None:
    assert averaged(amount, samples, calls) == expected


def test_parts_that_are_counted_beside_the_input_are_put_inside() -> None:
    sums = {"input_tokens": Sum(10.0, 3), "cached_input_tokens": Sum(5.0), "cache_write_tokens": Sum(2.0)}

    assert with_parts(sums, ("cached_input_tokens", "cache_write_tokens"))["input_tokens"] == Sum(17.0, 3)
    assert "input_tokens" not in with_parts({"cached_input_tokens": Sum(5.0)}, ("cached_input_tokens",))


def test_a_day_with_tokens_and_no_count_of_calls_is_partial_and_no_true_zero() -> None:
    found = answer_of([Metered(DAY, "m", 0.0, 0.0, {"input_tokens": Sum(9.0)})], lambda _: "bot", "s")

    assert found.usage == ()
    assert set(found.filled) == set(found.partial) == {DAY}
    assert [problem[1] for problem in found.problems] == ["missing_field"]


@pytest.mark.parametrize(("calls", "failed"), [(float("nan"), 0.0), (-1.0, 0.0), (2.0, float("inf"))])
def test_a_number_of_calls_that_is_none_is_said_and_its_day_is_partial(calls: float, failed: float) -> None:
    found = answer_of([Metered(DAY, "m", calls, failed), Metered(DAY, "n", 3.0)], lambda _: "bot", "s")

    assert [(row.model, row.inferences) for row in found.usage] == [("n", 3)]
    assert set(found.filled) == set(found.partial) == {DAY}
    assert [problem[1] for problem in found.problems] == ["mistyped_field"]
