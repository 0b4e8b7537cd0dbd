"""Asks a registry over HTTP: what a label is at, and which prompts there are, all pages of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from leverwatch.collectors.daily.asking import Asking
from leverwatch.collectors.daily.errors import CredentialsRefused, PermissionRefused, SchemaDiffers
from leverwatch.collectors.daily.http_config import auth_of, tls_of
from leverwatch.collectors.daily.over_http import fetched
from leverwatch.collectors.errors import SourceRefused, SourceUnavailable
from leverwatch.collectors.http_values import Limits
from leverwatch.collectors.interface import CollectorContext
from leverwatch.collectors.sources.prompt_registry.config import PromptRegistryConfig
from leverwatch.collectors.sources.prompt_registry.interface import Question, Served

if TYPE_CHECKING:
    from requests import PreparedRequest

T = TypeVar("T")
MOST_NAMES = 10_000
"""Of a registry; more are refused, as each that matches is asked for."""
_MOST_PAGES = 1000
_LARGEST = 16 << 20


class _Gone(SourceRefused):
    """There is no such prompt, or no such label of it."""


class Asked:
    """A registry that is asked, within a budget of questions and with the waits that it asks for."""

    def __init__(self, config: PromptRegistryConfig, context: CollectorContext, place: str) -> None:
        self._config, self._context, self._place = config, context, place
        self._registry, self._label = config.known, config.production_label
        self._asking = Asking(config.queries_per_hour, context.stopping)

    def served(self, prompt: str) -> Served | None:
        """Return what the label of a prompt is at; None: there is no such label, or no such prompt.

        Raises:
            CollectorError: it does not say, in the vocabulary of `collectors/daily/errors.py`.
        """
        place = f"{self._place}: prompt {prompt!r}"
        try:
            body = self._get(self._registry.prompt(prompt, self._label), place)
        except _Gone:
            return None
        return self._read(place, partial(self._registry.read, body))

    def names(self) -> frozenset[str]:
        """Return the names of all prompts.

        Raises:
            CollectorError: as for `served`; SourceUnavailable also when the pages have no end.
        """
        listed = self._registry.list
        if listed is None:
            return frozenset()
        place = f"{self._place}: list of prompts"
        found: set[str] = set()
        known: set[str | None] = {None}
        after: str | None = None
        for _ in range(_MOST_PAGES):
            body = self._get(listed(after), place)
            page = self._read(place, partial(self._registry.names, body, after))
            found.update(page.names)
            if len(found) > MOST_NAMES:
                raise SourceRefused(f"{place}: there are more than {MOST_NAMES:,} prompts; name those to watch")
            after = page.after
            if after is None:
                return frozenset(found)
            if after in known:
                raise SourceUnavailable(f"{place}: it does not end: a page comes again and again")
            known.add(after)
        raise SourceUnavailable(f"{place}: it has more than {_MOST_PAGES} pages")

    def _read(self, place: str, read: Callable[[], T]) -> T:
        try:
            return read()
        except ValueError as error:
            raise SchemaDiffers(f"{place}: {error}") from None

    def _get(self, question: Question, place: str) -> bytes:
        try:
            return self._asking.ask(lambda: self._fetch(question, place))
        except (CredentialsRefused, PermissionRefused) as error:
            if not self._registry.needs:
                raise
            raise type(error)(f"{error}; {self._registry.needs}") from None

    def _fetch(self, question: Question, place: str) -> bytes:
        config, base = self._config, self._context.base_dir
        seconds = config.timeout.total_seconds()
        return fetched(
            config.address(question.path),
            place=place,
            limits=Limits(seconds, time.monotonic() + seconds, _LARGEST),
            auth=_Keyed(config, self._place, self._context),
            now=self._context.now,
            parameters=question.parameters,
            tls=tls_of(config, self._place, base),
            stopping=self._context.stopping,
            meaning=lambda status, said: _Gone(place) if self._registry.is_gone(status, said) else None,
        )


class _Keyed:
    """Adds the key to a request, in the header where the registry wants it; it is read for every answer."""

    def __init__(self, config: PromptRegistryConfig, place: str, context: CollectorContext) -> None:
        self._auth = auth_of(config, place, context.base_dir)
        self._header = config.known.key_header

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the key to a request."""
        signed: PreparedRequest = self._auth(request)
        bearer = str(signed.headers.get("Authorization") or "")
        if self._header is not None and bearer.startswith("Bearer "):
            del signed.headers["Authorization"]
            signed.headers[self._header] = bearer.removeprefix("Bearer ")
        return signed
