"""Reads result files, each content once, and yields a batch for each document, or for a number of lines."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from leverwatch.collectors.errors import SourceIncomplete
from leverwatch.collectors.interface import Batch, CollectorContext, EvalResult, Matched, SourceState
from leverwatch.collectors.listing import Interrupted
from leverwatch.collectors.paths import discover
from leverwatch.collectors.result_files import ResultFiles
from leverwatch.collectors.sources.evals.attribute import Attribution
from leverwatch.collectors.sources.evals.config import EvalsConfig
from leverwatch.collectors.sources.evals.formats.detect import is_newly_read
from leverwatch.collectors.sources.evals.formats.interface import digest
from leverwatch.collectors.sources.evals.positions import (
    RESULT_FILE,
    ResultFilePosition,
    decode_all,
    refused_of_all,
    state_key,
)
from leverwatch.collectors.sources.evals.reading import Reading, ResultFileReader, Stopped
from leverwatch.collectors.stored_state import check_keys

_METHOD = 4
"""The version of the method. It is raised when the same file would give other results; then all are read again."""
_BEFORE = 2
"""The method whose results still stand: only files that it could not read are read again."""
KINDS = (RESULT_FILE,)
"""What a source stores."""


class EvalsCollector:
    """An `evals` source. A changed document is read again; a file of lines is read on from its position."""

    def __init__(self, config: EvalsConfig, context: CollectorContext) -> None:
        self._config, self._context = config, context
        read_by = [config.format, config.system, config.models, config.model, config.metrics]
        self._settings = digest([_METHOD, *read_by])
        plain = config.model == "{model}" and not config.metrics
        self._before = digest([_BEFORE, config.format, config.system, config.models]) if plain else ""
        self._reader = ResultFileReader(
            config.format, self._settings, Attribution(config), context.stopping, config.metrics
        )
        self._revision: int | None = None
        self._files: dict[str, ResultFilePosition] = {}
        self._refused: dict[str, str] = {}
        self._result_files: ResultFiles | None = None
        self._matched: Matched | None = None

    def result_files(self) -> ResultFiles | None:
        """Return of which files something was refused, and which are gone; None before the first run."""
        return self._result_files

    def matched(self) -> Matched | None:
        """Return how many files the globs matched when `collect` last looked, and which of them matched none."""
        return self._matched

    def collect(self, state: SourceState) -> Iterator[Batch]:
        """Yield the results of every new or changed file, in the order of their paths.

        Raises:
            SourceIncomplete: some files could not be read; every other one was.
            SourceRefused: what is stored of it is unreadable, or of a newer version.
        """
        if self._revision != state.revision:
            self._load(state)
        self._revision = None  # until the last batch is known to be committed
        revision = state.revision
        patterns = (self._config.path,) if isinstance(self._config.path, str) else self._config.path
        try:
            discovery = discover(patterns, self._context.base_dir, self._context.stopping)
        except Interrupted:
            raise self._stopped() from None
        self._matched = Matched(len(discovery.files), discovery.empty)
        failures = discovery.failures
        for found in discovery.files:
            try:
                for new, reading in self._reader.read(found, self._files, self._context.now()):
                    yield _batch(new, reading)
                    self._files[new.path] = new
                    self._refused[new.path] = new.refused
                    revision += 1
            except OSError as error:
                failures[found.path] = error.strerror or type(error).__name__
            except Stopped:
                raise self._stopped() from None
        self._revision = revision
        self._result_files = self._became({found.path for found in discovery.files}, failures)
        if failures:
            raise SourceIncomplete.of(self._config.name, failures)

    def _became(self, here: set[str], failures: Collection[str]) -> ResultFiles:
        contents = {state.digest for path, state in self._files.items() if path in here}

        def may_be_here(path: str) -> bool:
            # In a folder that could not be listed it may still be, and under another name it was only moved.
            is_hidden = any(path == failed or path.startswith(f"{failed}/") for failed in failures)
            known = self._files.get(path)
            return is_hidden or (known is not None and known.digest != "" and known.digest in contents)

        moved = {path for path in self._refused.keys() - here if may_be_here(path)}
        read = {path: why for path, why in self._refused.items() if path not in moved}
        return ResultFiles.of(read, here)

    def _stopped(self) -> SourceIncomplete:
        return SourceIncomplete(f"source {self._config.name}: ended early, since the agent stops")

    def _load(self, state: SourceState) -> None:
        self._revision = None  # what is refused leaves nothing that could be gone on with
        stored = state.load()
        check_keys(self._config.name, stored, KINDS)
        self._refused = refused_of_all(self._config.name, stored)
        found = decode_all(self._config.name, stored, frozenset({self._settings, self._before}))
        self._files = {
            path: state
            for path, state in found.items()
            if state.settings == self._settings or not is_newly_read(path, self._config.format)
        }


def _batch(new: ResultFilePosition, reading: Reading) -> Batch:
    unique = {_identity(result): result for result in reading.results}
    return Batch(
        state={state_key(new.path): RESULT_FILE.dumps(new)},
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
