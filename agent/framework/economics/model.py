"""The values that the economics take and give. Money is US dollars, a month is 30.4375 days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from msgspec import Struct

from leverwatch.agent.framework.economics.amounts import Amount, Hosting, Origin, Price, Unpriced
from leverwatch.agent.framework.economics.traffic import TrafficMoments
from leverwatch.agent.framework.model import Strategy

CHEAPER_FROM = 0.8
"""A strategy is called cheaper above this probability."""
NOT_CHEAPER_BELOW = 0.2


class CostOutcome(StrEnum):
    """Whether fine-tuning is cheaper at today's volume."""

    CHEAPER = "cheaper"
    NOT_CHEAPER = "not_cheaper"
    CANNOT_TELL = "cannot_tell"
    """The probability lies between 0.2 and 0.8: it depends on inputs that are only known as ranges."""
    UNKNOWN = "unknown"
    """A required number is unknown; `Economics.unknown` says which."""


class Missing(StrEnum):
    """Why an outcome is unknown."""

    VOLUME = "volume_unknown"
    TOKENS = "tokens_unknown"
    PRICE = "price_unknown"
    TUNED_PRICE = "tuned_price_unknown"
    CALLS = "calls_per_trace_unknown"
    DOUBTFUL = "usage_doubtful"
    """The records contradict themselves, such as with more cached input than input."""


class Agreement(StrEnum):
    """Whether cost speaks for the recommended strategy."""

    AGREES = "agrees"
    DISAGREES = "disagrees"
    OUTRANKED = "outranked"
    """Cost speaks against it, and the verdict rests on an operational rule, which outranks cost."""
    NOT_COMPARED = "not_compared"
    """There is no verdict, or the economics cannot tell."""


class Unknown(Struct, frozen=True):
    """A missing number, with the reason in words."""

    code: Missing
    text: str


class EconomicsFacts(Struct, frozen=True):
    """Everything that the economics of one system depend on."""

    system: str
    as_of: date
    monthly_inferences: float | None
    """Month-equivalent volume; None when unknown."""
    traffic: TrafficMoments
    prices: Mapping[str, Price | Unpriced]
    """Prices of the models in `traffic`, by model name."""
    inputs: Mapping[str, Amount]
    """Inputs by name; the names are those of `leverwatch.agent.framework.economics.assumptions`."""
    hosting: Hosting = Hosting.DEDICATED
    tuned_price: Price | Unpriced | None = None
    """Price of the tuned model; needed for per-token hosting only."""
    declared: Strategy | None = None
    """What the team runs today; None: it does not say."""
    recommended: Strategy | None = None
    """What the framework recommends; None: nothing."""


class BreakEven(Struct, frozen=True):
    """At which monthly volumes fine-tuning is cheaper.

    Dedicated hosting adds an instance at a time, so fine-tuning may be cheaper just before a step and dearer after
    it: then `first` lies below `always_from`.
    """

    first: float | None
    """The smallest volume from which it is cheaper, at least for a while; None: at no volume."""
    always_from: float | None
    """The smallest volume from which it stays cheaper; None: it never does for good."""
    last: float | None
    """The largest volume at which it is cheaper; None: there is none, or there is no end."""

    @property
    def only_in_intervals(self) -> bool:
        """Whether fine-tuning is cheaper at some volumes below `always_from`, or only at some volumes at all."""
        return self.first is not None and self.first != self.always_from


class CostSplit(Struct, frozen=True, gc=False):
    """USD a month, by what it is paid for."""

    tokens: float
    """What providers bill by the token."""
    people: float
    """People's time: changes of prompts, and running a tuned model."""
    training: float
    """Training runs, their data and their evaluation, spread over the life of a tuned model."""
    hosting: float
    """Instances that are paid for by the hour."""

    @property
    def total(self) -> float:
        """The sum of the parts."""
        return self.tokens + self.people + self.training + self.hosting

    def minus(self, other: CostSplit) -> CostSplit:
        """Return the difference of each part."""
        return CostSplit(
            self.tokens - other.tokens,
            self.people - other.people,
            self.training - other.training,
            self.hosting - other.hosting,
        )


class StrategyCost(Struct, frozen=True, gc=False):
    """What a strategy costs at today's volume, with every input at its likely value."""

    strategy: Strategy
    monthly: float
    """USD a month, everything included: the sum of `split`."""
    per_thousand: float | None
    """`monthly` for each 1,000 inferences; None without traffic."""
    tokens_per_thousand: float
    """USD for the tokens of 1,000 inferences alone; 0 where only instances are paid for."""
    split: CostSplit
    cheaper: float | None
    """Probability that it costs less than prompt engineering, 0 to 1; None for prompt engineering itself."""


class CostOfChange(Struct, frozen=True, gc=False):
    """What a system would save by going from the declared strategy to the recommended one."""

    before: Strategy
    """The declared strategy."""
    after: Strategy
    """The recommended strategy."""
    saving: float
    """USD a month, with every input at its likely value; negative when the change costs more. 0 by definition when
    both strategies are the same."""
    low: float
    """The 10% quantile of the saving."""
    high: float
    """The 90% quantile of the saving."""
    probability: float | None
    """Probability that the change saves anything, 0 to 1; None when both strategies are the same."""
    split: CostSplit
    """The saving by what is paid for; the parts add up to `saving`."""

    @property
    def same(self) -> bool:
        """Whether the declared strategy is the recommended one, so that nothing changes."""
        return self.before is self.after

    @property
    def lopsided(self) -> bool:
        """Whether the saving lies outside of its interval, as inputs reach much farther to one side of their
        likely values than to the other."""
        return not self.low <= self.saving <= self.high


class Driver(Struct, frozen=True, gc=False):
    """An input, and how far the monthly saving moves between its low and its high value."""

    name: str
    low: float
    """Saving in USD a month with the input at its low value, the others at their likely ones."""
    high: float
    origin: Origin

    @property
    def swing(self) -> float:
        """The distance between both savings, in USD a month; never negative."""
        return abs(self.high - self.low)


class Economics(Struct, frozen=True):
    """What the economics say of one system on one day."""

    system: str
    as_of: date
    outcome: CostOutcome
    unknown: tuple[Unknown, ...] = ()
    """What is missing; empty unless the outcome is unknown."""
    probability: float | None = None
    """Probability that fine-tuning is cheaper at today's volume, 0 to 1."""
    costs: tuple[StrategyCost, ...] = ()
    """Costs of each strategy, in the order of `Strategy`."""
    saving: float | None = None
    """USD a month that fine-tuning would save; negative when it would cost more."""
    break_even: BreakEven | None = None
    """The break-even with every input at its likely value."""
    break_even_range: tuple[float | None, float | None] = (None, None)
    """10% and 90% quantile of the volume from which fine-tuning stays cheaper; None: no such volume."""
    break_even_median: float | None = None
    """The median of the same volumes, which the range always contains; None: no such volume. `break_even` may lie
    outside of the range, as all inputs at their likely values together may be a rare case."""
    bill: float | None = None
    """USD a month for the measured tokens of today's models: what their invoices should come to."""
    bill_origin: Origin = Origin.MEASURED
    """Assumed when the bill depends on an assumed share of cached tokens."""
    change: CostOfChange | None = None
    """The recommended strategy against the declared one; None: nothing was compared, see `not_compared`."""
    not_compared: str = ""
    """Why there is no `change`; empty when there is one."""
    drivers: tuple[Driver, ...] = ()
    """The inputs with the widest effect on the saving, the widest first."""
    inputs: Mapping[str, Amount] | None = None
    """Every input that was used, with its origin."""
