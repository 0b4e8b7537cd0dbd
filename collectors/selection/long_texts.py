"""Finds every literal of code that is long enough to be of a prompt. Pure."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from leverwatch.collectors.selection.code import language, parse
from leverwatch.collectors.selection.syntax import STRINGS

if TYPE_CHECKING:
    from tree_sitter import Query

LEAST_WORDS = 8
"""A shorter text is hardly an instruction: a message of a log, a path, a query."""


@cache
def _query(name: str) -> Query:
    from tree_sitter import Query

    known = language(name)
    kinds = sorted(kind for kind in STRINGS | {"heredoc_body"} if known.id_for_node_kind(kind, True))
    return Query(known, " ".join(f"({kind}) @text" for kind in kinds))


def long_texts(code: bytes, name: str) -> tuple[str, ...]:
    """Return the literals of at least `LEAST_WORDS` words in a file, as they are written, with single blanks.

    Raises:
        Unparsable: an error of syntax.
    """
    from tree_sitter import QueryCursor

    root = parse(code, name)
    texts = []
    for nodes in QueryCursor(_query(name)).captures(root).values():
        for node in nodes:
            if node.parent is not None and node.parent.type == "expression_statement":
                # What a function or class of Python is about.
                continue
            words = code[node.start_byte : node.end_byte].decode(errors="replace").strip("rbfuRBFU@$\"'`").split()
            if len(words) >= LEAST_WORDS:
                texts.append(" ".join(words))
    return tuple(texts)
