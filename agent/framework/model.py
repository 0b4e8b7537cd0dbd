"""The values the framework takes and gives."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from msgspec import Struct, field


class Strategy(StrEnum):
    """Which lever to pull."""

    PROMPT_ENGINEERING = "prompt_engineering"
    HYBRID = "hybrid"
    FINE_TUNING = "fine_tuning"


class Status(StrEnum):
    """How firmly a verdict stands."""

    DECIDED = "decided"
    PROVISIONAL = "provisional"
    """A recommendation on incomplete evidence; it raises no alert."""
    UNDECIDED = "undecided"
    """Too little to recommend anything; `Verdict.strategy` is None."""


class Rule(StrEnum):
    """The five rules of the framework."""

    VOLUME_LOW = "volume_low"
    VOLUME_MID = "volume_mid"
    VOLUME_HIGH = "volume_high"
    FREQUENT_CHANGES = "frequent_changes"
    LOCKED_IN_BEHAVIOR = "locked_in_behavior"


OPERATIONAL_RULES = frozenset({Rule.FREQUENT_CHANGES, Rule.LOCKED_IN_BEHAVIOR})
"""The rules that outrank volume."""


class Band(StrEnum):
    """A volume band; each has the strategy that volume alone would recommend."""

    LOW = "low"
    MID = "mid"
    HIGH = "high"


class Boundary(StrEnum):
    """The two volume thresholds."""

    HYBRID = "hybrid"
    FINE_TUNING = "fine_tuning"


class Settings(Struct, frozen=True):
    """The thresholds of the framework, with their defaults. All of them are configuration."""

    hybrid_from: float = 100_000_000
    """Monthly inferences from which hybrid is recommended (inclusive)."""
    fine_tuning_above: float = 1_000_000_000
    """Monthly inferences above which fine-tuning is recommended (exclusive)."""
    leave_ratio: float = 0.9
    """A band whose threshold is T is left downwards below `leave_ratio` times T."""
    dwell_days: int = 7
    """Consecutive days in a new band before it settles."""
    minimum_days: int = 21
    """With fewer covered days of the trailing 28 the volume is known only where every filling of the missing days
    leads to one band."""
    stale_after_days: int = 2
    """Usage is stale when its newest covered day lies more than this many days before `as_of`."""
    frequent_days_per_week: float = 1.0
    """Active days a week from which prompt changes are frequent (inclusive)."""
    frequency_leave_ratio: float = 0.5
    """Frequent changes are no longer so below `frequency_leave_ratio` times `frequent_days_per_week`."""
    frequency_dwell_days: int = 3
    """Consecutive days beyond a mark before prompt changes settle as frequent, or as no longer so."""
    frequency_change_odds: float = 200
    """The newest weeks have a rate of their own when that is more than so many times as likely."""
    frequency_weeks: int = 13
    """Weeks of the median of active days a week, which is shown beside the rate and decides nothing."""
    minimum_history_weeks: int = 4
    """With fewer whole weeks of prompt history, the frequency of changes is unknown."""


class Declaration(Struct, frozen=True):
    """What the team says of a system."""

    strategy: Strategy | None = None
    """What the team runs today; None when it does not say."""
    reviewed: date | None = None
    locked_in_behavior: tuple[str, ...] = ()
    """Reasons why tone, domain reasoning or an exact format must hold; any one activates the rule."""


class UsageFacts(Struct, frozen=True):
    """What the store knows of a system's traffic."""

    daily: Mapping[date, float] = field(default_factory=dict)
    """Inferences by complete UTC day, only for covered days. A covered day without calls is 0.0; a day that is
    missing here is unknown."""
    sources: tuple[str, ...] = ()
    """Names of the sources whose counts are in `daily`, sorted."""
    overlapping: bool = False
    """Several sources counted the same days, and none is marked authoritative: traffic may be counted twice."""
    alive_until: date | None = None
    """The last complete day up to which the sources are known to have been read; None when unknown. Days between
    two with records need no such proof."""
    incomplete: Mapping[date, date] = field(default_factory=dict)
    """Days of `daily` on which one of several sources had no records although it fed the system before and after,
    with the day on which it had records again: their counts may be too low."""
    former: tuple[str, ...] = ()
    """Those of `sources` that the configuration does not have; empty also when it is not known."""
    unseen: str = ""
    """Why there never was any usage, in words; empty when there was, or when that is not known."""


class PromptOrigin(StrEnum):
    """Where the prompt changes of a system were seen."""

    GIT = "git"
    REGISTRY = "registry"
    TRAFFIC = "traffic"


class PromptDivergence(Struct, frozen=True):
    """Where two origins tell of other prompt changes: the one that counts, and one nearer to what serves."""

    never_served: tuple[date, ...] = ()
    """Days of changes of the one that counts after which no new version served within a week, ascending."""
    never_landed: tuple[date, ...] = ()
    """Days on which a version began to serve without such a change in the week before, ascending."""
    other: PromptOrigin = PromptOrigin.TRAFFIC
    """The one that does not count."""


