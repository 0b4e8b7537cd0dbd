"""What passes between a request over HTTP and who sends it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from requests import PreparedRequest

    Auth: TypeAlias = Callable[[PreparedRequest], PreparedRequest]
    """Adds credentials to a request."""


TICK = 0.1
"""Seconds between two looks at the deadline, and at whether the agent stops."""

Pairs = Mapping[str, str | Sequence[str]]
"""Names and values of a query or a form; a name with several values comes several times."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of time and size of a response."""

    wait: float
    """Seconds to wait for each next part of the response."""
    deadline: float
    """The time of `time.monotonic()`, in seconds, at which the response must be complete."""
    largest: int
    """The largest body in bytes, after decompression."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The response of a server. The body is only read when the status is 200."""

    status: int
    body: bytes
    retry_after: str | None = None
    """The header `Retry-After` as it came; `collectors/daily/over_http.py` reads it."""
    date: str | None = None
    """The header `Date` as it came."""
    said: bytes = b""
    """The beginning of what came with an error (400 and more). It may quote the request: for programs only."""
    headers: Mapping[str, str] = field(default_factory=dict, compare=False)
    """All headers, whose names may be written in any case: for programs only."""


@dataclass(frozen=True, slots=True)
class Form:
    """A body of names and values, as a browser sends one."""

    pairs: Pairs


@dataclass(frozen=True, slots=True)
class Json:
    """A body that is JSON."""

    value: Any


@dataclass(frozen=True, slots=True)
class Tls:
    """Whom a connection over TLS trusts, and what it shows of itself. Files in PEM."""

    ca_file: Path | None = None
    """The authorities that are trusted instead of the usual ones."""
    cert_file: Path | None = None
    key_file: Path | None = None
    """Without one, the key is in `cert_file` as well."""


USUAL_TLS = Tls()
