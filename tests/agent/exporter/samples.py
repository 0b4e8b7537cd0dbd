"""Hand-made snapshots that reach every branch of the exposition and of the page. All values are invented."""

from __future__ import annotations

from datetime import UTC, date, datetime

from leverwatch.agent.framework.bill import Bill, BilledDay
from leverwatch.agent.framework.cross_check import ComparedDay, CrossCheck, Divergence
from leverwatch.agent.framework.model import (
    Band,
    Crossing,
    FrequencyCrossing,
    FrequencyState,
    PromptDivergence,
    PromptOrigin,
    Reason,
    Rule,
    RuleEvidence,
    Settings,
    Status,
    Strategy,
    Verdict,
    VolumeState,
)
from leverwatch.agent.snapshot import (
    AgentSnapshot,
    Leader,
    ModelTotals,
    PricedUsage,
    PriceFileState,
    SystemsSnapshot,
    SystemView,
)
from leverwatch.agent.source_view import SourceView
from leverwatch.collectors.daily.answers import Known
from leverwatch.collectors.daily.day_states import days_known
from leverwatch.collectors.daily.window import Days, Wanted
from leverwatch.collectors.interface import ChangeKind, Operation, Problem, Result
from leverwatch.collectors.unattributed import Unattributed
from tests.agent.exporter import assessed

AS_OF = date(2026, 3, 30)
EVALUATED = datetime(2026, 3, 31, 0, 5, tzinfo=UTC)
AWKWARD = 'quote " slash \\ line\nbreak <b>é漢\u2028'


def evidence(
    volume: tuple[float | None, Band | None], changes: float | None, reasons: int
) -> tuple[RuleEvidence, ...]:
    """All five rules for a volume with its settled band, a change frequency and a number of declared reasons."""
    monthly, band = volume

    def by_volume(rule: Rule, own: Band, threshold: float) -> RuleEvidence:
        active = None if monthly is None else band is own
        return RuleEvidence(rule, active, monthly, threshold, "inferences/month", "volume against its thresholds")

    return (
        by_volume(Rule.VOLUME_LOW, Band.LOW, 100_000_000),
        by_volume(Rule.VOLUME_MID, Band.MID, 100_000_000),
        by_volume(Rule.VOLUME_HIGH, Band.HIGH, 1_000_000_000),
        RuleEvidence(
            Rule.FREQUENT_CHANGES,
            None if changes is None else changes >= 1,
            changes,
            1.0,
            "days/week",
            "median of days with a change a week",
        ),
        RuleEvidence(Rule.LOCKED_IN_BEHAVIOR, reasons > 0, float(reasons), 1.0, "reasons", "declared reasons"),
    )


