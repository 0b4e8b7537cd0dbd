"""The dashboard of every system: what each should run, since when, why, and who differs from it."""

from __future__ import annotations

from grafana.model import Column, Dashboard, Kind, Panel, Query, Row, Unit
from grafana.queries import code, coded, deciding_rule, each, named, setting
from grafana.shared import (
    AGREEMENT,
    ANNOTATIONS,
    BASELINE,
    DOCS,
    MISMATCH,
    REPLAYED_AGENTS,
    STRATEGIES,
    SYSTEM_PAGE,
    TO_DO,
    YES_IS_BAD,
    states,
    systems,
)

_MONTHLY = each("leverwatch_monthly_inferences")
_NOTHING_COMPARED = "No system has both a recommendation and a declaration"
_NOTHING_COVERED = "Too few days are covered for any volume"


def _of_threshold(boundary: str) -> str:
    threshold = setting("leverwatch_volume_threshold_inferences", where=f'boundary="{boundary}"')
    return f"{_MONTHLY} / on (job) group_left {threshold}"


def _sum(metric: str, where: str = "") -> tuple[Query]:
    return (Query(f"sum({each(metric, where=where)})", ""),)


def _soonest(metric: str, label: str) -> str:
    """The earliest of several moments of a system, in milliseconds."""
    return f"1000 * min by (job, system) ({each(metric, label)})"


BESIDE_ROW = Row(
    "Beside the verdict",
    (
        Panel(
            "Every system, reviews that are due first",
            Kind.TABLE,
            Unit.NUMBER,
            (
                Query(each("leverwatch_review_due")),
                Query(coded("leverwatch_baseline_outcome", "outcome", *BASELINE)),
                Query(each("leverwatch_prompt_over_engineered")),
                Query(coded("leverwatch_economics_agreement", "agreement", *AGREEMENT)),
                Query(_soonest("leverwatch_crossing_expected_timestamp_seconds", "boundary")),
                Query(_soonest("leverwatch_model_shutdown_timestamp_seconds", "model")),
            ),
            "What no verdict depends on, one line a system. A cell is empty where it does not apply (no"
            " declaration, no fine-tuned model, no threshold within the horizon) or is not known.",
            24,
            9,
            columns=(
                Column("system", "System", link=SYSTEM_PAGE),
                Column("job", "Job"),
                Column(0, "Review due", states=TO_DO),
                Column(1, "Baseline", states=states(BASELINE)),
                Column(2, "Over-engineered", states=YES_IS_BAD),
                Column(3, "Cost against the recommendation", states=states(AGREEMENT)),
                Column(4, "Next expected crossing", Unit.MOMENT),
                Column(5, "Next model shutdown", Unit.MOMENT),
            ),
            sort="Review due",
            runbook="LeverwatchReviewDue",
        ),
    ),
)

