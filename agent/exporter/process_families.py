"""Metric families of the process, by the names that Prometheus' client libraries share; read at each scrape."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import PlatformCollector, ProcessCollector
from prometheus_client.registry import Collector

from leverwatch.agent.exporter.family import Family, Sample, kind

Readings = Mapping[str, tuple[Mapping[str, str], float]]
"""The labels and the value of each sample, by its name."""

_LINUX = "where the system has /proc, as Linux"


def _family(name: str, meaning: str, emitted: str = _LINUX, labels: tuple[str, ...] = ()) -> Family[Readings]:
    def samples(readings: Readings) -> list[Sample]:
        if name not in readings:
            return []
        named, value = readings[name]
        return [(tuple(named[label] for label in labels), value)]

    return Family(name, kind(name), meaning, labels, emitted, samples)


PROCESS: tuple[Family[Readings], ...] = (
    _family("process_cpu_seconds_total", "Processor time that the process used, of the user and of the system."),
    _family("process_resident_memory_bytes", "Memory of the process that is in RAM."),
    _family("process_virtual_memory_bytes", "Memory of the process, in RAM or not."),
    _family("process_start_time_seconds", "Time at which the process started."),
    _family("process_open_fds", "Open file descriptors."),
    _family("process_max_fds", "Most file descriptors that may be open at once."),
    _family(
        "python_info",
        "Always 1; the labels carry the implementation and the version of Python.",
        "always",
        ("implementation", "version", "major", "minor", "patchlevel"),
    ),
)
"""The families about the process, in the order of the exposition."""

# Without a registry of theirs: the default one is of whoever imports the library.
_COLLECTORS: tuple[Collector, ...] = (ProcessCollector(registry=None), PlatformCollector(registry=None))


def read_process() -> Readings:
    """Return what is now known of this process; costs a few reads of /proc."""
    return {
        sample.name: (sample.labels, sample.value)
        for collector in _COLLECTORS
        for metric in collector.collect()
        for sample in metric.samples
    }
