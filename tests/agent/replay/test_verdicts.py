from __future__ import annotations

from datetime import date, timedelta

from msgspec.structs import replace

from leverwatch.agent.framework.assess import assess
from leverwatch.agent.framework.model import Declaration, Facts, Settings, Status, Strategy, UsageFacts, Verdict
from leverwatch.agent.framework.timeline import Timeline
from leverwatch.agent.replay.verdicts import Change, changes, days_between, decide_days

SETTINGS = Settings()
FIRST = date(2026, 1, 1)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def timeline(*counts: float | None) -> Timeline:
    """A system that nobody declared, with a count a day; None is a day nobody saw."""
    daily = {day(number): count for number, count in enumerate(counts) if count is not None}
    return Timeline(Facts("bot", day(len(counts) - 1), UsageFacts(daily, ("gateway",))))


def decided(line: Timeline, days: range, stored: Verdict | None = None) -> list[Verdict | None]:
    answers = decide_days(line, SETTINGS, [day(number) for number in days], stored)
    return [None if answer is None else answer[1] for answer in answers]


def test_both_ends_of_a_span_are_in_it() -> None:
    assert days_between(day(3), day(5)) == [day(3), day(4), day(5)]
    assert days_between(day(3), day(3)) == [day(3)]


def test_there_is_no_verdict_before_there_is_a_system() -> None:
    verdicts = decided(timeline(None, None, 5.0), range(3))

    assert verdicts[:2] == [None, None]
    assert verdicts[2] is not None
    assert verdicts[2].status is Status.UNDECIDED


def test_a_day_builds_on_the_replayed_day_before_it() -> None:
    low, high = 1_000_000.0, 50_000_000.0
    line = timeline(*[low] * 40, *[high] * 40)

    verdicts = [verdict for verdict in decided(line, range(80)) if verdict is not None]

    crossing = next(verdict for verdict in verdicts if verdict.strategy is Strategy.HYBRID)
    later = [verdict for verdict in verdicts if verdict.as_of > crossing.as_of]
    assert verdicts[-1].strategy is Strategy.FINE_TUNING
    assert crossing.changed_on == crossing.as_of
    assert {v.changed_on for v in later if v.strategy is Strategy.HYBRID} == {crossing.as_of}
    assert [verdict for verdict in decided(line, range(70, 80)) if verdict] == verdicts[-10:]


def test_a_replay_that_starts_later_dates_a_recommendation_alike() -> None:
    line = timeline(*[1_000_000.0] * 10)
    locked_in = replace(line, facts=replace(line.facts, declaration=Declaration(locked_in_behavior=("tone",))))

    assert {verdict.changed_on for verdict in decided(locked_in, range(3, 10)) if verdict} == {day(0)}


def test_what_is_stored_on_the_days_of_the_replay_has_no_say() -> None:
    line = timeline(*[1_000_000.0] * 40)

    verdicts = decided(line, range(30, 40))

    # `assess` alone, day after day, without any store.
    expected: list[Verdict] = []
    for number in range(30, 40):
        facts = replace(
            line.facts,
            as_of=day(number),
            usage=replace(line.facts.usage, daily={day(n): 1_000_000.0 for n in range(number + 1)}),
        )
        expected.append(assess(facts, SETTINGS, expected[-1] if expected else None))
    assert verdicts == expected


def test_the_first_day_builds_on_the_stored_verdict_of_an_earlier_day() -> None:
    # Seven days of usage and then nothing: only the stored verdict can be held.
    line = timeline(*[1_000_000.0] * 7, *[None] * 3)
    full = timeline(*[1_000_000.0] * 40)
    (stored,) = decided(full, range(39, 40))
    assert stored is not None

    (alone,) = decided(line, range(9, 10))
    (held,) = decided(line, range(9, 10), stored)

    assert alone is not None
    assert alone.strategy is None
    assert held is not None
    assert (held.strategy, held.held) == (Strategy.PROMPT_ENGINEERING, True)


def test_a_declaration_has_the_day_that_the_store_knows_and_none_of_the_replay_itself() -> None:
    line = timeline(*[1_000_000.0] * 40)
    declaring = replace(line, facts=replace(line.facts, declaration=Declaration(Strategy.HYBRID)))
    (before,) = decided(declaring, range(29, 30))
    assert before is not None
    other = replace(before, declared=Strategy.FINE_TUNING, declared_on=day(3))
    same = replace(before, declared_on=day(20))

    found = [[v and v.declared_on for v in decided(declaring, range(30, 33), stored)] for stored in (other, same)]

    assert found == [[None] * 3, [day(20)] * 3]


def test_changes_are_the_first_verdict_and_those_that_say_something_else() -> None:
    verdicts = [v for v in decided(timeline(*[1_000_000.0] * 30), range(30)) if v is not None]

    found = list(changes(verdicts))

    # 1 to 20 days covered: nothing is known. 21: the least that is needed, and the other 7 change no band.
    assert [(c.verdict.as_of, c.verdict.strategy, c.verdict.status) for c in found] == [
        (day(0), None, Status.UNDECIDED),
        (day(20), Strategy.PROMPT_ENGINEERING, Status.DECIDED),
    ]
    assert found[0] == Change(None, verdicts[0])
    assert found[1].previous == verdicts[19]


def test_a_figure_that_moves_is_no_change() -> None:
    verdicts = [v for v in decided(timeline(*[float(n) for n in range(40)]), range(28, 40)) if v is not None]

    assert len({verdict.volume.monthly_inferences for verdict in verdicts}) == 12
    assert len(list(changes(verdicts))) == 1
