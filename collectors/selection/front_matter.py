"""Tells the front matter of a text, in YAML between `---` or in TOML between `+++`, from its body. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from leverwatch.collectors.selection.documents import keyed_texts
from leverwatch.collectors.selection.selector import Part

_FRONT = re.compile(r"\A(---|\+\+\+)[ \t]*\n(?:(.*?)\n)?\1[ \t]*(?:\n|\Z)", re.DOTALL)
_LANGUAGES = {"---": "yaml", "+++": "toml"}


def parts_of(text: str, keys: tuple[str, ...], *, body: bool) -> Iterator[Part]:
    """Yield the texts of the keys of the front matter, then the body if it is asked for.

    Raises:
        Unparsable: keys are asked for, and the front matter is no document.
    """
    found = _FRONT.match(text)
    if found and keys:
        yield from keyed_texts(found[2] or "", _LANGUAGES[found[1]], keys)
    if body:
        yield Part("body", text[found.end() :] if found else text)
