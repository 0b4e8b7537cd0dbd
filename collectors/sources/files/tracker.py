"""Finds out, before anything is read, where the content of each checkpoint is, and which files are unknown."""

from __future__ import annotations

import os
from collections.abc import Iterable

from isal.isal_zlib import crc32
from msgspec import Struct, field
from msgspec.structs import replace

from leverwatch.collectors.content.reader import FileReader, Kind, Moved, checksums
from leverwatch.collectors.paths import Discovery, Found, look, siblings
from leverwatch.collectors.sources.files.checkpoint import FileCheckpoint
from leverwatch.collectors.sources.files.checkpoint_set import CheckpointSet
from leverwatch.collectors.sources.files.matching import MatchDecision, Matcher, is_document, preferred, resume
from leverwatch.collectors.sources.files.partial_reads import Scope
from leverwatch.collectors.sources.files.quiet import Quiet, is_due

_SEARCH = 3600.0
"""Seconds for which siblings are searched for a content that lost its file, in case it is still being moved."""
_DAY = 86400.0
_RACE = 2.0
"""A file that was written within this many seconds of a visit is checked again: a second write may leave the
same size and mtime."""

REPLACED = (
    "it was replaced or truncated, and what it had before is in no file that looks like a rotated one: what was "
    "written to it after the run before is not counted"
)


def reason_of(error: OSError) -> str:
    """Return why a file could not be used, without its path."""
    return error.strerror or type(error).__name__


