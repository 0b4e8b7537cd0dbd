"""What a source can tell, what it cannot, and what it must be allowed to."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from msgspec import Struct

NO = "no"
"""What stands where a source can tell nothing."""


class Tells(Struct, frozen=True):
    """What a source can tell of the calls that it counts: a short phrase each, or `NO`."""

    systems: str
    """What a system can be told by: an application's name, a key, a project, a deployment."""
    models: str
    calls: str
    """What is counted as a call."""
    tokens: str
    cached: str
    """Tokens that were read from a cache, and written to one."""
    errors: str
    latency: str
    cost: str
    delay: str
    """How long after a call it is counted, by what the producer documents."""
    permission: str
    """The least that the agent must be allowed to."""
    cannot: tuple[str, ...] = ()
    """What else it cannot tell, each in a few words."""


LABELS = {
    "systems": "systems by",
    "models": "models",
    "calls": "calls",
    "tokens": "tokens",
    "cached": "cached",
    "errors": "errors",
    "latency": "latency",
    "cost": "cost",
    "delay": "delay",
    "permission": "permission",
}
"""What each phrase is about."""


def told_by(
    known: Collection[str],
    systems: str,
    calls: str,
    delay: str,
    permission: str,
    cannot: tuple[str, ...] = (),
    models: str = "yes",
) -> Tells:
    """Return what a source tells whose records may have a value for the known fields, as those of a log may."""

    def any_of(**phrases: str) -> str:
        return ", ".join(dict.fromkeys(phrase for name, phrase in phrases.items() if name in known)) or NO

    failed = "failed calls" if "inferences" in known else "failed attempts"
    return Tells(
        systems=systems,
        models=models if "model" in known else NO,
        calls=calls,
        tokens=any_of(input_tokens="input", output_tokens="output", reasoning_tokens="reasoning"),
        cached=any_of(cached_input_tokens="read", cache_write_tokens="written"),
        errors=any_of(status="failed calls", errors=failed),
        latency="yes" if "latency_ms" in known else NO,
        cost="yes" if "cost_usd" in known else NO,
        delay=delay,
        permission=permission,
        cannot=cannot,
    )


def unknown_to(tells: Tells) -> Iterator[str]:
    """Yield what a source cannot tell, in a few words each."""
    yield from dict.fromkeys((*(LABELS[name] for name in LABELS if getattr(tells, name) == NO), *tells.cannot))
