"""Applies the framework to every system, stores the verdicts, and builds the snapshot that is exported."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from msgspec.structs import replace

from leverwatch.agent.evaluation.assessor import Assessor
from leverwatch.agent.evaluation.decide import Plan, decide_now, last_complete_day, narrowed
from leverwatch.agent.framework.assessment import Assessment, Unavailable
from leverwatch.agent.framework.coverage import known_days
from leverwatch.agent.framework.model import Facts, Verdict
from leverwatch.agent.framework.volume import recent_weeks
from leverwatch.agent.memory import collecting_rarely
from leverwatch.agent.snapshot import SystemsSnapshot, SystemView
from leverwatch.agent.store.prompt_totals import PromptTotals
from leverwatch.agent.store.source_life import name_of
from leverwatch.agent.store.store import Store
from leverwatch.agent.store.views import SystemTotals
from leverwatch.collectors.interface import ChangeKind

_SHOWN_WEEKS = 13


def evaluate(store: Store, plan: Plan, now: datetime, assessor: Assessor | None = None) -> SystemsSnapshot:
    """Decide on all shown systems as of the last complete UTC day, store the verdicts, and return the snapshot.

    The verdicts are stored before the assessments are computed, so that an error there cannot cost a verdict.
    Without an assessor there are no assessments.

    Raises:
        StoreError: the database refused or cannot be reached.
    """
    # It makes objects by the hundred thousand, of which nearly none is garbage before its end.
    with collecting_rarely():
        plan = narrowed(store, plan)
        decided = decide_now(store, plan, now, None if assessor is None else assessor.verdicts)
        prompts = store.held_prompt_totals(plan.scope, last_complete_day(now))
        if assessor is not None:
            assessor.price_spend(store, plan.scope, last_complete_day(now))
        return picture(store, plan, decided, now, assessor, prompts)


def picture(
    store: Store,
    plan: Plan,
    decided: list[tuple[Facts, Verdict]],
    now: datetime,
    assessor: Assessor | None = None,
    prompts: Mapping[str, PromptTotals] | None = None,
) -> SystemsSnapshot:
    """Return the snapshot of some verdicts, with the totals of the store and the assessments. `prompts`: None: as
    the store has them.

    Raises:
        StoreError: the database refused or cannot be reached.
    """
    totals = store.totals(plan.scope, plan.models_per_system)
    if prompts is None:
        prompts = store.prompt_totals(plan.scope, last_complete_day(now))
    checks = store.cross_checks(last_complete_day(now), plan.scope, plan.sources, plan.cross_checks)
    bills = assessor.bills(store, plan.sources, last_complete_day(now)) if assessor else ()
    beside = assessor.assess(store, plan.scope, plan.costs, plan.beside, decided) if assessor else {}
    return SystemsSnapshot(
        evaluated_at=now,
        settings=plan.settings,
        systems=tuple(
            replace(
                view_of(facts, verdict, totals.get(facts.system), prompts.get(facts.system)),
                assessment=_capped(beside.get(facts.system), plan.models_per_system),
                cross_checks=checks.get(facts.system, ()),
            )
            for facts, verdict in decided
        ),
        undeclared_dropped=plan.undeclared_dropped,
        overflow_inferences=store.overflow(plan.scope),
        mistakes=plan.mistakes,
        forecast=plan.forecast,
        price_file=assessor.price_file if assessor else None,
        eval_systems=tuple(sorted(store.eval_systems() - plan.scope.declarations.keys())),
        bills=bills,
        former_eval_sources=() if plan.sources is None else _former(store.eval_sources(), plan.sources),
    )


def _former(stored: Collection[str], configured: Collection[str]) -> tuple[str, ...]:
    """Return the sources that are no longer configured, nor read by another agent as a part of one that is."""
    names = frozenset(map(name_of, configured))
    return tuple(sorted(source for source in stored if name_of(source) not in names))


def view_of(
    facts: Facts, verdict: Verdict, totals: SystemTotals | None, prompts: PromptTotals | None
) -> SystemView:
    """Return what is exported of a system: its verdict, declaration and totals."""
    declaration = facts.declaration
    today = facts.as_of + timedelta(days=1)
    daily = known_days(facts.usage, facts.as_of)
    return SystemView(
        system=facts.system,
        verdict=verdict,
        declared=declaration is not None,
        reviewed=_midnight(declaration.reviewed) if declaration else None,
        locked_in_behaviors=len(declaration.locked_in_behavior) if declaration else 0,
        models=totals.models if totals else (),
        highest=totals.highest if totals else {},
        priced=totals.priced if totals else {},
        other_operations=totals.other_operations if totals else {},
        month_to_date_inferences=_month_to_date(daily, today),
        last_month_inferences=_last_month(daily, today),
        weekly_inferences=_weeks(daily, verdict),
        prompt_changes=_by_kind(prompts) if facts.prompts.watched else {},
        most_prompt_changes=prompts.highest if prompts and facts.prompts.watched else {},
        prompt_origin=facts.prompts.origin if facts.prompts.watched or facts.prompts.scattered else None,
        prompt_divergence=facts.prompts.divergence,
        last_prompt_change=prompts.last if prompts and facts.prompts.watched else None,
        recommendation_changed=_midnight(verdict.changed_on),
    )


def _capped(assessment: Assessment | None, models: int) -> Assessment | None:
    """Keep at most `models` shutdowns, the nearest ones, as the names of models become labels of metrics."""
    if assessment is None:
        return None
    ending = assessment.shutdowns
    if isinstance(ending, Unavailable) or len(ending) <= models:
        return assessment
    return replace(assessment, shutdowns=ending[:models])


def _by_kind(prompts: PromptTotals | None) -> dict[ChangeKind, int]:
    """Return all kinds, as no landing of a system that is watched is a number: its patterns may match nothing."""
    return dict.fromkeys(ChangeKind, 0) | dict(prompts.by_kind if prompts else {})


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), UTC)


def _month_to_date(daily: Mapping[date, float], today: date) -> float | None:
    first = today.replace(day=1)
    counts = [count for day, count in daily.items() if day >= first]
    return sum(counts) if counts else None


def _weeks(daily: Mapping[date, float], verdict: Verdict) -> tuple[float | None, ...]:
    newest = verdict.volume.newest_day
    return () if newest is None else recent_weeks(daily, newest, _SHOWN_WEEKS)


@lru_cache(maxsize=4)
def _days_of_last_month(today: date) -> tuple[date, ...]:
    last = today.replace(day=1) - timedelta(days=1)
    return tuple(last.replace(day=number) for number in range(1, last.day + 1))


def _last_month(daily: Mapping[date, float], today: date) -> float | None:
    days = list(map(daily.get, _days_of_last_month(today)))
    known = [count for count in days if count is not None]
    return sum(known) if len(known) == len(days) else None
