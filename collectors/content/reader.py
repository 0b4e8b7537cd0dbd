"""Reads one file as a stream of decompressed bytes: plain, gzip, bzip2 and xz (several members), or zstd (several
frames)."""

from __future__ import annotations

import bz2
import lzma
import os
import re
from collections.abc import Callable, Iterable
from enum import Enum
from types import TracebackType
from typing import Any, Protocol

import zstandard
from isal import isal_zlib
from msgspec.structs import replace

from leverwatch.collectors.content.fingerprint import HEAD
from leverwatch.collectors.paths import Found, found_at
from leverwatch.collectors.unpacking import (
    MOST_WINDOW,
    MOST_XZ_MEMORY,
    RATIO_REASON,
    WINDOW_REASON,
    XZ_REASON,
    TooDense,
    asks_for_too_much,
    most_text,
)

_RAW = 65536
_UNPACKED = (
    1 << 18
)  # bytes of text at a time: they are still in the cache when they are copied to where they are read
_ZSTD_SLICE = 1024  # a block of 4 bytes may hold 128 KiB of text, so that larger slices could fill the memory
_GZIP_MAGIC = b"\x1f\x8b"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_SKIPPABLE_MAGIC = b"\x2a\x4d\x18"
_BZIP2_MAGIC = re.compile(rb"BZh[1-9](?:1AY&SY|\x17\x72\x45\x38\x50\x90)")
_XZ_MAGIC = b"\xfd7zXZ\0"
_MAGIC = 10
_SHORT = 4
"""Fewer first bytes than these do not tell the kind."""


class _Damaged(Exception):
    """The compressed data is damaged."""


_BROKEN: tuple[type[Exception], ...] = (
    isal_zlib.error,  # type: ignore[assignment]  # the stub types the exception class as an instance
    zstandard.ZstdError,
    _Damaged,
)


class Moved(Exception):
    """The path no longer has the file that was found there."""


class Kind(Enum):
    """How a file is stored."""

    PLAIN = "plain"
    GZIP = "gzip"
    ZSTD = "zstd"
    BZIP2 = "bzip2"
    XZ = "xz"


_BEGINNINGS = {
    ".gz": (_GZIP_MAGIC, Kind.GZIP),
    ".zst": (_ZSTD_MAGIC, Kind.ZSTD),
    ".bz2": (b"BZh", Kind.BZIP2),
    ".xz": (_XZ_MAGIC, Kind.XZ),
}


def kind_of(start: bytes, name: str) -> Kind:
    """Return the kind by the first bytes; the name is used only as long as these are not all written."""
    if start.startswith(_GZIP_MAGIC):
        return Kind.GZIP
    if start.startswith(_ZSTD_MAGIC) or (start[1:_SHORT] == _SKIPPABLE_MAGIC and start[0] >> 4 == 0x5):
        return Kind.ZSTD
    if start.startswith(_XZ_MAGIC):
        return Kind.XZ
    if _BZIP2_MAGIC.match(start):
        return Kind.BZIP2
    for ending, (magic, kind) in _BEGINNINGS.items():
        if 0 < len(start) < _MAGIC and name.endswith(ending):
            return kind if start.startswith(magic) or magic.startswith(start) else Kind.PLAIN
    return Kind.PLAIN


class _Stream(Protocol):
    ended: bool

    def feed(self, raw: bytes, limit: int) -> tuple[bytes, bytes]: ...


class _Gzip:
    """Decompresses one gzip member."""

    def __init__(self) -> None:
        self._object: Any = isal_zlib.decompressobj(wbits=31)
        self.ended = False

    def feed(self, raw: bytes, limit: int) -> tuple[bytes, bytes]:
        """Decompress up to `limit` bytes. Returns them and the rest of `raw`."""
        data: bytes = self._object.decompress(raw, limit)
        self.ended = self._object.eof
        return data, self._object.unused_data if self.ended else self._object.unconsumed_tail


