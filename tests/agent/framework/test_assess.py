from __future__ import annotations

from datetime import date, timedelta
from itertools import groupby

import pytest
from msgspec.structs import replace

from leverwatch.agent.framework.model import (
    Band,
    Facts,
    PromptFacts,
    Rule,
    Status,
    Strategy,
    UsageFacts,
    Verdict,
)
from leverwatch.agent.framework.reasons import ReasonCode
from leverwatch.agent.framework.timeline import Timeline, facts_as_of
from tests.agent.framework.facts import (
    AS_OF,
    BY_VOLUME,
    COUNTS,
    ENDED,
    FREQUENT,
    FT,
    HIGH,
    HYBRID,
    LOCKED,
    LOW,
    MID,
    PE,
    QUIET,
    SHORT,
    SMALL,
    UNWATCHED,
    active,
    ago,
    codes,
    constant,
    facts,
    sentence,
    series,
    verdict,
)


class TestPrecedence:
    @pytest.mark.parametrize(
        ("locked", "frequent", "count", "strategy", "rule", "conflict"),
        [
            (False, False, LOW, PE, Rule.VOLUME_LOW, False),
            (False, False, MID, HYBRID, Rule.VOLUME_MID, False),
            (False, False, HIGH, FT, Rule.VOLUME_HIGH, False),
            (False, True, LOW, PE, Rule.FREQUENT_CHANGES, False),
            (False, True, MID, PE, Rule.FREQUENT_CHANGES, False),
            (False, True, HIGH, PE, Rule.FREQUENT_CHANGES, False),
            (True, False, LOW, FT, Rule.LOCKED_IN_BEHAVIOR, False),
            (True, False, MID, FT, Rule.LOCKED_IN_BEHAVIOR, False),
            (True, False, HIGH, FT, Rule.LOCKED_IN_BEHAVIOR, False),
            (True, True, LOW, HYBRID, None, True),
            (True, True, MID, HYBRID, None, True),
            (True, True, HIGH, HYBRID, None, True),
        ],
    )
    def test_the_whole_table(
        self, locked: bool, frequent: bool, count: float, strategy: Strategy, rule: Rule | None, conflict: bool
    ) -> None:
        result = verdict(facts(constant(count), FREQUENT if frequent else QUIET, LOCKED if locked else ()))
        assert (result.strategy, result.rule, result.conflict) == (strategy, rule, conflict)
        assert (result.status, result.held) == (Status.DECIDED, False)
        assert active(result) == [count == LOW, count == MID, count == HIGH, frequent, locked]

    @pytest.mark.parametrize("band", list(Band))
    @pytest.mark.parametrize("prompt_facts", [UNWATCHED, SHORT])
    def test_an_unknown_frequency_leaves_volume_to_decide(self, band: Band, prompt_facts: PromptFacts) -> None:
        result = verdict(facts(constant(COUNTS[band]), prompt_facts))
        assert (result.strategy, result.rule) == BY_VOLUME[COUNTS[band]]
        assert active(result)[3] is None

    @pytest.mark.parametrize(
        ("count", "strategy"), [(15_999.0, PE), (16_000.0, HYBRID), (160_000.0, HYBRID), (160_001.0, FT)]
    )
    def test_both_boundaries_are_hybrid(self, count: float, strategy: Strategy) -> None:
        assert verdict(facts(constant(count))).strategy is strategy

    @pytest.mark.parametrize(("days_a_week", "rule"), [(0.99, Rule.VOLUME_MID), (1.0, Rule.FREQUENT_CHANGES)])
    def test_the_frequency_threshold_is_inclusive(self, days_a_week: float, rule: Rule) -> None:
        settings = replace(SMALL, frequent_days_per_week=1 / days_a_week)
        weekly = PromptFacts(True, ago(139), frozenset(ago(7 * week) for week in range(20)))
        assert verdict(facts(constant(MID), weekly), settings=settings).rule is rule


