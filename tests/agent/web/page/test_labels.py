"""Figures in a few digits."""

from __future__ import annotations

from leverwatch.agent.web.page.labels import decimal, full, quantity


def test_figures_are_cut_and_never_rounded_up_to_a_threshold() -> None:
    assert full(99_999_999.9) == "99,999,999"
    assert full(0) == "0"
    assert [decimal(n) for n in (0, 0.5, 1, 2.25)] == ["0", "0.5", "1", "2.25"]
    assert [quantity(n) for n in (0.5, 999.5, 1000, -2000.5)] == ["0.5", "999.5", "1,000", "-2,001"]
