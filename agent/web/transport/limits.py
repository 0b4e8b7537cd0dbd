"""The limits of a listener, and how many connections the process can open."""

from __future__ import annotations

import resource
from dataclasses import dataclass
from enum import StrEnum

_SET_ASIDE = 64
_FEWEST = 8


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one listener. Times are in seconds, for the whole of a stage: single bytes do not extend them."""

    connections: int = 512
    greeting: float = 10.0
    """From the start of a connection to the end of its first header, TLS handshake included; for further requests,
    from the first byte to the end of the header."""
    body: float = 10.0
    answer: float = 60.0
    """Time that a client has to read one response."""
    idle: float = 120.0
    """Time between a response and the next request; longer than the usual scrape interval."""
    stop: float = 5.0
    """Time that requests in progress have when the server is stopped."""
    header_bytes: int = 64 * 1024
    body_bytes: int = 64 * 1024
    workers: int = 16


PROBE_LIMITS = Limits(connections=32, idle=30.0, stop=1.0, workers=2)
"""Limits of the probe listener; its descriptors are among those reserved for the rest of the agent."""


class Drop(StrEnum):
    """Why the server closed a connection before the client did."""

    HANDSHAKE = "handshake_failed"
    GREETING = "header_deadline"
    BODY = "body_deadline"
    ANSWER = "answer_deadline"
    ROOM = "made_room"
    FULL = "full"
    REFUSED = "bad_request"
    STOPPED = "stopped"


def affordable_connections(wanted: int, descriptors: int | None = None) -> int:
    """Return how many connections a listener may have: `wanted`, or fewer when the limit of open files is low.

    A quarter of the limit, and a fixed number, are reserved for the rest of the agent. `descriptors` is the limit
    of open files; None: that of this process.
    """
    if descriptors is None:
        descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        if descriptors == resource.RLIM_INFINITY:
            return wanted
    return max(_FEWEST, min(wanted, descriptors * 3 // 4 - _SET_ASIDE))
