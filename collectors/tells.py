"""What a source can tell, what it cannot, and what it must be allowed to."""

from __future__ import annotations

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
