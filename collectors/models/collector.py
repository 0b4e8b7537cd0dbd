"""Asks a provider for its models and yields the days on which they are shut down."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from pathlib import Path

import requests

from collectors.errors import SourceRefused, SourceUnavailable
from collectors.interface import Batch, ModelShutdown, Problem, Result, SourceState, World
from collectors.models.config import ModelsConfig
from collectors.models.pages import NotAModelList, Page, parse_page
from collectors.registry import register

_MOST_PAGES = 100
_LARGEST = 16 << 20
_CHUNK = 1 << 16
_REFUSED = frozenset({401, 403})
_STATE_KEY = "list"


class ModelsCollector:
    """A `models` source. The whole list is read before anything of it is handed on."""

    def __init__(
        self, config: ModelsConfig, world: World, session: Callable[[], requests.Session] = requests.Session
    ) -> None:
        self._config, self._world, self._session = config, world, session
        self._place = f"source {config.name}: {config.url.partition('?')[0]}"

    def collect(self, state: SourceState) -> Iterator[Batch]:
        """Yield the list when it differs from the last one.

        Raises:
            SourceUnavailable: no answer, an error of the server, or an answer that is no model list.
            SourceRefused: the token was refused or cannot be read, or the address is wrong.
        """
        with self._session() as session:
            # A proxy or a .netrc of the machine must not replace the configured token.
            session.auth = _Bearer(self._token())
            pages = list(self._pages(session))
        models = {model.model: model for page in pages for model in page.models}
        undated = sum(page.undated for page in pages)
        known = _digest(models.values(), undated)
        if state.load().get(_STATE_KEY) == known:
            return
        tallies = {Result.COUNTED: len(models), Result.MISTYPED_FIELD: undated}
        problem = Problem(self._place, Result.MISTYPED_FIELD, f"{undated} models have an unreadable name or date")
        yield Batch(
            state={_STATE_KEY: known},
            tallies={result: number for result, number in tallies.items() if number},
            model_shutdowns=tuple(models.values()),
            problems=(problem,) if undated else (),
        )

    def _token(self) -> str | None:
        if self._config.token is not None:
            return self._config.token.get_secret_value()
        if self._config.token_file is None:
            return None
        path = self._world.base_dir / Path(self._config.token_file)
        try:
            token = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise SourceRefused(f"{self._place}: the token file {path} cannot be read") from None
        if not token:
            raise SourceRefused(f"{self._place}: the token file {path} is empty")
        return token

    def _pages(self, session: requests.Session) -> Iterator[Page]:
        after: str | None = None
        for _ in range(_MOST_PAGES):
            page = self._page(session, after)
            yield page
            if page.after is None:
                return
            if page.after == after:
                raise SourceUnavailable(f"{self._place}: the list does not end: a page comes again and again")
            after = page.after
        raise SourceUnavailable(f"{self._place}: the list has more than {_MOST_PAGES} pages")

    def _page(self, session: requests.Session, after: str | None) -> Page:
        parameters = {} if after is None else {"after": after, "after_id": after}
        try:
            with session.get(
                self._config.url,
                params=parameters,
                timeout=self._config.timeout.total_seconds(),
                allow_redirects=False,  # the token is for this address alone
                stream=True,
            ) as answer:
                self._check(answer.status_code)
                body = self._body(answer)
        except requests.Timeout as error:
            wait = self._config.timeout.total_seconds()
            raise SourceUnavailable(f"{self._place}: no answer within {wait:g} s") from error
        except (requests.RequestException, ValueError) as error:
            # The text of the error may hold the address with its query.
            raise SourceUnavailable(f"{self._place}: cannot be reached ({type(error).__name__})") from error
        try:
            return parse_page(body)
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

    def _body(self, answer: requests.Response) -> bytes:
        parts, size = [], 0
        for part in answer.iter_content(_CHUNK):
            parts.append(part)
            size += len(part)
            if size > _LARGEST:
                raise SourceUnavailable(f"{self._place}: the answer is larger than {_LARGEST >> 20} MiB")
        return b"".join(parts)


class _Bearer(requests.auth.AuthBase):
    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token is not None:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _digest(models: Iterable[ModelShutdown], undated: int) -> bytes:
    listed = sorted((model.model, str(model.shutdown)) for model in models)
    return blake2b(json.dumps([listed, undated]).encode(), digest_size=16).digest()


register("models", ModelsConfig, ModelsCollector)
