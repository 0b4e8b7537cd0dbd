"""Asks over HTTP, and says in the settled vocabulary what went wrong, and how long to leave a server alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import msgspec

from leverwatch.collectors.daily.answers import Answer
from leverwatch.collectors.daily.asking import LONGEST_PAUSE
from leverwatch.collectors.daily.errors import (
    CredentialsRefused,
    PermissionRefused,
    RateLimited,
    SchemaDiffers,
    TimedOut,
    Unreachable,
)
from leverwatch.collectors.errors import CollectorError, SourceRefused, SourceUnavailable
from leverwatch.collectors.http import get
from leverwatch.collectors.http_values import USUAL_TLS, Form, Json, Limits, Pairs, Tls

if TYPE_CHECKING:
    from leverwatch.collectors.http_values import Auth

_TOO_MANY = 429
_BUSY = frozenset({503, 529})
"""Statuses of a server that has too much to do, which may say when it has less."""


def fetched(
    url: str,
    *,
    place: str,
    limits: Limits,
    auth: Auth,
    now: Callable[[], datetime],
    parameters: Pairs | None = None,
    body: Form | Json | None = None,
    tls: Tls = USUAL_TLS,
    stopping: Callable[[], bool] = lambda: False,
    saw: Callable[[datetime], None] = lambda _moment: None,
    heard: Callable[[Mapping[str, str]], None] = lambda _headers: None,
    meaning: Callable[[int, bytes], CollectorError | None] = lambda _status, _said: None,
) -> bytes:
    """Return the body of the answer to one request; most arguments are those of `collectors.http.get`.

    Args:
        saw: called with the time that the server says it is, when it answers and says one.
        heard: called with the headers of an answer that is no error.
        meaning: returns what an error of this kind of server means, from its status (400 and more) and the
            beginning of what it says; None: what its status usually means.

    Raises:
        CollectorError: there is none, in the vocabulary of `collectors/daily/errors.py`. `Asking` waits as long as
            the error says.
    """
    answer = get(
        url,
        place=place,
        limits=limits,
        auth=auth,
        parameters=parameters,
        body=body,
        tls=tls,
        stopping=stopping,
        unreachable=Unreachable,
        late=TimedOut,
    )
    error = refusal(place, answer.status, answer.retry_after, now())
    if answer.status >= 400 and not isinstance(error, RateLimited):
        error = meaning(answer.status, answer.said) or error
    if error is not None:
        raise error
    moment = moment_of(answer.date)
    if moment is not None:
        saw(moment)
    heard(answer.headers)
    return answer.body


def unfinished(answer: Answer, seen: Collection[datetime]) -> Answer:
    """Return an answer of which the days that are not over by the clock of the server are partial.

    Args:
        answer: what it says.
        seen: the times that the server said it was, of all parts of the answer.
    """
    if not seen:
        return answer
    now = min(seen).astimezone(UTC)
    early = frozenset(day for day in answer.filled if day >= now.date())
    return msgspec.structs.replace(answer, partial=answer.partial | early) if early else answer


def moment_of(header: str | None) -> datetime | None:
    """Return the time in a header such as `Date`; None: there is none."""
    try:
        moment = parsedate_to_datetime(header or "")
    except (ValueError, OverflowError):
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def retry_after(header: str | None, now: datetime) -> float | None:
    """Return how many seconds a server wants to be left alone, by its header `Retry-After`.

    The header has a number of seconds or a date. A date that has passed, and a negative number, mean no wait; what
    is neither says nothing: None.
    """
    text = (header or "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        moment = moment_of(text)
        if moment is None:
            return None
        seconds = (moment - now).total_seconds()
    return min(max(seconds, 0.0), LONGEST_PAUSE) if not math.isnan(seconds) else None


def refusal(place: str, status: int, header: str | None, now: datetime) -> CollectorError | None:
    """Return what a status means, with what to fix; None for a success.

    Args:
        place: the source and its address, without secrets, for messages.
        status: of the answer.
        header: its `Retry-After`, if it has one.
        now: the time, for a header with a date.
    """
    if 200 <= status < 300:
        return None
    pause = retry_after(header, now)
    if status == _TOO_MANY or (status in _BUSY and pause is not None):
        when = "" if pause is None else f"; the source wants to be asked again in {pause:.0f} s"
        return RateLimited(f"{place}: too many questions (status {status}){when}", pause)
    if status in _MEANINGS:
        kind, said = _MEANINGS[status]
        return kind(f"{place}: {said} (status {status})")
    if status in _BUSY:
        return SourceUnavailable(f"{place}: the server has too much to do (status {status}); it is asked again")
    if status >= 500:
        return SourceUnavailable(f"{place}: the server failed (status {status})")
    if status >= 400:
        return SourceRefused(f"{place}: the server refuses the question (status {status})")
    return SourceRefused(f"{place}: the address leads elsewhere (status {status}); configure the one it leads to")


_MEANINGS: dict[int, tuple[type[CollectorError], str]] = {
    400: (SchemaDiffers, "the server does not know something that is asked for; check the settings"),
    401: (CredentialsRefused, "the key is not accepted; it may be wrong, expired or revoked"),
    402: (PermissionRefused, "nothing is answered before it is paid for: the plan or the credits are used up"),
    403: (PermissionRefused, "the key may not read this; it may need another role or scope"),
    404: (SchemaDiffers, "there is nothing at this address; check it, and what it names"),
    405: (SchemaDiffers, "the address takes no such question; check it, and the version of the server"),
    407: (CredentialsRefused, "the proxy wants credentials"),
    408: (TimedOut, "the server gave up waiting"),
    410: (SchemaDiffers, "what this address led to is gone"),
    413: (SchemaDiffers, "the question is too large for the server; name less in the settings"),
    422: (SchemaDiffers, "the server does not know something that is asked for; check the settings"),
    504: (TimedOut, "the server did not have the answer in time; `timeout`, or fewer days a question"),
    524: (TimedOut, "the server did not have the answer in time; `timeout`, or fewer days a question"),
}
