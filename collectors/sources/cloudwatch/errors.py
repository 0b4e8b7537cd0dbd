"""What the errors of Amazon's library mean, with what to fix. Their own texts are in no message."""

from __future__ import annotations

from typing import Any

from leverwatch.collectors.daily.errors import (
    CredentialsRefused,
    PermissionRefused,
    RateLimited,
    SchemaDiffers,
    TimedOut,
    Unreachable,
)
from leverwatch.collectors.errors import CollectorError, SourceUnavailable

_THROTTLED = (
    "Throttling", "ThrottlingException", "ThrottledException", "RequestLimitExceeded", "TooManyRequests",
    "TooManyRequestsException", "RequestThrottled", "RequestThrottledException", "SlowDown", "LimitExceeded",
    "LimitExceededException",
)  # fmt: skip
_EXPIRED = ("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired")
_NOT_KNOWN = (
    "InvalidClientTokenId", "UnrecognizedClientException", "MissingAuthenticationToken",
    "MissingAuthenticationTokenException", "IncompleteSignature", "InvalidAccessKeyId", "AuthFailure",
    "NotAuthorized", "OptInRequired",
)  # fmt: skip
_UNSIGNED = ("SignatureDoesNotMatch", "InvalidSignatureException", "RequestTimeTooSkewed", "RequestExpired")
_NO_PAGE = ("InvalidNextToken", "InvalidNextTokenException")
_NO_QUESTION = (
    "InvalidParameterValue", "InvalidParameterValueException", "InvalidParameterCombination",
    "InvalidParameterCombinationException", "MissingParameter", "MissingRequiredParameterException",
    "ValidationError", "ValidationException", "InvalidAction", "MissingAction", "InvalidQueryParameter",
    "MalformedQueryString", "UnknownOperationException", "404",
)  # fmt: skip
_MEANINGS: tuple[tuple[tuple[str, ...], type[CollectorError], str], ...] = (
    (_THROTTLED, RateLimited, "too many requests"),
    (_EXPIRED, CredentialsRefused, "the credentials have expired"),
    (
        _NOT_KNOWN,
        CredentialsRefused,
        "the credentials are not accepted; they may be wrong, or of another partition",
    ),
    (_UNSIGNED, CredentialsRefused, "the signature is refused; the secret may be wrong, or the clock here"),
    (_NO_PAGE, SourceUnavailable, "the pages of the answer are no longer there; they are asked for again"),
    (_NO_QUESTION, SchemaDiffers, "what is asked for is not known there; check `regions`, `models` and `url`"),
)
_CODES = {code: (kind, said) for codes, kind, said in _MEANINGS for code in codes}
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "UnauthorizedAccess"})
_NONE_FOUND = frozenset({
    "NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "ProfileNotFound",
    "NoAuthTokenError", "TokenRetrievalError", "SSOTokenLoadError", "UnauthorizedSSOTokenError", "SSOError",
    "InvalidConfigError", "ConfigNotFound", "ConfigParseError", "RefreshWithMFAUnsupportedError",
    "LoginError", "LoginTokenLoadError", "MetadataRetrievalError",
})  # fmt: skip
_LATE = frozenset({"ReadTimeoutError", "ConnectTimeoutError"})
_LOST = frozenset({
    "EndpointConnectionError", "ConnectionClosedError", "ConnectionError", "SSLError", "ProxyConnectionError",
    "HTTPClientError", "IncompleteReadError", "ResponseStreamingError",
})  # fmt: skip


def meaning(place: str, action: str, error: Exception) -> CollectorError:
    """Return what an error of the library means.

    Args:
        place: the source and the region, for messages.
        action: what was asked, by the name that permissions have for it.
        error: of the library.
    """
    response: Any = getattr(error, "response", None)
    if not isinstance(response, dict):
        return _of_library(place, action, error)
    # The query-compatible protocol says the code of the older one, which may have a name space before it.
    code = str(response.get("Error", {}).get("Code", "")).rpartition("#")[2].partition(":")[0]
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _DENIED or (code not in _CODES and status == 403):
        return PermissionRefused(f"{place}: the credentials may not call {action}; a policy has to allow it")
    if code in _CODES:
        kind, said = _CODES[code]
        return kind(f"{place}: {action}: {said}")
    if status == 429:
        return RateLimited(f"{place}: {action}: too many requests")
    if status >= 500:
        return SourceUnavailable(f"{place}: {action}: the service failed (status {status})")
    return SourceUnavailable(f"{place}: {action}: the service refuses the question (status {status})")


def _of_library(place: str, action: str, error: Exception) -> CollectorError:
    names = {kind.__name__ for kind in type(error).__mro__}
    name = type(error).__name__
    if names & _NONE_FOUND:
        return CredentialsRefused(
            f"{place}: no credentials were found, or they could not be got ({name}): the environment, the files of"
            " `profile`, or a role of this machine have to give some"
        )
    if names & _LATE:
        return TimedOut(f"{place}: {action}: no answer in time ({name})")
    if names & _LOST:
        return Unreachable(f"{place}: {action}: cannot be reached ({name})")
    if name == "ParamValidationError":
        return SchemaDiffers(
            f"{place}: {action}: the settings make no valid question; check `regions` and `models`"
        )
    return SourceUnavailable(f"{place}: {action}: the library failed ({name})")
