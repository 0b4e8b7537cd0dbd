"""The panels about the economics: the cost of each strategy, and what the recommended one saves."""

from __future__ import annotations

from grafana.model import Column, Kind, Panel, Query, Row, Unit
from grafana.queries import coded, each
from grafana.shared import AGREEMENT, CHEAPER, STRATEGY_LINES_OF_SYSTEM, STRATEGY_NAMES, states, threshold
from leverwatch.agent.framework.economics.model import CHEAPER_FROM, NOT_CHEAPER_BELOW

_UNKNOWN = "The economics are not known"
_NOT_ASSESSED = "Not assessed"

_MONTHLY_COST = each("leverwatch_strategy_monthly_cost_usd", "strategy")
_COST = each("leverwatch_strategy_cost_per_thousand_inferences_usd", "strategy")
_SAVING = each("leverwatch_recommendation_saving_usd", "bound")
_PARTS = ("tokens", "people", "training", "hosting")
_PROBABILITY = each("leverwatch_fine_tuning_cheaper_probability_ratio")


def _part(part: str) -> str:
    return each("leverwatch_strategy_monthly_cost_part_usd", "strategy", where=f'part="{part}"')


ECONOMICS_ROW = Row(
    "Economics",
    (
        Panel(
            "What each strategy costs",
            Kind.TABLE,
            Unit.NUMBER,
            (
                Query(_MONTHLY_COST, fills="a_month"),
                *(Query(_part(part), fills=part) for part in _PARTS),
                Query(_COST, fills="for_1_000_inferences"),
            ),
            "As of now: what each strategy would cost at the volume of the system, inputs at their likely values,"
            " and what for. The tokens of prompt engineering are the measured ones of today's bill.",
            width=14,
            height=7,
            empty=_UNKNOWN,
            columns=(
                Column("system", "System"),
                Column("strategy", "Strategy", states=STRATEGY_NAMES),
                Column("a_month", "A month", Unit.DOLLARS),
                *(Column(part, part.capitalize(), Unit.DOLLARS) for part in _PARTS),
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
            "As of now: in words, as a probability, and whether cost speaks for the recommendation.",
            width=10,
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
            "Money at stake a month",
            Kind.GRAPH,
            Unit.DOLLARS,
            (Query(_SAVING, "{{system}}: {{bound}}"),),
            "What the recommended strategy saves a month against the declared one; below zero it costs more. Low"
            " and high are the 10% and 90% quantiles; where inputs reach much farther to one side, the likely"
            " value lies outside of them.",
            width=16,
            height=8,
            empty="The economics are not known, or nothing is declared or recommended",
            below_zero=True,
        ),
        Panel(
            "Does the recommendation save money",
            Kind.GRAPH,
            Unit.SHARE,
            (Query(each("leverwatch_recommendation_saves_probability_ratio")),),
            "Probability that the recommended strategy costs less than the declared one. Empty when both are the"
            " same.",
            width=8,
            height=8,
            empty="The economics are not known, or the recommended strategy is the declared one",
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
            "1,000 inferences by strategy",
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
            "Monthly inferences from which fine-tuning stays cheaper, dashed: the 10%, 50% and 90% quantiles (low,"
            " likely, high). No dashed line: at no volume.",
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
            "Whether cost speaks for the recommended strategy. Outranked: an operational rule decided, whatever it"
            " costs.",
            width=12,
            height=6,
            empty=_NOT_ASSESSED,
            states=states(AGREEMENT),
            runbook="LeverwatchEconomicsDisagree",
        ),
    ),
)
