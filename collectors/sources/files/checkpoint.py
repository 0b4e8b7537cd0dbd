"""The durable position in one file, under the state key `file/<id>`."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from leverwatch.collectors.aggregation.known_records import KNOWN_RECORDS, StoredRecords
from leverwatch.collectors.aggregation.known_records import PREFIX as VERSION
from leverwatch.collectors.content.fingerprint import Fingerprint, fingerprint
from leverwatch.collectors.errors import StateUnreadable
from leverwatch.collectors.exact_json import exact_decoder
from leverwatch.collectors.paths import Found
from leverwatch.collectors.sources.files.partial_reads import PartialRead
from leverwatch.collectors.stored_state import Kind, entries

PREFIX = "file/"


class FileCheckpoint(Struct, frozen=True):
    """How far the content of one file is counted, wherever the file is. Has counts, checksums and a CSV header.

    Everything up to `offset` (in decompressed bytes, always the end of a line) is consumed. An incomplete last
    line behind it, the rest, is counted when it is final.
    """

    id: str
    origin: str
    """The live path at which the content was first seen."""
    path: str
    device: int
    inode: int
    size: int = -1
    """The size on disk at the last visit, in bytes; -1 before the first visit."""
    mtime_ns: int = 0
    compressed: bool = False
    offset: int = 0
    lines: int = 0
    """Complete lines before `offset`."""
    records: int = 0
    """Lines that were counted with any result; a CSV header is not included."""
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
    """Whether the compressed stream was truncated or damaged at the last visit."""
    torn: bool = False
    """Whether the damage was reported."""
    unread: str = ""
    """Why the rest of the file, as it was at the last visit, is not read; empty when it is read."""
    link: str = ""
    """The symbolic link under which the glob matched it, if any."""
    gone: bool = False
    """Whether the content was at no known path when last searched for."""
    left: float = 0.0
    """When it was first missed, in seconds since the epoch."""
    live_mtime_ns: int = 0
    """The mtime at the last visit at the live path."""
    changed: float = 0.0
    """When a visit last found the file changed, in seconds since the epoch."""
    seen: float = 0.0
    """When the content was last seen, in seconds since the epoch; updated about once a day."""
    limited: tuple[PartialRead, ...] = ()
    """The consumed ranges of which a backfill left some days out, ascending."""
    kept: bool = False
    """Whether a backfill read it in an archive, which may be read again at any later time."""
    headers: tuple[tuple[int, bytes], ...] = ()
    """The later headers with other columns, each with its offset, ascending."""

    def header_at(self, offset: int) -> bytes | None:
        """Return the header that holds for the record at an offset; None when there is none, or it is not read
        yet."""
        before = [header for at, header in self.headers if at <= offset]
        return before[-1] if before else self.header

    def with_header(self, offset: int, header: bytes) -> FileCheckpoint:
        """Return the checkpoint with a note that another header stands at an offset."""
        others = [it for it in self.headers if it[0] != offset]
        return replace(self, headers=tuple(sorted([*others, (offset, header)])))

    @property
    def key(self) -> tuple[int, int]:
        """Device and inode of the file when last seen."""
        return self.device, self.inode

    @property
    def blank(self) -> bool:
        """Whether nothing of the content was counted yet."""
        return self.records == 0

    @property
    def _with_rest(self) -> bool:
        return self.rest_length > 0 and (self.rest_counted or self.blank)

    @property
    def span(self) -> int:
        """The number of bytes at the start that identify this content."""
        return self.offset + self.rest_length if self._with_rest else self.offset

    @property
    def span_crc(self) -> int:
        """crc32 of these bytes."""
        return self.rest_crc if self._with_rest else self.crc

    def consumed(self, prefix: Fingerprint, records: int, header: bytes | None) -> FileCheckpoint:
        """Return the checkpoint for a longer consumed prefix, with `records` added (or subtracted) and no known
        rest."""
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
            headers=self.headers if prefix.length else (),
        )

    def seen_as(self, found: Found) -> FileCheckpoint:
        """Return the checkpoint of the same content, in a file with these properties."""
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
        """Return the checkpoint of the same content in another file; its size of -1 makes sure that the file is
        visited."""
        return replace(self.seen_as(found), size=-1, mtime_ns=0, kept=self.kept or found.archive)


_encoder = msgspec.json.Encoder()
_decoded = exact_decoder(FileCheckpoint)
_ADDED = {"unread": "", "limited": [], "kept": False}
"""Defaults for the fields that version 0 gained over time. A checkpoint without one of them was written before
the field existed: nothing was refused for its compression ratio, and no backfill had read anything."""


def _with_all_fields(body: bytes) -> bytes:
    return msgspec.json.encode(_ADDED | msgspec.json.decode(body, type=dict[str, msgspec.Raw]))


def _with_headers(body: bytes) -> bytes:
    """The upgrade to version 2: a file had one header."""
    return msgspec.json.encode({**msgspec.json.decode(body, type=dict[str, msgspec.Raw]), "headers": []})


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
    upgrades=(_with_all_fields, _with_headers),
    is_json=True,
)


def decode_all(source: str, stored: Mapping[str, bytes]) -> dict[str, FileCheckpoint]:
    """Return all checkpoints of a source, by id.

    Raises:
        SourceRefused: a stored checkpoint is unreadable or of a newer version; guessing would count records twice.
    """
    states = {}
    for key, state in entries(source, stored, CHECKPOINT):
        if key != PREFIX + state.id:
            raise StateUnreadable(f"source {source}: {key}: the stored position in a file is that of another key")
        states[state.id] = state
    return states


def decode_records(source: str, stored: Mapping[str, bytes]) -> dict[str, StoredRecords]:
    """Return the known records of the documents of a source, by id of the checkpoint.

    Raises:
        SourceRefused: as for `decode_all`.
    """
    return {key.removeprefix(VERSION): records for key, records in entries(source, stored, KNOWN_RECORDS)}
