"""Sums that cannot be right, such as more cached input than input. Nothing is worked out from them."""

from __future__ import annotations

from math import isfinite

from leverwatch.agent.framework.economics.traffic import Calls, TrafficMoments

_ROUNDING = 1 + 1e-9


def doubts(traffic: TrafficMoments) -> list[str]:
    """Return, for each model with a week whose sums contradict themselves, the first contradiction in words.

    Weeks are looked at, as costs are worked out for each: in the sum of all, weeks that tell something and others
    that do not may seem to contradict each other.
    """
    found: dict[str, str] = {}
    for block in traffic.blocks:
        for calls in block.calls:
            text = None if calls.model in found else doubt(calls)
            if text is not None:
                found[calls.model] = text
    return list(found.values())


def doubt(calls: Calls) -> str | None:
    """Return in words why these sums cannot be right; None when they can.

    Means are compared, each over the calls that tell it, as each may be known for other calls.
    """
    sums = calls[1:]
    if min(sums) < 0:
        name = Calls._fields[1 + sums.index(min(sums))].replace("_", " ")
        return f"the {name} of {calls.model} are negative"
    if not all(map(isfinite, sums)):
        return f"a sum of the calls to {calls.model} is no finite number"
    entered = _mean(calls.input_tokens, calls.inferences - calls.unknown_input)
    if entered is None:
        return None
    cached = _mean(calls.cached_input_tokens, calls.inferences - calls.unknown_cached) or 0.0
    written = _mean(calls.cache_write_tokens, calls.inferences - calls.unknown_input) or 0.0
    static = _mean(calls.static_tokens, calls.static_known) or 0.0
    most = entered * _ROUNDING
    if cached + written <= most and static <= most and not (cached and cached * _ROUNDING >= entered):
        return None
    of, a_call = f"of {calls.model}", f"of {entered:,.0f} a call"
    if cached > entered * _ROUNDING:
        return f"the cached input tokens {of} are more than its input tokens ({cached:,.0f} {a_call})"
    if cached and cached * _ROUNDING >= entered:
        return f"all input tokens {of} are counted as cached, and some are always new"
    if cached + written > entered * _ROUNDING:
        both = f"{cached + written:,.0f} {a_call}"
        return f"the tokens {of} read from and written to the cache are more than its input tokens ({both})"
    if static > entered * _ROUNDING:
        return f"the static tokens {of} are more than its input tokens ({static:,.0f} {a_call})"
    return None


def _mean(total: float, known: float) -> float | None:
    # A difference of sums of sampled calls may miss zero by a hair.
    return total / known if known > 1e-9 else None
