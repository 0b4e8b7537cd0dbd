from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from leverwatch.agent.framework.model import (
    Facts,
    PromptFacts,
    Rule,
    Status,
    Strategy,
    UsageFacts,
)
from leverwatch.agent.framework.reasons import ReasonCode
from tests.agent.framework.facts import (
    FREQUENT,
    FT,
    HYBRID,
    LOCKED,
    QUIET,
    SHORT,
    UNWATCHED,
    active,
    ago,
    codes,
    constant,
    facts,
    series,
    verdict,
)

ANY_PROMPTS = st.sampled_from([QUIET, FREQUENT, SHORT, UNWATCHED, PromptFacts(watched=True)])
ANY_FACTS = st.builds(
    facts,
    daily=st.dictionaries(st.integers(-5, 80).map(ago), st.floats(0, 2e6), max_size=86)
    | st.builds(constant, st.floats(0, 2e6), st.integers(0, 60), st.integers(0, 9).map(ago)),
    prompt_facts=ANY_PROMPTS,
    locked_in=st.sampled_from([(), LOCKED]),
    declared=st.sampled_from([None, *Strategy]),
    overlapping=st.booleans(),
)


class TestAlways:
    @given(ANY_FACTS, st.none() | ANY_FACTS)
    def test_a_verdict_is_complete_and_consistent(self, now: Facts, earlier: Facts | None) -> None:
        previous = None if earlier is None else verdict(replace(earlier, as_of=ago(1)))
        result = verdict(now, previous)
        assert [e.rule for e in result.evidence] == list(Rule)
        assert all((e.active is None) == (e.value is None) for e in result.evidence)
        assert all(e.text for e in result.evidence)
        assert result.reasons
        assert {r.code for r in result.reasons} <= set(ReasonCode)
        assert len(set(codes(result))) == len(result.reasons)
        assert (result.strategy is None) == (result.status is Status.UNDECIDED)
        assert (result.strategy is None) == (result.changed_on is None)
        assert (result.mismatch is None) == (result.strategy is None or result.declared is None)
        assert (result.rule is None) == (result.strategy is None or result.conflict)
        assert not (result.held and result.conflict)
        assert verdict(now, previous) == result

    @given(ANY_FACTS, st.randoms(use_true_random=False))
    def test_the_order_of_daily_counts_is_irrelevant(self, now: Facts, shuffler: random.Random) -> None:
        items = list(now.usage.daily.items())
        shuffler.shuffle(items)
        usage = UsageFacts(dict(items), now.usage.sources, now.usage.overlapping)
        assert verdict(replace(now, usage=usage)) == verdict(now)

    @given(ANY_FACTS)
    def test_unknown_in_is_unknown_out(self, now: Facts) -> None:
        result = verdict(replace(now, usage=UsageFacts(), prompts=UNWATCHED))
        assert (result.volume.monthly_inferences, result.changes_per_week) == (None, None)
        assert active(result)[:4] == [None] * 4
        assert result.strategy is (FT if now.declaration and now.declaration.locked_in_behavior else None)

    @given(ANY_FACTS, st.floats(0, 2e6))
    def test_what_happens_after_as_of_changes_nothing(self, now: Facts, count: float) -> None:
        later = replace(now.usage, daily={**now.usage.daily, ago(-6): count})
        prompts = replace(now.prompts, active_days=now.prompts.active_days | {ago(-6)})
        assert verdict(replace(now, usage=later, prompts=prompts)) == verdict(now)

    @given(st.floats(0, 2e6), st.floats(0, 2e6))
    def test_more_traffic_never_recommends_a_lower_strategy(self, one: float, other: float) -> None:
        order = list(Strategy)
        found = [verdict(facts(constant(count))).strategy for count in sorted((one, other))]
        places = [order.index(strategy) for strategy in found if strategy]
        assert len(places) == 2
        assert places == sorted(places)

    @given(st.lists(st.floats(14_401, 15_999), min_size=10, max_size=60))
    def test_day_after_day_between_leave_and_entry_nothing_flips(self, counts: list[float]) -> None:
        daily = series((40, 16_000.0), *((1, count) for count in counts))
        previous = None
        for age in range(len(counts), -1, -1):
            previous = verdict(facts(daily, as_of=ago(age)), previous)
            assert (previous.strategy, previous.status) == (HYBRID, Status.DECIDED)
        assert previous is not None
        assert previous.changed_on == ago(len(counts) + 19)
