"""What to select within a file, and what was found there."""

from __future__ import annotations

from msgspec import Struct

LARGEST = 1024 * 1024
"""The largest file in bytes within which texts are selected; its syntax tree takes many times as much."""


class Unparsable(Exception):
    """A file that cannot be read as what it should be. The message says why, without any text of it."""


class Part(Struct, frozen=True):
    """A selected text."""

    label: str
    """Where it is in its file: a dotted name, a path of keys."""
    text: str


class Selector(Struct, frozen=True):
    """What is selected; all that is given, in one file."""

    names: tuple[str, ...] = ()
    """Dotted names of texts in code; `*` is any part of a name."""
    keys: tuple[str, ...] = ()
    """Paths of keys in a document."""
    body: bool = False
    """The text after the front matter."""
    front_matter: tuple[str, ...] = ()
    """Paths of keys in the front matter."""
    regex: str = ""
    language: str = ""
    """The language of `names` and `keys`; empty: neither is given."""
