"""Works out what stands beside the verdicts. Whatever fails here is logged and counted, and loses no verdict."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import structlog

from agent.config import Config, Loaded
from agent.config.economics import EconomicsConfig, EconomicsPlan, plan_of
from agent.errors import LeverwatchError
from agent.framework.assessment import (
    Assessment,
    AssessmentFacts,
    AssessmentSettings,
    Attempt,
    CostTerms,
    Part,
    Unavailable,
    assess_beside,
)
from agent.framework.economics.model import Agreement, Price, Unpriced
from agent.framework.economics.traffic import TrafficMoments, traffic_moments
from agent.framework.memo import Memo
from agent.framework.model import Facts, Verdict
from agent.framework.moments import (
    GROWTH_WEEKS,
    DayMoments,
    PromptSums,
    day_calls,
    output_checks,
    prompt_moments,
    recent_models,
)
from agent.framework.permanence import PastVerdict
from agent.framework.tuned import RECENT_DAYS, ModelDays, recognise
from agent.prices.book import PriceBook
from agent.prices.current import CurrentPrices
from agent.snapshot import PriceFileState
from agent.store.facts import Scope
from agent.store.store import Store
from collectors.interface import EvalResult

log = structlog.get_logger(__name__)

_LATE_DAYS = 7
"""How much older than the last day the newest usage may be for its four weeks still to be read."""
_RESULT_DAYS = 400
"""How far back results of evaluations are read at least; further for a tuned model that was adopted earlier."""

Decided = Sequence[tuple[Facts, Verdict]]


@dataclass(frozen=True)
class CostPlans:
    """What is configured of costs, by system."""

    systems: Mapping[str, EconomicsPlan] = field(default_factory=dict)
    everywhere: EconomicsPlan = field(default_factory=lambda: plan_of(EconomicsConfig(), EconomicsConfig()))
    """For systems that the configuration does not name."""

    @classmethod
    def of(cls, config: Config) -> CostPlans:
        """Those of a configuration."""
        return cls(
            {name: plan_of(system.economics, config.economics) for name, system in config.systems.items()},
            plan_of(EconomicsConfig(), config.economics),
        )


class Assessor:
    """Remembers the last assessment of each system, so that only systems whose facts changed are worked out."""

    def __init__(self, prices: CurrentPrices | None = None) -> None:
        self._prices = prices or CurrentPrices()
        self._settings: AssessmentSettings | None = None
        self._memo: Memo[AssessmentFacts, Assessment] = Memo(lambda _: nothing("nothing was worked out yet"))
        self._reviews = _Reviews()

    @classmethod
    def of(cls, loaded: Loaded) -> Assessor:
        """One with the prices of a configuration."""
        prices = loaded.config.prices
        file = None if prices.file is None else loaded.base_dir / prices.file
        return cls(CurrentPrices(file, public=prices.public))

    @property
    def price_file(self) -> PriceFileState | None:
        """What to show of the price file."""
        return self._prices.state

    def assess(
        self, store: Store, scope: Scope, plans: CostPlans, settings: AssessmentSettings, decided: Decided
    ) -> Mapping[str, Assessment]:
        """The assessment beside each verdict, by system. Never raises."""
        try:
            return self._assess(store, scope, plans, settings, decided)
        except Exception as error:  # noqa: BLE001 - no failure here may cost a verdict
            reason = _failed("all", None, error)
            return {facts.system: nothing(reason) for facts, _ in decided}

    def _assess(
        self, store: Store, scope: Scope, plans: CostPlans, settings: AssessmentSettings, decided: Decided
    ) -> Mapping[str, Assessment]:
        if not decided:
            return {}
        if settings != self._settings:
            self._settings = settings
            self._memo = Memo(lambda given: assess_beside(given, settings, _Isolated(given.facts.system)))
        as_of = decided[0][0].as_of
        stored = _Stored.read(store, scope, settings, decided, self._reviews)
        book = self._prices.book(as_of)
        found = {}
        for facts, verdict in decided:
            try:
                given = stored.of(facts, verdict, plans, book)
            except Exception as error:  # noqa: BLE001 - the other systems are worked out all the same
                found[facts.system] = nothing(_failed("facts", facts.system, error))
                continue
            found[facts.system] = self._memo.ask(facts.system, given)
        self._memo.keep(found)
        return found


class _Isolated(Attempt):
    """Turns an error in one part into a part that says why it is not there."""

    def __init__(self, system: str) -> None:
        self._system = system

    def __call__(self, name: str, work: Callable[[], Part]) -> Part | Unavailable:
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - the other parts are worked out all the same
            return Unavailable(_failed(name, self._system, error))


def _failed(part: str, system: str | None, error: Exception) -> str:
    # The message of an unexpected error may quote data; its kind does not.
    detail = str(error) if isinstance(error, LeverwatchError) else type(error).__name__
    log.warning("assessment_failed", part=part, system=system, error=detail)
    return f"it could not be worked out ({detail})"


def nothing(reason: str) -> Assessment:
    """An assessment of which no part is there, for one reason."""
    missing = Unavailable(reason)
    return Assessment(
        economics=missing,
        agreement=Agreement.NOT_COMPARED,
        outlook=missing,
        baseline=missing,
        prompts=missing,
        shutdowns=missing,
        review=missing,
        locked_in=missing,
        would_change=missing,
    )


class _Reviews:
    """The verdicts that held when systems were reviewed. What lies in the past is read once."""

    def __init__(self) -> None:
        self._past: dict[tuple[str, date], PastVerdict] = {}

    def read(self, store: Store, systems: Sequence[Facts]) -> dict[str, PastVerdict]:
        """By system; without those that were not reviewed, or of which no verdict is stored up to then."""
        reviewed = {
            facts.system: (facts.declaration.reviewed, facts.as_of)
            for facts in systems
            if facts.declaration and facts.declaration.reviewed
        }
        known = {
            system: self._past[system, day] for system, (day, _) in reviewed.items() if (system, day) in self._past
        }
        read = store.at_review({system: day for system, (day, _) in reviewed.items() if system not in known})
        found = {system: held for system, held in {**known, **read}.items() if held.as_of <= reviewed[system][1]}
        # The verdict of the last day may still be replaced.
        self._past = {
            (system, reviewed[system][0]): held
            for system, held in found.items()
            if held.as_of < reviewed[system][1]
        }
        return found


@dataclass(frozen=True)
class _Stored:
    """What the store knows beside the facts of the verdicts, for all systems at once."""

    since: date
    """First day of `days`."""
    days: Mapping[str, Sequence[DayMoments]]
    earlier: Mapping[str, PromptSums]
    models: Mapping[str, ModelDays]
    results: Mapping[str, tuple[EvalResult, ...]]
    listed: Mapping[str, date]
    at_review: Mapping[str, PastVerdict]
    differing: Mapping[str, date]

    @classmethod
    def read(
        cls, store: Store, scope: Scope, settings: AssessmentSettings, decided: Decided, reviews: _Reviews
    ) -> _Stored:
        as_of = decided[0][0].as_of
        mistakes = settings.mistakes
        since = as_of - timedelta(days=max(RECENT_DAYS + _LATE_DAYS, mistakes.locked_in.failure_days) - 1)
        until = as_of - timedelta(weeks=GROWTH_WEEKS)
        models = store.model_days(date.min, as_of, scope, _with_tuned_model(store, settings))
        first = min(
            (day for of_models in models.values() for days in of_models.values() for day in days), default=as_of
        )
        oldest_result = min(
            as_of - timedelta(days=_RESULT_DAYS),
            max(first, date.min + timedelta(days=mistakes.baselines.before_days))
            - timedelta(days=mistakes.baselines.before_days),
        )
        return cls(
            since=since,
            days=store.day_moments(since, as_of, scope),
            earlier=store.prompt_sums(until - timedelta(days=RECENT_DAYS - 1), until, scope),
            models=models,
            results=store.eval_results(oldest_result, as_of),
            listed=store.shutdowns(),
            at_review=reviews.read(store, [facts for facts, _ in decided]),
            differing=store.differing_since(
                [verdict.system for _, verdict in decided if verdict.mismatch], as_of - timedelta(days=1)
            ),
        )

    def of(self, facts: Facts, verdict: Verdict, plans: CostPlans, book: PriceBook) -> AssessmentFacts:
        system, as_of = facts.system, facts.as_of
        days = self.days.get(system, ())
        traffic = self._traffic(facts, verdict, days)
        plan = plans.systems.get(system, plans.everywhere)
        return AssessmentFacts(
            facts=facts,
            verdict=verdict,
            traffic=traffic,
            prices={model: book.price(model, as_of) for model in traffic.models},
            costs=CostTerms(plan.hosting, plan.configured, _tuned_price(plan, book, as_of)),
            moments=prompt_moments(days, self.earlier.get(system), as_of),
            checks=output_checks(days),
            recent=recent_models(days, as_of),
            models=self.models.get(system, {}),
            results=self.results.get(system, ()),
            listed=self.listed,
            at_review=self.at_review.get(system),
            differing_since=self.differing.get(system),
        )

    def _traffic(self, facts: Facts, verdict: Verdict, days: Sequence[DayMoments]) -> TrafficMoments:
        newest = verdict.volume.newest_day
        if newest is None:
            return TrafficMoments()
        # A day before `since` was not read: it is unknown here, and no true zero.
        covered = {day for day in facts.usage.daily if day >= self.since}
        return traffic_moments(day_calls(days), covered, newest)


def _tuned_price(plan: EconomicsPlan, book: PriceBook, as_of: date) -> Price | Unpriced | None:
    return None if plan.tuned_model is None else book.price(plan.tuned_model, as_of, plan.tuned_provider)


def _with_tuned_model(store: Store, settings: AssessmentSettings) -> Collection[str]:
    """Systems that ever ran a model that looks fine-tuned; only of these is the whole history of models read."""
    mistakes = settings.mistakes
    return [
        system
        for system, models in store.model_names().items()
        if any(
            recognise(model, (*mistakes.baselines.tuned_models, *mistakes.tuned_models.get(system, ())))
            for model in models
        )
    ]