class TestStatus:
    @pytest.mark.parametrize("prompt_facts", [QUIET, UNWATCHED])
    def test_a_full_window_is_decided(self, prompt_facts: PromptFacts) -> None:
        result = verdict(facts(constant(MID), prompt_facts))
        assert result.status is Status.DECIDED
        assert codes(result)[0] == ReasonCode.DECIDED_BY_VOLUME
        assert (ReasonCode.PROMPTS_NOT_WATCHED in codes(result)) is (prompt_facts is UNWATCHED)

    @pytest.mark.parametrize(
        ("count", "days", "status"),
        [
            (MID, 21, Status.DECIDED),
            (MID, 27, Status.DECIDED),
            (MID, 28, Status.DECIDED),
            (16_000.0, 21, Status.PROVISIONAL),
            (16_000.0, 27, Status.PROVISIONAL),
            (16_000.0, 28, Status.DECIDED),
        ],
    )
    def test_a_partial_window_is_provisional_when_its_missing_days_could_settle_another_band(
        self, count: float, days: int, status: Status
    ) -> None:
        result = verdict(facts(constant(count, days)))
        assert (result.strategy, result.status) == (HYBRID, status)
        assert (ReasonCode.PARTIAL_WINDOW in codes(result)) is (days < 28)

    def test_too_few_days_are_undecided(self) -> None:
        result = verdict(facts(constant(MID, 20)))
        assert (result.strategy, result.status, result.rule, result.held) == (None, Status.UNDECIDED, None, False)
        assert codes(result)[0] == ReasonCode.TOO_LITTLE_USAGE
        assert result.reasons[0].text == "only 20 of the 28 days to 2026-10-04 are covered, and 21 are needed"
        assert (result.mismatch, result.changed_on) == (None, None)
        assert active(result) == [None, None, None, False, False]

    def test_no_usage_is_undecided(self) -> None:
        result = verdict(facts())
        assert (result.strategy, result.status, result.held) == (None, Status.UNDECIDED, False)
        assert codes(result) == ["no_usage"]

    @pytest.mark.parametrize(
        ("usage", "text"),
        [
            (UsageFacts(), "no usage was seen"),
            (UsageFacts(unseen="no source counts this system"), "no usage was seen: no source counts this system"),
            (
                UsageFacts(sources=("gateway",)),
                (
                    "no usage was seen by the end of 2026-10-04, the last complete day: what gateway counted is of"
                    " later days"
                ),
            ),
        ],
        ids=["unknown", "never", "today"],
    )
    def test_no_usage_says_why(self, usage: UsageFacts, text: str) -> None:
        result = verdict(replace(facts(), usage=usage))
        assert result.reasons[0].text == text

    @pytest.mark.parametrize("prompt_facts", [SHORT, PromptFacts(watched=True)])
    def test_a_watched_but_unknown_frequency_is_provisional(self, prompt_facts: PromptFacts) -> None:
        result = verdict(facts(constant(MID), prompt_facts))
        assert (result.strategy, result.status) == (HYBRID, Status.PROVISIONAL)
        assert ReasonCode.PROMPT_HISTORY_SHORT in codes(result)

    def test_overlapping_sources_are_named_and_provisional(self) -> None:
        result = verdict(facts(constant(MID), overlapping=True))
        assert result.status is Status.PROVISIONAL
        text = sentence(result, ReasonCode.OVERLAPPING_SOURCES)
        assert text == "app-log and gateway may count the same traffic twice; mark one authoritative"

    @pytest.mark.parametrize(
        ("former", "said"),
        [
            (
                ("app-log",),
                (
                    "app-log (not in the configuration) and gateway may count the same traffic twice; mark gateway"
                    " authoritative, or give a source that was renamed its former name"
                ),
            ),
            (
                ("app-log", "gateway"),
                (
                    "app-log (not in the configuration) and gateway (not in the configuration) may count the same"
                    " traffic twice; name one again, and mark it authoritative, or give a source that was renamed"
                    " its former name"
                ),
            ),
        ],
    )
    def test_a_source_that_was_renamed_or_removed_is_said_to_be_one(
        self, former: tuple[str, ...], said: str
    ) -> None:
        given = facts(constant(MID), overlapping=True)
        result = verdict(replace(given, usage=replace(given.usage, former=former)))
        assert result.status is Status.PROVISIONAL
        assert sentence(result, ReasonCode.OVERLAPPING_SOURCES) == said

    @pytest.mark.parametrize("daily", [{}, constant(MID, 5), constant(MID, until=ago(90))])
    @pytest.mark.parametrize(
        ("locked", "prompt_facts", "strategy"),
        [(LOCKED, QUIET, FT), (LOCKED, UNWATCHED, FT), ((), FREQUENT, PE), (LOCKED, FREQUENT, HYBRID)],
    )
    def test_an_operational_rule_decides_without_volume(
        self, daily: dict[date, float], locked: tuple[str, ...], prompt_facts: PromptFacts, strategy: Strategy
    ) -> None:
        result = verdict(facts(daily, prompt_facts, locked))
        assert (result.strategy, result.status, result.held) == (strategy, Status.DECIDED, False)

    def test_an_operational_rule_does_not_mind_overlapping_sources(self) -> None:
        result = verdict(facts(constant(MID), FREQUENT, overlapping=True))
        assert result.status is Status.DECIDED
        assert ReasonCode.OVERLAPPING_SOURCES in codes(result)

    def test_locked_in_is_provisional_while_a_conflict_cannot_be_excluded(self) -> None:
        result = verdict(facts(constant(MID), SHORT, LOCKED))
        assert (result.strategy, result.status, result.conflict) == (FT, Status.PROVISIONAL, False)
        assert codes(result)[:2] == [ReasonCode.DECIDED_BY_LOCKED_IN, ReasonCode.PROMPT_HISTORY_SHORT]

    def test_undecided_is_not_raised_to_provisional(self) -> None:
        assert verdict(facts({}, SHORT, overlapping=True)).status is Status.UNDECIDED


