"""What-if: the facts of one system with some of them supposed to be others. Pure; nothing here is stored.

The supposed facts are judged by the functions that judge the real ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction
from math import fsum, nextafter

from msgspec import Struct, field
from msgspec.structs import replace

from leverwatch.agent.framework.assess import assess
from leverwatch.agent.framework.assessment import (
    Assessment,
    AssessmentFacts,
    AssessmentSettings,
    Attempt,
    CostTerms,
    assess_context,
)
from leverwatch.agent.framework.bands import band_of
from leverwatch.agent.framework.coverage import WINDOW_DAYS
from leverwatch.agent.framework.economics.amounts import Amount, Hosting, Origin, Price, Unpriced
from leverwatch.agent.framework.model import (
    Declaration,
    Facts,
    PromptFacts,
    Settings,
    Strategy,
    UsageFacts,
    Verdict,
)

_WEEKS = 104
"""The longest history of prompts that a supposed rate is spread over: as long as a rate is averaged over."""
_OF_MONTH = 448 / 487
_TRIES = 64


class Supposed(Struct, frozen=True):
    """What is supposed to be otherwise; None or empty leaves a fact as it is."""

    volume: float | None = None
    """Monthly inferences, as if it had been so for long enough to settle."""
    changes_per_week: float | None = None
    """Days a week with a prompt change, 0 to 7, as if it had been so for long enough to settle."""
    declared: Strategy | None = None
    locked_in: bool | None = None
    """Whether locked-in behaviour is declared."""
    price: Mapping[str, float] = field(default_factory=dict)
    """Fields of `Price` for every model in use, in USD per million tokens."""
    tuned_price: Mapping[str, float] = field(default_factory=dict)
    """Fields of `Price` for the tuned model."""
    hosting: Hosting | None = None
    costs: Mapping[str, Amount] = field(default_factory=dict)
    """Inputs of the economics, by name."""
    settings: Settings | None = None
    """The thresholds."""


def judged(
    given: AssessmentFacts,
    settings: AssessmentSettings,
    supposed: Supposed,
    previous: Verdict | None = None,
    attempt: Attempt | None = None,
) -> tuple[Verdict, Assessment]:
    """Return the verdict and the assessment that the supposed facts would have.

    The draws of the economics are those of the real facts, as both are of the same system and day.
    """
    thresholds = supposed.settings or settings.framework
    facts = given.facts
    if supposed.volume is not None:
        facts = replace(facts, usage=_usage(facts, supposed.volume, thresholds))
    deciding = thresholds
    if supposed.changes_per_week is not None:
        prompts, weeks = _prompts(facts.as_of, supposed.changes_per_week)
        facts = replace(facts, prompts=prompts)
        # With a history of just so many weeks, what settles is the supposed rate and none on the way to it.
        deciding = replace(thresholds, minimum_history_weeks=weeks)
    facts = replace(facts, declaration=_declaration(facts.declaration, supposed))
    verdict = assess(facts, deciding, previous)
    after = replace(
        given,
        facts=facts,
        verdict=verdict,
        prices={name: _price(price, supposed.price) for name, price in given.prices.items()},
        costs=_costs(given.costs, supposed),
    )
    return verdict, assess_context(after, replace(settings, framework=deciding), attempt)


def _usage(facts: Facts, volume: float, settings: Settings) -> UsageFacts:
    """The same calls on each day, for as long as the real usage goes back and at least two windows."""
    day_count = _a_day(volume, settings)
    first = min((*facts.usage.daily, facts.as_of - timedelta(days=2 * WINDOW_DAYS + settings.dwell_days)))
    days = (facts.as_of - first).days + 1
    daily = {first + timedelta(days=index): day_count for index in range(days)}
    return UsageFacts(daily, facts.usage.sources, alive_until=facts.as_of)


def _a_day(volume: float, settings: Settings) -> float:
    """The count of each day that makes a monthly volume. Some volumes cannot be met in the very last digit; then
    the count stays in the band of the volume, as a threshold may be meant exactly."""
    band = band_of(volume, settings)
    guess = volume * _OF_MONTH / WINDOW_DAYS
    candidates = [guess]
    for end in (0.0, float("inf")):
        step = guess
        for _ in range(_TRIES):
            step = nextafter(step, end)
            candidates.append(step)
    return min(
        candidates,
        key=lambda count: (band_of(_month(count), settings) is not band, abs(_month(count) - volume)),
    )


def _month(count: float) -> float:
    return fsum([count] * WINDOW_DAYS) * 487 / 448


def _prompts(as_of: date, per_week: float) -> tuple[PromptFacts, int]:
    """Evenly spread days with a change, and over how many weeks."""
    rate = Fraction(per_week).limit_denominator(_WEEKS)
    weeks = _WEEKS // rate.denominator * rate.denominator
    first = as_of - timedelta(days=7 * weeks - 1)
    daily = rate / 7
    active = frozenset(
        first + timedelta(days=index)
        for index in range(7 * weeks)
        if (index + 1) * daily // 1 > index * daily // 1
    )
    return PromptFacts(True, first, active), weeks


def _declaration(declared: Declaration | None, supposed: Supposed) -> Declaration | None:
    if supposed.declared is None and supposed.locked_in is None:
        return declared
    found = declared or Declaration()
    if supposed.declared is not None:
        found = replace(found, strategy=supposed.declared)
    if supposed.locked_in is not None:
        kept = found.locked_in_behavior or ("supposed",)
        found = replace(found, locked_in_behavior=kept if supposed.locked_in else ())
    return found


def _price(price: Price | Unpriced, fields: Mapping[str, float]) -> Price | Unpriced:
    if not fields:
        return price
    if isinstance(price, Price):
        return replace(price, origin=Origin.CONFIGURED, **fields)
    if "input" in fields and "output" in fields:
        return replace(Price(price.model, fields["input"], fields["output"]), **fields)
    return price


def _costs(costs: CostTerms, supposed: Supposed) -> CostTerms:
    tuned = costs.tuned_price
    if supposed.tuned_price:
        tuned = _price(tuned or Unpriced("the tuned model", "no tuned model is configured"), supposed.tuned_price)
    return CostTerms(supposed.hosting or costs.hosting, {**costs.configured, **supposed.costs}, tuned)
