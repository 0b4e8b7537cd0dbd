"""Pieces of PromQL that the tables share.

Agents that share a store export the same series of a system: `each` and `daily` take the largest first, so that
replicas are one and never a sum. Systems of the same name in two jobs stay apart.
"""

from __future__ import annotations

AGENT = 'job=~"$job",instance=~"$instance"'
SYSTEM = f'{AGENT},system=~"$system"'
DAY_WINDOW = (
    "Usage is stored by the UTC day, and a replayed past has one step a day: a shorter window would be empty."
)
CONFLICT = "conflict"
"""In place of a rule, when the two operational ones pull in opposite directions."""
WEEK_WINDOW = "Prompts change some days a week: a shorter window would be empty most of the time."


def of_system(metric: str, where: str = "") -> str:
    """The chosen series of a metric of systems."""
    return f"{metric}{{{SYSTEM}{',' + where if where else ''}}}"


def of_agent(metric: str, where: str = "") -> str:
    """The chosen series of a metric of agents."""
    return f"{metric}{{{AGENT}{',' + where if where else ''}}}"


def each(metric: str, *labels: str, where: str = "") -> str:
    """One series a system (and label), whichever agent says so."""
    return f"max by ({', '.join(('job', 'system', *labels))}) ({of_system(metric, where)})"


def setting(metric: str, *labels: str, where: str = "") -> str:
    """One series a job (and label): what an agent is configured with."""
    return f"max by ({', '.join(('job', *labels))}) ({of_agent(metric, where)})"


def daily(counter: str, *labels: str, window: str = "1d", series: str = "model") -> str:
    """The increase of a counter over a day, by system (and label); `series` is the label its series differ by."""
    one = f"max by (job, system, {series}) (increase({of_system(counter)}[{window}]))"
    return f"sum by ({', '.join(('job', 'system', *labels))}) ({one})"


def ratio(part: str, whole: str) -> str:
    """The share of one daily counter in another; no value where the whole is zero."""
    return f"{daily(part)} / ({daily(whole)} > 0)"


def rate(counter: str, *labels: str, where: str = "") -> str:
    """A counter of the agent a second, by these labels."""
    return f"sum by ({', '.join(labels)}) (rate({of_agent(counter, where)}[$__rate_interval]))"


def hourly(counter: str, *labels: str, where: str = "") -> str:
    """A counter of the agent an hour, by these labels."""
    return f"3600 * {rate(counter, *labels, where=where)}"


def in_days(seconds: str) -> str:
    """Days in place of seconds."""
    return f"({seconds}) / 86400"


def coded(metric: str, label: str, *values: str) -> str:
    """The present one of several states (the series that is 1) by its place among `values`, from 1; 0 is none."""
    parts = [each(metric, where=f'{label}="{value}"') for value in values]
    return " + ".join(part if place == 1 else f"{place} * {part}" for place, part in enumerate(parts, 1))


def code(metric: str) -> str:
    """A strategy as a number for a state timeline: 1 prompt engineering, 2 hybrid, 3 fine-tuning, 0 none."""
    return coded(metric, "strategy", "prompt_engineering", "hybrid", "fine_tuning")


def named(metric: str, label: str, name: str, where: str = "") -> str:
    """The present one of several states (the series that is 1), with its label under another name alone."""
    renamed = f'label_replace({each(metric, label, where=where)} == 1, "{name}", "$1", "{label}", "(.+)")'
    return f"max by (job, system, {name}) ({renamed})"


def deciding_rule() -> str:
    """The rule behind the verdict, as label `reason`: two operational rules conflict, one outranks volume."""
    operational = each("leverwatch_rule_active", "rule", where='rule=~"frequent_changes|locked_in_behavior"')
    volume = each("leverwatch_rule_active", "rule", where='rule=~"volume_.+"')
    conflict = f"{each('leverwatch_rules_in_conflict')} == 1"
    labelled = (
        f'label_replace({conflict}, "reason", "{CONFLICT}", "", "") or '
        f'label_replace({operational} == 1 unless on (job, system) {conflict}, "reason", "$1", "rule", "(.+)") or '
        f'label_replace({volume} == 1 unless on (job, system) {operational} == 1, "reason", "$1", "rule", "(.+)")'
    )
    return f"max by (job, system, reason) ({labelled})"


def new_state(metric: str, label: str) -> str:
    """1 for a day from the moment a state became the present one, where there was another (or none) before."""
    now = f"{each(metric, label)} == 1"
    before = f"max by (job, system, {label}) ({of_system(metric)} offset 1d) == 1"
    known = f"max by (job) ({of_agent('leverwatch_volume_dwell_seconds')} offset 1d)"
    return f"({now} unless {before}) and on (job) {known}"


def recent(metric: str, *labels: str) -> str:
    """How far a moment lies ahead of being two days old, in seconds: positive while the day after it is shown."""
    return f"2 * 86400 - (time() - {each(metric, *labels)}) > 0"
