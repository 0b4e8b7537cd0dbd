from __future__ import annotations

from math import inf, isclose

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from leverwatch.agent.framework.economics.breakeven import Line, always_from, break_even
from leverwatch.agent.framework.economics.model import BreakEven

CENTS = st.integers(-50, 50).map(float)
LINES = st.builds(
    Line,
    prompted=st.integers(0, 20).map(float),
    tuned=st.integers(0, 20).map(float),
    fixed=CENTS,
    step=st.integers(1, 30).map(float),
    unit=st.integers(1, 8).map(float),
    least=st.integers(1, 4),
)


ANY_LINE = LINES | st.builds(
    Line,
    prompted=st.floats(0, 1),
    tuned=st.just(0.0) | st.floats(0, 1),
    fixed=st.floats(-1e7, 1e7),
    step=st.just(0.0) | st.floats(0, 1e5),
    unit=st.just(inf) | st.floats(1e-3, 1e12),
    least=st.integers(0, 50),
)


@given(ANY_LINE)
def test_the_volume_from_which_it_is_always_cheaper_is_the_same_when_it_is_worked_out_alone(line: Line) -> None:
    assert always_from(line) == break_even(line).always_from


class TestAStraightLine:
    def test_solves_the_equation(self) -> None:
        line = Line(prompted=0.004, tuned=0.0002, fixed=-1900.0)
        assert break_even(line) == BreakEven(500_000.0, 500_000.0, None)
        assert line.saving(500_000.0) == pytest.approx(0.0, abs=1e-9)

    def test_a_dearer_tuned_token_never_breaks_even(self) -> None:
        assert break_even(Line(0.001, 0.002, -100.0)) == BreakEven(None, None, None)

    def test_lower_fixed_costs_alone_are_cheaper_up_to_a_volume(self) -> None:
        found = break_even(Line(1.0, 3.0, 10.0))
        assert found == BreakEven(0.0, None, 5.0)
        assert found.only_in_intervals

    def test_what_costs_less_in_every_way_is_cheaper_from_nothing_on(self) -> None:
        assert break_even(Line(2.0, 1.0, 10.0)) == BreakEven(0.0, 0.0, None)
        assert break_even(Line(1.0, 1.0, 10.0)) == BreakEven(0.0, 0.0, None)
        assert break_even(Line(1.0, 1.0, 0.0)) == BreakEven(None, None, None)

    @given(st.floats(1e-6, 1.0), st.floats(1e-9, 1e-7), st.floats(-1e6, -1.0))
    def test_the_saving_changes_its_sign_there(self, prompted: float, tuned: float, fixed: float) -> None:
        line = Line(prompted, tuned, fixed)
        volume = break_even(line).always_from
        assert volume is not None
        assert line.saving(volume * 0.999) < 0 < line.saving(volume * 1.001)


class TestAStaircase:
    def test_the_closed_form_of_a_line_would_be_wrong(self) -> None:
        # Two instances serve 10 each. The second step starts at 20, where the first steps have paid already.
        line = Line(prompted=3.0, tuned=0.0, fixed=-10.0, step=20.0, unit=10.0, least=2)
        found = break_even(line)
        assert found == BreakEven(50 / 3, 70 / 3, None)
        assert found.only_in_intervals
        assert line.saving(20.0) > 0 > line.saving(20.1)

    def test_an_instance_that_never_pays_for_itself_is_cheaper_for_a_while_at_most(self) -> None:
        assert break_even(Line(1.0, 0.0, 25.0, 20.0, 10.0, 1)) == BreakEven(0.0, None, 20.0)
        assert break_even(Line(1.0, 0.0, -5.0, 20.0, 10.0, 1)) == BreakEven(None, None, None)

    def test_the_minimum_of_instances_is_paid_at_any_volume(self) -> None:
        assert Line(1.0, 0.0, 0.0, 20.0, 10.0, 3).saving(0.0) == -60.0

    def test_tokens_without_an_end_to_capacity_need_only_the_minimum(self) -> None:
        assert break_even(Line(2.0, 0.0, 0.0, 20.0, inf, 1)) == BreakEven(10.0, 10.0, None)

    @given(LINES)
    def test_brute_force_over_a_fine_grid_finds_the_same(self, line: Line) -> None:
        grid, most = 40, 4000
        volumes = [index / grid + 1e-6 for index in range(most)]
        cheaper = [line.saving(volume) > 1e-9 for volume in volumes]
        # Where a saving of exactly nothing is kept up over a whole step, a grid proves nothing.
        assume(all(abs(line.saving(volume)) > 1e-5 for volume in volumes))
        found = break_even(line)
        width = 1 / grid + 1e-5
        reach = volumes[-1]
        if found.first is None or found.first > reach:
            assert not any(cheaper)
            return
        assert isclose(volumes[cheaper.index(True)], found.first, abs_tol=width)
        if found.always_from is not None and found.always_from < reach:
            start = max((index for index, yes in enumerate(cheaper) if not yes), default=-1) + 1
            assert isclose(volumes[start], found.always_from, abs_tol=width)
        if found.last is not None and found.last < reach:
            end = max(index for index, yes in enumerate(cheaper) if yes)
            assert isclose(volumes[end], found.last, abs_tol=width)
            assert found.always_from is None

    @given(LINES, st.floats(0.01, 100))
    def test_twice_the_prices_break_even_at_the_same_volume(self, line: Line, factor: float) -> None:
        factor = 2.0 ** round(factor % 6)
        dearer = line._replace(
            prompted=line.prompted * factor,
            tuned=line.tuned * factor,
            fixed=line.fixed * factor,
            step=line.step * factor,
        )
        assert break_even(dearer) == break_even(line)
