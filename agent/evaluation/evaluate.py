"""Applies the framework to every system, stores the verdicts, and builds the snapshot that is exported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

from leverwatch.agent.config import Config
from leverwatch.agent.evaluation.assessor import Assessor
from leverwatch.agent.evaluation.stored_facts import CostPlans
from leverwatch.agent.framework.assess import assess
from leverwatch.agent.framework.assessment import Assessment, AssessmentSettings, Unavailable
from leverwatch.agent.framework.forecast.model import ForecastSettings
from leverwatch.agent.framework.mistakes import MistakeSettings
from leverwatch.agent.framework.model import Facts, Settings, Verdict
from leverwatch.agent.framework.volume import recent_weeks
from leverwatch.agent.snapshot import SystemsSnapshot, SystemView
from leverwatch.agent.store.facts import Scope
from leverwatch.agent.store.store import Store
from leverwatch.agent.store.views import PromptTotals, SystemTotals

_SHOWN_WEEKS = 13


@dataclass(frozen=True)
class Plan:
    """The part of the configuration that an evaluation needs."""

    settings: Settings = field(default_factory=Settings)
    scope: Scope = field(default_factory=Scope)
    undeclared_systems: int = 100
    models_per_system: int = 20
    undeclared_dropped: int = 0
    """The number of systems in the store that are left out because of the limit of undeclared systems."""
    mistakes: MistakeSettings = field(default_factory=MistakeSettings)
    forecast: ForecastSettings = field(default_factory=ForecastSettings)
    costs: CostPlans = field(default_factory=CostPlans)

    @classmethod
    def of(cls, config: Config) -> Plan:
        """Make the plan of a configuration."""
        return cls(
            settings=config.framework.to_settings(),
            scope=Scope(
                declarations={name: system.to_declaration() for name, system in config.systems.items()},
                watched=frozenset(
                    system
                    for source in config.sources
                    if source.watches_prompts()
                    for system in source.declared_systems()
                ),
                authoritative=frozenset(source.name for source in config.sources if source.is_authoritative()),
            ),
            undeclared_systems=config.limits.undeclared_systems,
            models_per_system=config.limits.models_per_system,
            mistakes=config.to_mistakes(),
            costs=CostPlans.of(config),
        )

    @property
    def beside(self) -> AssessmentSettings:
        """The thresholds of the assessments."""
        return AssessmentSettings(self.settings, self.mistakes, self.forecast)


def last_complete_day(now: datetime) -> date:
    """Yesterday, in UTC: the newest day that can be complete."""
    return (now.astimezone(UTC) - timedelta(days=1)).date()


def narrowed(store: Store, plan: Plan) -> Plan:
    """Limit a plan to the systems that are shown: the declared ones and a bounded number of undeclared ones.

    Of the others nothing is read, decided or stored.
    """
    found = store.names()
    undeclared = [name for name in found if name not in plan.scope.declarations]
    dropped = len(undeclared) - plan.undeclared_systems
    if dropped <= 0:
        return plan
    shown = frozenset({*plan.scope.declarations, *undeclared[: plan.undeclared_systems]})
    return replace(plan, scope=replace(plan.scope, systems=shown), undeclared_dropped=dropped)


def only(plan: Plan, *systems: str) -> Plan:
    """Limit a plan to the given systems."""
    return replace(plan, scope=replace(plan.scope, systems=frozenset(systems)))


def decide(store: Store, plan: Plan, as_of: date) -> list[tuple[Facts, Verdict]]:
    """Return the facts and the verdict of every system of a plan as of the end of a UTC day. Writes nothing.

    Raises:
        StoreError: the database refused or cannot be reached.
    """
    return _decide(store, plan, as_of, store.verdicts(as_of, plan.scope.systems))


def _decide(store: Store, plan: Plan, as_of: date, previous: Mapping[str, Verdict]) -> list[tuple[Facts, Verdict]]:
    facts = store.facts(as_of, plan.scope)
    return [(given, assess(given, plan.settings, previous.get(name))) for name, given in facts.items()]


def evaluate(store: Store, plan: Plan, now: datetime, assessor: Assessor | None = None) -> SystemsSnapshot:
    """Decide on all shown systems as of the last complete UTC day, store the verdicts, and return the snapshot.

    The verdicts are stored before the assessments are computed, so that an error there cannot cost a verdict.
    Without an assessor there are no assessments.

    Raises:
        StoreError: the database refused or cannot be reached.
    """
    as_of, plan = last_complete_day(now), narrowed(store, plan)
    previous = store.verdicts(as_of, plan.scope.systems)
    decided = _decide(store, plan, as_of, previous)
    store.save_verdicts(decided, previous, now)
    return picture(store, plan, decided, now, assessor)


def picture(
    store: Store, plan: Plan, decided: list[tuple[Facts, Verdict]], now: datetime, assessor: Assessor | None = None
) -> SystemsSnapshot:
    """Return the snapshot of some verdicts, with the totals of the store and the assessments.

    Raises:
        StoreError: the database refused or cannot be reached.
    """
    totals = store.totals(plan.scope, plan.models_per_system)
    prompts = store.prompt_totals(plan.scope)
    beside = assessor.assess(store, plan.scope, plan.costs, plan.beside, decided) if assessor else {}
    return SystemsSnapshot(
        evaluated_at=now,
        settings=plan.settings,
        systems=tuple(
            replace(
                view_of(facts, verdict, totals.get(facts.system), prompts.get(facts.system)),
                assessment=_capped(beside.get(facts.system), plan.models_per_system),
            )
            for facts, verdict in decided
        ),
        undeclared_dropped=plan.undeclared_dropped,
        overflow_inferences=store.overflow(),
        mistakes=plan.mistakes,
        forecast=plan.forecast,
        price_file=assessor.price_file if assessor else None,
    )


def view_of(
    facts: Facts, verdict: Verdict, totals: SystemTotals | None, prompts: PromptTotals | None
) -> SystemView:
    """Return what is exported of a system: its verdict, declaration and totals."""
    declaration = facts.declaration
    today = facts.as_of + timedelta(days=1)
    return SystemView(
        system=facts.system,
        verdict=verdict,
        declared=declaration is not None,
        reviewed=_midnight(declaration.reviewed) if declaration else None,
        locked_in_behaviors=len(declaration.locked_in_behavior) if declaration else 0,
        models=totals.models if totals else (),
        highest=totals.highest if totals else {},
        other_operations=totals.other_operations if totals else {},
        month_to_date_inferences=_month_to_date(facts, today),
        last_month_inferences=_last_month(facts, today),
        weekly_inferences=_weeks(facts, verdict),
        prompt_changes=prompts.by_kind if prompts and facts.prompts.watched else {},
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


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), UTC)


def _month_to_date(facts: Facts, today: date) -> float | None:
    first = today.replace(day=1)
    counts = [count for day, count in facts.usage.daily.items() if day >= first]
    return sum(counts) if counts else None


def _weeks(facts: Facts, verdict: Verdict) -> tuple[float | None, ...]:
    newest = verdict.volume.newest_day
    return () if newest is None else recent_weeks(facts.usage.daily, newest, _SHOWN_WEEKS)


def _last_month(facts: Facts, today: date) -> float | None:
    last = today.replace(day=1) - timedelta(days=1)
    days = [facts.usage.daily.get(last.replace(day=number)) for number in range(1, last.day + 1)]
    known = [count for count in days if count is not None]
    return sum(known) if len(known) == len(days) else None
