"""The grammar of requests and answers, without a socket."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.agent.exporter.payload import whole
from leverwatch.agent.web.transport.exchange import Answer, Awaited, Exchange, Refused
from leverwatch.agent.web.transport.limits import Limits

LIMITS = Limits(header_bytes=200, body_bytes=50)
GET = b"GET /a%20b?c=d HTTP/1.1\r\nHost: a\r\nX-More: 1\r\n\r\n"


def refused(data: bytes) -> int:
    """The status that the bytes are answered with."""
    exchange = Exchange(LIMITS)
    exchange.feed(data)
    with pytest.raises(Refused) as caught:
        exchange.request()
    return caught.value.status.value


def test_a_request_is_read_however_its_bytes_come() -> None:
    whole = Exchange(LIMITS, GET).request()
    exchange = Exchange(LIMITS)
    for byte in GET:
        assert exchange.request() is None
        exchange.feed(bytes((byte,)))

    assert whole is not None
    assert exchange.request() == whole
    assert (whole.method, whole.target, whole.version) == ("GET", "/a%20b?c=d", "HTTP/1.1")
    assert whole.headers == (("host", "a"), ("x-more", "1"))


def test_it_says_what_it_waits_for() -> None:
    exchange = Exchange(LIMITS, b"\r\n")
    awaited = [exchange.awaited]
    for more in (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3", b"\r\n\r\nab"):
        exchange.feed(more)
        assert exchange.request() is None
        awaited.append(exchange.awaited)
    exchange.feed(b"cGET")

    assert awaited == [Awaited.REQUEST, Awaited.HEAD, Awaited.BODY]
    assert exchange.request() is not None
    assert exchange.rest == b"GET"


HOST = b"Host: a\r\n"
REFUSALS = [
    ("no request at all", b"hello\r\n\r\n", 400),
    ("the beginning of TLS", b"\x16\x03\x01\x00\n\n", 400),
    ("a header without a colon", b"GET / HTTP/1.1\r\n" + HOST + b"X\r\n\r\n", 400),
    ("a first header that starts with a space", b"GET / HTTP/1.1\r\n X: 1\r\n" + HOST + b"\r\n", 400),
    ("a later header that starts with a space", b"GET / HTTP/1.1\r\n" + HOST + b" X: 1\r\n\r\n", 400),
    ("a later header that starts with a tab", b"GET / HTTP/1.1\n" + HOST + b"\tX: 1\n\n", 400),
    ("no host", b"GET / HTTP/1.1\r\n\r\n", 400),
    ("two hosts", b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n", 400),
    ("two lengths", b"PUT / HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    ("a length below zero", b"PUT / HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n", 400),
    ("a body in chunks", b"PUT / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n", 411),
    (
        "a length, and chunks",
        b"PUT / HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        411,
    ),
    ("a long body", b"PUT / HTTP/1.1\r\n" + HOST + b"Content-Length: 51\r\n\r\n", 413),
    ("an endless length", b"PUT / HTTP/1.1\r\n" + HOST + b"Content-Length: " + b"9" * 20 + b"\r\n\r\n", 413),
    ("a long address", b"GET /" + b"x" * 200, 414),
    ("a long address with its end", b"GET /" + b"x" * 200 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
    ("long headers", b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"x" * 200, 431),
    ("an unknown coding", b"PUT / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip\r\n\r\n", 501),
    ("another version", b"GET / HTTP/2.0\r\n" + HOST + b"\r\n", 505),
    ("the beginning of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
]


@pytest.mark.parametrize(("data", "status"), [pytest.param(*rest, id=name) for name, *rest in REFUSALS])
def test_what_is_no_request_is_refused(data: bytes, status: int) -> None:
    assert refused(data) == status


@given(st.binary(max_size=300) | st.binary(max_size=60).map(lambda more: GET[:-2] + more))
def test_no_bytes_break_it(data: bytes) -> None:
    exchange = Exchange(LIMITS, data)
    try:
        exchange.request()
    except Refused as error:
        assert 400 <= error.status.value < 600  # noqa: PT017 - both ways are fine


def test_an_answer_is_not_copied() -> None:
    exchange = Exchange(LIMITS, GET)
    assert exchange.request() is not None
    body = b"x" * 1000
    pieces, goes_on = exchange.answer(Answer(HTTPStatus.OK, (("Content-Length", "1000"),), (body,)), last=False)

    assert goes_on
    assert any(piece is body for piece in pieces)


@pytest.mark.parametrize(
    ("request_bytes", "last", "goes_on"),
    [
        (GET, False, True),
        (GET, True, False),
        (GET.replace(b"X-More: 1", b"Connection: close"), False, False),
        (b"GET / HTTP/1.0\r\n\r\n", False, False),
    ],
)
def test_the_connection_goes_on_when_both_want_it(request_bytes: bytes, last: bool, goes_on: bool) -> None:
    exchange = Exchange(LIMITS, request_bytes)
    assert exchange.request() is not None
    pieces, found = exchange.answer(Answer(HTTPStatus.OK, (("Content-Length", "0"),)), last=last)

    assert found is goes_on
    assert (b"connection: close" in b"".join(map(whole, pieces)).lower()) is not goes_on


def test_an_answer_that_is_none_is_an_error() -> None:
    exchange = Exchange(LIMITS, GET)
    exchange.request()
    with pytest.raises(ValueError, match="no answer of HTTP"):
        exchange.answer(Answer(HTTPStatus.OK, (("X-Bad", "a\r\nb"),)), last=False)
