"""`leverwatch run`: the agent, until it is told to stop."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue

import click

from agent.app import Agent
from agent.cli.common import EPILOG, Exit, config_option, load, reported
from agent.config import load_config
from agent.errors import LeverwatchError


@click.command(epilog=EPILOG)
@config_option
def run(config_path: Path) -> None:
    """Watch every source, decide on a schedule, and serve the metrics and the status page.

    SIGHUP reads the configuration again; a bad one changes nothing but the metric that says so. SIGTERM and Ctrl-C
    finish the transaction in progress and end.

    \b
    Examples:
      leverwatch run
      leverwatch run --config /etc/leverwatch/leverwatch.yaml
    """
    with reported():
        loaded = load(config_path)
        agent = Agent(loaded, lambda: load_config(config_path, os.environ))
        serve(agent)
    sys.exit(Exit.OK)


# Python runs a handler when the main thread runs. A signal that arrives just before that thread begins to wait, or
# that another thread takes, does not wake it: it wakes by itself, so that no signal waits longer than this.
_LOOK_SECONDS = 1.0


def serve(agent: Agent, every_seconds: float = _LOOK_SECONDS, do: Callable[[], None] = lambda: None) -> None:
    """Keep an agent alive until SIGTERM or SIGINT; `do` is called every so many seconds.

    Raises:
        LeverwatchError: it could not start.
    """
    signals: SimpleQueue[int] = SimpleQueue()
    handled = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.signal(number, lambda number, _frame: signals.put(number)) for number in handled}
    try:
        agent.start()
        while True:
            try:
                number = signals.get(timeout=every_seconds)
            except Empty:
                do()
                continue
            if number != signal.SIGHUP:
                break
            try:
                agent.reload()
            except LeverwatchError as error:
                # The agent has logged every problem and shows it as a metric; it goes on as it was.
                click.echo(f"leverwatch: the old configuration stays in use: {error}", err=True)
    finally:
        agent.stop()
        for number, handler in before.items():
            signal.signal(number, handler)