def grown() -> SystemView:
    """Crossed into the middle band, and the declaration does not say so yet."""
    volume = VolumeState(
        monthly_inferences=112_400_000.5,
        covered_days=28,
        newest_day=AS_OF,
        band=Band.MID,
        band_since=date(2026, 3, 10),
        crossings=(
            Crossing(date(2025, 6, 1), Band.LOW, Band.HIGH),
            Crossing(date(2025, 9, 1), Band.HIGH, Band.LOW),
            Crossing(date(2026, 3, 10), Band.LOW, Band.MID),
        ),
    )
    reasons = (
        Reason(
            "decided_by_volume", "112.4M inferences a month (28 of 28 days), at or above the threshold of 100M"
        ),
        Reason("mismatch", "hybrid is recommended, prompt engineering is declared"),
    )
    return SystemView(
        "checkout-helper",
        Verdict(
            system="checkout-helper",
            as_of=AS_OF,
            strategy=Strategy.HYBRID,
            status=Status.DECIDED,
            rule=Rule.VOLUME_MID,
            reasons=reasons,
            evidence=evidence((112_400_000.5, Band.MID), 0.5, 0),
            volume=volume,
            changes_per_week=0.5,
            declared=Strategy.PROMPT_ENGINEERING,
            mismatch=True,
            changed_on=date(2026, 3, 10),
            frequency=FrequencyState(
                frequent=False,
                since=date(2026, 1, 4),
                per_week=1.25,
                weeks=8,
                candidate=True,
                candidate_days=2,
                first_settled=date(2025, 6, 1),
                crossings=(FrequencyCrossing(date(2026, 1, 4), frequent=False),),
            ),
        ),
        declared=True,
        reviewed=datetime(2025, 10, 1, tzinfo=UTC),
        models=(
            ModelTotals(
                "small-1",
                inferences=9_000,
                errors=12,
                cache_hits=40,
                attempts=9_100,
                input_tokens=4_500_000,
                cached_input_tokens=1_000_000,
                output_tokens=800_000,
                unknown_input=3,
                unknown_cached=4,
                unknown_output=5,
                cost_usd=31.25,
                unpriced=6,
                latency_ms=7_654_321,
                unknown_latency=7,
            ),
            ModelTotals(
                "other",
                inferences=20,
                unknown_input=20,
                unknown_cached=20,
                unknown_output=20,
                unpriced=20,
                unknown_latency=20,
            ),
        ),
        priced={"small-1": PricedUsage(usd=0.125, inferences=4)},
        other_operations={Operation.EMBEDDING: 300, Operation.RERANK: 0.5},
        month_to_date_inferences=101_000_000,
        last_month_inferences=88_000_000,
        prompt_changes={ChangeKind.MODIFIED: 14, ChangeKind.ADDED: 2},
        most_prompt_changes={ChangeKind.REMOVED: 3},
        prompt_origin=PromptOrigin.GIT,
        prompt_divergence=PromptDivergence((AS_OF,), (date(2026, 3, 2), date(2026, 3, 4))),
        last_prompt_change=datetime(2026, 3, 20, 9, 30, tzinfo=UTC),
        recommendation_changed=datetime(2026, 3, 10, tzinfo=UTC),
        assessment=assessed.everything(),
    )


def conflicting() -> SystemView:
    """Frequent changes against locked-in behaviour, at a very high volume; runs what is recommended."""
    return SystemView(
        "contract-writer",
        Verdict(
            system="contract-writer",
            as_of=AS_OF,
            strategy=Strategy.HYBRID,
            status=Status.DECIDED,
            rule=None,
            reasons=(
                Reason("conflict", "2 reasons declared for locked-in behaviour, while prompts change often"),
            ),
            evidence=evidence((3.2e9, Band.HIGH), 2.0, 2),
            volume=VolumeState(3.2e9, 28, AS_OF, Band.HIGH, date(2026, 1, 5)),
            changes_per_week=2.0,
            declared=Strategy.HYBRID,
            mismatch=False,
            conflict=True,
            changed_on=date(2026, 1, 5),
            frequency=FrequencyState(True, date(2026, 1, 5), 2.1, 30, first_settled=date(2026, 1, 5)),
            declared_on=date(2026, 2, 3),
        ),
        declared=True,
        locked_in_behaviors=2,
        models=(ModelTotals("failing", errors=3, attempts=3),),
        prompt_changes=dict.fromkeys(ChangeKind, 1),
        prompt_origin=PromptOrigin.TRAFFIC,
        recommendation_changed=datetime(2026, 1, 5, tzinfo=UTC),
        cross_checks=(
            CrossCheck(
                "edge-log",
                ("ledger",),
                (
                    ComparedDay(date(2026, 3, 27), 4_000_000, 4_000_100),
                    ComparedDay(date(2026, 3, 28), 4_100_000, 3_900_000),
                    ComparedDay(date(2026, 3, 29), 4_120_500.5, 3_870_000),
                ),
                Divergence(date(2026, 3, 28), 2, 8_220_500.5, 7_770_000),
            ),
            CrossCheck("mirror", ("ledger",), ()),
        ),
    )


