"""Which systems need attention, why, and in which order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from leverwatch.agent.framework.assessment import Assessment
from leverwatch.agent.framework.baselines import Baseline
from leverwatch.agent.framework.comparison import ComparisonOutcome
from leverwatch.agent.framework.economics.model import Agreement, Economics
from leverwatch.agent.framework.forecast.model import Forecast
from leverwatch.agent.framework.model import Status, Verdict
from leverwatch.agent.framework.overengineering import Overengineering
from leverwatch.agent.framework.review import Review
from leverwatch.agent.framework.shutdowns import Urgency
from leverwatch.agent.snapshot import SystemView

PROBABLE = 0.8
"""A crossing is flagged from this probability on, as in the alert LeverwatchThresholdApproaching."""

_SOON = frozenset({Urgency.CRITICAL, Urgency.PAST})
_UNUSABLE = (ComparisonOutcome.MISSING, ComparisonOutcome.TOO_SMALL, ComparisonOutcome.NOT_COMPARABLE)


class Attention(IntEnum):
    """Reasons why a system needs attention, the most urgent first."""

    MODEL_ENDS_SOON = 0
    MISMATCH = 1
    BASELINE_WORSE = 2
    CONFLICT = 3
    HELD = 4
    DIVERGING = 5
    APPROACHING = 6
    MODEL_ENDS = 7
    BASELINE_MISSING = 8
    OVER_ENGINEERED = 9
    COST = 10
    COSTS_MORE = 11
    REVIEW = 12
    PROVISIONAL = 13
    UNDECIDED = 14
    NONE = 15


@dataclass(frozen=True, slots=True)
class Flag:
    """A label of a system on the page: a word, and a sign so that the meaning does not depend on colour."""

    kind: str
    sign: str
    word: str
    alert: str | None = None
    """The alert whose runbook is linked; None: no link."""


_FLAGS = {
    Attention.MODEL_ENDS_SOON: Flag("failed", "✕", "Model ends soon", "LeverwatchModelShutdownAhead"),
    Attention.MISMATCH: Flag("mismatch", "≠", "Differs", "LeverwatchStrategyMismatch"),
    Attention.BASELINE_WORSE: Flag("failed", "↓", "Tuned model worse", "LeverwatchBaselineWorse"),
    Attention.CONFLICT: Flag("conflict", "⇄", "Conflict", "LeverwatchRulesInConflict"),
    Attention.HELD: Flag("held", "‖", "Held", "LeverwatchUsageStale"),
    Attention.DIVERGING: Flag("held", "≉", "Sources differ", "LeverwatchSourcesDiverge"),
    Attention.APPROACHING: Flag("ahead", "↗", "Near threshold", "LeverwatchThresholdApproaching"),
    Attention.MODEL_ENDS: Flag("ahead", "✕", "Model ends", "LeverwatchModelShutdownAhead"),
    Attention.BASELINE_MISSING: Flag("baseline", "∅", "No baseline", "LeverwatchBaselineMissing"),
    Attention.OVER_ENGINEERED: Flag("prompt", "≡", "Over-engineered", "LeverwatchPromptOverEngineered"),
    Attention.COST: Flag("cost", "$", "Cost disagrees", "LeverwatchEconomicsDisagree"),
    Attention.COSTS_MORE: Flag("cost", "$", "Would cost more", "LeverwatchRecommendationCostsMore"),
    Attention.REVIEW: Flag("review", "↻", "Review due", "LeverwatchReviewDue"),
    Attention.PROVISIONAL: Flag("provisional", "~", "Provisional"),
    Attention.UNDECIDED: Flag("undecided", "?", "Undecided"),
}
_AGREES = Flag("agrees", "✓", "As declared")
_DECIDED = Flag("decided", "✓", "Decided")

ALL_FLAGS = (*_FLAGS.values(), _AGREES, _DECIDED)
"""All flags, the most urgent first."""


def causes(view: SystemView) -> tuple[Attention, ...]:
    """Return the reasons why a system needs attention, the most urgent first; empty when there is none."""
    verdict = view.verdict
    found = {
        Attention.MISMATCH: bool(verdict.mismatch),
        Attention.CONFLICT: verdict.conflict,
        Attention.HELD: verdict.held,
        Attention.DIVERGING: any(check.divergence for check in view.cross_checks),
        Attention.PROVISIONAL: verdict.status is Status.PROVISIONAL,
        Attention.UNDECIDED: verdict.status is Status.UNDECIDED,
    }
    if view.assessment is not None:
        found |= _beside(view.assessment, verdict)
    return tuple(attention for attention in Attention if found.get(attention))


def _beside(found: Assessment, verdict: Verdict) -> dict[Attention, bool]:
    decided = verdict.status is Status.DECIDED
    outcome = found.baseline.outcome if isinstance(found.baseline, Baseline) else None
    judged = getattr(found.prompts, "verdict", None)
    shutdowns = found.shutdowns if isinstance(found.shutdowns, tuple) else ()
    endings = {ending.urgency for ending in shutdowns}
    change = found.economics.change if isinstance(found.economics, Economics) else None
    dear = change is not None and change.saving < 0
    return {
        Attention.MODEL_ENDS_SOON: not endings.isdisjoint(_SOON),
        Attention.MODEL_ENDS: Urgency.WARNING in endings,
        Attention.MISMATCH: bool(verdict.mismatch) and not dear,
        Attention.COSTS_MORE: bool(verdict.mismatch) and dear,
        Attention.BASELINE_WORSE: outcome is ComparisonOutcome.WORSE,
        Attention.APPROACHING: decided and _approaching(found.outlook),
        Attention.BASELINE_MISSING: outcome in _UNUSABLE,
        Attention.OVER_ENGINEERED: isinstance(judged, Overengineering) and bool(judged.flagged),
        Attention.COST: decided and found.agreement is Agreement.DISAGREES and not dear,
        Attention.REVIEW: isinstance(found.review, Review) and bool(found.review.due),
    }


def _approaching(outlook: object) -> bool:
    return isinstance(outlook, Forecast) and any(
        one.probability is not None and one.probability >= PROBABLE for one in outlook.outlooks
    )


def flags(view: SystemView) -> tuple[Flag, ...]:
    """Return the flags in the status cell of a system; never empty."""
    present = tuple(_FLAGS[attention] for attention in causes(view))
    if present:
        return present
    return (_AGREES,) if view.verdict.mismatch is False else (_DECIDED,)


def by_attention(systems: Iterable[SystemView]) -> list[SystemView]:
    """Return the systems ordered by their most urgent reason."""

    def order(view: SystemView) -> tuple[int, int, str]:
        present = causes(view)
        return min(present, default=Attention.NONE), -len(present), view.system

    return sorted(systems, key=order)


def alerts_now(systems: Iterable[SystemView]) -> tuple[tuple[Flag, int], ...]:
    """Return each flag that an alert stands behind with how many systems have it, the most urgent first."""
    counts = Counter(attention for view in systems for attention in causes(view))
    return tuple((_FLAGS[one], counts[one]) for one in Attention if counts[one] and _FLAGS[one].alert is not None)
