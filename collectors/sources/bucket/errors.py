"""What a refusal of the object storage means, with what to fix. No text of the library is in a message: it has
addresses with their queries, which may have signatures. Pure."""

from __future__ import annotations

import re

from leverwatch.collectors.daily.errors import (
    CredentialsRefused,
    PermissionRefused,
    RateLimited,
    SchemaDiffers,
    TimedOut,
    Unreachable,
)
from leverwatch.collectors.errors import CollectorError, SourceRefused, SourceUnavailable

_STATUS = re.compile(r"status code: ([1-5][0-9]{2})")
_CODE = re.compile(r"<Code>([A-Za-z0-9.]{1,64})</Code>")
_KEYS = frozenset({
    "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "TokenRefreshRequired",
    "InvalidSecurity", "RequestTimeTooSkewed", "AuthenticationFailed", "AuthorizationHeaderMalformed",
    "MissingSecurityHeader", "NotSignedUp", "InvalidAuthenticationInfo", "AuthenticationRequired",
})  # fmt: skip
_THROTTLED = frozenset({
    "SlowDown", "ServerBusy", "TooManyRequests", "RequestLimitExceeded", "Throttling", "ThrottlingException",
    "OperationTimedOut",
})  # fmt: skip
_COLD = frozenset({"InvalidObjectState", "BlobArchived"})
_NO_CREDENTIALS = re.compile(
    r"credential|metadata|InstanceMetadata|token|service.account|private key|MissingAccount|Account must be",
    re.IGNORECASE,
)
_IDENTITY = re.compile(
    r"performing [A-Z]+ https?://(?:169\.254\.(?:169\.254|170\.2|170\.23)|metadata\.google\.internal|metadata"
    r"|sts\.[a-z0-9.-]+|oauth2\.googleapis\.com|login\.microsoftonline\.com)[/:\s]"
)
"""A request for credentials, as the text of an error has it."""
ARCHIVED = (
    "is archived, and is not counted: leave it out by `path` or `history`, or copy it to where it can be read"
)
"""Why an object is not read that was moved to a class of storage such as Glacier."""


class ObjectFails(Exception):
    """One object cannot be read; others may. The message is the reason, without the key."""


class KeyRefused(SourceRefused):
    """A prefix has a key that the library cannot ask for, and is not listed; others may be."""


class AllDenied(PermissionRefused):
    """The credentials may not read any object."""


class ObjectArchived(ObjectFails):
    """An object is where reading takes hours."""


class ObjectDenied(ObjectFails):
    """The credentials may not read an object."""


class ObjectGone(ObjectFails):
    """An object that was listed is not there any more."""


class ObjectChanged(ObjectFails):
    """An object was written anew since it was listed; the next run reads it."""


def meaning(place: str, error: Exception, *, listing: bool) -> CollectorError | ObjectFails:
    """Return what to raise for an error of the library.

    Args:
        place: source and bucket or key, for the message.
        error: what the library raised.
        listing: whether a prefix was listed; else an object was read.
    """
    kind, text = type(error).__name__, str(error)
    found, named = _STATUS.search(text), _CODE.search(text)
    status, code = int(found[1]) if found else 0, named[1] if named else ""
    said = " ".join(it for it in (str(status or ""), code) if it)
    if code in _THROTTLED or status in (429, 503):
        return RateLimited(f"{place}: asks for fewer requests ({said}); what was read before counts")
    if _IDENTITY.search(text):
        return CredentialsRefused(
            f"{place}: no credentials are in the settings or the environment, and the identity service"
            f" of the machine gives none{f' ({said})' if said else ''}: see its page for where they are looked for"
        )
    if code in _KEYS or status == 401 or kind == "UnauthenticatedError":
        return CredentialsRefused(
            f"{place}: the credentials are not accepted{f' ({said})' if said else ''}: look at the key, at whether"
            " it has expired, at `region` and `endpoint`, and at the clock"
        )
    if code == "NoSuchBucket" or (listing and status == 404):
        return SchemaDiffers(f"{place}: there is no such bucket ({said}): look at `url`, `endpoint` and `account`")
    if code == "PermanentRedirect" or status in (301, 307):
        return SchemaDiffers(f"{place}: the bucket is in another region ({said}): look at `region`")
    if not listing and (status == 404 or isinstance(error, FileNotFoundError)):
        return ObjectGone("is gone, although it was listed a moment ago")
    if kind == "PreconditionError" or status == 412:
        return ObjectChanged("was written anew while it was read; the next run reads it")
    if not listing and "MissingContentLength" in text:
        return ObjectFails("is sent without its length, as services do that unpack objects on the way")
    if code in _COLD:
        return ObjectArchived(ARCHIVED)
    if status == 403 or kind == "PermissionDeniedError":
        if listing:
            return PermissionRefused(f"{place}: the credentials may not list it ({said})")
        return ObjectDenied(f"the credentials may not read it ({said})")
    return _without_status(place, kind, text, said, status)


def _without_status(place: str, kind: str, text: str, said: str, status: int) -> CollectorError:
    if kind == "InvalidPathError":
        return KeyRefused(
            f"{place}: a key in it has an empty part (//), a part of dots or a control character, which the"
            " library cannot ask for: choose a narrower `path`, or rename it"
        )
    if status >= 500:
        return SourceUnavailable(f"{place}: the service fails ({said})")
    if status:
        return SourceRefused(f"{place}: the service refuses the request ({said})")
    if "kind: Timeout" in text or "operation timed out" in text:
        return TimedOut(f"{place}: no answer within the time limit")
    if "kind: Interrupted" in text or "IncompleteBody" in text or "kind: Decode" in text:
        return SourceUnavailable(f"{place}: the answer was cut off")
    if "kind: Connect" in text or "error sending request" in text:
        return Unreachable(f"{place}: cannot be reached: look at `endpoint`, `region` and the network")
    if _NO_CREDENTIALS.search(text):
        return CredentialsRefused(f"{place}: no credentials are found: see its page for where they are looked for")
    return SourceUnavailable(f"{place}: the answer is none of an object storage ({kind})")