class TestHolding:
    def stale(self, count: float = MID, prompt_facts: PromptFacts = QUIET, locked: tuple[str, ...] = ()) -> Facts:
        return facts(constant(count, until=ago(10)), prompt_facts, locked)

    def before(self, count: float, days: int = 60) -> Verdict:
        return verdict(facts(constant(count, days, until=ago(10)), as_of=ago(10)))

    def test_the_last_recommendation_and_its_status_are_held(self) -> None:
        previous = self.before(MID)
        result = verdict(self.stale(), previous)
        assert (result.strategy, result.status, result.held) == (HYBRID, Status.DECIDED, True)
        assert (result.rule, result.changed_on) == (Rule.VOLUME_MID, previous.changed_on)
        assert result.reasons[0].code == ReasonCode.STALE_USAGE_HELD
        assert result.reasons[0].text == (
            "no usage has been seen since 2026-09-24 (10 days); the last recommendation, hybrid, is held"
        )

    def test_idle_days_after_the_last_call_are_no_days_on_which_usage_was_seen(self) -> None:
        friday = date(2026, 9, 18)
        days = [friday - timedelta(days=back) for back in range(60)]
        daily = {day: MID for day in days if day.weekday() < 5}
        given = replace(
            facts({}, as_of=friday + timedelta(days=7)),
            usage=UsageFacts(daily=daily, alive_until=friday + timedelta(days=7)),
        )
        result = verdict(given)
        assert result.volume.newest_day == friday + timedelta(days=2)
        assert result.reasons[0].text.startswith("no usage has been seen since 2026-09-18 (7 days); ")

    def test_a_provisional_recommendation_is_held_as_provisional(self) -> None:
        result = verdict(self.stale(), self.before(16_000.0, days=22))
        assert (result.strategy, result.status, result.held) == (HYBRID, Status.PROVISIONAL, True)

    def test_a_chain_of_stale_days_holds_the_same(self) -> None:
        previous = self.before(MID)
        first = verdict(self.stale(), previous)
        later = verdict(facts(constant(MID, until=ago(10)), as_of=ago(-300)), first)
        assert (later.strategy, later.status, later.held) == (HYBRID, Status.DECIDED, True)
        assert later.changed_on == previous.changed_on

    def test_the_previous_recommendation_wins_over_the_settled_band(self) -> None:
        result = verdict(self.stale(HIGH), self.before(MID))
        assert (result.strategy, result.rule, result.volume.band) == (HYBRID, Rule.VOLUME_MID, Band.HIGH)

    @pytest.mark.parametrize("count", [LOW, MID, HIGH])
    def test_without_a_previous_verdict_the_settled_band_is_held(self, count: float) -> None:
        result = verdict(self.stale(count))
        assert (result.strategy, result.rule) == BY_VOLUME[count]
        assert (result.status, result.held) == (Status.PROVISIONAL, True)
        assert codes(result)[0] == ReasonCode.STALE_USAGE_HELD

    def test_a_recommendation_of_a_rule_that_ended_is_not_held(self) -> None:
        previous = verdict(facts(constant(MID, until=ago(10)), locked_in=LOCKED, as_of=ago(10)))
        result = verdict(self.stale(), previous)
        assert (previous.strategy, result.strategy, result.status) == (FT, HYBRID, Status.PROVISIONAL)
        assert (result.held, result.changed_on) == (True, result.volume.band_since)

    def test_a_held_verdict_is_lowered_by_an_unknown_frequency(self) -> None:
        result = verdict(self.stale(prompt_facts=SHORT), self.before(MID))
        assert (result.status, result.held) == (Status.PROVISIONAL, True)

    @pytest.mark.parametrize(("age", "held"), [(2, False), (3, True)])
    def test_holding_starts_after_the_tolerated_age(self, age: int, held: bool) -> None:
        result = verdict(facts(constant(MID, until=ago(age))))
        assert (result.strategy, result.held) == (HYBRID, held)
        assert result.status is (Status.PROVISIONAL if held else Status.DECIDED)

    def test_stale_usage_that_was_never_enough_is_undecided(self) -> None:
        result = verdict(facts(constant(MID, 5, until=ago(10))))
        assert (result.strategy, result.status, result.held) == (None, Status.UNDECIDED, False)
        assert codes(result) == [ReasonCode.TOO_LITTLE_USAGE]

    def test_a_window_too_thin_after_a_gap_is_held_too(self) -> None:
        gap = facts(series((60, 17_000.0), (20, None), (3, LOW)))
        held = verdict(gap, self.before(MID))
        assert (held.strategy, held.status, held.held) == (HYBRID, Status.DECIDED, True)
        assert codes(held)[0] == ReasonCode.TOO_LITTLE_USAGE
        fresh = verdict(gap)
        assert (fresh.strategy, fresh.status, fresh.held) == (HYBRID, Status.PROVISIONAL, True)
        assert active(fresh)[:3] == [None, None, None]

    def test_nothing_is_held_once_usage_is_back(self) -> None:
        held = verdict(self.stale(), self.before(MID))
        result = verdict(facts(constant(LOW)), held)
        assert (result.strategy, result.status, result.held) == (PE, Status.DECIDED, False)


