"""Asks Azure Monitor over HTTP, with a token of Microsoft's own library or of the settings."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from datetime import time as clock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from leverwatch.collectors.bearer import Bearer
from leverwatch.collectors.daily.errors import (
    CredentialsRefused,
    PermissionRefused,
    RateLimited,
    SchemaDiffers,
    Unreachable,
)
from leverwatch.collectors.daily.http_config import auth_of
from leverwatch.collectors.daily.json_answers import JsonAnswers
from leverwatch.collectors.daily.limited import limited
from leverwatch.collectors.daily.window import DAY, Days
from leverwatch.collectors.errors import CollectorError, SourceRefused, SourceUnavailable
from leverwatch.collectors.interface import CollectorContext
from leverwatch.collectors.sources.azure_monitor.config import AzureMonitorConfig
from leverwatch.collectors.sources.azure_monitor.series import Question

if TYPE_CHECKING:
    from leverwatch.collectors.http_values import Auth

_VERSION = "2024-02-01"
"""Of the interface; the one that Microsoft's own library asks in."""
_NAMESPACE = "microsoft.cognitiveservices/accounts"
MOST_SERIES = 10_000
"""Without such a number, Azure Monitor leaves all but ten series out, and does not say so."""
_MOST_PAGES = 100
_NOT_SET_UP = frozenset({"CredentialUnavailableError", "ClientAuthenticationError"})

