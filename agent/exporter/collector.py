"""A Prometheus collector over one immutable snapshot: fresh families each time, so nothing stale can stay."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from leverwatch.agent.exporter.family import Family, S

_KINDS: dict[str, type[CounterMetricFamily] | type[GaugeMetricFamily]] = {
    "counter": CounterMetricFamily,
    "gauge": GaugeMetricFamily,
}


class SnapshotCollector(Collector, Generic[S]):
    """Yields the metric families of one snapshot; a family without any sample is left out."""

    def __init__(self, families: Iterable[Family[S]], snapshot: S) -> None:
        self._families = families
        self._snapshot = snapshot

    def collect(self) -> Iterator[Metric]:
        """The families, in the order in which they were declared."""
        for family in self._families:
            metric = _KINDS[family.type](family.name, family.help, labels=family.labels)
            for labels, value in family.samples(self._snapshot):
                metric.add_metric([_encodable(label) for label in labels], value)
            if metric.samples:
                yield metric


def _encodable(label: str) -> str:
    """Replace lone surrogates, which JSON allows and UTF-8 cannot encode; one would make every scrape fail."""
    return label if label.isascii() else label.encode("utf-8", "replace").decode("utf-8")
