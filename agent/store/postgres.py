"""Connections to PostgreSQL that never block a thread for longer than a limit, whatever happens to the server."""

from __future__ import annotations

import time
from collections.abc import Generator
from threading import Event
from typing import Any

import psycopg

from leverwatch.collectors.libpq import CONNECT_SECONDS as CONNECT_SECONDS
from leverwatch.collectors.libpq import CONNECTING as CONNECTING

STATEMENT_SECONDS = 60
"""Seconds after which the server cancels a statement."""
LOCK_SECONDS = 20
"""Seconds after which the server cancels a statement that waits for a lock."""
ANSWER_SECONDS = 75
"""Seconds without any answer after which the connection is given up."""
_LIMITS = (
    "SET LOCAL statement_timeout = '{statement}s'; SET LOCAL lock_timeout = '{lock}s'; "
    "SET LOCAL idle_in_transaction_session_timeout = '{idle}s'"
)
WRITING = _LIMITS.format(statement=STATEMENT_SECONDS, lock=LOCK_SECONDS, idle=STATEMENT_SECONDS)
"""Set in each transaction that writes, as a pooler in front of the server shares sessions and refuses start-up
options.

An agent that is cut off in the middle of one holds its locks until the server ends it for being idle.
"""
READING = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; " + _LIMITS.format(
    statement=STATEMENT_SECONDS, lock=LOCK_SECONDS, idle=5 * STATEMENT_SECONDS
)
"""Set in each one that reads: all its statements see one state, whatever other agents write meanwhile."""
HASTY_SECONDS = 5
"""Seconds after which the server cancels a statement of a hasty connection; two more, and it is given up."""
HASTY = _LIMITS.format(statement=HASTY_SECONDS, lock=HASTY_SECONDS, idle=HASTY_SECONDS)


def connection_class(stopping: Event, answer: float | None = None) -> type[psycopg.Connection[Any]]:
    """Return a class of connections that wait at most `answer` seconds for an answer, and not at all once
    `stopping` is set. None: `ANSWER_SECONDS`."""

    class Bounded(psycopg.Connection[Any]):
        answer_seconds = answer or ANSWER_SECONDS

        def wait(self, gen: Generator[Any, Any, Any], *args: Any, **kwargs: Any) -> Any:
            # The driver looks up ten times a second. Keepalives and time-outs of TCP are not enough: something
            # between the two may go on acknowledging what it no longer passes on.
            return super().wait(self._bounded(gen), *args, **kwargs)

        def _bounded(self, gen: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
            ready: Any = None
            while True:
                if ready or ready is None:
                    deadline = time.monotonic() + self.answer_seconds
                try:
                    wanted = gen.send(ready)
                except StopIteration as stop:
                    return stop.value
                ready = yield wanted
                if stopping.is_set():
                    self._give_up("the agent stops")
                if not ready and time.monotonic() > deadline:
                    self._give_up(f"no answer for {self.answer_seconds:g} s")

        def _give_up(self, reason: str) -> None:
            # Its state is unknown: whatever comes of the statement, nobody will ask over this connection.
            self.pgconn.finish()
            raise psycopg.OperationalError(f"connection given up: {reason}")

    return Bounded
