"""Decides whether two versions of a prompt are equal, by a hash of the text without insignificant white space."""

from __future__ import annotations

import codecs
import json
from hashlib import blake2b

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""The marks at the beginning of a text; one begins with another one, and comes first."""
_ALL_MARKS = tuple(mark for mark, _ in _MARKS)
_MOST_ODD = 4
"""Of so many characters of a text of two bytes each, at least one is of a Latin alphabet, a digit or a blank."""
_BLANKS_BUT_SPACE = (b"\r", b"\t", b"\v", b"\f")
_HASH_BYTES = 12


def normalise(text: bytes, *, collapse_whitespace: bool = False) -> bytes:
    """Return the text without differences that editors make by themselves.

    Text in UTF-16 or UTF-32 becomes UTF-8; other encodings are left as they are. Line ends become LF; white space
    at line ends, blank lines at the end and a byte-order mark are removed. With `collapse_whitespace`, every run
    of white space (line breaks included) becomes one space, so that another line width is no change; it should be
    off where indentation has a meaning.
    """
    text = _in_utf8(text).removeprefix(codecs.BOM_UTF8)
    if collapse_whitespace:
        return b" ".join(text.split())
    if not any(blank in text for blank in _BLANKS_BUT_SPACE) and b" \n" not in text:
        # Most texts are as they should be; of these only the end is left.
        return text.rstrip(b" \n")
    return b"\n".join(map(bytes.rstrip, text.splitlines())).rstrip(b"\n")


def _in_utf8(text: bytes) -> bytes:
    encoding = _wide_encoding(text)
    if encoding is None:
        return text
    try:
        return text.decode(encoding).encode()
    except UnicodeError:
        return text


def _wide_encoding(text: bytes) -> str | None:
    """Return the name of the encoding of a text with several bytes a character; None for any other."""
    if text.startswith(_ALL_MARKS):
        return next(name for mark, name in _MARKS if text.startswith(mark))
    # Without a mark it is told by the zero bytes of its Latin characters, all of which are on one side.
    if b"\0" not in text or len(text) % 2:
        return None
    pairs = len(text) // 2
    for name, zeros, others in (("utf-16-le", text[1::2], text[::2]), ("utf-16-be", text[::2], text[1::2])):
        if zeros.count(0) * _MOST_ODD >= pairs and 0 not in others:
            return name
    return None


def content_hash(text: bytes, *, collapse_whitespace: bool = False) -> str:
    """Return a hash of the normalised text: 96 bits in hexadecimal, the same on every machine."""
    return blake2b(normalise(text, collapse_whitespace=collapse_whitespace), digest_size=_HASH_BYTES).hexdigest()


def value_hash(value: object, *, collapse_whitespace: bool = False) -> str:
    """Return the hash of a prompt that is a value of JSON, such as a list of messages: of a text the one it would
    have in a file. The order of the keys of a mapping says nothing."""
    if isinstance(value, str):
        text = value
    else:
        text = json.dumps(_normalised(value, collapse_whitespace), sort_keys=True, ensure_ascii=False)
    return content_hash(text.encode("utf-8", "surrogatepass"), collapse_whitespace=collapse_whitespace)


def _normalised(value: object, collapse_whitespace: bool) -> object:
    if isinstance(value, str):
        text = normalise(value.encode("utf-8", "surrogatepass"), collapse_whitespace=collapse_whitespace)
        return text.decode("utf-8", "surrogatepass")
    if isinstance(value, list):
        return [_normalised(each, collapse_whitespace) for each in value]
    if isinstance(value, dict):
        return {key: _normalised(each, collapse_whitespace) for key, each in value.items()}
    return value
