from __future__ import annotations

import builtins
import json
import logging
import threading
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import ValidationError

from leverwatch.collectors.daily.errors import (
    CredentialsRefused,
    PermissionRefused,
    RateLimited,
    SchemaDiffers,
    TimedOut,
    Unreachable,
)
from leverwatch.collectors.errors import CollectorError, SourceRefused, SourceUnavailable
from tests.collectors.sources.google_monitoring.google import CALLS, GEMINI, TOKEN, Google, error, source
from tests.collectors.sources.web import Asked, Said, Web

DAY = date(2026, 11, 26)
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        (error(401, "UNAUTHENTICATED"), CredentialsRefused, "the key is not accepted"),
        (error(403, "PERMISSION_DENIED"), PermissionRefused, "need monitoring.timeSeries.list"),
        (
            error(403, "PERMISSION_DENIED", "SERVICE_DISABLED"),
            PermissionRefused,
            "the Monitoring API is switched off",
        ),
        (error(403, "PERMISSION_DENIED", "USER_PROJECT_DENIED"), PermissionRefused, "serviceusage.services.use"),
        (error(401, "UNAUTHENTICATED", "ACCESS_TOKEN_EXPIRED"), CredentialsRefused, "the token has expired"),
        (error(401, "UNAUTHENTICATED", "CREDENTIALS_MISSING"), CredentialsRefused, "the key is not accepted"),
        (error(403, "PERMISSION_DENIED", "IAM_PERMISSION_DENIED"), PermissionRefused, "Monitoring Viewer"),
        (error(403, "PERMISSION_DENIED", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"), PermissionRefused, "the scope"),
        (error(403, "PERMISSION_DENIED", "CONSUMER_INVALID"), PermissionRefused, "suspended, deleted or without"),
        (error(403, "PERMISSION_DENIED", "BILLING_DISABLED"), PermissionRefused, "without billing"),
        (error(404, "NOT_FOUND"), SchemaDiffers, "check `projects`"),
        (Said(b"<html>not found</html>", 404), SchemaDiffers, "nothing at this address"),
        (error(400, "FAILED_PRECONDITION"), SchemaDiffers, "check the settings"),
        (error(400, "OUT_OF_RANGE"), SchemaDiffers, "check the settings"),
        (error(499, "CANCELLED"), SourceRefused, "refuses the question"),
        (error(501, "UNIMPLEMENTED"), SourceUnavailable, "the server failed"),
        (error(503, "UNAVAILABLE", **{"Retry-After": "5"}), RateLimited, "asked again in 5 s"),
        (error(400, "INVALID_ARGUMENT"), SchemaDiffers, "check the settings"),
        (error(429, "RESOURCE_EXHAUSTED", **{"Retry-After": "17"}), RateLimited, "asked again in 17 s"),
        (error(429, "RESOURCE_EXHAUSTED"), RateLimited, "too many questions"),
        (error(500, "INTERNAL"), SourceUnavailable, "the server failed"),
        (error(503, "UNAVAILABLE"), SourceUnavailable, "too much to do"),
        (error(504, "DEADLINE_EXCEEDED"), TimedOut, "in time"),
        (Said({"timeSeries": [], "executionErrors": [{"code": 14}]}), SourceUnavailable, "no whole answer"),
        (Said({"timeSeries": [], "nextPageToken": "x"}), SourceUnavailable, "a page comes again"),
        (Said({"timeSeries": 1}), SourceUnavailable, "the answer is none of Cloud Monitoring"),
        (Said({"timeSeries": [{"points": [{"value": {}}]}]}), SourceUnavailable, "the answer is none"),
        (Said({"timeSeries": [{"points": 7}]}), SourceUnavailable, "the answer is none"),
        (Said(b"<html>a proxy</html>"), SourceUnavailable, "the answer is none"),
        (Said(b"<html>a proxy</html>", 403), PermissionRefused, "Monitoring Viewer"),
        (Said([], 403), PermissionRefused, "Monitoring Viewer"),
        (Said(b"", 302, {"Location": "http://127.0.0.1:1/"}), SourceRefused, "leads elsewhere"),
    ],
)
def test_each_error_says_what_to_fix_and_nothing_that_google_says(
    served: Web, tmp_path: Path, said: Said, kind: type[CollectorError], words: str
) -> None:
    served.answer = lambda _: said

    with pytest.raises(kind, match=words) as caught:
        source(served.url, tmp_path).trial(DAY)

    assert str(caught.value).startswith("source cloud: ")
    assert "reader@" not in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_nobody_there_and_no_answer_in_time_are_two_errors(served: Web, tmp_path: Path) -> None:
    with pytest.raises(Unreachable):
        source("http://127.0.0.1:1", tmp_path).trial(DAY)
    free = threading.Event()
    served.answer = lambda _: Said({"waited": free.wait(1.5)})
    with pytest.raises(TimedOut):
        source(served.url, tmp_path, timeout="300ms").trial(DAY)
    free.set()


