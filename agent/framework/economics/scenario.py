"""One scenario: every input has a single value, and the monthly saving is a function of volume."""

from __future__ import annotations

from collections.abc import Collection
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

    dedicated: bool
    """Whether instances are paid for instead of tokens."""
    input: float
    """USD for an input token of the tuned model; 0 with dedicated hosting."""
    output: float
    tries: float
    """Attempts for one inference today."""
    tuned_tries: float
    """Attempts of a tuned model for one inference of today, to be multiplied by what is configured of it."""
    own_calls: bool
    """Whether `tuned_calls_per_trace` is configured."""
    own_attempts: bool
    """Whether `tuned_attempts` is configured."""
    own: bool
    """Whether one of both is."""

    @property
    def packed(self) -> tuple[bool, bool, bool, bool, float, float, float, float]:
        """The terms as the compiled helper takes them."""
        whether = self.dedicated, self.own, self.own_calls, self.own_attempts
        return *whether, self.input, self.output, self.tries, self.tuned_tries

    @classmethod
    def of(cls, tuned: Price | None, measured: Measured, inputs: Collection[str]) -> Terms:
        """Make the terms for a tuned model that is paid for by the token at this price; None: by the hour."""
        tries = 1.0 if measured.attempts is None else measured.attempts
        calls = measured.calls_per_trace if "tuned_calls_per_trace" in inputs else None
        own_attempts = "tuned_attempts" in inputs
        return cls(
            dedicated=tuned is None,
            input=tuned.input / _MILLION if tuned else 0.0,
            output=tuned.output / _MILLION if tuned else 0.0,
            tries=tries,
            tuned_tries=(1.0 if own_attempts else tries) / (calls or 1.0),
            own_calls=calls is not None,
            own_attempts=own_attempts,
            own=own_attempts or calls is not None,
        )


class Shares(NamedTuple):
    """The inputs that change the cost of an inference; the names are those of the inputs."""

    cached_share: float
    static_share: float
    prompt_share_kept: float
    tuned_output_ratio: float
    tuned_calls_per_trace: float
    tuned_attempts: float


class Upkeep(NamedTuple):
    """Costs that do not depend on traffic, in USD a month unless another unit is named."""

    prompts: float
    """People's time for changes of prompts."""
    operations: float
    """People's time to run a tuned model."""
    training: float
    """Training, data and evaluation of a tuned model."""
    instance: float
    """One instance."""
    served: float
    """Tokens a month that one instance serves."""
    least: int
    """Instances that run at any volume."""


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


def training_usd_a_month(training: float, data: float, evaluation: float, retrains: float, life: float) -> float:
    """Return what training a tuned model costs in USD a month over its life.

    (C_train + C_data + C_eval) / L + max(r, 1 / L) x C_retrain, where a retraining is a training run and its
    evaluation on data that is already there.
    """
    run = training + evaluation
    return (run + data) / life + max(retrains, 1 / life) * run


def upkeep(*values: float) -> Upkeep:
    """Return the costs that do not depend on traffic; `values` are those of `UPKEEP_INPUTS`, in that order.

    Prompts cost m x C_promptchange, m being the changes a month.
    """
    training, data, evaluation, operations, retrains, life = values[:6]
    change_usd, changes, gpu_hour, tokens_per_second, utilisation, least = values[6:]
    return Upkeep(
        prompts=change_usd * changes,
        operations=operations,
        training=training_usd_a_month(training, data, evaluation, retrains, life),
        instance=gpu_hour * MONTH_HOURS,
        served=tokens_per_second * utilisation * MONTH_SECONDS,
        least=round(least),
    )


class Each(NamedTuple):
    """Means for one inference, over one or more weeks. Tokens are those of today's prompts and outputs, as often
    as a tuned model would be called for them; see `Terms.tuned_tries`."""

    prompted: float
    """USD for tokens today, all attempts included, with an assumed cached share of 0."""
    by_cached_share: float
    """USD to add to `prompted` when the assumed cached share is 1."""
    input_tokens: float
    static_tokens: float
    unmeasured_static: float
    """Input tokens of calls whose static part is not known."""
    output_tokens: float


def each_of(mix: Mix, terms: Terms) -> Each:
    """Return the means for one inference of a mix, which must hold at least one."""
    number, cost, by_cached_share, entered, static, unmeasured, written = mix
    tries, tuned = terms.tries / number, terms.tuned_tries / number
    return Each(
        cost * tries,
        by_cached_share * tries,
        entered * tuned,
        static * tuned,
        unmeasured * tuned,
        written * tuned,
    )


def token_costs(each: Each, shares: Shares, terms: Terms) -> tuple[float, float, float]:
    """Return USD for the tokens of one inference today, of one of the tuned model, and the tokens of the latter.

    The unit is an inference as it is counted today, so a tuned model that needs fewer calls for the same task
    costs less for each of today's inferences.
    """
    prompted, by_cached_share, entered, static, unmeasured, written = each
    cached_share, static_share, kept_share, output_ratio, tuned_calls, tuned_attempts = shares
    entered -= (static + unmeasured * static_share) * (1 - kept_share)
    written *= output_ratio
    if terms.own:
        repeats = (tuned_calls if terms.own_calls else 1) * (tuned_attempts if terms.own_attempts else 1)
        entered *= repeats
        written *= repeats
    tuned = 0.0 if terms.dedicated else terms.input * entered + terms.output * written
    return prompted + by_cached_share * cached_share, tuned, entered + written


def line(each: Each, shares: Shares, kept: Upkeep, terms: Terms) -> Line:
    """Return the saving of fine-tuning, against prompt engineering, as a function of volume."""
    return line_of(token_costs(each, shares, terms), kept, terms)


def line_of(costs: tuple[float, float, float], kept: Upkeep, terms: Terms) -> Line:
    """Return the same from the `token_costs`."""
    prompted, tuned, tokens = costs
    prompts, operations, training, instance, served, least = kept
    fixed = prompts - (operations + training)
    if not terms.dedicated:
        return Line(prompted, tuned, fixed)
    return Line(prompted, 0.0, fixed, instance, served / tokens if tokens > 0 else inf, least)