class _Zstd:
    """Decompresses one zstd frame. The library's own reader would report a truncated frame as complete."""

    def __init__(self) -> None:
        self._object = zstandard.ZstdDecompressor(max_window_size=MOST_WINDOW).decompressobj()
        self._error: zstandard.ZstdError | None = None
        self.ended = False

    def feed(self, raw: bytes, limit: int) -> tuple[bytes, bytes]:
        """Decompress slices up to the one with which there are `limit` bytes. Returns these and the rest of
        `raw`."""
        pieces: list[bytes] = []
        have = at = 0
        view = memoryview(raw)
        if self._error is not None:
            raise self._error
        while at < len(raw) and have < limit and not self.ended:
            try:
                pieces.append(self._object.decompress(view[at : at + _ZSTD_SLICE]))
            except zstandard.ZstdError as error:
                if not pieces:
                    raise
                self._error = error  # of the next call: what was before the damage is whole
                break
            have += len(pieces[-1])
            at += _ZSTD_SLICE
            self.ended = self._object.eof
        return b"".join(pieces), (self._object.unused_data if self.ended else b"") + raw[at:]


class _Buffering:
    """Decompresses one member with a decompressor of Python's library, which keeps what it has no room for yet."""

    def __init__(self, kind: Kind) -> None:
        self._object: Any = (
            bz2.BZ2Decompressor() if kind is Kind.BZIP2 else lzma.LZMADecompressor(memlimit=MOST_XZ_MEMORY)
        )
        self.ended = False

    def feed(self, raw: bytes, limit: int) -> tuple[bytes, bytes]:
        """Decompress up to `limit` bytes. Returns them and the rest of `raw`."""
        takes = self._object.needs_input
        try:
            data: bytes = self._object.decompress(raw if takes else b"", limit)
        except (OSError, ValueError, lzma.LZMAError) as error:
            if "memory usage limit" in str(error).lower():
                raise _Damaged("asks for too much memory") from error
            raise _Damaged("damaged") from error
        self.ended = self._object.eof
        rest = b"" if takes else raw
        return data, (self._object.unused_data + rest) if self.ended else rest


_STREAMS: dict[Kind, Callable[[], _Stream]] = {
    Kind.GZIP: _Gzip,
    Kind.ZSTD: _Zstd,
    Kind.BZIP2: lambda: _Buffering(Kind.BZIP2),
    Kind.XZ: lambda: _Buffering(Kind.XZ),
}


