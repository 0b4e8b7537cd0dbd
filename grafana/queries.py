"""Functions that build PromQL, shared by the tables.

Agents that share a store export the same series of a system. `each` and `daily` take the maximum over agents, so
that replicas do not add up. Systems of the same name in two jobs are kept apart.
"""

from __future__ import annotations

AGENT = 'job=~"$job",instance=~"$instance"'
SYSTEM = f'{AGENT},system=~"$system"'
OF_SYSTEM = 'system=~"$system"'
DAY_WINDOW = (
    "Usage is stored by the UTC day, and a replayed past has one step a day: a shorter window would be empty."
)
CONFLICT = "conflict"
"""The value in place of a rule when the two operational rules contradict each other."""
WEEK_WINDOW = "Prompts change some days a week: a shorter window would be empty most of the time."


def of_system(metric: str, where: str = "") -> str:
    """Return a selector for a metric of systems, limited by the variables of the dashboard."""
    return f"{metric}{{{SYSTEM}{',' + where if where else ''}}}"


def of_agent(metric: str, where: str = "") -> str:
    """Return a selector for a metric of agents, limited by the variables of the dashboard."""
    return f"{metric}{{{AGENT}{',' + where if where else ''}}}"


def alerts(state: str, where: str = "") -> str:
    """Return a selector for the alerts of the shipped rules in a state: pending or firing."""
    return f'ALERTS{{alertname=~"Leverwatch.+",alertstate="{state}",job=~"$job"{"," + where if where else ""}}}'


def each(metric: str, *labels: str, where: str = "") -> str:
    """Return a query with one series for each system (and further labels): the maximum over agents."""
    return f"max by ({', '.join(('job', 'system', *labels))}) ({of_system(metric, where)})"


def setting(metric: str, *labels: str, where: str = "") -> str:
    """Return a query for a setting, with one series for each job (and further labels)."""
    return f"max by ({', '.join(('job', *labels))}) ({of_agent(metric, where)})"


def daily(counter: str, *labels: str, window: str = "1d", series: str = "model") -> str:
    """Return a query for the increase of a counter over `window`, by system (and further labels).

    `series` is the label by which the series of one system differ; the maximum over agents is taken for each.
    """
    one = f"max by (job, system, {series}) (increase({of_system(counter)}[{window}]))"
    return f"sum by ({', '.join(('job', 'system', *labels))}) ({one})"


def ratio(part: str, whole: str) -> str:
    """Return a query for one daily counter divided by another; no value where the latter is zero."""
    return f"{daily(part)} / ({daily(whole)} > 0)"


def rate(counter: str, *labels: str, where: str = "") -> str:
    """Return a query for the rate per second of a counter of agents, by these labels."""
    return f"sum by ({', '.join(labels)}) (rate({of_agent(counter, where)}[$__rate_interval]))"


def hourly(counter: str, *labels: str, where: str = "") -> str:
    """Return a query for the rate per hour of a counter of agents, by these labels."""
    return f"3600 * {rate(counter, *labels, where=where)}"


def in_days(seconds: str) -> str:
    """Return a query that converts seconds to days."""
    return f"({seconds}) / 86400"


def coded(metric: str, label: str, *values: str) -> str:
    """Return a query for the present state (the series that is 1) as its number among `values`, from 1; 0:
    none."""
    parts = [each(metric, where=f'{label}="{value}"') for value in values]
    return " + ".join(part if place == 1 else f"{place} * {part}" for place, part in enumerate(parts, 1))


def code(metric: str) -> str:
    """Return a query for a strategy as a number: 1 prompt engineering, 2 hybrid, 3 fine-tuning, 0 none."""
    return coded(metric, "strategy", "prompt_engineering", "hybrid", "fine_tuning")


def named(metric: str, label: str, name: str, where: str = "") -> str:
    """Return a query for the present state (the series that is 1), with only its label, renamed to `name`."""
    renamed = f'label_replace({each(metric, label, where=where)} == 1, "{name}", "$1", "{label}", "(.+)")'
    return f"max by (job, system, {name}) ({renamed})"


def deciding_rule() -> str:
    """Return a query with the rule that decided as the label `reason`, or `CONFLICT` with both operational
    rules."""
    operational = each("leverwatch_rule_active", "rule", where='rule=~"frequent_changes|locked_in_behavior"')
    volume = each("leverwatch_rule_active", "rule", where='rule=~"volume_.+"')
    conflict = f"{each('leverwatch_rules_in_conflict')} == 1"
    labelled = (
        f'label_replace({conflict}, "reason", "{CONFLICT}", "", "") or '
        f'label_replace({operational} == 1 unless on (job, system) {conflict}, "reason", "$1", "rule", "(.+)") or '
        f'label_replace({volume} == 1 unless on (job, system) {operational} == 1, "reason", "$1", "rule", "(.+)")'
    )
    return f"max by (job, system, reason) ({labelled})"


def recent(metric: str, *labels: str) -> str:
    """Return a query for a time in milliseconds since the epoch, for two days and an hour from then on.

    What is known by the day is first told a day after its beginning, and asked for twice a day.
    """
    return f"1000 * ({each(metric, *labels)} > time() - 49 * 3600)"
