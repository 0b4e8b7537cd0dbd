"""What the records of LiteLLM tell of attempts: retries, fallbacks, and requests that no model saw."""

from __future__ import annotations

import re

import msgspec

HEALTH_CHECK = "litellm-internal-health-check"
"""The key, team and alias of LiteLLM's own calls that ask whether a model answers."""
REFUSALS = frozenset({
    "UnsupportedParamsError", "BudgetExceededError", "RouterRateLimitError", "RouterRateLimitErrorBasic",
    "ProxyModelNotFoundError", "GuardrailRaisedException", "BlockedPiiEntityError", "RejectedRequestError",
    "LiteLLMUnknownProvider", "MalformedRequestFieldError", "UnsupportedEndpointError",
    "EndpointNotSupportedByModelError", "ModelNotMappedError",
})  # fmt: skip
"""Errors that LiteLLM raises itself."""
ANSWERS = frozenset({
    "APIConnectionError", "APIError", "APIResponseValidationError", "AuthenticationError", "BadGatewayError",
    "BadRequestError", "ContentPolicyViolationError", "ContextWindowExceededError", "ImageFetchError",
    "InternalServerError", "JSONSchemaValidationError", "MidStreamFallbackError", "NotFoundError",
    "OpenAIError", "PermissionDeniedError", "RateLimitError", "ServiceUnavailableError", "Timeout",
    "PaymentRequiredError", "UnprocessableEntityError",
})  # fmt: skip
"""Errors that LiteLLM makes of what a model server answered, or did not answer."""


class _Error(msgspec.Struct, gc=False):
    error_class: str | None = None
    llm_provider: str | None = None
    error_provider_request_id: str | None = None
    normalized_error: str | None = None


class _Headers(msgspec.Struct, gc=False, rename=lambda name: "x-litellm-" + name.replace("_", "-")):
    attempted_retries: float | None = None
    attempted_fallbacks: float | None = None
    model_group: str | None = None


class Hidden(msgspec.Struct, gc=False):
    """The part of `hidden_params` that is of use."""

    additional_headers: _Headers | None = None
    litellm_model_name: str | None = None
    batch_models: list[str | None] | None = None


_NOTHING = Hidden()
NETWORK = re.compile("Timeout|Connect|Transport|Protocol|Cancelled|ReadError|WriteError|HTTPStatus")
"""Parts of the names of errors that there are only once a connection was wanted."""
_TRIED = re.compile(rb'"x-litellm-attempted-(?:retries|fallbacks)":\s*["1-9]')
_GROUP = re.compile(rb'"x-litellm-model-group":\s*"([^"]*)"')
_decode_error = msgspec.json.Decoder(_Error, strict=False).decode
_decode_hidden = msgspec.json.Decoder(Hidden, strict=False).decode


def hidden_of(raw: msgspec.Raw | None) -> Hidden:
    """Return what `hidden_params` has; nothing when it is not as LiteLLM writes it."""
    try:
        return _decode_hidden(raw or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _NOTHING


def tells_more(hidden: msgspec.Raw, group: object) -> bool:
    """Whether `hidden_params` may tell of other attempts than the one that its record is of; quick."""
    text = bytes(hidden)
    if _TRIED.search(text):
        return True
    asked = _GROUP.search(text)
    return asked is not None and isinstance(group, str) and asked[1] != group.encode()


def failed_before(retries: object, fallbacks: object) -> int:
    """Return how many attempts failed at least before the one that a record is of."""
    return sum(int(it) for it in map(_number, (retries, fallbacks)) if it is not None)


def _number(value: object) -> float | None:
    if isinstance(value, str) and value.isdecimal():
        value = int(value[:9])
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if 0 <= value < 1e9 else None


def is_client_gone(error: msgspec.Raw | None) -> bool:
    """Whether the client left before the end, so that what was used is LiteLLM's own estimate."""
    return error is not None and b'"ClientDisconnected"' in bytes(error)


def is_refused(error: msgspec.Raw | None, base: object, hidden: msgspec.Raw | None) -> bool:
    """Whether a request that failed without any usage was refused before a model server was asked.

    Where nothing tells, it was asked. `base` is the address of the model server, which is not known before.
    """
    if b"pstream passthrough" in bytes(error or b""):
        return False
    try:
        told = _decode_error(error or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    if not told.error_class or told.error_class in REFUSALS:
        return bool(told.error_class)
    if told.llm_provider or told.error_provider_request_id or base:
        return False
    if told.error_class in ANSWERS or NETWORK.search(told.error_class):
        return False
    code = told.normalized_error or ""
    return not ("PROVIDER" in code or "UPSTREAM" in code) and hidden_of(hidden).additional_headers is None
