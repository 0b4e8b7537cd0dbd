"""Reads result files, each content once, and yields the results in them; one batch a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from collectors.errors import SourceIncomplete
from collectors.evals.attribute import Attribution
from collectors.evals.config import EvalsConfig
from collectors.evals.formats.detect import PARSERS, is_lines, parser_of
from collectors.evals.formats.interface import BadInput, Entry, NotFinished, digest
from collectors.evals.positions import (
    FileState,
    content_digest,
    decode_all,
    encode,
    known_prefix,
    state_key,
)
from collectors.files.discover import Found, discover
from collectors.interface import Batch, EvalResult, Problem, Result, SourceState, World
from collectors.registry import register

_METHOD = 1
"""Raised whenever the same file would give other results: every file is then read again."""
_LARGEST = 256 << 20
_SETTLED = timedelta(seconds=60)
"""A file that was written within this span may be unfinished, and is then neither good nor bad."""
_COARSEST_CLOCK_NS = 2_000_000_000
_NAMED_FAILURES = 10
_MOST_PROBLEMS = 20


class _Later(Exception):
    """The file is still being written."""


@dataclass(slots=True)
class _Reading:
    """What came of one file."""

    results: list[EvalResult] = field(default_factory=list)
    tallies: Counter[Result] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)

    def problem(self, place: str, problem: BadInput) -> None:
        self.tallies[problem.result] += 1
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(Problem(place, problem.result, str(problem)))


class EvalsCollector:
    """An `evals` source. A file is read again when its content changed; a file of lines from where it stood."""

    def __init__(self, config: EvalsConfig, world: World) -> None:
        self._config, self._world = config, world
        self._attribution = Attribution(config)
        self._settings = digest([_METHOD, config.format, config.system, config.models])
        self._revision: int | None = None
        self._files: dict[str, FileState] = {}

    def collect(self, state: SourceState) -> Iterator[Batch]:
        """Yield the results of every new or changed file, in the order of their paths.

        Raises:
            SourceIncomplete: some files could not be read; every other one was.
        """
        if self._revision != state.revision:
            self._load(state)
        self._revision = None  # until the last batch is known to be committed
        revision = state.revision
        patterns = (self._config.path,) if isinstance(self._config.path, str) else self._config.path
        discovery = discover(patterns, self._world.base_dir)
        failures = discovery.failures
        for found in discovery.files:
            try:
                read = self._read(found)
            except OSError as error:
                failures[found.path] = error.strerror or type(error).__name__
                continue
            if read is not None:
                new, reading = read
                yield self._batch(new, reading)
                self._files[new.path] = new
                revision += 1
        self._revision = revision
        if failures:
            raise SourceIncomplete(_describe(self._config.name, failures))

    def _load(self, state: SourceState) -> None:
        self._files = decode_all(state.load(), self._settings)

    def _read(self, found: Found) -> tuple[FileState, _Reading] | None:
        """What is new in a file; None when nothing is, or when it is too early to say."""
        known = self._files.get(found.path)
        if known is not None and (known.size, known.mtime_ns) == (found.size, found.mtime_ns):
            return None
        now = self._world.now()
        reading = _Reading()
        if found.size > _LARGEST:
            reading.problem(
                found.path, BadInput(Result.INVALID_LINE, f"is larger than {_LARGEST >> 20} MiB and was not read")
            )
            return self._state(found, now, "", 0), reading
        data = Path(found.path).read_bytes()
        try:
            if is_lines(found.path, self._config.format):
                offset = self._lines(found, data, now, reading)
            else:
                self._document(found, data, now, reading)
                offset = len(data)
        except _Later:
            return None
        # An unterminated last line is waited for, so the file must not look as if nothing could be new in it.
        state = self._state(found, now, content_digest(data[:offset]), offset, waiting=offset < len(data))
        return None if state == known and not reading.tallies else (state, reading)

    def _state(
        self, found: Found, now: datetime, content: str, offset: int, *, waiting: bool = False
    ) -> FileState:
        racy = now.timestamp() * 1e9 - found.mtime_ns < _COARSEST_CLOCK_NS
        written = -1 if racy or waiting else found.mtime_ns
        return FileState(found.path, found.size, written, content, offset, self._settings)

    def _document(self, found: Found, data: bytes, now: datetime, reading: _Reading) -> None:
        content = content_digest(data)
        known = self._files.get(found.path)
        if known is not None and known.digest == content:
            return
        if any(state.digest == content for state in self._files.values()):
            reading.tallies[Result.DUPLICATE] += 1
            return
        try:
            for entry in parser_of(found.path, self._config.format, data)(data):
                self._take(entry, found.path, now, reading)
        except NotFinished:
            reading.tallies[Result.IGNORED] += 1
        except BadInput as problem:
            if self._is_young(found, now):
                raise _Later from problem
            reading.problem(found.path, problem)

    def _lines(self, found: Found, data: bytes, now: datetime, reading: _Reading) -> int:
        """Take the new lines, and return where the next ones begin."""
        start = known_prefix(data, self._files.values())
        end = data.rfind(b"\n") + 1
        if end < len(data) and not self._is_young(found, now):
            end = len(data)
        if end > start:
            before = data.count(b"\n", 0, start)
            for number, result in PARSERS["own"](data[start:end]):
                self._take((before + (number or 0), result), found.path, now, reading)
        return max(start, end)

    def _is_young(self, found: Found, now: datetime) -> bool:
        return abs(now.timestamp() - found.mtime_ns / 1e9) < _SETTLED.total_seconds()

    def _take(self, entry: Entry, path: str, now: datetime, reading: _Reading) -> None:
        line, found = entry
        place = path if line is None else f"{path}:{line}"
        try:
            if isinstance(found, BadInput):
                raise found
            reading.results.append(self._attribution.result(found, path, now))
        except BadInput as problem:
            reading.problem(place, problem)
        else:
            reading.tallies[Result.COUNTED] += 1

    def _batch(self, new: FileState, reading: _Reading) -> Batch:
        unique = {_identity(result): result for result in reading.results}
        return Batch(
            state={state_key(new.path): encode(new)},
            tallies=dict(reading.tallies),
            eval_results=tuple(unique.values()),
            newest_record=max((result.at for result in reading.results), default=None),
            problems=tuple(reading.problems),
        )


def _identity(result: EvalResult) -> tuple[object, ...]:
    return (
        result.system,
        result.model,
        result.prompt_version,
        result.suite,
        result.suite_hash,
        result.metric,
        result.at,
    )


def _describe(source: str, failures: dict[str, str]) -> str:
    named = [f"{path}: {reason}" for path, reason in sorted(failures.items())[:_NAMED_FAILURES]]
    more = len(failures) - len(named)
    return f"source {source}: {'; '.join(named)}{f'; and {more} more' if more > 0 else ''}"


register("evals", EvalsConfig, EvalsCollector)
