"""Asks a server over HTTP for objects of JSON, all of which together have one limit of time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from leverwatch.collectors.daily.http_config import HttpSettings, tls_of
from leverwatch.collectors.daily.over_http import fetched
from leverwatch.collectors.errors import CollectorError, SourceUnavailable
from leverwatch.collectors.http_values import USUAL_TLS, Limits, Pairs
from leverwatch.collectors.interface import CollectorContext

if TYPE_CHECKING:
    from leverwatch.collectors.http_values import Auth

_LARGEST = 64 << 20


class JsonAnswers:
    """The answers to one question after the other."""

    def __init__(
        self, config: HttpSettings, place: str, seconds: float, context: CollectorContext, of: str
    ) -> None:
        self._config, self._context, self._seconds, self._of = config, context, seconds, of
        self._tls = USUAL_TLS
        self.place = place
        self.deadline = 0.0
        """The time of `time.monotonic()`, in seconds, at which all parts of an answer must be there."""
        self.seen: list[datetime] = []
        """The times that the server said it was, since the question began."""

    def begin(self) -> None:
        """Begin a question, which may take as long as the settings say.

        Raises:
            SourceRefused: as for `tls_of`.
        """
        self.deadline = time.monotonic() + self._seconds
        self.seen.clear()
        self._tls = tls_of(self._config, self.place, self._context.base_dir)

    def one(
        self,
        url: str,
        *,
        part: str,
        auth: Auth,
        parameters: Pairs,
        meaning: Callable[[str, int, bytes], CollectorError | None],
    ) -> dict[str, Any]:
        """Return one answer.

        Args:
            url: the address.
            part: which part of the source is asked for, for messages.
            auth: adds credentials.
            parameters: of the query.
            meaning: as for `fetched`, with the place before it.

        Raises:
            CollectorError: as for `fetched`; SourceUnavailable also when the answer is no object of JSON.
        """
        place = f"{self.place}: {part}"
        body = fetched(
            url,
            place=place,
            limits=Limits(self._seconds, self.deadline, _LARGEST),
            auth=auth,
            now=self._context.now,
            parameters=parameters,
            tls=self._tls,
            stopping=self._context.stopping,
            saw=self.seen.append,
            meaning=lambda status, said: meaning(place, status, said),
        )
        try:
            found = json.loads(body)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise self.strange()
        return found

    def strange(self) -> SourceUnavailable:
        """Return the error that an answer is none of the server that is asked."""
        return SourceUnavailable(f"{self.place}: the answer is none of {self._of}")
