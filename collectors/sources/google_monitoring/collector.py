"""Asks Google Cloud Monitoring for the days of Vertex AI."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

from leverwatch.collectors.daily.answers import Answer
from leverwatch.collectors.daily.collector import DailyCollector
from leverwatch.collectors.daily.errors import SchemaDiffers
from leverwatch.collectors.daily.known_days import KINDS as KINDS
from leverwatch.collectors.daily.metered import answer_of
from leverwatch.collectors.daily.over_http import unfinished
from leverwatch.collectors.daily.window import Days
from leverwatch.collectors.errors import SourceUnavailable
from leverwatch.collectors.interface import CollectorContext
from leverwatch.collectors.records.fields import parse_template, system_lookup
from leverwatch.collectors.sources.google_monitoring.api import Api, spans
from leverwatch.collectors.sources.google_monitoring.config import GoogleMonitoringConfig
from leverwatch.collectors.sources.google_monitoring.series import (
    CALLS,
    LATENCIES,
    RESPONSES,
    SOURCE,
    TOKENS,
    Point,
    Question,
    metered,
    points_of,
)


class Projects:
    """The metrics of Vertex AI in some projects."""

    def __init__(self, config: GoogleMonitoringConfig, context: CollectorContext) -> None:
        self._config, self._context, self._api = config, context, Api(config, context)
        template = parse_template(config.system)
        self._labels, self._system_of = template.paths, system_lookup(template)
        self._questions = (CALLS, TOKENS, LATENCIES, *((RESPONSES,) if config.endpoints else ()))

    @property
    def settings(self) -> str:
        """A digest of everything that the answers depend on; the credentials are not among it."""
        config = self._config
        told = (config.shown_url, sorted(config.projects), config.system, config.endpoints)
        return blake2b(repr(told).encode(), digest_size=8).hexdigest()

    def ask(self, days: Days) -> Answer:
        """Return what the metrics say of some days.

        Raises:
            CollectorError: as for `Api`.
        """
        self._api.answers.begin()
        place = f"source {self._config.name}: Cloud Monitoring"
        try:
            points = list(self._all(days))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise SourceUnavailable(f"{place}: the answer is none of Cloud Monitoring") from None
        found, odd = metered(points, self._labels)
        return unfinished(
            answer_of(found, self._system_of, place, [(place, *it) for it in odd]), self._api.answers.seen
        )

    def _all(self, days: Days) -> Iterator[Point]:
        """Yield the points of all projects; of one that several scopes of metrics show, those of the first."""
        shown_by: dict[tuple[str, str], str] = {}
        for project in self._config.projects:
            for question in self._questions:
                for point in self._points(project, question, days):
                    by = shown_by.setdefault((question.metric, point.cell.project), project)
                    if by == project and point.cell.day in days:
                        yield point

    def shown(self, days: Days) -> str:
        """Return what is asked for some days, by the names of the API."""
        return "\n".join(
            f"GET /v3/projects/{project}/timeSeries {question.filter}, {start:%Y-%m-%dT%H:%MZ} to"
            f" {end:%Y-%m-%dT%H:%MZ}, ALIGN_SUM of {period.total_seconds():.0f}s, REDUCE_SUM by"
            f" {', '.join(label.rpartition('.')[2] for label in question.by)}"
            for project in self._config.projects
            for question in self._questions
            for start, period, end in spans(days, self._context.now())
        )

    def _points(self, project: str, question: Question, days: Days) -> Iterator[Point]:
        try:
            found = list(self._api.series(project, question, days))
        except SchemaDiffers:
            if SOURCE not in question.by:
                raise
            # A cloud that does not have this label yet.
            question = question.without(SOURCE)
            found = list(self._api.series(project, question, days))
        return points_of(question, found, project)


class GoogleMonitoringCollector(DailyCollector):
    """A `google-monitoring` source."""

    def __init__(self, config: GoogleMonitoringConfig, context: CollectorContext) -> None:
        super().__init__(config, context, Projects(config, context))
