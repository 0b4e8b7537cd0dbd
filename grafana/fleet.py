"""The dashboard of all systems: recommendations, since when and why, and differences from declarations."""

from __future__ import annotations

from typing import Any

from grafana.beside import beside_panel
from grafana.model import Column, Dashboard, Kind, Panel, Query, Row, Unit
from grafana.queries import OF_SYSTEM, alerts, code, each, of_system, setting
from grafana.shared import (
    ANNOTATIONS,
    ATTENTION,
    BOUNDARY_LINES,
    DECISION,
    DOCS,
    MISMATCH,
    MOST,
    REASON_NAMES,
    REPLAYED_AGENTS,
    RUNBOOKS,
    RUNBOOKS_AT,
    STATUS_NAMES,
    STRATEGIES,
    STRATEGY_LINES,
    STRATEGY_NAMES,
    SYSTEM_PAGE,
    SYSTEMS,
    drawn,
    threshold,
)

_MONTHLY = each("leverwatch_monthly_inferences")
_RECOMMENDED = of_system("leverwatch_recommended_strategy")
_LIKELY = 'bound="likely"'
_NOTHING_COMPARED = "No system has both a recommendation and a declaration"
_NOTHING_COVERED = "Too few days are covered for any volume"


def _of_threshold(boundary: str) -> str:
    threshold = setting("leverwatch_volume_threshold_inferences", where=f'boundary="{boundary}"')
    return f"{_MONTHLY} / on (job) group_left {threshold}"


def _sum(metric: str, where: str = "") -> str:
    return f"sum({each(metric, where=where)})"


def _glance(title: str, query: str, text: str, **more: Any) -> Panel:
    return Panel(
        title,
        more.pop("kind", Kind.STAT),
        more.pop("unit", Unit.NUMBER),
        (Query(query, ""),),
        text,
        width=6,
        height=3,
        **more,
    )


_FIRING = f"sum by (alertname, severity, system) ({alerts('firing', OF_SYSTEM)})"

