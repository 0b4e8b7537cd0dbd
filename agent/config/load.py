"""Reads the configuration file, and reports everything that is wrong with it at once."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from errno import ENOENT
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from pydantic import ValidationError

from leverwatch.agent.config.build import build_config_model, build_narrow_model
from leverwatch.agent.config.checks import IndexedSources, all_problems, unused
from leverwatch.agent.config.models import Config
from leverwatch.agent.config.problem import ABSENT, HIDDEN, SECRET, Problem, Steps, show_problem
from leverwatch.agent.config.read_yaml import read_document
from leverwatch.agent.config.secrets import Expanded, SecretUnreadable, expand, read_secret, scrub
from leverwatch.agent.config.store_url import SqlitePath, StoreUrl, anchored, show_store_url, sqlite_file
from leverwatch.agent.config.yaml_positions import Document
from leverwatch.agent.errors import ConfigError
from leverwatch.collectors.config import Model, parse_duration
from leverwatch.collectors.interface import utc_now
from leverwatch.collectors.registry import SourceType

if TYPE_CHECKING:
    from sqlalchemy import URL

_ALWAYS_HIDDEN: frozenset[Steps] = frozenset({("store", "url")})
_HIDDEN_KEYS = frozenset({"token"})
"""Names of settings that hold a secret, at any place of the file."""
_PASSWORD_FILE: Steps = ("store", "password_file")
_WEB_FILE = "config_file"
"""The only setting named `*_file` whose file is no secret; it names the web configuration file."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A valid configuration."""

    config: Config
    path: Path
    base_dir: Path
    """The folder that relative paths in the file start at."""
    warnings: tuple[str, ...]
    """Warnings, one line each, in the same form as errors."""
    digest: str
    """SHA-256, in hex, of the values of the file (references replaced) and of its secret files."""
    store: StoreUrl = field(repr=False)
    """With an absolute SQLite path, and with the password of `store.password_file`."""

    @property
    def store_url(self) -> URL:
        """`store` as SQLAlchemy takes it."""
        return self.store.full() if isinstance(self.store, SqlitePath) else self.store

    @property
    def shown_store_url(self) -> str:
        """The store's URL for logs and pages, without secrets."""
        return show_store_url(self.store)

    @property
    def web_file(self) -> Path | None:
        """The web configuration file; None when none is configured."""
        file = self.config.web.config_file
        return None if file is None else self.base_dir / file

    @property
    def cache_dir(self) -> Path:
        """The folder for fetched copies: the configured one, or `cache` beside the store."""
        if self.config.cache_dir is not None:
            return self.base_dir / self.config.cache_dir
        file = sqlite_file(self.store, self.base_dir)
        return (file.parent if file is not None else self.base_dir) / "cache"


def load_config(
    path: Path,
    environ: Mapping[str, str] | None = None,
    *,
    types: Mapping[str, SourceType] | None = None,
    now: Callable[[], datetime] = utc_now,
    on_disk: bool = False,
) -> Loaded:
    """Read and check one configuration file.

    Args:
        path: the file; relative paths in it start at its folder.
        environ: where `${NAME}` is looked up; by default the environment of the process.
        types: the kinds of source; by default all that are registered.
        now: the clock, for dates that lie in the future.
        on_disk: whether the warnings also say which files and folders are not there.

    Raises:
        ConfigError: the file cannot be used; holds every problem, and no secret.
    """
    if "\0" not in str(path) and not path.exists():
        raise ConfigError((f"{path}: cannot be read: {os.strerror(ENOENT)}; {_HINT}",))
    # The shell may hand it over as a pipe.
    document = read_document(path, piped=True)
    if not isinstance(document.data, dict):
        reason = "is empty" if document.data is None else "must be a mapping of sections (sources:, systems:, ...)"
        raise ConfigError((show_problem(Problem((), reason), str(path), document.line_of(())),))
    expanded = expand(document.data, os.environ if environ is None else environ)
    return _Loading(path, document, expanded, types).run(now, on_disk=on_disk)


_HINT = "name the configuration file with --config, or in LEVERWATCH_CONFIG"


