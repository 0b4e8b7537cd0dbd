"""Decides whether two versions of a prompt are equal, by a hash of the text without insignificant white space."""

from __future__ import annotations

from hashlib import blake2b

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_HASH_BYTES = 12


def normalise(text: bytes, *, collapse_whitespace: bool = False) -> bytes:
    """Return the text without differences that editors make by themselves. The text is not decoded.

    Line ends become LF; white space at line ends, blank lines at the end and a byte-order mark are removed. With
    `collapse_whitespace`, every run of white space (line breaks included) becomes one space, so that another line
    width is no change; it should be off where indentation has a meaning.
    """
    text = text.removeprefix(_BYTE_ORDER_MARK)
    if collapse_whitespace:
        return b" ".join(text.split())
    return b"\n".join(line.rstrip() for line in text.splitlines()).rstrip(b"\n")


def content_hash(text: bytes, *, collapse_whitespace: bool = False) -> str:
    """Return a hash of the normalised text: 96 bits in hexadecimal, the same on every machine."""
    return blake2b(normalise(text, collapse_whitespace=collapse_whitespace), digest_size=_HASH_BYTES).hexdigest()
