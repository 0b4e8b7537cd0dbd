from __future__ import annotations

import re
from math import inf

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from leverwatch.agent.framework.assess import assess
from leverwatch.agent.framework.model import Facts, PromptFacts, Rule, Settings, Strategy
from leverwatch.agent.framework.would_change import WouldChange, would_change
from tests.agent.framework.facts import FREQUENT, HIGH, LOW, MID, SMALL, ago, constant, facts, prompts, series


def changes(given: Facts, settings: Settings = SMALL) -> dict[Rule, WouldChange]:
    return {change.rule: change for change in would_change(given, assess(given, settings), settings)}


def test_a_low_volume_says_how_much_more_the_other_bands_take() -> None:
    found = changes(facts(constant(LOW)))

    assert found[Rule.VOLUME_MID] == WouldChange(
        Rule.VOLUME_MID,
        Strategy.HYBRID,
        "mid band from 487K a month: 456.6K more, for 7 days; hybrid would be recommended",
        4.0,
    )
    assert found[Rule.VOLUME_HIGH].strategy is Strategy.FINE_TUNING
    assert Rule.VOLUME_LOW not in found


def test_a_band_is_left_below_nine_tenths_of_its_threshold() -> None:
    found = changes(facts(constant(MID)))

    assert found[Rule.VOLUME_LOW].text == (
        "low band below 438.3K a month: 2.6M less, for 7 days; prompt engineering would be recommended"
    )
    assert found[Rule.VOLUME_HIGH].text.startswith("high band above 4.87M a month: 1.8M more")


def test_a_high_volume_has_both_thresholds_below_it() -> None:
    found = changes(facts(constant(HIGH)))

    assert {
        rule: change.strategy for rule, change in found.items() if rule in {Rule.VOLUME_LOW, Rule.VOLUME_MID}
    } == {
        Rule.VOLUME_LOW: Strategy.PROMPT_ENGINEERING,
        Rule.VOLUME_MID: Strategy.HYBRID,
    }


def test_a_threshold_that_is_reached_waits_for_its_days() -> None:
    found = changes(facts(series((60, 1_000.0), (5, 200_000.0))))

    assert "reached for 3 of 7 days; hybrid" in found[Rule.VOLUME_MID].text


def test_an_operational_rule_outranks_what_volume_would_say() -> None:
    found = changes(facts(constant(LOW), FREQUENT))

    assert found[Rule.VOLUME_MID].strategy is Strategy.PROMPT_ENGINEERING
    assert found[Rule.VOLUME_MID].text.endswith("an operational rule outranks volume")


def test_prompts_say_how_many_days_make_them_frequent() -> None:
    found = changes(facts(constant(MID)))

    assert found[Rule.FREQUENT_CHANGES] == WouldChange(
        Rule.FREQUENT_CHANGES,
        Strategy.PROMPT_ENGINEERING,
        "prompt changes frequent from 1 day a week: 20 more active days in 20 weeks, for 3 days; "
        "prompt engineering would be recommended",
        inf,
    )


def test_frequent_prompts_say_how_many_days_fewer_leave_it_to_volume() -> None:
    change = changes(facts(constant(MID), FREQUENT))[Rule.FREQUENT_CHANGES]

    assert change.strategy is Strategy.HYBRID
    assert "no longer frequent below 0.5 days a week: 31 fewer active days in 20 weeks, for 3 days" in change.text


def test_a_rate_beyond_the_mark_waits_for_its_days() -> None:
    busy = PromptFacts(True, ago(60), frozenset(ago(age) for age in (1, 2, 3, 4)))
    change = changes(facts(constant(MID), busy))[Rule.FREQUENT_CHANGES]

    assert "frequent from 1 day a week: reached for 2 of 3 days; " in change.text


@pytest.mark.parametrize(
    ("frequent", "locked_in", "strategy"),
    [
        (False, (), Strategy.FINE_TUNING),
        (True, (), Strategy.HYBRID),
        (False, ("tone",), Strategy.PROMPT_ENGINEERING),
        (True, ("tone",), Strategy.PROMPT_ENGINEERING),
    ],
)
def test_the_declared_behaviour_says_what_the_verdict_is_without_or_with_it(
    frequent: bool, locked_in: tuple[str, ...], strategy: Strategy
) -> None:
    given = facts(constant(LOW), prompts(2 if frequent else 0), locked_in)
    other = facts(constant(LOW), prompts(2 if frequent else 0), () if locked_in else ("tone",))

    assert changes(given)[Rule.LOCKED_IN_BEHAVIOR].strategy is strategy
    assert assess(other, SMALL).strategy is strategy


def test_without_usage_and_prompts_only_the_declaration_can_change_anything() -> None:
    assert set(changes(Facts("bot", facts().as_of))) == {Rule.LOCKED_IN_BEHAVIOR}


@given(st.lists(st.booleans(), min_size=28, max_size=120))
def test_so_many_days_more_or_fewer_are_just_enough(days: list[bool]) -> None:
    active = frozenset(ago(age) for age, changed in enumerate(days) if changed)
    given_facts = facts(constant(MID), PromptFacts(True, ago(len(days) - 1), active))
    state = assess(given_facts, SMALL).frequency
    change = changes(given_facts)[Rule.FREQUENT_CHANGES]
    found = re.search(r"(\d+) (more|fewer) active", change.text)
    assume(found is not None)

    assert found is not None
    assert state.per_week is not None
    step = int(found[1]) * (1 if found[2] == "more" else -1)
    reached, almost = (
        (state.per_week * state.weeks + part) / state.weeks for part in (step, step - step // abs(step))
    )
    assert (reached < 0.5 <= almost + 1e-9) if state.frequent else (reached >= 1 > almost - 1e-9)


def test_rules_are_ranked_by_how_many_times_their_value_is_their_mark() -> None:
    found = changes(facts(constant(LOW), prompts(1)))
    reached = changes(facts(series((60, 1_000.0), (5, 200_000.0))))

    near, far = found[Rule.VOLUME_MID].distance, found[Rule.VOLUME_HIGH].distance
    assert near is not None
    assert far is not None
    assert 0 < near < far
    assert found[Rule.LOCKED_IN_BEHAVIOR].distance is None
    assert reached[Rule.VOLUME_MID].distance == 0