class _Loading:
    """The loading of one file."""

    def __init__(
        self, path: Path, document: Document, expanded: Expanded, types: Mapping[str, SourceType] | None
    ) -> None:
        self.path = path
        # Not resolved: a mounted ConfigMap is a link into a folder that each update replaces.
        self.base_dir = path.absolute().parent
        self.document = document
        self.expanded = expanded
        self.data: dict[str, Any] = expanded.data
        self.types = types

    def run(self, now: Callable[[], datetime], *, on_disk: bool) -> Loaded:
        config, sources, problems = self._validate()
        problems += all_problems(self.data, sources)
        known = {problem.steps for problem in problems}
        problems += (problem for problem in self._with_nul() if problem.steps not in known)
        contents: dict[Steps, str] = {}
        refused = {problem.steps for problem in problems}
        for steps, file in _secret_files(config) if config else self._password_file():
            if steps in refused:
                continue
            try:
                contents[steps] = read_secret(self.base_dir / file)
            except SecretUnreadable as error:
                problems.append(Problem(steps, str(error), str(file)))
        problems = self._without_echoes(problems)
        lines = (*self._shown(problems), *(_web_problems(self.base_dir, config) if config else ()))
        if lines or config is None:
            raise ConfigError(lines)
        url = anchored(config.store.parsed_url(), self.base_dir)
        if _PASSWORD_FILE in contents and not isinstance(url, SqlitePath):
            url = url.set(password=contents[_PASSWORD_FILE])
        doubts = list(unused(config, now().date()))
        if on_disk:
            from leverwatch.agent.config.on_disk import absences

            doubts += absences(config, self.base_dir, url)
        warnings = self._shown(doubts)
        return Loaded(config, self.path, self.base_dir, warnings, _digest(self.data, contents), url)

    def _with_nul(self) -> Iterator[Problem]:
        """Return a problem for each text with a NUL, which no file name, database or label can contain."""
        return (Problem(steps, "must not hold a NUL") for steps, text in _texts(self.data, ()) if "\0" in text)

    def _validate(self) -> tuple[Config | None, IndexedSources, list[Problem]]:
        try:
            config = build_narrow_model(self.data, self.types).model_validate(self.data)
        except (ValidationError, OverflowError):
            return None, *self._validate_pieces()
        return config, list(enumerate(config.sources)), []

    def _validate_pieces(self) -> tuple[IndexedSources, list[Problem]]:
        """Validate every source and section separately, so that one invalid part hides no problem of another."""
        # Only what is wrong with a file needs them.
        from leverwatch.agent.config.explain import explain
        from leverwatch.agent.config.schema import json_schema, known_keys

        sources: list[tuple[int, Any]] = []
        errors: list[Any] = []
        problems: list[Problem] = []
        model = build_config_model(self.types)
        for steps, piece in self._pieces():
            try:
                config = model.model_validate(piece)
            except ValidationError as error:
                found = error.errors(include_url=False)
                errors += [_moved(part, steps) for part in found]
                # What is wrong with one setting hides nothing that is compared with other sources.
                left = _without_refused(piece, found) if len(steps) > 1 else None
                with suppress(ValidationError, OverflowError):
                    kept = () if left is None else model.model_validate(left).sources
                    sources += [(int(steps[1]), source) for source in kept]
            except OverflowError:
                problems += _too_long(_at(self.data, steps), steps)
            else:
                sources += [(int(steps[1]), source) for source in config.sources if len(steps) > 1]
        schema = json_schema(self.types)
        problems += explain(errors, self.data, lambda steps: known_keys(schema, self.data, steps))
        return sources, problems

    def _pieces(self) -> Iterator[tuple[Steps, dict[str, Any]]]:
        for key, value in self.data.items():
            if key == "sources" and isinstance(value, list):
                yield from ((("sources", index), {"sources": [entry]}) for index, entry in enumerate(value))
            else:
                yield (key,), {key: value}

    def _password_file(self) -> Iterator[tuple[Steps, Path]]:
        store = self.data.get("store")
        file = store.get("password_file") if isinstance(store, dict) else None
        if isinstance(file, str):
            yield _PASSWORD_FILE, Path(file)

    def _without_echoes(self, problems: list[Problem]) -> list[Problem]:
        """Return the problems found before validation, and then those of validation that are not their
        consequence."""
        early = [*self.document.problems, *self.expanded.problems]
        known = {problem.steps for problem in early}
        return early + [problem for problem in problems if problem.steps not in known]

    def _shown(self, problems: Iterator[Problem] | list[Problem]) -> tuple[str, ...]:
        lines = [(problem.line or self.document.line_of(problem.steps), problem) for problem in problems]
        lines.sort(key=lambda pair: pair[0])
        return tuple(
            dict.fromkeys(show_problem(self._safe(problem), str(self.path), line) for line, problem in lines)
        )

    def _safe(self, problem: Problem) -> Problem:
        secrets = self.expanded.secrets_at(problem.steps)
        if problem.repeats and secrets:
            problem = replace(problem, reason=scrub(problem.reason, secrets, HIDDEN))
        by_name = problem.steps in _ALWAYS_HIDDEN or problem.steps[-1:] in {(key,) for key in _HIDDEN_KEYS}
        hidden = by_name or self.expanded.is_secret(problem.steps)
        if hidden and problem.got is not ABSENT:
            problem = replace(problem, got=SECRET)
        return problem


