"""Metric families of the agent itself: its sources, its evaluations and its configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from leverwatch.agent.errors import StoreError
from leverwatch.agent.exporter.family import Family, Sample, kind, timestamp
from leverwatch.agent.snapshot import AgentSnapshot
from leverwatch.agent.source_view import SourceView
from leverwatch.collectors.daily.errors import VOCABULARY
from leverwatch.collectors.errors import CollectorError, SourceIncomplete, SourceRefused, SourceUnavailable
from leverwatch.collectors.interface import Result

FAILURE_REASONS = (
    *(error.reason for error in (SourceUnavailable, SourceRefused, SourceIncomplete, CollectorError)),
    StoreError.reason,
)
"""The reasons why a run can fail. Each is exported from the start, so that the first failure is an increase."""

_REASONS_OF_DAYS = tuple(error.reason for error in VOCABULARY)
"""Those of sources that are asked for days."""

_RAN = "after a first run of the source in this process"
_EVERY_SOURCE = "for every configured source"
_SHARED = "with a PostgreSQL store, once it told"


def _per_source(
    name: str, meaning: str, value: Callable[[SourceView], float | None], emitted: str = _EVERY_SOURCE
) -> Family[AgentSnapshot]:
    def samples(snapshot: AgentSnapshot) -> Iterable[Sample]:
        for source in snapshot.sources:
            number = value(source)
            if number is not None:
                yield (source.name,), number

    return Family(name, kind(name), meaning, ("source",), emitted, samples)


def _agent(
    name: str, meaning: str, value: Callable[[AgentSnapshot], float | None], emitted: str = "always"
) -> Family[AgentSnapshot]:
    def samples(snapshot: AgentSnapshot) -> Iterable[Sample]:
        number = value(snapshot)
        return [] if number is None else [((), number)]

    return Family(name, kind(name), meaning, (), emitted, samples)


def _time(moment: datetime | None) -> float | None:
    return None if moment is None else timestamp(moment)


def _failures(snapshot: AgentSnapshot) -> Iterable[Sample]:
    for source in snapshot.sources:
        of_days = () if source.days is None else _REASONS_OF_DAYS
        for reason in dict.fromkeys((*FAILURE_REASONS, *of_days, *source.failures)):
            yield (source.name, reason), source.failures.get(reason, 0)


def _records(snapshot: AgentSnapshot) -> Iterable[Sample]:
    for source in snapshot.sources:
        for result in Result:
            yield (source.name, result.value), source.records.get(result, 0)


def _links(snapshot: AgentSnapshot) -> Iterable[Sample]:
    page = snapshot.external_url or ""
    runbooks = snapshot.runbook_url or (page and f"{page}/runbooks")
    yield (page, snapshot.grafana_url or "", runbooks, "https" if snapshot.tls else "http"), 1


def _day_states(snapshot: AgentSnapshot) -> Iterable[Sample]:
    for source in snapshot.sources:
        if source.days is not None:
            for state, number in source.days.counts().items():
                yield (source.name, str(state)), number


def _unreadable(snapshot: AgentSnapshot) -> Iterable[Sample]:
    for source in snapshot.sources:
        for name, number in sorted(source.unreadable.items()):
            yield (source.name, name), number


AGENT: tuple[Family[AgentSnapshot], ...] = (
    Family(
        "leverwatch_build_info",
        "gauge",
        "Always 1; the labels carry the version of the agent and of Python.",
        ("version", "python"),
        "always",
        lambda snapshot: [((snapshot.version, snapshot.python), 1)],
    ),
    Family(
        "leverwatch_links_info",
        "gauge",
        "Always 1; the labels are the addresses that alerts link to, empty where none is configured, and the"
        " scheme that the agent answers to.",
        ("page", "grafana", "runbooks", "scheme"),
        "always",
        _links,
    ),
    _agent(
        "leverwatch_config_last_reload_successful",
        "1 when the latest attempt to load the configuration succeeded; 0 while an older one is kept.",
        lambda snapshot: float(snapshot.config_reload_successful),
    ),
    _agent(
        "leverwatch_config_last_reload_success_timestamp_seconds",
        "Time at which the configuration in use was loaded.",
        lambda snapshot: timestamp(snapshot.config_reload_success_time),
    ),
    _per_source(
        "leverwatch_collector_success",
        "1 when the latest run of the source succeeded.",
        lambda source: None if source.success is None else float(source.success),
        _RAN,
    ),
    _per_source(
        "leverwatch_collector_duration_seconds",
        "Duration of the latest run of the source.",
        lambda source: source.duration_seconds,
        _RAN,
    ),
    _per_source(
        "leverwatch_collector_last_success_timestamp_seconds",
        "Time at which the latest successful run of the source ended.",
        lambda source: _time(source.last_success),
        "after a first success",
    ),
    _per_source(
        "leverwatch_collector_interval_seconds",
        "Configured pause between two runs of the source.",
        lambda source: source.interval_seconds,
    ),
    _per_source(
        "leverwatch_collector_runs_total",
        "Runs of the source since the agent started, failed ones included.",
        lambda source: source.runs,
    ),
    Family(
        "leverwatch_collector_failures_total",
        "counter",
        "Failed runs of the source since the agent started, by reason.",
        ("source", "reason"),
        "for every configured source and reason",
        _failures,
    ),
    _per_source(
        "leverwatch_collector_missed_runs_total",
        "Runs of the source that were due and did not start, since the agent started.",
        lambda source: source.missed_runs,
    ),
    _per_source(
        "leverwatch_collector_newest_record_timestamp_seconds",
        "Time of the newest record that the source counted.",
        lambda source: _time(source.newest_record),
        "after a first counted record",
    ),
    Family(
        "leverwatch_records_total",
        "counter",
        "Records read from the source since the store exists, by what became of them.",
        ("source", "result"),
        "for every configured source and result",
        _records,
    ),
    _per_source(
        "leverwatch_source_matches",
        "Files that the globs of the source match, or that have a prompt at the tip of the branch.",
        lambda source: source.matches,
        "after a first run of a source with globs or patterns in this process",
    ),
    _per_source(
        "leverwatch_source_unreadable_ratio",
        "Share of what the source read within a day, since the agent started, that was refused or names no system;"
        " blank lines and headers are none of it.",
        lambda source: source.unreadable_share,
        "while something was read within a day",
    ),
    _per_source(
        "leverwatch_source_unattributed_ratio",
        "Share of the calls that the source read within a day, since the agent started, that names no system; the"
        " page and `leverwatch check-source` say what they have in its place.",
        lambda source: source.unattributed_share,
        "while something was read within a day",
    ),
    Family(
        "leverwatch_source_day_states",
        "gauge",
        "UTC days of the configured history, and the present one, by what is known of them: complete, partial,"
        " empty (a true zero) or unknown.",
        ("source", "state"),
        "for every source that is asked for days, and every state",
        _day_states,
    ),
    _per_source(
        "leverwatch_source_history_ratio",
        "Share of the days of the configured history of which an answer said what they are.",
        lambda source: None if source.days is None else source.days.answered / source.days.history,
        "for every source that is asked for days",
    ),
    Family(
        "leverwatch_unreadable_values_total",
        "counter",
        "Values of counted records that are unknown because they could not be read, since the store exists.",
        ("source", "field"),
        "after a first such value",
        _unreadable,
    ),
    _per_source(
        "leverwatch_restated_inferences_total",
        "Inferences that the source took back when it gave whole days again, since the store exists; the counters"
        " of usage keep them.",
        lambda source: source.restated_inferences,
    ),
    _per_source(
        "leverwatch_store_rows_refused_total",
        "Rows of the source that the store could not hold, alone or for want of room for their names, and left out"
        " since the agent started.",
        lambda source: source.rows_refused,
    ),
    _agent(
        "leverwatch_store_trusted",
        "1 while what is written to the store is kept; 0 when its file was deleted, replaced, damaged or made"
        " read-only.",
        lambda snapshot: float(snapshot.store_trouble is None),
    ),
    _agent(
        "leverwatch_evaluation_runs_total",
        "Evaluations since the agent started, failed ones included.",
        lambda snapshot: snapshot.evaluation_runs,
    ),
    _agent(
        "leverwatch_evaluation_failures_total",
        "Evaluations that failed since the agent started.",
        lambda snapshot: snapshot.evaluation_failures,
    ),
    _agent(
        "leverwatch_evaluation_missed_runs_total",
        "Evaluations that were due and did not start, since the agent started.",
        lambda snapshot: snapshot.evaluation_missed_runs,
    ),
    _agent(
        "leverwatch_evaluation_duration_seconds",
        "Duration of the latest evaluation.",
        lambda snapshot: snapshot.evaluation_duration_seconds,
        "after a first evaluation",
    ),
    _agent(
        "leverwatch_evaluation_interval_seconds",
        "Configured pause between two evaluations.",
        lambda snapshot: snapshot.evaluation_interval_seconds,
    ),
    _agent(
        "leverwatch_evaluation_last_success_timestamp_seconds",
        "Time at which the latest successful evaluation ended; all per-system series are as of then.",
        lambda snapshot: _time(snapshot.evaluation_last_success),
        "after a first success",
    ),
    _agent(
        "leverwatch_leader",
        "1 while this agent decides on the systems; 0 while it shows what another one on the same store decided.",
        lambda snapshot: float(not snapshot.shared or (snapshot.leader is not None and snapshot.leader.leads)),
    ),
    _agent(
        "leverwatch_leader_term",
        "How many times the agents on a store gave the evaluation to one of them, as this agent last saw it.",
        lambda snapshot: None if snapshot.leader is None else snapshot.leader.term,
        _SHARED,
    ),
    _agent(
        "leverwatch_lease_last_success_timestamp_seconds",
        "Time at which this agent last renewed the lease of the evaluation, or saw which agent holds it.",
        lambda snapshot: None if snapshot.leader is None else timestamp(snapshot.leader.seen),
        _SHARED,
    ),
    _agent(
        "leverwatch_clock_sane",
        "1 while the wall clock is believed; 0 while it jumped or was never set, and nothing is read or decided.",
        lambda snapshot: float(snapshot.clock_believed),
    ),
    _agent(
        "leverwatch_http_auth_failures_total",
        "Requests since the agent started that were refused for want of a valid user name and password.",
        lambda snapshot: snapshot.http_password_refusals,
    ),
    Family(
        "leverwatch_http_connections_dropped_total",
        "counter",
        "Connections since the agent started that it ended before their clients did, by reason.",
        ("reason",),
        "for every reason",
        lambda snapshot: [((reason,), count) for reason, count in snapshot.http_connections_dropped.items()],
    ),
    Family(
        "leverwatch_log_warnings_total",
        "counter",
        "Warnings and errors logged since the agent started, by event.",
        ("event",),
        "for every event that was logged",
        lambda snapshot: [((event,), count) for event, count in snapshot.warnings.items()],
    ),
    Family(
        "leverwatch_log_lines_left_out_total",
        "counter",
        "Log lines left out since the agent started, as too many of their event came at once, by event.",
        ("event",),
        "for every event that was left out",
        lambda snapshot: [((event,), count) for event, count in snapshot.log_lines_left_out.items()],
    ),
)
"""The families about the agent itself, in the order of the exposition."""
