"""Text that is kept compressed: what is joined is what was packed, to every reader of gzip."""

from __future__ import annotations

import gzip
import zlib

from hypothesis import given
from hypothesis import strategies as st

from leverwatch.agent.exporter.packed import Packed, checksum_of_both, joined
from leverwatch.agent.exporter.payload import Followed, Payload, packed

PIECES = st.lists(st.binary(max_size=40) | st.binary(max_size=4).map(lambda some: some * 5_000), max_size=6)


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_the_checksum_of_two_texts_is_that_of_both_together(first: bytes, second: bytes) -> None:
    found = checksum_of_both(zlib.crc32(first), zlib.crc32(second), len(second))

    assert found == zlib.crc32(first + second)


def test_the_checksum_holds_for_texts_as_large_as_an_exposition() -> None:
    first, second = b"leverwatch", b"a line of samples\n" * 500_000

    assert checksum_of_both(zlib.crc32(first), zlib.crc32(second), len(second)) == zlib.crc32(first + second)


@given(st.lists(PIECES, max_size=4))
def test_what_is_joined_is_one_gzip_of_all_and_unpacks_to_it(parts: list[list[bytes]]) -> None:
    text = b"".join(piece for pieces in parts for piece in pieces)

    one = joined(Packed.of(pieces) for pieces in parts)

    assert gzip.decompress(b"".join(one.gzip())) == b"".join(one.unpacked()) == text
    reader = zlib.decompressobj(31)
    assert (reader.decompress(b"".join(one.gzip())), reader.unused_data, reader.eof) == (text, b"", True)
    assert (len(one), one.check) == (len(text), zlib.crc32(text))


@given(PIECES, PIECES, PIECES)
def test_pieces_packed_already_stay_where_they_are(
    first: list[bytes], middle: list[bytes], last: list[bytes]
) -> None:
    inner = Packed.of(middle)
    text = b"".join((*first, *middle, *last))

    assert b"".join(packed((*first, inner, *last)).unpacked()) == text
    assert set(inner.blocks) <= set(packed((*first, inner, *last)).blocks)
    assert Payload(*first, inner, *last).plain == text
    followed = Followed(Payload(*first, inner), b"".join(last))
    assert gzip.decompress(followed.gzip()) == followed.plain == text


@given(PIECES, st.integers(0, 50_000))
def test_a_large_body_is_kept_packed_and_a_small_one_as_it_is(chunks: list[bytes], most: int) -> None:
    text = b"".join(chunks)

    payload = Payload.of(iter(chunks), most)

    assert payload.plain == text
    assert isinstance(payload.pieces[0], Packed) is (len(text) > most)
