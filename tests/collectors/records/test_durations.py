"""Durations that are texts and say their own unit."""

from __future__ import annotations

import pytest

from leverwatch.collectors.records.durations import milliseconds_of


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("640ms", 640), ("2.75s", 2750), ("1m4.5s", 64_500), ("1h0m2s", 3_602_000), ("730µs", 0.73),
        ("45us", 0.045),
        ("900ns", 0.0009), (" 3.1 sec ", 3100), ("2 min 7 sec", 127_000), ("4 Sekunden", 4000),
        ("0:00:03.250000", 3250), ("12:01:00", 43_260_000), ("1 day, 0:00:01", 86_401_000), ("PT2.5S", 2500),
        ("PT1M3S", 63_000), ("P1DT2S", 86_402_000), ("0s", 0),
    ],
)  # fmt: skip
def test_a_duration_is_read_with_the_unit_that_it_says(text: str, milliseconds: float) -> None:
    assert milliseconds_of(text) == pytest.approx(milliseconds)


@pytest.mark.parametrize(
    "text",
    ["", "12", "1.2", "3 apples", "1s1m", "5s5s", "-3s", "1:75:00", "4:30", "PT", "P", "s", "1e3s", "fast",
     "1s" * 40, "2026-02-03T08:00:00Z"],
)  # fmt: skip
def test_any_other_text_is_no_duration(text: str) -> None:
    assert milliseconds_of(text) is None
