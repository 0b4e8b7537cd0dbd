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
    """USD a month that prompts cost beside tokens, less what a tuned model costs beside tokens and instances."""
    step: float = 0.0
    """USD a month for one instance."""
    unit: float = inf
    """Inferences a month that one instance serves."""
    least: int = 0
    """Instances that always run."""

    def saving(self, volume: float) -> float:
        """USD a month at a monthly volume."""
        prompted, tuned, fixed, step, unit, least = self
        saving = volume * (prompted - tuned) + fixed
        return saving - step * max(least, ceil(volume / unit)) if step else saving

    def hosting(self, volume: float) -> float:
        """USD a month for instances at a monthly volume."""
        return self.step * max(self.least, ceil(volume / self.unit)) if self.step else 0.0


def break_even(line: Line) -> BreakEven:
    """Where the saving is positive, exactly.

    Within one number of instances the saving is a straight line. Instance n serves the volumes in
    ((n - 1) x unit, n x unit]; the `least` first ones serve everything up to least x unit.
    """
    slope = line.prompted - line.tuned
    if not line.step or line.unit == inf:
        return _straight(slope, line.fixed - line.step * line.least)
    stairs = _Stairs(slope, line.fixed, line.step, line.unit, max(line.least, 1))
    if slope <= 0:
        return stairs.falling()
    return stairs.rising() if slope * line.unit > line.step else stairs.sinking()


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
        """Where the saving reaches 0 within a step; 0 where it is positive from no volume on."""
        return max((self.step * instances - self.fixed) / self.slope, 0.0)

    def falling(self) -> BreakEven:
        """Every inference and every step cost more, so the first volume without a saving ends it."""
        if self.fixed <= self.step * self.least:
            return BreakEven(None, None, None)
        loss = self.slope * self.unit
        positive_at_the_bottom = _whole(ceil, (self.fixed - loss) / (self.step - loss)) - 1
        instances = max(self.least, positive_at_the_bottom)
        end = instances * self.unit
        return BreakEven(0.0, None, min(end, (self.step * instances - self.fixed) / self.slope) if loss else end)

    def rising(self) -> BreakEven:
        """A full instance saves more than it costs: at some volume it is cheaper for good."""
        gain = self.slope * self.unit - self.step
        first = max(self.least, _whole(floor, -self.fixed / gain) + 1)
        lasting = max(first, _whole(ceil, (self.slope * self.unit - self.fixed) / gain) - 1)
        return BreakEven(self._zero(first), self._zero(lasting), None)

    def sinking(self) -> BreakEven:
        """Not even a full instance pays for itself: it is cheaper only while the fixed costs make up for it."""
        loss = self.step - self.slope * self.unit
        if self.fixed <= loss * self.least:
            return BreakEven(None, None, None)
        first = self._zero(self.least)
        if not loss:
            return BreakEven(first, first if self.fixed >= self.step else None, None)
        return BreakEven(first, None, (_whole(ceil, self.fixed / loss) - 1) * self.unit)


def _whole(rounded: Callable[[float], int], value: float) -> int:
    """A number of instances; those beyond any real one are cut, as infinity has no whole number."""
    return rounded(max(min(value, _MOST_INSTANCES), -_MOST_INSTANCES))
