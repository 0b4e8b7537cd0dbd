"""Follows usage logs and yields their new records, each exactly once."""

from __future__ import annotations

import fnmatch
import os
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from leverwatch.collectors.aggregation.ingest import Ingest
from leverwatch.collectors.aggregation.known_records import KNOWN_RECORDS
from leverwatch.collectors.aggregation.observed import Report
from leverwatch.collectors.aggregation.pipeline import KINDS as COUNTING_KINDS
from leverwatch.collectors.aggregation.refusals import Refusals
from leverwatch.collectors.content.reader import Moved
from leverwatch.collectors.errors import SourceIncomplete, SourceRefused, SourceUnavailable
from leverwatch.collectors.interface import (
    BackfillRequest,
    Batch,
    CollectorContext,
    Matched,
    Progress,
    SourceState,
)
from leverwatch.collectors.listing import Interrupted
from leverwatch.collectors.paths import Discovery, Found, discover
from leverwatch.collectors.sampled import Sampled
from leverwatch.collectors.sources.files.checkpoint import CHECKPOINT, FileCheckpoint, decode_all, decode_records
from leverwatch.collectors.sources.files.checkpoint_set import CheckpointSet
from leverwatch.collectors.sources.files.config import FilesConfig
from leverwatch.collectors.sources.files.matching import Match, MatchDecision, Matcher, is_document
from leverwatch.collectors.sources.files.partial_reads import edges, scope_of
from leverwatch.collectors.sources.files.quiet import Quiet
from leverwatch.collectors.sources.files.refused import (
    REFUSED_RANGES,
    RefusedRanges,
    decode_refused,
    settings_digest,
)
from leverwatch.collectors.sources.files.sample import sample_of
from leverwatch.collectors.sources.files.tail import Tail
from leverwatch.collectors.sources.files.tracker import REPLACED, FileTracker, reason_of
from leverwatch.collectors.stored_state import Kind, check_keys
from leverwatch.collectors.unpacking import TooDense

_BATCH_BYTES = 64 << 20
"""Bytes of a batch at most. The ids of a batch are in memory until it is committed: with four times as many the
most memory of a long log of short lines is 132 MB instead of 74 MB."""
_BATCH_GROUPS = 5_000
_BATCH_SECONDS = 5.0
_FIRST_BATCH_SECONDS = 0.2
_BACKLOG_BYTES = 64 << 20
"""Bytes of backlog from which threads are started."""
_FORGET = 90 * 86400.0
_DAY = 86400.0
KINDS: tuple[Kind[Any], ...] = (CHECKPOINT, KNOWN_RECORDS, REFUSED_RANGES, *COUNTING_KINDS)
"""The kinds of state that a `files` source stores."""


class _Run(Struct):
    """The progress of one call of `collect` or `backfill`."""

    tracker: FileTracker
    tail: Tail
    total: int = 0
    done: int = 0
    """Bytes done, as stored on disk."""
    started: float = 0.0
    """When the current batch began, by the monotonic clock in seconds."""
    batches: int = 0
    batch_bytes: int = 0
    """Bytes of text read until the last batch was yielded."""


class FilesCollector:
    """A `files` source. It keeps checkpoints between runs as long as every batch was committed."""

    def __init__(
        self, config: FilesConfig, context: CollectorContext, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._config = config
        self._context = context
        self._monotonic = monotonic
        self._ingest = Ingest(config, context.now)
        self._ingest.on_refused = self._note_refused
        self._settings = settings_digest(config)
        self._revision: int | None = None
        self._checkpoints = CheckpointSet({})
        self._matcher = Matcher(self._checkpoints, self._ingest.framing)
        self._checked: dict[str, float] = {}
        self._refused: dict[str, tuple[Found, str]] = {}
        self._matched: Matched | None = None

    def matched(self) -> Matched | None:
        """Return how many files the globs matched when `collect` last looked, and which of them matched none.

        A glob whose files rotation moved away, and which are still followed, is none of the latter.
        """
        if self._matched is None or not self._matched.nothing:
            return self._matched
        live = {state.origin for state in self._checkpoints.states.values() if not state.gone}
        base = str(self._context.base_dir.absolute())
        nothing = (glob for glob in self._matched.nothing if not fnmatch.filter(live, _absolute(base, glob)))
        return replace(self._matched, nothing=tuple(nothing))

    @property
    def observers(self) -> Report:
        """The instrumentations that calls were seen by since the state was loaded, and what was joined."""
        return self._ingest.observers

    def sample(self) -> Sampled:
        """Return what a bounded part of the newest file would count as. Nothing of it is counted or remembered.

        Raises:
            SourceUnavailable, SourceRefused: as for `sample_of`.
        """
        patterns = (self._config.path,) if isinstance(self._config.path, str) else self._config.path
        return sample_of(self._config, self._context, self._discover(patterns).files)

    def collect(self, state: SourceState) -> Iterator[Batch]:
        """Yield what is new in all files; the files that are unchanged for the longest time come first.

        Raises:
            SourceIncomplete: some files could not be read; all others were.
            SourceUnavailable: the agent is stopping, and not all files were found yet.
            SourceRefused: its stored state is unreadable or of a newer version.
        """
        return self._collect(state, None)

    def backfill(self, state: SourceState, history: BackfillRequest) -> Iterator[Batch]:
        """Yield what is not counted yet, within a range of days, of the source's own files and of further ones.

        The checkpoint of a file notes what the range leaves out, for a later backfill. Records of the source's own
        files that are newer than the range are left to the next `collect`.

        Raises:
            SourceIncomplete, SourceRefused: as for `collect`.
        """
        return self._collect(state, history)

    def _collect(self, state: SourceState, history: BackfillRequest | None) -> Iterator[Batch]:
        if self._revision != state.revision:
            self._load(state)
        self._revision = None  # until the last batch is known to be committed
        revision = state.revision
        run = self._start(history)
        spread = self._context.workers > 1 and run.total > _BACKLOG_BYTES
        try:
            self._ingest.use_workers(self._context.workers if spread else 0)
            for batch in self._batches(run):
                yield batch
                revision += 1
        finally:
            self._ingest.use_workers(0)
            run.tail.end()
        self._revision = revision
        if run.tracker.failures:
            raise SourceIncomplete.of(self._config.name, run.tracker.failures)

    def _load(self, state: SourceState) -> None:
        self._revision = None  # nothing is reused when the state is refused half-way
        stored = state.load()
        check_keys(self._config.name, stored, KINDS)
        self._ingest.load(stored)
        name = self._config.name
        refused = RefusedRanges(
            decode_refused(name, stored), self._settings, lambda: self._context.now().timestamp()
        )
        self._checkpoints = CheckpointSet(decode_all(name, stored), decode_records(name, stored), refused)
        self._matcher.forget_waiting()
        self._checked.clear()

    def _start(self, history: BackfillRequest | None) -> _Run:
        patterns = (self._config.path,) if isinstance(self._config.path, str) else self._config.path
        quiet = Quiet(self._context.now().timestamp(), self._config.quiet_after.total_seconds())
        scope = scope_of(history)
        reads = (partial for state in self._checkpoints.states.values() for partial in state.limited)
        self._ingest.pin(edges(reads, scope))
        self._matcher.start(self._checkpoints)
        self._checkpoints.refused.start(asked=history is not None and history.refused)
        tracker = FileTracker(
            self._checkpoints,
            self._matcher,
            quiet,
            self._ingest.wants_header,
            self._ingest.reads_documents,
            self._config.follow_rotated,
            self._checked,
            scope,
        )
        discovery = self._discover(patterns)
        self._matched = Matched(len(discovery.files), discovery.empty)
        if history is not None:
            discovery.add_archives(self._discover(history.paths))
        tracker.run(discovery)
        run = _Run(tracker, Tail(self._ingest, self._checkpoints, quiet, scope), started=self._monotonic())
        for found, key in tracker.visits:
            state = self._checkpoints.states[key]
            run.total += self._left(found, state)
            run.total += sum(it.end - it.start for it in state.limited if scope.missing(it))
            run.total += sum(it.end - it.start for it in self._checkpoints.refused.due(key))
        run.total += sum(found.size for found in tracker.unknown)
        return run

    def _note_refused(self, refused: Refusals) -> None:
        lines = refused.lines
        if lines.key in self._checkpoints.states and (places := refused.places(self._ingest.framing)):
            self._checkpoints.refused.note(lines.key, lines.path, lines.at, lines.first_line, places)

    def _discover(self, patterns: Iterable[str]) -> Discovery:
        try:
            return discover(patterns, self._context.base_dir, self._context.stopping)
        except Interrupted:
            # An incomplete list would look like files that are gone.
            raise SourceUnavailable(f"source {self._config.name}: told to stop while listing its files") from None

    @staticmethod
    def _left(found: Found, state: FileCheckpoint) -> int:
        return found.size if state.compressed else max(0, found.size - state.offset)

    def _batches(self, run: _Run) -> Iterator[Batch]:
        entries: list[tuple[Found, str | None]] = [
            *run.tracker.visits,
            *((it, None) for it in run.tracker.unknown),
        ]
        if entries:
            # Here, as it concerns the source: what is raised below is said of a file.
            self._ingest.restore_ids()
        for found, key in sorted(entries, key=lambda entry: (entry[0].mtime_ns, entry[0].path)):
            for _ in self._read(run, found, key):
                if self._is_full(run):
                    yield from self._flush(run)
        run.tracker.report_gone()
        self._forget(run)
        run.total = run.done
        yield from self._flush(run)

    def _read(self, run: _Run, found: Found, key: str | None) -> Iterator[None]:
        """Read one file; an error in it is noted and stops no other file."""
        failures = run.tracker.failures
        state: FileCheckpoint | None = None
        refused = self._refused.pop(found.path, None)
        if refused is not None and refused[0] == found:
            self._refused[found.path] = refused
            failures[found.path] = refused[1]
            return
        try:
            state = self._identify(run, found) if key is None else self._still_at(key, found)
            if state is None:
                return
            known = self._checkpoints.records_of(state.id) if self._is_live_document(state, found) else None
            fresh = known is not None and known.unread
            start = state.offset if not state.compressed else 0
            before = run.done
            for _ in run.tail.visit(state, found):
                progress = run.tail.progress
                run.done = before + progress.read_again + max(0, progress.position - start)
                yield
            self._checked[state.id] = run.tracker.quiet.now
            if known is not None and fresh and known.is_unlike:
                failures[found.path] = REPLACED
        except Moved:
            return
        except TooDense as error:
            failures[found.path] = reason_of(error)
            if state is not None:
                self._leave(state.id, found, reason_of(error), run.tracker.quiet.now)
        except SourceRefused as error:
            self._refused[found.path] = (found, str(error))
            failures[found.path] = str(error)
        except OSError as error:
            failures[found.path] = reason_of(error)

    def _is_live_document(self, state: FileCheckpoint, found: Found) -> bool:
        return is_document(state, found) and self._ingest.reads_documents and self._config.follow_rotated

    def _leave(self, key: str, found: Found, reason: str, now: float) -> None:
        """Record that a file was not read to its end, and why; it is tried again when it changes."""
        state = self._checkpoints.states[key]
        left = replace(state.seen_as(found), compressed=True, unread=reason, changed=now, seen=now)
        self._checkpoints.put(left)
        self._checked[key] = now

    def _still_at(self, key: str, found: Found) -> FileCheckpoint | None:
        return self._checkpoints.states.get(key) if self._matcher.held.get(key) == found else None

    def _identify(self, run: _Run, found: Found) -> FileCheckpoint | None:
        """Return the checkpoint to read an unknown file with; None when it must not be read."""
        match = self._matcher.match(found)
        if match.outcome is MatchDecision.ADOPT and match.state is not None:
            return run.tracker.adopt(match.state, found)
        if match.outcome is MatchDecision.WAIT:
            self._keep(match, run.tracker.quiet.now)
            return None
        blank = run.tracker.blank_at(found)
        if blank is None and found.origin and not self._rotated_unseen(found):
            self._matcher.ignore(found)
            return None
        if blank is None:
            origin = found.origin or found.path
            now = run.tracker.quiet.now
            blank = FileCheckpoint(
                secrets.token_hex(8), origin, found.path, found.device, found.inode, changed=now, seen=now
            )
            if self._ingest.reads_documents and found.path == origin and not found.archive:
                self._checkpoints.follows(blank, origin)
        state = run.tracker.adopt(replace(blank, gone=found.archive), found)
        return replace(state, size=blank.size, mtime_ns=blank.mtime_ns) if blank.path == found.path else state

    def _keep(self, match: Match, now: float) -> None:
        # A content is not forgotten as long as a copy of it lies there: the copy would be counted anew.
        if match.state is not None and abs(now - match.state.seen) > _DAY:
            self._checkpoints.put(replace(match.state, seen=now))

    def _rotated_unseen(self, found: Found) -> bool:
        """Whether an unknown sibling was written after the last visit to its live path, so that it was never
        read there. A folder of old logs may hold those of others, which have the same name."""
        if os.path.dirname(found.path) != os.path.dirname(found.origin):  # noqa: PTH120 - paths are strings here
            return False
        visits = [
            state.live_mtime_ns for state in self._checkpoints.states.values() if state.origin == found.origin
        ]
        return bool(visits) and found.mtime_ns >= max(visits)

    def _is_full(self, run: _Run) -> bool:
        # The first batches are small, so that a process that dies early, or competes with another, makes progress.
        seconds = min(_BATCH_SECONDS, _FIRST_BATCH_SECONDS * 2 ** min(run.batches, 8))
        return (
            run.tail.progress.bytes_read - run.batch_bytes >= _BATCH_BYTES
            or self._ingest.groups > _BATCH_GROUPS
            or self._monotonic() - run.started >= seconds
        )

    def _forget(self, run: _Run) -> None:
        now = run.tracker.quiet.now
        for state in list(self._checkpoints.states.values()):
            if state.gone and not state.kept and now - state.seen > _FORGET:
                self._checkpoints.drop(state)

    def _flush(self, run: _Run) -> Iterator[Batch]:
        run.batch_bytes = run.tail.progress.bytes_read
        run.batches += 1
        self._ingest.finish()  # what is refused of the last chunks is known then
        changes = self._checkpoints.take_changes()
        if changes or self._ingest.records:
            progress = Progress(run.done, max(run.done, run.total))
            yield self._ingest.drain().batch(changes, self._checkpoints.refused.take_problems(), progress)
        run.started = self._monotonic()


def _absolute(base: str, glob: str) -> str:
    return os.path.normpath(os.path.join(base, glob))  # noqa: PTH118 - paths are strings here
