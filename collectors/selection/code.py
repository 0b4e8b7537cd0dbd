"""Finds the texts of names in code, by its syntax tree. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from leverwatch.collectors.selection.languages import GRAMMARS
from leverwatch.collectors.selection.names import WantedName, parse_name, places
from leverwatch.collectors.selection.selector import Part, Unparsable
from leverwatch.collectors.selection.tree import Name, name_at
from leverwatch.collectors.selection.values import Values

if TYPE_CHECKING:
    from tree_sitter import Language, Node


@cache
def language(name: str) -> Language:
    """Return the grammar of a language."""
    from tree_sitter import Language

    grammar = GRAMMARS[name]
    return Language(getattr(import_module(f"tree_sitter_{grammar.name}"), grammar.function)())


def parse(code: bytes, name: str) -> Node:
    """Return the root of the syntax tree of a file in a language.

    Raises:
        Unparsable: it has an error of syntax.
    """
    from tree_sitter import Parser

    root = Parser(language(name)).parse(code).root_node
    if root.has_error:
        raise Unparsable(f"not {name}")
    return root


def named_texts(text: str, name_of_language: str, names: Sequence[str]) -> Iterator[Part]:
    """Yield the texts of names in their order, each with the names that enclose it; nested ones only once.

    Raises:
        Unparsable: an error of syntax.
    """
    wanted = [parse_name(name) for name in names]
    # Some grammars end a statement at the end of its line only.
    code = f"{text}\n".encode()
    candidates = places(wanted)
    # Also without the words: a file that is broken does not say that its texts are gone.
    root = parse(code, name_of_language)
    values = Values(root, code, name_of_language)
    begin = end = 0
    for found in candidates.finditer(code):
        if begin <= found.start() < end:
            continue
        name = name_at(root, code, found.start(), found.end())
        if name is None or name.value is None or not _is_wanted(name, wanted):
            continue
        value = values.of(name)
        if value is not None:
            begin, end = name.value.start_byte, name.value.end_byte
            yield Part(".".join(name.steps), value)


def _is_wanted(name: Name, wanted: Sequence[WantedName]) -> bool:
    # What a wildcard finds is a text that has the name; what is only called is meant when its name is said.
    return any(one.matches(name.steps) and (one.is_exact or not name.is_call) for one in wanted)
