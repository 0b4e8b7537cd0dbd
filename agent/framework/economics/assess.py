"""The economics of one system on one day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import inf

from leverwatch.agent.framework import compiled
from leverwatch.agent.framework.economics.amounts import Amount, Hosting, Origin, Price
from leverwatch.agent.framework.economics.breakeven import Line, break_even
from leverwatch.agent.framework.economics.change import compared, cost_of_change
from leverwatch.agent.framework.economics.drawn import sums_drawn, together
from leverwatch.agent.framework.economics.mix import Mix, measured, mix_of_weeks
from leverwatch.agent.framework.economics.model import (
    CHEAPER_FROM,
    NOT_CHEAPER_BELOW,
    CostOutcome,
    CostSplit,
    Driver,
    Economics,
    EconomicsFacts,
    Missing,
    StrategyCost,
    Unknown,
)
from leverwatch.agent.framework.economics.scenario import (
    UPKEEP_INPUTS,
    Shares,
    Terms,
    each_of,
    line,
    upkeep,
)
from leverwatch.agent.framework.model import Strategy

TRAFFIC = "monthly_inferences"
"""The name that the volume has among the drivers."""
_DRIVERS = 2
_PLACES = {name: place for place, name in enumerate((*Shares._fields, *UPKEEP_INPUTS))}
_INSTANCES = frozenset({"gpu_hour_usd", "tokens_per_second", "utilisation", "minimum_instances"})


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
    if "tuned_calls_per_trace" in facts.inputs:
        total = facts.traffic.total()
        if measured(total).calls_per_trace is None and total.traces > 0:
            yield Unknown(Missing.DOUBTFUL, "fewer calls name a trace than there are traces")
        elif measured(total).calls_per_trace is None:
            text = "tuned_calls_per_trace is configured, and no call of today names its trace"
            yield Unknown(Missing.CALLS, text)


class _Assessment:
    def __init__(self, facts: EconomicsFacts, weeks: Sequence[Mix], volume: float) -> None:
        self.facts = facts
        self.volume = volume
        tuned = facts.tuned_price if facts.hosting is Hosting.PER_TOKEN else None
        total = measured(facts.traffic.total())
        self.terms = Terms.of(tuned if isinstance(tuned, Price) else None, total, facts.inputs)
        self.columns = tuple(zip(*weeks, strict=True))
        self.whole = together(self.columns, [1] * len(weeks))
        self.each = each_of(self.whole, self.terms)
        self.likely = {name: amount.likely for name, amount in facts.inputs.items()}
        self.shares = Shares(*[self.likely.get(name, 0.0) for name in Shares._fields])
        self.kept = upkeep(*[self.likely[name] for name in UPKEEP_INPUTS])

    def run(self) -> Economics:
        facts = self.facts
        likely = line(self.each, self.shares, self.kept, self.terms)
        splits = self._splits(likely)
        drawn = sums_drawn(
            f"{facts.system}/{facts.as_of}",
            self.columns,
            self.volume,
            facts.inputs,
            self.terms,
            compared(facts.declared, facts.recommended, splits),
        )
        cheaper = (None, drawn.hybrid_cheaper, drawn.tuning_cheaper)
        costs = tuple(self._costs(likely, splits, cheaper))
        probability = drawn.tuning_cheaper
        change, not_compared = cost_of_change(facts.declared, facts.recommended, splits, drawn.saved)
        low, median, high = drawn.crossings
        assumed_cached = self.whole.cost_by_cached_share != 0
        return Economics(
            system=facts.system,
            as_of=facts.as_of,
            outcome=_outcome(probability),
            probability=probability,
            costs=costs,
            saving=likely.saving(self.volume),
            break_even=break_even(likely),
            break_even_range=(low, high),
            break_even_median=median,
            drivers=tuple(self._drivers(likely, drawn.volumes)),
            inputs=used_inputs(facts),
            bill=splits[Strategy.PROMPT_ENGINEERING].tokens,
            bill_origin=facts.inputs["cached_share"].origin if assumed_cached else Origin.MEASURED,
            change=change,
            not_compared=not_compared,
        )

    def _splits(self, likely: Line) -> dict[Strategy, CostSplit]:
        kept, volume, part = self.kept, self.volume, self.likely["hybrid_tuned_share"]
        prompted, tuned = volume * likely.prompted, volume * likely.tuned
        return {
            Strategy.PROMPT_ENGINEERING: CostSplit(prompted, kept.prompts, 0.0, 0.0),
            Strategy.HYBRID: CostSplit(
                (1 - part) * prompted + part * tuned,
                kept.prompts + kept.operations,
                kept.training,
                likely.hosting(part * volume),
            ),
            Strategy.FINE_TUNING: CostSplit(tuned, kept.operations, kept.training, likely.hosting(volume)),
        }

    def _costs(
        self, likely: Line, splits: Mapping[Strategy, CostSplit], cheaper: Sequence[float | None]
    ) -> Iterator[StrategyCost]:
        part, volume = self.likely["hybrid_tuned_share"], self.volume
        for (strategy, split), tuned_share, share in zip(splits.items(), (0.0, part, 1.0), cheaper, strict=True):
            tokens = (1 - tuned_share) * likely.prompted + tuned_share * likely.tuned
            monthly = split.total
            yield StrategyCost(
                strategy,
                monthly,
                monthly / volume * 1000 if volume > 0 else None,
                tokens * 1000,
                split,
                share,
            )

    def _drivers(self, likely: Line, volumes: tuple[float, float]) -> Iterator[Driver]:
        """The inputs with the widest effect when each alone goes from its low to its high value (a tornado)."""
        low, high = volumes
        swings = [(TRAFFIC, likely.saving(low), likely.saving(high), Origin.MEASURED)]
        moved = [(name, amount) for name, amount in self.facts.inputs.items() if amount.low < amount.high]
        savings = iter(self._savings([(name, end) for name, it in moved for end in (it.low, it.high)]))
        swings += [(name, next(savings), next(savings), amount.origin) for name, amount in moved]
        swings.sort(key=lambda swing: (-abs(swing[2] - swing[1]), swing[0]))
        return (driver for swing in swings[:_DRIVERS] if (driver := Driver(*swing)).swing > 0)

    def _savings(self, ends: list[tuple[str, float]]) -> list[float]:
        """The saving at each of these values of one input, the others at their likely ones."""
        if compiled.native is not None:
            likely = (*self.shares, *[self.likely[name] for name in UPKEEP_INPUTS])
            places = [(_PLACES.get(name, -1), value) for name, value in ends]
            found = compiled.native.swings(self.each, self.terms.packed, self.volume, likely, places)
            if found is not None:
                return list(found)
        return [self._saving(name, value) for name, value in ends]

    def _saving(self, name: str, value: float) -> float:
        """The saving at a value of one input, the others at their likely ones."""
        shares, kept = self.shares, self.kept
        if name in Shares._fields:
            shares = shares._replace(**{name: value})
        elif name in UPKEEP_INPUTS:
            kept = upkeep(*[value if other == name else self.likely[other] for other in UPKEEP_INPUTS])
        return line(self.each, shares, kept, self.terms).saving(self.volume)


def _outcome(probability: float) -> CostOutcome:
    if probability > CHEAPER_FROM:
        return CostOutcome.CHEAPER
    return CostOutcome.NOT_CHEAPER if probability < NOT_CHEAPER_BELOW else CostOutcome.CANNOT_TELL
