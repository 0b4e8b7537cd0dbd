"""Handles signals even while the main thread is blocked, and ends the process when nothing else does."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import NoReturn

import click

STOPPING = (signal.SIGTERM, signal.SIGINT)
_COMMAND_SECONDS = 5.0
"""Seconds that a short command has to roll back what it has begun."""
LOG_SECONDS = 1.0
"""Seconds that the last line of the log may take."""


_ONE_REQUEST_SECONDS = 0.5
"""Signals within so many seconds are one request: `make` and `timeout` pass on what their whole group got."""

_kept: list[int] = []
_last_acts: list[Callable[[], None]] = []


class StopRequests:
    """Counts the requests to stop, each of which may come as several signals."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._number = 0
        self._until = 0.0

    def count(self) -> int:
        """Return the number of the request that a signal belongs to, and 0 for a further signal of that one."""
        if self._number and self._now() < self._until:
            return 0
        self._number += 1
        self._until = self._now() + _ONE_REQUEST_SECONDS
        return self._number


@contextmanager
def at_leaving(act: Callable[[], None]) -> Iterator[None]:
    """A context manager in which `act` is also called when the process ends without leaving it."""
    _last_acts.append(act)
    try:
        yield
    finally:
        _last_acts.remove(act)


def _act_last() -> None:
    for act in _last_acts:
        act()


def _leave_now(code: int) -> NoReturn:
    last = threading.Thread(target=_act_last, daemon=True)
    last.start()
    last.join(LOG_SECONDS)
    os._exit(code)


def hangups_end() -> None:
    """Make SIGHUP end the command as SIGTERM does: for one that ends with its terminal."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGHUP, lambda _number, _frame: signal.raise_signal(signal.SIGTERM))


def keep_hangups() -> None:
    """Keep SIGHUP until the agent, which handles it, is imported: by default the signal would end the process."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGHUP, lambda number, _frame: _kept.append(number))


def kept() -> Collection[int]:
    """Return the signals that arrived before there was a handler, each once; later calls do not return them
    again."""
    found = set(_kept)
    _kept.clear()
    return found


@contextmanager
def heard(numbers: Collection[int], tell: Callable[[int], None]) -> Iterator[None]:
    """A context manager in which `tell` is called with each of these signals, on a separate thread.

    Python runs signal handlers only when the main thread returns from a blocking call, which a database or a
    server can delay. So the number of the signal is written to a socket that a separate thread reads.
    """
    reading, writing = socket.socketpair()
    writing.setblocking(False)

    def listen() -> None:
        while told := reading.recv(64):
            for number in told:
                if number in numbers:
                    tell(number)

    thread = threading.Thread(target=listen, name="signals", daemon=True)
    thread.start()
    before = {number: signal.signal(number, lambda _number, _frame: None) for number in numbers}
    wakeup = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, handler in before.items():
            signal.signal(number, handler)
        writing.close()
        thread.join()
        reading.close()


def leave(code: int, event: str, **details: object) -> NoReturn:
    """End the process now, whatever its threads do, after a last line in the log.

    The store rolls back what was not committed, and git ends with the agent. The log may be what
    blocks, so it gets one second.
    """
    from leverwatch.agent.log import get_logger

    log = get_logger(__name__)
    last = threading.Thread(target=lambda: log.error(event, code=code, **details), daemon=True)
    last.start()
    last.join(LOG_SECONDS)
    _leave_now(code)


def by_signal(number: int) -> int:
    """Return the exit code of a command that was ended by a signal, as shells define it."""
    return 128 + number


@contextmanager
def ending() -> Iterator[None]:
    """A context manager for short commands: SIGTERM and SIGINT end them, and what they have begun is rolled back.

    When one does not end within 5 s, or on a second signal, the process ends anyway.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    requests = StopRequests()

    def tell(number: int) -> None:
        request = requests.count()
        if request == 0:
            return
        if request > 1:
            _leave_now(by_signal(number))
        overdue = threading.Timer(_COMMAND_SECONDS, _leave_now, (by_signal(number),))
        overdue.daemon = True
        overdue.start()

    def end(number: int, _frame: object) -> NoReturn:
        # A later one is for the thread above: another exception would come in the middle of the tidying up.
        for known in STOPPING:
            signal.signal(known, lambda _number, _frame: None)
        click.echo(f"leverwatch: ended by {signal.Signals(number).name}; what was committed stays", err=True)
        raise SystemExit(by_signal(number))

    with heard(STOPPING, tell):
        for number in STOPPING:
            signal.signal(number, end)
        yield
