"""HTTP requests with a deadline and a limit of size.

The time-outs of the library `requests` apply to each single wait: a server that sends one byte now and then can
hold a caller for ever, and so can a name server that does not answer. Here the request runs in a thread of its
own; at the deadline, the caller closes the connection and stops waiting.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from leverwatch.collectors.errors import SourceUnavailable
from leverwatch.collectors.http_values import TICK, USUAL_TLS, Answer, Form, Json, Limits, Pairs, Tls

if TYPE_CHECKING:
    from leverwatch.collectors.http_values import Auth


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
