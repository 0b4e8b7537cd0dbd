"""The small chart of weekly volume."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.agent.framework.model import Settings
from leverwatch.agent.web.page.chart import FLOOR, HEIGHT, MONTH, WEEKS, WIDTH, chart, position

SETTINGS = Settings()
volumes = st.floats(min_value=0, max_value=1e15)


def bars(path: str) -> list[tuple[float, float]]:
    """Position and height of each bar."""
    return [(float(x), float(height)) for x, height in re.findall(r"M([\d.]+) 43v-([\d.]+)h6", path)]


@given(weeks=st.lists(st.none() | volumes, min_size=1, max_size=WEEKS))
def test_every_week_has_one_mark_inside_the_drawing(weeks: list[float | None]) -> None:
    drawn = chart(weeks, SETTINGS)
    known = [week for week in weeks if week is not None]

    if not known:
        assert drawn is None
        return
    assert drawn is not None
    assert len(bars(drawn.known)) == len(known)
    assert drawn.gaps.count("M") == len(weeks) - len(known)
    assert all(0 <= x <= WIDTH - 6 and 1 <= height <= FLOOR for x, height in bars(drawn.known))
    assert all(0 < line.y < HEIGHT for line in drawn.lines)


@given(weeks=st.lists(volumes, min_size=2, max_size=WEEKS))
def test_a_larger_week_is_never_drawn_lower(weeks: list[float]) -> None:
    drawn = chart(weeks, SETTINGS)
    assert drawn is not None
    heights = [height for _, height in bars(drawn.known)]

    for (week, height), (other, lower) in zip(
        sorted(zip(weeks, heights, strict=True)), sorted(zip(weeks, heights, strict=True))[1:], strict=False
    ):
        assert week <= other
        assert height <= lower


def test_a_week_that_as_a_month_is_the_threshold_reaches_its_line() -> None:
    drawn = chart([1e8 / MONTH, 2e8 / MONTH], SETTINGS)

    assert drawn is not None
    assert [(line.y, line.text) for line in drawn.lines] == [(24.0, "100M")]
    assert bars(drawn.known) == [(82.5, 19.0), (90.0, 38.0)]


def test_the_newest_week_stands_at_the_right_and_an_unknown_one_is_no_bar() -> None:
    drawn = chart([1.0, None, 0.0], SETTINGS)

    assert drawn is not None
    assert bars(drawn.known) == [(75.0, 38.0), (90.0, 1.0)]
    assert drawn.gaps == "M82.5 43h6"


def test_thresholds_far_above_or_far_below_are_left_out() -> None:
    def lines(month: float) -> list[str]:
        drawn = chart([month / MONTH], SETTINGS)
        assert drawn is not None
        return [line.text for line in drawn.lines]

    assert lines(1e6) == []
    assert lines(5e7) == ["100M"]
    assert lines(2e8) == ["100M"]
    assert lines(4e8) == ["1.00B"]
    assert lines(3e9) == ["1.00B"]
    assert lines(1e12) == []


@pytest.mark.parametrize(
    ("volume", "text"),
    [
        (0.0, "under 1% of 100M"),
        (99_999_999.0, "99% of 100M"),
        (1e8, "10% of 1.00B"),
        (1e9, "100% of 1.00B"),
        (3.2e9, "3.2 times 1.00B"),
    ],
)
def test_a_volume_is_placed_between_the_thresholds(volume: float, text: str) -> None:
    assert position(volume, SETTINGS) == text
