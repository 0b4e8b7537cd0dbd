"""One scenario: every input has a single value, and the monthly saving is a function of volume."""

from __future__ import annotations

from math import inf
from typing import NamedTuple

from msgspec import Struct

from leverwatch.agent.framework.economics.amounts import Price
from leverwatch.agent.framework.economics.breakeven import Line
from leverwatch.agent.framework.economics.mix import Measured, Mix

MONTH_HOURS = 30.4375 * 24
MONTH_SECONDS = 30.4375 * 86_400
_MILLION = 1e6


class Terms(Struct, frozen=True):
    """What is the same in all scenarios."""

    tuned: Price | None
    """Price of the tuned model per token; None with dedicated hosting."""
    measured: Measured
    own_calls: bool
    """Whether `tuned_calls_per_trace` is configured."""
    own_attempts: bool


class Shares(NamedTuple):
    """The inputs that change the cost of an inference; the names are those of the inputs."""

    cached_share: float
    static_share: float
    prompt_share_kept: float
    tuned_output_ratio: float
    tuned_calls_per_trace: float
    tuned_attempts: float


class Upkeep(NamedTuple):
    """Costs that do not depend on traffic."""

    fixed: float
    """USD a month: the costs of prompts other than tokens, minus those of a tuned model other than tokens and
    instances."""
    instance: float
    """USD a month for one instance."""
    served: float
    """Tokens a month that one instance serves."""
    least: int


UPKEEP_INPUTS = (
    "training_usd",
    "data_usd",
    "evaluation_usd",
    "operations_usd_per_month",
    "retrains_per_month",
    "life_months",
    "prompt_change_usd",
    "prompt_changes_per_month",
    "gpu_hour_usd",
    "tokens_per_second",
    "utilisation",
    "minimum_instances",
)
"""Names of the inputs that `upkeep` takes, in the order of its arguments."""


def tuning_usd(
    training: float, data: float, evaluation: float, operations: float, retrains: float, life: float
) -> float:
    """Return what a tuned model costs in USD a month, apart from tokens and instances.

    (C_train + C_data + C_eval) / L + C_ops + max(r, 1 / L) x C_retrain, where a retraining is a training run and
    its evaluation on data that is already there.
    """
    run = training + evaluation
    return (run + data) / life + operations + max(retrains, 1 / life) * run


def upkeep(*values: float) -> Upkeep:
    """Return the costs that do not depend on traffic; `values` are those of `UPKEEP_INPUTS`, in that order.

    Prompts cost m x C_promptchange, m being the changes a month.
    """
    *tuning, change_usd, changes, gpu_hour, tokens_per_second, utilisation, least = values
    return Upkeep(
        fixed=change_usd * changes - tuning_usd(*tuning),
        instance=gpu_hour * MONTH_HOURS,
        served=tokens_per_second * utilisation * MONTH_SECONDS,
        least=round(least),
    )


def line(mix: Mix, shares: Shares, kept: Upkeep, terms: Terms) -> Line:
    """Return the saving of fine-tuning as a function of volume. `mix` must hold at least one inference.

    The unit of volume is an inference as it is counted today, so a tuned model that needs fewer calls for the same
    task costs less for each of today's inferences.
    """
    number, cost, cost_by_cached_share, all_input, static, unmeasured, output = mix
    cached_share, static_share, kept_share, output_ratio, tuned_calls, tuned_attempts = shares
    attempts, calls = terms.measured
    tries = 1.0 if attempts is None else attempts
    prompted = tries * (cost + cost_by_cached_share * cached_share) / number
    repeats = tuned_attempts if terms.own_attempts else tries
    if terms.own_calls and calls is not None:
        repeats *= tuned_calls / calls
    entered = all_input - (static + unmeasured * static_share) * (1 - kept_share)
    written = output * output_ratio
    if terms.tuned is not None:
        tuned = repeats * (terms.tuned.input * entered + terms.tuned.output * written) / (number * _MILLION)
        return Line(prompted, tuned, kept.fixed)
    fixed, instance, served, least = kept
    tokens = repeats * (entered + written) / number
    return Line(prompted, 0.0, fixed, instance, served / tokens if tokens > 0 else inf, least)
