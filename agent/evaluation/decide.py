"""Applies the framework to every system, and stores the verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from leverwatch.agent.config.economics import EconomicsConfig, EconomicsPlan, plan_of
from leverwatch.agent.errors import StoreUnreadable
from leverwatch.agent.evaluation.last_verdicts import LastVerdicts
from leverwatch.agent.framework.cross_check import CrossCheckSettings
from leverwatch.agent.framework.forecast.settings import ForecastSettings
from leverwatch.agent.framework.mistakes import MistakeSettings
from leverwatch.agent.framework.model import Facts, Settings, Verdict
from leverwatch.agent.log import get_logger
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.store import Store

if TYPE_CHECKING:
    from leverwatch.agent.config.models import Config
    from leverwatch.agent.framework.assessment import AssessmentSettings

log = get_logger(__name__)

_NOTHING = EconomicsConfig.model_construct()
"""What is said of costs where nothing is said. Validating it would take a validator of its own."""

Decided = Sequence[tuple[Facts, Verdict]]


class CostPlans(Struct, frozen=True):
    """The configured costs of each system."""

    systems: Mapping[str, EconomicsPlan] = field(default_factory=dict)
    everywhere: EconomicsPlan = field(default_factory=lambda: plan_of(_NOTHING, _NOTHING))
    """The costs of systems that the configuration does not name."""

    @classmethod
    def of(cls, config: Config) -> CostPlans:
        """Make the cost plans of a configuration."""
        return cls(
            {name: plan_of(system.economics, config.economics) for name, system in config.systems.items()},
            plan_of(_NOTHING, config.economics),
        )


class Plan(Struct, frozen=True):
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
    cross_checks: CrossCheckSettings = field(default_factory=CrossCheckSettings)
    sources: frozenset[str] | None = None
    """The names of the configured sources; None: they are not known."""

    @classmethod
    def of(cls, config: Config) -> Plan:
        """Make the plan of a configuration."""
        landing, labelled = (
            frozenset(
                system
                for source in config.sources
                if source.watches_prompts() and source.watches_labels() is labels
                for system in source.declared_systems()
            )
            for labels in (False, True)
        )
        return cls(
            settings=config.framework.to_settings(),
            scope=Scope(
                declarations={name: system.to_declaration() for name, system in config.systems.items()},
                watched=landing | labelled,
                labelled=labelled - landing,
                both=labelled & landing,
                counting={
                    source.name: source.declared_systems() for source in config.sources if source.counts_usage()
                },
                naming=frozenset(
                    source.name for source in config.sources if source.counts_usage() and source.names_others()
                ),
                telling=frozenset(source.name for source in config.sources if source.tells_prompts()),
                authoritative=frozenset(source.name for source in config.sources if source.is_authoritative()),
            ),
            undeclared_systems=config.limits.undeclared_systems,
            models_per_system=config.limits.models_per_system,
            mistakes=config.to_mistakes(),
            costs=CostPlans.of(config),
            cross_checks=config.cross_checks.to_settings(),
            sources=frozenset(source.name for source in config.sources),
        )

    @property
    def beside(self) -> AssessmentSettings:
        """The thresholds of the assessments."""
        # Only what is shown beside a verdict needs these.
        from leverwatch.agent.framework.assessment import AssessmentSettings

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

    A system whose last verdict cannot be read is left out, and an error is logged: a verdict without what the last
    one knew could be another one. When there is no other system, that is raised.

    Raises:
        StoreError: the database refused or cannot be reached.
    """
    return _decide(store, plan, as_of)[0]


def decided_before(store: Store, plan: Plan, as_of: date, last: LastVerdicts) -> list[tuple[Facts, Verdict]]:
    """Return the facts of every system of a plan as of the end of a UTC day, with the verdict of that day that is
    stored. Writes nothing.

    A system without one, or whose verdict cannot be read, is left out; an error is logged of the second.

    Raises:
        StoreError: the database refused or cannot be reached.
    """

    def unreadable(name: str, error: StoreUnreadable) -> None:
        log.error("verdict_unreadable", system=name, error=str(error))

    stored = store.verdicts(as_of, plan.scope.systems, unreadable)
    timelines = store.timelines(as_of, plan.scope, last.counted)
    shown = {name: stored[name] for name in timelines if name in stored and stored[name].as_of == as_of}
    kept = last.shown(shown)
    return [(timelines[name].facts, verdict) for name, verdict in kept.items()]


def _decide(
    store: Store, plan: Plan, as_of: date, last: LastVerdicts | None = None
) -> tuple[list[tuple[Facts, Verdict]], Mapping[str, Verdict]]:
    """Return the facts and verdicts, and the verdicts that were stored before."""
    unreadable: dict[str, StoreUnreadable] = {}
    known = last or LastVerdicts()
    previous = store.verdicts(as_of, plan.scope.systems, unreadable.__setitem__)
    timelines = store.timelines(as_of, plan.scope, known.counted)
    for name, error in unreadable.items():
        log.error("verdict_unreadable", system=name, error=str(error))
        timelines.pop(name, None)
        if not timelines:
            raise error
    decided = [(line.facts, known.of(line, plan.settings, previous.get(name))) for name, line in timelines.items()]
    known.keep(timelines)
    return decided, previous


def decide_now(
    store: Store, plan: Plan, now: datetime, last: LastVerdicts | None = None
) -> list[tuple[Facts, Verdict]]:
    """Decide on the systems of a plan as of the last complete UTC day, store the verdicts, and return them.

    A system whose last verdict cannot be read is left out, as by `decide`. `last`: the verdicts of the evaluation
    before, which are worked out again only where something changed.

    Raises:
        StoreError: the database refused or cannot be reached.
    """
    as_of = last_complete_day(now)
    decided, previous = _decide(store, plan, as_of, last)
    store.save_verdicts(decided, previous, now)
    return decided
