"""The assessment of a system: economics, forecast, the watched mistakes and locked-in evidence. Pure.

It is shown beside the verdict and does not change it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from statistics import fmean
from typing import TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from leverwatch.agent.framework.baselines import Baseline, baseline
from leverwatch.agent.framework.coverage import known_days
from leverwatch.agent.framework.daily_usage import measured_shares
from leverwatch.agent.framework.economics.agreement import agreement
from leverwatch.agent.framework.economics.amounts import Amount, Hosting, Origin, Price, Unpriced
from leverwatch.agent.framework.economics.assess import assess_economics
from leverwatch.agent.framework.economics.assumptions import priced, resolve
from leverwatch.agent.framework.economics.model import Agreement, Economics, EconomicsFacts
from leverwatch.agent.framework.economics.traffic import TrafficMoments
from leverwatch.agent.framework.eval_trend import eval_gain
from leverwatch.agent.framework.fine_tuned_models import ModelDays
from leverwatch.agent.framework.forecast.forecast import forecast, targets
from leverwatch.agent.framework.forecast.model import Forecast
from leverwatch.agent.framework.forecast.settings import ForecastSettings
from leverwatch.agent.framework.frequency import active_days_by_week
from leverwatch.agent.framework.locked_in import LockedIn, OutputChecks, locked_in_support
from leverwatch.agent.framework.mistakes import MistakeSettings
from leverwatch.agent.framework.model import Facts, Settings, Verdict
from leverwatch.agent.framework.newest_evals import newest_evals
from leverwatch.agent.framework.overengineering import Overengineering, PromptMoments, judge
from leverwatch.agent.framework.review import PastVerdict, Review, review
from leverwatch.agent.framework.shutdowns import Shutdown, shutdowns
from leverwatch.agent.framework.volume import is_stale, last_seen
from leverwatch.agent.framework.would_change import WouldChange, would_change
from leverwatch.collectors.interface import EvalResult

MONTH_WEEKS = 30.4375 / 7


class Unavailable(Struct, frozen=True):
    """Stands in for a part of an assessment that could not be computed, and says why."""

    reason: str


class CostTerms(Struct, frozen=True):
    """The configured costs of a system, and the price of its tuned model."""

    hosting: Hosting = Hosting.DEDICATED
    configured: Mapping[str, Amount] = field(default_factory=dict)
    tuned_price: Price | Unpriced | None = None
    """None: no tuned model is configured."""


class AssessmentFacts(Struct, frozen=True):
    """Everything that an assessment of one system may depend on, besides settings."""

    facts: Facts
    verdict: Verdict
    traffic: TrafficMoments = field(default_factory=TrafficMoments)
    prices: Mapping[str, Price | Unpriced] = field(default_factory=dict)
    """Prices of the models in `traffic`, by model name."""
    costs: CostTerms = field(default_factory=CostTerms)
    moments: PromptMoments = field(default_factory=PromptMoments)
    checks: Mapping[date, OutputChecks] = field(default_factory=dict)
    recent: ModelDays = field(default_factory=dict)
    """Inferences by model and day, over the trailing 28 days."""
    models: ModelDays = field(default_factory=dict)
    """Inferences by model and day, as far back as they are known; empty for a system that never ran a fine-tuned
    model."""
    results: Sequence[EvalResult] = ()
    listed: Mapping[str, date] = field(default_factory=dict)
    """The shutdown day of each model that a provider's list names."""
    at_review: PastVerdict | None = None


class AssessmentSettings(Struct, frozen=True):
    """The thresholds of all parts of an assessment."""

    framework: Settings = field(default_factory=Settings)
    mistakes: MistakeSettings = field(default_factory=MistakeSettings)
    forecast: ForecastSettings = field(default_factory=ForecastSettings)


class PromptJudgement(Struct, frozen=True):
    """Whether the prompts look over-engineered, with the means that the signs were read from."""

    moments: PromptMoments
    verdict: Overengineering


class Assessment(Struct, frozen=True):
    """The assessment of one system on one day. The verdict does not depend on any of it."""

    economics: Economics | Unavailable
    agreement: Agreement
    outlook: Forecast | Unavailable
    baseline: Baseline | Unavailable | None
    """None: no fine-tuned model is in use."""
    prompts: PromptJudgement | Unavailable
    shutdowns: tuple[Shutdown, ...] | Unavailable
    """Shutdowns of models that the system used in the trailing 28 days, the nearest day first."""
    review: Review | Unavailable
    locked_in: LockedIn | Unavailable
    would_change: tuple[WouldChange, ...] | Unavailable
    """For each rule that could change the verdict: how far it is from that, and what would be recommended."""
    evaluations: tuple[EvalResult, ...] = ()
    """The newest results that were read, also those of today, which count from tomorrow on."""


Judgement = TypeVar("Judgement")


