"""The table of assessments (economics, forecast, mistakes), one row a system, for two dashboards."""

from __future__ import annotations

from grafana.model import Column, Kind, Panel, Query, Unit
from grafana.queries import coded, each
from grafana.shared import AGREEMENT, BASELINE, SYSTEM_PAGE, TO_DO, YES_IS_BAD, states


def _soonest(metric: str, label: str) -> str:
    """Return a query for the earliest of several times of a system, in milliseconds since the epoch."""
    return f"1000 * min by (job, system) ({each(metric, label)})"


def beside_panel(title: str, *, height: int, leads_to_system: bool) -> Panel:
    """Return the table. With `leads_to_system` it is for all systems, and each row links to its system."""
    return Panel(
        title,
        Kind.TABLE,
        Unit.NUMBER,
        (
            Query(each("leverwatch_review_due"), fills="review_due"),
            Query(coded("leverwatch_baseline_outcome", "outcome", *BASELINE), fills="baseline"),
            Query(each("leverwatch_prompt_over_engineered"), fills="over_engineered"),
            Query(
                coded("leverwatch_economics_agreement", "agreement", *AGREEMENT),
                fills="cost_against_recommendation",
            ),
            Query(
                _soonest("leverwatch_crossing_expected_timestamp_seconds", "boundary"),
                fills="next_expected_crossing",
            ),
            Query(_soonest("leverwatch_model_shutdown_timestamp_seconds", "model"), fills="next_model_shutdown"),
            Query(
                each("leverwatch_recommendation_saving_usd", where='bound="likely"'),
                fills="money_at_stake_a_month",
            ),
        ),
        "What no verdict depends on, as of now, one line a system. A cell is empty where it does not apply (no"
        " declaration, no fine-tuned model, no threshold within the horizon) or is not known. Saves a month: the"
        " money at stake, by the recommended strategy against the declared one; negative when it costs more.",
        width=24,
        height=height,
        columns=(
            Column("system", "System", link=SYSTEM_PAGE if leads_to_system else "", width=150),
            Column("review_due", "Review due", states=TO_DO, width=80),
            Column("baseline", "Baseline", states=states(BASELINE), width=120),
            Column("over_engineered", "Over-engineered prompt", states=YES_IS_BAD, width=120),
            Column(
                "cost_against_recommendation", "Cost against recommendation", states=states(AGREEMENT), width=140
            ),
            Column("money_at_stake_a_month", "Saves a month", Unit.DOLLARS, width=90),
            Column("next_expected_crossing", "Next expected crossing", Unit.DAY, width=110),
            Column("next_model_shutdown", "Next model shutdown", Unit.DAY, width=110),
            Column("job", "Job", hidden=True),
        ),
        sort="Review due",
        runbook="LeverwatchReviewDue",
    )
