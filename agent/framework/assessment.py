"""What stands beside a verdict: economics, outlook, the mistakes that are watched, and locked-in evidence."""

from __future__ import annotations

from dataclasses import dataclass

from agent.framework.baselines import Baseline
from agent.framework.economics.model import Agreement, Economics
from agent.framework.forecast.model import Forecast
from agent.framework.locked_in import LockedIn
from agent.framework.overengineering import Overengineering, PromptMoments
from agent.framework.permanence import Review
from agent.framework.shutdowns import Shutdown


@dataclass(frozen=True, slots=True)
class Unavailable:
    """A part that could not be worked out."""

    reason: str


@dataclass(frozen=True, slots=True)
class PromptJudgement:
    """Whether the prompts look over-engineered, with the means that the signs were read from."""

    moments: PromptMoments
    verdict: Overengineering


@dataclass(frozen=True, slots=True)
class Assessment:
    """Everything beside the verdict on one system on one day. The verdict does not depend on any of it."""

    economics: Economics | Unavailable
    agreement: Agreement
    outlook: Forecast | Unavailable
    baseline: Baseline | Unavailable | None
    """None: no fine-tuned model is in use."""
    prompts: PromptJudgement | Unavailable
    shutdowns: tuple[Shutdown, ...] | Unavailable
    """Of models that the system used in the trailing 28 days, the nearest first."""
    review: Review | Unavailable
    locked_in: LockedIn | Unavailable
