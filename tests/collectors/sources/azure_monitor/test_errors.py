from __future__ import annotations

import builtins
import logging
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
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
from leverwatch.collectors.sources.azure_monitor import api
from tests.collectors.sources.azure_monitor.azure import RESOURCE, TOKEN, Azure, error, source
from tests.collectors.sources.web import Asked, Said, Web

DAY = date(2026, 11, 26)
AT = datetime(2026, 11, 26, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        (error(401, "InvalidAuthenticationToken"), CredentialsRefused, "the key is not accepted"),
        (error(401, "ExpiredAuthenticationToken"), CredentialsRefused, "the token has expired"),
        (error(403, "AuthorizationFailed"), PermissionRefused, "needs the role Monitoring Reader"),
        (error(404, "ResourceNotFound"), SchemaDiffers, "there is no such resource; check `resources`"),
        (error(404, "ResourceGroupNotFound"), SchemaDiffers, "no such resource group"),
        (error(404, "SubscriptionNotFound"), SchemaDiffers, "`url` for another cloud"),
        (error(400, "BadRequest"), SchemaDiffers, "check that `resources` are of Azure OpenAI"),
        (error(400, "InvalidResourceNamespace"), SchemaDiffers, "check the settings"),
        (error(400, "NoRegisteredProviderFound"), SchemaDiffers, "check `url`"),
        (error(400, "InvalidApiVersionParameter"), SchemaDiffers, "check `url`"),
        (error(401, "AuthenticationFailed"), CredentialsRefused, "the key is not accepted"),
        (error(401, "InvalidAuthenticationTokenTenant"), CredentialsRefused, "of another tenant"),
        (error(403, "LinkedAuthorizationFailed"), PermissionRefused, "Monitoring Reader"),
        (error(403, "ReadOnlyDisabledSubscription"), PermissionRefused, "the subscription is disabled"),
        (
            error(409, "MissingSubscriptionRegistration"),
            PermissionRefused,
            "register the provider Microsoft.Insights",
        ),
        (error(404, "InvalidSubscriptionId"), SchemaDiffers, "no such subscription"),
        (error(404, "NotFound"), SchemaDiffers, "nothing at this address"),
        (error(408, "RequestTimeout"), TimedOut, "gave up waiting"),
        (
            error(
                429,
                "SubscriptionRequestsThrottled",
                **{
                    "Retry-After": "17",
                    "x-ms-ratelimit-remaining-subscription-reads": "0",
                },
            ),
            RateLimited,
            "asked again in 17 s",
        ),
        (error(429, "OperationNotAllowed"), RateLimited, "too many questions"),
        (error(502, "BadGateway"), SourceUnavailable, "the server failed"),
        (error(429, "TooManyRequests", **{"Retry-After": "17"}), RateLimited, "asked again in 17 s"),
        (error(500, "InternalServerError"), SourceUnavailable, "the server failed"),
        (error(503, "ServiceUnavailable", **{"Retry-After": "5"}), RateLimited, "asked again in 5 s"),
        (error(504, "GatewayTimeout"), TimedOut, "in time"),
        (Said(b"<html>a proxy</html>", 403), PermissionRefused, "Monitoring Reader"),
        (Said(b"<html>a proxy</html>"), SourceUnavailable, "the answer is none of Azure Monitor"),
        (Said([1]), SourceUnavailable, "the answer is none of Azure Monitor"),
        (Said({"value": 1}), SourceUnavailable, "the answer is none of Azure Monitor"),
        (Said({"value": []}), SchemaDiffers, "has no metrics of calls of models"),
        (Said(b"", 302, {"Location": "http://127.0.0.1:1/"}), SourceRefused, "leads elsewhere"),
    ],
)
def test_each_error_says_what_to_fix_and_nothing_that_azure_says(
    served: Web, tmp_path: Path, said: Said, kind: type[CollectorError], words: str
) -> None:
    served.answer = lambda _: said

    with pytest.raises(kind, match=words) as caught:
        source(served.url, tmp_path).trial(DAY)

    assert str(caught.value).startswith("source cloud: ")
    assert "object-id-1" not in str(caught.value)
    assert TOKEN not in str(caught.value)


def metrics(change: Callable[[dict[str, Any]], Any]) -> Callable[[Asked], Said]:
    azure = Azure()
    azure.add("ModelRequests", AT, 1, StatusCode="200", ModelDeploymentName="d", ModelName="m")

    def answer(asked: Asked) -> Said:
        said = azure(asked)
        if asked.path.endswith("/metrics"):
            change(said.body)
        return said

    return answer


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body["value"][0].update(errorCode="Throttled"),
        lambda body: body["value"][0].update(name="x", timeseries=[{"data": [1]}]),
        lambda body: body["value"][0].update(timeseries=[{"metadatavalues": [{}], "data": []}]),
    ],
)
def test_a_part_of_an_answer_is_none(served: Web, tmp_path: Path, change: Callable[[Any], Any]) -> None:
    served.answer = metrics(change)

    with pytest.raises(SourceUnavailable):
        source(served.url, tmp_path).trial(DAY)


