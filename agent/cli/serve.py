"""`leverwatch run`: runs the agent until it is told to stop."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Timer

from leverwatch.agent.app import STOP_SECONDS, Agent
from leverwatch.agent.cli.common import load, reported
from leverwatch.agent.cli.options import Exit
from leverwatch.agent.cli.signals import LOG_SECONDS, STOPPING, StopRequests, by_signal, heard, kept, leave
from leverwatch.agent.config import load_config
from leverwatch.agent.errors import LeverwatchError
from leverwatch.agent.memory import collected_as_usual, give_back


def run(config_path: Path) -> None:
    """Carry out `leverwatch run`, whose options are in `commands`."""
    with reported():
        give_back()
        loaded = load(config_path)
        agent = Agent(loaded, lambda: load_config(config_path, os.environ))
        serve(agent)
    sys.exit(Exit.OK)


def serve(
    agent: Agent,
    every_seconds: float | None = None,
    do: Callable[[], None] = lambda: None,
    stop_seconds: float = STOP_SECONDS,
    *,
    reloads: bool = True,
) -> None:
    """Run an agent until SIGTERM or SIGINT; `do` is called every `every_seconds`.

    SIGHUP reloads the configuration; without `reloads` it ends the agent as well.

    When it does not stop in time, or on a second signal, the process ends anyway.

    Raises:
        LeverwatchError: the agent could not start.
    """
    signals: SimpleQueue[int] = SimpleQueue()
    requests = StopRequests()

    def tell(number: int) -> None:
        if number == signal.SIGHUP and reloads:
            signals.put(number)
            return
        request = requests.count()
        if request == 0:
            return
        signals.put(signal.SIGTERM)
        if request > 1:
            leave(by_signal(number), "stopped_at_once")
        agent.ask_to_stop()
        overdue = Timer(
            stop_seconds - LOG_SECONDS, leave, (Exit.UNFINISHED, "stop_overdue"), {"seconds": stop_seconds}
        )
        overdue.daemon = True
        overdue.start()

    with heard((*STOPPING, signal.SIGHUP), tell):
        for number in kept():
            tell(number)
        try:
            agent.start()
            collected_as_usual()
            while _next(signals, every_seconds, do) == signal.SIGHUP:
                # The agent has logged every problem and shows it as a metric; it goes on as it was.
                with suppress(LeverwatchError):
                    agent.reload()
        finally:
            if running := agent.stop():
                # Their threads would hold the process until they end.
                leave(Exit.UNFINISHED, "stop_unfinished", jobs=",".join(sorted(running)))


def _next(signals: SimpleQueue[int], every_seconds: float | None, do: Callable[[], None]) -> int:
    while True:
        try:
            return signals.get(timeout=every_seconds)
        except Empty:
            do()
