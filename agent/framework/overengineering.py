"""Signs that a prompt is longer or more complex than it needs to be. One sign alone never flags a system."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from leverwatch.agent.framework.economics.amounts import Origin
from leverwatch.agent.framework.humanise import decimal, percent
from leverwatch.agent.framework.mistakes import OverengineeringSettings
from leverwatch.agent.framework.model import Reason


class PromptMoments(Struct, frozen=True, gc=False):
    """Means over the trailing 28 complete days of a system; None is unknown, never zero."""

    input_tokens: float | None = None
    """Mean input tokens of an inference, cached ones included."""
    output_tokens: float | None = None
    static_tokens: float | None = None
    """Mean input tokens of an inference that are the same in every call."""
    static_origin: Origin = Origin.MEASURED
    """`assumed` when `static_tokens` was computed from the length of a prompt, at four characters a token."""
    cached_tokens: float | None = None
    """Mean input tokens of an inference that were read from the provider's cache."""
    calls_per_trace: float | None = None
    attempts: float | None = None
    """Mean calls to a model server per inference, errors and retries included."""
    earlier_input_tokens: float | None = None
    """`input_tokens` of the 28 days that ended 13 weeks before."""
    earlier_static_tokens: float | None = None
    eval_gain: bool | None = None
    """Whether an eval result got better over these 13 weeks; None when there are no results to compare."""

    @property
    def static_share(self) -> float | None:
        """Static tokens as a share of the input, 0 to 1; None when unknown, or when they exceed the input."""
        whole, static = self.input_tokens, self.static_tokens
        return None if whole is None or static is None or not 0 < whole >= static else static / whole

    @property
    def input_output(self) -> float | None:
        """Input tokens per output token; None when unknown."""
        known = self.input_tokens is not None and self.output_tokens is not None
        return self.input_tokens / self.output_tokens if known and self.output_tokens else None  # type: ignore[operator] # known says so

    @property
    def cached_share(self) -> float | None:
        """Cached tokens per static token, at most 1 as a cache also holds other tokens; None when unknown."""
        if self.cached_tokens is None or not self.static_tokens:
            return None
        return min(1.0, self.cached_tokens / self.static_tokens)

    @property
    def growth(self) -> float | None:
        """Growth of the static tokens (or, where unknown, of the input) over 13 weeks; 0.5 is 50%."""
        if self.static_tokens is not None and self.earlier_static_tokens:
            return self.static_tokens / self.earlier_static_tokens - 1
        if self.input_tokens is not None and self.earlier_input_tokens:
            return self.input_tokens / self.earlier_input_tokens - 1
        return None


class Sign(StrEnum):
    """The signs, in the order in which they should be acted on."""

    CACHING = "caching"
    RETRIES = "retries"
    CHAIN = "chain"
    GROWTH = "growth"
    STATIC_SHARE = "static_share"


ADVICE = {
    Sign.CACHING: "fix caching first: keep the fixed part byte for byte the same and in front of everything else",
    Sign.RETRIES: "find out why calls are repeated; a schema mode costs less than another instruction",
    Sign.CHAIN: "do the work of the chain in fewer calls, or give the small steps to a smaller model",
    Sign.GROWTH: "take out what was added and evaluate again; nothing shows that it helped",
    Sign.STATIC_SHARE: "shorten the fixed part, or split it by task so that each call carries what it needs",
}
"""What to try for each sign."""


class SignEvidence(Struct, frozen=True, gc=False):
    """One sign: the measured value, and the threshold that it was compared with."""

    sign: Sign
    active: bool | None
    """None: unknown, as it could not be evaluated."""
    value: float | None
    threshold: float
    unit: str
    text: str


class Overengineering(Struct, frozen=True):
    """Whether a system's prompts look over-engineered."""

    flagged: bool | None
    """None: unknown, as enough of the unknown signs could turn out to be active."""
    active: int
    known: int
    agree: int
    evidence: tuple[SignEvidence, ...]
    """Every sign, in the order of `Sign`."""
    reasons: tuple[Reason, ...]
    """A reason for each active sign."""
    advice: tuple[Reason, ...]
    """What to try, the first thing first; empty unless flagged."""


