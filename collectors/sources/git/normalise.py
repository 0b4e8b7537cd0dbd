"""What makes two versions of a prompt the same: the hash of its text without accidental white space."""

from __future__ import annotations

from hashlib import blake2b

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_HASH_BYTES = 12


def normalise(text: bytes, *, collapse_whitespace: bool = False) -> bytes:
    """Remove what editors change by themselves, without decoding the text.

    Line ends become LF, white space at the end of a line, blank lines at the end and a byte-order mark go. With
    `collapse_whitespace`, every run of white space (line breaks included) becomes one space, so that wrapping a
    paragraph differently is no change; leave it off where indentation carries meaning.
    """
    text = text.removeprefix(_BYTE_ORDER_MARK)
    if collapse_whitespace:
        return b" ".join(text.split())
    return b"\n".join(line.rstrip() for line in text.splitlines()).rstrip(b"\n")


def content_hash(text: bytes, *, collapse_whitespace: bool = False) -> str:
    """Hash the normalised text: 96 bits in hexadecimal, the same on every machine and in every process."""
    return blake2b(normalise(text, collapse_whitespace=collapse_whitespace), digest_size=_HASH_BYTES).hexdigest()
