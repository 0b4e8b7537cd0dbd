"""Opens the sockets of one address, whichever of IPv4 and IPv6 the machine has."""

from __future__ import annotations

import errno
import socket
from typing import Any

from leverwatch.agent.errors import LeverwatchError

_BACKLOG = 512
_MISSING = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT})
"""Error numbers that mean that the machine lacks IPv4 or IPv6, or the address."""
_KNOWN = {
    "": ((socket.AF_INET6, "::"), (socket.AF_INET, "0.0.0.0")),  # noqa: S104 - what an empty host asks for
    # Clients try both, and not every machine's list of hosts has both.
    "localhost": ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")),
}
_ATTEMPTS = 8


def open_listeners(host: str, port: int) -> list[socket.socket]:
    """Return listening sockets, all on the same port.

    An empty host means all addresses of the machine: IPv6 and IPv4 on one socket, or IPv4 alone without IPv6. A
    name means all addresses it resolves to that this machine has.

    Raises:
        LeverwatchError: the address cannot be listened on; names it, and the reason.
    """
    try:
        # Any free port of the first address may be taken on the second one: then another one is tried.
        for _ in range(_ATTEMPTS - 1 if port == 0 else 0):
            try:
                return _open_all(host, port)
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
        return _open_all(host, port)
    except OSError as error:
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        raise LeverwatchError(f"cannot listen on {where}: {error.strerror or error}") from error


def _open_all(host: str, port: int) -> list[socket.socket]:
    opened: list[socket.socket] = []
    missing: OSError | None = None
    try:
        for family, address in _addresses(host, port):
            if opened and port == 0:
                address = (address[0], opened[0].getsockname()[1], *address[2:])
            try:
                opened.append(_open(family, address, both=host in ("", "::")))
            except OSError as error:
                if error.errno not in _MISSING:
                    raise
                missing = missing or error
            else:
                if host == "":
                    break
    except BaseException:
        for listener in opened:
            listener.close()
        raise
    if not opened:
        raise missing or OSError(errno.EADDRNOTAVAIL, "the name stands for no address")
    return opened


def _addresses(host: str, port: int) -> list[tuple[int, Any]]:
    """Return the address families and addresses to listen on, without repetitions."""
    known = _KNOWN.get(host)
    if known is not None:
        return [(family, (address, port)) for family, address in known]
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((family, address) for family, *_, address in found))


def _open(family: int, address: Any, *, both: bool) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(not both))
        listener.bind(address)
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener
