"""Finds the checkpoint that a file on disk belongs to: the only place that tells rotations from copies."""

from __future__ import annotations

import os
from collections.abc import Iterable
from enum import Enum, auto

from isal.isal_zlib import crc32
from msgspec import Struct, field

from leverwatch.collectors.content.fingerprint import Fingerprint, fingerprint
from leverwatch.collectors.content.reader import FileReader, Kind, checksums
from leverwatch.collectors.paths import COMPRESSED, Found, is_rotated, old_folders
from leverwatch.collectors.records.formats.interface import MAX_RECORD, Framing
from leverwatch.collectors.records.framing.lines import LINES
from leverwatch.collectors.records.framing.values import element_end, is_whole, separates, starts_array
from leverwatch.collectors.sources.files.checkpoint import FileCheckpoint
from leverwatch.collectors.sources.files.checkpoint_set import CheckpointSet
from leverwatch.collectors.sources.files.identity import Relation, could_match, lengths_to_measure, relation
from leverwatch.collectors.unpacking import TooDense

_LOOK = 65536
_CHUNK = 1 << 20


class Resumed(Struct):
    """A reader positioned behind what was counted of a verified content."""

    prefix: Fingerprint
    rest: bytes
    """The counted rest; empty when there is none, or when it is too long to hold."""


def resume(content: FileReader, state: FileCheckpoint) -> Resumed | None:
    """Go to the offset of a checkpoint. Returns None when the file does not have its content.

    A plain file is checked at its start and just before the offset; a compressed one, which has to be read from
    its start anyway, is checked completely.
    """
    prefix = _seek(content, state) if content.kind is Kind.PLAIN else _skip(content, state)
    if prefix is None:
        return None
    if not state.rest_counted or state.rest_length > MAX_RECORD:
        return Resumed(prefix, b"")
    rest = content.read_exactly(state.rest_length)
    return Resumed(prefix, rest) if crc32(rest, prefix.crc) == state.rest_crc else None


def _seek(content: FileReader, state: FileCheckpoint) -> Fingerprint | None:
    head = content.first[: state.head_length]
    if content.found.size < state.offset or (head and fingerprint(head) != state.head_hash):
        return None
    content.seek(state.offset - state.tail_length)
    tail = content.read_exactly(state.tail_length)
    if tail and fingerprint(tail) != state.tail_hash:
        return None
    return Fingerprint(state.offset, state.crc, head, tail, state.lines, state.marks)


def _skip(content: FileReader, state: FileCheckpoint) -> Fingerprint | None:
    prefix = Fingerprint()
    while prefix.length < state.offset:
        data = content.read(min(_CHUNK, state.offset - prefix.length))
        if not data:
            return None
        prefix.feed(data)
    # Only the framing knows how records are numbered.
    prefix.lines = state.lines
    return prefix if prefix.crc == state.crc else None


class Comparison(Enum):
    """How two contents relate, compared byte by byte."""

    DIFFERENT = auto()
    WITHIN = auto()
    """The first is equal to the second, or a beginning of it."""
    EXTENDS = auto()
    """The first begins with the second and is longer."""


def compare(first: Found, second: Found, *, documents: bool = False) -> Comparison:
    """Compare two files byte by byte. Raises Moved and OSError as `FileReader` does.

    `documents`: what closes an array at the end of a file does not belong to it, as the next write replaces it.
    """
    # The second is opened later, so that a copy that is just being made of it cannot look longer than it.
    with FileReader(first) as left, FileReader(second) as right:
        while True:
            mine, other = _read_on(left), _read_on(right)
            common = min(len(mine), len(other))
            if mine[:common] != other[:common]:
                if not documents:
                    return Comparison.DIFFERENT
                at = next(index for index in range(common) if mine[index] != other[index])
                if len(mine) < _CHUNK and separates(mine[at:]):
                    return Comparison.WITHIN
                closes = len(other) < _CHUNK and right.damage is None and separates(other[at:])
                return Comparison.EXTENDS if closes else Comparison.DIFFERENT
            if len(mine) < _CHUNK or len(other) < _CHUNK:
                longer = len(mine) > len(other) and right.damage is None
                return Comparison.EXTENDS if longer else Comparison.WITHIN


