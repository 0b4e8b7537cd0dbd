"""The dashboard of one system, from its traffic to its verdict."""

from __future__ import annotations

from dataclasses import replace

from grafana.beside import beside_panel
from grafana.cross_checks import CROSS_CHECKS_ROW
from grafana.economics import ECONOMICS_ROW
from grafana.glance import GLANCE_ROW
from grafana.mistakes import BASELINE_ROW, EVALS_ROW, LOCKED_IN_ROW, OVER_ENGINEERING_ROW, REVIEW_ROW
from grafana.model import Column, Dashboard, Kind, Panel, Query, Row, Unit
from grafana.outlook import OUTLOOK_ROW
from grafana.queries import DAY_WINDOW, WEEK_WINDOW, code, coded, daily, each, in_days, setting
from grafana.shared import (
    ACTIVE,
    ANNOTATIONS_OF_SYSTEM,
    BAND,
    BOUNDARY_LINES,
    DECISION,
    DOCS,
    HELD,
    MISMATCH,
    ONE_JOB,
    ONE_SYSTEM,
    ORIGIN,
    REASON_NAMES,
    RUNBOOKS,
    RUNBOOKS_AT,
    STATUS,
    STATUS_NAMES,
    STRATEGIES,
    STRATEGY_NAMES,
    YES_IS_GOOD,
    states,
    threshold,
)
from grafana.usage import USAGE_ROW

_NOT_KNOWN = "Not known: too few days are covered"
_NOT_WATCHED = "No source watches the prompts"
_UNDECLARED = "Nothing is declared"

_MONTHLY = each("leverwatch_monthly_inferences")
_THRESHOLDS = setting("leverwatch_volume_threshold_inferences", "boundary")
_CANDIDATE = each("leverwatch_volume_candidate_seconds")
_COVERAGE = each("leverwatch_usage_coverage_ratio")
_NEWEST = each("leverwatch_usage_newest_day_timestamp_seconds")
_FREQUENCY = each("leverwatch_prompt_change_rate_per_week")

VERDICT_ROW = Row(
    "Verdict",
    (
        Panel(
            "What it should run, and why",
            Kind.TABLE,
            Unit.NUMBER,
            (
                *DECISION,
                Query(each("leverwatch_verdict_held"), fills="held"),
                Query(
                    f"1000 * {each('leverwatch_declaration_reviewed_timestamp_seconds')}",
                    fills="declaration_reviewed",
                ),
                Query(each("leverwatch_system_declared"), fills="in_the_configuration"),
                Query(each("leverwatch_strategy_mismatch"), fills="against_declaration"),
            ),
            "The verdict, the rule that decided, and the declaration it is compared with. The reasons in words:"
            " `leverwatch explain`. A cell is empty where something is not declared or not known.",
            width=24,
            height=4,
            columns=(
                Column("declared", "Declared", states=STRATEGY_NAMES, width=130),
                Column("recommended", "Recommended", states=STRATEGY_NAMES, width=130),
                Column("against_declaration", "Declaration", states=MISMATCH, width=95),
                Column("since", "Since", Unit.DAY, width=90),
                Column("reason", "Top reason", states=REASON_NAMES, width=140),
                Column("state", "Status", states=STATUS_NAMES, width=90),
                Column("held", "Held", states=HELD, width=70),
                Column("declaration_reviewed", "Declaration reviewed", Unit.DAY, width=95),
                Column("in_the_configuration", "In the configuration", states=YES_IS_GOOD, width=100),
            ),
            runbook="LeverwatchStrategyMismatch",
        ),
        beside_panel("Beside the verdict", height=4, leads_to_system=False),
        Panel(
            "Recommended over time",
            Kind.STATES,
            Unit.NUMBER,
            (Query(code("leverwatch_recommended_strategy")),),
            "What was recommended when. `leverwatch replay` fills in the time before the agent ran.",
            width=12,
            height=6,
            states=STRATEGIES,
        ),
        Panel(
            "Declared over time",
            Kind.STATES,
            Unit.NUMBER,
            (Query(code("leverwatch_declared_strategy")),),
            "What the configuration declared when. Empty for systems that declare no strategy.",
            width=12,
            height=6,
            empty=_UNDECLARED,
            states=STRATEGIES,
        ),
        Panel(
            "Status over time",
            Kind.STATES,
            Unit.NUMBER,
            (Query(coded("leverwatch_verdict_status", "status", *STATUS)),),
            "How firm the verdict was: decided, provisional or undecided.",
            width=12,
            height=6,
            states=states(STATUS),
        ),
        Panel(
            "Against the declaration over time",
            Kind.STATES,
            Unit.NUMBER,
            (Query(each("leverwatch_strategy_mismatch")),),
            "Since when the recommendation has differed. Empty without a recommendation or a declaration.",
            width=12,
            height=6,
            empty=_UNDECLARED,
            states=MISMATCH,
            runbook="LeverwatchStrategyMismatch",
        ),
    ),
)

