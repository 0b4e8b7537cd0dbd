"""Asks an API of usage for days, all pages of it, and says what kind of key it needs when it refuses one."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec

from leverwatch.collectors.daily.account import ACCOUNT, digest_of
from leverwatch.collectors.daily.answers import Answer
from leverwatch.collectors.daily.collector import DailyCollector
from leverwatch.collectors.daily.errors import CredentialsRefused, PermissionRefused, SchemaDiffers
from leverwatch.collectors.daily.http_config import auth_of, tls_of
from leverwatch.collectors.daily.known_days import KINDS as OF_DAYS
from leverwatch.collectors.daily.over_http import fetched, unfinished
from leverwatch.collectors.daily.window import Days
from leverwatch.collectors.errors import SourceRefused, SourceUnavailable
from leverwatch.collectors.http_values import Json, Limits
from leverwatch.collectors.interface import CollectorContext
from leverwatch.collectors.records.fields import parse_template, system_lookup
from leverwatch.collectors.sources.usage_api.answering import Reply, answer_of
from leverwatch.collectors.sources.usage_api.config import UsageApiConfig
from leverwatch.collectors.sources.usage_api.interface import MODEL, Question, Wish
from leverwatch.collectors.sources.usage_api.paging import pages
from leverwatch.collectors.sources.usage_api.repeats import without_repeats

if TYPE_CHECKING:
    from requests import PreparedRequest

KINDS = (*OF_DAYS, ACCOUNT)
"""What a source stores."""
_LARGEST = 64 << 20
_WAIT = 60.0
"""Seconds to wait for each next part of an answer."""
BILLS = frozenset({"costs", "cost"})
"""Questions about what is billed."""


class Account:
    """An account of a provider or a platform, which is asked for days."""

    def __init__(self, config: UsageApiConfig, context: CollectorContext) -> None:
        self._config, self._context, self._api = config, context, config.known
        self._place = f"source {config.name}: {config.shown_url}"
        template = parse_template(config.system)
        self._paths, self._system_of = template.paths, system_lookup(template)

    @property
    def settings(self) -> str:
        """A digest of everything that the answers depend on; no secret is among it."""
        config = self._config
        only = sorted((name, tuple(values)) for name, values in config.only.items())
        told = (config.api, config.shown_url, config.system, only, config.costs)
        return blake2b(repr(told).encode(), digest_size=8).hexdigest()

    def ask(self, days: Days) -> Answer:
        """Return what the API has of some days.

        A day is not over before the server says so, whatever the clock of this machine says.

        Raises:
            CollectorError: as for `fetched`; with the kind of key that is needed, where one is refused.
        """
        auth = _Keyed(self._config, self._place, self._context)
        tls = tls_of(self._config, self._place, self._context.base_dir)
        limits = Limits(_WAIT, time.monotonic() + self._config.timeout.total_seconds(), _LARGEST)
        seen: list[datetime] = []
        accounts: set[str] = set()

        def heard(headers: Mapping[str, str]) -> None:
            if self._api.account_header and (name := headers.get(self._api.account_header)):
                accounts.add(name)

        def fetch(question: Question) -> bytes:
            try:
                return fetched(
                    self._config.address(question.path),
                    place=f"{self._place}: {question.what}",
                    limits=limits,
                    auth=auth,
                    now=self._context.now,
                    parameters=question.parameters,
                    body=None if question.body is None else Json(question.body),
                    tls=tls,
                    stopping=self._context.stopping,
                    saw=seen.append,
                    heard=heard,
                )
            except (CredentialsRefused, PermissionRefused) as error:
                raise type(error)(f"{error}; {self._api.needs}") from None

        wish = self._wish(days)
        replies = [
            Reply(
                first.what,
                without_repeats(pages(self._api, first, wish, self._place, fetch)),
                first.what not in BILLS,
            )
            for first in self._api.questions(wish)
        ]
        try:
            answer = answer_of(
                replies, days, self._paths, self._system_of, self._place, counts_calls=self._api.counts_calls
            )
        except ValueError as error:
            raise SchemaDiffers(f"{self._place}: {error}") from None
        accounts.update(page.account for reply in replies for page in reply.pages if page.account)
        if len(accounts) > 1:
            raise SourceUnavailable(f"{self._place}: the key became one of another account between two answers")
        whose = digest_of(accounts.pop()) if accounts else ""
        return msgspec.structs.replace(unfinished(answer, seen), account=whose)

    def shown(self, days: Days) -> str:
        """Return the requests for some days, one a line, without secrets."""
        questions = self._api.shown or self._api.questions
        return "\n".join(self._line(question) for question in questions(self._wish(days)))

    def _line(self, question: Question) -> str:
        pairs: Mapping[str, object] = question.parameters
        query = f"?{urlencode(pairs, doseq=True, safe='[]:,')}" if pairs else ""
        base = self._config.shown_url
        line = f"{'GET' if question.body is None else 'POST'} {base}{question.path}{query}"
        return line if question.body is None else f"{line}\n  {msgspec.json.encode(question.body).decode()}"

    def _wish(self, days: Days) -> Wish:
        # The model is told anyway: no API is asked to tell calls apart by it once more.
        words = tuple(dict.fromkeys(str(it) for it in self._paths if it in self._api.words or it != MODEL))
        return Wish(days, words, self._config.only, self._config.costs and self._api.has_costs)


class _Keyed:
    """Adds the key to a request, in the header where the API wants it; it is read for every answer."""

    def __init__(self, config: UsageApiConfig, place: str, context: CollectorContext) -> None:
        self._auth = auth_of(config, place, context.base_dir)
        self._api = config.known
        if not config.has_key:
            raise SourceRefused(f"{place}: there is no key; {self._api.needs}")

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the key to a request."""
        for name, value in self._api.headers.items():
            request.headers[name] = value
        signed: PreparedRequest = self._auth(request)
        bearer = str(signed.headers.get("Authorization") or "")
        if self._api.key_header is not None and bearer.startswith("Bearer "):
            del signed.headers["Authorization"]
            signed.headers[self._api.key_header] = bearer.removeprefix("Bearer ")
        return signed


class UsageApiCollector(DailyCollector):
    """A `usage-api` source."""

    def __init__(self, config: UsageApiConfig, context: CollectorContext) -> None:
        super().__init__(config, context, Account(config, context))
