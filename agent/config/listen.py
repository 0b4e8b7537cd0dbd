"""The address that the agent's HTTP server listens on."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

_SHAPE = re.compile(r"(?:\[(?P<ipv6>[^\]]*)\]|(?P<host>[^:\[\]]*)):(?P<port>[0-9]{1,5})")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")


class Address(NamedTuple):
    """A host and port to listen on."""

    host: str
    """Empty: all addresses of the machine."""
    port: int
    """0: any free port."""


def parse_listen(text: str) -> Address:
    """Read `host:port`, `:port` or `[IPv6 address]:port`.

    Raises:
        ValueError: anything else. The message says what is missing.
    """
    match = _SHAPE.fullmatch(text)
    if match is None:
        if text.count(":") > 1 and "[" not in text:
            raise ValueError('must have an IPv6 address in brackets, such as "[::1]:9847"')
        raise ValueError('must be host:port, such as ":9847", "127.0.0.1:9847" or "[::1]:9847"')
    port = int(match["port"])
    if port > 65_535:
        raise ValueError("must have a port from 0 to 65535")
    if match["ipv6"] is not None:
        try:
            return Address(str(ipaddress.IPv6Address(match["ipv6"])), port)
        except ValueError:
            raise ValueError("must have a valid IPv6 address in its brackets") from None
    host = match["host"]
    if host and not _HOST.fullmatch(host):
        raise ValueError("must have a host name or an IP address before the port")
    return Address(host, port)
