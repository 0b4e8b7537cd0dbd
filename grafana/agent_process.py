"""The rows of whether the agents run, and of the alerts."""

from __future__ import annotations

from grafana.model import Column, Kind, Panel, Query, Row, State, Unit
from grafana.queries import alerts, of_agent
from grafana.shared import YES_IS_GOOD

_WHO = "{{job}} {{instance}}"
_PER_AGENT = ("job", "instance")
ALERT_STATES = (State(1, "pending", "yellow"), State(2, "firing", "red"))


def _line(metric: str, *labels: str) -> str:
    """Return a query for a table, without the metric's name, as rows with different names are not merged."""
    return f"max by ({', '.join((*_PER_AGENT, *labels))}) ({of_agent(metric)})"


def _alerts(state: str) -> str:
    return f"max by (alertname, system, source) ({alerts(state)})"


AGENTS_ROW = Row(
    "Agents",
    (
        Panel(
            "Reachable",
            Kind.STATES,
            Unit.NUMBER,
            (
                Query(
                    f"{of_agent('up')} and on (job, instance)"
                    f" last_over_time({of_agent('leverwatch_build_info')}[1d])",
                    _WHO,
                ),
            ),
            "Whether Prometheus reaches each agent that it reached within a day. An agent that is down shows here,"
            " while its other series just end.",
            width=12,
            height=6,
            states=YES_IS_GOOD,
            runbook="LeverwatchDown",
            fixed_window="It is to remember an agent that is gone.",
        ),
        Panel(
            "Versions",
            Kind.TABLE,
            Unit.NUMBER,
            (
                Query(_line("leverwatch_build_info", "version", "python")),
                Query(_line("leverwatch_config_last_reload_successful"), fills="configuration_loaded"),
                Query(
                    f"1000 * {_line('leverwatch_config_last_reload_success_timestamp_seconds')}",
                    fills="in_use_since",
                ),
                Query(_line("leverwatch_clock_sane"), fills="clock_believed"),
                Query(_line("leverwatch_leader"), fills="decides"),
            ),
            "The version of every agent, whether the latest load of its configuration succeeded, whether it"
            " believes its clock, and whether it decides or shows what another agent on its store decided.",
            width=12,
            height=6,
            columns=(
                Column("instance", "Agent"),
                Column("version", "Version"),
                Column("python", "Python"),
                Column("configuration_loaded", "Configuration loaded", states=YES_IS_GOOD),
                Column("in_use_since", "In use since", Unit.MOMENT, width=170),
                Column("clock_believed", "Clock believed", states=YES_IS_GOOD),
                Column("decides", "Decides", states=(State(0, "no", "text"), State(1, "yes", "green"))),
            ),
            runbook="LeverwatchConfigReloadFailed",
        ),
    ),
)

ALERTS_ROW = Row(
    "Alerts",
    (
        Panel(
            "Alerts over time",
            Kind.STATES,
            Unit.NUMBER,
            (
                Query(
                    f"2 * {_alerts('firing')} or {_alerts('pending')}",
                    "{{alertname}} {{system}}{{source}}",
                ),
            ),
            "Pending and firing alerts of the shipped rules. Empty when nothing is wrong, and when the rules are"
            " not loaded.",
            width=24,
            height=9,
            empty="No alert is pending or firing (or the rules are not loaded)",
            states=ALERT_STATES,
        ),
    ),
)
