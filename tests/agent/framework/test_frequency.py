from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.agent.framework.frequency import changes_per_week, whole_weeks
from leverwatch.agent.framework.model import PromptFacts, Settings
from tests.agent.framework.facts import AS_OF, ago, prompts

DEFAULTS = Settings()


def history(weeks: int, *active_ages: int) -> PromptFacts:
    return PromptFacts(True, ago(7 * weeks - 1), frozenset(ago(age) for age in active_ages))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(PromptFacts(), None, id="not watched"),
        pytest.param(PromptFacts(watched=True), None, id="watched and nothing found"),
        pytest.param(PromptFacts(True, ago(-1)), None, id="history starts after as_of"),
        pytest.param(PromptFacts(True, ago(26)), None, id="one day short of four weeks"),
        pytest.param(PromptFacts(True, ago(27)), 0.0, id="exactly four weeks"),
        pytest.param(prompts(1), 1.0, id="one active day in every week"),
        pytest.param(prompts(7), 7.0, id="every day"),
        pytest.param(history(4, 0, 7), 0.5, id="two of four weeks"),
        pytest.param(history(5, 0, 7), 0.0, id="two of five weeks: the zeros outnumber them"),
        pytest.param(history(4, 0, 1, 2, 3, 4, 5, 6), 0.0, id="one busy week is not frequent"),
        pytest.param(history(4, 6, 7, 20, 27), 1.0, id="both ends of a week belong to it"),
    ],
)
def test_frequency(facts: PromptFacts, expected: float | None) -> None:
    assert changes_per_week(facts, AS_OF, DEFAULTS) == expected


def test_only_the_last_thirteen_weeks_count() -> None:
    old = frozenset(ago(7 * week) for week in range(13, 40))
    assert changes_per_week(PromptFacts(True, ago(279), old), AS_OF, DEFAULTS) == 0.0


def test_the_part_of_a_week_at_the_start_of_the_history_is_left_out() -> None:
    facts = PromptFacts(True, ago(30), frozenset({ago(28), ago(29), ago(30)}))
    assert (whole_weeks(facts, AS_OF), changes_per_week(facts, AS_OF, DEFAULTS)) == (4, 0.0)


def test_changes_after_as_of_do_not_count() -> None:
    facts = PromptFacts(True, ago(27), frozenset({ago(-1), ago(-2), ago(-9)}))
    assert changes_per_week(facts, AS_OF, DEFAULTS) == 0.0


def test_window_and_minimum_are_settings() -> None:
    facts = history(2, 0, 7)
    assert changes_per_week(facts, AS_OF, Settings(minimum_history_weeks=2)) == 1.0
    assert changes_per_week(prompts(1, weeks=1), AS_OF, Settings(minimum_history_weeks=0)) == 1.0
    assert changes_per_week(history(8, 0, 7), AS_OF, Settings(frequency_weeks=2)) == 1.0


def test_no_whole_week_is_unknown_whatever_the_minimum() -> None:
    facts = PromptFacts(True, ago(3), frozenset({ago(3)}))
    assert changes_per_week(facts, AS_OF, Settings(minimum_history_weeks=0)) is None


@given(st.frozensets(st.integers(0, 120).map(ago)), st.integers(0, 120).map(ago))
def test_frequency_is_unknown_or_between_zero_and_seven(active: frozenset[date], first: date) -> None:
    value = changes_per_week(PromptFacts(True, first, active), AS_OF, DEFAULTS)
    if (AS_OF - first).days + 1 < 28:
        assert value is None
    else:
        assert value is not None
        assert 0 <= value <= 7


@given(st.frozensets(st.integers(0, 90).map(ago)), st.integers(0, 90).map(ago))
def test_one_more_active_day_never_lowers_the_frequency(active: frozenset[date], extra: date) -> None:
    before = changes_per_week(PromptFacts(True, ago(90), active), AS_OF, DEFAULTS)
    after = changes_per_week(PromptFacts(True, ago(90), active | {extra}), AS_OF, DEFAULTS)
    assert before is not None
    assert after is not None
    assert after >= before