def stale() -> SystemView:
    """Its usage stopped a week ago: the last recommendation is held."""
    return SystemView(
        "mail-sorter",
        Verdict(
            system="mail-sorter",
            as_of=AS_OF,
            strategy=Strategy.PROMPT_ENGINEERING,
            status=Status.DECIDED,
            rule=Rule.VOLUME_LOW,
            reasons=(Reason("stale_usage_held", "no usage has been seen since 2026-03-23 (7 days)"),),
            evidence=evidence((41_000_000.0, Band.LOW), None, 0),
            volume=VolumeState(41_000_000.0, 21, date(2026, 3, 23), Band.LOW, date(2025, 12, 1)),
            changes_per_week=None,
            declared=Strategy.PROMPT_ENGINEERING,
            mismatch=False,
            held=True,
            changed_on=date(2025, 12, 1),
        ),
        declared=True,
        recommendation_changed=datetime(2025, 12, 1, tzinfo=UTC),
        assessment=assessed.nothing(),
    )


def discovered() -> SystemView:
    """Seen in records, never declared; its volume has pointed at another band for three days."""
    volume = VolumeState(96_000_000.0, 24, AS_OF, Band.LOW, date(2026, 2, 1), candidate=Band.MID, candidate_days=3)
    return SystemView(
        AWKWARD,
        Verdict(
            system=AWKWARD,
            as_of=AS_OF,
            strategy=Strategy.PROMPT_ENGINEERING,
            status=Status.PROVISIONAL,
            rule=Rule.VOLUME_LOW,
            reasons=(Reason("partial_window", "24 of 28 days are covered"),),
            evidence=evidence((96_000_000.0, Band.LOW), None, 0),
            volume=volume,
            changes_per_week=None,
            declared=None,
            mismatch=None,
            changed_on=date(2026, 2, 1),
        ),
        declared=False,
        models=(ModelTotals('model "x"\\', inferences=5, input_tokens=0, output_tokens=10, cost_usd=0.0),),
        month_to_date_inferences=0.0,
        recommendation_changed=datetime(2026, 2, 1, tzinfo=UTC),
    )


def unseen() -> SystemView:
    """Declared before its first record."""
    return SystemView(
        "voice-notes",
        Verdict(
            system="voice-notes",
            as_of=AS_OF,
            strategy=None,
            status=Status.UNDECIDED,
            rule=None,
            reasons=(Reason("no_usage", "no usage was seen"),),
            evidence=evidence((None, None), None, 0),
            volume=VolumeState(),
            changes_per_week=None,
            declared=Strategy.FINE_TUNING,
            mismatch=None,
        ),
        declared=True,
    )


def agreeing() -> SystemView:
    """Nothing to see: it runs what is recommended."""
    return SystemView(
        "answer-bot",
        Verdict(
            system="answer-bot",
            as_of=AS_OF,
            strategy=Strategy.FINE_TUNING,
            status=Status.DECIDED,
            rule=Rule.LOCKED_IN_BEHAVIOR,
            reasons=(Reason("decided_by_locked_in", "1 reason declared for locked-in behaviour: JSON schema v3"),),
            evidence=evidence((600_000.0, Band.LOW), 0.0, 1),
            volume=VolumeState(600_000.0, 28, AS_OF, Band.LOW, date(2025, 12, 1)),
            changes_per_week=0.0,
            declared=Strategy.FINE_TUNING,
            mismatch=False,
            changed_on=date(2026, 1, 12),
            frequency=FrequencyState(False, date(2025, 12, 1), 0.0, 20, first_settled=date(2025, 12, 1)),
        ),
        declared=True,
        locked_in_behaviors=1,
        recommendation_changed=datetime(2026, 1, 12, tzinfo=UTC),
        assessment=assessed.little(),
    )


def systems(*views: SystemView, dropped: int = 3) -> SystemsSnapshot:
    """A snapshot of these systems; of one of each kind when none is given."""
    everything = (agreeing(), conflicting(), discovered(), grown(), stale(), unseen())
    billed = Bill("account", (BilledDay(date(2026, 3, 29), 123.4, 121.9, ("no-price",)),))
    untold = Bill("report", (), date(2026, 3, 30), 4_200_000)
    return SystemsSnapshot(
        EVALUATED,
        Settings(),
        views or everything,
        dropped,
        price_file=PriceFileState(),
        bills=() if views else (billed, untold),
    )


