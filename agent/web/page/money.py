"""What a system costs, and what the recommendation would change of it, in a few figures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from leverwatch.agent.framework.assessment import Unavailable
from leverwatch.agent.framework.economics.model import CostOfChange, Economics
from leverwatch.agent.framework.economics.words import usd
from leverwatch.agent.framework.review import Review
from leverwatch.agent.snapshot import SystemView


@dataclass(frozen=True, slots=True)
class Money:
    """The money of one system. Amounts are US dollars a month."""

    figure: str
    """The one amount to look at, or that it is unknown."""
    more: tuple[str, ...]
    """How sure it is, what today's tokens cost, or why nothing is known."""
    known: bool


def money(view: SystemView) -> Money:
    """Return what the recommended strategy saves or costs against the declared one, at likely values."""
    found = None if view.assessment is None else view.assessment.economics
    if not isinstance(found, Economics):
        return Money("unknown", (found.reason,) if isinstance(found, Unavailable) else (), known=False)
    bill = () if found.bill is None else (f"today's tokens {_dollars(found.bill)}",)
    change = found.change
    if change is None:
        reason = found.not_compared or "; ".join(unknown.text for unknown in found.unknown)
        return Money(
            "not compared" if found.not_compared else "unknown", (*bill, *filter(None, (reason,))), known=False
        )
    if change.same:
        return Money("nothing to save", bill, known=True)
    return Money(_figure(change), (*filter(None, (_sure(change),)), *bill), known=True)


def at_stake(systems: Iterable[SystemView]) -> str:
    """Return in one sentence the money of all systems that differ from their declaration; empty when none does.

    Savings and extra costs are summed apart, at likely values; unknown ones are counted, and are no zeros.
    """
    differing = [view for view in systems if view.verdict.mismatch]
    changes = [_change(view) for view in differing]
    savings = [change.saving for change in changes if change is not None and change.saving > 0]
    costs = [-change.saving for change in changes if change is not None and change.saving < 0]
    unknown = sum(change is None for change in changes)
    parts = []
    if savings:
        parts.append(f"would likely save {_dollars(sum(savings))} a month in {_systems(len(savings))}")
    if costs:
        parts.append(f"would likely cost {_dollars(sum(costs))} a month more in {_systems(len(costs))}")
    if unknown:
        parts.append(f"has an unknown price in {_systems(unknown)}")
    return f"What is recommended {', '.join(parts)}." if parts else ""


def differs(view: SystemView) -> str:
    """Return since when the recommendation differs from the declaration; empty when it does not, or the day is
    unknown."""
    review = None if view.assessment is None else view.assessment.review
    if not view.verdict.mismatch or not isinstance(review, Review) or review.differing_days is None:
        return ""
    if not review.differing_days:
        return f"differs since {review.differing_since}"
    return f"differs for {review.differing_days:,} day{'' if review.differing_days == 1 else 's'}"


def _change(view: SystemView) -> CostOfChange | None:
    found = None if view.assessment is None else view.assessment.economics
    return found.change if isinstance(found, Economics) else None


def _figure(change: CostOfChange) -> str:
    if not change.saving:
        return "costs the same"
    return f"saves {_dollars(change.saving)}" if change.saving > 0 else f"costs {_dollars(-change.saving)} more"


def _sure(change: CostOfChange) -> str:
    return "" if change.probability is None else f"{change.probability:.0%} likely to save"


def _dollars(amount: float) -> str:
    return f"${usd(amount)}"


def _systems(number: int) -> str:
    return f"{number:,} system{'' if number == 1 else 's'}"
