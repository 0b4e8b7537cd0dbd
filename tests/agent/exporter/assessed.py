"""Hand-made assessments that reach every family. All values are invented."""

from __future__ import annotations

from datetime import UTC, date, datetime

from msgspec.structs import replace

from leverwatch.agent.evaluation.assessor import nothing as unavailable
from leverwatch.agent.framework.assessment import Assessment, PromptJudgement
from leverwatch.agent.framework.baselines import Baseline
from leverwatch.agent.framework.comparison import ComparisonOutcome as BaselineOutcome
from leverwatch.agent.framework.comparison import compare
from leverwatch.agent.framework.economics.amounts import Amount, Origin
from leverwatch.agent.framework.economics.model import (
    Agreement,
    BreakEven,
    CostOfChange,
    CostOutcome,
    CostSplit,
    Driver,
    Economics,
    Missing,
    StrategyCost,
    Unknown,
)
from leverwatch.agent.framework.fine_tuned_models import TunedBy, TunedModel
from leverwatch.agent.framework.forecast.model import Direction, Forecast, Method, Outlook, Score, Target
from leverwatch.agent.framework.locked_in import LockedIn, LockedInCode, Standing, Support, SupportEvidence
from leverwatch.agent.framework.model import Boundary, Reason, Rule, Strategy
from leverwatch.agent.framework.overengineering import PromptMoments, judge
from leverwatch.agent.framework.review import Review
from leverwatch.agent.framework.shutdowns import Shutdown, Urgency
from leverwatch.agent.framework.would_change import WouldChange
from leverwatch.collectors.interface import EvalResult

AS_OF = date(2026, 3, 30)


def result(model: str, day: date, value: float) -> EvalResult:
    """A share of passed cases, of 200."""
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    passed = round(value * 200)
    return EvalResult(
        "checkout-helper", model, "v1", "golden", "aa11", "accuracy", value, None, 200, at, True, passed
    )


def economics() -> Economics:
    """Fine-tuning is cheaper, in most draws."""
    return Economics(
        system="checkout-helper",
        as_of=AS_OF,
        outcome=CostOutcome.CHEAPER,
        probability=0.91,
        costs=(
            StrategyCost(
                Strategy.PROMPT_ENGINEERING, 21_500.0, 0.1913, 0.19, CostSplit(21_060.0, 440.0, 0.0, 0.0), None
            ),
            StrategyCost(
                Strategy.HYBRID, 17_250.5, 0.1535, 0.12, CostSplit(13_200.5, 1_240.0, 710.0, 2_100.0), 0.78
            ),
            StrategyCost(
                Strategy.FINE_TUNING, 12_800.0, None, 0.05, CostSplit(7_090.0, 800.0, 710.0, 4_200.0), 0.91
            ),
        ),
        saving=8_700.0,
        break_even=BreakEven(31_000_000.0, 34_500_000.0, None),
        break_even_range=(22_000_000.0, None),
        break_even_median=36_500_000.0,
        bill=21_060.0,
        change=CostOfChange(
            Strategy.PROMPT_ENGINEERING,
            Strategy.HYBRID,
            4_249.5,
            -1_150.0,
            9_300.0,
            0.78,
            CostSplit(7_859.5, -800.0, -710.0, -2_100.0),
        ),
        drivers=(
            Driver("static_share", 1_000.0, 16_000.0, Origin.ASSUMED),
            Driver("monthly_inferences", 6_000.0, 11_000.0, Origin.MEASURED),
        ),
        inputs={
            "static_share": Amount(0.3, 0.6, 0.9, Origin.ASSUMED),
            "training_usd": Amount.exactly(250.0, Origin.CONFIGURED),
            "prompt_changes_per_month": Amount.exactly(2.2, Origin.MEASURED),
            "data_usd": Amount(1_000.0, 5_000.0, 15_000.0, Origin.ASSUMED),
        },
    )


def no_change() -> CostOfChange:
    """What is declared is recommended."""
    nothing = CostSplit(0.0, 0.0, 0.0, 0.0)
    return CostOfChange(Strategy.HYBRID, Strategy.HYBRID, 0.0, 0.0, 0.0, None, nothing)


def outlook() -> Forecast:
    """One boundary lies ahead with dates, the other one beyond the horizon."""
    return Forecast(
        as_of=AS_OF,
        method=Method.TREND,
        weeks=40,
        monthly_inferences=112_400_000.5,
        scores=(Score(Method.RUN_RATE, 26, 1.4, 0.08, 0.03), Score(Method.TREND, 26, 0.75, 0.05, None)),
        known_origins=26,
        coverage=0.8125,
        coverage_origins=16,
        level_shift=None,
        error_widths=(0.05, 0.09, 0.15),
        volumes=(112_400_000.5, 120_000_000.0),
        outlooks=(
            Outlook(Target(Boundary.HYBRID, Direction.DOWN, 90_000_000), None, None, None, 0.0),
            Outlook(
                Target(Boundary.FINE_TUNING, Direction.UP, 1_000_000_000),
                date(2026, 5, 11),
                date(2026, 4, 20),
                date(2026, 6, 8),
                0.75,
            ),
        ),
    )