def judge(moments: PromptMoments, settings: OverengineeringSettings | None = None) -> Overengineering:
    """Evaluate every sign. A system is flagged when at least `settings.agree` of them are active."""
    chosen = settings or OverengineeringSettings()
    evidence = (
        _caching(moments, chosen),
        _retries(moments, chosen),
        _chain(moments, chosen),
        _growth(moments, chosen),
        _static(moments, chosen),
    )
    active = [item for item in evidence if item.active]
    unknown = sum(item.active is None for item in evidence)
    agree = max(chosen.agree, 1)
    flagged = True if len(active) >= agree else None if len(active) + unknown >= agree else False
    return Overengineering(
        flagged=flagged,
        active=len(active),
        known=len(evidence) - unknown,
        agree=agree,
        evidence=evidence,
        reasons=tuple(Reason(f"prompt_{item.sign}", item.text) for item in active),
        advice=tuple(Reason(f"try_{item.sign}", ADVICE[item.sign]) for item in active) if flagged else (),
    )


def _both(first: bool | None, second: bool | None) -> bool | None:
    """The conjunction of two conditions of which None is unknown: false if either is false, else None if either is
    unknown."""
    if first is False or second is False:
        return False
    return None if first is None or second is None else True


def _above(value: float | None, threshold: float) -> bool | None:
    return None if value is None else value > threshold


def _static(moments: PromptMoments, settings: OverengineeringSettings) -> SignEvidence:
    share, ratio = moments.static_share, moments.input_output
    large = _above(share, settings.static_share)
    active = _both(large, _above(ratio, settings.input_output))
    if share is None:
        text = "the static part of the input is unknown"
        if moments.static_tokens is not None and moments.input_tokens is not None:
            text = "the prompt is longer than the mean input, so it is not what was sent"
    else:
        shown = "an unknown number of" if ratio is None else decimal(ratio, settings.input_output, 1)
        text = (
            f"{percent(share, settings.static_share)} of the input is static ({moments.static_origin}; threshold "
            f"{settings.static_share:.0%}), at {shown} input tokens an output token "
            f"(threshold {settings.input_output:g})"
        )
    return SignEvidence(Sign.STATIC_SHARE, active, share, settings.static_share, "share", text)


def _caching(moments: PromptMoments, settings: OverengineeringSettings) -> SignEvidence:
    share, cached = moments.static_share, moments.cached_share
    poor = None if cached is None else cached < settings.cached_share
    active = _both(_above(share, settings.cacheable_share), poor)
    if cached is None:
        text = "how much of the static input comes from the cache is unknown"
    else:
        part = "an unknown share" if share is None else percent(share, settings.cacheable_share)
        text = (
            f"{percent(cached, settings.cached_share)} of the static tokens come from the cache "
            f"(threshold {settings.cached_share:.0%}), while {part} of the input is static "
            f"(threshold {settings.cacheable_share:.0%})"
        )
    return SignEvidence(Sign.CACHING, active, cached, settings.cached_share, "share", text)


def _growth(moments: PromptMoments, settings: OverengineeringSettings) -> SignEvidence:
    growth = moments.growth
    without_gain = None if moments.eval_gain is None else not moments.eval_gain
    active = _both(_above(growth, settings.growth), without_gain)
    if growth is None:
        text = "the length of the prompt 13 weeks ago is unknown"
    else:
        gain = {None: "no eval tells whether it helped", True: "evals gained", False: "no eval gained"}
        text = (
            f"the length of the prompt changed by {percent(growth, settings.growth)} in 13 weeks "
            f"(threshold {settings.growth:.0%}), and {gain[moments.eval_gain]}"
        )
    return SignEvidence(Sign.GROWTH, active, growth, settings.growth, "share", text)


def _chain(moments: PromptMoments, settings: OverengineeringSettings) -> SignEvidence:
    calls, output = moments.calls_per_trace, moments.output_tokens
    long = None if calls is None else calls >= settings.calls_per_trace
    active = _both(long, None if output is None else output < settings.small_output)
    if calls is None and active is False and output is not None:
        text = (
            f"{decimal(output, settings.small_output, 0)} output tokens a call are not few (threshold "
            f"{settings.small_output:g}), however many calls a trace has"
        )
    elif calls is None:
        text = "the number of calls a trace is unknown"
    else:
        shown = "an unknown number of" if output is None else decimal(output, settings.small_output, 0)
        text = (
            f"{decimal(calls, settings.calls_per_trace, 1)} calls a trace (threshold "
            f"{settings.calls_per_trace:g}) for {shown} output tokens a call (threshold {settings.small_output:g})"
        )
    return SignEvidence(Sign.CHAIN, active, calls, settings.calls_per_trace, "calls/trace", text)


def _retries(moments: PromptMoments, settings: OverengineeringSettings) -> SignEvidence:
    value = moments.attempts
    if value is None:
        text = "the number of attempts is unknown"
    else:
        text = f"{decimal(value, settings.attempts)} attempts for each inference (threshold {settings.attempts:g})"
    active = _above(value, settings.attempts)
    return SignEvidence(Sign.RETRIES, active, value, settings.attempts, "attempts/inference", text)