def test_a_declaration_has_the_day_of_the_evaluation_that_first_saw_it() -> None:
    steps = [(3, PE), (2, PE), (1, None), (1, HYBRID), (0, HYBRID), (0, HYBRID), (-30, HYBRID)]
    previous, found = None, []
    for age, declared in steps:
        previous = verdict(facts(constant(MID), declared=declared, as_of=ago(age)), previous)
        found.append(previous.declared_on)

    # What is decided as of a day is decided on the next one.
    assert found == [None, None, ago(0), ago(0), ago(0), ago(0), ago(0)]


class TestChangedOn:
    def test_volume_decides_since_its_band_settled(self) -> None:
        result = verdict(facts(series((40, LOW), (20, MID))))
        assert result.changed_on == result.volume.band_since == ago(9)

    def test_frequent_changes_decide_since_they_settled(self) -> None:
        result = verdict(facts(constant(MID), FREQUENT))
        assert result.changed_on == result.frequency.since == ago(112)

    def test_volume_decides_again_since_changes_are_no_longer_frequent(self) -> None:
        result = verdict(facts(constant(MID, 300), ENDED))
        assert (result.strategy, result.changed_on) == (HYBRID, result.frequency.since)
        assert result.frequency.crossings[-1].frequent is False

    def test_the_same_strategy_from_another_rule_is_no_change(self) -> None:
        result = verdict(facts(constant(LOW, 60), FREQUENT))
        assert (result.strategy, result.changed_on) == (PE, ago(112))
        low = verdict(facts(constant(LOW, 300), ENDED))
        assert (low.strategy, low.rule, low.changed_on) == (PE, Rule.VOLUME_LOW, low.volume.band_since)

    def test_a_conflict_stands_since_the_changes_are_frequent(self) -> None:
        result = verdict(facts(constant(LOW), FREQUENT, LOCKED))
        assert (result.strategy, result.changed_on) == (HYBRID, ago(112))

    def test_what_only_the_declaration_decides_goes_back_to_the_first_known_day(self) -> None:
        assert verdict(facts(constant(LOW), QUIET, LOCKED)).changed_on == QUIET.first_change
        assert verdict(facts(constant(LOW), UNWATCHED, LOCKED)).changed_on == ago(59)
        assert verdict(facts(None, UNWATCHED, LOCKED)).changed_on == AS_OF

    @pytest.mark.parametrize(
        "daily",
        [
            series((10, LOW), (7, None), (60, LOW)),
            series((14, LOW), (12, None), (60, LOW)),
            series((10, LOW), (7, None), (40, LOW), (60, HIGH)),
            # For weeks no day has a volume of its own, and bounds alone decide.
            series((20, LOW), (26, None), (31, LOW)),
        ],
    )
    def test_it_does_not_move_while_the_strategy_stays_though_days_are_missing(
        self, daily: dict[date, float]
    ) -> None:
        past = [facts_as_of(Timeline(facts(daily)), ago(age)) for age in reversed(range(120))]
        verdicts = [verdict(each) for each in past if each is not None]
        runs = [list(run) for _, run in groupby(verdicts, key=lambda one: one.strategy)]
        found = [{one.changed_on for one in run} for run in runs if run[0].strategy]
        assert found
        assert [len(days) for days in found] == [1] * len(found)

    @pytest.mark.parametrize("prompt_facts", [QUIET, FREQUENT, ENDED])
    @pytest.mark.parametrize("locked", [(), LOCKED])
    def test_it_is_the_first_day_of_the_run_that_day_by_day_verdicts_show(
        self, prompt_facts: PromptFacts, locked: tuple[str, ...]
    ) -> None:
        given = facts(series((60, LOW), (60, MID), (60, HIGH), (60, LOW), (40, MID)), prompt_facts, locked)
        past = [facts_as_of(Timeline(given), ago(age)) for age in reversed(range(320))]
        verdicts = [verdict(each) for each in past if each is not None]
        runs = [list(run) for _, run in groupby(verdicts, key=lambda one: one.strategy)]
        assert len(runs) > 1 or locked
        for run in runs[1:] if locked else runs:
            assert {one.changed_on for one in run} == ({run[0].as_of} if run[0].strategy else {None})

    def test_no_earlier_verdict_changes_it(self) -> None:
        given = facts(series((40, LOW), (20, MID)))
        for before in (PE, HYBRID, FT):
            previous = replace(verdict(given), strategy=before, as_of=ago(3), changed_on=ago(200))
            assert verdict(given, previous).changed_on == ago(9)

    def test_a_recommendation_that_is_held_against_the_band_keeps_its_stored_day(self) -> None:
        stale = facts(constant(LOW, until=ago(5)))
        previous = replace(verdict(facts(constant(MID))), changed_on=ago(200))
        assert (verdict(stale, previous).strategy, verdict(stale, previous).changed_on) == (HYBRID, ago(200))
        unknown = replace(previous, changed_on=None, as_of=ago(6))
        assert verdict(stale, unknown).changed_on == ago(6)


