"""The panels about the economics: the cost of each strategy, and whether the cheaper one is recommended."""

from __future__ import annotations

from grafana.model import Column, Kind, Panel, Query, Row, Unit
from grafana.queries import coded, each
from grafana.shared import AGREEMENT, CHEAPER, STRATEGY_LINES_OF_SYSTEM, STRATEGY_NAMES, states, threshold
from leverwatch.agent.framework.economics.assess import CHEAPER_FROM, NOT_CHEAPER_BELOW

_UNKNOWN = "The economics are not known"
_NOT_ASSESSED = "Not assessed"

_MONTHLY_COST = each("leverwatch_strategy_monthly_cost_usd", "strategy")
_COST = each("leverwatch_strategy_cost_per_thousand_inferences_usd", "strategy")
_PROBABILITY = each("leverwatch_fine_tuning_cheaper_probability_ratio")

ECONOMICS_ROW = Row(
    "Economics",
    (
        Panel(
            "What each strategy costs",
            Kind.TABLE,
            Unit.NUMBER,
            (Query(_MONTHLY_COST, fills="a_month"), Query(_COST, fills="for_1_000_inferences")),
            "As of now: what each strategy would cost at the volume of the system, inputs at their likely values.",
            width=12,
            height=7,
            empty=_UNKNOWN,
            columns=(
                Column("system", "System"),
                Column("strategy", "Strategy", states=STRATEGY_NAMES),
                Column("a_month", "A month", Unit.DOLLARS),
                Column("for_1_000_inferences", "For 1,000 inferences", Unit.DOLLARS),
            ),
            sort="A month",
        ),
        Panel(
            "Is fine-tuning cheaper",
            Kind.TABLE,
            Unit.NUMBER,
            (
                Query(coded("leverwatch_economics_outcome", "outcome", *CHEAPER), fills="cheaper"),
                Query(_PROBABILITY, fills="probability"),
                Query(
                    coded("leverwatch_economics_agreement", "agreement", *AGREEMENT),
                    fills="against_recommendation",
                ),
            ),
            "As of now: in words, as a probability, and against the recommendation.",
            width=12,
            height=7,
            empty=_UNKNOWN,
            columns=(
                Column("system", "System"),
                Column("cheaper", "Cheaper", states=states(CHEAPER)),
                Column("probability", "Probability", Unit.SHARE),
                Column("against_recommendation", "Against recommendation", states=states(AGREEMENT)),
            ),
        ),
        Panel(
            "Monthly cost of each strategy",
            Kind.GRAPH,
            Unit.DOLLARS,
            (Query(_MONTHLY_COST, "{{system}}: {{strategy}}"),),
            "What each strategy would cost at the volume of the system, every input at its likely value.",
            width=8,
            height=9,
            empty=_UNKNOWN,
            series=STRATEGY_LINES_OF_SYSTEM,
        ),
        Panel(
            "Cost of 1,000 inferences by strategy",
            Kind.GRAPH,
            Unit.DOLLARS,
            (Query(_COST, "{{system}}: {{strategy}}"),),
            "The monthly cost of each strategy for each 1,000 inferences. Empty without traffic.",
            width=8,
            height=9,
            empty=_UNKNOWN,
            series=STRATEGY_LINES_OF_SYSTEM,
        ),
        Panel(
            "Break-even against the volume",
            Kind.GRAPH,
            Unit.COUNT,
            (
                Query(each("leverwatch_monthly_inferences"), "{{system}}: inferences a month"),
                Query(
                    each("leverwatch_break_even_inferences", "bound"),
                    "{{system}}: break-even, {{bound}}",
                    dashed=True,
                ),
            ),
            "Monthly inferences from which fine-tuning stays cheaper, dashed: likely, and the 10% and 90%"
            " quantiles (low, high). No dashed line: at no volume.",
            width=8,
            height=9,
            empty=_UNKNOWN,
        ),
        Panel(
            "Probability that fine-tuning is cheaper",
            Kind.GRAPH,
            Unit.SHARE,
            (
                Query(_PROBABILITY),
                threshold(f"vector({CHEAPER_FROM})", _PROBABILITY, "cheaper above", on=""),
                threshold(f"vector({NOT_CHEAPER_BELOW})", _PROBABILITY, "not cheaper below", on=""),
            ),
            "At the volume of the system. Between the dashed lines nobody can tell: measure or configure more"
            " inputs.",
            width=12,
            height=8,
            empty=_UNKNOWN,
        ),
        Panel(
            "Inputs by where they come from",
            Kind.GRAPH,
            Unit.COUNT,
            (Query(each("leverwatch_economics_inputs", "origin"), "{{system}}: {{origin}}"),),
            "How many inputs of the economics are measured, configured or assumed.",
            width=12,
            height=8,
            empty=_UNKNOWN,
            whole=True,
        ),
        Panel(
            "Is fine-tuning cheaper, over time",
            Kind.STATES,
            Unit.NUMBER,
            (Query(coded("leverwatch_economics_outcome", "outcome", *CHEAPER)),),
            "The probability in words. Unknown: an input is missing, such as a price or the volume.",
            width=12,
            height=6,
            empty=_NOT_ASSESSED,
            states=states(CHEAPER),
        ),
        Panel(
            "Cost against the recommendation",
            Kind.STATES,
            Unit.NUMBER,
            (Query(coded("leverwatch_economics_agreement", "agreement", *AGREEMENT)),),
            "How the cheaper strategy compares with the recommended one. Outranked: an operational rule decided,"
            " whatever it costs.",
            width=12,
            height=6,
            empty=_NOT_ASSESSED,
            states=states(AGREEMENT),
            runbook="LeverwatchEconomicsDisagree",
        ),
    ),
)
