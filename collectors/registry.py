"""The table of sources: a type name, its configuration model, its collector."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from leverwatch.collectors.config import SourceConfig
from leverwatch.collectors.interface import Collector, CollectorContext


@dataclass(frozen=True)
class SourceType:
    """One type of source: its name in the configuration, its settings, and how its collector is built."""

    name: str
    config: type[SourceConfig]
    build: Callable[[Any, CollectorContext], Collector]


_MODULES = (
    "leverwatch.collectors.sources.evals.collector",
    "leverwatch.collectors.sources.files.collector",
    "leverwatch.collectors.sources.git.collector",
    "leverwatch.collectors.sources.models.collector",
)
_types: dict[str, SourceType] = {}


def register(name: str, config: type[SourceConfig], build: Callable[[Any, CollectorContext], Collector]) -> None:
    """Register a type of source. Each module of a collector calls this once, in its last line."""
    _types[name] = SourceType(name, config, build)


def source_types() -> Mapping[str, SourceType]:
    """Return all types of sources by name, after importing their modules."""
    for module in _MODULES:
        import_module(module)
    return dict(_types)
