"""The five systems of the demo company: traffic, frequency of prompt changes, declarations."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from leverwatch.agent.framework.model import Strategy

DAYS = 120
"""Complete UTC days of usage; the last one is yesterday."""
WINDOW = 28
"""Days of the trailing window whose sum counts as a month."""
MONTH = 30.4375
"""Mean days of a month."""

ADOPTED = 75
"""Days before the last day on which a fine-tuned model replaced its base model."""
STATIC_SINCE = 60
"""Days before the last day from which prompts have their current length."""

WEEKDAY = 1.2
WEEKEND = 0.55
_WEEK_MEAN = (5 * WEEKDAY + 2 * WEEKEND) / 7

# One weight for each UTC hour; only their proportions matter.
_ROUND_THE_CLOCK = (4, 3, 3, 3, 3, 4, 6, 9, 12, 14, 15, 15, 15, 16, 16, 15, 15, 16, 17, 17, 15, 12, 9, 6)
_OFFICE = (1, 1, 1, 1, 1, 2, 5, 11, 17, 19, 19, 16, 14, 17, 19, 18, 14, 9, 5, 3, 2, 2, 1, 1)
_OFFICE_ONLY = (0, 0, 0, 0, 0, 0, 0, 6, 14, 17, 16, 12, 9, 13, 15, 13, 8, 3, 0, 0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class ModelPlan:
    """One model that a system uses."""

    name: str
    share: float
    """Its share of the system's inferences, 0 to 1."""
    latency_ms: float
    """Mean latency of a call, in milliseconds."""
    prices: tuple[float, float] | None
    """USD for a million input and output tokens; None when the price is unknown."""
    instead_of: str | None = None
    """The model that was used in its place until `ADOPTED` days before the last day."""


@dataclass(frozen=True, slots=True)
class SystemPlan:
    """One system: the data to generate, and the verdict that the framework must give."""

    name: str
    monthly: float
    """Inferences a month, as of the anchor day."""
    declared: Strategy
    recommended: Strategy
    conflict: bool
    """Whether both operational rules are to be active."""
    reviewed_days_ago: int
    models: tuple[ModelPlan, ...]
    input_tokens: float
    """Mean input tokens of an inference."""
    cached_share: float
    """Share of the input tokens that are cached, 0 to 1."""
    output_tokens: float
    hours: tuple[int, ...] = _ROUND_THE_CLOCK
    weekends: bool = True
    """Whether there are calls on Saturdays and Sundays."""
    anchor: int = 0
    """Days before the last day on which the trailing window has `monthly` inferences."""
    static_share: float = 0.45
    """Share of the input tokens that are the same in every call, 0 to 1."""
    static_share_before: float | None = None
    """That share until `STATIC_SINCE` days before the last day; None: it never changed."""
    attempts: float = 1.0
    """Calls to a model server for each inference."""
    invalid_share: float | None = None
    """Share of the outputs that fail the application's validation; None: they are not validated."""
    schema_mode: bool | None = None
    """Whether a structured-output mode is on; None: the log has no such field."""
    growth: float = 0.0
    """Continuous growth a day: 0.01 is about one percent."""
    locked_in: tuple[str, ...] = ()
    economics: str | None = None
    """The configured assumptions about its costs, as a mapping in YAML."""
    prompts: tuple[str, ...] = ("system",)
    """Names of the prompt files at the start."""
    change_days: tuple[int, int] | None = None
    """Fewest and most weekdays with a prompt change in a week, for systems whose prompts change constantly."""
    changes: tuple[int, ...] = ()
    """Days before the last day on which a prompt changes, for all other systems."""

    def day_level(self, weekday: int, day: int) -> float:
        """Return the expected inferences of one day.

        Args:
            weekday: 0 is Monday.
            day: days after the last day of the demo; negative before it.
        """
        if self.weekends:
            factor = (WEEKDAY if weekday < 5 else WEEKEND) / _WEEK_MEAN
        else:
            factor = 7 / 5 if weekday < 5 else 0.0
        # Growth makes the trailing window lag behind the day; without this the anchor would be missed.
        lag = sum(math.exp(-self.growth * back) for back in range(WINDOW)) / WINDOW
        return self.monthly / MONTH * factor * math.exp(self.growth * (day + self.anchor)) / lag

    def models_on(self, day: int) -> tuple[ModelPlan, ...]:
        """Return the models in use on a day, counted as in `day_level`."""
        if day >= -ADOPTED:
            return self.models
        return tuple(replace(model, name=model.instead_of or model.name) for model in self.models)

    def static_share_on(self, day: int) -> float:
        """Return the static share of the input on a day, counted as in `day_level`."""
        before = self.static_share_before
        return self.static_share if before is None or day > -STATIC_SINCE else before

    def hour_share(self, hour: int) -> float:
        """Return the share of a day's inferences in one UTC hour."""
        return self.hours[hour] / sum(self.hours)


