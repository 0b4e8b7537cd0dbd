"""The agent's log: constant event names with key=value, on standard error; warnings are counted."""

from __future__ import annotations

import logging
import sys
from collections import Counter
from collections.abc import Mapping, MutableMapping
from threading import Lock
from typing import Any, Literal, TextIO

import structlog


class WarningCounter:
    """Counts warnings and errors by event name."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = Lock()

    def __call__(self, _logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """A structlog processor."""
        if method in {"warning", "error", "critical", "exception"}:
            self._add(str(event.get("event")))
        return event

    def of_library(self, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """A structlog processor for messages of libraries, whose texts vary: counts them under one event name."""
        if event["_record"].levelno >= logging.WARNING:
            self._add("library_warning")
        return event

    def _add(self, name: str) -> None:
        with self._lock:
            self._counts[name] += 1

    def counts(self) -> Mapping[str, int]:
        """Warnings and errors since the start, by event name."""
        with self._lock:
            return dict(self._counts)


warnings_logged = WarningCounter()
"""The counter of this process."""


def configure(
    level: str = "info", output: Literal["logfmt", "json"] = "logfmt", stream: TextIO | None = None
) -> None:
    """Send the agent's events, and the warnings of libraries, to `stream` (standard error by default)."""
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    shared: list[Any] = [structlog.stdlib.add_log_level, structlog.stdlib.add_logger_name, stamp]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if output == "json"
        else structlog.processors.LogfmtRenderer(
            key_order=["timestamp", "level", "event"], drop_missing=True, bool_as_flag=False
        )
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            warnings_logged,
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, warnings_logged.of_library],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    for name in ("leverwatch", "apscheduler", "alembic"):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
        # Libraries log their every step at info; only their warnings are passed on.
        logger.setLevel(level.upper() if name == "leverwatch" else logging.WARNING)
