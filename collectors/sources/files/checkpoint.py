"""The durable position in one file, under the state key `file/<id>`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec

from leverwatch.collectors.errors import StateUnreadable
from leverwatch.collectors.exact_json import exact_decoder
from leverwatch.collectors.paths import Found
from leverwatch.collectors.sources.files.fingerprint import Fingerprint, fingerprint
from leverwatch.collectors.sources.files.partial_reads import PartialRead
from leverwatch.collectors.stored_state import Kind, entries

PREFIX = "file/"


@dataclass(frozen=True, slots=True)
class FileCheckpoint:
    """One content that is followed, wherever it lies. Holds counts, checksums and a CSV header; no record.

    Everything up to `offset` (in decompressed bytes, always the end of a line) is consumed. Behind it may stand
    a rest without a newline, which is counted when it is final.
    """

    id: str
    origin: str
    """The live path under which the content was first seen."""
    path: str
    device: int
    inode: int
    size: int = -1
    """As last seen, as stored on disk; -1 before the first visit."""
    mtime_ns: int = 0
    compressed: bool = False
    offset: int = 0
    lines: int = 0
    """Complete lines before `offset`."""
    records: int = 0
    """Lines counted, whatever became of them; a CSV header is none."""
    crc: int = 0
    """crc32 of everything before `offset`."""
    head_length: int = 0
    head_hash: int = 0
    """xxh3 of the first `head_length` bytes."""
    tail_length: int = 0
    tail_hash: int = 0
    """xxh3 of the last `tail_length` bytes before `offset`."""
    marks: tuple[tuple[int, int], ...] = ()
    """crc32 of shorter starts: (length, crc32), ascending."""
    header: bytes | None = None
    rest_length: int = 0
    rest_crc: int = 0
    """crc32 of everything up to the end of the rest."""
    rest_counted: bool = False
    incomplete: bool = False
    """The compressed stream was cut short or damaged at the last visit."""
    torn: bool = False
    """The damage was reported."""
    unread: str = ""
    """Why the rest of the file, as it was at the last visit, is left unread."""
    link: str = ""
    """The symbolic link under which the glob matched it, if any."""
    gone: bool = False
    """The content was at no known path when last looked for."""
    left: float = 0.0
    """When it was first missed, as seconds since the epoch."""
    live_mtime_ns: int = 0
    """mtime at the last visit under its live path."""
    changed: float = 0.0
    """When a visit last found the file changed."""
    seen: float = 0.0
    """When the content was last seen, to within a day."""
    limited: tuple[PartialRead, ...] = ()
    """Parts of what was consumed of which a range left something out, ascending."""
    kept: bool = False
    """A backfill read it in an archive, which may be read again however late."""

    @property
    def key(self) -> tuple[int, int]:
        """Device and inode when last seen."""
        return self.device, self.inode

    @property
    def blank(self) -> bool:
        """Nothing of it was counted, so that nothing could be counted twice."""
        return self.records == 0

    @property
    def _with_rest(self) -> bool:
        return self.rest_length > 0 and (self.rest_counted or self.blank)

    @property
    def span(self) -> int:
        """Bytes at the start that tell this content from others."""
        return self.offset + self.rest_length if self._with_rest else self.offset

    @property
    def span_crc(self) -> int:
        """crc32 of these bytes."""
        return self.rest_crc if self._with_rest else self.crc

    def consumed(self, prefix: Fingerprint, records: int, header: bytes | None) -> FileCheckpoint:
        """The position behind a longer prefix, with `records` more (or less) counted and no rest known."""
        return replace(
            self,
            offset=prefix.length,
            lines=prefix.lines,
            records=self.records + records,
            crc=prefix.crc,
            head_length=len(prefix.head),
            head_hash=fingerprint(prefix.head),
            tail_length=len(prefix.tail),
            tail_hash=fingerprint(prefix.tail),
            marks=prefix.marks,
            header=header,
            rest_length=0,
            rest_crc=0,
            rest_counted=False,
            limited=self.limited if prefix.length else (),
        )

    def seen_as(self, found: Found) -> FileCheckpoint:
        """The same content in a file that looks like this."""
        return replace(
            self,
            path=found.path,
            device=found.device,
            inode=found.inode,
            link=found.link,
            size=found.size,
            mtime_ns=found.mtime_ns,
            gone=self.gone and found.archive,
        )

    def at(self, found: Found) -> FileCheckpoint:
        """The same content in another file; the size says that it has to be visited."""
        return replace(self.seen_as(found), size=-1, mtime_ns=0, kept=self.kept or found.archive)


_encoder = msgspec.json.Encoder()
_decoded = exact_decoder(FileCheckpoint)
_ADDED = {"unread": "", "limited": [], "kept": False}
"""What version 0 got in the course of time. A checkpoint without one of these was written before there was such a
thing: nothing was refused for its density, and no backfill read anything."""


def _with_all_fields(body: bytes) -> bytes:
    return msgspec.json.encode(_ADDED | msgspec.json.decode(body, type=dict[str, msgspec.Raw]))


def _checked(body: bytes) -> FileCheckpoint:
    state = _decoded(body)
    lengths = (state.lines, state.head_length, state.tail_length, state.rest_length)
    if min(lengths) < 0 or state.offset < max(state.head_length, state.tail_length):
        raise ValueError("its lengths contradict each other")
    return state


CHECKPOINT: Kind[FileCheckpoint] = Kind(
    name="position in a file",
    key=PREFIX,
    encode=_encoder.encode,
    decode=_checked,
    upgrades=(_with_all_fields,),
    is_json=True,
)


def decode_all(source: str, stored: Mapping[str, bytes]) -> dict[str, FileCheckpoint]:
    """Every position of a source, by id.

    Raises:
        SourceRefused: a stored position is unreadable, or of a newer version; guessing would count twice.
    """
    states = {}
    for key, state in entries(source, stored, CHECKPOINT):
        if key != PREFIX + state.id:
            raise StateUnreadable(f"source {source}: {key}: the stored position in a file is that of another key")
        states[state.id] = state
    return states
