"""The economics of one system on one day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from math import inf
from operator import mul

from leverwatch.agent.framework.economics.amounts import Amount, Hosting, Origin, Price
from leverwatch.agent.framework.economics.breakeven import Line, break_even
from leverwatch.agent.framework.economics.draws import DRAWS, draws, order, weeks_drawn
from leverwatch.agent.framework.economics.mix import Mix, measured, mix_of_weeks
from leverwatch.agent.framework.economics.model import (
    CostOutcome,
    Driver,
    Economics,
    EconomicsFacts,
    Missing,
    StrategyCost,
    Unknown,
)
from leverwatch.agent.framework.economics.scenario import UPKEEP_INPUTS, Shares, Terms, Upkeep, line, upkeep
from leverwatch.agent.framework.model import Strategy

CHEAPER_FROM = 0.8
"""Fine-tuning is called cheaper from this probability on."""
NOT_CHEAPER_BELOW = 0.2
TRAFFIC = "monthly_inferences"
"""The name that the volume has among the drivers."""
_DRIVERS = 2
_EVERY = 4
"""The break-even volume is computed for every fourth draw only, as it costs more time than the saving."""
_INSTANCES = frozenset({"gpu_hour_usd", "tokens_per_second", "utilisation", "minimum_instances"})
_ABSENT = Amount.exactly(0.0, Origin.ASSUMED)


def assess_economics(facts: EconomicsFacts) -> Economics:
    """Return what the strategies cost in USD a month, and whether fine-tuning is cheaper at today's volume.

    Deterministic: the random draws are seeded with the system's name and the day.
    """
    weeks, missing = mix_of_weeks(facts.traffic, facts.prices)
    missing = (*missing, *_missing(facts))
    volume = facts.monthly_inferences
    if missing or volume is None:
        return Economics(facts.system, facts.as_of, CostOutcome.UNKNOWN, missing, inputs=used_inputs(facts))
    return _Assessment(facts, weeks, volume).run()


def used_inputs(facts: EconomicsFacts) -> dict[str, Amount]:
    """The inputs without those that only apply to the other kind of hosting."""
    per_token = facts.hosting is Hosting.PER_TOKEN
    return {name: amount for name, amount in facts.inputs.items() if not (per_token and name in _INSTANCES)}


def _missing(facts: EconomicsFacts) -> Iterator[Unknown]:
    if facts.monthly_inferences is None:
        yield Unknown(Missing.VOLUME, "the monthly volume is unknown")
    elif not 0 <= facts.monthly_inferences < inf:
        yield Unknown(Missing.DOUBTFUL, "the monthly volume is negative or no finite number")
    if facts.hosting is Hosting.PER_TOKEN and not isinstance(facts.tuned_price, Price):
        if facts.tuned_price is None:
            text = "no tuned model is configured"
        else:
            text = f"the price of {facts.tuned_price.model} is unknown: {facts.tuned_price.reason}"
        yield Unknown(Missing.TUNED_PRICE, text)
    total = facts.traffic.total()
    if "tuned_calls_per_trace" in facts.inputs and measured(total).calls_per_trace is None:
        if total.traces > 0:
            yield Unknown(Missing.DOUBTFUL, "fewer calls name a trace than there are traces")
        else:
            text = "tuned_calls_per_trace is configured, and no call of today names its trace"
            yield Unknown(Missing.CALLS, text)


class _Assessment:
    def __init__(self, facts: EconomicsFacts, weeks: Sequence[Mix], volume: float) -> None:
        self.facts = facts
        self.weeks = weeks
        self.volume = volume
        self.inputs = facts.inputs
        tuned = facts.tuned_price if facts.hosting is Hosting.PER_TOKEN else None
        self.terms = Terms(
            tuned=tuned if isinstance(tuned, Price) else None,
            measured=measured(facts.traffic.total()),
            own_calls="tuned_calls_per_trace" in facts.inputs,
            own_attempts="tuned_attempts" in facts.inputs,
        )
        self.columns = tuple(zip(*weeks, strict=True))
        self.whole = _together(self.columns, [1] * len(weeks))
        self.likely = {name: amount.likely for name, amount in facts.inputs.items()}

    def run(self) -> Economics:
        likely = self._line({})
        wins, volumes, crossings = self._drawn()
        probability = wins / DRAWS
        return Economics(
            system=self.facts.system,
            as_of=self.facts.as_of,
            outcome=_outcome(probability),
            probability=probability,
            costs=tuple(self._costs(likely)),
            saving=likely.saving(self.volume),
            break_even=break_even(likely),
            break_even_range=_range(crossings),
            drivers=tuple(self._drivers(likely, volumes)),
            inputs=used_inputs(self.facts),
        )

    def _line(self, changed: Mapping[str, float]) -> Line:
        """The saving as a function of volume, with every input at its likely value except those in `changed`."""
        value = {**self.likely, **changed}
        shares = Shares(*(value.get(name, 0.0) for name in Shares._fields))
        return line(self.whole, shares, upkeep(*(value[name] for name in UPKEEP_INPUTS)), self.terms)

    def _drawn(self) -> tuple[int, list[float], list[float | None]]:
        """The number of draws in which fine-tuning is cheaper, the volume of each draw, and the break-even volume
        of every fourth one."""
        mixes: dict[tuple[int, ...], Mix] = {}
        scale = self.volume / self.whole.inferences
        drawn = weeks_drawn(len(self.weeks))
        inputs = self.inputs
        shares = _shares(tuple(inputs.get(name, _ABSENT) for name in Shares._fields))
        kept = _upkeeps(tuple(inputs[name] for name in UPKEEP_INPUTS))
        wins, volumes, crossings = 0, [], []
        drawn_at = order(f"{self.facts.system}/{self.facts.as_of}")
        for index, (at, share, keep) in enumerate(zip(drawn_at, shares, kept, strict=True)):
            often = drawn[at]
            mix = mixes.get(often)
            if mix is None:
                mix = mixes[often] = _together(self.columns, often)
            volume = mix.inferences * scale
            volumes.append(volume)
            if mix.inferences <= 0:
                # Only weeks without traffic: no tokens are saved, only fixed costs count.
                wins += keep.fixed > (0.0 if self.terms.tuned else keep.instance * keep.least)
                continue
            case = line(mix, share, keep, self.terms)
            wins += case.saving(volume) > 0
            if index % _EVERY == 0:
                crossings.append(break_even(case).always_from)
        return wins, volumes, crossings

    def _costs(self, likely: Line) -> Iterator[StrategyCost]:
        value, volume = self.likely, self.volume
        prompting = value["prompt_change_usd"] * value["prompt_changes_per_month"]
        tuning = prompting - likely.fixed
        shares = {
            Strategy.PROMPT_ENGINEERING: 0.0,
            Strategy.HYBRID: value["hybrid_tuned_share"],
            Strategy.FINE_TUNING: 1.0,
        }
        for strategy, share in shares.items():
            tokens = (1 - share) * likely.prompted + share * likely.tuned
            monthly = volume * tokens
            if strategy is not Strategy.FINE_TUNING:
                monthly += prompting
            if strategy is not Strategy.PROMPT_ENGINEERING:
                monthly += tuning + likely.hosting(share * volume)
            yield StrategyCost(strategy, monthly, monthly / volume * 1000 if volume > 0 else None, tokens * 1000)

    def _drivers(self, likely: Line, volumes: list[float]) -> list[Driver]:
        """The inputs with the widest effect when each alone goes from its low to its high value (a tornado)."""
        volumes.sort()
        low, high = volumes[DRAWS // 10], volumes[-1 - DRAWS // 10]
        found = [Driver(TRAFFIC, likely.saving(low), likely.saving(high), Origin.MEASURED)]
        for name, amount in self.inputs.items():
            if amount.low < amount.high:
                ends = [self._line({name: end}).saving(self.volume) for end in (amount.low, amount.high)]
                found.append(Driver(name, ends[0], ends[1], amount.origin))
        found.sort(key=lambda driver: (-driver.swing, driver.name))
        return [driver for driver in found[:_DRIVERS] if driver.swing > 0]


@lru_cache(maxsize=512)
def _upkeeps(amounts: tuple[Amount, ...]) -> tuple[Upkeep, ...]:
    """The costs that do not depend on traffic, for each draw; cached, as most systems have the same inputs."""
    columns = [draws(name, amount) for name, amount in zip(UPKEEP_INPUTS, amounts, strict=True)]
    return tuple(upkeep(*row) for row in zip(*columns, strict=True))


@lru_cache(maxsize=512)
def _shares(amounts: tuple[Amount, ...]) -> tuple[Shares, ...]:
    columns = [draws(name, amount) for name, amount in zip(Shares._fields, amounts, strict=True)]
    return tuple(map(Shares._make, zip(*columns, strict=True)))


def _together(columns: Sequence[Sequence[float]], often: Sequence[int]) -> Mix:
    return Mix._make([sum(map(mul, column, often)) for column in columns])


def _outcome(probability: float) -> CostOutcome:
    if probability > CHEAPER_FROM:
        return CostOutcome.CHEAPER
    return CostOutcome.NOT_CHEAPER if probability < NOT_CHEAPER_BELOW else CostOutcome.CANNOT_TELL


def _range(crossings: list[float | None]) -> tuple[float | None, float | None]:
    """The 10% and 90% quantile of break-even volumes; draws without one count as infinite, which is None here."""
    if not crossings:
        return None, None
    ranked = sorted(crossings, key=lambda volume: float("inf") if volume is None else volume)
    return ranked[len(ranked) // 10], ranked[-1 - len(ranked) // 10]
