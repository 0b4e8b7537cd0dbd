"""The panels about tokens, cost, latency and errors, and about how much of these is unknown."""

from __future__ import annotations

from grafana.model import Kind, Panel, Query, Row, Unit
from grafana.queries import DAY_WINDOW, daily, ratio

_INFERENCES = "leverwatch_inferences_total"
_NO_INFERENCES = "No inference on the day"


_COST = daily("leverwatch_cost_usd_total", series="model, origin")
_COSTLESS = f"{daily('leverwatch_inferences_unpriced_total')} - {daily('leverwatch_inferences_priced_total')}"


def _known(part: str, unknown: str) -> str:
    """Return a query for the mean of a day: a sum divided by the inferences for which it is known."""
    return f"{daily(part)} / ({daily(_INFERENCES)} - {daily(unknown)} > 0)"


USAGE_ROW = Row(
    "Usage of the last 24 hours",
    (
        Panel(
            "Tokens for each inference",
            Kind.GRAPH,
            Unit.COUNT,
            (
                Query(
                    _known("leverwatch_input_tokens_total", "leverwatch_inferences_unknown_input_tokens_total"),
                    "{{system}}: input",
                ),
                Query(
                    _known("leverwatch_output_tokens_total", "leverwatch_inferences_unknown_output_tokens_total"),
                    "{{system}}: output",
                ),
            ),
            "Mean over the inferences whose tokens are known.",
            fixed_window=DAY_WINDOW,
            empty=_NO_INFERENCES,
        ),
        Panel(
            "Input served by a prompt cache",
            Kind.GRAPH,
            Unit.SHARE,
            (Query(ratio("leverwatch_cached_input_tokens_total", "leverwatch_input_tokens_total")),),
            "Share of the input tokens that a provider's prompt cache served.",
            fixed_window=DAY_WINDOW,
            empty=_NO_INFERENCES,
        ),
        Panel(
            "Cost of 1,000 inferences",
            Kind.GRAPH,
            Unit.DOLLARS,
            (Query(f"1000 * {_COST} / ({daily(_INFERENCES)} - ({_COSTLESS}) > 0)"),),
            "Mean over the inferences whose cost the log or a price tells, failed calls included in the cost.",
            fixed_window=DAY_WINDOW,
            empty="No cost is known",
        ),
        Panel(
            "Latency",
            Kind.GRAPH,
            Unit.SECONDS,
            (
                Query(
                    _known(
                        "leverwatch_inference_latency_seconds_total", "leverwatch_inferences_unknown_latency_total"
                    )
                ),
            ),
            "Mean over the inferences whose latency is known.",
            fixed_window=DAY_WINDOW,
            empty=_NO_INFERENCES,
        ),
        Panel(
            "Errors for each inference",
            Kind.GRAPH,
            Unit.SHARE,
            (Query(ratio("leverwatch_inference_errors_total", _INFERENCES)),),
            "Failed or blocked generation calls, which are never part of inferences, against inferences.",
            fixed_window=DAY_WINDOW,
            empty=_NO_INFERENCES,
        ),
        Panel(
            "Attempts for each inference",
            Kind.GRAPH,
            Unit.NUMBER,
            (Query(ratio("leverwatch_inference_attempts_total", _INFERENCES)),),
            "Calls to model servers, retries and failures included, against inferences.",
            fixed_window=DAY_WINDOW,
            empty=_NO_INFERENCES,
        ),
        Panel(
            "Answered by a gateway's cache",
            Kind.GRAPH,
            Unit.COUNT,
            (Query(daily("leverwatch_gateway_cache_hits_total")),),
            "Generation calls that a gateway answered without any model; never part of inferences.",
            fixed_window=DAY_WINDOW,
        ),
        Panel(
            "Other operations",
            Kind.GRAPH,
            Unit.COUNT,
            (
                Query(
                    daily("leverwatch_other_operations_total", "operation", series="operation"),
                    "{{system}}: {{operation}}",
                ),
            ),
            "Successful calls that are no generations, such as embeddings. Empty for systems that make none.",
            fixed_window=DAY_WINDOW,
            empty="No other operation was seen",
        ),
        Panel(
            "Inferences with something unknown",
            Kind.GRAPH,
            Unit.SHARE,
            (
                *(
                    Query(ratio(f"leverwatch_inferences_{metric}_total", _INFERENCES), f"{{{{system}}}}: {name}")
                    for metric, name in (
                        ("unknown_input_tokens", "input"),
                        ("unknown_cached_input_tokens", "cached input"),
                        ("unknown_output_tokens", "output"),
                        ("unknown_latency", "latency"),
                    )
                ),
                Query(f"({_COSTLESS}) / ({daily(_INFERENCES)} > 0)", "{{system}}: cost"),
            ),
            "Share of the inferences that the figures beside this one leave out.",
            fixed_window=DAY_WINDOW,
            empty=_NO_INFERENCES,
        ),
    ),
)
