"""Reads result files, each content once, and yields the results in them: a batch a document, or some lines."""

from __future__ import annotations

from collections.abc import Iterator

from leverwatch.collectors.errors import SourceIncomplete
from leverwatch.collectors.interface import Batch, CollectorContext, EvalResult, SourceState
from leverwatch.collectors.listing import Interrupted
from leverwatch.collectors.paths import discover
from leverwatch.collectors.sources.evals.attribute import Attribution
from leverwatch.collectors.sources.evals.config import EvalsConfig
from leverwatch.collectors.sources.evals.formats.interface import digest
from leverwatch.collectors.sources.evals.positions import FileState, decode_all, encode, state_key
from leverwatch.collectors.sources.evals.reading import FileReader, Reading, Stopped

_METHOD = 2
"""Raised whenever the same file would give other results: every file is then read again."""
_NAMED_FAILURES = 10


class EvalsCollector:
    """An `evals` source. A file is read again when its content changed; a file of lines from where it stood."""

    def __init__(self, config: EvalsConfig, context: CollectorContext) -> None:
        self._config, self._context = config, context
        self._settings = digest([_METHOD, config.format, config.system, config.models])
        self._reader = FileReader(config.format, self._settings, Attribution(config), context.stopping)
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
        try:
            discovery = discover(patterns, self._context.base_dir, self._context.stopping)
        except Interrupted:
            raise self._stopped() from None
        failures = discovery.failures
        for found in discovery.files:
            try:
                for new, reading in self._reader.read(found, self._files, self._context.now()):
                    yield _batch(new, reading)
                    self._files[new.path] = new
                    revision += 1
            except OSError as error:
                failures[found.path] = error.strerror or type(error).__name__
            except Stopped:
                raise self._stopped() from None
        self._revision = revision
        if failures:
            raise SourceIncomplete(_describe(self._config.name, failures))

    def _stopped(self) -> SourceIncomplete:
        return SourceIncomplete(f"source {self._config.name}: ended early, since the agent stops")

    def _load(self, state: SourceState) -> None:
        self._files = decode_all(state.load(), self._settings)


def _batch(new: FileState, reading: Reading) -> Batch:
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