SYSTEMS: tuple[SystemPlan, ...] = (
    SystemPlan(
        name="support-bot",
        monthly=100_000_000,
        anchor=30,
        growth=0.01,
        declared=Strategy.PROMPT_ENGINEERING,
        recommended=Strategy.HYBRID,
        conflict=False,
        reviewed_days_ago=74,
        models=(
            ModelPlan("atlas-mini", 0.8, 410.0, (0.12, 0.48)),
            ModelPlan("harbor-8b", 0.2, 290.0, None),
        ),
        economics="{hosting: dedicated, gpu_hour_usd: 2.4}",
        input_tokens=1_240.0,
        cached_share=0.62,
        output_tokens=148.0,
        prompts=("system", "handover", "tone"),
        changes=(104, 83, 57, 34, 12),
    ),
    SystemPlan(
        name="search-summaries",
        monthly=150_000_000,
        growth=0.0005,
        declared=Strategy.PROMPT_ENGINEERING,
        recommended=Strategy.PROMPT_ENGINEERING,
        conflict=False,
        reviewed_days_ago=41,
        models=(ModelPlan("atlas-mini", 1.0, 330.0, (0.12, 0.48)),),
        input_tokens=820.0,
        cached_share=0.35,
        output_tokens=64.0,
        prompts=("system", "snippet", "ranking-hints"),
        change_days=(2, 3),
    ),
    SystemPlan(
        name="contract-extraction",
        monthly=8_000_000,
        declared=Strategy.FINE_TUNING,
        recommended=Strategy.FINE_TUNING,
        conflict=False,
        reviewed_days_ago=55,
        models=(ModelPlan("atlas-mini-contracts", 1.0, 620.0, (0.3, 1.2), instead_of="atlas-mini"),),
        input_tokens=3_100.0,
        cached_share=0.12,
        output_tokens=420.0,
        static_share=0.3,
        invalid_share=0.034,
        schema_mode=True,
        hours=_OFFICE,
        locked_in=("JSON schema v3 must hold exactly",),
        prompts=("system", "clauses"),
        changes=(96, 61, 23),
    ),
    SystemPlan(
        name="claims-triage",
        monthly=22_000_000,
        declared=Strategy.FINE_TUNING,
        recommended=Strategy.HYBRID,
        conflict=True,
        reviewed_days_ago=108,
        models=(ModelPlan("atlas-mini-claims", 1.0, 480.0, (0.3, 1.2)),),
        input_tokens=1_650.0,
        cached_share=0.2,
        output_tokens=96.0,
        static_share=0.9,
        static_share_before=0.5,
        attempts=1.15,
        invalid_share=0.027,
        schema_mode=False,
        hours=_OFFICE,
        locked_in=("severity codes follow the claims handbook",),
        prompts=("system", "severity", "routing", "fax-intake"),
        change_days=(1, 3),
    ),
    SystemPlan(
        name="hr-faq",
        monthly=40_000,
        declared=Strategy.PROMPT_ENGINEERING,
        recommended=Strategy.PROMPT_ENGINEERING,
        conflict=False,
        reviewed_days_ago=30,
        models=(ModelPlan("atlas-large", 1.0, 1_150.0, (2.5, 10.0)),),
        input_tokens=2_300.0,
        cached_share=0.5,
        output_tokens=210.0,
        hours=_OFFICE_ONLY,
        weekends=False,
        prompts=("system", "faq"),
        changes=(88, 40),
    ),
)
"""All systems, in the order of the configuration."""