class PromptFacts(Struct, frozen=True):
    """What the store knows of a system's prompt changes, up to and including `as_of`."""

    watched: bool = False
    """A configured source tracks this system's prompts."""
    first_change: date | None = None
    """Day of the first event ever seen (of any kind); None when nothing was found."""
    active_days: frozenset[date] = frozenset()
    """UTC days with a change that counts (added, modified, reverted)."""
    origin: PromptOrigin = PromptOrigin.GIT
    """Where these days are from; never from two of them."""
    scattered: bool = False
    """Records tell the prompt, and nearly every call has another one: nothing is known of changes."""
    divergence: PromptDivergence | None = None
    """Where the other origin differs; None when there is no other one."""


class Facts(Struct, frozen=True):
    """Everything that the verdict on one system depends on, apart from settings and the previous verdict."""

    system: str
    as_of: date
    """The last complete UTC day that counts."""
    usage: UsageFacts = field(default_factory=UsageFacts)
    prompts: PromptFacts = field(default_factory=PromptFacts)
    declaration: Declaration | None = None
    """None for a system that was discovered in records and never declared."""


class Reason(Struct, frozen=True, gc=False):
    """One sentence of a verdict, with a constant code for programs."""

    code: str
    text: str


class RuleEvidence(Struct, frozen=True, gc=False):
    """One rule: the measured value, the threshold that it was compared with, and whether it is active."""

    rule: Rule
    active: bool | None
    """None: unknown, as it could not be evaluated."""
    value: float | None
    threshold: float
    unit: str
    text: str


class Crossing(Struct, frozen=True, gc=False):
    """A system's settled volume band changed."""

    day: date
    """The day on which the new band settled."""
    previous: Band
    band: Band


class VolumeState(Struct, frozen=True):
    """Where a system's volume stands on `as_of`."""

    monthly_inferences: float | None = None
    """Month-equivalent: trailing 28 complete days x 30.4375/28. None when unknown."""
    covered_days: int = 0
    """How many of the trailing 28 days are covered: they have records, or are true zeros by their weekday."""
    newest_day: date | None = None
    """The newest covered day."""
    band: Band | None = None
    """The settled band; None as long as the volume was never known."""
    band_since: date | None = None
    candidate: Band | None = None
    """A band that volume has entered and that has not settled yet."""
    candidate_days: int = 0
    crossings: tuple[Crossing, ...] = ()
    """Every settled change of band, oldest first."""
    first_settled: date | None = None
    """The day on which the first band settled."""
    monthly_low: float | None = None
    """`monthly_inferences` when every bounded day is as low as it can be; None when the volume is unknown."""
    monthly_high: float | None = None
    """The same when every bounded day is as high as the largest day of its kind."""
    idle_days: tuple[date, ...] = ()
    """Days of the window without records that are true zeros, as the weekday pattern says so."""
    bounded_days: tuple[date, ...] = ()
    """Days of the window whose count is only known to lie within bounds."""
    certain: bool = True
    """No count within the bounds of these days would settle another band."""


class FrequencyCrossing(Struct, frozen=True):
    """Prompt changes became frequent, or are no longer so."""

    day: date
    """The day on which that settled."""
    frequent: bool


class FrequencyState(Struct, frozen=True):
    """Where the change frequency of a system's prompts stands on `as_of`."""

    frequent: bool | None = None
    """Whether prompt changes have settled as frequent; None while the history is too short, or not watched."""
    since: date | None = None
    """The day since which they have been so."""
    per_week: float | None = None
    """Mean active days a week over the weeks of the present rate."""
    weeks: int = 0
    """How many whole weeks these are."""
    candidate: bool | None = None
    """What the rate has pointed to and what has not settled yet; None: nothing else than `frequent`."""
    candidate_days: int = 0
    first_settled: date | None = None
    """The first day on which the frequency was known."""
    crossings: tuple[FrequencyCrossing, ...] = ()
    """Every settled change, oldest first."""


class Verdict(Struct, frozen=True):
    """What the framework says of one system on one day, and why."""

    system: str
    as_of: date
    strategy: Strategy | None
    status: Status
    rule: Rule | None
    """The rule that decided; None when undecided, and None for the conflict case (both operational rules)."""
    reasons: tuple[Reason, ...]
    """Most important first; never empty."""
    evidence: tuple[RuleEvidence, ...]
    """All five rules, in the order of `Rule`."""
    volume: VolumeState
    changes_per_week: float | None
    """Median active days a week over the trailing 13 weeks; None when unknown."""
    declared: Strategy | None
    mismatch: bool | None
    """The recommendation differs from the declaration; None when either is missing."""
    conflict: bool = False
    """Frequent changes and locked-in behaviour pull in opposite directions."""
    held: bool = False
    """Usage is stale: the last recommendation is held."""
    changed_on: date | None = None
    """The first day of the present recommendation, worked out from usage and prompt changes alone. Of what is
    declared only the present state is known, so it counts as declared all along."""
    frequency: FrequencyState = field(default_factory=FrequencyState)
    """What the frequency rule decides by; `changes_per_week` is shown beside it."""
    declared_on: date | None = None
    """The UTC day on which `declared` was first seen, after a verdict with another declaration or none; None: no
    stored verdict had another one."""
