"""The table of sources: a type name, its configuration model, its collector."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

from leverwatch.collectors.config import SourceConfig
from leverwatch.collectors.interface import Collector, CollectorContext


@dataclass(frozen=True)
class SourceType:
    """One kind of source that a configuration can name."""

    name: str
    config: type[SourceConfig]
    build: Callable[[Any, CollectorContext], Collector]


_CLASSES = {
    "evals": ("EvalsConfig", "EvalsCollector"),
    "files": ("FilesConfig", "FilesCollector"),
    "git": ("GitConfig", "GitCollector"),
    "models": ("ModelsConfig", "ModelsCollector"),
}
"""Of each kind of source, its model in `sources/NAME/config.py`, and its collector in `collector.py` beside it."""


def source_types() -> Mapping[str, SourceType]:
    """Every kind of source there is, by its type name. A collector is imported when one of its kind is built."""
    return {
        name: SourceType(name, getattr(_module(name, "config"), config), _builder(name, collector))
        for name, (config, collector) in _CLASSES.items()
    }


def _module(name: str, part: str) -> ModuleType:
    return import_module(f"leverwatch.collectors.sources.{name}.{part}")


def _builder(name: str, collector: str) -> Callable[[Any, CollectorContext], Collector]:
    def build(config: Any, context: CollectorContext) -> Collector:
        built: Collector = getattr(_module(name, "collector"), collector)(config, context)
        return built

    return build
