"""Asks a provider for its models and yields the days on which they are shut down."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from hashlib import blake2b

from leverwatch.collectors.bearer import Bearer, read_token
from leverwatch.collectors.errors import SourceRefused, SourceUnavailable
from leverwatch.collectors.http import get
from leverwatch.collectors.http_values import Limits
from leverwatch.collectors.interface import Batch, CollectorContext, ModelShutdown, Problem, Result, SourceState
from leverwatch.collectors.sources.models.config import ModelsConfig
from leverwatch.collectors.sources.models.pages import MOST_MODELS, NotAModelList, Page, parse_page
from leverwatch.collectors.stored_state import Kind, check_keys, entries, same

_MOST_PAGES = 100
_LARGEST = 16 << 20
_REFUSED = frozenset({401, 403})
_DIGEST_BYTES = 16
_AFTER_PATH = re.compile(r"[?#;]")
"""The end of the path of an address; what follows may be a secret."""


def _digest_only(body: bytes) -> bytes:
    if len(body) != _DIGEST_BYTES:
        raise ValueError(f"it has {len(body)} bytes")
    return body


LIST: Kind[bytes] = Kind(
    name="digest of the list of models", key="list", encode=bytes, decode=_digest_only, upgrades=(same,)
)
KINDS = (LIST,)
"""What a source stores."""


class ModelsCollector:
    """A `models` source. A list is only yielded when all of its pages were read."""

    def __init__(self, config: ModelsConfig, context: CollectorContext) -> None:
        self._config, self._context = config, context
        self._place = f"source {config.name}: {_AFTER_PATH.split(config.url, maxsplit=1)[0]}"

    def collect(self, state: SourceState) -> Iterator[Batch]:
        """Yield one batch with the list when it differs from the last one, else nothing.

        Raises:
            SourceUnavailable: no answer, an error of the server, or an answer that is no model list.
            SourceRefused: the token was refused or cannot be read, or the address is wrong; or what is stored of
                the source is unreadable, or of a newer version.
        """
        stored = state.load()
        check_keys(self._config.name, stored, KINDS)
        before = dict(entries(self._config.name, stored, LIST)).get(LIST.key)
        pages = list(self._pages(Bearer(self._token())))
        models = {model.model: model for page in pages for model in page.models}
        undated, left = sum(page.undated for page in pages), sum(page.left for page in pages)
        known = _digest(models.values(), undated, left)
        if before == known:
            return
        tallies = {Result.COUNTED: len(models), Result.MISTYPED_FIELD: undated, Result.INVALID_LINE: left}
        yield Batch(
            state={LIST.key: LIST.dumps(known)},
            tallies={result: number for result, number in tallies.items() if number},
            model_shutdowns=tuple(models.values()),
            problems=tuple(self._problems(undated, left)),
        )

    def _problems(self, undated: int, left: int) -> Iterator[Problem]:
        if undated:
            detail = f"{undated} models have an unreadable name or date"
            yield Problem(self._place, Result.MISTYPED_FIELD, detail)
        if left:
            detail = f"the list has more than {MOST_MODELS:_} models; the others are left out"
            yield Problem(self._place, Result.INVALID_LINE, detail)

    def _token(self) -> str | None:
        token, file = self._config.token, self._config.token_file
        return read_token(
            self._place,
            None if token is None else token.get_secret_value(),
            None if file is None else self._context.base_dir / file,
        )

    def _pages(self, auth: Bearer) -> Iterator[Page]:
        deadline = time.monotonic() + self._config.deadline.total_seconds()
        limits = Limits(self._config.timeout.total_seconds(), deadline, _LARGEST)
        after: str | None = None
        known: set[str] = set()
        room = MOST_MODELS
        for _ in range(_MOST_PAGES):
            page = self._page(auth, limits, after, room)
            room -= len(page.models) + page.undated
            if page.after is not None and room <= 0:
                # How many more there are is not known.
                yield replace(page, left=page.left + 1)
                return
            yield page
            if page.after is None:
                return
            if page.after in known:
                raise SourceUnavailable(f"{self._place}: the list does not end: a page comes again and again")
            after = page.after
            known.add(after)
        raise SourceUnavailable(f"{self._place}: the list has more than {_MOST_PAGES} pages")

    def _page(self, auth: Bearer, limits: Limits, after: str | None, room: int) -> Page:
        answer = get(
            self._config.url,
            place=self._place,
            limits=limits,
            auth=auth,
            parameters={} if after is None else {"after": after, "after_id": after},
            stopping=self._context.stopping,
        )
        self._check(answer.status)
        try:
            return parse_page(answer.body, room)
        except NotAModelList as error:
            raise SourceUnavailable(f"{self._place}: the answer is no model list") from error

    def _check(self, status: int) -> None:
        if status in _REFUSED:
            raise SourceRefused(f"{self._place}: the token was refused (status {status})")
        if 300 <= status < 400:
            raise SourceRefused(f"{self._place}: leads to another address (status {status}); configure that one")
        if status == 404:
            raise SourceRefused(f"{self._place}: there is no model list (status {status})")
        if status != 200:
            raise SourceUnavailable(f"{self._place}: answered with status {status}")


def _digest(models: Iterable[ModelShutdown], undated: int, left: int) -> bytes:
    listed = sorted((model.model, str(model.shutdown)) for model in models)
    what = [listed, undated, left] if left else [listed, undated]
    return blake2b(json.dumps(what).encode(), digest_size=_DIGEST_BYTES).digest()