# They write tenants, and parts of requests.
for _name in ("azure", "msal"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


class Api:
    """The metrics of resources."""

    def __init__(self, config: AzureMonitorConfig, context: CollectorContext) -> None:
        self._config, self._context = config, context
        self._place = f"source {config.name}: {config.shown_url}"
        self._credential: Any = None
        self.answers = JsonAnswers(config, self._place, config.timeout.total_seconds(), context, "Azure Monitor")

    def definitions(self, resource: str) -> list[dict[str, Any]]:
        """Return which metrics a resource has.

        Raises:
            CollectorError: in the vocabulary of `collectors/daily/errors.py`.
        """
        return list(self._all(resource, "metricDefinitions", {"metricnamespace": _NAMESPACE}))

    def metrics(self, resource: str, question: Question, days: Days) -> list[dict[str, Any]]:
        """Return the values of metrics of a resource on some days.

        Raises:
            CollectorError: in the vocabulary of `collectors/daily/errors.py`; also when the answer is not whole.
        """
        now = self._context.now().astimezone(UTC).replace(second=0, microsecond=0)
        start, end = (datetime.combine(day, clock(), UTC) for day in (days.first, days.last + DAY))
        end = max(min(end, now), start)
        parameters = {
            "metricnames": ",".join(question.names),
            "metricnamespace": _NAMESPACE,
            "timespan": f"{start:%Y-%m-%dT%H:%M:%SZ}/{end:%Y-%m-%dT%H:%M:%SZ}",
            "interval": question.grain,
            "aggregation": "Total",
            "$filter": question.filter,
            "top": str(MOST_SERIES),
        }
        found = list(self._all(resource, "metrics", parameters))
        for metric in found:
            if metric.get("errorCode", "Success") != "Success":
                raise SourceUnavailable(f"{self._place}: a part of the metrics could not be read")
            if len(metric.get("timeseries") or ()) >= MOST_SERIES:
                raise SourceRefused(f"{self._place}: one metric has more than {MOST_SERIES:,} series")
        return found

    def _all(self, resource: str, what: str, parameters: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        url = self._config.address(f"{resource}/providers/Microsoft.Insights/{what}")
        more: Mapping[str, str] = {"api-version": _VERSION, **parameters}
        for _ in range(_MOST_PAGES):
            page = self._page(url, resource, more)
            values = page.get("value")
            if not isinstance(values, list) or not all(isinstance(it, dict) for it in values):
                raise self.answers.strange()
            yield from values
            following = page.get("nextLink")
            if not following:
                return
            url, more = self._same_host(str(following)), {}
        raise SourceUnavailable(f"{self._place}: the answer has more than {_MOST_PAGES} pages")

    def _page(self, url: str, resource: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        part = resource.rpartition("/")[2]
        return self.answers.one(url, part=part, auth=self._auth(), parameters=parameters, meaning=_meaning)

    def _same_host(self, url: str) -> str:
        """Return the address of the next page, which gets the token as well."""
        if urlsplit(url)[:2] != urlsplit(self._config.url)[:2]:
            raise SourceRefused(f"{self._place}: the next page is at another address, which gets no token")
        return url

    def _auth(self) -> Auth:
        config = self._config
        if config.authenticates():
            return auth_of(config, self._place, self._context.base_dir)
        parts = urlsplit(config.url)
        token: str = limited(
            lambda: self._token(f"{parts.scheme}://{parts.netloc}/.default"),
            place=self._place,
            deadline=self.answers.deadline,
            stopping=self._context.stopping,
        )
        return Bearer(token)

    def _token(self, scope: str) -> str:
        try:
            from azure.core.exceptions import AzureError
            from azure.identity import DefaultAzureCredential
        except ModuleNotFoundError as error:
            raise SourceRefused(
                f"source {self._config.name}: Microsoft's library is missing; install leverwatch[azure-monitor],"
                " or set `token_file`"
            ) from error
        try:
            if self._credential is None:
                # It keeps tokens until they expire. What only developers have is slow to look for.
                more = {} if self._config.authority is None else {"authority": self._config.authority}
                self._credential = DefaultAzureCredential(
                    managed_identity_client_id=self._config.identity,
                    exclude_shared_token_cache_credential=True,
                    exclude_visual_studio_code_credential=True,
                    exclude_powershell_credential=True,
                    exclude_developer_cli_credential=True,
                    **more,
                )
            token: str = self._credential.get_token(scope).token
        except (AzureError, ValueError, OSError) as error:
            # Without a cause: its text has the tenant, and may have more.
            raise _no_token(self._place, error) from None
        return token


def _no_token(place: str, error: Exception) -> CollectorError:
    name = type(error).__name__
    if name in _NOT_SET_UP or isinstance(error, ValueError):
        return CredentialsRefused(
            f"{place}: no token was given ({name}): the environment, a workload identity, a managed identity or"
            " Azure's command line has to be set up, with a secret that has not expired"
        )
    if getattr(error, "status_code", None) == 429:
        return RateLimited(f"{place}: too many requests for tokens")
    return Unreachable(f"{place}: no token could be got ({name})")


_EXPIRED = frozenset({"ExpiredAuthenticationToken", "TokenExpired"})
_UNREGISTERED = frozenset({"MissingSubscriptionRegistration", "MissingRegistrationForResourceProvider"})
_VERSIONS = frozenset({"NoRegisteredProviderFound", "InvalidApiVersionParameter", "UnsupportedApiVersion"})
_SCOPES = {
    "ResourceNotFound": "there is no such resource; check `resources`",
    "ResourceGroupNotFound": "there is no such resource group; check `resources`",
    "SubscriptionNotFound": "there is no such subscription here; check `resources`, and `url` for another cloud",
    "InvalidSubscriptionId": "there is no such subscription; check `resources`",
}


def _meaning(place: str, status: int, said: bytes) -> CollectorError | None:
    """Return what an error of the Azure Resource Manager means; None: what its status means."""
    try:
        found = json.loads(said)
        error = found.get("error", found) if isinstance(found, dict) else {}
        code = str(error.get("code", "")) if isinstance(error, dict) else ""
    except ValueError:
        code = ""
    if code in _SCOPES:
        return SchemaDiffers(f"{place}: {_SCOPES[code]} (status {status})")
    if code in _EXPIRED:
        return CredentialsRefused(f"{place}: the token has expired (status {status})")
    if code == "InvalidAuthenticationTokenTenant":
        return CredentialsRefused(
            f"{place}: the token is of another tenant than the subscription (status {status}); check `resources`,"
            " and whose identity it is"
        )
    if code in _UNREGISTERED:
        return PermissionRefused(
            f"{place}: the subscription has to register the provider Microsoft.Insights (status {status})"
        )
    if "DisabledSubscription" in code or code == "SubscriptionDisabled":
        return PermissionRefused(f"{place}: the subscription is disabled (status {status})")
    if code in _VERSIONS:
        return SchemaDiffers(
            f"{place}: this cloud does not know the version of metrics that is asked (status {status});"
            " check `url`"
        )
    if code == "BadRequest":
        return SchemaDiffers(
            f"{place}: the resource does not have the metrics, dimensions or days that are asked for (status"
            f" {status}); check that `resources` are of Azure OpenAI or Foundry"
        )
    if status == 403:
        return PermissionRefused(
            f"{place}: the identity may not read metrics; it needs the role Monitoring Reader on the resource"
            f" (status {status})"
        )
    return None
