"""Asks Azure Monitor for the days of Azure OpenAI and Foundry resources."""

from __future__ import annotations

from datetime import UTC
from hashlib import blake2b

from leverwatch.collectors.daily.answers import Answer
from leverwatch.collectors.daily.collector import DailyCollector
from leverwatch.collectors.daily.errors import SchemaDiffers
from leverwatch.collectors.daily.known_days import KINDS as KINDS
from leverwatch.collectors.daily.metered import Metered, answer_of
from leverwatch.collectors.daily.over_http import unfinished
from leverwatch.collectors.daily.window import DAY, Days
from leverwatch.collectors.errors import SourceUnavailable
from leverwatch.collectors.interface import CollectorContext
from leverwatch.collectors.records.fields import parse_template, system_lookup
from leverwatch.collectors.sources.azure_monitor.api import Api
from leverwatch.collectors.sources.azure_monitor.config import KEPT, AzureMonitorConfig
from leverwatch.collectors.sources.azure_monitor.series import (
    METRICS,
    Point,
    Question,
    metered,
    points_of,
    questions_of,
)


class Resources:
    """The metrics of some Azure OpenAI or Foundry resources."""

    def __init__(self, config: AzureMonitorConfig, context: CollectorContext) -> None:
        self._config, self._context, self._api = config, context, Api(config, context)
        template = parse_template(config.system)
        self._labels, self._system_of = template.paths, system_lookup(template)

    @property
    def settings(self) -> str:
        """A digest of everything that the answers depend on; the identity is not among it."""
        config = self._config
        told = (config.shown_url, sorted(config.resources), config.system)
        return blake2b(repr(told).encode(), digest_size=8).hexdigest()

    def ask(self, days: Days) -> Answer:
        """Return what the metrics say of some days.

        Raises:
            CollectorError: as for `Api`; SchemaDiffers when a resource has no such metrics.
        """
        oldest = (self._context.now().astimezone(UTC) - KEPT).date() + DAY
        days = Days(max(days.first, oldest), days.last)
        if not len(days):
            return Answer((), frozenset())
        self._api.answers.begin()
        found: list[Metered] = []
        problems: list[tuple[str, str, str]] = []
        for resource in self._config.resources:
            place = f"source {self._config.name}: {resource.rpartition('/')[2]}"
            questions = questions_of(self._api.definitions(resource))
            if not questions:
                raise SchemaDiffers(f"{place}: the resource has no metrics of calls of models; check `resources`")
            told, odd = metered(self._points(place, resource, questions, days), self._labels, resource)
            found += told
            problems += [(place, *it) for it in odd]
        return unfinished(
            answer_of(found, self._system_of, f"source {self._config.name}: Azure Monitor", problems),
            self._api.answers.seen,
        )

    def shown(self, days: Days) -> str:
        """Return what is asked for some days, in the words of Azure's command line."""
        start, end = days.first.isoformat(), (days.last + DAY).isoformat()
        return "\n".join(
            f"az monitor metrics list --resource {resource} --metrics {' '.join(METRICS)}"
            f" --start-time {start}T00:00:00Z --end-time {end}T00:00:00Z --interval P1D --aggregation Total"
            for resource in self._config.resources
        )

    def _points(self, place: str, resource: str, questions: list[Question], days: Days) -> list[Point]:
        try:
            points = [
                point
                for question in questions
                for point in points_of(self._api.metrics(resource, question, days))
                if point.day in days
            ]
        except (ValueError, KeyError, TypeError, AttributeError):
            raise SourceUnavailable(f"{place}: the answer is none of Azure Monitor") from None
        return points


class AzureMonitorCollector(DailyCollector):
    """An `azure-monitor` source."""

    def __init__(self, config: AzureMonitorConfig, context: CollectorContext) -> None:
        super().__init__(config, context, Resources(config, context))
