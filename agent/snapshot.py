"""The immutable picture that the exporter and the status page show.

Two parts, because they change at different times: `SystemsSnapshot` after each evaluation, `AgentSnapshot`
after each run of a source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from leverwatch.agent.framework.forecast.settings import ForecastSettings
from leverwatch.agent.framework.mistakes import MistakeSettings
from leverwatch.collectors.counted_fields import Counts
from leverwatch.collectors.interface import ChangeKind, Operation, Result

if TYPE_CHECKING:
    from leverwatch.agent.framework.assessment import Assessment
    from leverwatch.agent.framework.model import Settings, Verdict


@dataclass(frozen=True)
class _OfModel:
    __slots__ = ()

    model: str


# The fields of the last base come first.
@dataclass(frozen=True, slots=True)
class ModelTotals(Counts, _OfModel):
    """Everything ever counted for one system and model (generations only). Unknown parts stand beside the sums."""


@dataclass(frozen=True, slots=True)
class SystemView:
    """One system: the verdict and the figures beside it."""

    system: str
    verdict: Verdict
    declared: bool
    """The configuration names the system."""
    reviewed: datetime | None = None
    """Midnight UTC of the declared review date."""
    locked_in_behaviors: int = 0
    models: tuple[ModelTotals, ...] = ()
    """In order of first appearance, already capped: the rest is one entry named `other`."""
    highest: Mapping[str, ModelTotals] = field(default_factory=dict)
    """By model, the most that each sum came to; only of the models from which something was taken back. Counters
    show it, so that they never fall."""
    other_operations: Mapping[Operation, float] = field(default_factory=dict)
    """Successful calls that are no generations: the most that their number came to."""
    month_to_date_inferences: float | None = None
    """Complete days of the running calendar month; None when nothing was covered."""
    last_month_inferences: float | None = None
    """The last full calendar month; None unless every day of it is covered."""
    weekly_inferences: tuple[float | None, ...] = ()
    """Of up to 13 weeks, oldest first, the last one ending at the newest covered day; None: a day is missing."""
    prompt_changes: Mapping[ChangeKind, int] = field(default_factory=dict)
    """Every landing ever seen, by kind; empty when no source watches the system's prompts."""
    last_prompt_change: datetime | None = None
    recommendation_changed: datetime | None = None
    assessment: Assessment | None = None
    """None: nobody asked for what stands beside the verdict."""


@dataclass(frozen=True, slots=True)
class PriceFileState:
    """The configured price file."""

    problems: tuple[str, ...] = ()
    """What is wrong with its present version; empty when that is in use."""
    failures: int = 0
    """Versions that could not be used, since start."""


@dataclass(frozen=True, slots=True)
class SystemsSnapshot:
    """All systems as of the latest evaluation."""

    evaluated_at: datetime
    settings: Settings
    systems: tuple[SystemView, ...]
    undeclared_dropped: int = 0
    """Discovered systems beyond the cap: counted in the store, not shown."""
    overflow_inferences: float = 0.0
    """Of all systems beyond the number that is stored by name."""
    mistakes: MistakeSettings = field(default_factory=MistakeSettings)
    forecast: ForecastSettings = field(default_factory=ForecastSettings)
    price_file: PriceFileState | None = None
    """None: no price file is configured."""


@dataclass(frozen=True, slots=True)
class SourceView:
    """One configured source and how its latest run went."""

    name: str
    type: str
    interval_seconds: float
    success: bool | None = None
    """None: never ran in this process."""
    duration_seconds: float | None = None
    last_success: datetime | None = None
    newest_record: datetime | None = None
    records: Mapping[Result, int] = field(default_factory=dict)
    """Since the store exists, so that a restart loses nothing."""
    runs: int = 0
    failures: Mapping[str, int] = field(default_factory=dict)
    """By `CollectorError.reason`."""
    missed_runs: int = 0
    restated_inferences: float = 0.0
    """What it took back when it gave whole days again, since the store exists."""
    rows_refused: int = 0
    """Rows of its batches that the store could not hold, since start."""
    error: str | None = None
    """The latest failure in words; None after a success."""


@dataclass(frozen=True, slots=True)
class AgentSnapshot:
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
    clock_believed: bool = True
    """While it is not, nothing is read and nothing is decided."""
    http_password_refusals: int = 0
    """Requests without a valid user name and password, since start."""
    http_connections_dropped: Mapping[str, int] = field(default_factory=dict)
    """Connections that the agent ended before their clients did, since start, by reason."""
    store_trouble: str | None = None
    """Why what is written to the store may not be kept, in words; None while all is well."""
    warnings: Mapping[str, int] = field(default_factory=dict)
    """Warnings and errors logged since start, by event name."""
    log_lines_left_out: Mapping[str, int] = field(default_factory=dict)
    """Log lines that were one too many of their event, since start, by event name."""
    runbook_url: str | None = None
    """Where the runbooks of the alerts are; None: the page links none."""
    grafana_url: str | None = None
    """Where the dashboards are; None: the page links none."""