class FileTracker(Struct):
    """Finds where everything is at the start of a run."""

    checkpoints: CheckpointSet
    matcher: Matcher
    quiet: Quiet
    wants_header: bool
    reads_documents: bool
    follow_rotated: bool
    checked: dict[str, float]
    """When the content of each checkpoint was last verified, in seconds since the epoch; kept between runs."""
    scope: Scope = field(default_factory=Scope)
    failures: dict[str, str] = field(default_factory=dict)
    """The reason of each failure, by path."""
    visits: list[tuple[Found, str]] = field(default_factory=list)
    """Files to read, with the ids of their checkpoints."""
    unknown: list[Found] = field(default_factory=list)
    _files: dict[tuple[int, int], Found] = field(default_factory=dict)
    _claimed: set[tuple[int, int]] = field(default_factory=set)
    _scanned: set[str] = field(default_factory=set)
    _lost: list[str] = field(default_factory=list)
    """Live paths of contents that are in no known file."""
    _departed: list[str] = field(default_factory=list)
    """Ids of the contents that are not where the run before left them."""

    def run(self, discovery: Discovery) -> None:
        """Compare the files on disk with the checkpoints."""
        self.checkpoints.start()
        self.failures.update(discovery.failures)
        self._files = {found.key: found for found in discovery.files}
        archived = {found.key for found in discovery.files if found.archive}
        active = [state for state in self.checkpoints.states.values() if not state.gone or state.key in archived]
        elsewhere = {found.path for found in discovery.files}
        searched = [
            state.origin
            for state in self.checkpoints.states.values()
            if state.gone and 0 <= self.quiet.now - state.left < _SEARCH
        ]
        unreadable: set[str] = set()
        left_out: set[str] = set()
        for state in active:
            here = self._files.get(state.key)
            if (here.path if here is not None else state.path) != state.origin and not state.gone:
                # Its live path has gone on without it, perhaps more than once: a part that was rotated out of the
                # glob between two runs has never been seen.
                searched.append(state.origin)
            if here is not None:
                if state.blank and _began_anew(here, state):
                    # It was emptied before anything of it was counted: what it had may be in a copy.
                    searched.append(state.origin)
                continue
            try:
                outside = look(state.path) if state.path not in elsewhere else None
            except OSError as error:
                self.failures[state.path] = reason_of(error)
                unreadable.add(state.id)
                continue
            if outside is None or outside.key != state.key:
                searched.append(state.origin)
            elif self.follow_rotated and (state.path != state.origin or _switched(state.link)):
                self._files[state.key] = replace(outside, origin=state.origin)
            else:
                left_out.add(state.id)
        self._search(searched)
        for state in active:
            found = self._files.get(state.key)
            if state.id in unreadable:
                continue
            if found is None:
                self._depart(state, 0.0 if state.id in left_out else self.quiet.now)
            else:
                self._settle(state, found)
        self._search(self._lost)
        self._give_to_longer()
        self.unknown = [found for found in self._files.values() if found.key not in self._claimed]
        self._report_replaced(self._inherit())

    def _search(self, origins: Iterable[str]) -> None:
        for origin in sorted(set(origins) - self._scanned):
            self._scanned.add(origin)
            if not self.follow_rotated:
                continue
            try:
                for found in siblings(origin):
                    self._files.setdefault(found.key, found)
            except OSError as error:
                self.failures[os.path.dirname(origin)] = reason_of(error)  # noqa: PTH120 - paths are strings here

    def _depart(self, state: FileCheckpoint, left: float) -> None:
        if not state.gone:
            self._departed.append(state.id)
        self.checkpoints.put(replace(state, gone=True, left=left))
        self.matcher.forget_waiting()

    def _settle(self, state: FileCheckpoint, found: Found) -> None:
        """Decide what to do with the file that a checkpoint was last seen in."""
        same = (state.path, state.size, state.mtime_ns) == (found.path, found.size, found.mtime_ns)
        missing = any(map(self.scope.missing, state.limited)) or bool(self.checkpoints.refused.due(state.id))
        sure = same and not self._racy(state, found)
        if sure and state.unread and not missing:
            self.failures[found.path] = state.unread
            self._claimed.add(found.key)
            self._stay(state, found)
            return
        due = not same or bool(state.unread) or is_due(state, found, self.quiet, self.wants_header) or missing
        if state.blank:
            # A copy may look like a new file until its first line is complete: it is compared with all others.
            if not due:
                self._claimed.add(found.key)
            return
        self._claimed.add(found.key)
        if not sure:
            try:
                holds = _holds(found, state)
            except Moved:
                return
            except OSError as error:
                self.failures[found.path] = reason_of(error)
                return
            if not holds:
                self._lose(state, found)
                return
            self.checked[state.id] = self.quiet.now
        if due:
            self.matcher.held[state.id] = found
            self.visits.append((found, state.id))
        else:
            self._stay(state, found)

    def _stay(self, state: FileCheckpoint, found: Found) -> None:
        """Leave a file that has nothing to count; that it was seen is noted once a day."""
        self.matcher.held[state.id] = found
        if abs(self.quiet.now - state.seen) > _DAY:
            self.checkpoints.put(replace(state, seen=self.quiet.now))

    def _give_to_longer(self) -> None:
        """Give a file to the longest content that it begins with.

        Its inode may have been that of a log of which hardly more than a first line was read: when that one was
        compressed, and a log that begins alike was copied and truncated, the copy got the inode.
        """
        lost = [self.checkpoints.states[key] for key in self._departed]
        starts = {state.marks[0] for state in lost if state.marks}
        for place, (found, key) in enumerate(self.visits):
            here = self.checkpoints.states[key]
            if starts.isdisjoint(here.marks[:1]):
                continue
            longer = self._longest_in(found, [state for state in lost if state.span > here.span])
            if longer is not None:
                lost.remove(longer)
                self.matcher.held.pop(key, None)
                self.visits[place] = (found, self.adopt(longer, found).id)
                self._depart(here, self.quiet.now)

    def _longest_in(self, found: Found, states: Iterable[FileCheckpoint]) -> FileCheckpoint | None:
        try:
            with FileReader(found) as content:
                crcs, _ = checksums(content, {state.span for state in states})
        except (Moved, OSError):
            return None  # met again, and reported, when its turn to be read comes
        fitting = (state for state in states if crcs.get(state.span) == state.span_crc)
        return max(fitting, key=lambda state: state.span, default=None)

    def _lose(self, state: FileCheckpoint, found: Found) -> None:
        """Note that the file now has another content, and is unknown."""
        self._claimed.discard(found.key)
        self._depart(state, self.quiet.now)
        if not state.gone:
            self._lost.append(state.origin)

    def _racy(self, state: FileCheckpoint, found: Found) -> bool:
        return abs(self.checked.get(state.id, state.seen) - found.mtime_ns * 1e-9) < _RACE

    def _inherit(self) -> set[str]:
        """Assign the checkpoints that lost their file to the files that have their content now.

        Returns the ids of those of which a part is in a file that is not complete yet.
        """
        waiting: set[str] = set()
        origins = frozenset(state.origin for state in self.checkpoints.states.values() if state.gone)
        if not origins:
            return waiting
        for found in preferred(self.unknown, origins, documents=self.reads_documents):
            try:
                match = self.matcher.match(found)
            except (Moved, OSError):
                continue  # met again, and reported, when its turn to be read comes
            if match.outcome is MatchDecision.ADOPT and match.state is not None:
                self.unknown.remove(found)
                self.visits.append((found, self.adopt(match.state, found).id))
            elif match.state is not None:
                waiting.add(match.state.id)
        return waiting

    def _report_replaced(self, waiting: set[str]) -> None:
        """Name the logs whose file was replaced or truncated and is nowhere else: their last lines may be unread.

        For documents the reading tells whether the new file is a version of the old one.
        """
        if not self.follow_rotated or self.reads_documents:
            return
        here = {found.path for found in self.unknown}
        for key in self._departed:
            state = self.checkpoints.states.get(key)
            if state is None or not state.gone or state.blank or key in waiting:
                continue
            if state.path == state.origin and state.path in here:
                self.failures[state.path] = REPLACED

    def report_gone(self) -> None:
        """Name the files with refused records that would be read again, if they were still there."""
        for state in self.checkpoints.states.values():
            if state.gone and not state.kept and (records := self.checkpoints.refused.gone(state.id)):
                reason = f"{records:_} refused records of it cannot be read again, as the file is gone"
                self.failures.setdefault(state.path, reason)

    def adopt(self, state: FileCheckpoint, found: Found) -> FileCheckpoint:
        """Move a checkpoint to another file, and return it."""
        for other in self.checkpoints.at(found.key):
            if other.blank and other.id != state.id:
                self.checkpoints.drop(other)
        self.matcher.held[state.id] = found
        came = state.gone if found.path == state.origin else found.path != state.path
        if self.reads_documents and found.path != state.path:
            self.checkpoints.leaves(state)
        if came and self.reads_documents and is_document(state, found):
            self.checkpoints.follows(state, found.path)
        return self.checkpoints.put(state.at(found))

    def blank_at(self, found: Found) -> FileCheckpoint | None:
        """Return the checkpoint of a file of which nothing was counted yet; None without one."""
        here = [state for state in self.checkpoints.at(found.key) if state.blank]
        return min(here, key=lambda state: state.gone, default=None)


def _holds(found: Found, state: FileCheckpoint) -> bool:
    with FileReader(found) as content:
        return resume(content, state) is not None


def _began_anew(found: Found, state: FileCheckpoint) -> bool:
    """Whether the file no longer begins with what was seen in it, of which nothing was counted."""
    if found.size < state.size or (found.size, found.mtime_ns) == (state.size, state.mtime_ns):
        return found.size < state.size
    try:
        with FileReader(found) as content:
            if content.kind is not Kind.PLAIN or state.compressed:
                return False
            seen = content.read_exactly(state.offset + state.rest_length)
    except (Moved, OSError):
        return False  # met again, and reported, when its turn to be read comes
    return crc32(seen) != (state.rest_crc if state.rest_length else state.crc)


def _switched(link: str) -> bool:
    # The link is still there and leads to another file by now; its last target is finished.
    return bool(link) and os.path.islink(link)  # noqa: PTH114 - paths are strings here
