"""HTTP requests with a deadline and a limit of size.

The time-outs of the library `requests` apply to each single wait: a server that sends one byte now and then can
hold a caller for ever, and so can a name server that does not answer. Here the request runs in a thread of its
own; at the deadline, the caller closes the connection and stops waiting.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from leverwatch.collectors.errors import SourceUnavailable

if TYPE_CHECKING:
    from requests import PreparedRequest

    Auth: TypeAlias = Callable[[PreparedRequest], PreparedRequest]
    """Adds credentials to a request."""

TICK = 0.1
"""Seconds between two checks of the deadline and of `stopping`."""

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


def get(
    url: str,
    *,
    place: str,
    limits: Limits,
    auth: Auth,
    parameters: Pairs | None = None,
    body: Form | Json | None = None,
    tls: Tls = USUAL_TLS,
    stopping: Callable[[], bool] = lambda: False,
    unreachable: type[SourceUnavailable] = SourceUnavailable,
    late: type[SourceUnavailable] = SourceUnavailable,
) -> Answer:
    """Send one request, GET or with a body POST, and return the response. Redirects are not followed, as `auth` is
    for this address only.

    Args:
        url: the address; its query may contain a secret and is in no message.
        place: the name of the source and its address, for messages.
        limits: the limits of time and size.
        auth: adds credentials to the request; `.netrc` is not used.
        parameters: added to the query.
        body: sent with POST; only to ask for something, as a request may be sent twice.
        tls: whom to trust, and what to show.
        stopping: called several times a second; the request is given up when it returns true.
        unreachable: raised when nobody answers, or the connection is lost.
        late: raised when the response takes too long.

    Raises:
        SourceUnavailable: there is no complete response within the limits, or `stopping` returned true.
    """
    # The library takes a while to load, and a configuration alone does not need it.
    from leverwatch.collectors.http_call import Call

    call = Call(url, dict(parameters or {}), body, tls, auth, limits)
    # A daemon, since a name server may hold it for longer than the agent lives.
    threading.Thread(target=call.run, name="http-request", daemon=True).start()
    while not call.done.wait(TICK):
        if stopping():
            call.cut()
            raise SourceUnavailable(f"{place}: ended early, since the agent stops")
        if time.monotonic() >= limits.deadline:
            call.cut()
            raise late(f"{place}: the answer was not complete when the time for it was over")
    if isinstance(call.outcome, Answer):
        return call.outcome
    raise call.error(unreachable, late)(f"{place}: {call.reason()}") from None
