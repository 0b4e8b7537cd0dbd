"""All checkpoints of a source, as they are and as they are stored."""

from __future__ import annotations

from leverwatch.collectors.sources.files.checkpoint import CHECKPOINT, PREFIX, FileCheckpoint
from leverwatch.collectors.sources.files.fingerprint_index import FingerprintIndex


class CheckpointSet:
    """All checkpoints of a source, and which of them differ from the stored ones."""

    def __init__(self, states: dict[str, FileCheckpoint]) -> None:
        self.states = states
        self.index = FingerprintIndex(states.values())
        self._stored = dict(states)
        self._touched: set[str] = set()

    def put(self, state: FileCheckpoint) -> FileCheckpoint:
        """Add or change a checkpoint, and return it."""
        self.index.replace(self.states.get(state.id), state)
        self.states[state.id] = state
        self._touched.add(state.id)
        return state

    def drop(self, state: FileCheckpoint) -> None:
        """Remove a checkpoint."""
        self.index.replace(self.states[state.id], None)
        del self.states[state.id]
        self._touched.add(state.id)

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
        return changes
