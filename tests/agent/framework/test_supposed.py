"""What-if: what is supposed decides, and the rest stays as it is."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from leverwatch.agent.framework.assess import assess
from leverwatch.agent.framework.assessment import (
    AssessmentFacts,
    AssessmentSettings,
    CostTerms,
    assess_context,
)
from leverwatch.agent.framework.economics.amounts import Amount, Hosting, Origin, Price, Unpriced
from leverwatch.agent.framework.economics.model import Economics
from leverwatch.agent.framework.economics.traffic import Block, Calls, TrafficMoments
from leverwatch.agent.framework.model import Facts, Rule, Settings, Status, Strategy, Verdict
from leverwatch.agent.framework.supposed import Supposed, judged
from tests.agent.framework.facts import FREQUENT, LOW, MID, SMALL, constant, facts

CALLS = Calls("m", 1_000.0, 1_000.0, 900_000.0, 90_000.0, 0.0, 80_000.0)
SETTINGS = AssessmentSettings(SMALL)


def known(of: Facts | None = None, price: Price | Unpriced | None = None) -> AssessmentFacts:
    """A system of which all that money needs is known."""
    real = of or facts(constant(LOW))
    return AssessmentFacts(
        real,
        assess(real, SMALL),
        TrafficMoments((Block(7, (CALLS,)),) * 4),
        {"m": price or Price("m", 2.0, 8.0)},
        CostTerms(),
    )


def verdict_of(supposed: Supposed, of: AssessmentFacts | None = None) -> Verdict:
    return judged(of or known(), SETTINGS, supposed)[0]


def economics_of(supposed: Supposed, of: AssessmentFacts | None = None) -> Economics:
    found = judged(of or known(), SETTINGS, supposed)[1].economics
    assert isinstance(found, Economics)
    return found


def test_supposing_nothing_gives_what_is_real() -> None:
    real = known()

    assert judged(real, SETTINGS, Supposed()) == (real.verdict, assess_context(real, SETTINGS))


@given(st.floats(0, 1e12))
@example(487_000.0)
@example(4_870_000.0)
@example(0.0)
def test_a_supposed_volume_is_the_volume_and_settles_where_it_lies(volume: float) -> None:
    verdict = verdict_of(Supposed(volume=volume))

    assert verdict.volume.monthly_inferences == pytest.approx(volume, rel=1e-12)
    assert verdict.volume.candidate is None
    assert verdict.status is Status.DECIDED


@pytest.mark.parametrize("threshold", [100e6, 487e3, 3e8, 123_456_789.0, 7e9])
def test_a_volume_at_the_threshold_itself_is_in_the_band(threshold: float) -> None:
    low = Settings(hybrid_from=threshold, fine_tuning_above=10 * threshold)
    high = Settings(hybrid_from=threshold / 10, fine_tuning_above=threshold)

    assert verdict_of(Supposed(volume=threshold, settings=low)).rule is Rule.VOLUME_MID
    assert verdict_of(Supposed(volume=threshold * 0.999, settings=low)).rule is Rule.VOLUME_LOW
    assert verdict_of(Supposed(volume=threshold, settings=high)).rule is Rule.VOLUME_MID
    assert verdict_of(Supposed(volume=threshold * 1.001, settings=high)).rule is Rule.VOLUME_HIGH


@given(st.floats(0, 7))
@example(1.0)
@example(0.3)
def test_a_supposed_rate_of_prompt_changes_settles_on_its_side_of_the_mark(rate: float) -> None:
    verdict = verdict_of(Supposed(changes_per_week=rate))

    assert verdict.frequency.per_week == pytest.approx(rate, abs=0.005)
    if rate == 1.0 or abs(rate - 1) > 0.005:
        assert verdict.frequency.frequent is (rate >= 1)


def test_supposed_calm_takes_a_system_back_to_volume() -> None:
    busy = known(facts(constant(MID), FREQUENT))

    assert busy.verdict.strategy is Strategy.PROMPT_ENGINEERING
    assert verdict_of(Supposed(changes_per_week=0), busy).strategy is Strategy.HYBRID


def test_a_supposed_declaration_is_compared_and_a_supposed_need_decides() -> None:
    assert verdict_of(Supposed(declared=Strategy.HYBRID)).mismatch is True
    assert verdict_of(Supposed(locked_in=True)).rule is Rule.LOCKED_IN_BEHAVIOR
    locked = known(facts(constant(LOW), locked_in=("tone",)))
    assert verdict_of(Supposed(locked_in=False), locked).rule is Rule.VOLUME_LOW


def test_supposed_prices_move_tokens_and_nothing_else() -> None:
    real, dearer = economics_of(Supposed()), economics_of(Supposed(price={"input": 4.0, "output": 16.0}))

    assert real.bill is not None
    assert dearer.bill == pytest.approx(2 * real.bill)
    assert dearer.costs[0].split.people == real.costs[0].split.people


def test_both_prices_make_up_for_an_unknown_one_and_one_does_not() -> None:
    unknown = known(price=Unpriced("m", "nobody knows"))

    assert economics_of(Supposed(price={"input": 2.0}), unknown).probability is None
    both = economics_of(Supposed(price={"input": 2.0, "output": 8.0}), unknown)
    assert both == replace(economics_of(Supposed()))


def test_a_supposed_input_replaces_its_range() -> None:
    dear = economics_of(Supposed(costs={"data_usd": Amount.exactly(1e6, Origin.CONFIGURED)}))
    told = economics_of(Supposed(hosting=Hosting.PER_TOKEN, tuned_price={"input": 3.0, "output": 9.0}))

    assert dear.costs[-1].split.training > 50_000
    assert told.costs[-1].split.hosting == 0