def _read_on(content: FileReader) -> bytes:
    try:
        return content.read_exactly(_CHUNK)
    except TooDense:
        return b""  # nobody reads what lies behind


class MatchDecision(Enum):
    """What to do with a file that no checkpoint belongs to yet."""

    ADOPT = auto()
    """The file has the content of the given checkpoint, at a new place."""
    WAIT = auto()
    """The file is a copy of the content of the given checkpoint, whose lines are counted there."""
    NEW = auto()
    """The content of the file is unknown."""


class Match(Struct, frozen=True):
    """A decision, and the checkpoint that it refers to."""

    outcome: MatchDecision
    state: FileCheckpoint | None = None


class _Waiting(Struct, frozen=True):
    """A file that need not be compared again until it, or the file it is a copy of, changes."""

    found: Found
    id: str
    holder: Found | None
    covered: bool
    """Whether all of the copy was consumed in the original, so that the original may grow."""


class Matcher(Struct):
    """Finds the checkpoint of a file. `held` is the file in which the content of each checkpoint is now."""

    checkpoints: CheckpointSet
    framing: Framing = LINES
    held: dict[str, Found] = field(default_factory=dict)
    _waiting: dict[str, _Waiting] = field(default_factory=dict)

    def start(self, checkpoints: CheckpointSet) -> None:
        """Begin a run."""
        self.checkpoints = checkpoints
        self.held = {}

    def forget_waiting(self) -> None:
        """Compare every unknown file again, because a checkpoint has lost its file."""
        self._waiting.clear()

    def match(self, found: Found) -> Match:
        """Compare a file with all checkpoints. Raises Moved and OSError as `FileReader` does."""
        known = self._waiting.get(found.path)
        if known is not None and self._still_waits(known, found):
            return Match(MatchDecision.WAIT, self.checkpoints.states.get(known.id))
        with FileReader(found) as content:
            text = head = content.read_exactly(_LOOK)
            if self.framing.documents and len(head) < _LOOK:
                # What closes an array is not that of a longer version.
                head = head[: element_end(head, len(head), starts_array(head))]
            near = self.checkpoints.index.candidates(head, complete=len(text) < _LOOK)
            states = (self.checkpoints.states[identity] for identity in sorted(near))
            candidates = [state for state in states if self._is_candidate(state, head, complete=len(text) < _LOOK)]
        if not candidates:
            return Match(MatchDecision.NEW)
        lengths = set().union(*map(lengths_to_measure, candidates))
        with FileReader(found) as content:
            crcs, total = checksums(content, lengths)
            found = content.found
        live = self._was_live(found)
        last_line_end = self.framing.complete(text, final=False)
        whole = self.framing.documents and len(text) < _LOOK and is_whole(text, last_line_end)
        end = len(head) if len(text) < _LOOK else None
        related = [(relation(state, crcs, total, last_line_end, end), state) for state in candidates]
        for wanted in (Relation.CONTINUES, Relation.SHORTER):
            fitting = [state for relates, state in related if relates is wanted]
            for state in sorted(fitting, key=lambda state: (state.key == found.key, state.span), reverse=True):
                if whole and state.gone and wanted is Relation.SHORTER and not is_rotated_from(state, found):
                    # Nothing is left to compare it with, and a whole document is hardly the start of another one.
                    continue
                if state.origin == live and self._is_elsewhere(state):
                    continue
                match = self._with(state, found, wanted, total)
                if match is not None:
                    return match
        return Match(MatchDecision.NEW)

    def _was_live(self, found: Found) -> str | None:
        """The live path at which this very file was seen before anything of it was counted; None without one."""
        for state in self.checkpoints.at(found.key):
            away = state.path == state.origin and is_rotated_from(state, found)
            if away and state.blank and _still_begins(found, state):
                return state.origin
        return None

    def _is_elsewhere(self, state: FileCheckpoint) -> bool:
        """Whether a content had left its live path, so that what was written there later is no copy of it."""
        holder = self.held.get(state.id)
        return state.gone if holder is None else is_rotated_from(state, holder)

    def ignore(self, found: Found) -> None:
        """Remember that a file outside the glob does not belong to the source."""
        self._waiting[found.path] = _Waiting(found, "", None, covered=True)

    def _still_waits(self, known: _Waiting, found: Found) -> bool:
        if known.found != found:
            return False
        if not known.id:
            return True
        state = self.checkpoints.states.get(known.id)
        if state is None or known.holder is None:
            return state is not None and state.gone
        holder = self.held.get(known.id)
        if holder is None:
            return False
        return holder == known.holder or (known.covered and holder.key == known.holder.key)

    @staticmethod
    def _is_candidate(state: FileCheckpoint, head: bytes, *, complete: bool) -> bool:
        # A live file of which nothing was counted has nothing to protect: both may be read from their start.
        return (state.gone or not state.blank) and could_match(state, head, complete)

    def _with(self, state: FileCheckpoint, found: Found, relates: Relation, total: int | None) -> Match | None:
        """Return the decision for a file and a related checkpoint; None when a closer look shows that they are
        unrelated."""
        if state.gone and state.id not in self.held:
            if relates is Relation.CONTINUES:
                return Match(MatchDecision.ADOPT, state)
            return self._wait(_Waiting(found, state.id, None, covered=True), state)
        holder = self.held.get(state.id)
        if holder is None:
            return Match(MatchDecision.WAIT, state)  # its file could not be read in this run: decide later
        if found.path == state.origin and is_rotated_from(state, holder):
            # The next one, even when it begins with the same lines.
            return None
        comparison = compare(found, holder, documents=self.framing.documents)
        if comparison is Comparison.DIFFERENT:
            # Truncated and written anew since this run began: the file may be the copy of what it held.
            return None if _still_holds(holder, state) else Match(MatchDecision.WAIT, state)
        if comparison is Comparison.EXTENDS and relates is Relation.CONTINUES:
            return Match(MatchDecision.ADOPT, state)
        covered = total is not None and total <= state.span
        return self._wait(_Waiting(found, state.id, holder, covered), state)

    def _wait(self, waiting: _Waiting, state: FileCheckpoint) -> Match:
        self._waiting[waiting.found.path] = waiting
        return Match(MatchDecision.WAIT, state)