class TestDeclaration:
    @pytest.mark.parametrize(("declared", "mismatch"), [(None, None), (HYBRID, False), (PE, True), (FT, True)])
    def test_mismatch_compares_with_the_declared_strategy(
        self, declared: Strategy | None, mismatch: bool | None
    ) -> None:
        result = verdict(facts(constant(MID), declared=declared))
        assert (result.declared, result.mismatch) == (declared, mismatch)
        assert (ReasonCode.MISMATCH in codes(result)) is (mismatch is True)

    def test_the_mismatch_is_told_in_words(self) -> None:
        result = verdict(facts(constant(HIGH), declared=PE))
        expected = "fine-tuning is recommended, prompt engineering is declared"
        assert sentence(result, ReasonCode.MISMATCH) == expected

    def test_no_recommendation_is_no_mismatch(self) -> None:
        result = verdict(facts(declared=PE))
        assert (result.declared, result.mismatch) == (PE, None)

    def test_an_undeclared_system_is_assessed_and_says_so(self) -> None:
        result = verdict(replace(facts(constant(MID)), declaration=None))
        assert (result.strategy, result.status, result.declared) == (HYBRID, Status.DECIDED, None)
        assert codes(result)[-1] == ReasonCode.UNDECLARED
        behavior = result.evidence[4]
        assert (behavior.active, behavior.value) == (False, 0.0)
        assert behavior.text == "nothing is declared for this system"