FLEET = Dashboard(
    "leverwatch-fleet",
    "leverwatch / Fleet",
    "Every system: what it declares, what is recommended, since when and why.",
    "now-90d",
    (*REPLAYED_AGENTS, SYSTEMS, ATTENTION, RUNBOOKS),
    (
        Row(
            "At a glance",
            (
                _glance(
                    "Systems",
                    f"count({each('leverwatch_system_declared')})",
                    "Systems that are declared or were discovered in records.",
                ),
                _glance(
                    "Differ",
                    _sum("leverwatch_strategy_mismatch"),
                    "Systems whose recommended strategy is not the declared one.",
                    empty="Nothing to compare",
                    runbook="LeverwatchStrategyMismatch",
                    from_one="red",
                ),
                _glance(
                    "At stake a month",
                    f"sum({each('leverwatch_recommendation_saving_usd', where=_LIKELY)} > 0)",
                    "What the recommended strategies save a month against the declared ones, where they save"
                    " something.",
                    unit=Unit.DOLLARS,
                    empty="No saving",
                ),
                _glance(
                    "Alerts firing",
                    f"count({_FIRING})",
                    "Alerts about these systems. The table below names them. Without a value none fires, or the"
                    " rules are not loaded.",
                    empty="None, or not known",
                    from_one="red",
                ),
                _glance(
                    "Undecided",
                    _sum("leverwatch_verdict_status", 'status="undecided"'),
                    "Systems without any recommendation: too little is known of them.",
                    from_one="yellow",
                ),
                _glance(
                    "Held",
                    _sum("leverwatch_verdict_held"),
                    "Systems whose last recommendation is held, because recent usage is missing.",
                    runbook="LeverwatchUsageStale",
                    from_one="yellow",
                ),
                _glance(
                    "In conflict",
                    _sum("leverwatch_rules_in_conflict"),
                    "Systems whose prompts change often although their behaviour is locked in.",
                    from_one="yellow",
                ),
                _glance(
                    "Not shown",
                    f"sum({setting('leverwatch_undeclared_systems_dropped')})",
                    "Discovered systems beyond the cap of the configuration: counted, and without series.",
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
                        Query(each("leverwatch_recommendation_saving_usd", where=_LIKELY), fills="stake"),
                        Query(each("leverwatch_strategy_mismatch"), fills="against_declaration"),
                    ),
                    "One line a system. The reasons in words are on the status page of the agent and in"
                    " `leverwatch explain`. A dash: not declared, or not known. Saves a month: by the recommended"
                    " strategy against the declared one; negative when it costs more.",
                    width=24,
                    height=11,
                    columns=(
                        Column("system", "System", link=SYSTEM_PAGE, width=135),
                        Column("declared", "Declared", states=STRATEGY_NAMES, width=130),
                        Column("recommended", "Recommended", states=STRATEGY_NAMES, width=130),
                        Column("against_declaration", "Declaration", states=MISMATCH, width=95),
                        Column("since", "Since", Unit.DAY, width=90),
                        Column("reason", "Top reason", states=REASON_NAMES, width=135),
                        Column("stake", "Saves a month", Unit.DOLLARS, width=75),
                        Column("inferences_a_month", "Calls a month", Unit.COUNT, width=70),
                        Column("state", "Status", states=STATUS_NAMES, width=85),
                        Column("job", "Job", hidden=True),
                    ),
                    sort="Declaration",
                    runbook="LeverwatchStrategyMismatch",
                ),
                Panel(
                    "Firing alerts about systems",
                    Kind.TABLE,
                    Unit.NUMBER,
                    (Query(f"max by (job, alertname, severity, system) ({alerts('firing', OF_SYSTEM)})"),),
                    "What fires now. The runbook of each alert is linked above.",
                    width=24,
                    height=6,
                    empty="No alert about a system is firing, or not known: are the rules loaded?",
                    columns=(
                        Column("system", "System", link=SYSTEM_PAGE, width=200),
                        Column("alertname", "Alert", width=340),
                        Column("severity", "Severity", width=120),
                        Column("job", "Job", hidden=True),
                    ),
                ),
            ),
        ),
        Row(
            "Beside the verdict",
            (beside_panel("Every system, reviews that are due first", height=8, leads_to_system=True),),
            collapsed=True,
        ),
        Row(
            "Volume against the thresholds",
            (
                Panel(
                    "Share of each threshold that is reached",
                    Kind.TABLE,
                    Unit.NUMBER,
                    (
                        Query(_of_threshold("hybrid"), fills="of_hybrid_threshold"),
                        Query(_of_threshold("fine_tuning"), fills="of_fine_tuning_threshold"),
                    ),
                    "Inferences of the trailing 28 days as a month, as a share of where each strategy begins.",
                    width=24,
                    height=9,
                    empty=_NOTHING_COVERED,
                    columns=(
                        Column("system", "System", link=SYSTEM_PAGE, width=240),
                        Column("of_hybrid_threshold", "Of hybrid threshold", Unit.SHARE, width=200),
                        Column("of_fine_tuning_threshold", "Of fine-tuning threshold", Unit.SHARE, width=200),
                        Column("job", "Job", hidden=True),
                    ),
                    sort="Of hybrid threshold",
                    runbook="LeverwatchVolumeThresholdCrossed",
                ),
            ),
            collapsed=True,
        ),
        Row(
            f"Over time: the {MOST} systems that ask most for attention",
            (
                Panel(
                    "Recommendation over time",
                    Kind.STATES,
                    Unit.NUMBER,
                    (Query(drawn(code("leverwatch_recommended_strategy"))),),
                    "What was recommended when. `leverwatch replay` fills in the time before the agent ran.",
                    width=12,
                    height=10,
                    states=STRATEGIES,
                ),
                Panel(
                    "Agreement with the declaration",
                    Kind.STATES,
                    Unit.NUMBER,
                    (Query(drawn(each("leverwatch_strategy_mismatch"))),),
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
                        Query(drawn(_MONTHLY)),
                        threshold(
                            setting("leverwatch_volume_threshold_inferences", "boundary"),
                            drawn(_MONTHLY),
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
                    Unit.NUMBER,
                    (
                        Query(
                            # Two of three series are 0: without them it costs half.
                            f"count by (strategy) (max by (job, system, strategy) ({_RECOMMENDED} == 1))",
                            "{{strategy}}",
                        ),
                    ),
                    "How many of all systems should run what, on each other. What none should run has no line.",
                    width=12,
                    height=10,
                    series=STRATEGY_LINES,
                    stacked=True,
                    whole=True,
                ),
            ),
            collapsed=True,
        ),
    ),
    ANNOTATIONS,
    (("The framework", f"{DOCS}/framework.md"), ("Runbooks", RUNBOOKS_AT)),
)
