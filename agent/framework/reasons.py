"""The reason codes of a verdict and the sentence of each."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from leverwatch.agent.framework.bands import band_of
from leverwatch.agent.framework.coverage import WINDOW_DAYS
from leverwatch.agent.framework.humanise import days as days_text
from leverwatch.agent.framework.humanise import humanise
from leverwatch.agent.framework.model import (
    Band,
    Declaration,
    Facts,
    FrequencyState,
    PromptFacts,
    PromptOrigin,
    Reason,
    Settings,
    Strategy,
    VolumeState,
)


class ReasonCode(StrEnum):
    """Every code a `Reason` can carry, in the order in which reasons are given."""

    CONFLICT = "conflict"
    DECIDED_BY_LOCKED_IN = "decided_by_locked_in"
    DECIDED_BY_FREQUENCY = "decided_by_frequency"
    DECIDED_BY_VOLUME = "decided_by_volume"
    STALE_USAGE_HELD = "stale_usage_held"
    NO_USAGE = "no_usage"
    TOO_LITTLE_USAGE = "too_little_usage"
    MISMATCH = "mismatch"
    OVERLAPPING_SOURCES = "overlapping_sources"
    PARTIAL_WINDOW = "partial_window"
    IDLE_DAYS = "idle_days"
    PROMPT_HISTORY_SHORT = "prompt_history_short"
    BAND_DWELLING = "band_dwelling"
    BAND_HYSTERESIS = "band_hysteresis"
    FREQUENCY_DWELLING = "frequency_dwelling"
    PROMPTS_FROM_BOTH = "prompts_from_both"
    PROMPTS_DIVERGE = "prompts_diverge"
    PROMPTS_SCATTERED = "prompts_scattered"
    PROMPTS_NOT_WATCHED = "prompts_not_watched"
    UNDECLARED = "undeclared"


def reason(code: ReasonCode, text: str) -> Reason:
    """Make a `Reason` of a code and a sentence."""
    return Reason(code.value, text)


def spoken(strategy: Strategy) -> str:
    """The strategy with spaces instead of underscores, for sentences."""
    return "fine-tuning" if strategy is Strategy.FINE_TUNING else strategy.value.replace("_", " ")


def marks(settings: Settings) -> tuple[float, ...]:
    """The monthly volumes that rounding must not move a printed number across: thresholds and leave marks."""
    ratio = settings.leave_ratio
    return (
        settings.hybrid_from,
        settings.fine_tuning_above,
        settings.hybrid_from * ratio,
        settings.fine_tuning_above * ratio,
    )


def inferences(volume: VolumeState, as_of: date, settings: Settings) -> str:
    """The known volume with its coverage in words: "112.4M inferences a month (28 of 28 days)"."""
    end = "" if volume.newest_day in {None, as_of} else f" to {volume.newest_day}"
    number = humanise(volume.monthly_inferences or 0.0, marks(settings))
    return f"{number} inferences a month ({volume.covered_days} of {WINDOW_DAYS} days{end})"


def no_usage(facts: Facts) -> str:
    """That no usage was seen, and why, as far as that is known."""
    if facts.usage.unseen:
        return f"no usage was seen: {facts.usage.unseen}"
    if facts.usage.sources:
        counted = f"what {', '.join(facts.usage.sources)} counted is of later days"
        return f"no usage was seen by the end of {facts.as_of}, the last complete day: {counted}"
    return "no usage was seen"


def coverage(volume: VolumeState, settings: Settings) -> str:
    """Why the volume is unknown although usage was seen."""
    needed = min(settings.minimum_days, WINDOW_DAYS)
    return (
        f"only {volume.covered_days} of the {WINDOW_DAYS} days to {volume.newest_day} are covered, "
        f"and {needed} are needed"
    )


SCATTERED = (
    "records tell a prompt of its own for nearly every call, so that no version can be told: let `prompt` name the"
    " name and version of the prompt, or its template"
)


_AS_SEEN = {PromptOrigin.TRAFFIC: ", as traffic shows,", PromptOrigin.REGISTRY: ", as the prompt registry shows,"}


def frequency(state: FrequencyState, settings: Settings, origin: PromptOrigin = PromptOrigin.GIT) -> str:
    """The known frequency of prompt changes, since when it is settled, and the mark that would change that."""
    seen = _AS_SEEN.get(origin, "")
    enter = settings.frequent_days_per_week
    settled, mark = ("frequent", "left below") if state.frequent else ("not frequent", "entered from")
    level = enter * settings.frequency_leave_ratio if state.frequent else enter
    weeks = "week" if state.weeks == 1 else "weeks"
    rate = f"{state.per_week or 0.0:.3g}"
    days = "active day" if rate == "1" else "active days"
    return (
        f"prompts change on {rate} {days} a week over {state.weeks} {weeks}{seen}; "
        f"{settled} since {state.since}, {mark} {level:g}"
    )


def frequency_on_the_way(state: FrequencyState, settings: Settings) -> tuple[Reason, ...]:
    """The reason why the rate of changes lies beyond the mark of what is settled; empty when it does not."""
    if state.candidate is None:
        return ()
    progress = f"{state.candidate_days} of {days_text(settings.frequency_dwell_days)}"
    pointed, stands = ("frequent", "not frequent") if state.candidate else ("not frequent", "frequent")
    text = f"prompt changes have pointed to {pointed} for {progress}; {stands} stands"
    return (reason(ReasonCode.FREQUENCY_DWELLING, text),)


def short_history(prompts: PromptFacts, weeks: int, settings: Settings) -> str:
    """Why the frequency is unknown although a source watches the prompts."""
    needed = max(settings.minimum_history_weeks, 1)
    if prompts.first_change is None:
        return f"no prompt change was found yet, and {needed} whole weeks of history are needed"
    return f"prompt history since {prompts.first_change} covers {weeks} of the {needed} whole weeks needed"


def locked_in(declaration: Declaration | None) -> str:
    """The declared reasons for locked-in behaviour in one sentence."""
    if declaration is None:
        return "nothing is declared for this system"
    reasons = declaration.locked_in_behavior
    if not reasons:
        return "no locked-in behaviour is declared"
    word = "reason" if len(reasons) == 1 else "reasons"
    return f"{len(reasons)} {word} declared for locked-in behaviour: {'; '.join(reasons)}"


def by_volume(band: Band, volume: VolumeState, as_of: date, settings: Settings) -> Reason:
    """The reason of a decision by volume: the volume, and the thresholds between which it lies."""
    now = inferences(volume, as_of, settings)
    low, high = humanise(settings.hybrid_from), humanise(settings.fine_tuning_above)
    if volume.monthly_inferences is not None and band_of(volume.monthly_inferences, settings) is not band:
        return reason(
            ReasonCode.DECIDED_BY_VOLUME, f"{now}; the {band} band, settled since {volume.band_since}, stands"
        )
    volume_is = {
        Band.LOW: f"below the hybrid threshold of {low}",
        Band.MID: f"at or above the hybrid threshold of {low} and not above the fine-tuning threshold of {high}",
        Band.HIGH: f"above the fine-tuning threshold of {high}",
    }[band]
    return reason(ReasonCode.DECIDED_BY_VOLUME, f"{now}, {volume_is}")


def on_the_way(volume: VolumeState, settings: Settings) -> tuple[Reason, ...]:
    """The reasons why volume lies outside the settled band; empty when it lies in it."""
    if volume.band is None or volume.monthly_inferences is None:
        return ()
    if volume.candidate is not None:
        progress = f"{volume.candidate_days} of {days_text(settings.dwell_days)}"
        text = f"volume has pointed to the {volume.candidate} band for {progress}; the {volume.band} band stands"
        return (reason(ReasonCode.BAND_DWELLING, text),)
    if band_of(volume.monthly_inferences, settings) is volume.band:
        return ()
    now = humanise(volume.monthly_inferences, marks(settings))
    if volume.band is Band.MID:
        threshold, name, side = settings.hybrid_from, "hybrid", "below"
    else:
        threshold, name, side = settings.fine_tuning_above, "fine-tuning", "not above"
    leave = humanise(threshold * settings.leave_ratio)
    text = (
        f"{now} is {side} the {name} threshold of {humanise(threshold)}, but the {volume.band} band "
        f"is only left below {leave}"
    )
    return (reason(ReasonCode.BAND_HYSTERESIS, text),)
