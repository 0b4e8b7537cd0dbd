"""The errors that each API documents, on its pages and as exceptions of its SDK, and what each has to become.

Bodies quote the key where a provider may do so.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from tests.collectors.sources.usage_api.server import KEY

CREDENTIALS, PERMISSION, RATE, SCHEMA, LATE, DOWN, REFUSED = (
    "credentials", "permission", "rate_limit", "schema", "timeout", "unavailable", "refused",
)  # fmt: skip
WAIT = {"Retry-After": "600"}


class Documented(Struct, frozen=True):
    status: int
    body: Any
    word: str
    says: str
    """What its message has, which says what to fix."""
    headers: dict[str, str] = {}


def _anthropic(kind: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": f"no {KEY}"}, "request_id": "req_011CSHoEeqs5C35K"}


def _openai(code: str | None, kind: str = "invalid_request_error") -> dict[str, Any]:
    return {"error": {"message": f"Incorrect API key provided: {KEY}.", "type": kind, "param": None, "code": code}}


def _openrouter(code: int) -> dict[str, Any]:
    return {"error": {"code": code, "message": f"no {KEY}", "metadata": {}}, "user_id": "user_2"}


def _portkey(code: str) -> dict[str, Any]:
    return {"success": False, "data": {"message": f"no {KEY}", "errorCode": code}}


_ANTHROPIC = (
    Documented(400, _anthropic("invalid_request_error"), SCHEMA, "check the settings"),
    Documented(401, _anthropic("authentication_error"), CREDENTIALS, "it needs an admin key"),
    Documented(402, _anthropic("billing_error"), PERMISSION, "paid for"),
    Documented(403, _anthropic("permission_error"), PERMISSION, "it needs an admin key"),
    Documented(404, _anthropic("not_found_error"), SCHEMA, "nothing at this address"),
    Documented(413, _anthropic("request_too_large"), SCHEMA, "name less in the settings"),
    Documented(429, _anthropic("rate_limit_error"), RATE, "again in 600 s", WAIT),
    Documented(429, _anthropic("rate_limit_error"), RATE, "too many questions"),
    Documented(500, _anthropic("api_error"), DOWN, "the server failed"),
    Documented(504, _anthropic("timeout_error"), LATE, "fewer days"),
    Documented(529, _anthropic("overloaded_error"), DOWN, "too much to do"),
    Documented(529, _anthropic("overloaded_error"), RATE, "again in 600 s", WAIT),
)
_LANGFUSE = (
    Documented(400, {"message": "Invalid request data", "error": []}, SCHEMA, "check the settings"),
    Documented(401, {"message": f"Invalid credentials: {KEY}"}, CREDENTIALS, "the keys of a project"),
    Documented(403, {"message": "no", "error": "AccessDeniedError"}, PERMISSION, "the keys of a project"),
    Documented(404, {"message": "no", "error": "LangfuseNotFoundError"}, SCHEMA, "nothing at this address"),
    Documented(405, {"message": "Method not allowed"}, SCHEMA, "version of the server"),
    Documented(422, {"message": "The query is too large for the server"}, SCHEMA, "check the settings"),
    Documented(429, {"message": "Rate limit exceeded"}, RATE, "again in 600 s", WAIT),
    Documented(429, {"message": "Rate limit exceeded"}, RATE, "too many questions"),
    Documented(500, {"message": "Internal server error"}, DOWN, "the server failed"),
    Documented(503, {"message": "Service unavailable"}, RATE, "again in 600 s", WAIT),
    Documented(524, b"<html>a timeout occurred</html>", LATE, "fewer days"),
)  # fmt: skip
ERRORS: dict[str, tuple[Documented, ...]] = {
    "anthropic": _ANTHROPIC,
    "anthropic-report": _ANTHROPIC,
    "openai": (
        Documented(400, _openai("invalid_value"), SCHEMA, "check the settings"),
        Documented(401, _openai("invalid_api_key"), CREDENTIALS, "an admin key of the organisation"),
        Documented(401, _openai("ip_not_authorized"), CREDENTIALS, "an admin key of the organisation"),
        Documented(403, _openai("unsupported_country_region_territory"), PERMISSION, "another role or scope"),
        Documented(403, _openai(None), PERMISSION, "with the scope to read usage"),
        Documented(404, _openai(None), SCHEMA, "nothing at this address"),
        Documented(429, _openai("rate_limit_exceeded", "requests"), RATE, "again in 600 s", WAIT),
        Documented(429, _openai("insufficient_quota", "insufficient_quota"), RATE, "too many questions"),
        Documented(500, _openai(None, "server_error"), DOWN, "the server failed"),
        Documented(503, _openai(None, "service_unavailable_error"), DOWN, "too much to do"),
        Documented(503, _openai("slow_down", "service_unavailable_error"), RATE, "again in 600 s", WAIT),
    ),
    "openrouter": (
        Documented(400, _openrouter(400), SCHEMA, "check the settings"),
        Documented(401, _openrouter(401), CREDENTIALS, "a management key"),
        Documented(402, _openrouter(402), PERMISSION, "credits are used up"),
        Documented(403, _openrouter(403), PERMISSION, "a management key"),
        Documented(404, _openrouter(404), SCHEMA, "nothing at this address"),
        Documented(408, _openrouter(408), LATE, "gave up waiting"),
        Documented(429, _openrouter(429), RATE, "too many questions"),
        Documented(429, _openrouter(429), RATE, "again in 600 s", WAIT),
        Documented(500, _openrouter(500), DOWN, "the server failed"),
        Documented(502, _openrouter(502), DOWN, "the server failed"),
        Documented(503, _openrouter(503), DOWN, "too much to do"),
        # It may answer with 200, and say that it is an error.
        Documented(200, _openrouter(502), SCHEMA, "not as documented"),
    ),
    "langfuse": _LANGFUSE,
    "langfuse-observations": _LANGFUSE,
    "langsmith": (
        Documented(400, {"detail": "no"}, SCHEMA, "check the settings"),
        Documented(401, {"detail": f"Invalid token {KEY}"}, CREDENTIALS, "an API key of the workspace"),
        Documented(403, {"detail": "Forbidden"}, PERMISSION, "an API key of the workspace"),
        Documented(404, {"detail": "Session not found"}, SCHEMA, "nothing at this address"),
        Documented(408, {"detail": "timeout"}, LATE, "gave up waiting"),
        Documented(409, {"detail": "Conflict"}, REFUSED, "refuses the question"),
        Documented(413, {"detail": "Payload too large"}, SCHEMA, "name less"),
        Documented(422, {"detail": [{"loc": ["body", "page_size"], "msg": "no"}]}, SCHEMA, "check the settings"),
        Documented(429, {"detail": "Rate limit exceeded"}, RATE, "too many questions"),
        Documented(429, {"detail": "Rate limit exceeded"}, RATE, "again in 600 s", WAIT),
        Documented(500, b"Internal Server Error", DOWN, "the server failed"),
        Documented(502, b"<html>", DOWN, "the server failed"),
        Documented(504, b"<html>", LATE, "fewer days"),
    ),
    "helicone": (
        Documented(400, {"error": "no"}, SCHEMA, "check the settings"),
        Documented(401, {"error": f"Unauthorized {KEY}"}, CREDENTIALS, "an API key of the organisation"),
        Documented(403, {"error": "Forbidden"}, PERMISSION, "that may read"),
        Documented(404, {"error": "Not Found"}, SCHEMA, "nothing at this address"),
        Documented(422, {"message": "Validation Failed", "details": {}}, SCHEMA, "check the settings"),
        Documented(429, {"error": "Rate limit reached"}, RATE, "too many questions"),
        Documented(429, {"error": "Rate limit reached"}, RATE, "again in 600 s", WAIT),
        Documented(500, {"data": None, "error": "invalid limit"}, DOWN, "the server failed"),
        Documented(200, {"data": None, "error": "no"}, SCHEMA, "not as documented"),
    ),
    "portkey": (
        Documented(400, _portkey("AB01"), SCHEMA, "check the settings"),
        Documented(404, _portkey("AB02"), SCHEMA, "nothing at this address"),
        Documented(403, _portkey("AB03"), PERMISSION, "that may read analytics"),
        Documented(500, _portkey("AB04"), DOWN, "the server failed"),
        Documented(401, _portkey("AB05"), CREDENTIALS, "that may read analytics"),
        Documented(429, _portkey("AB06"), RATE, "too many questions"),
        Documented(429, _portkey("AB06"), RATE, "again in 600 s", WAIT),
        Documented(409, _portkey("AB07"), REFUSED, "refuses the question"),
        Documented(404, _portkey("AB08"), SCHEMA, "nothing at this address"),
        Documented(402, _portkey("AB09"), PERMISSION, "paid for"),
    ),
}
