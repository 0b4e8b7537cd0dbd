"""Metric families of volume, prompt changes and verdicts, with the thresholds they are compared with."""

from __future__ import annotations

from collections.abc import Iterable

from leverwatch.agent.exporter.family import Family, Sample, timestamp
from leverwatch.agent.exporter.per_system import (
    DAY,
    EVALUATED,
    Number,
    as_of,
    flag,
    one_of,
    per_system,
    per_system_and,
    setting,
    time,
)
from leverwatch.agent.framework.coverage import WINDOW_DAYS
from leverwatch.agent.framework.model import Band, Boundary, Crossing, PromptOrigin, Status, Strategy
from leverwatch.agent.snapshot import SystemsSnapshot, SystemView
from leverwatch.collectors.interface import ChangeKind


def _thresholds(snapshot: SystemsSnapshot) -> Iterable[Sample]:
    yield (Boundary.HYBRID.value,), snapshot.settings.hybrid_from
    yield (Boundary.FINE_TUNING.value,), snapshot.settings.fine_tuning_above


def _boundaries(crossing: Crossing) -> frozenset[Boundary]:
    """The thresholds between two bands: a jump from low to high crosses both."""
    ends = {crossing.previous, crossing.band}
    if ends == {Band.LOW, Band.HIGH}:
        return frozenset(Boundary)
    return frozenset({Boundary.HYBRID if Band.LOW in ends else Boundary.FINE_TUNING})


def _last_crossings(view: SystemView) -> Iterable[tuple[str, float]]:
    latest = {b: c.day for c in view.verdict.volume.crossings for b in _boundaries(c)}
    return [(boundary.value, timestamp(latest[boundary])) for boundary in Boundary if boundary in latest]


def _candidate_seconds(view: SystemView) -> Number:
    volume = view.verdict.volume
    return None if volume.band is None and volume.candidate is None else float(volume.candidate_days * DAY)


_KNOWN_FREQUENCY = "when a source watches the prompts and the history is long enough"


def _frequency_candidate_seconds(view: SystemView) -> Number:
    state = view.verdict.frequency
    return None if state.frequent is None else float(state.candidate_days * DAY)


def _prompt_changes(view: SystemView) -> Iterable[tuple[str, float]]:
    if not view.prompt_changes:
        return []
    shown = {**view.prompt_changes, **view.most_prompt_changes}
    return [(kind.value, shown.get(kind, 0)) for kind in ChangeKind]


def _origin(view: SystemView) -> Iterable[tuple[str, float]]:
    return [] if view.prompt_origin is None else one_of(PromptOrigin, view.prompt_origin)


def _divergence(view: SystemView) -> Iterable[tuple[str, float]]:
    found = view.prompt_divergence
    if found is None:
        return []
    return [
        ("landed_never_served", float(len(found.never_served))),
        ("served_never_landed", float(len(found.never_landed))),
    ]


def _rules(view: SystemView) -> Iterable[tuple[str, float]]:
    return [(e.rule.value, float(e.active)) for e in view.verdict.evidence if e.active is not None]


def _declared(view: SystemView) -> Iterable[tuple[str, float]]:
    return [] if view.verdict.declared is None else one_of(Strategy, view.verdict.declared)


def _declaration_changed(view: SystemView) -> Iterable[tuple[str, float]]:
    verdict = view.verdict
    if verdict.declared is None or verdict.declared_on is None:
        return []
    return [(verdict.declared.value, timestamp(verdict.declared_on))]


