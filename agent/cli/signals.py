"""Signals, heard whatever the main thread waits for, and the end of the process when nothing else ends it."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import NoReturn

import click

STOPPING = (signal.SIGTERM, signal.SIGINT)
_COMMAND_SECONDS = 5.0
"""What a command that runs once may take to give up what it has begun."""
LOG_SECONDS = 1.0
"""What the last line of the log may take."""


_kept: list[int] = []


def keep_hangups() -> None:
    """Keep SIGHUP for the agent, which hears it only when it is imported: by itself it would end the process."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGHUP, lambda number, _frame: _kept.append(number))


def kept() -> Collection[int]:
    """The signals that came before somebody heard them, once; many that are the same are one."""
    found = set(_kept)
    _kept.clear()
    return found


@contextmanager
def heard(numbers: Collection[int], tell: Callable[[int], None]) -> Iterator[None]:
    """Call `tell` with each of these signals, on a thread of its own.

    Python runs its handlers only when the main thread comes back from what it waits for, which a database or a
    server can prevent. The number of the signal goes through a socket to a thread that waits for nothing else.
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
    """End the process now, whatever its threads do, with a last line in the log.

    The store rolls back what was not committed, and git ends with the agent. Even the log may be what does not
    answer, so it gets a second.
    """
    from leverwatch.agent.log import get_logger

    log = get_logger(__name__)
    last = threading.Thread(target=lambda: log.error(event, code=code, **details), daemon=True)
    last.start()
    last.join(LOG_SECONDS)
    os._exit(code)


def by_signal(number: int) -> int:
    """The exit code of a command that a signal ended, as shells have it."""
    return 128 + number


@contextmanager
def ending() -> Iterator[None]:
    """For a command that runs once: SIGTERM and SIGINT end it, with what it has begun rolled back.

    Where it does not end by itself within 5 s, or with a second signal, the process ends all the same.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    told: list[int] = []

    def tell(number: int) -> None:
        told.append(number)
        if len(told) > 1:
            os._exit(by_signal(number))
        overdue = threading.Timer(_COMMAND_SECONDS, os._exit, (by_signal(number),))
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
