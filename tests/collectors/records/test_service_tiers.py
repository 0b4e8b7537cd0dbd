"""What records say of the service tier, and the lengths by which inputs are told apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.records.service_tiers import (
    BOUNDS,
    Tier,
    next_bound,
    parse_tier,
    size_of,
    tier_name,
    tier_of,
    told_tier,
)


@pytest.mark.parametrize(
    ("said", "tier"),
    [
        (None, Tier.STANDARD), ("", Tier.STANDARD), ("default", Tier.STANDARD), (" Standard ", Tier.STANDARD),
        ("ON_DEMAND", Tier.STANDARD), ("on-demand", Tier.STANDARD), (False, Tier.STANDARD),
        ("auto", Tier.STANDARD),
        ("batch", Tier.BATCH), ("FLEX", Tier.FLEX), ("ON_DEMAND_FLEX", Tier.FLEX), ("priority", Tier.PRIORITY),
        ("ON_DEMAND_PRIORITY", Tier.PRIORITY), ("fast", Tier.FAST), ("scale", Tier.RESERVED),
        ("PROVISIONED_THROUGHPUT", Tier.RESERVED), ("lunar", Tier.OTHER), (True, Tier.OTHER), (7, Tier.OTHER),
        ("batch" * 40, Tier.OTHER), ("\ud800", Tier.OTHER),
    ],
)  # fmt: skip
def test_a_word_of_no_known_tier_is_never_the_standard_one(said: object, tier: Tier) -> None:
    assert tier_of(said) is tier


@given(st.sampled_from(Tier), st.integers(0, len(BOUNDS)))
def test_a_name_tells_tier_and_bound(tier: Tier, size: int) -> None:
    name = tier_name(tier, size)

    assert parse_tier(name) == (tier, BOUNDS[size - 1] if size else 0)
    assert len(name) <= 20
    assert tier_of(name) is (tier if not size and tier else Tier.STANDARD if not name else Tier.OTHER)


@pytest.mark.parametrize("name", ["standard", "batch>", ">7", "batch>200_000", ">two", "b\0"])
def test_no_other_name_is_read(name: str) -> None:
    with pytest.raises(ValueError, match=r"tier|Tier"):
        parse_tier(name)


@given(st.integers(0, 2_000_000))
def test_an_input_is_of_the_size_whose_bounds_are_around_it(tokens: int) -> None:
    _, above = parse_tier(tier_name(Tier.STANDARD, size_of(tokens)))

    assert above <= tokens <= next_bound(above)
    assert tokens > above or tokens == 0
    assert size_of(None) == 0


@pytest.mark.parametrize(
    ("before", "usage", "tier"),
    [
        ("", ">200000", ">200000"), ("flex", ">200000", "flex>200000"), ("flex", "", "flex"),
        ("flex>32000", "batch", "batch"), ("", "", ""),
    ],
)  # fmt: skip
def test_the_usage_tells_the_length_and_the_last_part_that_names_a_tier_the_tier(
    before: str, usage: str, tier: str
) -> None:
    assert told_tier(before, usage) == tier