VOLUME_ROW = Row(
    "Volume",
    (
        Panel(
            "Monthly inferences and both thresholds",
            Kind.GRAPH,
            Unit.COUNT,
            (
                Query(_MONTHLY),
                threshold(_THRESHOLDS, _MONTHLY, "enter: {{boundary}}"),
                threshold(
                    f"{_THRESHOLDS} * on (job) group_left {setting('leverwatch_volume_leave_ratio')}",
                    _MONTHLY,
                    "leave: {{boundary}}",
                ),
            ),
            "Inferences of the trailing 28 days as a month, what the volume rules compare. A band is entered at"
            " its threshold and left below the dashed line under it.",
            width=12,
            height=9,
            empty=_NOT_KNOWN,
            series=BOUNDARY_LINES,
            magnitudes=True,
            runbook="LeverwatchVolumeThresholdCrossed",
        ),
        Panel(
            "Inferences a day",
            Kind.GRAPH,
            Unit.COUNT,
            (Query(daily("leverwatch_inferences_total", "model"), "{{system}}: {{model}}"),),
            "Inferences of the last 24 hours, by model.",
            width=12,
            height=9,
            fixed_window=DAY_WINDOW,
        ),
        Panel(
            "Settled band",
            Kind.STATES,
            Unit.NUMBER,
            (Query(coded("leverwatch_volume_band", "band", *BAND)),),
            "The volume band that volume alone would decide by. None until the volume was known once.",
            width=12,
            height=7,
            states=states(BAND),
        ),
        Panel(
            "Time in a band that has not settled",
            Kind.GRAPH,
            Unit.DAYS,
            (
                Query(in_days(_CANDIDATE)),
                threshold(in_days(setting("leverwatch_volume_dwell_seconds")), _CANDIDATE, "settles at"),
            ),
            "How long volume has been in another band than the settled one. It settles at the dashed line.",
            width=12,
            height=7,
            empty=_NOT_KNOWN,
        ),
        Panel(
            "Days with known usage",
            Kind.GRAPH,
            Unit.SHARE,
            (
                Query(_COVERAGE),
                threshold(setting("leverwatch_usage_minimum_coverage_ratio"), _COVERAGE, "needed"),
            ),
            "Share of the trailing 28 days for which usage is known. Below the dashed line the volume is unknown,"
            " unless no missing day could move the settled band.",
            width=8,
            height=7,
            runbook="LeverwatchUsageStale",
        ),
        Panel(
            "Age of the newest day with usage",
            Kind.GRAPH,
            Unit.DAYS,
            (
                Query(in_days(f"time() - {_NEWEST}")),
                threshold(in_days(setting("leverwatch_usage_stale_after_seconds")), _NEWEST, "stale"),
            ),
            "Above the dashed line usage is stale, and the last recommendation is held.",
            width=8,
            height=7,
            empty="No usage was ever seen",
            runbook="LeverwatchUsageStale",
        ),
        Panel(
            "Calendar months",
            Kind.GRAPH,
            Unit.COUNT,
            (
                Query(each("leverwatch_month_to_date_inferences"), "{{system}}: month to date"),
                Query(each("leverwatch_last_calendar_month_inferences"), "{{system}}: last full month"),
            ),
            "For reconciling bills; no rule looks at them. The last month is here only when every day is covered.",
            width=8,
            height=7,
            empty="No day of the month is covered",
        ),
        Panel(
            "Latest crossing of each threshold",
            Kind.TABLE,
            Unit.NUMBER,
            (
                Query(
                    f"1000 * {each('leverwatch_volume_crossing_timestamp_seconds', 'boundary')}", fills="crossed"
                ),
            ),
            "The day on which volume last settled on the other side of a threshold, in either direction.",
            width=24,
            height=5,
            empty="No threshold was ever crossed",
            columns=(
                Column("system", "System"),
                Column("boundary", "Threshold"),
                Column("crossed", "Crossed", Unit.DAY),
            ),
            runbook="LeverwatchVolumeThresholdCrossed",
        ),
    ),
)

