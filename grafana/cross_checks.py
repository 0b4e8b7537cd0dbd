"""The panels about sources that compare with an authoritative one."""

from __future__ import annotations

from grafana.model import Column, Kind, Panel, Query, Row, Unit
from grafana.queries import each

_ALONE = "No source compares: one source alone sees the system, or none is authoritative"
_PAIR = ("source", "authoritative")
_LEGEND = "{{system}}: {{source}} against {{authoritative}}"


def _of(metric: str, counted_by: str) -> str:
    return each(metric, *_PAIR, where=f'counted_by="{counted_by}"')


_DAY, _SINCE = "leverwatch_cross_check_inferences", "leverwatch_cross_check_diverging_inferences"

CROSS_CHECKS_ROW = Row(
    "Cross-checks",
    (
        Panel(
            "Divergence by day",
            Kind.GRAPH,
            Unit.SHARE,
            (Query(f"{_of(_DAY, 'compared')} / ({_of(_DAY, 'authoritative')} > 0) - 1", _LEGEND),),
            "By how much the source that compares counted more than the authoritative one, on the newest day that"
            " both know whole. Only the authoritative one counts.",
            width=8,
            height=8,
            empty=_ALONE,
            runbook="LeverwatchSourcesDiverge",
            below_zero=True,
        ),
        Panel(
            "Inferences of the compared day",
            Kind.GRAPH,
            Unit.COUNT,
            (
                Query(_of(_DAY, "compared"), "{{system}}: {{source}}"),
                Query(_of(_DAY, "authoritative"), "{{system}}: {{authoritative}} (authoritative)"),
            ),
            "Of the newest day that both know whole, as each of them counted them.",
            width=8,
            height=8,
            empty=_ALONE,
            runbook="LeverwatchSourcesDiverge",
        ),
        Panel(
            "Days that can be compared",
            Kind.GRAPH,
            Unit.SHARE,
            (Query(each("leverwatch_cross_check_comparable_ratio", *_PAIR), _LEGEND),),
            "Share of the last 28 days that both know whole. A day that one does not know is no divergence.",
            width=8,
            height=8,
            empty=_ALONE,
        ),
        Panel(
            "Sources that diverge",
            Kind.TABLE,
            Unit.NUMBER,
            (
                Query(
                    f"1000 * {each('leverwatch_cross_check_diverging_since_timestamp_seconds', *_PAIR)}",
                    fills="since",
                ),
                Query(_of(_SINCE, "compared"), fills="compared"),
                Query(_of(_SINCE, "authoritative"), fills="counted"),
                Query(
                    f"1000 * {each('leverwatch_cross_check_day_timestamp_seconds', *_PAIR)}"
                    " and on (job, system, source)"
                    f" {each('leverwatch_cross_check_diverging_since_timestamp_seconds', *_PAIR)}",
                    fills="until",
                ),
            ),
            "The days on all of which two sources differ by more than the tolerance, up to the newest that both"
            " know, and what each of them counted on these days.",
            width=24,
            height=5,
            empty="No source diverges from an authoritative one",
            columns=(
                Column("system", "System"),
                Column("source", "Compares"),
                Column("compared", "It counted", Unit.COUNT),
                Column("authoritative", "Authoritative"),
                Column("counted", "Which counted", Unit.COUNT),
                Column("since", "Since", Unit.DAY),
                Column("until", "Until", Unit.DAY),
            ),
            runbook="LeverwatchSourcesDiverge",
        ),
    ),
)