def test_an_answer_that_may_be_cut_off_is_refused(
    served: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "MOST_SERIES", 1)
    served.answer = metrics(lambda _: None)

    with pytest.raises(SourceRefused, match="more than 1 series"):
        source(served.url, tmp_path).trial(DAY)


def test_the_next_page_is_read_from_the_same_host_and_from_no_other(served: Web, tmp_path: Path) -> None:
    azure = Azure()
    azure.add("ModelRequests", AT, 1, StatusCode="200", ModelDeploymentName="d", ModelName="m")
    elsewhere = ""

    def answer(asked: Asked) -> Said:
        if "page" in asked.query:
            return Said({"value": azure(asked).body["value"]})
        said = azure(asked)
        if asked.path.endswith("/metricDefinitions"):
            query = "&".join(f"{name}={value[0]}" for name, value in asked.query.items())
            return Said({"value": [], "nextLink": f"{elsewhere or served.url}{asked.path}?{query}&page=2"})
        return said

    served.answer = answer
    assert [it.inferences for it in source(served.url, tmp_path).trial(DAY).answer.usage] == [1]
    elsewhere = "http://127.0.0.2:1"
    with pytest.raises(SourceRefused, match="gets no token"):
        source(served.url, tmp_path).trial(DAY)


def test_nobody_there_and_no_answer_in_time_are_two_errors(served: Web, tmp_path: Path) -> None:
    with pytest.raises(Unreachable):
        source("http://127.0.0.1:1", tmp_path).trial(DAY)
    free = threading.Event()
    served.answer = lambda _: Said({"waited": free.wait(1.5)})
    with pytest.raises(TimedOut):
        source(served.url, tmp_path, timeout="300ms").trial(DAY)
    free.set()


def identity(served: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """A managed identity, as App Service has it: an address and a secret in the environment."""
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{served.url}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "h34d3r-0f-th3-t3sts")


def test_a_managed_identity_gets_the_token_that_is_used(
    served: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    identity(served, monkeypatch)
    azure = Azure()
    azure.add("ModelRequests", AT, 1, StatusCode="200", ModelDeploymentName="d", ModelName="m")
    given = {"access_token": TOKEN, "expires_on": "4102444800", "resource": served.url, "token_type": "Bearer"}
    served.answer = lambda asked: Said(given) if asked.path == "/msi/token" else azure(asked)

    with caplog.at_level(logging.DEBUG):
        answer = source(served.url, tmp_path, token=None).trial(DAY).answer

    assert [it.inferences for it in answer.usage] == [1]
    asked = [it for it in served.asked if it.path == "/msi/token"]
    assert [it["resource"] for it in asked] == [served.url]
    assert TOKEN not in caplog.text
    assert "h34d3r" not in caplog.text


def test_an_identity_that_gets_no_token_says_what_to_set_up(
    served: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity(served, monkeypatch)
    served.answer = lambda _: Said({"error": {"code": "invalid_request", "message": "no such identity"}}, 400)

    with pytest.raises(CredentialsRefused, match="no token was given") as caught:
        source(served.url, tmp_path, token=None).trial(DAY)

    assert "no such identity" not in str(caught.value)


def test_without_its_library_the_source_says_what_to_install_and_a_token_needs_none(
    served: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def missing(name: str, *given: Any) -> Any:
        if name.partition(".")[0] == "azure":
            raise ModuleNotFoundError(name)
        return real(name, *given)

    monkeypatch.setattr(builtins, "__import__", missing)
    served.answer = Azure()
    with pytest.raises(SourceRefused, match=r"install leverwatch\[azure-monitor\]"):
        source(served.url, tmp_path, token=None).trial(DAY)
    (tmp_path / "token").write_text(TOKEN)
    assert not source(served.url, tmp_path, token=None, token_file="token").trial(DAY).answer.filled


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"resources": []}, "at least 1"),
        ({"resources": ["chat-prod"]}, "pattern"),
        ({"resources": [RESOURCE, RESOURCE.replace("chat", "CHAT")]}, "twice"),
        ({"system": "{app}"}, r"these are: \{deployment\}"),
        ({"token_file": "t"}, "one token too many"),
    ],
)
def test_settings_that_cannot_work_are_refused(tmp_path: Path, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said) as caught:
        source("http://localhost", tmp_path, **settings)
    assert TOKEN not in str(caught.value)