def agent(*, reloaded: bool = False) -> AgentSnapshot:
    """An agent with a healthy source, a failing one, one that never ran and one that counts little."""
    return AgentSnapshot(
        version="1.2.3",
        python="3.11.9",
        sources=(
            SourceView(
                "gateway",
                "files",
                60,
                success=True,
                duration_seconds=0.25,
                last_success=datetime(2026, 3, 31, 0, 4, 30, tzinfo=UTC),
                newest_record=datetime(2026, 3, 31, 0, 4, 12, tzinfo=UTC),
                records={
                    Result.COUNTED: 1_234_567,
                    Result.INVALID_LINE: 3,
                    Result.BAD_TIME: 2,
                    Result.DUPLICATE: 9,
                },
                unreadable={"cost_usd": 4, "input_tokens": 2},
                matches=4,
                unreadable_share=0.004,
                unattributed_share=0.003,
                runs=40,
                missed_runs=1,
            ),
            SourceView(
                "prompts",
                "git",
                300,
                success=False,
                duration_seconds=12.0,
                last_success=datetime(2026, 3, 29, 18, 0, tzinfo=UTC),
                runs=8,
                failures={"unavailable": 2, "brand_new": 1},
                error="prompts: cannot reach the repository <https://git.example/prompts.git>",
            ),
            SourceView("legacy/app.log", "files", 60),
            SourceView(
                "ledger",
                "sql",
                3600,
                success=True,
                duration_seconds=1.5,
                last_success=datetime(2026, 3, 31, 0, 3, tzinfo=UTC),
                newest_record=datetime(2026, 3, 31, 0, 1, tzinfo=UTC),
                records={Result.COUNTED: 260},
                runs=2,
                restated_inferences=1_250,
                unattributed=Unattributed((("api_key_id: key_7", 1_200), ("api_key_id: (none)", 3)), 2),
                days=days_known(
                    Known(
                        asked=(Days(date(2026, 2, 23), date(2026, 3, 30)),),
                        filled=(
                            Days(date(2026, 2, 25), date(2026, 3, 28)),
                            Days(date(2026, 3, 30), date(2026, 3, 31)),
                        ),
                        bare=(Days(date(2026, 2, 23), date(2026, 2, 24)),),
                    ),
                    Wanted(date(2026, 3, 31), AS_OF, lookback=3, history=90),
                    60,
                ),
            ),
            SourceView(
                "batch",
                "files",
                60,
                success=True,
                duration_seconds=0.5,
                last_success=datetime(2026, 3, 31, 0, 4, tzinfo=UTC),
                records={Result.COUNTED: 5, Result.MISSING_FIELD: 40},
                runs=3,
                matches=0,
                unreadable_share=0.875,
                unattributed_share=0.0,
                concerns={
                    "matches_nothing": "nothing matches late/*.log",
                    "most_refused": "most of what the last day read was refused",
                },
                samples=(
                    Problem("/var/log/batch.log:9", Result.MISSING_FIELD, "no time"),
                    Problem("/var/log/batch.log:3", Result.BAD_TIME, "not a time"),
                    Problem("/var/log/batch.log:12", Result.MISSING_FIELD, "no model"),
                ),
            ),
        ),
        config_reload_successful=reloaded,
        config_reload_success_time=datetime(2026, 3, 30, 12, 0, tzinfo=UTC),
        evaluation_interval_seconds=300,
        evaluation_runs=9,
        evaluation_failures=1,
        evaluation_missed_runs=2,
        evaluation_duration_seconds=0.125,
        evaluation_last_success=EVALUATED,
        leader=Leader("node-1:9847", 7, leads=True, seen=EVALUATED),
        shared=True,
        http_connections_dropped={"header_deadline": 4, "made_room": 0},
        warnings={"source_failed": 3},
        log_lines_left_out={"http_password_refused": 17},
    )
