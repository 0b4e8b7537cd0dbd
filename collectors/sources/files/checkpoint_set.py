"""All checkpoints of a source, as they are and as they are stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from types import MappingProxyType

from leverwatch.collectors.aggregation.known_records import KNOWN_RECORDS, KnownRecords, StoredRecords
from leverwatch.collectors.aggregation.known_records import PREFIX as VERSION
from leverwatch.collectors.paths import live_path
from leverwatch.collectors.sources.files.checkpoint import CHECKPOINT, PREFIX, FileCheckpoint
from leverwatch.collectors.sources.files.fingerprint_index import FingerprintIndex
from leverwatch.collectors.sources.files.refused import RefusedRanges


class CheckpointSet:
    """All checkpoints of a source, and which of them differ from the stored ones."""

    def __init__(
        self,
        states: dict[str, FileCheckpoint],
        records: Mapping[str, StoredRecords] = MappingProxyType({}),
        refused: RefusedRanges | None = None,
    ) -> None:
        self.states = states
        self.refused = RefusedRanges() if refused is None else refused
        """What was refused of each file."""
        self._records = {key: KnownRecords(stored) for key, stored in records.items() if key in states}
        self._dropped: set[str] = set(records) - set(states)
        self._at: dict[str, set[str]] = defaultdict(set)
        """Ids of documents by the paths at which they have been."""
        for key in self._records:
            self._at[states[key].path].add(key)
            self._at[states[key].origin].add(key)
        self._behind: dict[str, KnownRecords] = {}
        """The records of the contents that were copied or moved away, by the path that they left in this run."""
        self._open = ""
        self._opened: set[str] = set()
        """Ids of the documents whose records may have changed."""
        self._index = FingerprintIndex(states.values())
        self._indexed: dict[str, FileCheckpoint | None] = {}
        """What the index has, by id, in place of checkpoints that were changed since somebody looked into it."""
        self._stored = dict(states)
        self._touched: set[str] = set()

    @property
    def index(self) -> FingerprintIndex:
        """What finds checkpoints by the content of their files; while one grows, nobody looks."""
        for key, old in self._indexed.items():
            self._index.replace(old, self.states.get(key))
        self._indexed.clear()
        return self._index

    def put(self, state: FileCheckpoint) -> FileCheckpoint:
        """Add or change a checkpoint, and return it."""
        self._indexed.setdefault(state.id, self.states.get(state.id))
        self.states[state.id] = state
        self._touched.add(state.id)
        return state

    def drop(self, state: FileCheckpoint) -> None:
        """Remove a checkpoint."""
        self._indexed.setdefault(state.id, self.states[state.id])
        for path in {state.origin, state.path, self.states[state.id].path} & self._at.keys():
            self._at[path].discard(state.id)
        del self.states[state.id]
        self._touched.add(state.id)
        self.forget_records(state.id)
        self.refused.drop(state.id)

    def forget_records(self, key: str) -> None:
        """Forget the records of a document that is not rewritten any more."""
        if self._records.pop(key, None) is not None:
            self._dropped.add(key)

    def records_of(self, key: str) -> KnownRecords:
        """Return the known records of the document with this id."""
        self._opened.add(key)
        self._open = key
        known = self._records.get(key)
        if known is None:
            known = self._records[key] = KnownRecords()
        self._at[self.states[key].path].add(key)
        return known

    def leaves(self, state: FileCheckpoint) -> None:
        """Note that a content is to be read at another path than before."""
        if state.id in self._records and not self._records[state.id].unread:
            self._behind[state.path] = self._records[state.id]

    def start(self) -> None:
        """Begin a run."""
        self._behind.clear()

    def follows(self, state: FileCheckpoint, path: str) -> bool:
        """Make a new checkpoint, or one whose content came to a path, the next version of the document there.

        Returns whether there was another version.
        """
        if path in self._behind and state.id not in self._records:
            return self._follows_copy(state, path)
        here = self._at.get(path, set()) - {state.id}
        others = (self.states[key] for key in here if key in self._records)
        earlier = (other for other in others if other.gone and other.path == path)
        before = max(earlier, key=lambda other: (other.left, other.seen), default=None)
        if before is None or (before.left, before.seen) < (state.left, state.seen):
            return before is None and self._follows_copy(state, path)
        known, came = self._records.get(state.id), before.origin != path
        self._records[state.id] = self._records[before.id].next_version(known, came=came)
        self._at[path].add(state.id)
        self.refused.drop(before.id)  # it is read as new in the next version
        self._dropped.discard(state.id)
        self._opened.add(state.id)
        return True

    def _follows_copy(self, state: FileCheckpoint, path: str) -> bool:
        """Make a new checkpoint the next version of the document whose content was at a path and is elsewhere now,
        as with a backup before each change."""
        if state.id in self._records:
            return False
        known = self._behind.pop(path, None)
        if known is None:
            here = (self.states[key] for key in self._at.get(path, ()) if key != state.id and key in self._records)
            moved = (other for other in here if not other.gone and other.path != path and other.origin == path)
            last = max(moved, key=lambda other: other.seen, default=None)
            known = None if last is None else self._records[last.id]
        if known is None:
            return False
        for key in [key for key, records in self._records.items() if records is known]:
            if live_path(self.states[key].path) == path:
                self.forget_records(key)  # it was rotated, and is not written anew
        self._records[state.id] = known.next_version(came=True, doubtful=True)
        self._at[path].add(state.id)
        self._dropped.discard(state.id)
        self._opened.add(state.id)
        return True

    def at(self, key: tuple[int, int]) -> list[FileCheckpoint]:
        """Return the checkpoints last seen in the file with this device and inode."""
        return [self.states[identity] for identity in sorted(self.index.at(key))]

    def take_changes(self) -> dict[str, bytes | None]:
        """Return the changes since the last call; the caller has to store them."""
        changes: dict[str, bytes | None] = {}
        for key in sorted(self._touched):
            state = self.states.get(key)
            if state == self._stored.get(key):
                continue
            if state is None:
                del self._stored[key]
                changes[PREFIX + key] = None
            else:
                self._stored[key] = state
                changes[PREFIX + key] = CHECKPOINT.dumps(state)
        self._touched.clear()
        for key in sorted(self._opened & self._records.keys()):
            records = self._records[key]
            if records.changed:
                changes[VERSION + key] = KNOWN_RECORDS.dumps(records.stored())
        changes.update({VERSION + key: None for key in sorted(self._dropped)})
        self._dropped.clear()
        self._opened.intersection_update({self._open})
        changes.update(self.refused.take_changes())
        return changes
