"""Takes new connections of one listening socket, and backs off when the system has no more descriptors."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from leverwatch.agent.limited_log import LimitedLog
from leverwatch.agent.log import get_logger
from leverwatch.agent.web.transport.channel import wait_for
from leverwatch.agent.web.transport.crowd import Crowd
from leverwatch.agent.web.transport.limits import Drop

log = LimitedLog(get_logger(__name__))

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
_AT_ONCE = 32
_MAPPED = "::ffff:"
"""The prefix with which an IPv6 socket writes the IPv4 address of a client."""


async def accept_all(listener: socket.socket, crowd: Crowd, take: Callable[[socket.socket, str], None]) -> None:
    """Hand every new connection, and the address of its client, to `take`. Ends only when it is cancelled."""
    pause, taken = _FIRST_PAUSE, 0
    while True:
        try:
            connection, address = listener.accept()
        except (BlockingIOError, InterruptedError):
            await wait_for(listener, writing=False)
            continue
        except ConnectionError:
            continue  # the client has left already
        except OSError as error:
            # Out of descriptors or memory. A client that is not being answered has one that is of more use here.
            log.warning("http_accept_failed", reason=error.strerror, connections=len(crowd))
            if not crowd.make_room():
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            continue
        pause = _FIRST_PAUSE
        if crowd.is_full and not crowd.make_room():
            crowd.count_drop(Drop.FULL)
            connection.close()
        else:
            try:
                take(connection, str(address[0]).removeprefix(_MAPPED))
            except Exception:
                # Whatever is wrong with this one, the next one has to be accepted.
                log.exception("http_connection_failed", client=address[0])
                connection.close()
        # The connections that there are have their turn in between.
        taken += 1
        if taken % _AT_ONCE == 0:
            await asyncio.sleep(0)
