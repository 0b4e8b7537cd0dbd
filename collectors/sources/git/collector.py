"""The git collector: turns the landings of a branch into prompt changes, one batch a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from msgspec.structs import replace

from leverwatch.collectors.errors import SourceRefused, SourceUnavailable
from leverwatch.collectors.interface import (
    Batch,
    CollectorContext,
    Matched,
    Problem,
    PromptChange,
    Result,
    SourceState,
)
from leverwatch.collectors.sources.git import empty_selectors, unselected_code
from leverwatch.collectors.sources.git.address import cache_name, is_remote, local_path, redactor, shown
from leverwatch.collectors.sources.git.branches import followed
from leverwatch.collectors.sources.git.cache import REFERENCE, Cache, Refreshed
from leverwatch.collectors.sources.git.child import run_git
from leverwatch.collectors.sources.git.config import GitConfig
from leverwatch.collectors.sources.git.contents import Contents, portions, wanted_of
from leverwatch.collectors.sources.git.credentials import remote
from leverwatch.collectors.sources.git.dates import Dated, newest_of, sound_dates
from leverwatch.collectors.sources.git.errors import GitError, GitFailed, GitMissing, ObjectMissing
from leverwatch.collectors.sources.git.following import Followed, Follower
from leverwatch.collectors.sources.git.history import HISTORY, History, keep_numbers, newly_counted
from leverwatch.collectors.sources.git.log import Landing
from leverwatch.collectors.sources.git.mainline import Turn, spans
from leverwatch.collectors.sources.git.matched import matched
from leverwatch.collectors.sources.git.patterns import pathspecs
from leverwatch.collectors.sources.git.process import Git, Runner, summary
from leverwatch.collectors.sources.git.repository import Chain, Repository
from leverwatch.collectors.sources.git.settings import settings_digest
from leverwatch.collectors.sources.git.tracking import Tracking
from leverwatch.collectors.stored_state import check_keys, place_of

KINDS = (HISTORY,)
"""What a source stores."""
_PARTIAL = "file contents are missing, as in a partial clone; run `git fetch --refetch --no-filter` in it"
_MOST_PROBLEMS = 20


class GitCollector:
    """The collector of one repository's prompt changes."""

    def __init__(self, config: GitConfig, context: CollectorContext, git: Runner = run_git) -> None:
        self._config = config
        self._settings = settings_digest(config)
        self._tracking = Tracking(config.systems, config.exclude)
        self._pathspecs = pathspecs(entry.files for entries in config.systems.values() for entry in entries)
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
        self._looked = False
        self._touched: dict[str, bool] = {}

    def matched(self) -> Matched | None:
        """Return how many files had a prompt when `collect` last looked, and the patterns that never had one."""
        if not self._looked:
            return None
        return matched(self._memory[1] if self._memory else None, self._tracking, self._was_touched)

    def _was_touched(self, pattern: str) -> bool:
        # Asked once: a landing that comes later leaves a prompt, which is known then.
        if self._memory is not None and pattern not in self._touched:
            try:
                found = Repository(self._git, self._directory).touches(self._memory[1].head, pathspecs([pattern]))
            except GitError:
                return True  # what cannot be told is no fault of the pattern
            self._touched[pattern] = found
        return self._touched.get(pattern, False)

    def collect(self, state: SourceState) -> Iterator[Batch]:
        """Yield one batch with everything since the last run, or none when the branch stands where it stood.

        Raises:
            SourceUnavailable: the repository cannot be read now.
            SourceRefused: the repository must not be read as it is: a shallow or partial clone, a missing branch;
                or what is stored of the source is unreadable, or of a newer version.
        """
        self._looked = False
        remembered = self._recall(state)
        try:
            found = self._run(remembered)
        except GitMissing as error:
            raise SourceRefused(f"{self._place}: {error}") from error
        except GitError as error:
            if isinstance(error, ObjectMissing) or "promisor remote" in str(error):
                raise SourceRefused(f"{self._place}: {_PARTIAL}") from error
            if "not a git repository" in str(error):
                raise SourceRefused(f"{self._place}: not a git repository") from error
            raise SourceUnavailable(f"{self._place}: {summary(str(error))}") from error
        if found is not None:
            batch, history = found
            self._memory = None
            yield batch
            self._memory = state.revision + 1, history
        self._looked = True

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
        reference, tip = self._reference(repository, remembered)
        if tip is None:
            tip = self._tip(repository, reference)
        elif repository.is_shallow():
            raise self._shallow()
        if tip is None:
            return self._none(remembered)
        if remembered and (remembered.settings, remembered.head) == (self._settings, tip):
            return None
        # Without a branch in the settings it is the same one under another name: its default is known.
        same = remembered and (self._config.branch is None or remembered.reference in {"", self._named(reference)})
        turns: tuple[Turn, ...] = ()
        if remembered and same:
            ahead = None
            if remembered.settings == self._settings:
                ahead = repository.ahead(remembered.head, tip, self._pathspecs)
            way = () if ahead else repository.way(remembered.head, tip)
            if way is None and reference == "HEAD" and self._cache is None:
                raise SourceRefused(f"{self._place}: a detached HEAD lacks what was counted; set `branch`")
            if way is not None and remembered.settings == self._settings:
                read = ahead or repository.chain(spans(remembered.head, tip, way), self._pathspecs)
                advanced = self._advance(repository, tip, remembered, (way, read), self._named(reference))
                if advanced is not None:
                    return advanced
            turns = self._turns(repository, tip, remembered, way)
        return self._rescan(repository, tip, remembered, turns, self._named(reference))

    def _turns(
        self, repository: Repository, tip: str, remembered: History, way: tuple[Turn, ...] | None
    ) -> tuple[Turn, ...]:
        """Return all turns of the chain up to `tip`, which keeps what it can of the chain up to the old tip."""
        if way is not None:
            return (*remembered.turns, *way)
        fork = repository.fork(remembered.head, remembered.turns, tip)
        if fork is None:
            return ()
        base, kept = fork
        return (*kept, *(repository.way(base, tip) or ()))

    def _none(self, remembered: History | None) -> tuple[Batch, History] | None:
        """Return None for an empty repository.

        Raises:
            SourceUnavailable: it had commits before.
        """
        if remembered is None:
            return None
        raise SourceUnavailable(f"{self._place}: the repository had commits and is empty now")

    def _reference(self, repository: Repository, remembered: History | None) -> tuple[str, str | None]:
        """Return the full name of the branch to follow, or HEAD when the repository has no branch, and its newest
        commit if that is known as well."""
        branch = self._config.branch
        if self._cache is not None:
            return REFERENCE, None
        if branch is not None:
            return f"refs/heads/{branch}", None
        branches = repository.branches()
        before = remembered.reference if remembered else ""
        several = len(branches.names) > 1
        bare = several and repository.is_bare()
        usual = repository.usual_branch() if several and not branches.default_of_remote else ""
        found = followed(branches, bare=bare, remembered=before, usual=usual)
        if found is None:
            if branches.names:
                raise SourceRefused(f"{self._place}: no branch is known to be the default one; set `branch`")
            return "HEAD", None
        # Where the branch that was followed is still there, another one only takes its place if nothing is lost.
        rival = remembered if not bare and found != before and before in branches.names else None
        if rival and repository.way(rival.head, branches.tips[found]) is None:
            found = before
        return found, branches.tips[found]

    def _named(self, reference: str) -> str:
        """Return the name of a branch to remember: that of a copy is the same for all branches."""
        return reference if self._cache is None else f"remote {self._config.branch or 'HEAD'}"

    def _shallow(self) -> SourceRefused:
        return SourceRefused(f"{self._place}: a shallow clone hides landings; run `git fetch --unshallow` in it")

    def _tip(self, repository: Repository, reference: str) -> str | None:
        """Return the commit at the tip of the branch; None for a repository without any commit."""
        branch = self._config.branch
        references = [reference, f"refs/remotes/{branch}"] if branch and not self._cache else [reference]
        for reference in references:
            tip = repository.tip(reference)
            if tip.shallow:
                if self._cache is not None:
                    # The copy is as shallow as its origin, and would stay so.
                    self._cache.discard()
                raise self._shallow()
            if tip.commit is not None:
                return tip.commit
        if not repository.has_references():
            return None
        if branch is None:
            raise SourceRefused(f"{self._place}: HEAD names a branch that does not exist; set `branch`")
        raise SourceRefused(f"{self._place}: there is no branch {branch!r}")

    def _advance(
        self,
        repository: Repository,
        tip: str,
        history: History,
        new: tuple[tuple[Turn, ...], Chain],
        reference: str,
    ) -> tuple[Batch, History] | None:
        """Return what is new; None when its dates need a look at those of the whole branch."""
        turns, read = new
        if history.newest is None:
            return None
        newest = newest_of(read.dates, history.newest, int(self._now().timestamp()))
        if newest is None:
            return None
        # `history` is changed in place: whatever goes wrong from here on, the store has the true one.
        self._memory = None
        landings = read.landings
        empty_before = empty_selectors.empty(history, self._tracking)
        changes, unread = self._follow(repository, landings, history)
        emptied = empty_selectors.empty(history, self._tracking) - empty_before
        problems = [*empty_selectors.problems(emptied, self._tracking), *_problems(landings), *unread]
        tallies = {Result.COUNTED: len(changes), Result.INVALID_LINE: len(_refused(landings)) + len(unread)}
        history.turns += turns
        history.newest, history.reference = newest, reference
        return self._batch(history, tip, changes, tallies, problems, replace=False), history

    def _rescan(
        self,
        repository: Repository,
        tip: str,
        remembered: History | None,
        turns: tuple[Turn, ...],
        reference: str,
    ) -> tuple[Batch, History]:
        history = History.begun(tip, self._settings, reference, turns)
        parts = list(spans(None, tip, turns))
        read = repository.chain(parts, self._pathspecs)
        dated = sound_dates(read.dates, int(self._now().timestamp()))
        landings = _dated(read, dated)
        history.newest = dated.newest
        changes, unread = self._follow(repository, landings, history)
        if remembered:
            changes = keep_numbers(remembered, history, changes)
        # What was refused before is not counted again; which landings that were is not remembered.
        refused = 0 if remembered else len(_refused(landings))
        if remembered and remembered.settings == self._settings:
            unread = []
        wrong = self._wrong(read.landings, landings, remembered)
        history.misdated = sorted({*(remembered.misdated if remembered else ()), *(one.place for one in wrong)})
        tallies = Counter(Result(one.reason) for one in wrong)
        tallies.update(
            {Result.COUNTED: newly_counted(remembered, history), Result.INVALID_LINE: refused + len(unread)}
        )
        doubts = unselected_code.doubts(landings, self._tracking, repository)
        history.unselected = {doubt.place: doubt.detail for doubt in doubts}
        empty = empty_selectors.empty(history, self._tracking)
        if remembered and remembered.settings == self._settings:
            # What was empty with the same selectors has been told.
            empty -= empty_selectors.empty(remembered, self._tracking)
        nothing = empty_selectors.problems(empty, self._tracking)
        problems = [*nothing, *doubts, *_problems(landings), *unread, *wrong]
        return self._batch(history, tip, changes, tallies, problems, replace=True), history

    def _wrong(
        self, read: Sequence[Landing], landings: Sequence[Landing], remembered: History | None
    ) -> list[Problem]:
        """Return the landings whose dates cannot be true, without those that were reported before."""
        known = set(remembered.misdated) if remembered else set()
        return [
            Problem(
                before.commit,
                Result.FUTURE if before.landed_at > self._now() else Result.BAD_TIME,
                f"dated {before.landed_at:%Y-%m-%d}, which its neighbours or the clock rule out; it counts on"
                f" {after.landed_at:%Y-%m-%d}",
            )
            for before, after in zip(read, landings, strict=True)
            if before.landed_at != after.landed_at
            and before.commit not in known
            and any(self._tracking.readings_of(edit.path) for edit in before.edits)
        ]

    def _follow(self, repository: Repository, landings: list[Landing], history: History) -> Followed:
        wanted = wanted_of(landings, self._tracking)
        contents = Contents(collapse_whitespace=self._config.collapse_whitespace)
        for names in portions(wanted):
            for name, content in repository.contents(names):
                contents.add(name, content, wanted[name])
        follower = Follower(history, contents, self._tracking.readings_of, self._config.bulk_above)
        return follower.follow(landings)

    def _batch(
        self,
        history: History,
        tip: str,
        changes: list[PromptChange],
        tallies: Mapping[Result, int],
        problems: list[Problem],
        *,
        replace: bool,
    ) -> Batch:
        history.head = tip
        return Batch(
            state={HISTORY.key: HISTORY.dumps(history)},
            tallies={result: number for result, number in tallies.items() if number},
            prompt_changes=tuple(changes),
            replace_prompt_changes=replace,
            newest_record=max((one.landed_at for one in changes), default=None),
            problems=tuple(problems[:_MOST_PROBLEMS]),
        )


def _dated(read: Chain, dated: Dated) -> list[Landing]:
    """Return the landings with sound dates."""
    moved = dated.moved
    return [
        replace(one, landed_at=datetime.fromtimestamp(moved[place], UTC)) if place in moved else one
        for one, place in zip(read.landings, read.places, strict=True)
    ]


def _refused(landings: list[Landing]) -> list[Landing]:
    return [landing for landing in landings if landing.too_many]


def _problems(landings: list[Landing]) -> list[Problem]:
    return [
        Problem(one.commit, Result.INVALID_LINE, f"a landing of {one.too_many} matching files is no edit")
        for one in _refused(landings)
    ]
