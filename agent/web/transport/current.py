"""The present web configuration file, read again when it or a certificate changes on disk."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from ssl import SSLContext
from threading import Lock
from typing import TypeAlias

from leverwatch.agent.config.web_file import LoadedWebFile, load_web_file
from leverwatch.agent.errors import ConfigError
from leverwatch.agent.log import get_logger
from leverwatch.agent.web.transport.auth import Protection
from leverwatch.agent.web.transport.passwords import Passwords

log = get_logger(__name__)

_RETRY_SECONDS = 5.0

_Signature: TypeAlias = tuple[tuple[int, ...], ...]


class CurrentWebFile:
    """Follows a web configuration file. A version that cannot be used is logged, and the last good one stays.

    Raises:
        ConfigError: the file cannot be used when the object is made.
    """

    def __init__(self, path: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._path, self._monotonic = path, monotonic
        self._lock = Lock()
        self._refused_at: float | None = None
        self._problems: tuple[str, ...] = ()
        self._use(*_load(path))

    @property
    def uses_tls(self) -> bool:
        """Whether the listener uses TLS; this does not change after the start."""
        return self._loaded.context is not None

    def context(self) -> SSLContext:
        """Return the TLS context for the next connection.

        Raises:
            ValueError: the file has no `tls_server_config`.
        """
        context = self._fresh().context
        if context is None:
            raise ValueError("the web configuration file has no tls_server_config")
        return context

    def protection(self) -> Protection:
        """Return the passwords and headers for the next request."""
        self._fresh()
        return self._protection

    def _fresh(self) -> LoadedWebFile:
        with self._lock:
            if self._is_due():
                self._seen = _signature(self._loaded.files)
                self._read_again()
            return self._loaded

    def _is_due(self) -> bool:
        if self._refused_at is not None and self._monotonic() - self._refused_at >= _RETRY_SECONDS:
            # A file that was missing is none of those that are looked at.
            return True
        return _signature(self._loaded.files) != self._seen

    def _read_again(self) -> None:
        try:
            loaded, seen = _load(self._path)
            self._check_same_protocol(loaded)
        except ConfigError as error:
            if error.problems != self._problems:
                for problem in error.problems:
                    log.error("web_config_refused", problem=problem)  # noqa: TRY400 - the problem is all there is
            self._problems, self._refused_at = error.problems, self._monotonic()
        else:
            self._use(loaded, seen)
            log.info("web_config_read", file=str(self._path))

    def _check_same_protocol(self, loaded: LoadedWebFile) -> None:
        if (loaded.context is None) is self.uses_tls:
            raise ConfigError((f"{self._path}: tls_server_config: cannot come or go without a restart",))

    def _use(self, loaded: LoadedWebFile, seen: _Signature) -> None:
        self._loaded, self._seen = loaded, seen
        self._problems, self._refused_at = (), None
        users = {user: text.get_secret_value() for user, text in loaded.config.basic_auth_users.items()}
        self._protection = Protection(
            passwords=Passwords(users) if users else None,
            headers=tuple(loaded.config.http_server_config.headers.items()),
        )


def _load(path: Path) -> tuple[LoadedWebFile, _Signature]:
    """Read the file, and return it with a signature taken before, so that a change in between is noticed later."""
    seen = _signature(load_web_file(path).files)
    return load_web_file(path), seen


def _signature(files: tuple[Path, ...]) -> _Signature:
    """Identity, size and time of each file, to notice changes; links are followed, as mounted secrets are
    links."""
    return tuple(_file_signature(file) for file in files)


def _file_signature(file: Path) -> tuple[int, ...]:
    try:
        found = file.stat()
    except OSError:
        return ()
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
