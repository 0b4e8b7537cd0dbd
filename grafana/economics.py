"""The panels about what each strategy would cost, and whether that agrees with the verdict it never changes."""

from __future__ import annotations

from agent.framework.economics.assess import CHEAPER_FROM, NOT_CHEAPER_BELOW
from grafana.model import Kind, Panel, Query, Row, Unit
from grafana.queries import coded, each
from grafana.shared import AGREEMENT, CHEAPER, states

_UNKNOWN = "The economics are not known"
_NOT_ASSESSED = "Not assessed"

ECONOMICS_ROW = Row(
    "Economics",
    (
        Panel(
            "Monthly cost of each strategy",
            Kind.GRAPH,
            Unit.DOLLARS,
            (Query(each("leverwatch_strategy_monthly_cost_usd", "strategy"), "{{system}}: {{strategy}}"),),
            "What each strategy would cost at the volume of the system, every input at its likely value.",
            8,
            9,
            _UNKNOWN,
        ),
        Panel(
            "Cost of 1,000 inferences by strategy",
            Kind.GRAPH,
            Unit.DOLLARS,
            (
                Query(
                    each("leverwatch_strategy_cost_per_thousand_inferences_usd", "strategy"),
                    "{{system}}: {{strategy}}",
                ),
            ),
            "The monthly cost of each strategy for each 1,000 inferences. Empty without traffic.",
            8,
            9,
            _UNKNOWN,
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
            8,
            9,
            _UNKNOWN,
        ),
        Panel(
            "Probability that fine-tuning is cheaper",
            Kind.GRAPH,
            Unit.SHARE,
            (
                Query(each("leverwatch_fine_tuning_cheaper_probability_ratio")),
                Query(f"vector({CHEAPER_FROM})", "cheaper above", dashed=True),
                Query(f"vector({NOT_CHEAPER_BELOW})", "not cheaper below", dashed=True),
            ),
            "At the volume of the system. Between the dashed lines nobody can tell: measure or configure more"
            " inputs.",
            12,
            8,
            _UNKNOWN,
        ),
        Panel(
            "Inputs by where they come from",
            Kind.GRAPH,
            Unit.COUNT,
            (Query(each("leverwatch_economics_inputs", "origin"), "{{system}}: {{origin}}"),),
            "How many inputs of the economics are measured, configured or assumed.",
            12,
            8,
            _UNKNOWN,
        ),
        Panel(
            "Is fine-tuning cheaper",
            Kind.STATES,
            Unit.NUMBER,
            (Query(coded("leverwatch_economics_outcome", "outcome", *CHEAPER)),),
            "The probability in words. Unknown: an input is missing, such as a price or the volume.",
            12,
            6,
            _NOT_ASSESSED,
            states=states(CHEAPER),
        ),
        Panel(
            "Cost against the recommendation",
            Kind.STATES,
            Unit.NUMBER,
            (Query(coded("leverwatch_economics_agreement", "agreement", *AGREEMENT)),),
            "How the cheaper strategy compares with the recommended one. Outranked: an operational rule decided,"
            " whatever it costs.",
            12,
            6,
            _NOT_ASSESSED,
            states=states(AGREEMENT),
            runbook="LeverwatchEconomicsDisagree",
        ),
    ),
)
