"""The life of one connection: handshake, requests and answers, each with a deadline."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from itertools import chain
from typing import TYPE_CHECKING

from leverwatch.agent.exporter.packed import Piece
from leverwatch.agent.limited_log import LimitedLog
from leverwatch.agent.log import get_logger
from leverwatch.agent.web.transport import wsgi
from leverwatch.agent.web.transport.channel import Channel
from leverwatch.agent.web.transport.crowd import Crowd, Member, Stage
from leverwatch.agent.web.transport.exchange import (
    Answer,
    Awaited,
    Exchange,
    Headers,
    Refused,
    Request,
    closing_answer,
    refusal,
)
from leverwatch.agent.web.transport.limits import Drop, Limits
from leverwatch.agent.web.transport.workers import Workers

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

log = LimitedLog(get_logger(__name__))

_ONE_PACKET = 16 * 1024
_LINGER_SECONDS = 2.0
_LINGER_BYTES = 4 * 1024 * 1024
_STAGES = {Awaited.REQUEST: Stage.IDLE, Awaited.HEAD: Stage.HEAD, Awaited.BODY: Stage.BODY}
_LATE = {
    Stage.HANDSHAKE: Drop.GREETING,
    Stage.HEAD: Drop.GREETING,
    Stage.BODY: Drop.BODY,
    Stage.ANSWERING: Drop.ANSWER,
}


@dataclass(frozen=True, slots=True)
class Service:
    """What all connections of a listener share."""

    app: WSGIApplication
    headers: Callable[[], Headers]
    """Returns the headers of responses that do not come from the application."""
    tls: Callable[[], ssl.SSLContext] | None
    limits: Limits
    workers: Workers
    crowd: Crowd
    port: int
    is_stopping: Callable[[], bool]


class Connection:
    """Serves the requests of one client, one after the other. `serve` never raises, and closes the channel."""

    def __init__(self, channel: Channel, member: Member, service: Service) -> None:
        self._channel, self._member, self._service = channel, member, service
        self._loop = asyncio.get_running_loop()
        self._deadline = member.since + service.limits.greeting
        self._is_first = True

    async def serve(self) -> None:
        """Everything, until one of the two ends the connection."""
        try:
            await self._serve()
        except TimeoutError:
            if reason := _LATE.get(self._member.stage):
                self._service.crowd.count_drop(reason)
        except OSError:
            return  # a client that hangs up is ordinary
        except Exception:
            log.exception("http_connection_failed", client=self._channel.client)
        finally:
            self._channel.close()

    async def _serve(self) -> None:
        if self._service.tls is not None and not await self._shake_hands(self._service.tls):
            return
        rest = b""
        while True:
            exchange = Exchange(self._service.limits, rest)
            try:
                request = await self._read(exchange)
            except Refused as refused:
                self._service.crowd.count_drop(Drop.REFUSED)
                await self._refuse(refused.status)
                return
            except TimeoutError:
                await self._give_up()
                return
            if request is None or not await self._answer(exchange, request):
                self._channel.finish()
                return
            rest, self._is_first = exchange.rest, False
            self._enter(Stage.IDLE, self._service.limits.idle)

    def _enter(self, stage: Stage, seconds: float | None) -> None:
        """Enter a stage with a deadline in so many seconds; None keeps the deadline of the stage before."""
        self._member.stage = stage
        if seconds is not None:
            self._member.since = self._loop.time()
            self._deadline = self._member.since + seconds

    async def _shake_hands(self, context: Callable[[], ssl.SSLContext]) -> bool:
        try:
            async with asyncio.timeout_at(self._deadline):
                await self._channel.shake_hands(context())
        except ssl.SSLError as error:
            if not isinstance(error, ssl.SSLEOFError):
                self._service.crowd.count_drop(Drop.HANDSHAKE)
            reason = error.reason or error.strerror or type(error).__name__
            log.info("tls_handshake_failed", client=self._channel.client, reason=reason)
            if reason == "HTTP_REQUEST":
                text = "this port speaks HTTPS only\n"
                headers = self._own_headers()
                self._channel.send_in_clear(closing_answer(HTTPStatus.BAD_REQUEST, headers, text))
            return False
        return True

    async def _read(self, exchange: Exchange) -> Request | None:
        """The next request; None when the client has no more of them."""
        while (request := exchange.request()) is None:
            self._await(exchange.awaited)
            async with asyncio.timeout_at(self._deadline):
                if exchange.wants_encouragement:
                    await self._channel.send(exchange.encouragement())
                data = await self._channel.receive()
            if not data:
                return None
            exchange.feed(data)
        return request

    def _await(self, awaited: Awaited) -> None:
        stage = _STAGES[awaited]
        if stage is self._member.stage:
            return
        if stage is Stage.BODY:
            self._enter(stage, self._service.limits.body)
        else:
            # Handshake and header of the first request are one greeting.
            self._enter(stage, None if self._is_first else self._service.limits.greeting)

    async def _give_up(self) -> None:
        """End a connection whose client was too slow with its request."""
        late = self._member.stage
        if late is not Stage.IDLE:
            self._service.crowd.count_drop(_LATE[late])
            await self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        elif self._is_first:
            self._service.crowd.count_drop(Drop.GREETING)

    async def _answer(self, exchange: Exchange, request: Request) -> bool:
        """Answer, and say whether another request may follow."""
        self._enter(Stage.WORKING, 0)
        service = self._service
        try:
            answer = await service.workers.run(
                lambda: wsgi.call(
                    service.app,
                    request,
                    self._channel.client,
                    service.port,
                    encrypted=self._channel.is_encrypted,
                )
            )
            pieces, goes_on = exchange.answer(_complete(answer), last=service.is_stopping())
        except Exception:
            log.exception("request_failed", client=self._channel.client)
            status, with_body = HTTPStatus.INTERNAL_SERVER_ERROR, request.method != "HEAD"
            pieces, goes_on = [refusal(status, self._own_headers(), with_body=with_body)], False
        self._enter(Stage.ANSWERING, service.limits.answer)
        async with asyncio.timeout_at(self._deadline):
            for piece in _packets(pieces):
                await self._channel.send(piece)
        return goes_on

    async def _refuse(self, status: HTTPStatus) -> None:
        """Say why, and wait a moment for the client to read it; a socket closed at once could take it back."""
        self._enter(Stage.CLOSING, _LINGER_SECONDS)
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._deadline):
                await self._channel.send(refusal(status, self._own_headers()))
                self._channel.finish()
                left = _LINGER_BYTES
                while left > 0 and (data := await self._channel.receive()):
                    left -= len(data)

    def _own_headers(self) -> Headers:
        return (*_server_headers(), *self._service.headers())


def _server_headers() -> Headers:
    return (("Server", "leverwatch"), ("Date", formatdate(usegmt=True)))


def _complete(answer: Answer) -> Answer:
    return Answer(answer.status, (*answer.headers, *_server_headers()), answer.body)


def _packets(pieces: list[Piece]) -> Iterable[bytes]:
    """Join the pieces of a small response into one; return those of a large one as they are, or unpacked one by
    one."""
    plain = chain.from_iterable((piece,) if isinstance(piece, bytes) else piece.unpacked() for piece in pieces)
    return [b"".join(plain)] if sum(map(len, pieces)) <= _ONE_PACKET else plain
