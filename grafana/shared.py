"""Values that several dashboards share: states with their colours, variables, annotations, addresses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from grafana.model import Annotation, Query, Series, State, Variable
from grafana.queries import CONFLICT, deciding_rule, each, named, of_agent, of_system, recent
from leverwatch.agent.framework.comparison import ComparisonOutcome as BaselineOutcome
from leverwatch.agent.framework.economics.model import Agreement, CostOutcome
from leverwatch.agent.framework.model import Band, PromptOrigin, Rule, Status, Strategy

DOCS = "https://github.com/leverwatch/leverwatch/blob/main/docs"
SYSTEM_PAGE = (
    "/d/leverwatch-system?var-system=${__value.text}&var-job=${__data.fields.Job}&${datasource:queryparam}"
)
"""The page of the system and the job of a row. It has a range of its own."""

NEUTRAL = "#7d8590"
"""The colour of neutral and missing values, visible on dark and on light backgrounds."""

STRATEGY: Mapping[str, tuple[str, str]] = {
    Strategy.PROMPT_ENGINEERING: ("prompt engineering", "blue"),
    Strategy.HYBRID: ("hybrid", "purple"),
    Strategy.FINE_TUNING: ("fine-tuning", "orange"),
}
STRATEGIES = (
    State(0, "undecided", NEUTRAL),
    *(State(number, text, color) for number, (text, color) in enumerate(STRATEGY.values(), 1)),
)
STRATEGY_NAMES = tuple(State(name, text, color) for name, (text, color) in STRATEGY.items())
STRATEGY_LINES = tuple(Series(f"^{name}$", color, text) for name, (text, color) in STRATEGY.items())
STRATEGY_LINES_OF_SYSTEM = tuple(Series(f": {name}$", color) for name, (_, color) in STRATEGY.items())
BOUNDARY_LINES = tuple(Series(f": {name}$", STRATEGY[name][1]) for name in (Strategy.HYBRID, Strategy.FINE_TUNING))
"""The lines of thresholds, in the colours of the strategies that begin there."""

REASON_NAMES = (
    State(Rule.VOLUME_LOW, "volume: low", "text"),
    State(Rule.VOLUME_MID, "volume: mid", "text"),
    State(Rule.VOLUME_HIGH, "volume: high", "text"),
    State(Rule.FREQUENT_CHANGES, "frequent changes", "text"),
    State(Rule.LOCKED_IN_BEHAVIOR, "locked-in behaviour", "text"),
    State(CONFLICT, "rules in conflict", "yellow"),
)
STATUS: Mapping[str, str] = {
    Status.DECIDED: "green",
    Status.PROVISIONAL: "yellow",
    Status.UNDECIDED: NEUTRAL,
}
STATUS_NAMES = tuple(State(name, name, color) for name, color in STATUS.items())
ORIGIN: Mapping[str, str] = {
    PromptOrigin.GIT: "green",
    PromptOrigin.REGISTRY: "semi-dark-green",
    PromptOrigin.TRAFFIC: "dark-green",
}
BAND: Mapping[str, str] = {
    Band.LOW: STRATEGY[Strategy.PROMPT_ENGINEERING][1],
    Band.MID: STRATEGY[Strategy.HYBRID][1],
    Band.HIGH: STRATEGY[Strategy.FINE_TUNING][1],
}
MISMATCH = (State(0, "as declared", "green"), State(1, "differs", "red"))
YES_IS_BAD = (State(0, "no", "green"), State(1, "yes", "red"))
YES_IS_GOOD = (State(0, "no", "red"), State(1, "yes", "green"))
ACTIVE = (State(0, "no", NEUTRAL), State(1, "holds", "green"))
HELD = (State(0, "no", "green"), State(1, "held", "yellow"))
TO_DO = (State(0, "no", "green"), State(1, "yes", "yellow"))

CHEAPER: Mapping[str, str] = {
    CostOutcome.CHEAPER: "green",
    CostOutcome.NOT_CHEAPER: "dark-yellow",
    CostOutcome.CANNOT_TELL: "yellow",
    CostOutcome.UNKNOWN: NEUTRAL,
}
AGREEMENT: Mapping[str, str] = {
    Agreement.AGREES: "green",
    Agreement.DISAGREES: "red",
    Agreement.OUTRANKED: "yellow",
    Agreement.NOT_COMPARED: NEUTRAL,
}
BASELINE: Mapping[str, str] = {
    BaselineOutcome.BETTER: "green",
    BaselineOutcome.WORSE: "red",
    BaselineOutcome.NO_DIFFERENCE: "yellow",
    BaselineOutcome.TOO_SMALL: "dark-yellow",
    BaselineOutcome.NOT_COMPARABLE: "light-red",
    BaselineOutcome.MISSING: "dark-red",
}


DECISION = (
    Query(named("leverwatch_declared_strategy", "strategy", "declared")),
    Query(named("leverwatch_recommended_strategy", "strategy", "recommended")),
    Query(f"1000 * {each('leverwatch_recommendation_changed_timestamp_seconds')}", fills="since"),
    Query(named("leverwatch_verdict_status", "status", "state")),
    Query(deciding_rule()),
)
"""What a table says of a verdict: labels declared, recommended, state and reason, and values that fill `since`."""


def states(colors: Mapping[str, str]) -> tuple[State, ...]:
    """Return states numbered as by `grafana.queries.coded`, in the order of the mapping."""
    named = (State(place, name.replace("_", " "), color) for place, (name, color) in enumerate(colors.items(), 1))
    return (State(0, "none", NEUTRAL), *named)


def threshold(expr: str, measured: str, legend: str, on: str = "job") -> Query:
    """Return the query of a threshold line, shown only where `measured` has a value, as the line alone would hide
    the text for no data."""
    return Query(f"{expr} and on ({on}) {measured}", legend, dashed=True, color="text")


def agents(metric: str, *, instance_hidden: bool = False) -> tuple[Variable, Variable]:
    """Return the variables for jobs and instances, filled from a metric that every agent exports."""
    instances = f'label_values({metric}{{job=~"$job"}}, instance)'
    return (
        Variable("job", "Job", f"label_values({metric}, job)"),
        Variable("instance", "Instance", instances, hidden=instance_hidden),
    )


def _runbooks() -> Variable:
    """Return the variable with the address of the runbooks: the configured one, else the agent's own, and that of
    the repository where no agent is known."""
    known = f"last_over_time({of_agent('leverwatch_links_info')}[1h])"
    with_path = f'label_replace({known}, "path", "runbooks", "", "")'
    own = f'label_join({with_path}, "own", "://", "scheme", "instance")'
    address = f'label_replace(label_join({own}, "base", "/", "own", "path"), "base", "$1", "runbooks", "(.+)")'
    public = f'label_replace(vector(1), "base", "{DOCS}/runbooks", "", "")'
    query = f"query_result(max by (base) ({address}) or on () {public})"
    return Variable("runbooks", "Runbooks", query, single=True, hidden=True, pattern='/base="([^"]+)"/')


RUNBOOKS = _runbooks()
"""Where the runbooks are, as alerts have it."""
RUNBOOKS_AT = "${runbooks:raw}"
"""Stands for that address in links."""


SYSTEMS = Variable("system", "System", f"label_values({of_agent('leverwatch_system_declared')}, system)")
"""The variable for systems of a dashboard of all of them."""


def _attention(select: Callable[[str], str]) -> str:
    """Return a query for how much each system asks for attention: differences first, then conflicts, reviews that
    are due, and what is held; of equals the one with more inferences."""
    parts = (
        f"0 * max by (system) ({select('leverwatch_system_declared')})",
        f"1000 * max by (system) ({select('leverwatch_strategy_mismatch')})",
        f"100 * max by (system) ({select('leverwatch_rules_in_conflict')})",
        f"10 * max by (system) ({select('leverwatch_review_due')})",
        f"5 * max by (system) ({select('leverwatch_verdict_held')})",
        f"max by (system) ({select('leverwatch_monthly_inferences')}) / 1e12",
    )
    told_apart = (f'label_replace({part}, "part", "{number}", "", "")' for number, part in enumerate(parts))
    return f"sum by (system) ({' or '.join(told_apart)})"


ONE_SYSTEM = Variable(
    "system",
    "System",
    f"query_result(sort_desc({_attention(of_agent)}))",
    single=True,
    pattern='/system="([^"]+)"/',
)
"""The variable for one system, the one that asks most for attention first."""

MOST = 15
"""So many systems are drawn over time where there are more."""
ATTENTION = Variable(
    "attention",
    "Drawn over time",
    f"query_result(topk({MOST}, {_attention(of_system)}))",
    hidden=True,
    pattern='/system="([^"]+)"/',
    listed=True,
)
"""The systems that ask most for attention, among those that are chosen."""


def drawn(query: str) -> str:
    """Return a query with only the systems of `ATTENTION`, so that the cost of a line over time is bounded."""
    return query.replace('system=~"$system"', 'system=~"$attention"')


REPLAYED_AGENTS = agents("leverwatch_volume_dwell_seconds", instance_hidden=True)
"""The variables for jobs and instances, filled from a metric that a replayed past has as well. Agents on one store
say the same of a system, so that there is nothing to choose among instances."""
ONE_JOB = (replace(REPLAYED_AGENTS[0], single=True), REPLAYED_AGENTS[1])


def _dated(name: str, metric: str, title: str, color: str, *labels: str) -> Annotation:
    """Return an annotation at the times that a metric tells."""
    return Annotation(name, recent(metric, *labels), title, color)


# No colour of a strategy.
ANNOTATIONS_OF_SYSTEM = (
    _dated(
        "Volume crossings",
        "leverwatch_volume_crossing_timestamp_seconds",
        "{{system}} crossed the {{boundary}} threshold",
        "red",
        "boundary",
    ),
    _dated(
        "Prompt changes settled",
        "leverwatch_prompt_changes_settled_timestamp_seconds",
        "{{system}}: prompt changes became frequent, or are no longer so",
        "dark-yellow",
    ),
    _dated(
        "Recommendation changes",
        "leverwatch_recommendation_changed_timestamp_seconds",
        "{{system}}: another strategy is recommended",
        "super-light-red",
    ),
    _dated(
        "Declaration reviews",
        "leverwatch_declaration_reviewed_timestamp_seconds",
        "{{system}}: the declaration was reviewed",
        "green",
    ),
    _dated(
        "Declaration changes",
        "leverwatch_declaration_changed_timestamp_seconds",
        "{{system}}: {{strategy}} is now declared",
        "yellow",
        "strategy",
    ),
)
"""The annotations of one system, at the time of the event itself."""

ANNOTATIONS = tuple(replace(one, expr=drawn(one.expr)) for one in ANNOTATIONS_OF_SYSTEM)
"""Those of the systems that are drawn over time: marks of a thousand systems are no marks, and dear."""
