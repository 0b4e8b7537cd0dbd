"""Asks Google Cloud Monitoring over HTTP, with a token of Google's own library or of the settings."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from typing import TYPE_CHECKING, Any

from leverwatch.collectors.bearer import Bearer
from leverwatch.collectors.daily.errors import (
    CredentialsRefused,
    PermissionRefused,
    RateLimited,
    SchemaDiffers,
    Unreachable,
)
from leverwatch.collectors.daily.http_config import HttpAuth, auth_of
from leverwatch.collectors.daily.json_answers import JsonAnswers
from leverwatch.collectors.daily.limited import limited
from leverwatch.collectors.daily.window import DAY, Days
from leverwatch.collectors.errors import CollectorError, SourceRefused, SourceUnavailable
from leverwatch.collectors.interface import CollectorContext
from leverwatch.collectors.sources.google_monitoring.config import GoogleMonitoringConfig
from leverwatch.collectors.sources.google_monitoring.series import Question

if TYPE_CHECKING:
    from leverwatch.collectors.http_values import Auth

_SCOPE = "https://www.googleapis.com/auth/monitoring.read"
_PAGE = 10_000
_MOST_PAGES = 1000
_MINUTE = timedelta(minutes=1)
# It writes requests for tokens.
logging.getLogger("google.auth").setLevel(logging.CRITICAL)


def spans(days: Days, now: datetime) -> list[tuple[datetime, timedelta, datetime]]:
    """Return the start, the length of a period and the end of each question about some days.

    Periods are laid back from the end, so that they are days only when the end is a midnight. The present day is a
    period of its own, which ends now.
    """
    now = now.astimezone(UTC).replace(second=0, microsecond=0)
    start, end = (datetime.combine(day, clock(), UTC) for day in (days.first, days.last + DAY))
    midnight = datetime.combine(now.date(), clock(), UTC)
    found = []
    if start < min(end, midnight):
        found.append((start, DAY, min(end, midnight)))
    if end > midnight and now - midnight >= _MINUTE:
        found.append((midnight, now - midnight, now))
    return found


class Api:
    """The time series of projects."""

    def __init__(self, config: GoogleMonitoringConfig, context: CollectorContext) -> None:
        self._config, self._context = config, context
        self._place = f"source {config.name}: {config.shown_url}"
        self._credentials: Any = None
        self.answers = JsonAnswers(
            config, self._place, config.timeout.total_seconds(), context, "Cloud Monitoring"
        )

    def series(self, project: str, question: Question, days: Days) -> Iterator[dict[str, Any]]:
        """Yield the time series of a metric, added up by days.

        Raises:
            CollectorError: in the vocabulary of `collectors/daily/errors.py`; also when the answer is not whole.
        """
        for start, period, end in spans(days, self._context.now()):
            parameters: dict[str, str | list[str]] = {
                "filter": question.filter,
                "interval.startTime": f"{start:%Y-%m-%dT%H:%M:%SZ}",
                "interval.endTime": f"{end:%Y-%m-%dT%H:%M:%SZ}",
                "aggregation.alignmentPeriod": f"{period.total_seconds():.0f}s",
                # ALIGN_DELTA would make up values between points.
                "aggregation.perSeriesAligner": "ALIGN_SUM",
                "aggregation.crossSeriesReducer": "REDUCE_SUM",
                "aggregation.groupByFields": list(question.by),
                "pageSize": str(_PAGE),
            }
            yield from self._all(project, parameters)

    def _all(self, project: str, parameters: dict[str, str | list[str]]) -> Iterator[dict[str, Any]]:
        known: set[str] = set()
        more: dict[str, str | list[str]] = {}
        while len(known) < _MOST_PAGES:
            page = self._page(project, parameters | more)
            if page.get("executionErrors"):
                raise SourceUnavailable(f"{self._place}: {project}: the service had no whole answer")
            series = page.get("timeSeries", [])
            if not isinstance(series, list) or not all(isinstance(it, dict) for it in series):
                raise self.answers.strange()
            yield from series
            token = page.get("nextPageToken")
            if not token:
                return
            if token in known:
                raise SourceUnavailable(f"{self._place}: a page comes again and again")
            known.add(token)
            more = {"pageToken": token}
        raise SourceUnavailable(f"{self._place}: the answer has more than {_MOST_PAGES} pages")

    def _page(self, project: str, parameters: dict[str, str | list[str]]) -> dict[str, Any]:
        url = self._config.address(f"v3/projects/{project}/timeSeries")
        return self.answers.one(url, part=project, auth=self._auth(), parameters=parameters, meaning=_meaning)

    def _auth(self) -> Auth:
        config = self._config
        auth: Auth
        if config.authenticates():
            auth = auth_of(config, self._place, self._context.base_dir)
        else:
            token: str = limited(
                self._token, place=self._place, deadline=self.answers.deadline, stopping=self._context.stopping
            )
            auth = Bearer(token)
        quota = config.quota_project or getattr(self._credentials, "quota_project_id", None)
        return HttpAuth({} if quota is None else {"x-goog-user-project": str(quota)}, auth)

    def _token(self) -> str:
        try:
            import google.auth
            from google.auth.exceptions import GoogleAuthError
            from google.auth.transport.requests import Request
            from google.oauth2 import service_account
        except ModuleNotFoundError as error:
            raise SourceRefused(
                f"source {self._config.name}: Google's library is missing; install leverwatch[google-monitoring],"
                " or set `token_file`"
            ) from error
        file = self._config.credentials_file
        try:
            if self._credentials is None and file is not None:
                reading: Any = service_account.Credentials.from_service_account_file
                self._credentials = reading(str(self._context.base_dir / file), scopes=[_SCOPE])
            elif self._credentials is None:
                self._credentials, _ = google.auth.default(scopes=[_SCOPE])
            if not self._credentials.valid:
                self._credentials.refresh(Request())
        except (GoogleAuthError, ValueError, OSError) as error:
            # Without a cause: its text may have the answer of the server.
            raise _no_token(self._place, error) from None
        token: str = self._credentials.token
        return token


def _no_token(place: str, error: Exception) -> CollectorError:
    name = type(error).__name__
    if name in {"TransportError", "TimeoutError"}:
        return Unreachable(f"{place}: no token could be got ({name})")
    if getattr(error, "retryable", False):
        return SourceUnavailable(f"{place}: no token was given now ({name})")
    return CredentialsRefused(
        f"{place}: no token was given ({name}): `credentials_file`, GOOGLE_APPLICATION_CREDENTIALS or the service"
        " account of this machine has to be set up, with a key that is not revoked"
    )


_SUSPENDED = frozenset({"CONSUMER_SUSPENDED", "CONSUMER_INVALID", "BILLING_DISABLED"})


def _meaning(place: str, status: int, said: bytes) -> CollectorError | None:
    """Return what an error of the API means; None: what its status means."""
    try:
        found = json.loads(said)
        error = found.get("error", {}) if isinstance(found, dict) else {}
        code = error.get("status", "") if isinstance(error, dict) else ""
        reasons = {str(it.get("reason")) for it in error.get("details", ()) if isinstance(it, dict)}
    except (ValueError, TypeError, AttributeError):
        code, reasons = "", set[str]()
    if "SERVICE_DISABLED" in reasons:
        return PermissionRefused(
            f"{place}: the Monitoring API is switched off in the project, or in the one whose quota is used"
        )
    if "USER_PROJECT_DENIED" in reasons:
        return PermissionRefused(
            f"{place}: the quota of that project may not be used; it needs serviceusage.services.use there"
        )
    if "ACCESS_TOKEN_SCOPE_INSUFFICIENT" in reasons:
        return PermissionRefused(
            f"{place}: the token was given without the scope monitoring.read (status {status})"
        )
    if reasons & _SUSPENDED:
        return PermissionRefused(
            f"{place}: the project is suspended, deleted or without billing; ask Google (status {status})"
        )
    if "ACCESS_TOKEN_EXPIRED" in reasons:
        return CredentialsRefused(f"{place}: the token has expired (status {status})")
    if code == "NOT_FOUND":
        return SchemaDiffers(
            f"{place}: there is no such project, or no such metric in it yet; check `projects` (status {status})"
        )
    if code == "PERMISSION_DENIED" or status == 403:
        return PermissionRefused(
            f"{place}: the credentials may not read time series; they need monitoring.timeSeries.list, as in the"
            f" role Monitoring Viewer (status {status})"
        )
    if code == "RESOURCE_EXHAUSTED":
        return RateLimited(f"{place}: too many questions (status {status})")
    return None
