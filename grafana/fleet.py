"""The dashboard of all systems: recommendations, since when and why, and differences from declarations."""

from __future__ import annotations

from grafana.beside import beside_panel
from grafana.model import Column, Dashboard, Kind, Panel, Query, Row, Unit
from grafana.queries import code, each, setting
from grafana.shared import (
    ANNOTATIONS,
    BOUNDARY_LINES,
    DECISION,
    DOCS,
    MISMATCH,
    REASON_NAMES,
    REPLAYED_AGENTS,
    RUNBOOKS,
    RUNBOOKS_AT,
    STATUS_NAMES,
    STRATEGIES,
    STRATEGY_LINES,
    STRATEGY_NAMES,
    SYSTEM_PAGE,
    systems,
    threshold,
)

_MONTHLY = each("leverwatch_monthly_inferences")
_NOTHING_COMPARED = "No system has both a recommendation and a declaration"
_NOTHING_COVERED = "Too few days are covered for any volume"


def _of_threshold(boundary: str) -> str:
    threshold = setting("leverwatch_volume_threshold_inferences", where=f'boundary="{boundary}"')
    return f"{_MONTHLY} / on (job) group_left {threshold}"


def _sum(metric: str, where: str = "") -> tuple[Query]:
    return (Query(f"sum({each(metric, where=where)})", ""),)


FLEET = Dashboard(
    "leverwatch-fleet",
    "leverwatch / Fleet",
    "Every system: what it declares, what is recommended, since when and why.",
    "now-90d",
    (*REPLAYED_AGENTS, systems(all_at_first=True), RUNBOOKS),
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
                    width=4,
                    height=4,
                ),
                Panel(
                    "Differ from declaration",
                    Kind.STAT,
                    Unit.COUNT,
                    _sum("leverwatch_strategy_mismatch"),
                    "Systems whose recommended strategy is not the declared one.",
                    width=4,
                    height=4,
                    empty=_NOTHING_COMPARED,
                    runbook="LeverwatchStrategyMismatch",
                    from_one="red",
                ),
                Panel(
                    "Undecided",
                    Kind.STAT,
                    Unit.COUNT,
                    _sum("leverwatch_verdict_status", 'status="undecided"'),
                    "Systems without any recommendation: too little is known of them.",
                    width=4,
                    height=4,
                    from_one="yellow",
                ),
                Panel(
                    "Held on stale usage",
                    Kind.STAT,
                    Unit.COUNT,
                    _sum("leverwatch_verdict_held"),
                    "Systems whose last recommendation is held, because recent usage is missing.",
                    width=4,
                    height=4,
                    runbook="LeverwatchUsageStale",
                    from_one="yellow",
                ),
                Panel(
                    "Rules in conflict",
                    Kind.STAT,
                    Unit.COUNT,
                    _sum("leverwatch_rules_in_conflict"),
                    "Systems whose prompts change often although their behaviour is locked in.",
                    width=4,
                    height=4,
                    from_one="yellow",
                ),
                Panel(
                    "Undeclared, not shown",
                    Kind.STAT,
                    Unit.COUNT,
                    (Query(f"sum({setting('leverwatch_undeclared_systems_dropped')})", ""),),
                    "Discovered systems beyond the cap of the configuration: counted, and without series.",
                    width=4,
                    height=4,
                    from_one="yellow",
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
                        *DECISION,
                        Query(_MONTHLY, fills="inferences_a_month"),
                        Query(_of_threshold("hybrid"), fills="of_hybrid_threshold"),
                        Query(_of_threshold("fine_tuning"), fills="of_fine_tuning_threshold"),
                        Query(each("leverwatch_strategy_mismatch"), fills="against_declaration"),
                    ),
                    "One line a system. The reasons in words are on the status page of the agent and in"
                    " `leverwatch explain`. A cell is empty where something is not declared or not known.",
                    width=24,
                    height=9,
                    columns=(
                        Column("system", "System", link=SYSTEM_PAGE, width=180),
                        Column("declared", "Declared", states=STRATEGY_NAMES, width=145),
                        Column("recommended", "Recommended", states=STRATEGY_NAMES, width=145),
                        Column("against_declaration", "Against declaration", states=MISMATCH),
                        Column("state", "Status", states=STATUS_NAMES),
                        Column("reason", "Top reason", states=REASON_NAMES, width=150),
                        Column("since", "Since", Unit.DAY),
                        Column("inferences_a_month", "Inferences a month", Unit.COUNT),
                        Column("of_hybrid_threshold", "Of hybrid threshold", Unit.SHARE),
                        Column("of_fine_tuning_threshold", "Of fine-tuning threshold", Unit.SHARE),
                        Column("job", "Job"),
                    ),
                    sort="Against declaration",
                    runbook="LeverwatchStrategyMismatch",
                ),
            ),
        ),
        Row(
            "Beside the verdict",
            (beside_panel("Every system, reviews that are due first", height=8, leads_to_system=True),),
        ),
        Row(
            "Over time",
            (
                Panel(
                    "Recommendation of every system",
                    Kind.STATES,
                    Unit.NUMBER,
                    (Query(code("leverwatch_recommended_strategy")),),
                    "What was recommended when. `leverwatch replay` fills in the time before the agent ran.",
                    width=12,
                    height=10,
                    states=STRATEGIES,
                ),
                Panel(
                    "Agreement with the declaration",
                    Kind.STATES,
                    Unit.NUMBER,
                    (Query(each("leverwatch_strategy_mismatch")),),
                    "Since when a recommendation has differed from its declaration. Systems that declare nothing,"
                    " or are undecided, are not here.",
                    width=12,
                    height=10,
                    empty=_NOTHING_COMPARED,
                    states=MISMATCH,
                    runbook="LeverwatchStrategyMismatch",
                ),
                Panel(
                    "Monthly inferences against the thresholds",
                    Kind.GRAPH,
                    Unit.COUNT,
                    (
                        Query(_MONTHLY),
                        threshold(
                            setting("leverwatch_volume_threshold_inferences", "boundary"),
                            _MONTHLY,
                            "threshold: {{boundary}}",
                        ),
                    ),
                    "Inferences of the trailing 28 days as a month. A system is not here while too few days are"
                    " covered for its volume to be known.",
                    width=12,
                    height=10,
                    empty=_NOTHING_COVERED,
                    series=BOUNDARY_LINES,
                    magnitudes=True,
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
                    width=12,
                    height=10,
                    series=STRATEGY_LINES,
                    whole=True,
                ),
            ),
        ),
    ),
    ANNOTATIONS,
    (("The framework", f"{DOCS}/framework.md"), ("Runbooks", RUNBOOKS_AT)),
)
