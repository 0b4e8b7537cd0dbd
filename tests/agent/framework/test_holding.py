from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from leverwatch.agent.framework.assess import assess
from leverwatch.agent.framework.holding import verdict_on
from leverwatch.agent.framework.model import (
    Declaration,
    Facts,
    PromptFacts,
    Settings,
    Status,
    Strategy,
    UsageFacts,
    Verdict,
)
from leverwatch.agent.framework.timeline import Timeline, facts_as_of

SETTINGS = Settings()
FIRST = date(2025, 3, 3)
LOW, MID, HIGH = 1_000_000.0, 12_000_000.0, 60_000_000.0


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def timeline(*spans: tuple[int, float | None], changes: frozenset[int] = frozenset()) -> Timeline:
    """A system with so many days of a count each, None where nothing is known, and prompt changes on some days."""
    counts = [count for length, count in spans for _ in range(length)]
    daily = {day(number): count for number, count in enumerate(counts) if count is not None}
    prompts = PromptFacts(watched=False)
    if changes:
        prompts = PromptFacts(True, day(min(changes)), frozenset(map(day, changes)))
    declaration = Declaration(strategy=Strategy.PROMPT_ENGINEERING)
    return Timeline(Facts("bot", day(len(counts) - 1), UsageFacts(daily, ("gateway",)), prompts, declaration))


def alone(line: Timeline, on: date, stored: Verdict | None = None) -> Verdict:
    facts = facts_as_of(line, on)
    assert facts is not None
    return verdict_on(line, facts, SETTINGS, stored)


def day_by_day(line: Timeline) -> Iterator[Verdict]:
    """The verdicts of all days from the first one on, each on top of the one before."""
    previous: Verdict | None = None
    for number in range((line.facts.as_of - FIRST).days + 1):
        facts = facts_as_of(line, day(number))
        if facts is not None:
            previous = assess(facts, SETTINGS, previous)
            yield previous


@pytest.mark.parametrize("count", [LOW, MID, HIGH])
@pytest.mark.parametrize("silent", [3, 40, 400])
def test_what_was_decided_is_held_as_decided_without_any_stored_verdict(count: float, silent: int) -> None:
    line = timeline((60, count), (silent, None))
    fresh, held = alone(line, day(59)), alone(line, line.facts.as_of)

    assert (held.held, held.status, held.strategy) == (True, Status.DECIDED, fresh.strategy)
    assert (held.rule, held.changed_on) == (fresh.rule, fresh.changed_on)


def test_what_was_provisional_is_held_as_provisional() -> None:
    line = timeline((40, MID), (8, None), (14, MID), (20, None))
    last = [verdict for verdict in day_by_day(line) if not verdict.held][-1]

    assert alone(line, line.facts.as_of).status is last.status


def test_a_stored_verdict_that_the_facts_contradict_is_not_held() -> None:
    line = timeline((60, HIGH), (10, None))
    other = [*day_by_day(timeline((60, MID), (5, None)))][-1]

    held = alone(line, line.facts.as_of, other)

    assert (held.strategy, held.status) == (Strategy.FINE_TUNING, Status.DECIDED)


def test_what_the_store_knows_of_the_declaration_is_kept_while_a_verdict_is_held() -> None:
    line = timeline((60, HIGH), (10, None))
    stored = replace(alone(line, day(68)), declared=Strategy.HYBRID)

    held = alone(line, day(69), stored)

    assert (held.held, held.declared_on) == (True, day(70))


def test_a_stored_verdict_is_held_where_the_facts_tell_nothing() -> None:
    stored = alone(timeline((60, MID)), day(59))

    held = alone(timeline((60, None), (7, MID), (9, None)), day(75), stored)

    assert (held.strategy, held.status, held.held) == (Strategy.HYBRID, Status.DECIDED, True)


def test_a_day_that_could_not_be_decided_for_want_of_a_band_does_not_end_what_is_held() -> None:
    line = timeline((14, HIGH), (1, None), (1, MID), (14, None), (21, LOW))
    days = [*day_by_day(line)]
    nothing_settled = [verdict.as_of for verdict in days if verdict.held and verdict.volume.band is None]

    assert nothing_settled
    for verdict in days:
        found = alone(line, verdict.as_of)
        assert (found.strategy, found.status, found.held) == (verdict.strategy, verdict.status, verdict.held)


def test_a_rule_that_came_and_went_in_silence_ends_what_volume_had_decided() -> None:
    line = timeline((60, MID), (500, None), changes=frozenset({1, *range(62, 200, 3)}))
    days = [*day_by_day(line)]

    assert {verdict.frequency.frequent for verdict in days if verdict.as_of > day(62)} >= {True, False}
    assert (days[-1].held, days[-1].status) == (True, Status.PROVISIONAL)
    assert alone(line, line.facts.as_of) == days[-1]


def _random_line(chance: random.Random) -> Timeline:
    counts = [LOW, MID, HIGH]
    spans = [
        (chance.randint(1, 45), None if number % 2 else chance.choice(counts))
        for number in range(chance.randint(2, 7))
    ]
    length = sum(days for days, _ in spans)
    rate = chance.choice([0.0, 0.02, 0.2, 0.5])
    changes = frozenset(number for number in range(length) if chance.random() < rate)
    line = timeline(*spans, changes=changes)
    twice = frozenset(on for on in line.facts.usage.daily if chance.random() < chance.choice([0.0, 0.05]))
    alive = chance.choice([None, line.facts.as_of])
    return replace(
        line, overlapping_days=twice, facts=replace(line.facts, usage=replace(line.facts.usage, alive_until=alive))
    )


@pytest.mark.parametrize("seed", range(12))
def test_each_day_alone_says_what_it_says_after_all_the_days_before_it(seed: int) -> None:
    line = _random_line(random.Random(seed))
    for verdict in day_by_day(line):
        found = alone(line, verdict.as_of)
        assert (found.strategy, found.status, found.rule, found.held) == (
            verdict.strategy,
            verdict.status,
            verdict.rule,
            verdict.held,
        ), verdict.as_of
        assert (found.changed_on, found.mismatch) == (verdict.changed_on, verdict.mismatch)
