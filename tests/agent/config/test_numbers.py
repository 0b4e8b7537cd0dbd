"""Numbers as people write them, and as leverwatch prints them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from leverwatch.agent.config.models import FrameworkConfig
from leverwatch.agent.config.numbers import number_of
from leverwatch.agent.framework.humanise import humanise


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("300000000", 3e8), ("300_000_000", 3e8), ("300M", 3e8), ("1.5k", 1500), ("1G", 1e9), ("1B", 1e9),
        ("10%", 0.1), ("0.1M", 1e5), (".5", 0.5), ("1e3", 1000), ("2 M", 2e6), ("-3", -3),
    ],
)  # fmt: skip
def test_a_number_may_have_a_unit(text: str, number: float) -> None:
    assert number_of(text) == number


@pytest.mark.parametrize("text", ["", "M", "1,5", "1.2.3", "nan", "inf", "ten", "1MM", "0x10", "_", "1m", "٣"])
def test_anything_else_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="must be a number"):
        number_of(text)


@given(st.integers(1, 10**12))
def test_every_printed_volume_can_be_read_again(volume: int) -> None:
    assert number_of(humanise(volume)) == pytest.approx(volume, rel=0.05)


def test_a_threshold_may_be_written_as_it_is_printed() -> None:
    config = FrameworkConfig.model_validate({"hybrid_from": "100M", "fine_tuning_above": "1.5B"})

    assert (config.hybrid_from, config.fine_tuning_above) == (100_000_000, 1_500_000_000)


@pytest.mark.parametrize("written", ["100m", "10%", "-1M", "0M", "M"])
def test_a_threshold_that_is_no_volume_is_refused(written: str) -> None:
    with pytest.raises(ValidationError):
        FrameworkConfig.model_validate({"hybrid_from": written})
