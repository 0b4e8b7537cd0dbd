from __future__ import annotations

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from leverwatch.agent.framework.model import Declaration, Facts, PromptFacts, Strategy, UsageFacts
from leverwatch.agent.framework.timeline import Timeline, facts_as_of, is_overlapping

LAST = date(2026, 3, 31)


def day(age: int) -> date:
    return LAST - timedelta(days=age)


FACTS = Facts(
    "bot",
    LAST,
    UsageFacts({day(3): 5.0, day(2): 0.0, day(0): 7.0}, ("gateway",)),
    PromptFacts(True, day(6), frozenset({day(4), day(1)})),
    Declaration(Strategy.HYBRID, day(2), ("tone",)),
)


def test_nothing_after_the_day_is_left() -> None:
    assert facts_as_of(Timeline(FACTS), day(2)) == Facts(
        "bot",
        day(2),
        UsageFacts({day(3): 5.0, day(2): 0.0}, ("gateway",)),
        PromptFacts(True, day(6), frozenset({day(4)})),
        Declaration(Strategy.HYBRID, day(2), ("tone",)),
    )


def test_the_last_day_is_what_it_was_cut_from() -> None:
    assert facts_as_of(Timeline(FACTS), LAST) == FACTS


def test_a_review_that_is_yet_to_come_is_left_out_and_the_rest_of_the_declaration_stays() -> None:
    past = facts_as_of(Timeline(FACTS), day(3))

    assert past is not None
    assert past.declaration == Declaration(Strategy.HYBRID, None, ("tone",))


def test_prompts_before_their_first_change_are_watched_and_without_history() -> None:
    past = facts_as_of(Timeline(FACTS), day(7))

    assert past is not None
    assert past.prompts == PromptFacts(watched=True)


@pytest.mark.parametrize(("age", "known"), [(7, False), (6, True), (3, True)])
def test_a_system_nobody_declared_exists_from_its_first_record_or_change_on(age: int, known: bool) -> None:
    undeclared = Timeline(replace(FACTS, declaration=None))

    assert (facts_as_of(undeclared, day(age)) is not None) is known


def test_a_declared_system_exists_always() -> None:
    assert facts_as_of(Timeline(FACTS), day(400)) is not None


@pytest.mark.parametrize(("age", "expected"), [(31, False), (30, True), (3, True), (2, False)])
def test_usage_is_doubtful_for_28_days_from_a_day_that_two_sources_counted(age: int, expected: bool) -> None:
    twice = frozenset({day(30)})
    past = facts_as_of(Timeline(FACTS, twice), day(age))

    assert past is not None
    assert past.usage.overlapping is expected
    assert is_overlapping(twice, day(age)) is expected
