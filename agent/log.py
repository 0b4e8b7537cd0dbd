"""The agent's log: constant event names with key=value, on standard error; warnings are counted."""

from __future__ import annotations

import logging
import re
import sys
from collections import Counter
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from threading import Lock, RLock
from typing import Any, Literal, Protocol, TextIO


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


_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "exception": 40}
_NAMES = ("leverwatch", "apscheduler", "alembic")
_pending: list[Callable[[], None]] = []
"""What sets up the log, while nothing has been logged."""
_setting_up = RLock()
_plain_streams: list[TextIO] = []
"""Where lines go that need no structlog; empty when they are JSON, or when the log is set up."""
_PLAIN = re.compile(r"[A-Za-z0-9._:/@+-]+")


class Logger(Protocol):
    """What the agent uses of a logger of structlog."""

    def debug(self, event: str, /, **fields: Any) -> Any:
        """Log an event that helps to find a fault."""

    def info(self, event: str, /, **fields: Any) -> Any:
        """Log an event."""

    def warning(self, event: str, /, **fields: Any) -> Any:
        """Log an event that somebody should look at, and count it."""

    def error(self, event: str, /, **fields: Any) -> Any:
        """Log an error, and count it."""

    def exception(self, event: str, /, **fields: Any) -> Any:
        """Log an error with the exception in progress, and count it."""


class _Lazy:
    """A logger that imports structlog with the first line that is written: most short commands write none."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, method: str) -> Any:
        if _pending and not logging.getLogger(self._name).isEnabledFor(_LEVELS[method]):
            return _unwritten
        if _pending and method == "info":
            return partial(_write_plainly, self._name)
        return self.whole(method)

    def whole(self, method: str) -> Any:
        """Return the method of a logger of structlog."""
        set_up()
        import structlog

        return getattr(structlog.get_logger(self._name), method)


def _is_plain(value: object) -> bool:
    return _PLAIN.fullmatch(value) is not None if type(value) is str else type(value) in {int, float}


def _write_plainly(name: str, event: str, /, **fields: Any) -> None:
    """Write a line as structlog would: importing it takes longer than what a short command has to tell.

    What needs quoting, or more than one line of text, is left to structlog.
    """
    if not _plain_streams or not all(_is_plain(value) for value in fields.values()):
        _Lazy(name).whole("info")(event, **fields)
        return
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    parts = {"timestamp": moment, "level": "info", "event": event, **fields, "logger": name}
    with suppress(OSError, ValueError):  # as a handler of the log does
        _plain_streams[0].write(" ".join(f"{key}={value}" for key, value in parts.items()) + "\n")
        _plain_streams[0].flush()


def _unwritten(event: str, /, **fields: Any) -> None:
    """Take a line that is below the level."""


class _First(logging.Handler):
    """Stands for the handler of the log until a library writes the first line."""

    def emit(self, record: logging.LogRecord) -> None:
        """Set up the log, and write the line there."""
        set_up()
        logging.getLogger(record.name).handle(record)


def get_logger(name: str) -> Logger:
    """Return the logger of a module, by the module's name."""
    logger: Logger = _Lazy(name)
    return logger


def set_up() -> None:
    """Do now what `configure` put off, for what takes the handlers of the log as they are."""
    with _setting_up:
        while _pending:
            _pending[-1]()
            _pending.clear()


def configure(
    level: str = "info", output: Literal["logfmt", "json"] = "logfmt", stream: TextIO | None = None
) -> None:
    """Send the agent's events, and the warnings of libraries, to `stream` (standard error by default)."""
    target = stream or sys.stderr
    _attach(_First(), level)
    _pending[:] = [lambda: _configure(level, output, target)]
    _plain_streams[:] = [target] if output == "logfmt" else []
    if "structlog" in sys.modules:
        # Somebody may have a logger of structlog itself, which has to find it set up.
        set_up()


def _attach(handler: logging.Handler, level: str) -> None:
    for name in _NAMES:
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
        # Libraries speak at info of their every step; their warnings are ours to pass on.
        logger.setLevel(level.upper() if name == "leverwatch" else logging.WARNING)


def _configure(level: str, output: Literal["logfmt", "json"], stream: TextIO) -> None:
    import structlog

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
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, warnings_logged.of_library],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    _attach(handler, level)