def _web_problems(base_dir: Path, config: Config) -> tuple[str, ...]:
    """Return the problems of the web configuration file, with line numbers of that file."""
    if config.web.config_file is None:
        return ()
    from leverwatch.agent.config.web_file import load_web_file

    try:
        load_web_file(base_dir / config.web.config_file)
    except ConfigError as error:
        return error.problems
    return ()


def _at(data: Any, steps: Steps) -> Any:
    for step in steps:
        data = data[step]
    return data


def _too_long(value: Any, steps: Steps) -> list[Problem]:
    """Return a problem for each duration that overflows Python's `timedelta`, or one for the value as a whole."""
    found = [
        Problem(place, "is too long a duration", text) for place, text in _texts(value, steps) if _overflows(text)
    ]
    return found or [Problem(steps, "holds a number that is too large")]


def _texts(value: Any, steps: Steps) -> Iterator[tuple[Steps, str]]:
    if isinstance(value, str):
        yield steps, value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _texts(part, (*steps, key))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _texts(part, (*steps, index))


def _overflows(text: str) -> bool:
    try:
        parse_duration(text)
    except OverflowError:
        return True
    except ValueError:
        return False
    return False


def _without_refused(piece: dict[str, Any], errors: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Return the piece of one source without the settings that are refused; None when that is all of it.

    What is nearly `authoritative` stays under its right name, as what is compared depends on it.
    """
    (entry,) = piece["sources"]
    if not isinstance(entry, dict):
        return None
    refused = [next((it for it in error["loc"] if it in entry), None) for error in errors]
    if None in refused:
        return None
    left = {name: value for name, value in entry.items() if name not in refused}
    for name in refused:
        if name not in ("authoritative", None) and get_close_matches(str(name), ["authoritative"], 1, 0.8):
            left.setdefault("authoritative", entry[name])
    return {"sources": [left]}


def _moved(error: Mapping[str, Any], steps: Steps) -> dict[str, Any]:
    """Return a validation error of a part of the file with its location in the whole file."""
    return {**error, "loc": (*steps, *error["loc"][len(steps) :])}


def _secret_files(value: Any, steps: Steps = ()) -> Iterator[tuple[Steps, Path]]:
    """Yield the path of each setting `*_file` that names a file with a secret, and that file."""
    if isinstance(value, Model):
        for name in type(value).model_fields:
            part = getattr(value, name)
            if name == _WEB_FILE:
                continue
            if name.endswith("_file") and isinstance(part, str | Path):
                yield (*steps, name), Path(part)
            else:
                yield from _secret_files(part, (*steps, name))
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _secret_files(part, (*steps, key))
    elif isinstance(value, tuple | list):
        for index, part in enumerate(value):
            yield from _secret_files(part, (*steps, index))


def _digest(data: Any, contents: Mapping[Steps, str]) -> str:
    files = [[list(steps), text] for steps, text in contents.items()]
    return hashlib.sha256(json.dumps([data, files], sort_keys=True, default=str).encode()).hexdigest()
