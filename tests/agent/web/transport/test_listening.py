"""Which sockets an address opens, on machines that have both protocols and on those that lack one."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from leverwatch.agent.errors import LeverwatchError
from leverwatch.agent.web.transport.listening import open_listeners


@contextmanager
def opened(host: str, port: int = 0) -> Iterator[int]:
    """The port that all sockets of the address share."""
    listeners = open_listeners(host, port)
    try:
        [chosen] = {listener.getsockname()[1] for listener in listeners}
        yield chosen
    finally:
        for listener in listeners:
            listener.close()


def reaches(port: int, *addresses: str) -> list[str]:
    found = []
    for address in addresses:
        try:
            socket.create_connection((address, port), timeout=5).close()
        except OSError:
            continue
        found.append(address)
    return found


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], None]:
    """Make the system say that it lacks a family, when a socket of it is made or when it is bound."""

    def lack(family: int, reason: int) -> None:
        class Lacking(socket.socket):
            def __init__(self, kind: int = -1, *more: Any, **named: Any) -> None:
                if kind == family and reason == errno.EAFNOSUPPORT:
                    raise OSError(reason, "Address family not supported by protocol")
                super().__init__(kind, *more, **named)

            def bind(self, address: object, /) -> None:
                if self.family == family:
                    raise OSError(reason, "Cannot assign requested address")
                super().bind(address)  # type: ignore[arg-type]  # whatever it is

        monkeypatch.setattr("socket.socket", Lacking)

    return lack


def test_an_empty_host_is_every_address_of_both_protocols() -> None:
    with opened("") as port:
        assert reaches(port, "127.0.0.1", "::1", "127.0.0.2") == ["127.0.0.1", "::1", "127.0.0.2"]


@pytest.mark.parametrize("reason", [errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL])
@pytest.mark.parametrize(("host", "left"), [("", "127.0.0.1"), ("localhost", "127.0.0.1")])
def test_ipv4_alone_is_enough(without: Callable[[int, int], None], reason: int, host: str, left: str) -> None:
    without(socket.AF_INET6, reason)
    with opened(host) as port:
        assert reaches(port, left) == [left]


@pytest.mark.parametrize("reason", [errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL])
@pytest.mark.parametrize(("host", "left"), [("", "::1"), ("localhost", "::1")])
def test_ipv6_alone_is_enough(without: Callable[[int, int], None], reason: int, host: str, left: str) -> None:
    without(socket.AF_INET, reason)
    with opened(host) as port:
        assert reaches(port, left) == [left]


def test_localhost_is_both_of_its_addresses_and_no_other() -> None:
    with opened("localhost") as port:
        assert reaches(port, "127.0.0.1", "::1", "127.0.0.2") == ["127.0.0.1", "::1"]


@pytest.mark.parametrize(
    ("host", "there"), [("::1", ["::1"]), ("127.0.0.1", ["127.0.0.1"]), ("::", ["127.0.0.1", "::1"])]
)
def test_an_address_is_itself(host: str, there: list[str]) -> None:
    with opened(host) as port:
        assert reaches(port, "127.0.0.1", "::1") == there


def test_a_port_taken_on_one_protocol_only_is_an_error_and_leaves_nothing_open() -> None:
    with ExitStack() as opened:
        # Other tests have servers of IPv4, which may have the same number.
        while True:
            taken = opened.enter_context(socket.create_server(("::1", 0), family=socket.AF_INET6))
            port = taken.getsockname()[1]
            if reaches(port, "127.0.0.1") == []:
                break
        for host in ("localhost", ""):
            with pytest.raises(
                LeverwatchError, match=rf"^cannot listen on {host}:{port}: Address already in use$"
            ):
                open_listeners(host, port)
        assert reaches(port, "127.0.0.1") == []


def test_a_name_that_stands_for_nothing_is_an_error_that_names_it() -> None:
    with pytest.raises(LeverwatchError, match=r"^cannot listen on nowhere\.invalid:9847: .*[Nn]ame"):
        open_listeners("nowhere.invalid", 9847)
