"""Saving as a function of volume, and where it is positive.

    saving(V) = V x (prompted - tuned) + fixed - step x max(least, ceil(V / unit))

Without dedicated hosting `step` is 0 and the function is a straight line. With it, every `unit` inferences a month
need another instance, and the function is a saw-tooth that a closed form for a line would get wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, floor, inf
from typing import NamedTuple

from leverwatch.agent.framework.economics.model import BreakEven

_MOST_INSTANCES = 1e12


class Line(NamedTuple):
    """The monthly saving by fine-tuning, in USD."""

    prompted: float
    """USD for the tokens of one inference today."""
    tuned: float
    """USD for the tokens of one inference of the tuned model."""
    fixed: float
    """USD a month: the costs of prompts other than tokens, minus those of a tuned model other than tokens and
    instances."""
    step: float = 0.0
    """USD a month for one instance."""
    unit: float = inf
    """Inferences a month that one instance serves."""
    least: int = 0
    """Instances that run at any volume, also without traffic."""

    def saving(self, volume: float) -> float:
        """The saving in USD a month at a volume in inferences a month; negative when fine-tuning costs more."""
        prompted, tuned, fixed, step, unit, least = self
        saving = volume * (prompted - tuned) + fixed
        return saving - step * max(least, ceil(volume / unit)) if step else saving

    def hosting(self, volume: float) -> float:
        """The cost of instances in USD a month at a volume in inferences a month."""
        return self.step * max(self.least, ceil(volume / self.unit)) if self.step else 0.0


def break_even(line: Line) -> BreakEven:
    """Return the volumes, in inferences a month, at which the saving is positive; exact, not searched for.

    For a given number of instances the saving is a straight line. n instances are needed for the volumes in
    ((n - 1) x unit, n x unit]; at least `least` of them run, which serve everything up to least x unit.
    """
    slope = line.prompted - line.tuned
    if not line.step or line.unit == inf:
        return _straight(slope, line.fixed - line.step * line.least)
    stairs = _Stairs(slope, line.fixed, line.step, line.unit, max(line.least, 1))
    if slope <= 0:
        return stairs.falling()
    return stairs.rising() if slope * line.unit > line.step else stairs.sinking()


def always_from(line: Line) -> float | None:
    """Return `break_even(line).always_from`, without what else is worked out there where that costs time."""
    prompted, tuned, fixed, step, unit, least = line
    slope = prompted - tuned
    if not step or unit == inf or slope * unit <= step or slope <= 0:
        return break_even(line).always_from
    # As in `_Stairs.rising`, of which only the volume is needed from which it is always cheaper.
    saved = slope * unit
    gain = saved - step
    least = max(least, 1)
    first = max(least, _whole(floor, -fixed / gain) + 1)
    lasting = max(first, _whole(ceil, (saved - fixed) / gain) - 1)
    return max((step * lasting - fixed) / slope, 0.0)


def _straight(slope: float, fixed: float) -> BreakEven:
    if slope > 0:
        crossing = max(-fixed / slope, 0.0)
        return BreakEven(crossing, crossing, None)
    if fixed <= 0:
        return BreakEven(None, None, None)
    return BreakEven(0.0, 0.0, None) if slope == 0 else BreakEven(0.0, None, fixed / -slope)


class _Stairs(NamedTuple):
    slope: float
    fixed: float
    step: float
    unit: float
    least: int

    def _zero(self, instances: int) -> float:
        """The volume at which the saving is 0 with so many instances; 0 when it is positive at any volume."""
        return max((self.step * instances - self.fixed) / self.slope, 0.0)

    def falling(self) -> BreakEven:
        """The break-even when no inference gets cheaper: fine-tuning is cheaper up to some volume, if at all."""
        if self.fixed <= self.step * self.least:
            return BreakEven(None, None, None)
        loss = self.slope * self.unit
        positive_at_the_bottom = _whole(ceil, (self.fixed - loss) / (self.step - loss)) - 1
        instances = max(self.least, positive_at_the_bottom)
        end = instances * self.unit
        return BreakEven(0.0, None, min(end, (self.step * instances - self.fixed) / self.slope) if loss else end)

    def rising(self) -> BreakEven:
        """The break-even when a full instance saves more than it costs: from some volume on always cheaper."""
        gain = self.slope * self.unit - self.step
        first = max(self.least, _whole(floor, -self.fixed / gain) + 1)
        lasting = max(first, _whole(ceil, (self.slope * self.unit - self.fixed) / gain) - 1)
        return BreakEven(self._zero(first), self._zero(lasting), None)

    def sinking(self) -> BreakEven:
        """When a full instance saves less than it costs: the saving ends when the fixed saving is used up."""
        loss = self.step - self.slope * self.unit
        if self.fixed <= loss * self.least:
            return BreakEven(None, None, None)
        first = self._zero(self.least)
        if not loss:
            return BreakEven(first, first if self.fixed >= self.step else None, None)
        return BreakEven(first, None, (_whole(ceil, self.fixed / loss) - 1) * self.unit)


def _whole(rounded: Callable[[float], int], value: float) -> int:
    """The rounded number of instances, bounded so that infinity can be rounded too."""
    return rounded(max(min(value, _MOST_INSTANCES), -_MOST_INSTANCES))
