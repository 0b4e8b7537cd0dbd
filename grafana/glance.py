"""The first row of the dashboard of one system: the answers, in figures."""

from __future__ import annotations

from grafana.model import Kind, Panel, Query, Row, Series, State, Unit
from grafana.queries import OF_SYSTEM, alerts, code, deciding_rule, each, of_system
from grafana.shared import NEUTRAL, REASON_NAMES, STRATEGIES

_UNDECLARED = "Nothing is declared"


def _date(metric: str, label: str) -> str:
    """Return a query for a time in milliseconds since the epoch, with one line for each value of a label."""
    return f"1000 * min by ({label}) ({each(metric, label)})"


_OF_TOPICS = (
    ("cross-checks", "leverwatch_cross_check_comparable_ratio"),
    ("prompts watched", "leverwatch_prompt_change_rate_per_week"),
    ("outlook", "leverwatch_forecast_origins"),
    ("economics", "leverwatch_strategy_monthly_cost_usd"),
    ("baseline", "leverwatch_baseline_outcome"),
    ("evals", "leverwatch_eval_result_cases"),
)

_NONE = f"0 * max({of_system('leverwatch_system_declared')})"
"""Zero where the system is known, so that nothing is said of one whose agent is not scraped."""

GLANCE_ROW = Row(
    "At a glance",
    (
        Panel(
            "Declared",
            Kind.STAT,
            Unit.NUMBER,
            (Query(f"{code('leverwatch_declared_strategy')} > 0", ""),),
            "What the configuration declares.",
            width=6,
            height=4,
            empty=_UNDECLARED,
            states=STRATEGIES,
        ),
        Panel(
            "Recommended",
            Kind.STAT,
            Unit.NUMBER,
            (Query(code("leverwatch_recommended_strategy"), ""),),
            "What the framework recommends.",
            width=6,
            height=4,
            states=STRATEGIES,
            runbook="LeverwatchStrategyMismatch",
        ),
        Panel(
            "Differs since",
            Kind.STAT,
            Unit.DAYS,
            (
                Query(
                    f"floor((time() - {each('leverwatch_strategy_mismatch_since_timestamp_seconds')}) / 86400)", ""
                ),
            ),
            "Days since which the recommended strategy has differed from the declared one.",
            width=6,
            height=4,
            empty="It does not differ",
            runbook="LeverwatchStrategyMismatch",
        ),
        Panel(
            "Saves a month",
            Kind.STAT,
            Unit.DOLLARS,
            (Query(each("leverwatch_recommendation_saving_usd", where='bound="likely"'), ""),),
            "What the recommended strategy saves against the declared one; negative: it costs more.",
            width=6,
            height=4,
            empty="Nothing to compare",
        ),
        Panel(
            "Why",
            Kind.STAT,
            Unit.NUMBER,
            (Query(deciding_rule(), "{{reason}}"),),
            "The rule that decided.",
            width=6,
            height=4,
            empty="No rule could decide",
            series=tuple(Series(f"^{one.value}$", one.color, one.text) for one in REASON_NAMES),
            names=True,
        ),
        Panel(
            "Firing alerts",
            Kind.STAT,
            Unit.NUMBER,
            (Query(f"max by (alertname) ({alerts('firing', OF_SYSTEM)})", "{{alertname}}"),),
            "The alerts about this system that fire. Without a name none fires, or the rules are not loaded.",
            width=8,
            height=4,
            empty="None is firing, or not known",
            names=True,
        ),
        Panel(
            "What comes next",
            Kind.STAT,
            Unit.DAY,
            (
                Query(
                    _date("leverwatch_crossing_expected_timestamp_seconds", "boundary"),
                    "{{boundary}} threshold",
                ),
                Query(
                    _date("leverwatch_model_shutdown_timestamp_seconds", "model"),
                    "{{model}} ends",
                ),
            ),
            "The days on which volume is expected to reach a threshold, and models in use end.",
            width=10,
            height=4,
            empty="No threshold is near, no model ends",
            both=True,
        ),
        Panel(
            "What the rows below have",
            Kind.STAT,
            Unit.NUMBER,
            tuple(Query(f"0 * count({of_system(metric)}) + 1 or {_NONE}", name) for name, metric in _OF_TOPICS),
            "A row that does not apply to the system, or of which nothing is known, has nothing to show.",
            width=24,
            height=3,
            states=(State(0, "nothing", NEUTRAL), State(1, "shown", "text")),
            both=True,
        ),
    ),
)
