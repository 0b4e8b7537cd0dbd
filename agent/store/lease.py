"""The lease of the agent that evaluates: one row of the database, by the clock of its server.

Only PostgreSQL needs it, as an SQLite file has one agent. What asks for the lease does so over a connection of its
own, so that no other work of the agent keeps it waiting.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from msgspec import Struct
from sqlalchemy import URL, Connection, text

from leverwatch.agent.errors import StoreFenced
from leverwatch.agent.store.engine import WRITES, open_database, translated

_NAME = "evaluation"

# `clock_timestamp()` and not `now()`: a statement that waited for the row has to see how late it is. The row is
# locked before the condition is asked, so that of several agents one alone finds the lease expired.
_TAKE = text("""
    INSERT INTO leases (name, holder, agent, term, expires_at)
    VALUES (:name, :holder, :agent, 1, (clock_timestamp() AT TIME ZONE 'UTC') + make_interval(secs => :seconds))
    ON CONFLICT (name) DO UPDATE SET
        holder = excluded.holder,
        agent = excluded.agent,
        term = leases.term + CASE WHEN leases.holder = excluded.holder THEN 0 ELSE 1 END,
        expires_at = (clock_timestamp() AT TIME ZONE 'UTC') + make_interval(secs => :seconds)
    WHERE leases.holder = excluded.holder OR leases.expires_at <= (clock_timestamp() AT TIME ZONE 'UTC')
""")
_READ = text("""
    SELECT holder, agent, term, evaluated_at,
        expires_at > (clock_timestamp() AT TIME ZONE 'UTC') + make_interval(secs => :seconds) AS too_long
    FROM leases WHERE name = :name
""")
_SHORTEN = text("""
    UPDATE leases SET expires_at = (clock_timestamp() AT TIME ZONE 'UTC') + make_interval(secs => :seconds)
    WHERE name = :name AND expires_at > (clock_timestamp() AT TIME ZONE 'UTC') + make_interval(secs => :seconds)
""")
_RELEASE = text("""
    UPDATE leases SET expires_at = (clock_timestamp() AT TIME ZONE 'UTC')
    WHERE name = :name AND holder = :holder AND term = :term
""")
_EVALUATED = text("""
    UPDATE leases SET evaluated_at = :moment WHERE name = :name AND holder = :holder AND term = :term
""")
_BRIEFLY = "SET LOCAL idle_in_transaction_session_timeout = '5s'"
"""Whoever stops between the check of the lease and the commit keeps others from taking it no longer than that."""
_HELD = text("""
    SELECT 1 FROM leases WHERE name = :name AND holder = :holder AND term = :term FOR SHARE
""")


class Fence(Struct, frozen=True):
    """What a write of an evaluation is conditional on: that nobody took the lease since."""

    holder: str
    """A name that no other process has."""
    term: int
    """How often the lease went from one process to another."""


class Lease(Struct, frozen=True):
    """The lease as it was found."""

    fence: Fence
    agent: str
    """The name of the agent that has it, for people."""
    evaluated_at: datetime | None
    """The time as of which the newest verdicts were decided; None before the first evaluation."""


class Leases:
    """Asks a PostgreSQL for the lease. Safe to use from several threads.

    Raises (all methods):
        StoreError: the database refused, or did not answer within some seconds.
    """

    def __init__(self, url: str | URL) -> None:
        self._database = open_database(url, hasty=True)

    def ask(self, holder: str, agent: str, seconds: float) -> Lease:
        """Take or renew the lease for so many seconds, unless another process holds it; return whose it is then.

        Renewing keeps the term, also after the lease expired when nobody took it meanwhile. A lease that ends
        later than one can is of before the server's clock was set back: whose it is keeps it for so many seconds.
        """
        with self._writing() as connection:
            asked = {"name": _NAME, "holder": holder, "agent": agent, "seconds": seconds}
            connection.execute(_TAKE, asked)
            row = connection.execute(_READ, {"name": _NAME, "seconds": seconds}).one()
            if row.too_long:
                connection.execute(_SHORTEN, {"name": _NAME, "seconds": seconds})
        evaluated = None if row.evaluated_at is None else row.evaluated_at.replace(tzinfo=UTC)
        return Lease(Fence(row.holder, row.term), row.agent, evaluated)

    def release(self, fence: Fence) -> None:
        """Let the lease expire now, if it is still held: the next agent that asks gets it."""
        with self._writing() as connection:
            connection.execute(_RELEASE, _of(fence))

    def evaluated(self, fence: Fence, moment: datetime) -> None:
        """Store as of when the newest verdicts were decided, for the agents that show them.

        Raises:
            StoreFenced: another agent took the lease.
        """
        naive = moment.astimezone(UTC).replace(tzinfo=None)
        with self._writing() as connection:
            if connection.execute(_EVALUATED, {**_of(fence), "moment": naive}).rowcount == 0:
                raise _fenced()

    def close(self) -> None:
        """End what waits for an answer, and close the connection."""
        self._database.interrupt()
        self._database.engine.dispose()

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        engine = self._database.engine
        with (
            translated(engine.url),
            engine.connect().execution_options(**{WRITES: True}) as connection,
            connection.begin(),
        ):
            yield connection


def require_lease(connection: Connection, fence: Fence) -> None:
    """Check that nobody took the lease, and keep it from being taken until the transaction ends, which has to be
    at once.

    Raises:
        StoreFenced: another agent took the lease.
    """
    connection.exec_driver_sql(_BRIEFLY)
    if connection.execute(_HELD, _of(fence)).first() is None:
        raise _fenced()


def _of(fence: Fence) -> dict[str, object]:
    return {"name": _NAME, "holder": fence.holder, "term": fence.term}


def _fenced() -> StoreFenced:
    return StoreFenced("another agent evaluates now; nothing was written")
