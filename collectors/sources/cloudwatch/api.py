"""Calls CloudWatch through Amazon's library: all pages of what it lists and of what it has measured."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from functools import cache
from typing import Any

from leverwatch.collectors.daily.errors import PermissionRefused
from leverwatch.collectors.daily.over_http import moment_of
from leverwatch.collectors.daily.window import DAY, Days
from leverwatch.collectors.errors import SourceRefused, SourceUnavailable
from leverwatch.collectors.sources.cloudwatch.config import CloudWatchConfig
from leverwatch.collectors.sources.cloudwatch.errors import meaning
from leverwatch.collectors.sources.cloudwatch.series import MANTLE, NAMESPACE, Series, listed, query_of, values_of

MOST_QUERIES = 500
"""Of one request."""
_MOST_PAGES = 1000
LIST, GET, WHO = "cloudwatch:ListMetrics", "cloudwatch:GetMetricData", "sts:GetCallerIdentity"

# At lower levels it writes requests with their signatures.
logging.getLogger("botocore").setLevel(logging.CRITICAL)


def session_of(config: CloudWatchConfig) -> Any:
    """Return a session of Amazon's library, which looks for credentials when the first request needs them.

    Raises:
        SourceRefused: the library is not installed.
    """
    try:
        from botocore.loaders import Loader
        from botocore.session import Session
    except ModuleNotFoundError as error:
        raise SourceRefused(
            f"source {config.name}: Amazon's library is missing; install leverwatch[cloudwatch]"
        ) from error
    session = Session(profile=config.profile)
    # It has what the library knows of services, read once: that takes longer than a question.
    session.register_component("data_loader", _kept(Loader))
    return session


@cache
def _kept(make: Callable[[], Any]) -> Any:
    return make()


class Region:
    """CloudWatch of one region."""

    def __init__(self, config: CloudWatchConfig, region: str, session: Any) -> None:
        self._config, self.name, self._session = config, region, session
        self._place = f"source {config.name}: CloudWatch of {region}"
        self.seen: list[datetime] = []
        """The times that the service said it was."""

    def series(self) -> list[Series]:
        """Return every series of the last two weeks.

        Raises:
            CollectorError: as for `meaning`.
        """
        linked = {"IncludeLinkedAccounts": True} if self._config.linked_accounts else {}
        found: list[Series] = []
        for namespace in (NAMESPACE, MANTLE) if self._config.mantle else (NAMESPACE,):
            for page in self._pages("list_metrics", LIST, {"Namespace": namespace, **linked}):
                found += listed(page.get("Metrics", []), self.name, page.get("OwningAccounts", []))
        return found

    def values(self, wanted: Sequence[Series], days: Days) -> dict[tuple[Series, date], float]:
        """Return the values of series on some days.

        Raises:
            CollectorError: as for `meaning`; also when a part of the answer is missing.
        """
        span = {"StartTime": _midnight(days.first), "EndTime": _midnight(days.last + DAY)}
        found: dict[tuple[Series, date], float] = {}
        for start in range(0, len(wanted), MOST_QUERIES):
            some = wanted[start : start + MOST_QUERIES]
            asked = {f"q{number}": series for number, series in enumerate(some)}
            queries = [query_of(series, number) for number, series in enumerate(some)]
            question = {"MetricDataQueries": queries, **span, "ScanBy": "TimestampAscending"}
            states: dict[str, str] = {}
            for page in self._pages("get_metric_data", GET, question):
                if page.get("Messages"):
                    raise SourceUnavailable(f"{self._place}: {GET}: the service answers with a part of them")
                for result in page.get("MetricDataResults", []):
                    states[result["Id"]] = result.get("StatusCode", "Complete")
                    found |= values_of(asked[result["Id"]], result.get("Timestamps", []), result.get("Values", []))
            self._check(states, len(some))
        return found

    def account(self) -> str | None:
        """Return the account of the credentials.

        Raises:
            CollectorError: as for `meaning`.
        """
        with self._translated(WHO):
            answer = self._client("sts", with_url=False).get_caller_identity()
        found = answer.get("Account")
        return None if found is None else str(found)

    def _check(self, states: dict[str, str], asked: int) -> None:
        """Refuse an answer with a part missing: the state of each metric is that of its last page."""
        if "Forbidden" in states.values():
            raise PermissionRefused(
                f"{self._place}: the credentials may not read metrics of another account; {GET} has to be allowed"
                " there, or `linked_accounts` switched off"
            )
        if len(states) < asked or set(states.values()) - {"Complete"}:
            raise SourceUnavailable(f"{self._place}: {GET}: the service had no whole answer")

    def _pages(self, method: str, action: str, question: dict[str, Any]) -> Iterator[dict[str, Any]]:
        known: set[str] = set()
        more: dict[str, Any] = {}
        with self._translated(action):
            call = getattr(self._client("cloudwatch"), method)
        while len(known) < _MOST_PAGES:
            with self._translated(action):
                page = call(**question, **more)
            moment = moment_of(page.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date"))
            self.seen += [] if moment is None else [moment]
            yield page
            token = page.get("NextToken")
            if not token:
                return
            if token in known:
                raise SourceUnavailable(f"{self._place}: {action}: a page comes again and again")
            known.add(token)
            more = {"NextToken": token}
        raise SourceUnavailable(f"{self._place}: {action}: the answer has more than {_MOST_PAGES} pages")

    @contextmanager
    def _translated(self, action: str) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        try:
            yield
        except (BotoCoreError, ClientError, ResponseParserError, OSError, ValueError) as error:
            # Without a cause: its text may name users, and parts of requests.
            raise meaning(self._place, action, error) from None

    def _client(self, service: str, *, with_url: bool = True) -> Any:
        from botocore.config import Config

        seconds = self._config.timeout.total_seconds()
        url = self._config.url if with_url else None
        # Retries are those of every source, with its budget.
        once = Config(connect_timeout=min(seconds, 30.0), read_timeout=seconds, retries={"total_max_attempts": 1})
        return self._session.create_client(
            service,
            region_name=self.name,
            endpoint_url=None if url is None else url.replace("{region}", self.name),
            config=once,
        )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