def _still_holds(holder: Found, state: FileCheckpoint) -> bool:
    with FileReader(holder) as content:
        return resume(content, state) is not None


def is_document(state: FileCheckpoint, found: Found) -> bool:
    """Whether a file that has the content of a checkpoint may be written anew: nothing that was rotated is. It may
    have another path than the content had first, as when a document begins as a whole other one does."""
    is_own = not found.origin or found.origin == found.path
    return not found.archive and (found.path == state.origin or (is_own and not is_rotated_from(state, found)))


def is_rotated_from(state: FileCheckpoint, file: Found) -> bool:
    """Whether a file has the name of a rotated generation of the log that had a content first."""
    folder, live = os.path.split(state.origin)
    at, name = os.path.split(file.path)
    return (at == folder or at in old_folders(state.origin)) and is_rotated(live, name)


def _still_begins(found: Found, state: FileCheckpoint) -> bool:
    """Whether a file still has what was seen in it: its inode may be used for another one by now."""
    seen = state.offset + state.rest_length
    if found.mtime_ns < state.mtime_ns or found.size < seen:
        return False  # such as a compressed copy, which gets the time of its original
    with FileReader(found) as content:
        if content.kind is not Kind.PLAIN or state.compressed:
            return False
        return crc32(content.read_exactly(seen)) == (state.rest_crc if state.rest_length else state.crc)


def preferred(found: Iterable[Found], origins: frozenset[str], *, documents: bool = False) -> list[Found]:
    """Return the files in the order in which they may take over a checkpoint that lost its file.

    Rotated files come before the file that now has the live path, unless that may be a document which was replaced
    by a longer one, and the others are backups of it; plain files come before compressed ones.
    """
    return sorted(
        found, key=lambda item: ((item.path in origins) != documents, item.path.endswith(COMPRESSED), item.path)
    )