VOLUME: tuple[Family[SystemsSnapshot], ...] = (
    per_system(
        "leverwatch_monthly_inferences",
        "Inferences of the trailing 28 complete UTC days times 30.4375/28; what the volume rules compare.",
        lambda view: view.verdict.volume.monthly_inferences,
        "when enough days are covered for the volume to be known",
    ),
    per_system(
        "leverwatch_month_to_date_inferences",
        "Inferences of the complete UTC days of the running calendar month; for reconciling bills.",
        lambda view: view.month_to_date_inferences,
        "when a day of the month is covered",
    ),
    per_system(
        "leverwatch_last_calendar_month_inferences",
        "Inferences of the last full calendar month (UTC); for reconciling bills.",
        lambda view: view.last_month_inferences,
        "when every day of that month is covered",
    ),
    per_system(
        "leverwatch_usage_coverage_ratio",
        "Share of the trailing 28 complete UTC days for which usage is known.",
        lambda view: view.verdict.volume.covered_days / WINDOW_DAYS,
    ),
    setting(
        "leverwatch_usage_minimum_coverage_ratio",
        "Share of the trailing 28 days below which the volume is known only where no missing day could move the"
        " band.",
        lambda settings: settings.minimum_days / WINDOW_DAYS,
    ),
    per_system(
        "leverwatch_usage_newest_day_timestamp_seconds",
        "Midnight UTC that starts the newest complete day for which usage is known.",
        lambda view: time(view.verdict.volume.newest_day),
        "when a day is covered",
    ),
    setting(
        "leverwatch_usage_stale_after_seconds",
        "Age of leverwatch_usage_newest_day_timestamp_seconds above which usage is stale and verdicts are held.",
        # A day is complete one day after its midnight, and `as_of` itself is up to one more day old.
        lambda settings: (settings.stale_after_days + 2) * DAY,
    ),
    Family(
        "leverwatch_volume_threshold_inferences",
        "gauge",
        "Monthly inferences at a volume boundary: hybrid starts at its value, fine-tuning above its value.",
        ("boundary",),
        EVALUATED,
        _thresholds,
    ),
    setting(
        "leverwatch_volume_leave_ratio",
        "Share of a threshold below which volume must fall to leave the band entered there.",
        lambda settings: settings.leave_ratio,
    ),
    setting(
        "leverwatch_volume_dwell_seconds",
        "How long volume must stay in a new band before that band settles; whole days.",
        lambda settings: settings.dwell_days * DAY,
    ),
    per_system_and(
        "band",
        "leverwatch_volume_band",
        "1 for the settled volume band of the system, 0 for the others; all 0 while none has settled.",
        lambda view: one_of(Band, view.verdict.volume.band),
    ),
    per_system(
        "leverwatch_volume_candidate_seconds",
        "How long volume has been in a band that has not settled yet; whole days, 0 without such a band.",
        _candidate_seconds,
        "when the volume was known once",
    ),
    per_system_and(
        "boundary",
        "leverwatch_volume_crossing_timestamp_seconds",
        "Midnight UTC that starts the day of the latest settled crossing of the boundary, in either direction.",
        _last_crossings,
        "when the system has crossed the boundary",
    ),
)
"""The families of volume and of its thresholds."""

PROMPTS: tuple[Family[SystemsSnapshot], ...] = (
    per_system(
        "leverwatch_prompt_change_frequency_per_week",
        "Median number of days with a prompt change a week, over the trailing 13 weeks.",
        lambda view: view.verdict.changes_per_week,
        _KNOWN_FREQUENCY,
    ),
    per_system(
        "leverwatch_prompt_change_rate_per_week",
        "Mean number of days with a prompt change a week, over the weeks of the present rate; what is compared.",
        lambda view: view.verdict.frequency.per_week,
        _KNOWN_FREQUENCY,
    ),
    per_system(
        "leverwatch_prompt_changes_settled_timestamp_seconds",
        "Midnight UTC that starts the day since which prompt changes have been frequent, or have not been.",
        lambda view: time(view.verdict.frequency.since),
        _KNOWN_FREQUENCY,
    ),
    per_system(
        "leverwatch_prompt_changes_candidate_seconds",
        "How long the rate of prompt changes has been beyond the mark of what is settled; whole days.",
        _frequency_candidate_seconds,
        _KNOWN_FREQUENCY,
    ),
    setting(
        "leverwatch_prompt_change_frequency_threshold_per_week",
        "Days with a prompt change a week from which changes are frequent.",
        lambda settings: settings.frequent_days_per_week,
    ),
    setting(
        "leverwatch_prompt_change_frequency_leave_ratio",
        "Share of the threshold below which the rate must fall for changes to be no longer frequent.",
        lambda settings: settings.frequency_leave_ratio,
    ),
    setting(
        "leverwatch_prompt_change_frequency_dwell_seconds",
        "How long the rate must stay beyond a mark before prompt changes settle there; whole days.",
        lambda settings: settings.frequency_dwell_days * DAY,
    ),
    setting(
        "leverwatch_prompt_change_frequency_odds",
        "How many times as likely as an unchanged one a new rate must be for older weeks to count no more.",
        lambda settings: settings.frequency_change_odds,
    ),
    per_system_and(
        "kind",
        "leverwatch_prompt_changes_total",
        "Landings on the default branch that touched the prompts of the system, moves of their labels in a"
        " registry, or days on which traffic shows a change, by kind.",
        _prompt_changes,
        "when a source watches the prompts; then every kind",
    ),
    per_system_and(
        "origin",
        "leverwatch_prompt_origin",
        "1 for where prompt changes of the system are seen, 0 for the others: git, a registry of prompts, or"
        " traffic (told by records).",
        _origin,
        "when a source watches the prompts, or records tell them",
    ),
    per_system_and(
        "kind",
        "leverwatch_prompt_divergences",
        "Days on which what counts and what is nearer to what serves differ: no version of a landing served within"
        " a week, or one began to serve that never landed.",
        _divergence,
        "when two of git, a registry and records tell the prompts; then every kind",
    ),
    per_system(
        "leverwatch_prompt_last_change_timestamp_seconds",
        "Time of the latest prompt change: committer date of its landing, when a label moved or was seen to have"
        " moved, or midnight UTC of the day that traffic shows.",
        lambda view: time(view.last_prompt_change),
        "when a change was seen",
    ),
    per_system(
        "leverwatch_locked_in_behaviors",
        "Declared reasons why tone, domain reasoning or an exact format must hold.",
        lambda view: view.locked_in_behaviors,
    ),
)
"""The families of prompt changes and of locked-in behaviour, which the operational rules depend on."""

