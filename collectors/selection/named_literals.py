"""Finds the long literals of code with the names that they are given. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from leverwatch.collectors.selection.code import language, parse
from leverwatch.collectors.selection.syntax import BINDINGS, CALLS, FUNCTIONS, LAMBDAS, SCOPES, STRINGS
from leverwatch.collectors.selection.tree import Name, leaves, name_at

if TYPE_CHECKING:
    from tree_sitter import Node, Query

_MOST_STEPS_UP = 12
"""Nodes between a literal and what gives it a name: parentheses, sums, calls, elements of a list."""
_SHORTEST = 40
"""Bytes of a literal that may be a prompt, or part of one."""


class NamedLiteral(NamedTuple):
    """A literal of text."""

    steps: tuple[str, ...]
    """The names that enclose it, and its own."""
    text: str
    """The literals that belong to the name, as they are written."""


@cache
def _query(name: str) -> Query:
    from tree_sitter import Query

    known = language(name)
    kinds = sorted(kind for kind in STRINGS | {"heredoc_body"} if known.id_for_node_kind(kind, True))
    return Query(known, " ".join(f"({kind}) @text" for kind in kinds))


def named_literals(code: bytes, name_of_language: str) -> Iterator[NamedLiteral]:
    """Yield every text of some length that has a name, once for each name.

    Raises:
        Unparsable: an error of syntax.
    """
    from tree_sitter import QueryCursor

    root = parse(code, name_of_language)
    found: dict[tuple[str, ...], list[str]] = {}
    for nodes in QueryCursor(_query(name_of_language)).captures(root).values():
        for node in nodes:
            if node.end_byte - node.start_byte >= _SHORTEST:
                name = _name_of(node, root, code)
                if name is not None:
                    text = code[node.start_byte : node.end_byte].decode(errors="replace")
                    found.setdefault(name.steps, []).append(text)
    for steps, texts in found.items():
        yield NamedLiteral(steps, " ".join(texts))


def _name_of(literal: Node, root: Node, code: bytes) -> Name | None:
    node: Node | None = literal
    for _ in range(_MOST_STEPS_UP):
        if node is None or (parent := node.parent) is None:
            return None
        if parent.type in FUNCTIONS or parent.type in LAMBDAS or parent.type in SCOPES:
            # What a function does with a text in its midst is not known.
            return None
        if parent.type in BINDINGS and parent.type not in CALLS:
            return _named(parent, node, root, code)
        node = parent
    return None


def _named(binding: Node, value: Node, root: Node, code: bytes) -> Name | None:
    for field in BINDINGS[binding.type][0]:
        for part in binding.children_by_field_name(field):
            if part.start_byte <= value.start_byte < part.end_byte:
                # The literal is a name itself: the key of a mapping.
                return None
            for last in list(leaves(part))[-1:]:
                name = name_at(root, code, last.start_byte, last.end_byte)
                if name is not None and name.value is not None:
                    return name
    return None
