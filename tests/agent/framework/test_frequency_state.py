from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.agent.framework.frequency_state import frequency_state
from leverwatch.agent.framework.model import FrequencyState, PromptFacts, Settings
from tests.agent.framework.facts import AS_OF, ago, prompts

DEFAULTS = Settings()
HISTORIES = st.lists(st.sampled_from([0, 0, 1, 2, 5, 7]), min_size=4, max_size=60)
"""Active days of each week, oldest first."""


def weekly(*weeks: int) -> PromptFacts:
    """Histories week by week, oldest first, whose last week ends at `AS_OF`."""
    first = 7 * len(weeks) - 1
    active = {ago(first - 7 * week - day) for week, days in enumerate(weeks) for day in range(days)}
    return PromptFacts(True, ago(first), frozenset(active))


def state(facts: PromptFacts, settings: Settings = DEFAULTS, as_of: date = AS_OF) -> FrequencyState:
    return frequency_state(facts, as_of, settings)


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(PromptFacts(), id="not watched"),
        pytest.param(PromptFacts(first_change=ago(100)), id="no longer watched"),
        pytest.param(PromptFacts(watched=True), id="nothing found"),
        pytest.param(PromptFacts(True, ago(-1)), id="history starts after as_of"),
        pytest.param(PromptFacts(True, ago(26)), id="one day short of four weeks"),
    ],
)
def test_unknown_is_not_the_same_as_not_frequent(facts: PromptFacts) -> None:
    assert state(facts) == FrequencyState()


def test_four_weeks_settle_it_for_the_first_time() -> None:
    assert state(weekly(1, 1, 1, 1)) == FrequencyState(True, AS_OF, 1.0, 4, first_settled=AS_OF)
    assert state(weekly(1, 1, 1, 0)) == FrequencyState(False, AS_OF, 0.75, 4, first_settled=AS_OF)
    assert state(weekly(1), Settings(minimum_history_weeks=0)).frequent is True


def test_a_new_rate_is_seen_within_weeks_however_long_the_old_one_was() -> None:
    quiet, busy = [0, 0, 1] * 30, [2, 2, 2, 2]
    rising, falling = state(weekly(*quiet, *busy)), state(weekly(*[2] * 90, 0, 0, 0, 0))

    assert (rising.frequent, falling.frequent) == (True, False)
    assert rising.per_week == pytest.approx(2, abs=0.2)
    assert falling.per_week == pytest.approx(0, abs=0.2)
    for found in (rising, falling):
        assert found.since is not None
        assert found.since > ago(28)
        assert [crossing.day for crossing in found.crossings] == [found.since]


def test_a_rate_between_the_marks_keeps_what_is_settled() -> None:
    between = [1, 0, 1, 1, 0, 1, 1] * 8
    assert state(weekly(1, 1, 1, 1, *between)).frequent is True
    assert state(weekly(0, 0, 1, 1, *between)).frequent is False


@pytest.mark.parametrize("days", [0, 1, 3, 6])
def test_so_many_days_in_a_row_settle_it(days: int) -> None:
    facts, settings = weekly(*[0] * 20, 7), Settings(frequency_dwell_days=days)
    first = next(
        age for age in range(7, -1, -1) if state(facts, Settings(frequency_dwell_days=0), ago(age)).frequent
    )
    beyond = max(days, 1)
    after = {age: state(facts, settings, ago(age)) for age in range(first, -1, -1)}
    for age, found in after.items():
        settled = first - age + 1 >= beyond
        assert found.frequent is settled
        assert (found.candidate, found.candidate_days) == ((None, 0) if settled else (True, first - age + 1))


def test_the_marks_are_settings() -> None:
    facts = weekly(*[2] * 20)
    assert state(facts, Settings(frequent_days_per_week=2.1)).frequent is False
    slower = weekly(*[2] * 20, *[1] * 60)
    assert state(slower).frequent is True
    assert state(slower, Settings(frequent_days_per_week=2.0, frequency_leave_ratio=0.9)).frequent is False


def test_higher_odds_wait_longer_for_a_new_rate() -> None:
    facts = weekly(*[0, 0, 1] * 20, *[2] * 12)
    days = [state(facts, Settings(frequency_change_odds=odds)).crossings[0].day for odds in (10, 200, 100_000)]
    assert days == sorted(days)
    assert days[0] < days[-1]


def test_sprints_of_one_week_are_one_rate_and_no_changes_of_it() -> None:
    found = state(weekly(*[5, 0, 0, 0] * 40))
    assert (found.frequent, len(found.crossings)) == (True, 0)


@pytest.mark.parametrize("days", range(1, 8))
@pytest.mark.parametrize("shift", range(7))
def test_a_weekly_rhythm_settles_once_whatever_the_weekday(days: int, shift: int) -> None:
    found = state(prompts(days, 80), as_of=ago(shift))
    assert (found.frequent, found.crossings) == (True, ())


@given(HISTORIES, st.integers(0, 6), st.integers(-3000, 3000))
def test_only_the_distance_between_days_matters(weeks: list[int], cut: int, shift: int) -> None:
    facts, move = weekly(*weeks), timedelta(days=shift)
    assert facts.first_change is not None
    moved = PromptFacts(True, facts.first_change + move, frozenset(day + move for day in facts.active_days))
    here, there = state(facts, as_of=ago(cut)), state(moved, as_of=ago(cut) + move)
    assert (here.frequent, here.per_week, here.weeks) == (there.frequent, there.per_week, there.weeks)
    assert [crossing.day + move for crossing in here.crossings] == [crossing.day for crossing in there.crossings]


@given(HISTORIES, st.integers(0, 200))
def test_what_settled_earlier_stays_so(weeks: list[int], age: int) -> None:
    facts, today = weekly(*weeks), state(weekly(*weeks))
    before = state(facts, as_of=ago(age))
    assert before.crossings == tuple(crossing for crossing in today.crossings if crossing.day <= ago(age))
    known = PromptFacts(True, facts.first_change, frozenset(day for day in facts.active_days if day <= ago(age)))
    assert state(known, as_of=ago(age)) == before


@given(HISTORIES)
def test_the_state_follows_from_its_crossings(weeks: list[int]) -> None:
    found = state(weekly(*weeks))
    assert found.per_week is not None
    assert 0 <= found.per_week <= 7
    assert 1 <= found.weeks <= len(weeks)
    assert all(one.day < other.day for one, other in pairwise(found.crossings))
    assert all(one.frequent is not other.frequent for one, other in pairwise(found.crossings))
    last = found.crossings[-1] if found.crossings else None
    assert found.since == (last.day if last else found.first_settled)
    assert last is None or last.frequent is found.frequent
    assert (found.candidate is None) == (found.candidate_days == 0)
    if found.candidate is None:
        assert found.per_week >= 0.5 if found.frequent else found.per_week < 1


@given(st.integers(4, 60), st.integers(1, 7))
def test_more_active_days_in_every_week_are_never_less_frequent(weeks: int, days: int) -> None:
    fewer, more = state(weekly(*[days - 1] * weeks)), state(weekly(*[days] * weeks))
    assert (fewer.per_week, more.per_week) == (days - 1, days)
    assert more.frequent is True
    assert fewer.frequent is (days > 1)