class Attempt:
    """Runs the computation of each part. This one lets errors pass; a subclass may catch them."""

    def __call__(self, name: str, work: Callable[[], Judgement]) -> Judgement | Unavailable:  # noqa: ARG002 - for subclasses
        """Return what `work` returns, the part called `name`."""
        return work()


def assess_context(
    given: AssessmentFacts, settings: AssessmentSettings, attempt: Attempt | None = None
) -> Assessment:
    """Compute the assessment of one system.

    Args:
        given: the facts; unknown ones are None or missing.
        settings: the thresholds of all parts.
        attempt: runs each part; by default an error in one part is raised. One that catches errors lets the other
            parts be computed all the same.
    """
    tried = attempt or Attempt()
    read = given.results
    # Only whole days count: the verdict of a day must not depend on the hour of its evaluation.
    dated = tuple(result for result in read if result.at.date() <= given.facts.as_of)
    given = replace(given, results=dated)
    mistakes = settings.mistakes
    as_of, verdict, declaration = given.facts.as_of, given.verdict, given.facts.declaration
    economics = tried("economics", lambda: assess_economics(economics_facts(given, settings.framework)))
    ending = tried(
        "shutdowns",
        lambda: shutdowns(given.recent, as_of, mistakes.last_days, given.listed, mistakes.shutdowns),
    )
    return Assessment(
        evaluations=newest_evals(read),
        economics=economics,
        agreement=_agreement(economics, verdict),
        outlook=tried("outlook", lambda: _outlook(given, settings)),
        baseline=tried(
            "baseline",
            lambda: baseline(
                given.models,
                given.results,
                as_of,
                mistakes.baselines,
                mistakes.tuned_models.get(given.facts.system, ()),
            ),
        ),
        prompts=tried("prompts", lambda: _prompts(given, mistakes)),
        shutdowns=ending,
        review=tried(
            "review",
            lambda: review(
                PastVerdict.of(verdict),
                declaration,
                given.at_review,
                () if isinstance(ending, Unavailable) else ending,
                mistakes.reviews,
            ),
        ),
        locked_in=tried(
            "locked_in",
            lambda: locked_in_support(
                as_of,
                declaration.locked_in_behavior if declaration else (),
                given.checks,
                given.results,
                given.facts.prompts,
                mistakes.locked_in,
            ),
        ),
        would_change=tried("would_change", lambda: would_change(given.facts, verdict, settings.framework)),
    )


def economics_facts(given: AssessmentFacts, settings: Settings) -> EconomicsFacts:
    """The facts for `assess_economics`. Each input is the configured one, else the measured, else the assumed."""
    costs, verdict = given.costs, given.verdict
    return EconomicsFacts(
        system=given.facts.system,
        as_of=given.facts.as_of,
        monthly_inferences=verdict.volume.monthly_inferences,
        traffic=given.traffic,
        prices=given.prices,
        inputs=resolve(costs.configured, measured=_measured(given, settings)),
        hosting=costs.hosting,
        tuned_price=costs.tuned_price,
        declared=verdict.declared,
        recommended=verdict.strategy,
    )


def _measured(given: AssessmentFacts, settings: Settings) -> dict[str, Amount]:
    costs, facts = given.costs, given.facts
    shares = measured_shares(given.traffic.by_model())
    found = {name: Amount.exactly(value, Origin.MEASURED) for name, value in shares.items()}
    if given.verdict.changes_per_week is not None:
        # The mean of the weeks, not the median that the rule looks at: a change costs in every week it comes in.
        per_week = fmean(active_days_by_week(facts.prompts, facts.as_of, settings))
        found["prompt_changes_per_month"] = Amount.exactly(per_week * MONTH_WEEKS, Origin.MEASURED)
    if isinstance(costs.tuned_price, Price):
        found |= priced(costs.tuned_price, costs.configured)
    return found


def _agreement(economics: Economics | Unavailable, verdict: Verdict) -> Agreement:
    if isinstance(economics, Unavailable):
        return Agreement.NOT_COMPARED
    return agreement(economics, verdict.strategy, verdict.rule)


def _outlook(given: AssessmentFacts, settings: AssessmentSettings) -> Forecast | Unavailable:
    volume = given.verdict.volume
    if volume.newest_day is None:
        return Unavailable("no usage was seen")
    if is_stale(volume, given.facts.as_of, settings.framework):
        return Unavailable(f"no usage has been seen since {last_seen(volume)}")
    aims = targets(volume, settings.framework)
    daily = known_days(given.facts.usage, given.facts.as_of)
    return forecast(daily, volume.newest_day, aims, settings.forecast)


def _prompts(given: AssessmentFacts, mistakes: MistakeSettings) -> PromptJudgement:
    gained = eval_gain(
        given.results,
        given.facts.as_of,
        minimum_n=mistakes.baselines.minimum_n,
        confidence=mistakes.baselines.confidence,
    )
    moments = replace(given.moments, eval_gain=gained)
    return PromptJudgement(moments, judge(moments, mistakes.over_engineering))