def baseline() -> Baseline:
    """A tuned model that got worse, and was measured long ago."""
    before, after = result("small-1", date(2025, 12, 20), 0.9), result("small-1-lora", date(2026, 1, 12), 0.75)
    return Baseline(
        tuned=TunedModel("small-1-lora", TunedBy.ADAPTER, date(2026, 1, 5), 0.06, AS_OF, 9_000.0),
        previous=("small-1",),
        outcome=BaselineOutcome.WORSE,
        comparisons=(compare(before, after),),
        missing=(),
        newest=date(2026, 1, 12),
        age_days=77,
        stale_after_days=60,
        stale=True,
        reasons=(Reason("baseline_stale_age", "the newest result is 77 days old, more than 60"),),
    )


def evaluations() -> tuple[EvalResult, ...]:
    """The newest results of two models, one of them with a score below zero."""
    return (
        result("small-1-lora", date(2026, 1, 12), 0.75),
        replace(result("small-1", date(2025, 12, 20), 0.9), metric="tone", value=-0.25, n=40, passed=None),
    )


def prompts() -> PromptJudgement:
    """Every sign is known, and four of five agree."""
    moments = PromptMoments(
        input_tokens=4_000.0,
        output_tokens=40.0,
        static_tokens=3_400.0,
        cached_tokens=340.0,
        calls_per_trace=3.5,
        attempts=1.05,
        earlier_input_tokens=2_500.0,
        earlier_static_tokens=2_000.0,
        eval_gain=False,
    )
    return PromptJudgement(moments, judge(moments))


def ending() -> tuple[Shutdown, ...]:
    """A model in use whose last day is near."""
    text = "small-1, 80.0% of the inferences of 28 days, is shut down on 2026-04-20, in 21 days"
    return (Shutdown("small-1", date(2026, 4, 20), True, 21, 90, 30, 0.8, Urgency.CRITICAL, text),)


def review() -> Review:
    """Due, because it is old and a rule changed."""
    return Review(
        due=True,
        reviewed=date(2025, 10, 1),
        age_days=180,
        review_after_days=90,
        due_on=date(2025, 12, 30),
        changed_rules=(Rule.VOLUME_LOW, Rule.VOLUME_MID),
        deciding_rule_changed=True,
        compared_with=date(2025, 10, 1),
        differing_since=date(2026, 3, 10),
        differing_days=21,
        shutdowns=ending(),
        reasons=(Reason("review_too_old", "the last review, on 2025-10-01, was 180 days ago (90 are allowed)"),),
    )


def locked_in() -> LockedIn:
    """Failures are high without a schema mode; flat scores are unknown."""
    rate = SupportEvidence(Support.VALIDATION_FAILURES, False, 0.034, 0.02, "share", "3.4% of 9000 failed")
    flat = SupportEvidence(Support.FLAT_SCORES, None, None, 3.0, "prompt changes", "no score spans 3 changes")
    stable = SupportEvidence(Support.STABLE_PROMPT, False, 1.4, 13.0, "weeks", "unchanged for 1 week")
    advice = (Reason(LockedInCode.STRUCTURED_OUTPUT_FIRST.value, "turn on a schema mode"),)
    return LockedIn(Standing.NOT_SUPPORTED, 0, (rate, flat, stable), advice)


def everything() -> Assessment:
    """Every part is known."""
    return Assessment(
        economics=economics(),
        agreement=Agreement.AGREES,
        outlook=outlook(),
        baseline=baseline(),
        prompts=prompts(),
        shutdowns=ending(),
        review=review(),
        locked_in=locked_in(),
        would_change=(WouldChange(Rule.VOLUME_HIGH, Strategy.FINE_TUNING, "high band above 1.00B a month"),),
        evaluations=evaluations(),
    )


def little() -> Assessment:
    """Every part was worked out, and little is known."""
    unknown = (Unknown(Missing.PRICE, "the price of m is unknown"),)
    silent = Forecast(AS_OF, Method.RUN_RATE, 3, None, (), 0, None, 0, None)
    moments = PromptMoments()
    quiet = tuple(SupportEvidence(kind, None, None, 1.0, "share", "unknown") for kind in Support)
    return Assessment(
        economics=Economics("answer-bot", AS_OF, CostOutcome.UNKNOWN, unknown),
        agreement=Agreement.NOT_COMPARED,
        outlook=silent,
        baseline=None,
        prompts=PromptJudgement(moments, judge(moments)),
        shutdowns=(),
        review=Review(None, None, None, 90, None, (), False, None, None, None, (), ()),
        locked_in=LockedIn(Standing.UNMEASURED, 0, quiet, ()),
        would_change=(),
    )


def nothing() -> Assessment:
    """No part could be worked out."""
    return unavailable("not worked out")
