"""The table of sources: a type name, its configuration model, its collector."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

from msgspec import Struct

from leverwatch.collectors.config import SourceConfig
from leverwatch.collectors.interface import Collector, CollectorContext


class SourceType(Struct, frozen=True):
    """One type of source: its name in the configuration, its settings, and how its collector is built."""

    name: str
    config: type[SourceConfig]
    build: Callable[[Any, CollectorContext], Collector]


def refused_files(config: SourceConfig, stored: Mapping[str, bytes]) -> Mapping[str, str]:
    """Return why something of a file of results was refused, by its path; nothing for a source of another type.

    Raises:
        SourceRefused: what is stored is unreadable, or of a newer version.
    """
    if config.type != "evals":
        return {}
    found: Mapping[str, str] = _module("evals", "positions").refused_files(config.name, stored)
    return found


def _lazy(name: str, config: str, collector: str) -> Callable[[], SourceType]:
    """Return what makes a type from the names of its classes in `sources/NAME/config.py` and `collector.py`; a
    folder has `_` where the name of the type has `-`."""

    def build(settings: Any, context: CollectorContext) -> Collector:
        built: Collector = getattr(_module(name, "collector"), collector)(settings, context)
        return built

    return lambda: SourceType(name, getattr(_module(name, "config"), config), build)


def _module(name: str, part: str) -> ModuleType:
    return import_module(f"leverwatch.collectors.sources.{name.replace('-', '_')}.{part}")


_TYPES: dict[str, Callable[[], SourceType]] = {
    "azure-monitor": _lazy("azure-monitor", "AzureMonitorConfig", "AzureMonitorCollector"),
    "bucket": _lazy("bucket", "BucketConfig", "BucketCollector"),
    "cloudwatch": _lazy("cloudwatch", "CloudWatchConfig", "CloudWatchCollector"),
    "evals": _lazy("evals", "EvalsConfig", "EvalsCollector"),
    "files": _lazy("files", "FilesConfig", "FilesCollector"),
    "git": _lazy("git", "GitConfig", "GitCollector"),
    "google-monitoring": _lazy("google-monitoring", "GoogleMonitoringConfig", "GoogleMonitoringCollector"),
    "loki": _lazy("loki", "LokiConfig", "LokiCollector"),
    "models": _lazy("models", "ModelsConfig", "ModelsCollector"),
    "prometheus": _lazy("prometheus", "PrometheusConfig", "PrometheusCollector"),
    "prompt-registry": _lazy("prompt-registry", "PromptRegistryConfig", "PromptRegistryCollector"),
    "sql": _lazy("sql", "SqlConfig", "SqlCollector"),
    "usage-api": _lazy("usage-api", "UsageApiConfig", "UsageApiCollector"),
}


class _Types(Mapping[str, SourceType]):
    """The types by name, each imported when it is asked for."""

    def __getitem__(self, name: str) -> SourceType:
        return _TYPES[name]()

    def __contains__(self, name: object) -> bool:
        return name in _TYPES

    def __iter__(self) -> Iterator[str]:
        return iter(_TYPES)

    def __len__(self) -> int:
        return len(_TYPES)


def source_types() -> Mapping[str, SourceType]:
    """Return all types of sources by name.

    The settings of a type are imported when it is looked up, its collector when the first one is built.
    """
    return _Types()
