"""The connections of one listener: their number, and which one is closed to make room for a new one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum

from leverwatch.agent.web.transport.channel import Channel
from leverwatch.agent.web.transport.limits import Drop


class Stage(IntEnum):
    """What a connection is doing."""

    HANDSHAKE = 0
    IDLE = 1
    HEAD = 2
    BODY = 3
    WORKING = 4
    ANSWERING = 5
    CLOSING = 6


_UNDISTURBED = frozenset({Stage.WORKING, Stage.ANSWERING})


@dataclass(eq=False, slots=True)
class Member:
    """The state of one connection that decides whether it can be closed for another."""

    since: float
    """When the present stage began, in seconds of the event loop's clock."""
    stage: Stage = Stage.HANDSHAKE
    task: asyncio.Task[None] | None = field(default=None, repr=False)
    channel: Channel | None = field(default=None, repr=False)


class Crowd:
    """Up to `most` connections. To be used in one event loop only; the counts may be read from any thread."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._members: set[Member] = set()
        self._dropped = dict.fromkeys(Drop, 0)

    @property
    def dropped(self) -> Mapping[Drop, int]:
        """How many connections the server closed before the client did, since the start, by reason."""
        return dict(self._dropped)

    def count_drop(self, reason: Drop) -> None:
        """Count one connection that the server closed before the client did."""
        self._dropped[reason] += 1

    def __len__(self) -> int:
        return len(self._members)

    @property
    def is_full(self) -> bool:
        """Whether another connection must be closed before a new one can be added."""
        return len(self._members) >= self._most

    def add(self, member: Member, channel: Channel, task: asyncio.Task[None]) -> None:
        """Add a connection; when its task ends, it is removed and closed."""
        member.channel, member.task = channel, task
        self._members.add(member)
        task.add_done_callback(lambda _: self._forget(member, channel))

    def _forget(self, member: Member, channel: Channel) -> None:
        # A task that is cancelled before its first step closes nothing by itself.
        channel.close()
        self._members.discard(member)

    def make_room(self) -> bool:
        """Close the connection that `spared` chooses; return False when there is none to close."""
        leaving = spared(self._members)
        if leaving is None or leaving.task is None or leaving.channel is None:
            return False
        self.count_drop(Drop.ROOM)
        self._members.discard(leaving)
        # At once, as whoever comes needs its descriptor; what the task has to tidy up can wait.
        leaving.channel.close()
        leaving.task.cancel()
        return True

    async def disperse(self, seconds: float) -> None:
        """End every connection: those with a request in progress get so much time to finish."""
        for member in self._members:
            if member.stage not in _UNDISTURBED and member.task is not None:
                member.task.cancel()
        tasks = [member.task for member in self._members if member.task is not None]
        if not tasks:
            return
        with suppress(asyncio.CancelledError):
            _, late = await asyncio.wait(tasks, timeout=seconds)
            for task in late:
                self.count_drop(Drop.STOPPED)
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=1)


def spared(members: set[Member]) -> Member | None:
    """Return the connection to close when a new one needs room; None when there is none.

    That is the one that has been idle or sending its request for the longest time. When there is none, it is the
    one that has been reading its response for the longest time. A connection that waits for the agent is never
    chosen.
    """
    waiting = [member for member in members if member.stage not in _UNDISTURBED]
    reading = [member for member in members if member.stage is Stage.ANSWERING]
    return min(waiting or reading, key=lambda member: member.since, default=None)
