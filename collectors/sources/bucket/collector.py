"""Follows a bucket and yields the records of its new objects, each exactly once."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from leverwatch.collectors.aggregation.ingest import Ingest
from leverwatch.collectors.aggregation.pipeline import KINDS as COUNTING_KINDS
from leverwatch.collectors.daily.errors import PermissionRefused
from leverwatch.collectors.errors import CollectorError, SourceIncomplete, SourceRefused
from leverwatch.collectors.interface import (
    BackfillRequest,
    Batch,
    CollectorContext,
    Matched,
    Progress,
    SourceState,
)
from leverwatch.collectors.sampled import Sampled
from leverwatch.collectors.sources.bucket.api import PAGE, Bucket, Fetched, Listed
from leverwatch.collectors.sources.bucket.config import BucketConfig
from leverwatch.collectors.sources.bucket.errors import (
    ARCHIVED,
    AllDenied,
    KeyRefused,
    ObjectArchived,
    ObjectDenied,
    ObjectFails,
)
from leverwatch.collectors.sources.bucket.following import Followed, Following, horizon, restarted
from leverwatch.collectors.sources.bucket.known import OBJECT_BLOCK, RECORD_BLOCK, Entry
from leverwatch.collectors.sources.bucket.prefixes import PREFIX, TEMPLATE
from leverwatch.collectors.sources.bucket.reading import BEYOND, ObjectReader, hash_of
from leverwatch.collectors.sources.bucket.sample import sample_of
from leverwatch.collectors.stored_state import Kind, check_keys

_BATCH_BYTES = 32 << 20
_BATCH_GROUPS = 5_000
_BATCH_SECONDS = 5.0
_FIRST_BATCH_SECONDS = 0.2
_THREADS = 8
_AHEAD = 16
_AHEAD_BYTES = 64 << 20
"""Bytes of objects that are fetched before it is their turn."""
_MOST_DENIED = 100
"""Objects that may not be read until it is taken for certain that none may, when none was."""
_MOST_FAILURES = 1000
"""Failures of which a message may be made."""
KINDS: tuple[Kind[Any], ...] = (TEMPLATE, PREFIX, OBJECT_BLOCK, RECORD_BLOCK, *COUNTING_KINDS)
"""The kinds of state that a `bucket` source stores."""


class _Run(Struct):
    """The progress of one call of `collect` or `backfill`."""

    started: float
    """When the current batch began, by the monotonic clock in seconds."""
    failures: dict[str, str] = field(default_factory=dict)
    refused: CollectorError | None = None
    """Why a prefix was not listed, though others may be."""
    listed: int = 0
    """Prefixes that were."""
    fetched: int = 0
    denied: int = 0
    batches: int = 0
    batch_bytes: int = 0
    total: int = 0
    done: int = 0


class _ToRead(Struct, frozen=True):
    listed: Listed
    before: Entry | None


class BucketCollector:
    """A `bucket` source. It keeps what it knows between runs as long as every batch was committed."""

    def __init__(
        self,
        config: BucketConfig,
        context: CollectorContext,
        monotonic: Callable[[], float] = time.monotonic,
        first_wait: timedelta | None = None,
    ) -> None:
        self._config, self._context, self._monotonic = config, context, monotonic
        self.bucket = Bucket(config, context, first_wait)
        self._ingest = Ingest(config, context.now)
        self._reader = ObjectReader(self._ingest)
        self._revision: int | None = None
        self._following = Following(config, {})
        self._matched: Matched | None = None

    def matched(self) -> Matched | None:
        """Return how many objects of open prefixes are known, and which globs have none."""
        return self._matched

    def sample(self) -> Sampled:
        """Return what a bounded part of the newest object would count as. Nothing is counted or remembered.

        Raises:
            CollectorError: there is no object, or it cannot be read.
        """
        self.bucket.open()
        followed = Following(self._config, {}).open(self._context.now())
        return sample_of(self._config, self._context, self.bucket, followed)

    def collect(self, state: SourceState) -> Iterator[Batch]:
        """Yield what is new in the open prefixes, the oldest day first.

        Raises:
            SourceIncomplete: some objects could not be read; all others were.
            CollectorError: the bucket cannot be used, as `meaning` has it; what was read before stays counted.
        """
        return self._collect(state, None)

    def backfill(self, state: SourceState, history: BackfillRequest) -> Iterator[Batch]:
        """Yield what is in the prefixes of days that were never read.

        Raises:
            SourceRefused: it asks for what a bucket does not have.
            CollectorError: as for `collect`.
        """
        name = self._config.name
        if history.paths or history.refused:
            what = "--path is for files" if history.paths else "--refused is for files"
            raise SourceRefused(f"source {name}: {what}; a bucket is read by the days of its prefixes")
        if not all(pattern.dated for pattern in self._config.patterns):
            raise SourceRefused(
                f"source {name}: `path` has no {{date:...}}, so that nothing tells what is of which day: a new"
                " source with a longer `history` reads further back"
            )
        return self._collect(state, history)

    def _collect(self, state: SourceState, history: BackfillRequest | None) -> Iterator[Batch]:
        if self._revision != state.revision:
            self._load(state)
        self._revision = None  # until the last batch is known to be committed
        revision = state.revision
        run = _Run(self._monotonic())
        ended: CollectorError | None = None
        try:
            self.bucket.open()
            self._context.cache_dir.mkdir(parents=True, exist_ok=True)
            for followed in self._opened(history):
                for _ in self._tried(run, followed):
                    if self._is_full(run):
                        for batch in self._flush(run):
                            yield batch
                            revision += 1
        except CollectorError as error:
            ended = error
            self.bucket.close()
        for batch in self._flush(run):
            yield batch
            revision += 1
        self._revision = revision
        found = dict(self._following.met())
        self._matched = Matched(sum(found.values()), tuple(glob for glob, number in found.items() if not number))
        if ended is not None:
            raise ended
        if run.refused is not None and (not run.listed or len(run.failures) == 1):
            raise run.refused
        if run.failures:
            raise SourceIncomplete.of(self._config.name, run.failures)

    def _load(self, state: SourceState) -> None:
        self._revision = None  # nothing is reused when the state is refused half-way
        stored = state.load()
        check_keys(self._config.name, stored, KINDS)
        self._ingest.load(stored)
        self._following = Following(self._config, stored)

    def _opened(self, history: BackfillRequest | None) -> Sequence[Followed]:
        now = self._context.now()
        self._ingest.restore_ids()
        if history is None:
            return self._following.open(now)
        if history.since is None and history.until is None:
            return self._following.open(now)
        return self._following.reopen(history.since, history.until, now)

    def _tried(self, run: _Run, followed: Followed) -> Iterator[None]:
        """As `_read`; a prefix that alone is refused stops no other one."""
        try:
            yield from self._read(run, followed)
            run.listed += 1
        except AllDenied:
            raise
        except (PermissionRefused, KeyRefused) as error:
            run.refused = error
            reason = str(error).removeprefix(f"source {self._config.name}: ")
            run.failures[f"{self._config.url.rstrip('/')}/{followed.at.prefix}"] = reason

    def _read(self, run: _Run, followed: Followed) -> Iterator[None]:
        """List one prefix, and read what is new in it; an object that fails stops no other one."""
        config, now = self._config, self._context.now().timestamp()
        is_over = now >= followed.closes
        whole = is_over or self._lists_all(followed, now)
        after = followed.at.floor if whole else followed.at.cursor
        late, failed = config.late.total_seconds(), False
        floor, is_old = followed.at.floor, config.names_sort_by_time and not followed.at.day
        followed.known.begin()
        for page in self.bucket.pages(followed.at.prefix, after):
            for found, reason in self._objects(run, followed, page):
                failed = failed or (reason is not None and not _is_settled(followed, found))
                if reason is not None and len(run.failures) < _MOST_FAILURES:
                    run.failures[f"{config.url.rstrip('/')}/{found.key}"] = reason
                yield
            if self._context.stopping():
                return  # perhaps in the middle of the page
            for found in page:
                if whole and not followed.at.day:
                    followed.known.meet(hash_of(found.key))
                is_old = is_old and found.modified < now - late
                floor = found.key if is_old else floor
            last = max([followed.at.cursor, *(found.key for found in page[-1:])])
            self._following.put(followed, replace(followed.at, cursor=last))
        if failed:
            self._following.put(followed, restarted(followed.at))
        elif is_over:
            self._following.close(followed)
        elif whole:
            self._listed(followed, now, floor)

    def _listed(self, followed: Followed, now: float, floor: str) -> None:
        at, config = followed.at, self._config
        if at.again or now - at.listed >= config.relist.total_seconds():
            # Not in every run: a run with nothing new writes nothing.
            self._following.put(followed, replace(at, listed=now, again=False, floor=floor))
            if not at.day:
                followed.known.forget_gone(int(now - config.late.total_seconds()))

    def _lists_all(self, followed: Followed, now: float) -> bool:
        """Whether to list a prefix from its start: when it is due, or costs one request anyway."""
        at, config = followed.at, self._config
        if not at.listed or at.again or now - at.listed >= config.relist.total_seconds():
            return True
        if not at.day:
            return not config.names_sort_by_time
        return len(followed.known) < PAGE

    def _objects(
        self, run: _Run, followed: Followed, page: Sequence[Listed]
    ) -> Iterator[tuple[Listed, str | None]]:
        """Read what is new in a page. Yields each object with why it could not be read; None when it was."""
        todo = []
        for listed in page:
            if listed.size and followed.matches.fullmatch(listed.key):
                before = self._following.known_of(followed, hash_of(listed.key))
                if before is None:
                    if listed.modified >= horizon(followed.at, self._config.late):
                        todo.append(_ToRead(listed, None))
                elif before.version != listed.version:
                    todo.append(_ToRead(listed, before))
                elif before.refused:
                    yield listed, BEYOND if before.length else ARCHIVED
        run.total += sum(one.listed.size for one in todo)
        for one, fetched, failed in _fetched(self.bucket, todo, self._context.cache_dir, self._context.stopping):
            reason = None if failed is None else str(failed)
            if fetched is not None:
                reason = self._count(followed, one, fetched)
                run.fetched += 1
            elif isinstance(failed, ObjectArchived):
                # It is named in every run until its day is closed, and not asked for again.
                self._refuse(followed, one)
            elif isinstance(failed, ObjectDenied):
                run.denied += 1
                if run.denied >= _MOST_DENIED and not run.fetched:
                    raise AllDenied(f"source {self._config.name}: {self._config.url}: {failed}, nor any other")
            run.done += one.listed.size
            run.batch_bytes += one.listed.size
            yield one.listed, reason

    def _count(self, followed: Followed, one: _ToRead, fetched: Fetched) -> str | None:
        """Count what is new in an object that is here. Returns why it is not counted; None when it is."""
        listed, known, before = one.listed, followed.known, one.before
        place = f"{self._config.url.rstrip('/')}/{listed.key}"
        records = None if before is None else known.records_of(before.key)
        try:
            entry, digests = self._reader.read(listed, fetched.found, place, before, records)
        except ObjectFails as error:
            self._refuse(followed, one)
            return str(error)
        except SourceRefused as error:
            if self._reader.begun is not None:
                self._following.note(followed, self._reader.begun, b"")
            return str(error).partition(f"{place}: ")[2] or str(error)
        self._following.note(followed, entry, digests)
        return None

    def _refuse(self, followed: Followed, one: _ToRead) -> None:
        """Note that this version of an object is not read."""
        listed, known = one.listed, followed.known
        before = one.before or Entry(hash_of(listed.key), 0, listed.modified, records=0)
        refused = replace(before, version=listed.version, refused=True)
        self._following.note(followed, refused, known.records_of(before.key) or b"")

    def _is_full(self, run: _Run) -> bool:
        # The first batches are small, so that a process that dies early, or competes with another, makes progress.
        seconds = min(_BATCH_SECONDS, _FIRST_BATCH_SECONDS * 2 ** min(run.batches, 8))
        return (
            run.batch_bytes >= _BATCH_BYTES
            or self._ingest.groups > _BATCH_GROUPS
            or self._monotonic() - run.started >= seconds
        )

    def _flush(self, run: _Run) -> Iterator[Batch]:
        run.batch_bytes, run.batches = 0, run.batches + 1
        changes = self._following.take_changes()
        problems, self._following.problems = tuple(self._following.problems), []
        if changes or self._ingest.records:
            progress = Progress(run.done, max(run.done, run.total))
            yield self._ingest.drain().batch(changes, problems, progress)
        run.started = self._monotonic()


def _is_settled(followed: Followed, listed: Listed) -> bool:
    """Whether it is known of an object that is not read that it never will be, as it is now."""
    entry = followed.known.get(hash_of(listed.key))
    return entry is not None and entry.refused and entry.version == listed.version


def _fetched(
    bucket: Bucket, todo: Sequence[_ToRead], folder: Path, stopping: Callable[[], bool]
) -> Iterator[tuple[_ToRead, Fetched | None, ObjectFails | None]]:
    """Fetch objects, some ahead, and yield them in their order; or why one of them cannot be read.

    Raises:
        CollectorError: none can be read any more.
    """
    if not todo:
        return
    coming: deque[tuple[_ToRead, Future[Fetched]]] = deque()
    left = iter(todo)
    with ThreadPoolExecutor(min(_THREADS, len(todo))) as pool:
        try:
            while True:
                size = sum(one.listed.size for one, _ in coming)
                for one in islice(left, _AHEAD - len(coming) if size < _AHEAD_BYTES else 0 if coming else 1):
                    coming.append((one, pool.submit(bucket.fetch, one.listed, folder)))
                if not coming or stopping():
                    return
                one, future = coming.popleft()
                try:
                    fetched = future.result()
                except ObjectFails as error:
                    yield one, None, error
                    continue
                try:
                    yield one, fetched, None
                finally:
                    fetched.close()
        finally:
            for _, future in coming:
                if not future.cancel() and future.exception() is None:
                    future.result().close()