RULES_ROW = Row(
    "Rules and their inputs",
    (
        Panel(
            "Rules that hold",
            Kind.STATES,
            Unit.NUMBER,
            (Query(each("leverwatch_rule_active", "rule"), "{{system}}: {{rule}}"),),
            "Frequent changes and locked-in behaviour outrank volume. A rule that could not be evaluated has no"
            " line.",
            width=12,
            height=9,
            states=ACTIVE,
        ),
        Panel(
            "Days with a prompt change, a week",
            Kind.GRAPH,
            Unit.NUMBER,
            (
                Query(_FREQUENCY),
                Query(each("leverwatch_prompt_change_frequency_per_week"), "{{system}}: median of 13 weeks"),
                threshold(
                    setting("leverwatch_prompt_change_frequency_threshold_per_week"), _FREQUENCY, "frequent"
                ),
                threshold(
                    f"{setting('leverwatch_prompt_change_frequency_threshold_per_week')}"
                    f" * on (job) {setting('leverwatch_prompt_change_frequency_leave_ratio')}",
                    _FREQUENCY,
                    "no longer frequent",
                ),
            ),
            "Mean of days with a change a week, over the weeks of the present rate. Changes settle as frequent at"
            " the upper dashed line, and as no longer so below the lower one. Empty while the history is short.",
            width=12,
            height=9,
            empty=_NOT_WATCHED,
        ),
        Panel(
            "Prompt changes by kind, last 7 days",
            Kind.GRAPH,
            Unit.COUNT,
            (
                Query(
                    daily("leverwatch_prompt_changes_total", "kind", window="7d", series="kind"),
                    "{{system}}: {{kind}}",
                ),
            ),
            "Landings on the default branch, or days on which traffic shows a change. Added, modified and reverted"
            " count; the other kinds do not.",
            width=12,
            height=7,
            empty=_NOT_WATCHED,
            whole=True,
            fixed_window=WEEK_WINDOW,
        ),
        Panel(
            "Latest prompt change",
            Kind.STAT,
            Unit.MOMENT,
            (Query(f"1000 * {each('leverwatch_prompt_last_change_timestamp_seconds')}"),),
            "When a landing last touched the prompts, whatever its kind, or a label of them moved.",
            width=6,
            height=7,
            empty="No change was seen",
        ),
        Panel(
            "Locked-in reasons",
            Kind.STAT,
            Unit.COUNT,
            (Query(each("leverwatch_locked_in_behaviors")),),
            "Declared reasons why tone, domain reasoning or an exact format must hold. One is enough.",
            width=6,
            height=7,
        ),
        Panel(
            "Where prompt changes are seen",
            Kind.STATES,
            Unit.NUMBER,
            (Query(coded("leverwatch_prompt_origin", "origin", *ORIGIN)),),
            "Git, a registry of prompts, or traffic: what records tell of the prompt. Never two of them: the first"
            " that is known counts.",
            width=12,
            height=6,
            empty=_NOT_WATCHED,
            states=states(ORIGIN),
        ),
        Panel(
            "Days on which git and traffic differ",
            Kind.GRAPH,
            Unit.COUNT,
            (Query(each("leverwatch_prompt_divergences", "kind"), "{{system}}: {{kind}}"),),
            "A landing after which no new version served within a week, or a version that began to serve without a"
            " landing in the week before; a registry is compared as traffic is, or counts in the place of git.",
            width=12,
            height=6,
            empty="Only one of git and traffic is known",
            whole=True,
        ),
        Panel(
            "Rules in conflict",
            Kind.STATES,
            Unit.NUMBER,
            (Query(each("leverwatch_rules_in_conflict")),),
            "While it holds, both operational rules do, and hybrid is recommended.",
            width=24,
            height=5,
            states=ACTIVE,
        ),
    ),
)

SYSTEM_DASHBOARD = Dashboard(
    "leverwatch-system",
    "leverwatch / System",
    "The story of one system: volume and outlook, rules, verdict, economics, baselines, prompts, reviews, usage.",
    "now-90d",
    (*ONE_JOB, ONE_SYSTEM, RUNBOOKS),
    (
        GLANCE_ROW,
        VERDICT_ROW,
        VOLUME_ROW,
        *(
            replace(row, collapsed=True)
            for row in (
                CROSS_CHECKS_ROW,
                RULES_ROW,
                OUTLOOK_ROW,
                LOCKED_IN_ROW,
                ECONOMICS_ROW,
                BASELINE_ROW,
                EVALS_ROW,
                OVER_ENGINEERING_ROW,
                REVIEW_ROW,
                USAGE_ROW,
            )
        ),
    ),
    ANNOTATIONS_OF_SYSTEM,
    (("The framework", f"{DOCS}/framework.md"), ("Runbooks", RUNBOOKS_AT)),
    one_system=True,
)