VERDICTS: tuple[Family[SystemsSnapshot], ...] = (
    per_system_and(
        "rule",
        "leverwatch_rule_active",
        "1 when the rule of the framework holds for the system, 0 when it does not.",
        _rules,
        "for every rule that could be evaluated",
    ),
    per_system_and(
        "status",
        "leverwatch_verdict_status",
        "1 for the status of the verdict (decided, provisional, undecided), 0 for the others.",
        lambda view: one_of(Status, view.verdict.status),
    ),
    per_system(
        "leverwatch_verdict_held",
        "1 when usage is stale and the last recommendation is held.",
        lambda view: flag(view.verdict.held),
    ),
    per_system(
        "leverwatch_rules_in_conflict",
        "1 when frequent changes and locked-in behaviour pull in opposite directions.",
        lambda view: flag(view.verdict.conflict),
    ),
    per_system_and(
        "strategy",
        "leverwatch_recommended_strategy",
        "1 for the strategy the framework recommends, 0 for the others; all 0 when undecided.",
        lambda view: one_of(Strategy, view.verdict.strategy),
    ),
    per_system_and(
        "strategy",
        "leverwatch_declared_strategy",
        "1 for the strategy the team declared, 0 for the others.",
        _declared,
        "when a strategy is declared",
    ),
    per_system(
        "leverwatch_system_declared",
        "1 when the configuration names the system, 0 when it was discovered in records.",
        lambda view: flag(view.declared),
    ),
    per_system(
        "leverwatch_strategy_mismatch",
        "1 when the recommended strategy differs from the declared one.",
        lambda view: flag(view.verdict.mismatch),
        "when there is both a recommendation and a declaration",
    ),
    per_system(
        "leverwatch_recommendation_changed_timestamp_seconds",
        "Time since which the present recommendation stands.",
        lambda view: time(view.recommendation_changed),
        "when a recommendation was stored",
    ),
    per_system_and(
        "strategy",
        "leverwatch_declaration_changed_timestamp_seconds",
        "Midnight UTC that starts the day on which an evaluation first saw the present declaration, after another"
        " one or none.",
        _declaration_changed,
        "when a strategy is declared, and the verdict before had another one or none",
    ),
    per_system(
        "leverwatch_declaration_reviewed_timestamp_seconds",
        "Midnight UTC of the day the team last reviewed its declaration.",
        lambda view: time(view.reviewed),
        "when a review date is declared",
    ),
    Family(
        "leverwatch_undeclared_systems_dropped",
        "gauge",
        as_of("Discovered systems beyond the cap: counted in the store, without series of their own."),
        (),
        EVALUATED,
        lambda snapshot: [((), snapshot.undeclared_dropped)],
    ),
    Family(
        "leverwatch_overflow_inferences_total",
        "counter",
        as_of("Inferences of systems beyond `limits.stored_systems`, stored as one, which no verdict is about."),
        (),
        EVALUATED,
        lambda snapshot: [((), round(snapshot.overflow_inferences, 6))],
    ),
)
"""The families of the verdicts, and of what is declared."""
