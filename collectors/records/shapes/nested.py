"""Takes a JSON text apart and puts it together again, without decoding what is not asked for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
from msgspec import Raw

from leverwatch.collectors.records.fields import Path

Tree = Mapping[str, "Tree"]
"""The keys that are asked for, by level; below one without any, everything is."""
BAD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises for a text that is no JSON."""
object_of = msgspec.json.Decoder(dict[str, Raw]).decode
list_of = msgspec.json.Decoder(list[Raw]).decode
text_of = msgspec.json.encode


def kind_of(raw: bytes | Raw) -> bytes:
    """Return the first byte of a JSON value, which tells what it is."""
    return bytes(raw).lstrip()[:1]


def tree_of(paths: Iterable[Path]) -> Tree:
    """Return the keys of these paths, by level."""
    tree: dict[str, dict] = {}  # type: ignore[type-arg]  # it has itself as values
    given = set(paths)
    for path in sorted(given):
        if any(path[:end] in given for end in range(1, len(path))):
            continue  # inside of a value that is wanted as a whole
        node = tree
        for key in path:
            node = node.setdefault(key, {})
    return tree


def members(values: Mapping[str, bytes | Raw]) -> bytes:
    """Return the members of an object as text, without the braces."""
    return b",".join(text_of(key) + b":" + bytes(value) for key, value in values.items())
