from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.agent.framework.humanise import days, decimal, humanise, percent

THRESHOLDS = (100_000_000.0, 1_000_000_000.0)
SUFFIXES = {"K": "e3", "M": "e6", "B": "e9"}


def read_back(text: str) -> float:
    return float(text[:-1] + SUFFIXES[text[-1]]) if text[-1] in SUFFIXES else float(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (950, "950"),
        (999.6, "1.0K"),
        (1_000, "1K"),
        (12_345, "12.3K"),
        (999_960, "1.0M"),
        (100_000_000, "100M"),
        (112_400_000, "112.4M"),
        (1_000_000_000, "1.00B"),
        (2_345_678_901_234, "2345.68B"),
        (0.25, "0.2"),
    ],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert humanise(value, THRESHOLDS) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (99_999_000, "99.999M"),
        (100_000_001, "100.000001M"),
        (999_999_999, "999.999999M"),
        (1_000_000_001, "1.000000001B"),
    ],
)
def test_a_number_beside_a_threshold_reads_differently_from_it(value: float, text: str) -> None:
    assert humanise(value, THRESHOLDS) == text


def test_a_threshold_that_is_not_round_is_respected_too() -> None:
    assert humanise(123_399_999, (123_400_000.0,)) == "123.399999M"


@given(st.floats(0, 1e13), st.floats(1, 1e12))
def test_the_text_is_on_the_same_side_of_a_threshold_as_the_value(value: float, threshold: float) -> None:
    shown = read_back(humanise(value, (threshold,)))
    assert (shown > threshold, shown < threshold, shown > 0) == (value > threshold, value < threshold, value > 0)


@given(st.floats(1_000, 1e13))
def test_the_text_is_within_a_twentieth_of_a_unit(value: float) -> None:
    assert read_back(humanise(value)) == pytest.approx(value, rel=0.05)


@pytest.mark.parametrize(
    ("value", "threshold", "text"),
    [
        (0.8, 0.8, "80%"),
        (0.804, 0.8, "80.4%"),
        (0.7999, 0.8, "79.99%"),
        (0.5, 0.8, "50%"),
        (1.0, 0.5, "100%"),
        (-0.12, 0.5, "-12%"),
    ],
)
def test_a_share_is_printed_on_its_side_of_a_threshold(value: float, threshold: float, text: str) -> None:
    assert percent(value, threshold) == text


@pytest.mark.parametrize(
    ("value", "threshold", "text"),
    [(1.1, 1.1, "1.10"), (1.1001, 1.1, "1.1001"), (1.3, 1.1, "1.30"), (0.1 + 0.2, 0.3, "0.30000000000000004")],
)
def test_a_number_is_printed_on_its_side_of_a_threshold(value: float, threshold: float, text: str) -> None:
    assert decimal(value, threshold) == text


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_no_printed_number_crosses_its_threshold(value: float, threshold: float) -> None:
    shown = float(decimal(value, threshold))
    share = Decimal(percent(value, threshold)[:-1]).scaleb(-2)

    assert (shown > threshold, shown < threshold) == (value > threshold, value < threshold)
    assert (float(share) > threshold, float(share) < threshold) == (value > threshold, value < threshold)


def test_a_share_that_rounds_to_nothing_has_no_sign() -> None:
    assert percent(-0.001, 0.5) == "0%"
    assert percent(-0.004, -0.001) == "-0.4%"
    assert percent(-0.01, 0.5) == "-1%"


def test_one_day_is_no_days() -> None:
    assert [days(number) for number in (0, 1, 2)] == ["0 days", "1 day", "2 days"]