class FileReader:
    """An open file, read up to its length when it was opened. Use as a context manager.

    Raises:
        Moved: when opening, the path has another file than `found`, or none.
        TooDense: when reading, a compressed file has more text than its size allows.
        OSError: the file cannot be opened or read.
    """

    def __init__(self, found: Found) -> None:
        try:
            self._file = os.open(found.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise Moved(found.path) from error
        try:
            self.found = _same(found, os.fstat(self._file))
            """The file as it was when it was opened."""
            self.first = os.pread(self._file, min(HEAD, self.found.size), 0)
            """Its first bytes as stored on disk."""
        except BaseException:
            os.close(self._file)
            raise
        self.kind = kind_of(self.first[:_MAGIC], found.path)
        self.raw_position = 0
        """Bytes read, as stored on disk."""
        self.damage: str | None = None
        """Why a compressed stream ended too early; None while it is sound."""
        self._stream: _Stream | None = None
        self._raw = b""
        self._ready = b""
        self._unpacked = 0
        self._refusal: str | None = None
        """Why a compressed file is not read any further; None while it is."""

    def __enter__(self) -> FileReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)

    def seek(self, offset: int) -> None:
        """Go to an offset of a plain file."""
        self.raw_position = offset

    def skip(self, size: int) -> bool:
        """Skip the first `size` bytes of the text. Returns False when there are fewer."""
        if self.kind is Kind.PLAIN:
            self.seek(size)
            return size <= self.found.size
        while size > 0 and (data := self.read(min(1 << 20, size))):
            size -= len(data)
        return size == 0

    def intact(self, last: bytes | memoryview) -> bool:
        """Return whether a plain file has the same start as before, and still has the bytes that were just read.

        A file that is truncated and rewritten does not get its old start back: when this is true after a read, the
        read returned the old content.
        """
        if self.kind is not Kind.PLAIN:
            return True
        end = last[-HEAD:]
        return (
            os.pread(self._file, len(self.first), 0) == self.first
            and os.pread(self._file, len(end), self.raw_position - len(end)) == end
        )

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes; none at the end."""
        if self.kind is Kind.PLAIN:
            return self._read_raw(size)
        pieces: list[bytes] = [self._ready]
        have = len(self._ready)
        while have < size and self.damage is None and self._refusal is None:
            piece = self._piece(size - have)
            if piece is None:
                break
            pieces.append(piece)
            have += len(piece)
        data = b"".join(pieces)
        if self._refusal is not None and not data:
            raise TooDense(self._refusal, self.found.path)
        self._ready = data[size:]
        return data[:size]

    def read_into(self, memory: memoryview) -> int:
        """Read into a buffer. Returns the number of bytes, 0 at the end.

        A reused buffer is several times as fast as a new one, which the system has to clear first.
        """
        if self.kind is not Kind.PLAIN:
            return self._unpack_into(memory)
        size = min(len(memory), self.found.size - self.raw_position)
        size = os.preadv(self._file, [memory[:size]], self.raw_position) if size > 0 else 0
        self.raw_position += size
        return size

    def _unpack_into(self, memory: memoryview) -> int:
        have = 0
        while have < len(memory):
            piece: bytes | None = self._ready
            if not piece:
                if self.damage is not None or self._refusal is not None:
                    break
                piece = self._piece(min(len(memory) - have, _UNPACKED))
            if piece is None:
                break
            fits = min(len(piece), len(memory) - have)
            memory[have : have + fits] = memoryview(piece)[:fits]
            self._ready = piece[fits:]
            have += fits
        if self._refusal is not None and not have:
            raise TooDense(self._refusal, self.found.path)
        return have

    def read_exactly(self, size: int) -> bytes:
        """Return `size` bytes; fewer only at the end."""
        pieces: list[bytes] = []
        while size > 0 and (piece := self.read(size)):
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def _read_raw(self, size: int) -> bytes:
        size = min(size, self.found.size - self.raw_position)
        data = os.pread(self._file, size, self.raw_position) if size > 0 else b""
        self.raw_position += len(data)
        return data

    def _piece(self, size: int) -> bytes | None:
        """Return some bytes (perhaps none yet), or None at the end of the stream."""
        self._raw = self._raw or self._read_raw(_RAW)
        drained = not self._raw
        if self._stream is None or self._stream.ended:
            # gzip and xz may be padded with zeros; anything else must be another member or frame.
            if self.kind in (Kind.GZIP, Kind.XZ) and self._stream is not None:
                self._raw = self._raw.lstrip(b"\0")
            if not self._raw:
                return None if drained else b""
            self._stream = _STREAMS[self.kind]()
        try:
            data, self._raw = self._stream.feed(self._raw, size)
        except _BROKEN as error:
            if asks_for_too_much(error):
                self._refusal = XZ_REASON if self.kind is Kind.XZ else WINDOW_REASON
            else:
                self.damage = f"damaged {self.kind.value} data"
            return None
        room = most_text(self.found.size) - self._unpacked
        if len(data) > room:
            self._refusal, data = RATIO_REASON, data[:room]
        self._unpacked += len(data)
        if drained and not data and not self._stream.ended:
            self.damage = f"the {self.kind.value} data ends in the middle"
            return None
        return data


def _same(found: Found, status: os.stat_result) -> Found:
    now = found_at(found.path, status)
    if now.key != found.key:
        raise Moved(found.path)
    return replace(found, size=now.size, mtime_ns=now.mtime_ns)


def checksums(content: FileReader, lengths: Iterable[int]) -> tuple[dict[int, int], int | None]:
    """Return the crc32 of the start of a stream for each length that it reaches, in one pass with bounded memory.

    The second value is the length of the stream; None when it is longer than all given lengths.
    """
    crcs: dict[int, int] = {}
    crc, at = 0, 0
    for length in sorted(lengths):
        while at < length:
            data = _read_on(content, min(1 << 20, length - at))
            if not data:
                return crcs, at
            crc = isal_zlib.crc32(data, crc)
            at += len(data)
        crcs[length] = crc
    return crcs, None if _read_on(content, 1) else at


def _read_on(content: FileReader, size: int) -> bytes:
    try:
        return content.read(size)
    except TooDense:
        return b""  # nobody reads what lies behind
