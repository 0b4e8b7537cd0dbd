"""Text that is kept compressed, and never whole in memory: it is packed, joined, sent and unpacked in pieces."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from isal import isal_zlib

_RAW = -15
"""The `wbits` with which zlib writes DEFLATE without a header and a trailer."""
_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
"""Of gzip (RFC 1952): DEFLATE, no flags, no time, an unknown system."""
_LAST = b"\x03\0"
"""A last block of DEFLATE (RFC 1951, 3.2.6) that is empty."""
_READ = 16 * 1024
"""Compressed bytes that are unpacked at a time; what is counted here makes some twenty times as many of them."""
_LEVEL = 1
"""An order of magnitude smaller already, at a fraction of the time of higher levels."""


@dataclass(frozen=True, slots=True)
class Packed:
    """Bytes as blocks of DEFLATE of which none is the last one and none refers to the ones before, so that others
    may follow. Its length is that of the unpacked bytes."""

    blocks: tuple[bytes, ...]
    size: int
    """Unpacked, in bytes."""
    check: int
    """The CRC-32 of the unpacked bytes."""

    def __len__(self) -> int:
        return self.size

    @classmethod
    def of(cls, pieces: Iterable[bytes]) -> Packed:
        """Compress the pieces, one at a time."""
        stream = isal_zlib.compressobj(_LEVEL, wbits=_RAW)
        blocks, size, check = [], 0, 0
        for piece in pieces:
            size += len(piece)
            check = isal_zlib.crc32(piece, check)
            blocks.append(stream.compress(piece))
        blocks.append(stream.flush(isal_zlib.Z_FULL_FLUSH))
        return cls((b"".join(blocks),) if size else (), size, check)

    def gzip(self) -> tuple[bytes, ...]:
        """The consecutive pieces of a gzip file: one member, as not every reader looks for a second one."""
        return _HEADER, *self.blocks, _LAST, struct.pack("<II", self.check, self.size & 0xFFFFFFFF)

    def unpacked(self) -> Iterator[bytes]:
        """The bytes again, in pieces of about a third of a megabyte."""
        stream = isal_zlib.decompressobj(_RAW)
        for block in self.blocks:
            for start in range(0, len(block), _READ):
                if piece := stream.decompress(block[start : start + _READ]):
                    yield piece


Piece: TypeAlias = bytes | Packed
"""Consecutive bytes of a body, as they are or packed."""


def joined(parts: Iterable[Packed]) -> Packed:
    """Return what is packed in the parts, one after the other. The blocks are shared with them."""
    blocks: list[bytes] = []
    size = check = 0
    for part in parts:
        blocks += part.blocks
        size += part.size
        check = checksum_of_both(check, part.check, part.size)
    return Packed(tuple(blocks), size, check)


def checksum_of_both(first: int, second: int, size: int) -> int:
    """Return the CRC-32 of bytes that are followed by others, from that of each; `size` is that of the second.

    As a polynomial, the first is multiplied by `x` to the power of the bits that follow it.
    """
    return _times(_power(8 * size), first) ^ second if first else second


_POLYNOMIAL = 0xEDB88320
"""Of CRC-32 (RFC 1952, 8), with the highest power in the lowest bit; x**0 is the highest bit."""
_ONE, _X = 1 << 31, 1 << 30


def _times(one: int, other: int) -> int:
    product = 0
    while one:
        if one & _ONE:
            product ^= other
        one = one << 1 & 0xFFFFFFFF
        other = other >> 1 ^ (_POLYNOMIAL if other & 1 else 0)
    return product


def _power(exponent: int) -> int:
    """The power of `x`: by squares, of each bit of the exponent."""
    power = _ONE
    for bit in range(exponent.bit_length()):
        if exponent >> bit & 1:
            power = _times(_square(bit), power)
    return power


@lru_cache(maxsize=64)
def _square(number: int) -> int:
    """The result of squaring `x` so many times."""
    return _times(_square(number - 1), _square(number - 1)) if number else _X