def account(url: str) -> dict[str, str]:
    """The credentials of a service account."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return {
        "type": "service_account",
        "project_id": "shop-prod",
        "private_key_id": "k3y-1d",
        "private_key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "client_email": "reader@shop-prod.iam.gserviceaccount.com",
        "token_uri": f"{url}/token",
    }


def test_a_service_account_gets_the_token_that_is_used_once_for_all_questions(
    served: Web, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    google, secret = Google(), account(served.url)
    google.add(CALLS, NOON, 1, response_code="200", **GEMINI)
    given = {"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"}
    served.answer = lambda asked: Said(given) if asked.path == "/token" else google(asked)
    (tmp_path / "reader.json").write_text(json.dumps(secret))

    with caplog.at_level(logging.DEBUG):
        found = source(served.url, tmp_path, token=None, credentials_file="reader.json", quota_project="billing")
        answer = found.trial(DAY).answer
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "reader.json"))
    by_default = source(served.url, tmp_path, token=None).trial(DAY).answer

    assert [it.inferences for it in (*answer.usage, *by_default.usage)] == [1, 1]
    asked = [it for it in served.asked if it.path == "/token"]
    assert len(asked) == 2
    assert parse_qs(asked[0].body.decode())["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    quotas = [it.headers.get("x-goog-user-project") for it in served.asked if it.path != "/token"]
    assert quotas[:3] == ["billing"] * 3
    assert TOKEN not in caplog.text
    assert secret["private_key"][100:140] not in caplog.text


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (Said({"error": "invalid_grant", "error_description": "reader@ is gone"}, 400), CredentialsRefused),
        (Said({"error": "server_error"}, 500), SourceUnavailable),
    ],
)
def test_an_account_that_gets_no_token_says_so(
    served: Web, tmp_path: Path, said: Said, kind: type[CollectorError], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)  # between the library's own tries
    (tmp_path / "reader.json").write_text(json.dumps(account(served.url)))
    served.answer = lambda _: said

    with pytest.raises(kind, match="no token was given") as caught:
        source(served.url, tmp_path, token=None, credentials_file="reader.json").trial(DAY)

    assert "reader@" not in str(caught.value)


@pytest.mark.parametrize("content", [None, "{", '{"type": "service_account"}'])
def test_credentials_that_are_none_say_what_to_set_up(served: Web, tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "reader.json").write_text(content)
    with pytest.raises(CredentialsRefused, match="`credentials_file`"):
        source(served.url, tmp_path, token=None, credentials_file="reader.json").trial(DAY)


def test_without_any_credentials_the_source_says_what_to_set_up(served: Web, tmp_path: Path) -> None:
    with pytest.raises(CredentialsRefused, match="DefaultCredentialsError"):
        source(served.url, tmp_path, token=None).trial(DAY)


def test_without_its_library_the_source_says_what_to_install_and_a_token_needs_none(
    served: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def missing(name: str, *given: Any) -> Any:
        if name.startswith("google."):
            raise ModuleNotFoundError(name)
        return real(name, *given)

    monkeypatch.setattr(builtins, "__import__", missing)
    served.answer = Google()
    with pytest.raises(SourceRefused, match=r"install leverwatch\[google-monitoring\]"):
        source(served.url, tmp_path, token=None).trial(DAY)
    (tmp_path / "token").write_text(TOKEN)
    assert not source(served.url, tmp_path, token=None, token_file="token").trial(DAY).answer.filled


def test_a_token_is_sent_to_no_other_path_than_that_of_a_project(served: Web, tmp_path: Path) -> None:
    served.answer = Google()

    source(served.url, tmp_path).trial(DAY)

    def sent(asked: Asked) -> tuple[str, str | None]:
        return asked.path, asked.headers.get("Authorization")

    assert {sent(it) for it in served.asked} == {("/v3/projects/shop-prod/timeSeries", f"Bearer {TOKEN}")}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"projects": []}, "at least 1"),
        ({"projects": ["../x"]}, "pattern"),
        ({"projects": ["shop-prod", "shop-prod"]}, "twice"),
        ({"system": "{app}"}, r"these are: \{model\}"),
    ],
)
def test_settings_that_cannot_work_are_refused(tmp_path: Path, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        source("http://localhost", tmp_path, **settings)
