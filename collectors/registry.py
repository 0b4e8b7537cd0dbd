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
    """One kind of source that a configuration can name."""

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
    """Add a kind of source; the one line that stands beside each collector class."""
    _types[name] = SourceType(name, config, build)


def source_types() -> Mapping[str, SourceType]:
    """Every kind of source there is, by its type name."""
    for module in _MODULES:
        import_module(module)
    return dict(_types)
