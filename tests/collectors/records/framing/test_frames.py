from __future__ import annotations

import json

import zstandard
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.records.framing.frames import FRAMES
from tests.collectors.records.framing.chunks import cut, records

TEXTS = [json.dumps({"n": number, "pad": "x" * number * 7}).encode() for number in range(6)]


def frame(content: bytes, packed: bool = False) -> bytes:
    content = zstandard.ZstdCompressor().compress(content) if packed else content
    return len(content).to_bytes(4, "big") + content


@given(st.booleans(), st.lists(st.integers(0, 3000), max_size=12))
def test_every_frame_is_found_plain_or_compressed_and_however_it_is_cut(packed: bool, places: list[int]) -> None:
    data = b"".join(frame(text, packed) for text in TEXTS)

    assert records(FRAMES, cut(data, places)) == (TEXTS, list(range(6)), 0, 0)


@given(
    st.binary(min_size=1, max_size=40).map(lambda data: data.replace(b"{", b"")), st.lists(st.integers(0, 3000))
)
def test_garbage_between_frames_costs_no_neighbour(garbage: bytes, places: list[int]) -> None:
    # The bytes 2 to 9 cannot start a length that is read.
    data = frame(TEXTS[1]) + b"\x02" + garbage + frame(TEXTS[2]) + frame(TEXTS[3], packed=True)
    found, _, refused, _ = records(FRAMES, cut(data, places))

    assert found == TEXTS[1:4]
    assert refused == 1


def test_a_frame_of_protobuf_is_refused_with_its_reason() -> None:
    units = FRAMES.split(frame(TEXTS[1]) + frame(b"\x0a\x05hello") + frame(b"\x0a\x05hello", packed=True))

    assert units.units == [TEXTS[1]]
    assert [(index, "format to json" in detail) for index, _, detail in units.refused] == [(1, True), (2, True)]


def test_a_frame_that_ends_early_is_refused_when_nothing_follows() -> None:
    assert records(FRAMES, [frame(TEXTS[1]), frame(TEXTS[2])[:-3]]) == ([TEXTS[1]], [0], 1, 0)


def test_compressed_data_that_would_fill_the_memory_is_refused() -> None:
    units = FRAMES.split(frame(b"{" + b" " * (17 << 20), packed=True))

    assert [detail for _, _, detail in units.refused] == ["unpacks to more than 2000 times its size"]


def test_damaged_compressed_data_is_refused() -> None:
    whole = frame(TEXTS[3], packed=True)
    units = FRAMES.split(whole[:10] + b"\xff\xff" + whole[12:] + frame(TEXTS[1]))

    assert units.units == [TEXTS[1]]
    assert [detail for _, _, detail in units.refused] == ["damaged zstd data"]
