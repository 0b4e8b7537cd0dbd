"""Values that several dashboards share: states with their colours, variables, annotations, addresses."""

from __future__ import annotations

from collections.abc import Mapping

from grafana.model import Annotation, Query, Series, State, Variable
from grafana.queries import CONFLICT, deciding_rule, each, named, new_state, of_agent, recent
from leverwatch.agent.framework.comparison import ComparisonOutcome as BaselineOutcome
from leverwatch.agent.framework.economics.model import Agreement, CostOutcome
from leverwatch.agent.framework.model import Band, PromptOrigin, Rule, Status, Strategy

DOCS = "https://github.com/leverwatch/leverwatch/blob/main/docs"
SYSTEM_PAGE = (
    "/d/leverwatch-system?var-system=${__value.text}"
    "&${datasource:queryparam}&${job:queryparam}&${instance:queryparam}&${__url_time_range}"
)

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
ORIGIN: Mapping[str, str] = {PromptOrigin.GIT: "blue", PromptOrigin.TRAFFIC: "purple"}
BAND: Mapping[str, str] = {
    Band.LOW: STRATEGY[Strategy.PROMPT_ENGINEERING][1],
    Band.MID: STRATEGY[Strategy.HYBRID][1],
    Band.HIGH: STRATEGY[Strategy.FINE_TUNING][1],
}
MISMATCH = (State(0, "as declared", "green"), State(1, "differs", "red"))
YES_IS_BAD = (State(0, "no", "green"), State(1, "yes", "red"))
YES_IS_GOOD = (State(0, "no", "red"), State(1, "yes", "green"))
ACTIVE = (State(0, "no", NEUTRAL), State(1, "holds", "blue"))
HELD = (State(0, "no", "green"), State(1, "held", "yellow"))
TO_DO = (State(0, "no", "green"), State(1, "yes", "yellow"))

CHEAPER: Mapping[str, str] = {
    CostOutcome.CHEAPER: "green",
    CostOutcome.NOT_CHEAPER: "blue",
    CostOutcome.CANNOT_TELL: "yellow",
    CostOutcome.UNKNOWN: NEUTRAL,
}
AGREEMENT: Mapping[str, str] = {
    Agreement.AGREES: "green",
    Agreement.DISAGREES: "red",
    Agreement.OUTRANKED: "blue",
    Agreement.NOT_COMPARED: NEUTRAL,
}
BASELINE: Mapping[str, str] = {
    BaselineOutcome.BETTER: "green",
    BaselineOutcome.WORSE: "red",
    BaselineOutcome.NO_DIFFERENCE: "yellow",
    BaselineOutcome.TOO_SMALL: "orange",
    BaselineOutcome.NOT_COMPARABLE: "purple",
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


def agents(metric: str) -> tuple[Variable, ...]:
    """Return the variables for jobs and instances, filled from a metric that every agent exports."""
    return (
        Variable("job", "Job", f"label_values({metric}, job)"),
        Variable("instance", "Instance", f'label_values({metric}{{job=~"$job"}}, instance)'),
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
    return Variable("runbooks", "Runbooks", query, all_at_first=False, one_of='/base="([^"]+)"/')


RUNBOOKS = _runbooks()
"""Where the runbooks are, as alerts have it."""
RUNBOOKS_AT = "${runbooks:raw}"
"""Stands for that address in links."""


def systems(*, all_at_first: bool) -> Variable:
    """Return the variable for systems; with `all_at_first` all are chosen by default."""
    query = 'label_values(leverwatch_system_declared{job=~"$job",instance=~"$instance"}, system)'
    return Variable("system", "System", query, all_at_first)


REPLAYED_AGENTS = agents("leverwatch_volume_dwell_seconds")
"""The variables for jobs and instances, filled from a metric that a replayed past has as well."""

ANNOTATIONS = (
    Annotation(
        "Volume crossings",
        recent("leverwatch_volume_crossing_timestamp_seconds", "boundary"),
        "{{system}} crossed the {{boundary}} threshold",
        "red",
    ),
    Annotation(
        "Prompt changes settled",
        recent("leverwatch_prompt_changes_settled_timestamp_seconds"),
        "{{system}}: prompt changes became frequent, or are no longer so",
        "purple",
    ),
    Annotation(
        "Recommendation changes",
        new_state("leverwatch_recommended_strategy", "strategy"),
        "{{system}}: {{strategy}} is now recommended",
        "orange",
    ),
    Annotation(
        "Declaration changes",
        new_state("leverwatch_declared_strategy", "strategy"),
        "{{system}}: {{strategy}} is now declared",
        "green",
    ),
    Annotation(
        "Declaration reviews",
        recent("leverwatch_declaration_reviewed_timestamp_seconds"),
        "{{system}}: the declaration was reviewed",
        "blue",
    ),
)
"""The annotations. Each marks the day after the event, on which the metrics first show it."""
