"""What one listener allows, and how many connections the process can afford."""

from __future__ import annotations

import resource
from dataclasses import dataclass
from enum import StrEnum

_SET_ASIDE = 64
_FEWEST = 8


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one listener; every time is in seconds, and a total: one byte now and then does not extend it."""

    connections: int = 512
    greeting: float = 10.0
    """From the start of a connection to the end of its first header, the TLS handshake included; likewise for the
    header of each further request, from its first byte."""
    body: float = 10.0
    answer: float = 60.0
    """For the client to read one answer."""
    idle: float = 120.0
    """Between an answer and the next request; longer than the usual interval of a scrape."""
    stop: float = 5.0
    """For the requests in progress when the server is stopped."""
    header_bytes: int = 64 * 1024
    body_bytes: int = 64 * 1024
    workers: int = 16


PROBE_LIMITS = Limits(connections=32, idle=30.0, stop=1.0, workers=2)
"""Of the second listener; its connections come out of what is set aside for the rest of the agent."""


class Drop(StrEnum):
    """Why the server ended a connection before its client did."""

    HANDSHAKE = "handshake_failed"
    GREETING = "header_deadline"
    BODY = "body_deadline"
    ANSWER = "answer_deadline"
    ROOM = "made_room"
    FULL = "full"
    REFUSED = "bad_request"
    STOPPED = "stopped"


def affordable_connections(wanted: int, descriptors: int | None = None) -> int:
    """`wanted`, or fewer where the process may not open enough files: a quarter and some stay for everything else.

    `descriptors` is the limit of open files; None: the present one of this process.
    """
    if descriptors is None:
        descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        if descriptors == resource.RLIM_INFINITY:
            return wanted
    return max(_FEWEST, min(wanted, descriptors * 3 // 4 - _SET_ASIDE))
