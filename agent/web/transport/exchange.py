"""One request and its answer in the grammar of HTTP/1.1. Pure: bytes in, bytes out, no socket and no clock."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import TypeAlias, cast

import h11

from leverwatch.agent.exporter.packed import Piece
from leverwatch.agent.web.transport.limits import Limits

Headers: TypeAlias = tuple[tuple[str, str], ...]

_END_OF_HEAD = re.compile(rb"\n\r?\n")
_FOLDED = re.compile(rb"\n[ \t]")
_KNOWN = frozenset({400, 413, 414, 431, 501, 505})


class Refused(Exception):
    """The client sent something that is not a valid request, or is too large; `status` is the response to send."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


class Awaited(Enum):
    """The part of a request that the client has to send next."""

    REQUEST = "request"
    HEAD = "head"
    BODY = "body"


@dataclass(frozen=True, slots=True)
class Request:
    """A request. Its body was read and dropped, as nothing that the agent serves needs one."""

    method: str
    target: str
    version: str
    headers: Headers
    """Headers, with names in lower case."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response; its body is never copied, and what is packed of it is unpacked when it is sent."""

    status: HTTPStatus
    headers: Headers
    body: tuple[Piece, ...] = ()


class Exchange:
    """Parses one request as its bytes arrive, and writes the response. Bytes of a next request are in `rest`."""

    def __init__(self, limits: Limits, rest: bytes = b"") -> None:
        self._limits = limits
        self._head: bytearray | None = bytearray(rest)
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=limits.header_bytes)
        self._request: h11.Request | None = None

    @property
    def awaited(self) -> Awaited:
        """Which part of the request is still missing."""
        if self._head is None:
            return Awaited.BODY
        return Awaited.HEAD if self._head.strip(b"\r\n") else Awaited.REQUEST

    @property
    def wants_encouragement(self) -> bool:
        """Whether the client waits for the interim response 100 (Continue) before it sends the body."""
        return self._request is not None and self._h11.they_are_waiting_for_100_continue

    def encouragement(self) -> bytes:
        """Return the interim response 100 (Continue) as bytes."""
        return self._h11.send(h11.InformationalResponse(status_code=100, headers=[])) or b""

    def feed(self, data: bytes) -> None:
        """Add bytes that the client sent."""
        if self._head is None:
            self._h11.receive_data(data)
        else:
            self._head += data

    def request(self) -> Request | None:
        """Return the request when it is complete; None while bytes are missing.

        Raises:
            Refused: the bytes are not a valid request, or it is too large.
        """
        try:
            if self._head is not None and not self._read_head(self._head):
                return None
            return self._read_body()
        except h11.RemoteProtocolError as error:
            known = error.error_status_hint in _KNOWN
            raise Refused(HTTPStatus(error.error_status_hint if known else 400)) from error

    def _read_head(self, head: bytearray) -> bool:
        start = len(head) - len(head.lstrip(b"\r\n"))
        end = _END_OF_HEAD.search(head, start)
        if (len(head) if end is None else end.end()) > self._limits.header_bytes:
            in_first_line = b"\n" not in head[start : self._limits.header_bytes]
            raise Refused(
                HTTPStatus.REQUEST_URI_TOO_LONG if in_first_line else HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            )
        if end is None:
            return False
        if _FOLDED.search(head, start, end.end()):
            # One header on several lines is obsolete, and what some take for one header others take for two.
            raise Refused(HTTPStatus.BAD_REQUEST)
        self._h11.receive_data(bytes(head[start:]))
        self._head = None
        request = self._h11.next_event()
        if not isinstance(request, h11.Request):
            raise Refused(HTTPStatus.BAD_REQUEST)
        if not request.http_version.startswith(b"1."):
            raise Refused(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED)
        self._request = request
        self._check_length(request)
        return True

    def _check_length(self, request: h11.Request) -> None:
        for name, value in request.headers:
            if name == b"transfer-encoding":
                # Nothing here has a use for a body, and one in many tiny chunks costs far more than it weighs.
                raise Refused(HTTPStatus.LENGTH_REQUIRED)
            if name == b"content-length" and int(value) > self._limits.body_bytes:
                raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

    def _read_body(self) -> Request | None:
        while True:
            event = self._h11.next_event()
            if event is h11.NEED_DATA or event is h11.PAUSED:
                return None
            if isinstance(event, h11.EndOfMessage):
                break
        assert self._request is not None  # noqa: S101 - a body only follows a header
        return Request(
            self._request.method.decode("ascii"),
            self._request.target.decode("ascii"),
            f"HTTP/{self._request.http_version.decode('ascii')}",
            tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in self._request.headers),
        )

    @property
    def rest(self) -> bytes:
        """The bytes after the request, which are the beginning of the next one."""
        return bytes(self._h11.trailing_data[0])

    def answer(self, answer: Answer, *, last: bool) -> tuple[list[Piece], bool]:
        """Return the response as bytes, and whether the connection can be used for another request.

        Raises:
            ValueError: the status or a header is not valid HTTP.
        """
        headers = [*answer.headers, ("Connection", "close")] if last else [*answer.headers]
        try:
            start = self._h11.send(
                h11.Response(
                    status_code=answer.status.value, reason=answer.status.phrase.encode(), headers=headers
                )
            )
            pieces: list[Piece] = [start or b""]
            for part in answer.body:
                # Only the length of a part is looked at.
                data = h11.Data(data=cast("bytes", part))
                pieces += self._h11.send_with_data_passthrough(data) or []
            pieces += self._h11.send_with_data_passthrough(h11.EndOfMessage()) or []
        except h11.LocalProtocolError as error:
            raise ValueError(f"no answer of HTTP: {error}") from error
        return pieces, self._h11.our_state is h11.DONE


def refusal(status: HTTPStatus, headers: Iterable[tuple[str, str]], *, with_body: bool = True) -> bytes:
    """Return a whole response to something that could not be parsed as a request; it closes the connection."""
    return closing_answer(status, headers, f"{status.phrase.lower()}\n" if with_body else "")


def closing_answer(status: HTTPStatus, headers: Iterable[tuple[str, str]], text: str) -> bytes:
    """Return a whole response in plain text that closes the connection."""
    body = text.encode()
    all_headers = (
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Connection", "close"),
        *headers,
    )
    lines = "".join(f"{name}: {value}\r\n" for name, value in all_headers)
    return f"HTTP/1.1 {status.value} {status.phrase}\r\n{lines}\r\n".encode("latin-1") + body
