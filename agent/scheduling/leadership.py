"""Which of several agents on one store evaluates: the one that holds the lease of the store."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from uuid import uuid4

from leverwatch.agent.clock import steady_seconds
from leverwatch.agent.errors import StoreError
from leverwatch.agent.log import get_logger
from leverwatch.agent.snapshot import Leader
from leverwatch.agent.store.lease import Fence, Lease, Leases
from leverwatch.collectors.interface import utc_now

log = get_logger(__name__)

LEASE_SECONDS = 30.0
"""Seconds after which a lease that nobody renews can be taken, by the clock of the store."""
MARGIN_SECONDS = 5.0
"""Seconds before that at which the agent that holds it stops evaluating, by its own clock."""
RENEWAL = timedelta(seconds=10)
"""How often each agent asks for the lease. A killed leader is replaced after at most 30 + 10 s."""


class Leadership:
    """Keeps the lease, or waits for it. `leases` None: the agent is alone on its store, and always leads."""

    def __init__(
        self,
        leases: Leases | None,
        agent: str,
        now: Callable[[], datetime] = utc_now,
        steady: Callable[[], float] = steady_seconds,
    ) -> None:
        self._leases, self._agent, self._now, self._steady = leases, agent, now, steady
        self._holder = uuid4().hex
        self._lock = Lock()
        self._lease: Lease | None = None
        self._until = -math.inf
        self._seen: datetime | None = None
        self._told = False
        """Whether the log has that this agent leads."""

    @property
    def shared(self) -> bool:
        """Whether there may be other agents."""
        return self._leases is not None

    def ask(self) -> bool:
        """Renew the lease, or take it where it is free. Returns whether there is something new to show: this agent
        leads from now on, or the one that does has evaluated. What fails is logged, and asked again later."""
        if self._leases is None:
            return False
        # Before the question: the store counts from a later moment, so that the lease ends here first.
        asked = self._steady()
        try:
            lease = self._leases.ask(self._holder, self._agent, LEASE_SECONDS)
        except StoreError as error:
            log.warning("lease_not_renewed", error=str(error))
            self._tell(self.fence())
            return False
        ours = lease.fence.holder == self._holder
        with self._lock:
            before, led = self._lease, self._fence()
            self._lease, self._seen = lease, self._now()
            self._until = asked + LEASE_SECONDS - MARGIN_SECONDS if ours else -math.inf
            now = self._fence()
        self._tell(now)
        if now is not None:
            return now != led
        return before is None or (before.fence, before.evaluated_at) != (lease.fence, lease.evaluated_at)

    def fence(self) -> Fence | None:
        """Return what writes of an evaluation are conditional on; None while this agent may not evaluate."""
        with self._lock:
            return self._fence()

    def _fence(self) -> Fence | None:
        if self._lease is None or self._steady() >= self._until:
            return None
        return self._lease.fence

    @property
    def evaluated_at(self) -> datetime | None:
        """The time as of which the newest verdicts of the store were decided; None: not known."""
        with self._lock:
            return None if self._lease is None else self._lease.evaluated_at

    def view(self) -> Leader | None:
        """Return which agent evaluates; None when this one is alone, or has not been told yet."""
        with self._lock:
            if self._lease is None or self._seen is None:
                return None
            lease = self._lease
            return Leader(lease.agent, lease.fence.term, self._fence() is not None, self._seen)

    def evaluated(self, fence: Fence, moment: datetime) -> None:
        """Tell the other agents that there are verdicts as of that moment.

        Raises:
            StoreError: the store cannot be reached, or another agent took the lease.
        """
        if self._leases is not None:
            self._leases.evaluated(fence, moment)

    def step_down(self) -> None:
        """Evaluate no more until the lease is asked for again."""
        with self._lock:
            self._until = -math.inf
        self._tell(None)

    def resign(self) -> None:
        """Evaluate no more, and leave the lease to the next agent that asks. What fails is logged: it expires."""
        with self._lock:
            fence = self._fence()
        self.step_down()
        if fence is None or self._leases is None:
            return
        try:
            self._leases.release(fence)
        except StoreError as error:
            log.warning("lease_not_released", error=str(error))

    def close(self) -> None:
        """Close the connection to the store."""
        if self._leases is not None:
            self._leases.close()

    def _tell(self, fence: Fence | None) -> None:
        with self._lock:
            told, self._told = self._told, fence is not None
        if fence is not None and not told:
            log.info("leads", agent=self._agent, term=fence.term)
        elif fence is None and told:
            log.info("leads_no_more", agent=self._agent)
