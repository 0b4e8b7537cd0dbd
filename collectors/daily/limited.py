"""Calls a library that waits for another machine, and stops waiting for it at a limit of time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from leverwatch.collectors.daily.errors import TimedOut
from leverwatch.collectors.errors import SourceUnavailable

T = TypeVar("T")
_TICK = 0.05


def limited(call: Callable[[], T], *, place: str, deadline: float, stopping: Callable[[], bool]) -> T:
    """Return what a call returns, or raise what it raises.

    The time-outs of such libraries are for each single wait, and each of several ways to get credentials.

    Args:
        call: waits for another machine. When nobody waits for it any longer, it goes on by itself, and what it
            returns is dropped.
        place: the name of the source, for messages.
        deadline: the time of `time.monotonic()`, in seconds, at which it must have returned.
        stopping: called several times a second; nobody waits any longer when it returns true.

    Raises:
        TimedOut: it did not return in time.
        SourceUnavailable: `stopping` returned true.
    """
    outcome: list[tuple[Any, BaseException | None]] = []
    done = threading.Event()

    def run() -> None:
        try:
            outcome.append((call(), None))
        except BaseException as error:  # noqa: BLE001 - whoever waits raises it
            outcome.append((None, error))
        finally:
            done.set()

    # A daemon, since it may be held for longer than the agent lives.
    threading.Thread(target=run, name="limited-call", daemon=True).start()
    while not done.wait(_TICK):
        if stopping():
            raise SourceUnavailable(f"{place}: ended early, since the agent stops")
        if time.monotonic() >= deadline:
            raise TimedOut(f"{place}: the answer was not complete when the time for it was over")
    value, error = outcome[0]
    if error is not None:
        raise error
    found: T = value
    return found
