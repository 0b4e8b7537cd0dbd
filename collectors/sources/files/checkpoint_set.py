"""Every identity of a source, as it is and as it is stored."""

from __future__ import annotations

from leverwatch.collectors.sources.files.checkpoint import CHECKPOINT, PREFIX, FileCheckpoint
from leverwatch.collectors.sources.files.fingerprint_index import FingerprintIndex


class CheckpointSet:
    """Every identity of a source, and which of them differ from what the store has."""

    def __init__(self, states: dict[str, FileCheckpoint]) -> None:
        self.states = states
        self.index = FingerprintIndex(states.values())
        self._stored = dict(states)
        self._touched: set[str] = set()

    def put(self, state: FileCheckpoint) -> FileCheckpoint:
        """Add or change an identity."""
        self.index.replace(self.states.get(state.id), state)
        self.states[state.id] = state
        self._touched.add(state.id)
        return state

    def drop(self, state: FileCheckpoint) -> None:
        """Forget an identity."""
        self.index.replace(self.states[state.id], None)
        del self.states[state.id]
        self._touched.add(state.id)

    def at(self, key: tuple[int, int]) -> list[FileCheckpoint]:
        """The identities last seen in a file."""
        return [self.states[identity] for identity in sorted(self.index.at(key))]

    def take_changes(self) -> dict[str, bytes | None]:
        """What the store has to learn, as changes to the source's state. It is assumed to do so."""
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
