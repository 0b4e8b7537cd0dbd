"""The immutable data that the exporter and the status page show.

There are two parts, as they change at different times: `SystemsSnapshot` after each evaluation, `AgentSnapshot`
after each run of a source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct, field

from leverwatch.agent.framework.forecast.settings import ForecastSettings
from leverwatch.agent.framework.mistakes import MistakeSettings
from leverwatch.agent.source_view import SourceView
from leverwatch.collectors.counted_fields import Counts
from leverwatch.collectors.interface import ChangeKind, Operation

if TYPE_CHECKING:
    from leverwatch.agent.framework.assessment import Assessment
    from leverwatch.agent.framework.bill import Bill
    from leverwatch.agent.framework.cross_check import CrossCheck
    from leverwatch.agent.framework.model import PromptDivergence, PromptOrigin, Settings, Verdict


@dataclass(frozen=True, init=False, repr=False, eq=False)
class _OfModel:
    __slots__ = ()

    model: str


# The fields of the last base come first.
@dataclass(frozen=True, slots=True)
class ModelTotals(Counts, _OfModel):
    """Sums over all days for one system and model (generations only), with the number of unknown values beside
    each sum."""


class PricedUsage(Struct, frozen=True):
    """What prices make of the generations whose records tell no cost, as counters show it."""

    usd: float = 0.0
    inferences: float = 0.0
    """Generations that are in `usd` whole; the others have a model without a price, or unknown tokens."""

    def plus(self, other: PricedUsage) -> PricedUsage:
        """Return the sum of both."""
        return PricedUsage(self.usd + other.usd, self.inferences + other.inferences)


class SystemView(Struct, frozen=True):
    """One system: its verdict, and the figures beside it."""

    system: str
    verdict: Verdict
    declared: bool
    """Whether the configuration names the system."""
    reviewed: datetime | None = None
    """The declared review date, as midnight UTC."""
    locked_in_behaviors: int = 0
    models: tuple[ModelTotals, ...] = ()
    """In order of first appearance, with a cap: the rest is one entry named `other`."""
    highest: Mapping[str, ModelTotals] = field(default_factory=dict)
    """By model, the highest value of each sum; only of models from which something was subtracted. Counters
    show it, so that they never fall."""
    priced: Mapping[str, PricedUsage] = field(default_factory=dict)
    """By model, what is priced of the calls whose records tell no cost; only of models of which something is."""
    other_operations: Mapping[Operation, float] = field(default_factory=dict)
    """Successful calls that are no generations, by operation: the highest value of their number."""
    month_to_date_inferences: float | None = None
    """Complete days of the current calendar month; None when none is covered."""
    last_month_inferences: float | None = None
    """The last full calendar month; None unless every day of it is covered."""
    weekly_inferences: tuple[float | None, ...] = ()
    """For up to 13 weeks, oldest first, the last one ending on the latest covered day; None: a day is missing."""
    prompt_changes: Mapping[ChangeKind, int] = field(default_factory=dict)
    """All changes ever seen, by kind; empty when no source watches the system's prompts."""
    most_prompt_changes: Mapping[ChangeKind, int] = field(default_factory=dict)
    """Of kinds of which fewer are known than before: the highest number. The counter shows it, so that it never
    falls."""
    prompt_origin: PromptOrigin | None = None
    """Where prompt changes are seen; None: nowhere."""
    prompt_divergence: PromptDivergence | None = None
    """Where git and traffic tell of other changes; None: only one of both knows the system's prompts."""
    last_prompt_change: datetime | None = None
    recommendation_changed: datetime | None = None
    assessment: Assessment | None = None
    """What is shown beside the verdict; None: it was not asked for."""
    cross_checks: tuple[CrossCheck, ...] = ()
    """What sources that only compare say, by name; empty: no authoritative source counts the system, or no other
    one sees it."""


class PriceFileState(Struct, frozen=True):
    """The state of the configured price file."""

    problems: tuple[str, ...] = ()
    """What is wrong with its current version; empty when that is in use."""
    failures: int = 0
    """Versions that could not be used, since the start."""


class SystemsSnapshot(Struct, frozen=True):
    """All systems as of the last evaluation."""

    evaluated_at: datetime
    settings: Settings
    systems: tuple[SystemView, ...]
    undeclared_dropped: int = 0
    """Discovered systems beyond the cap, which are counted in the store but not shown."""
    overflow_inferences: float = 0.0
    """Inferences of all systems beyond the number that are stored by name."""
    mistakes: MistakeSettings = field(default_factory=MistakeSettings)
    forecast: ForecastSettings = field(default_factory=ForecastSettings)
    price_file: PriceFileState | None = None
    """None: no price file is configured."""
    bills: tuple[Bill, ...] = ()
    """What providers bill beside what the tokens that they tell cost, by the name of the source."""
    former_eval_sources: tuple[str, ...] = ()
    """Sources whose eval results are stored and count, and which the configuration no longer has."""
    eval_systems: tuple[str, ...] = ()
    """Systems that only eval results name, so that nothing of these is shown."""


class Leader(Struct, frozen=True):
    """The agent that evaluates, as it was last seen."""

    agent: str
    term: int
    leads: bool
    """Whether it is this agent, which may evaluate now."""
    seen: datetime
    """When the store last told of it."""


class AgentSnapshot(Struct, frozen=True):
    """The agent itself."""

    version: str
    python: str
    sources: tuple[SourceView, ...]
    config_reload_successful: bool
    config_reload_success_time: datetime
    evaluation_interval_seconds: float
    evaluation_runs: int = 0
    evaluation_failures: int = 0
    evaluation_missed_runs: int = 0
    evaluation_duration_seconds: float | None = None
    evaluation_last_success: datetime | None = None
    leader: Leader | None = None
    """Which of several agents evaluates; None: the store has one agent, or has not told yet."""
    shared: bool = False
    """Whether the store may have several agents."""
    clock_believed: bool = True
    """Whether the clock is trusted; while it is not, nothing is read or decided."""
    http_password_refusals: int = 0
    """Requests without a valid user name and password, since start."""
    http_connections_dropped: Mapping[str, int] = field(default_factory=dict)
    """Connections that the agent closed before their clients did, since the start, by reason."""
    store_trouble: str | None = None
    """Why what is written to the store may be lost, in words; None while there is no trouble."""
    warnings: Mapping[str, int] = field(default_factory=dict)
    """Warnings and errors logged since the start, by event name."""
    log_lines_left_out: Mapping[str, int] = field(default_factory=dict)
    """Log lines dropped by the rate limit of their event, since start, by event name."""
    runbook_url: str | None = None
    """The address of the alerts' runbooks; None: the agent's own."""
    grafana_url: str | None = None
    """The address of the dashboards; None: the page has no links to them."""
    external_url: str | None = None
    """The address of the agent's page for people; None when it is not configured."""
    tls: bool = False
    """Whether the agent answers to https."""
