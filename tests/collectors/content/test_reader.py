from __future__ import annotations

import bz2
import gzip
import lzma
import random
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from leverwatch.collectors.content.reader import FileReader
from leverwatch.collectors.paths import found_at

RANDOM = random.Random(7)
TEXT = b"".join(b"%d %s\n" % (number, RANDOM.randbytes(20).hex().encode()) for number in range(8000))
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "zst": zstandard.ZstdCompressor().compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
}


def read(path: Path, data: bytes, room: int) -> tuple[bytes, str | None]:
    """What is read into a buffer of some bytes that is used again and again, and why it ended too early."""
    path.write_bytes(data)
    text, memory = b"", bytearray(room)
    with FileReader(found_at(str(path), path.stat())) as content:
        while size := content.read_into(memoryview(memory)):
            text += memory[:size]
        return text, content.damage


@pytest.mark.parametrize("kind", PACKERS)
@pytest.mark.parametrize("room", [1000, 1 << 18, 1 << 20])
def test_a_compressed_file_is_read_into_a_buffer_of_any_size(tmp_path: Path, kind: str, room: int) -> None:
    half = len(TEXT) // 2
    packed = PACKERS[kind](TEXT[:half]) + PACKERS[kind](TEXT[half:])

    assert read(tmp_path / f"log.{kind}", packed, room) == (TEXT, None)


@pytest.mark.parametrize("kind", ["gz", "zst"])
def test_all_that_is_before_a_cut_is_read(tmp_path: Path, kind: str) -> None:
    packed = PACKERS[kind](TEXT) + PACKERS[kind](TEXT)[:5000]

    text, damage = read(tmp_path / f"log.{kind}", packed, 1 << 20)

    assert text[: len(TEXT)] == TEXT
    assert (TEXT + TEXT).startswith(text)
    assert damage is not None
    assert "ends in the middle" in damage


def test_damage_costs_nothing_of_the_text_before_it(tmp_path: Path) -> None:
    packed = bytearray(zstandard.ZstdCompressor(write_checksum=True).compress(TEXT))
    packed[-1] ^= 1

    text, damage = read(tmp_path / "log.zst", bytes(packed), 1 << 20)

    assert len(text) > len(TEXT) - (1 << 17)
    assert TEXT.startswith(text)
    assert damage == "damaged zstd data"
