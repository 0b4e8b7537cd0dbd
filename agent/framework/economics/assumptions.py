"""The inputs of the economics, each with the range that is assumed when it is neither configured nor measured."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from msgspec import Struct

from leverwatch.agent.framework.economics.amounts import Amount, Origin, Price


class Assumption(Struct, frozen=True):
    """One input with its default range."""

    name: str
    unit: str
    default: tuple[float, float, float] | None
    """Low, likely and high value; None: no default, the tuned model is taken to behave like today's model."""
    meaning: str
    measurable: bool = False
    """Whether a measured value replaces the default; it never replaces a configured value."""
    ceiling: float | None = None
    above_zero: bool = False


ASSUMPTIONS: tuple[Assumption, ...] = (
    Assumption("training_usd", "USD", (50, 300, 1_500), "Computing cost of one training run."),
    Assumption(
        "training_million_tokens",
        "million tokens",
        None,
        "Training tokens of one run, all epochs together. With a training price in the price file they give "
        "`training_usd`, unless that is set.",
    ),
    Assumption("data_usd", "USD", (1_000, 5_000, 15_000), "Collecting and labelling the training data, once."),
    Assumption("evaluation_usd", "USD", (500, 1_500, 4_000), "Evaluating one trained model."),
    Assumption(
        "operations_usd_per_month",
        "USD a month",
        (200, 800, 2_500),
        "People's time to run a tuned model, beyond what a prompted one takes.",
    ),
    Assumption(
        "retrains_per_month",
        "a month",
        (0.05, 0.15, 0.5),
        "Changes that need another training run; at least one in the life of a model is counted.",
    ),
    Assumption(
        "life_months",
        "months",
        (6, 12, 18),
        "Expected life of a tuned model: until its base model is shut down, or until the planned refresh.",
        above_zero=True,
    ),
    Assumption(
        "prompt_share_kept",
        "share",
        (0.05, 0.15, 0.4),
        "Part of the static prompt that a tuned model still needs.",
        ceiling=1,
    ),
    Assumption(
        "tuned_output_ratio", "ratio", (1, 1, 1), "Output tokens of a tuned model for each one of today's."
    ),
    Assumption("prompt_change_usd", "USD", (50, 200, 500), "People's time for one change of a prompt."),
    Assumption(
        "prompt_changes_per_month", "a month", (0.5, 2, 4), "Changes of the system's prompts.", measurable=True
    ),
    Assumption(
        "static_share",
        "share",
        (0.3, 0.6, 0.9),
        "Part of the input tokens that is the same in every call.",
        measurable=True,
        ceiling=1,
    ),
    Assumption(
        "cached_share",
        "share",
        (0, 0.3, 0.8),
        "Part of the input tokens that the provider bills as read from its cache.",
        measurable=True,
        ceiling=1,
    ),
    Assumption("gpu_hour_usd", "USD an hour", (2, 2.8, 4), "One instance of dedicated hosting."),
    Assumption(
        "tokens_per_second",
        "tokens a second",
        (4_000, 8_000, 14_000),
        "Input and output tokens that one busy instance gets through, together.",
        above_zero=True,
    ),
    Assumption(
        "utilisation",
        "share",
        (0.2, 0.35, 0.6),
        "Mean load of the instances: traffic has peaks, and instances are paid for at night.",
        ceiling=1,
        above_zero=True,
    ),
    Assumption("minimum_instances", "instances", (2, 2, 2), "Instances that run however little traffic there is."),
    Assumption(
        "hybrid_tuned_share",
        "share",
        (0.3, 0.5, 0.8),
        "Part of the inferences that a hybrid sends to the tuned model.",
        ceiling=1,
    ),
    Assumption(
        "tuned_calls_per_trace", "calls", None, "Calls for one task with a tuned model. Default: as many as today."
    ),
    Assumption(
        "tuned_attempts", "attempts", None, "Attempts for one inference of a tuned model. Default: as today."
    ),
)
"""All inputs, in the order of the documentation."""

BY_NAME: Mapping[str, Assumption] = {assumption.name: assumption for assumption in ASSUMPTIONS}


def defaults() -> Mapping[str, Amount]:
    """Every input that has a default, marked as assumed."""
    return MappingProxyType(_defaults())


@cache
def _defaults() -> dict[str, Amount]:
    return {
        assumption.name: Amount(float(low), float(likely), float(high), Origin.ASSUMED)
        for assumption in ASSUMPTIONS
        if assumption.default is not None
        for low, likely, high in (assumption.default,)
    }


def priced(price: Price, configured: Mapping[str, Amount]) -> dict[str, Amount]:
    """The inputs that follow from the price of the tuned model, without those that are configured."""
    found = {}
    tokens = configured.get("training_million_tokens")
    if price.training is not None and tokens is not None:
        low, likely, high = (price.training * value for value in (tokens.low, tokens.likely, tokens.high))
        found["training_usd"] = Amount(low, likely, high, price.origin)
    if price.hosting_per_hour is not None:
        found["gpu_hour_usd"] = Amount.exactly(price.hosting_per_hour, price.origin)
    return {name: amount for name, amount in found.items() if name not in configured}


def resolve(*layers: Mapping[str, Amount], measured: Mapping[str, Amount] | None = None) -> dict[str, Amount]:
    """The inputs of one system: each from the first layer that has it, else measured, else the default."""
    inputs = _defaults() | dict(measured or {})
    for layer in reversed(layers):
        inputs.update(layer)
    return inputs
