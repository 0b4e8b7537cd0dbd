"""Builds the runner of a configured source, for the running agent and for commands that read once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from leverwatch.agent.config.load import Loaded
from leverwatch.agent.scheduling.runner import Ledger, SourceRunner
from leverwatch.collectors.config import SourceConfig
from leverwatch.collectors.interface import Batch, CollectorContext, utc_now
from leverwatch.collectors.registry import source_types


def source_runner(
    config: SourceConfig,
    loaded: Loaded,
    store: Ledger,
    now: Callable[[], datetime] = utc_now,
    stopping: Callable[[], bool] = lambda: False,
    on_batch: Callable[[str, Batch], None] | None = None,
    workers: int = 1,
    clock: Callable[[], datetime] | None = None,
) -> SourceRunner:
    """Return the runner of one configured source.

    Args:
        workers: how many threads may read a backlog.
        clock: returns the time for the source; raises CollectorError when it is not trusted.
    """
    context = CollectorContext(
        base_dir=loaded.base_dir, cache_dir=loaded.cache_dir, now=clock or now, workers=workers, stopping=stopping
    )
    collector = source_types()[config.type].build(config, context)
    return SourceRunner(config, collector, store, now=now, stopping=stopping, on_batch=on_batch)
