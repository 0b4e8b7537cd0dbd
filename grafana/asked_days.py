"""The panels about sources that are asked for whole days."""

from __future__ import annotations

from grafana.model import Kind, Panel, Query, Row, Unit
from grafana.queries import of_agent

_SOURCE = "{{source}} ({{instance}})"
_NONE = "No source is asked for days"

ASKED_DAYS_ROW = Row(
    "Sources that are asked for days",
    (
        Panel(
            "Days by what is known of them",
            Kind.GRAPH,
            Unit.COUNT,
            (Query(of_agent("leverwatch_source_day_states"), "{{state}}: " + _SOURCE),),
            "Days of the history of each source: complete, partial, empty (a true zero) or unknown. Why a day is"
            " unknown: the agent's page, and `leverwatch check-source`.",
            width=12,
            height=8,
            empty=_NONE,
            whole=True,
        ),
        Panel(
            "Share of the history that has an answer",
            Kind.GRAPH,
            Unit.SHARE,
            (Query(of_agent("leverwatch_source_history_ratio"), _SOURCE),),
            "How far the history of each source is read. It starts anew when a setting changes that answers depend"
            " on.",
            width=12,
            height=8,
            empty=_NONE,
        ),
        Panel(
            "Billed, and what tokens cost",
            Kind.GRAPH,
            Unit.DOLLARS,
            (
                Query(of_agent("leverwatch_source_billed_usd"), "billed: " + _SOURCE),
                Query(of_agent("leverwatch_source_priced_usd"), "tokens priced: " + _SOURCE),
            ),
            "Of the newest day that a source knows whole: what the provider bills, and what the tokens that it"
            " tells cost by the prices of that day. Tools, storage, discounts and credits are in the bill alone.",
            width=12,
            height=8,
            empty="No source is told what is billed",
        ),
        Panel(
            "Tokens without calls",
            Kind.GRAPH,
            Unit.COUNT,
            (Query(of_agent("leverwatch_source_uncounted_tokens"), _SOURCE),),
            "Tokens of the newest day of sources that do not tell the number of calls. No system has them.",
            width=12,
            height=8,
            empty="Every source tells the number of calls",
        ),
    ),
)
