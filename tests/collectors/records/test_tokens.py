"""Where the parts of a call's tokens stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.records.tokens import Stands, Tokens, whole_tokens

INSIDE, BESIDE, UNSAID = Stands.INSIDE, Stands.BESIDE, Stands.UNSAID


def wholes(told: Tokens, cached: Stands = UNSAID, reasoning: Stands = UNSAID) -> tuple[float | None, float | None]:
    whole = whole_tokens(told, cached, reasoning)
    return whole.input, whole.output


@pytest.mark.parametrize(
    ("told", "cached", "reasoning", "right"),
    [
        (Tokens(100, 40, 10, 20, 5), INSIDE, INSIDE, (100, 20)),
        (Tokens(100, 40, 10, 20, 5), BESIDE, BESIDE, (150, 25)),
        (Tokens(100, 40, 10, 20, 5), UNSAID, UNSAID, (100, 20)),
        (Tokens(12, 2495, None, 9), INSIDE, INSIDE, (2507, 9)),
        (Tokens(31, 0, 1253, 9), UNSAID, UNSAID, (1284, 9)),
        (Tokens(50, output=20, reasoning=176), INSIDE, INSIDE, (50, 196)),
        (Tokens(100, 40, None, 20, total=120), BESIDE, INSIDE, (100, 20)),
        (Tokens(100, 40, None, 20, total=160), INSIDE, INSIDE, (140, 20)),
        (Tokens(100, None, None, 923, 785, total=1808), UNSAID, UNSAID, (100, 1708)),
        (Tokens(100, 40, None, 20, 7, total=999), BESIDE, INSIDE, (140, 20)),
    ],
)
def test_parts_stand_where_the_format_says_unless_the_numbers_prove_the_other(
    told: Tokens, cached: Stands, reasoning: Stands, right: tuple[float, float]
) -> None:
    assert wholes(told, cached, reasoning) == right


def test_a_total_that_two_combinations_give_proves_nothing() -> None:
    assert wholes(Tokens(100, 7, None, 50, 7, total=157), BESIDE, INSIDE) == (107, 50)
    assert wholes(Tokens(100, 7, None, 50, 7, total=157), INSIDE, BESIDE) == (100, 57)
    assert wholes(Tokens(100, 7, None, 50, 7, total=157)) == (100, 50)


def test_an_unknown_whole_stays_unknown() -> None:
    assert wholes(Tokens(None, 40, None, None, 7, total=500), BESIDE, BESIDE) == (None, None)


COUNT = st.none() | st.integers(0, 2**53)


@given(
    st.builds(Tokens, COUNT, COUNT, COUNT, COUNT, COUNT, COUNT), st.sampled_from(Stands), st.sampled_from(Stands)
)
def test_a_part_never_exceeds_its_whole(told: Tokens, cached: Stands, reasoning: Stands) -> None:
    whole = whole_tokens(told, cached, reasoning)
    assert (whole.cached, whole.written, whole.reasoning) == (told.cached, told.written, told.reasoning)
    if whole.input is not None and told.input is not None:
        assert whole.input >= max(told.input, (told.cached or 0) + (told.written or 0))
    if whole.output is not None and told.output is not None:
        assert whole.output >= max(told.output, told.reasoning or 0)
