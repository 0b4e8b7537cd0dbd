"""The git collector: turns the landings of a branch into prompt changes, one batch a run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from hashlib import blake2b

from leverwatch.collectors.errors import SourceRefused, SourceUnavailable
from leverwatch.collectors.interface import Batch, CollectorContext, Problem, PromptChange, Result, SourceState
from leverwatch.collectors.sources.git.address import cache_name, is_remote, local_path, redactor, shown
from leverwatch.collectors.sources.git.cache import REFERENCE, Cache, Refreshed
from leverwatch.collectors.sources.git.child import run_git
from leverwatch.collectors.sources.git.config import GitConfig
from leverwatch.collectors.sources.git.credentials import remote
from leverwatch.collectors.sources.git.errors import GitError, GitFailed, GitMissing, ObjectMissing
from leverwatch.collectors.sources.git.history import HISTORY, History, apply_landing, newly_counted
from leverwatch.collectors.sources.git.log import Landing
from leverwatch.collectors.sources.git.normalise import content_hash
from leverwatch.collectors.sources.git.patterns import PathFilter, pathspecs
from leverwatch.collectors.sources.git.process import Git, Runner, summary
from leverwatch.collectors.sources.git.repository import Repository
from leverwatch.collectors.stored_state import check_keys, place_of

KINDS = (HISTORY,)
"""What a source stores."""
_PARTIAL = "file contents are missing, as in a partial clone; run `git fetch --refetch --no-filter` in it"
_DRIFT = timedelta(minutes=10)
_MOST_PROBLEMS = 20
_METHOD = 1
"""The version of the method. It is raised when the same history would give other changes; then all is read
again."""


def settings_digest(config: GitConfig) -> str:
    """Return a digest of all settings that decide what is tracked and what counts as a change."""
    settings = {
        "method": _METHOD,
        "branch": config.branch,
        "systems": config.systems,
        "exclude": config.exclude,
        "bulk_above": config.bulk_above,
        "collapse_whitespace": config.collapse_whitespace,
    }
    return blake2b(json.dumps(settings, sort_keys=True).encode(), digest_size=12).hexdigest()


class GitCollector:
    """The collector of one repository's prompt changes."""

    def __init__(self, config: GitConfig, context: CollectorContext, git: Runner = run_git) -> None:
        self._config = config
        self._settings = settings_digest(config)
        self._filter = PathFilter(config.systems, config.exclude)
        self._pathspecs = pathspecs(pattern for patterns in config.systems.values() for pattern in patterns)
        self._place = f"source {config.name}: {shown(config.repo)}"
        self._git = Git(
            git, context.environ, config.timeout.total_seconds(), redactor(config.repo), context.stopping
        )
        self._cache: Cache | None = None
        if is_remote(config.repo):
            directory = context.cache_dir.absolute() / cache_name(config.name, config.repo, config.branch)
            self._cache = Cache(
                self._git,
                directory,
                remote(config.repo, context.environ),
                config.branch,
                self._place,
                largest=config.largest_copy_mib << 20,
                seconds=config.timeout.total_seconds(),
                stopping=context.stopping,
            )
            self._directory = directory
        else:
            self._directory = local_path(config.repo, context.base_dir)
        self._now = context.now
        self._memory: tuple[int, History] | None = None

    def collect(self, state: SourceState) -> Iterator[Batch]:
        """Yield one batch with everything since the last run, or none when the branch stands where it stood.

        Raises:
            SourceUnavailable: the repository cannot be read now.
            SourceRefused: the repository must not be read as it is: a shallow or partial clone, a missing branch;
                or what is stored of the source is unreadable, or of a newer version.
        """
        remembered = self._recall(state)
        try:
            found = self._run(remembered)
        except GitMissing as error:
            raise SourceRefused(f"{self._place}: {error}") from error
        except GitError as error:
            if isinstance(error, ObjectMissing) or "promisor remote" in str(error):
                raise SourceRefused(f"{self._place}: {_PARTIAL}") from error
            raise SourceUnavailable(f"{self._place}: {summary(str(error))}") from error
        if found is None:
            return
        batch, history = found
        self._memory = None
        yield batch
        self._memory = state.revision + 1, history

    def _recall(self, state: SourceState) -> History | None:
        if self._memory and self._memory[0] == state.revision:
            return self._memory[1]
        self._memory = None
        stored = state.load()
        check_keys(self._config.name, stored, KINDS)
        if HISTORY.key not in stored:
            return None
        history = HISTORY.loads(place_of(self._config.name, HISTORY.key), stored[HISTORY.key])
        self._memory = state.revision, history
        return history

    def _run(self, remembered: History | None) -> tuple[Batch, History] | None:
        if self._cache is None:
            return self._read(remembered)
        with self._cache.used():
            return self._run_on_copy(self._cache, remembered)

    def _run_on_copy(self, cache: Cache, remembered: History | None) -> tuple[Batch, History] | None:
        if cache.refresh() is Refreshed.EMPTY:
            return self._none(remembered)
        try:
            return self._read(remembered)
        except (GitFailed, ObjectMissing):
            # A damaged copy looks like a damaged repository; only a fresh copy tells the two apart.
            cache.discard()
        return self._none(remembered) if cache.refresh() is Refreshed.EMPTY else self._read(remembered)

    def _read(self, remembered: History | None) -> tuple[Batch, History] | None:
        if not self._directory.exists():
            raise SourceUnavailable(f"{self._place}: there is no such folder")
        repository = Repository(self._git, self._directory)
        tip = self._tip(repository)
        if tip is None:
            return self._none(remembered)
        if remembered and remembered.settings == self._settings:
            if remembered.head == tip:
                return None
            if repository.continues(remembered.head, tip):
                return self._advance(repository, tip, remembered)
        return self._rescan(repository, tip, remembered)

    def _none(self, remembered: History | None) -> tuple[Batch, History] | None:
        """Return None for an empty repository.

        Raises:
            SourceUnavailable: it had commits before.
        """
        if remembered is None:
            return None
        raise SourceUnavailable(f"{self._place}: the repository had commits and is empty now")

    def _tip(self, repository: Repository) -> str | None:
        """Return the commit at the tip of the branch; None for a repository without any commit."""
        branch = self._config.branch
        if self._cache is not None:
            references = [REFERENCE]
        elif branch is None:
            references = ["HEAD"]
        else:
            references = [f"refs/heads/{branch}", f"refs/remotes/{branch}"]
        for reference in references:
            try:
                tip = repository.tip(reference)
            except GitFailed as error:
                if "not a git repository" in str(error):
                    raise SourceRefused(f"{self._place}: not a git repository") from error
                raise
            if tip.shallow:
                if self._cache is not None:
                    # The copy is as shallow as its origin, and would stay so.
                    self._cache.discard()
                raise SourceRefused(
                    f"{self._place}: a shallow clone hides landings; run `git fetch --unshallow` in it"
                )
            if tip.commit is not None:
                return tip.commit
        if not repository.has_references():
            return None
        if branch is None:
            raise SourceRefused(f"{self._place}: HEAD names a branch that does not exist; set `branch`")
        raise SourceRefused(f"{self._place}: there is no branch {branch!r}")

    def _advance(self, repository: Repository, tip: str, history: History) -> tuple[Batch, History]:
        # `history` is changed in place: whatever goes wrong from here on, the store has the true one.
        self._memory = None
        landings = repository.landings(tip, history.head, self._pathspecs)
        changes = self._follow(repository, landings, history)
        tallies = {Result.COUNTED: len(changes), Result.INVALID_LINE: len(_refused(landings))}
        return self._batch(history, tip, landings, changes, tallies, replace=False), history

    def _rescan(self, repository: Repository, tip: str, remembered: History | None) -> tuple[Batch, History]:
        history = History.begun(tip, self._settings)
        landings = repository.landings(tip, None, self._pathspecs)
        changes = self._follow(repository, landings, history)
        # What was refused before is not counted again; which landings that were is not remembered.
        refused = 0 if remembered else len(_refused(landings))
        tallies = {Result.COUNTED: newly_counted(remembered, history), Result.INVALID_LINE: refused}
        return self._batch(history, tip, landings, changes, tallies, replace=True), history

    def _follow(self, repository: Repository, landings: list[Landing], history: History) -> list[PromptChange]:
        names = dict.fromkeys(
            edit.new
            for landing in landings
            for edit in landing.edits
            if edit.new is not None and self._filter.systems_of(edit.path)
        )
        hashes = {name: self._hash(content) for name, content in repository.contents(names)}
        changes: list[PromptChange] = []
        for landing in landings:
            changes += apply_landing(history, landing, hashes, self._filter.systems_of, self._config.bulk_above)
        return changes

    def _hash(self, content: bytes | None) -> str | None:
        if content is None:
            return None
        return content_hash(content, collapse_whitespace=self._config.collapse_whitespace)

    def _batch(
        self,
        history: History,
        tip: str,
        landings: list[Landing],
        changes: list[PromptChange],
        tallies: Mapping[Result, int],
        *,
        replace: bool,
    ) -> Batch:
        history.head = tip
        # A date that lies ahead is the landing's own affair: as the newest of the source it would stay for years.
        latest = self._now() + _DRIFT
        return Batch(
            state={HISTORY.key: HISTORY.dumps(history)},
            tallies={result: number for result, number in tallies.items() if number},
            prompt_changes=tuple(changes),
            replace_prompt_changes=replace,
            newest_record=max((one.landed_at for one in changes if one.landed_at <= latest), default=None),
            problems=tuple(
                Problem(one.commit, Result.INVALID_LINE, f"a landing of {one.too_many} matching files is no edit")
                for one in _refused(landings)[:_MOST_PROBLEMS]
            ),
        )


def _refused(landings: list[Landing]) -> list[Landing]:
    return [landing for landing in landings if landing.too_many]
