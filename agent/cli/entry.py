"""Runs the command `leverwatch` as a process of its own."""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading

from leverwatch.agent.memory import collect_rarely


def command() -> None:
    """Run the command that the arguments of the process name, and end the process with its exit code."""
    if sys.argv[1:2] == ["run"]:
        # Nothing is read yet that a hangup could have read again; by default it would end the process.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    collect_rarely()  # before the imports, of which there are the most
    # Libraries look whether it is there and load it. It is for programs that use it, and this is none.
    sys.modules.setdefault("greenlet", None)  # type: ignore[arg-type]
    from leverwatch.agent.cli.main import main

    try:
        main()
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            _end(ended.code or 0)
        raise


def _end(code: int) -> None:
    """End the process without taking Python apart: that frees each object of each module, for nothing.

    Returns when something may still need Python: a thread that it would wait for, or output that nobody takes.
    """
    if any(not each.daemon for each in threading.enumerate() if each is not threading.main_thread()):
        return
    atexit._run_exitfuncs()  # noqa: SLF001  # as `multiprocessing` does before it ends a process
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except (OSError, ValueError):
        return
    os._exit(code)
