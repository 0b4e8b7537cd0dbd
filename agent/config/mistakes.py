"""The parts of the configuration about baselines, over-engineered prompts, reviews and locked-in evidence."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from leverwatch.agent.config.numbers import Number, Whole
from leverwatch.agent.framework.mistakes import (
    BaselineSettings,
    LockedInSettings,
    OverengineeringSettings,
    ReviewSettings,
    ShutdownSettings,
)
from leverwatch.collectors.config import Model

_BASELINES, _PROMPTS, _LOCKED_IN = BaselineSettings(), OverengineeringSettings(), LockedInSettings()
_REVIEWS, _SHUTDOWNS = ReviewSettings(), ShutdownSettings()
_LONGEST = 3650

Glob = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
"""A pattern over a whole name; `*`, `?` and `[...]` as in a shell."""


class BaselinesConfig(Model):
    """When a fine-tuned model needs a baseline, and what it takes."""

    tuned_models: tuple[Glob, ...] = Field(
        default=_BASELINES.tuned_models,
        description="Globs of models that are fine-tuned, beside those whose names show it.",
        examples=[["acme-*", "llama-3-8b:support"]],
    )
    tuned_share: Number = Field(
        default=_BASELINES.tuned_share,
        gt=0,
        description="Share of a system's generations of a day from which a tuned model is adopted (inclusive).",
    )
    before_days: Whole = Field(
        default=_BASELINES.before_days,
        ge=1,
        le=_LONGEST,
        description="Days before the adoption within which the result before must be dated.",
    )
    minimum_n: Whole = Field(
        default=_BASELINES.minimum_n, ge=1, description="Test cases that the result before and the one after need."
    )
    confidence: Number = Field(
        default=_BASELINES.confidence,
        gt=0,
        lt=1,
        description="Confidence of the interval that has to exclude zero; shared among the metrics compared.",
    )
    stale_after_days: Whole = Field(
        default=_BASELINES.stale_after_days,
        ge=1,
        le=_LONGEST,
        description="Age in days of the newest result after, above which a baseline is stale.",
    )

    def to_settings(self) -> BaselineSettings:
        """Return them as settings of the framework."""
        return BaselineSettings(**dict(self))


class OverEngineeringConfig(Model):
    """From where each sign of an over-engineered prompt counts, and how many have to agree."""

    agree: Whole = Field(
        default=_PROMPTS.agree,
        ge=1,
        le=5,
        description="Signs, of five, that must agree before a prompt is flagged.",
    )
    static_share: Number = Field(
        default=_PROMPTS.static_share,
        ge=0,
        description="Static share of the input above which it counts, when `input_output` is exceeded too.",
    )
    input_output: Number = Field(
        default=_PROMPTS.input_output,
        ge=0,
        description="Input tokens an output token above which a large static share counts; no sign by itself.",
    )
    cached_share: Number = Field(
        default=_PROMPTS.cached_share,
        ge=0,
        description="Share of the static tokens read from the provider's cache below which caching does not work.",
    )
    cacheable_share: Number = Field(
        default=_PROMPTS.cacheable_share,
        ge=0,
        description="Static share of the input above which poor caching counts.",
    )
    growth: Number = Field(
        default=_PROMPTS.growth,
        ge=0,
        description="Growth of the prompt over 13 weeks above which it counts (0.5 is 50%), unless evals gained.",
    )
    calls_per_trace: Number = Field(
        default=_PROMPTS.calls_per_trace,
        gt=1,
        description="Calls a trace from which a chain counts (inclusive), when outputs are small.",
    )
    small_output: Number = Field(
        default=_PROMPTS.small_output, gt=0, description="Mean output tokens of a call below which it is small."
    )
    attempts: Number = Field(
        default=_PROMPTS.attempts, ge=1, description="Attempts for each inference above which retries count."
    )

    def to_settings(self) -> OverengineeringSettings:
        """Return them as settings of the framework."""
        return OverengineeringSettings(**dict(self))


class ReviewsConfig(Model):
    """When a declaration has to be reviewed."""

    review_after_days: Whole = Field(
        default=_REVIEWS.review_after_days,
        ge=1,
        le=_LONGEST,
        description="Age in days from which the review of a declaration is due.",
    )
    warning_days: Whole = Field(
        default=_SHUTDOWNS.warning_days,
        ge=0,
        le=_LONGEST,
        description="Days before the shutdown of a model in use from which it is a warning.",
    )
    critical_days: Whole = Field(
        default=_SHUTDOWNS.critical_days,
        ge=0,
        le=_LONGEST,
        validate_default=True,
        description="Days before the shutdown from which it is critical. Not above `warning_days`.",
    )

    @field_validator("critical_days")
    @classmethod
    def _ordered(cls, value: int, info: ValidationInfo) -> int:
        if value > info.data.get("warning_days", value):
            raise ValueError("must not be above warning_days")
        return value

    def to_settings(self) -> ReviewSettings:
        """Return the age at which a review is due as settings of the framework."""
        return ReviewSettings(self.review_after_days)

    def to_shutdown_settings(self) -> ShutdownSettings:
        """Return the days before a shutdown as settings of the framework."""
        return ShutdownSettings(self.warning_days, self.critical_days)


class LockedInConfig(Model):
    """From where measurements support the need for locked-in behaviour. They advise and never decide."""

    failure_rate: Number = Field(
        default=_LOCKED_IN.failure_rate,
        ge=0,
        description="Share of checked outputs that fail validation above which failures are high.",
    )
    failure_days: Whole = Field(
        default=_LOCKED_IN.failure_days,
        ge=2,
        le=90,
        description="Days over which failures must be high, in each half of them.",
    )
    minimum_checked: Whole = Field(
        default=_LOCKED_IN.minimum_checked,
        ge=1,
        description="Checked outputs that each half needs, and test cases that a flat score needs.",
    )
    schema_on: Number = Field(
        default=_LOCKED_IN.schema_on,
        gt=0.5,
        description="Share of calls with a schema mode from which it is in use; at 1 minus this it is not in use.",
    )
    scorers: tuple[Glob, ...] = Field(
        default=_LOCKED_IN.scorers,
        description="Globs of eval metrics that score format or tone, whatever their letter case.",
    )
    target: Number = Field(
        default=_LOCKED_IN.target, description="Score below which such a metric misses its target."
    )
    flat_changes: Whole = Field(
        default=_LOCKED_IN.flat_changes, ge=1, description="Prompt changes over which a score has to be flat."
    )
    stable_weeks: Whole = Field(
        default=_LOCKED_IN.stable_weeks,
        ge=1,
        le=520,
        description="Weeks without a prompt change from which a prompt is stable.",
    )

    def to_settings(self) -> LockedInSettings:
        """Return them as settings of the framework."""
        return LockedInSettings(**dict(self))


class ModelConfig(Model):
    """What is known of one model, or of all that a pattern matches."""

    shutdown: date = Field(
        description="Day on which the provider stops serving it. It comes before the day of a provider's list.",
        examples=["2027-01-14"],
    )