FLEET = Dashboard(
    "leverwatch-fleet",
    "leverwatch / Fleet",
    "Every system: what it declares, what is recommended, since when and why.",
    "now-90d",
    (*REPLAYED_AGENTS, systems(all_at_first=True)),
    (
        Row(
            "At a glance",
            (
                Panel(
                    "Systems",
                    Kind.STAT,
                    Unit.COUNT,
                    (Query(f"count({each('leverwatch_system_declared')})", ""),),
                    "Systems that are declared or were discovered in records.",
                    4,
                    4,
                ),
                Panel(
                    "Differ from their declaration",
                    Kind.STAT,
                    Unit.COUNT,
                    _sum("leverwatch_strategy_mismatch"),
                    "Systems whose recommended strategy is not the declared one.",
                    4,
                    4,
                    _NOTHING_COMPARED,
                    runbook="LeverwatchStrategyMismatch",
                ),
                Panel(
                    "Undecided",
                    Kind.STAT,
                    Unit.COUNT,
                    _sum("leverwatch_verdict_status", 'status="undecided"'),
                    "Systems without any recommendation: too little is known of them.",
                    4,
                    4,
                ),
                Panel(
                    "Held on stale usage",
                    Kind.STAT,
                    Unit.COUNT,
                    _sum("leverwatch_verdict_held"),
                    "Systems whose last recommendation is held, because recent usage is missing.",
                    4,
                    4,
                    runbook="LeverwatchUsageStale",
                ),
                Panel(
                    "Rules in conflict",
                    Kind.STAT,
                    Unit.COUNT,
                    _sum("leverwatch_rules_in_conflict"),
                    "Systems whose prompts change often although their behaviour is locked in.",
                    4,
                    4,
                ),
                Panel(
                    "Undeclared systems not shown",
                    Kind.STAT,
                    Unit.COUNT,
                    (Query(f"sum({setting('leverwatch_undeclared_systems_dropped')})", ""),),
                    "Discovered systems beyond the cap of the configuration: counted, and without series.",
                    4,
                    4,
                ),
            ),
        ),
        Row(
            "Systems",
            (
                Panel(
                    "Every system, mismatches first",
                    Kind.TABLE,
                    Unit.NUMBER,
                    (
                        Query(named("leverwatch_declared_strategy", "strategy", "declared")),
                        Query(named("leverwatch_recommended_strategy", "strategy", "recommended")),
                        Query(f"1000 * {each('leverwatch_recommendation_changed_timestamp_seconds')}"),
                        Query(named("leverwatch_verdict_status", "status", "state")),
                        Query(deciding_rule()),
                        Query(_MONTHLY),
                        Query(_of_threshold("hybrid")),
                        Query(_of_threshold("fine_tuning")),
                        Query(each("leverwatch_strategy_mismatch")),
                    ),
                    "One line a system. The reasons in words are on the status page of the agent and in"
                    " `leverwatch explain`. A cell is empty where something is not declared or not known.",
                    24,
                    11,
                    columns=(
                        Column("system", "System", link=SYSTEM_PAGE),
                        Column("job", "Job"),
                        Column("declared", "Declared"),
                        Column("recommended", "Recommended"),
                        Column(2, "Since", Unit.MOMENT),
                        Column("state", "Status"),
                        Column("reason", "Top reason"),
                        Column(5, "Inferences a month", Unit.COUNT),
                        Column(6, "Of the hybrid threshold", Unit.SHARE),
                        Column(7, "Of the fine-tuning threshold", Unit.SHARE),
                        Column(8, "Against declaration", states=MISMATCH),
                    ),
                    sort="Against declaration",
                    runbook="LeverwatchStrategyMismatch",
                ),
            ),
        ),
        BESIDE_ROW,
        Row(
            "Over time",
            (
                Panel(
                    "Recommendation of every system",
                    Kind.STATES,
                    Unit.NUMBER,
                    (Query(code("leverwatch_recommended_strategy")),),
                    "What was recommended when. `leverwatch replay` fills in the time before the agent ran.",
                    12,
                    10,
                    states=STRATEGIES,
                ),
                Panel(
                    "Agreement with the declaration",
                    Kind.STATES,
                    Unit.NUMBER,
                    (Query(each("leverwatch_strategy_mismatch")),),
                    "Since when a recommendation has differed from its declaration. Systems that declare nothing,"
                    " or are undecided, are not here.",
                    12,
                    10,
                    _NOTHING_COMPARED,
                    states=MISMATCH,
                    runbook="LeverwatchStrategyMismatch",
                ),
                Panel(
                    "Monthly inferences against the thresholds",
                    Kind.GRAPH,
                    Unit.COUNT,
                    (
                        Query(_MONTHLY),
                        Query(
                            setting("leverwatch_volume_threshold_inferences", "boundary"),
                            "threshold: {{boundary}}",
                            dashed=True,
                        ),
                    ),
                    "Inferences of the trailing 28 days as a month. A system is not here while too few days are"
                    " covered for its volume to be known.",
                    12,
                    10,
                    _NOTHING_COVERED,
                    runbook="LeverwatchVolumeThresholdCrossed",
                ),
                Panel(
                    "Systems by recommended strategy",
                    Kind.GRAPH,
                    Unit.COUNT,
                    (
                        Query(
                            f"sum by (strategy) ({each('leverwatch_recommended_strategy', 'strategy')})",
                            "{{strategy}}",
                        ),
                    ),
                    "How many systems should run what.",
                    12,
                    10,
                ),
            ),
        ),
    ),
    ANNOTATIONS,
    (("The framework", f"{DOCS}/framework.md"), ("Runbooks", f"{DOCS}/alerts.md")),
)
