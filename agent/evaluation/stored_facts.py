"""Reads from the store what assessments need in addition to the facts of the verdict, for all systems at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from functools import partial

from msgspec import Struct

from leverwatch.agent.config.economics import EconomicsPlan
from leverwatch.agent.evaluation.decide import CostPlans, Decided
from leverwatch.agent.framework.assessment import AssessmentFacts, AssessmentSettings, CostTerms
from leverwatch.agent.framework.coverage import known_days
from leverwatch.agent.framework.daily_usage import (
    GROWTH_WEEKS,
    DailyUsage,
    PromptSums,
    prompt_moments,
    recent_uses,
    traffic_of,
)
from leverwatch.agent.framework.economics.amounts import Price, Unpriced
from leverwatch.agent.framework.economics.traffic import TrafficMoments, window
from leverwatch.agent.framework.fine_tuned_models import RECENT_DAYS, ModelDays, recognise
from leverwatch.agent.framework.model import Facts, Verdict
from leverwatch.agent.framework.review import PastVerdict
from leverwatch.agent.prices.blend import blended_price
from leverwatch.agent.prices.book import PriceBook
from leverwatch.agent.prices.spend import Untold
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.store import Store
from leverwatch.agent.store.tier_uses import TierUse
from leverwatch.collectors.interface import EvalResult

_LATE_DAYS = 7
"""The most days that are read in addition to four weeks, for systems whose newest usage is some days old."""
_RESULT_DAYS = 400
"""Days for which eval results are read at least; more when a fine-tuned model was adopted before that."""


class Reviews:
    """The verdicts that held when systems were last reviewed. Those of past days are read once and cached."""

    def __init__(self) -> None:
        self._past: dict[str, tuple[date, PastVerdict]] = {}

    def read(self, store: Store, systems: Sequence[Facts]) -> dict[str, PastVerdict]:
        """Return the verdict that held at the review of each system, by name.

        A system without a review date, or without a stored verdict to compare with, is missing.

        Raises:
            StoreError: the database refused or cannot be reached.
        """
        reviewed = {
            facts.system: (facts.declaration.reviewed, facts.as_of)
            for facts in systems
            if facts.declaration and facts.declaration.reviewed
        }
        known = {
            system: past[1]
            for system, (day, _) in reviewed.items()
            if (past := self._past.get(system)) is not None and past[0] == day
        }
        read = store.at_review({system: day for system, (day, _) in reviewed.items() if system not in known})
        found = {system: held for system, held in {**known, **read}.items() if held.as_of <= reviewed[system][1]}
        # The verdict of the last day may still be replaced.
        # One day a system, so that reviews that were replaced are forgotten.
        for facts in systems:
            self._past.pop(facts.system, None)
        for system, held in found.items():
            day, as_of = reviewed[system]
            if held.as_of < as_of:
                self._past[system] = day, held
        return found


class StoredFacts(Struct, frozen=True):
    """Everything read from the store for the assessments of some systems."""

    since: date
    """First day of `tiers` and of `days`."""
    tiers: Mapping[str, Sequence[TierUse]]
    days: Mapping[str, Sequence[DailyUsage]]
    earlier: Mapping[str, PromptSums]
    models: Mapping[str, ModelDays]
    results: Mapping[str, tuple[EvalResult, ...]]
    listed: Mapping[str, date]
    at_review: Mapping[str, PastVerdict]

    @classmethod
    def read(
        cls, store: Store, scope: Scope, settings: AssessmentSettings, decided: Decided, reviews: Reviews
    ) -> StoredFacts:
        """Read everything in a few queries for all systems, as of the day of the verdicts.

        Raises:
            StoreError: the database refused or cannot be reached.
        """
        as_of = decided[0][0].as_of
        mistakes = settings.mistakes
        newest = (verdict.volume.newest_day or as_of for _, verdict in decided)
        late = min((as_of - min(newest)).days, _LATE_DAYS)
        since = as_of - timedelta(days=max(RECENT_DAYS + late, mistakes.locked_in.failure_days) - 1)
        until = as_of - timedelta(weeks=GROWTH_WEEKS)
        models = store.model_days(date.min, as_of, scope, _with_tuned_model(store, scope, settings))
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
            # Before the days: what is written in between then looks standard for once, and never contradictory.
            tiers=store.tier_uses(since, as_of, scope),
            days=store.daily_usage(since, as_of, scope),
            earlier=store.prompt_sums(until - timedelta(days=RECENT_DAYS - 1), until, scope),
            models=models,
            results=store.eval_results(
                oldest_result, min(as_of, date.max - timedelta(days=2)) + timedelta(days=1), scope
            ),
            listed=store.shutdowns(),
            at_review=reviews.read(store, [facts for facts, _ in decided]),
        )

    def of(self, facts: Facts, verdict: Verdict, plans: CostPlans, book: PriceBook) -> AssessmentFacts:
        """Return the facts that the assessment of one system depends on."""
        system, as_of = facts.system, facts.as_of
        days = self.days.get(system, ())
        traffic = self._traffic(facts, verdict, days)
        plan = plans.systems.get(system, plans.everywhere)
        recent, checks = recent_uses(days, as_of)
        return AssessmentFacts(
            facts=facts,
            verdict=verdict,
            traffic=traffic,
            prices=self._prices(facts, verdict, traffic, book),
            costs=CostTerms(plan.hosting, plan.configured, _tuned_price(plan, book, as_of)),
            moments=prompt_moments(days, self.earlier.get(system), as_of),
            checks=checks,
            recent=recent,
            models=self.models.get(system, {}),
            results=self.results.get(system, ()),
            listed=self.listed,
            at_review=self.at_review.get(system),
        )

    def _traffic(self, facts: Facts, verdict: Verdict, days: Sequence[DailyUsage]) -> TrafficMoments:
        newest = verdict.volume.newest_day
        if newest is None:
            return TrafficMoments()
        return traffic_of(days, self._covered(facts, newest), newest)

    def _covered(self, facts: Facts, newest: date) -> Collection[date]:
        """The covered days, at least those of the window that ends at `newest`."""
        known = known_days(facts.usage, facts.as_of)
        if newest - timedelta(days=RECENT_DAYS - 1) >= self.since:
            return known
        # A day before `since` was not read: it is unknown here, and no true zero.
        return {day for day in known if day >= self.since}

    def _prices(
        self, facts: Facts, verdict: Verdict, traffic: TrafficMoments, book: PriceBook
    ) -> dict[str, Price | Unpriced]:
        tiers: dict[str, list[tuple[str, Untold]]] = {}
        newest, uses = verdict.volume.newest_day, self.tiers.get(facts.system, ())
        days = frozenset() if newest is None or not uses else window(newest, self._covered(facts, newest))
        for use in uses:
            if use.day in days:
                tiers.setdefault(use.model, []).append((use.tier, use.tokens))
        overall = traffic.by_model()
        return {
            model: blended_price(
                overall[model], tiers.get(model, ()), partial(_price_of_tier, book, model, facts.as_of)
            )
            for model in traffic.models
        }


def _price_of_tier(book: PriceBook, model: str, day: date, tier: str) -> Price | Unpriced:
    return book.price(model, day, tier=tier)


def _tuned_price(plan: EconomicsPlan, book: PriceBook, as_of: date) -> Price | Unpriced | None:
    if plan.tuned_model is None:
        return None
    # At the price of its base a tuned model would look cheaper than it is, and be recommended for it.
    return book.price(plan.tuned_model, as_of, plan.tuned_provider, of_base=False)


def _with_tuned_model(store: Store, scope: Scope, settings: AssessmentSettings) -> Collection[str]:
    """Names of the systems that ever used a model that looks fine-tuned; only their whole history is read."""
    mistakes = settings.mistakes
    return [
        system
        for system, models in store.model_names(scope).items()
        if any(
            recognise(model, (*mistakes.baselines.tuned_models, *mistakes.tuned_models.get(system, ())))
            for model in models
        )
    ]
