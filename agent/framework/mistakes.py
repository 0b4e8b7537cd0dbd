"""The settings of the three mistakes and of locked-in evidence, each alone and together."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from msgspec import Struct, field


class BaselineSettings(Struct, frozen=True):
    """From when on a system needs a baseline, and which eval results make one."""

    tuned_share: float = 0.05
    """Share of a day's generations at which a fine-tuned model counts as adopted."""
    before_days: int = 30
    """The result from before the adoption must be at most this many days older than it."""
    minimum_n: int = 30
    """Test cases that each of the two results needs at least."""
    confidence: float = 0.95
    stale_after_days: int = 60
    """Days after which the newest result of the tuned model is stale."""
    tuned_models: tuple[str, ...] = ()
    """Globs of names of fine-tuned models, in addition to names whose form shows it (see `TunedBy`)."""


class OverengineeringSettings(Struct, frozen=True):
    """The threshold of each sign, and how many signs have to be active."""

    agree: int = 3
    """How many signs must be active to flag a system. Two could have one cause, as static share and cache use both
    follow from one long fixed prompt; a third one comes from another measurement."""
    static_share: float = 0.8
    """The static share of the input must be above this, and the ratio above `input_output`, for this sign."""
    input_output: float = 30.0
    """Input tokens per output token above which a large static share is a sign. The ratio alone is none: code
    completion at 73 to 1 is healthy."""
    cached_share: float = 0.3
    """Caching does not work when less than this share of the static tokens is read from the provider's cache."""
    cacheable_share: float = 0.5
    """Poor caching is a sign only when the static share of the input is above this."""
    growth: float = 0.5
    """Growth of the prompt over 13 weeks (0.5 is 50%) above which it is a sign, unless evals got better."""
    calls_per_trace: float = 3.0
    """Calls per trace from which a chain is a sign (inclusive), when outputs are smaller than `small_output`."""
    small_output: float = 50.0
    """Mean output tokens below which an output is small."""
    attempts: float = 1.1
    """Attempts per inference above which retries are a sign."""


class ReviewSettings(Struct, frozen=True):
    """When a declaration has to be reviewed."""

    review_after_days: int = 90
    """Days since the last review after which the next one is due."""


class ShutdownSettings(Struct, frozen=True):
    """How many days before a shutdown it becomes urgent."""

    warning_days: int = 90
    critical_days: int = 30


class LockedInSettings(Struct, frozen=True):
    """The thresholds of each kind of evidence."""

    failure_rate: float = 0.02
    """Failures are high when more than this share of the checked outputs fails validation."""
    failure_days: int = 14
    """Trailing days in which failures must be high; in the first half of them and in the second."""
    minimum_checked: int = 30
    """The fewest checked outputs of each half, and the fewest test cases of a flat score."""
    schema_on: float = 0.95
    """A schema mode is in use from this share of the calls on, and not in use below 1 minus this share."""
    scorers: tuple[str, ...] = ("*format*", "*schema*", "*style*", "*tone*")
    """Globs of eval metrics that score format or tone; letter case does not matter."""
    target: float = 0.95
    """Such a metric misses its target below this score; both are between 0 and 1."""
    flat_changes: int = 3
    """The fewest prompt changes over which a score has to stay flat."""
    stable_weeks: int = 13
    """A prompt is stable after so many weeks without a change."""


class MistakeSettings(Struct, frozen=True):
    """The settings of everything that is watched in addition to the five rules."""

    baselines: BaselineSettings = field(default_factory=BaselineSettings)
    over_engineering: OverengineeringSettings = field(default_factory=OverengineeringSettings)
    reviews: ReviewSettings = field(default_factory=ReviewSettings)
    shutdowns: ShutdownSettings = field(default_factory=ShutdownSettings)
    locked_in: LockedInSettings = field(default_factory=LockedInSettings)
    last_days: Mapping[str, date] = field(default_factory=dict)
    """Configured shutdown days, by model name or glob."""
    tuned_models: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Globs of fine-tuned models by system, in addition to those for all systems."""
