"""Numbers that are written with a comma, where a point is wanted."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.agent.config.comma import advice_for, read_comma
from leverwatch.agent.config.numbers import number_of
from leverwatch.agent.config.yaml_positions import parse_document

Problems = Callable[..., tuple[str, ...]]


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("0,15", "write 0.15, with a decimal point"),
        ("-1,5M", "write -1.5M, with a decimal point"),
        ("0,150", "write 0.150, with a decimal point"),
        ("1.234,56", "write 1234.56, with a decimal point"),
        ("1,234.56", "write 1234.56, without a separator of thousands"),
        ("300,000,000", "write 300000000, without a separator of thousands"),
        ("1,500", "write 1.500 with a decimal point, or 1500 for thousands"),
    ],
)
def test_it_is_said_how_a_number_with_a_comma_is_written(text: str, advice: str) -> None:
    assert advice_for("must be a number", text) == f"; {advice}"


@pytest.mark.parametrize(
    "text", ["", "1", "1.5", ",", "1,", ",5", "1,2,3", "1,234,5", "a,b", "10.0.0.1,5", "1,5 tons"]
)
def test_of_what_means_no_number_nothing_is_said(text: str) -> None:
    assert advice_for("must be a number", text) == ""


def test_a_whole_number_is_not_told_to_have_a_decimal_point() -> None:
    assert advice_for("must be a whole number", "1,5") == ""
    assert advice_for("must be a whole number", "1,500") == "; write 1500, without a separator of thousands"


def test_a_text_with_a_comma_that_is_refused_for_another_reason_is_no_number() -> None:
    assert advice_for("must be one of a, b", "0,15") == ""


@given(st.from_regex(r"-?[0-9]{1,9}(\.[0-9]{1,9})?[kMGB]?", fullmatch=True))
def test_a_number_whose_point_became_a_comma_is_meant_or_offered(number: str) -> None:
    found = read_comma(number.replace(".", ","))

    assert (found is None) == ("." not in number)
    assert found is None or found.point == number


POINT = "write {}, with a decimal point"
PLAIN = "write {}, without a separator of thousands"
FLOW = {
    "framework: {hybrid_from: 0,15}": ("1: framework.hybrid_from", POINT.format("0.15"), "0,15"),
    "framework: {hybrid_from: 300,000,000}": (
        "1: framework.hybrid_from",
        PLAIN.format("300000000"),
        "300,000,000",
    ),
    "framework: {hybrid_from: 1,\n fine_tuning_above: 4,5M}": (
        "2: framework.fine_tuning_above",
        POINT.format("4.5M"),
        "4,5M",
    ),
    "evaluation: {interval: 1,5h}": ("1: evaluation.interval", POINT.format("1.5h"), "1,5h"),
}
BLOCK = {
    "framework:\n  hybrid_from: 1,5M": (
        "2: framework.hybrid_from: must be a number",
        POINT.format("1.5M"),
        "1,5M",
    ),
    "evaluation:\n  interval: 1,5h": (
        '2: evaluation.interval: a duration needs a unit, such as "30s", "5m", "1h30m" or "7d"',
        POINT.format("1.5h"),
        "1,5h",
    ),
}


@pytest.mark.parametrize(("text", "expected"), FLOW.items())
def test_a_number_that_a_comma_breaks_in_two_is_one_problem_at_its_own_place(
    problems: Problems, text: str, expected: tuple[str, str, str]
) -> None:
    place, advice, got = expected

    assert problems(text) == (f'{place}: must not hold a comma; {advice} (got "{got}")',)


@pytest.mark.parametrize(("text", "expected"), BLOCK.items())
def test_a_number_with_a_comma_that_is_a_text_is_refused_with_what_to_write(
    problems: Problems, text: str, expected: tuple[str, str, str]
) -> None:
    reason, advice, got = expected

    assert problems(text) == (f'{reason}; {advice} (got "{got}")',)


def test_what_means_nothing_is_refused_without_advice(problems: Problems) -> None:
    assert problems("framework: {minimum_days: 1,2,3}") == (
        '1: framework.minimum_days: must not hold a comma (got "1,2,3")',
    )


def test_the_number_of_a_hidden_setting_is_not_repeated(problems: Problems) -> None:
    found = problems("sources: [{name: a, type: models, url: 'http://x/', token: 47,11}]")

    assert any("sources[0].token: must not hold a comma (got (hidden))" in problem for problem in found)
    assert "47" not in str(found)


@pytest.mark.parametrize(
    "text", ["{a: 1,b: }", "{a: 1, 5: }", "{a: 1,5: x}", "{a: '1',5: }", "{a: x,5: }", "[1,5]"]
)
def test_keys_and_lists_that_only_look_like_it_are_left_alone(text: str) -> None:
    assert parse_document(text).problems == ()


def test_a_number_of_a_command_says_so_too() -> None:
    with pytest.raises(ValueError, match=r"must be a number such as .*; write 1\.5M, with a decimal point"):
        number_of("1,5M")
