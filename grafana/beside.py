"""The table of assessments (economics, forecast, mistakes), one row a system, for two dashboards."""

from __future__ import annotations

from grafana.model import Column, Kind, Panel, Query, Unit
from grafana.queries import coded, each
from grafana.shared import AGREEMENT, BASELINE, SYSTEM_PAGE, TO_DO, YES_IS_BAD, states


def _soonest(metric: str, label: str) -> str:
    """Return a query for the earliest of several times of a system, in milliseconds since the epoch."""
    return f"1000 * min by (job, system) ({each(metric, label)})"


def beside_panel(title: str, height: int, *, leads_to_system: bool) -> Panel:
    """Return the table. With `leads_to_system` it is for all systems, and each row links to its system."""
    return Panel(
        title,
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
        "What no verdict depends on, as of now, one line a system. A cell is empty where it does not apply (no"
        " declaration, no fine-tuned model, no threshold within the horizon) or is not known.",
        24,
        height,
        columns=(
            Column("system", "System", link=SYSTEM_PAGE if leads_to_system else "", width=180),
            Column(0, "Review due", states=TO_DO),
            Column(1, "Baseline", states=states(BASELINE)),
            Column(2, "Over-engineered", states=YES_IS_BAD),
            Column(3, "Cost against recommendation", states=states(AGREEMENT)),
            Column(4, "Next expected crossing", Unit.DAY),
            Column(5, "Next model shutdown", Unit.DAY),
            Column("job", "Job"),
        ),
        sort="Review due",
        runbook="LeverwatchReviewDue",
    )
