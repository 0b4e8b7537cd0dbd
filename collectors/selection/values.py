"""The text of a value in code: literals, what they are joined from, and the names of what is filled in. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from leverwatch.collectors.selection.joins import joined
from leverwatch.collectors.selection.literals import unescaped, unescaped_single, without_margin
from leverwatch.collectors.selection.selector import Unparsable
from leverwatch.collectors.selection.syntax import (
    ADJACENT,
    BLOCKS,
    CHAINED,
    CONCATENATIONS,
    CONSTANTS,
    CONTENTS,
    DELIMITERS,
    FUNCTIONS,
    INTERPOLATIONS,
    LAMBDAS,
    NOT_COMPARED,
    STRINGS,
)
from leverwatch.collectors.selection.tree import Name, name_at

if TYPE_CHECKING:
    from tree_sitter import Node

_LARGEST_TEXT = 5 * 1024 * 1024
_FILLED = re.compile("\ue000(\\d+)\ue001")
_REFERENCES = frozenset({"identifier", "constant", "attribute", "member_expression", "selector_expression"}) | {
    "field_access",
    "member_access_expression",
    "scoped_identifier",
    "scope_resolution",
    "field_expression",
}
_RETURNS = frozenset({"return_statement", "return_expression", "return"})


class Values:
    """The texts of the values in one file."""

    def __init__(self, root: Node, code: bytes, language: str) -> None:
        self._root = root
        self._code = code
        self._language = language
        self._known: dict[str, str | None] = {}
        self._heredocs: dict[int, Node] | None = None

    def of(self, name: Name) -> str | None:
        """Return the text of what a name is given to; None when there is none in it.

        Raises:
            Unparsable: the text is larger than a file may be.
        """
        if name.value is None:
            return None
        own = name.steps[-1]
        if own in self._known:
            return self._read(name, name.value)
        # What it says of itself is only a name.
        self._known[own] = None
        text = self._read(name, name.value)
        del self._known[own]
        return text

    def _read(self, name: Name, value: Node) -> str | None:
        if name.binding.type in FUNCTIONS:
            return self._returned(value)
        return self._text(value)

    def _text(self, node: Node) -> str | None:
        kind = node.type
        if kind in NOT_COMPARED:
            return None
        if kind in STRINGS:
            return self._literal(node)
        if kind == "heredoc_beginning":
            return self._heredoc(node)
        if kind == "jsx_text":
            return " ".join((node.text or b"").decode(errors="replace").split()) or None
        if kind in CHAINED and (right := node.child_by_field_name("right")):
            # Of `A = B = "..."` what is given to both, and not the name of the other one.
            return self._text(right)
        if kind in ADJACENT:
            return self._concatenated(node.named_children)
        if kind in CONCATENATIONS and _operator(node) == "+":
            return self._concatenated(_operands(node))
        if together := joined(node, self._language):
            between = together.between if isinstance(together.between, str) else self._text(together.between)
            if between is not None:
                return self._concatenated(together.parts, between)
        if kind in _REFERENCES and (text := self._constant(node)) is not None:
            return text
        if kind in LAMBDAS and (body := node.child_by_field_name("body")):
            return self._returned(body) if body.type in BLOCKS else self._text(body)
        return _bounded("\n", [text for child in node.named_children if (text := self._text(child)) is not None])

    def _concatenated(self, operands: list[Node], between: str = "") -> str | None:
        texts = [self._text(each) for each in operands if each.type not in NOT_COMPARED]
        if all(text is None for text in texts):
            return None
        shown = [each for each in operands if each.type not in NOT_COMPARED]
        return _bounded(
            between,
            [self._shown([each]) if text is None else text for each, text in zip(shown, texts, strict=True)],
        )

    def _returned(self, body: Node) -> str | None:
        """Return the text of what a function returns; where nothing says what that is, of all that is in it."""
        returned = list(_returns(body))
        texts = [text for each in returned if (text := self._text(each)) is not None]
        if returned or self._language in {"python", "go", "java"}:
            return _bounded("\n", texts)
        return self._text(body)

    def _constant(self, node: Node) -> str | None:
        """Return the text of a constant of this file that a node refers to; None when it is no such."""
        word = (node.text or b"").decode(errors="replace").replace("::", ".").rpartition(".")[2].strip()
        if word not in self._known:
            # A constant that is made of itself has no text.
            self._known[word] = None
            self._known[word] = self._find(word) if word.isidentifier() else None
        return self._known[word]

    def _find(self, word: str) -> str | None:
        found = []
        for place in re.finditer(rb"(?<![\w$])" + re.escape(word.encode()) + rb"(?![\w$])", self._code):
            name = name_at(self._root, self._code, place.start(), place.end())
            if name and name.binding.type in CONSTANTS and name.value:
                found.append(name)
        # What is assigned twice, or inside of a function, may be anything where it is referred to.
        if len(found) != 1 or found[0].in_function:
            return None
        return self._text(found[0].value) if found[0].value else None

    def _shown(self, nodes: list[Node]) -> str:
        """Return what is filled in: a constant's text, or the words of the expression, however it is laid out."""
        texts = [self._text(node) for node in nodes if node.type in _REFERENCES]
        if len(nodes) == 1 and texts and texts[0] is not None:
            return texts[0]
        return "{" + " ".join(word for node in nodes for word in self._words(node)) + "}"

    def _words(self, node: Node) -> Iterator[str]:
        if node.type in NOT_COMPARED:
            return
        if node.type in STRINGS:
            yield self._literal(node)
        elif not node.child_count:
            yield (node.text or b"").decode(errors="replace")
        else:
            for child in node.children:
                yield from self._words(child)

    def _heredoc(self, node: Node) -> str | None:
        if self._heredocs is None:
            starts = [each for each in _all(self._root) if each.type == "heredoc_beginning"]
            bodies = [each for each in _all(self._root) if each.type == "heredoc_body"]
            self._heredocs = {one.start_byte: two for one, two in zip(starts, bodies, strict=False)}
        body = self._heredocs.get(node.start_byte)
        if body is None:
            return None
        end = body.named_children[-1]
        raw = (node.text or b"").endswith(b"'")
        return self._content(body, body.start_byte, end.start_byte, "raw" if raw else "").removeprefix("\n")

    def _literal(self, node: Node) -> str:
        written = (node.text or b"").decode(errors="replace")
        kind = node.type
        if kind == "verbatim_string_literal":
            return without_margin(written[2:-1].replace('""', '"'))
        start, end = _inside(node)
        prefix = self._code[node.start_byte : start].decode(errors="replace")
        escapes = ""
        if kind == "raw_string_literal":
            escapes = "raw"
        elif kind == "string" and self._language == "python":
            escapes = "raw" if "r" in prefix.lower() else ""
        elif kind == "interpolated_string_expression":
            escapes = "verbatim" if "@" in prefix else "raw" if '"""' in prefix else ""
        elif kind in {"string", "bare_string"} and self._language == "ruby":
            escapes = "single" if prefix[:1] == "'" or prefix[:2] == "%q" else ""
        doubled = (self._language == "python" and "f" in prefix.lower()) or prefix in {'$"', '$@"', '@$"', '$"""'}
        return self._content(node, start, end, escapes, doubled=doubled)

    def _content(self, node: Node, start: int, end: int, escapes: str, *, doubled: bool = False) -> str:
        """Return the text between two bytes of a node, with what is filled in by its name."""
        filled: list[str] = []
        text = ""
        place = start
        for child in node.children:
            if child.type in INTERPOLATIONS:
                text += self._code[place : child.start_byte].decode(errors="replace")
                text += f"\ue000{len(filled)}\ue001"
                inner = [each for each in child.named_children if each.type not in NOT_COMPARED]
                filled.append(self._shown(inner))
                place = child.end_byte
        text += self._code[place:end].decode(errors="replace")
        if "\n" in text:
            text = without_margin(text)
        if doubled:
            text = text.replace("{{", "{").replace("}}", "}")
        if escapes == "verbatim":
            text = text.replace('""', '"')
        elif escapes == "single":
            text = unescaped_single(text)
        elif not escapes:
            python, rust = self._language == "python", self._language == "rust"
            text = unescaped(text, keep_unknown=python, join_lines=rust)
        return _FILLED.sub(lambda found: filled[int(found[1])] if int(found[1]) < len(filled) else "", text)


def _bounded(between: str, texts: list[str]) -> str | None:
    if sum(map(len, texts)) > _LARGEST_TEXT:
        raise Unparsable("constants that repeat each other too often")
    return between.join(texts) if texts else None


def _operator(node: Node) -> str:
    operator = node.child_by_field_name("operator")
    return operator.type if operator else ""


def _operands(node: Node) -> list[Node]:
    """Return what is added, from left to right, without a call for each of many parts."""
    found: list[Node] = []
    left: Node | None = node
    while left is not None and left.type in CONCATENATIONS and _operator(left) == "+":
        found += [right for right in (left.child_by_field_name("right"),) if right]
        left = left.child_by_field_name("left")
    found += [left] if left else []
    return found[::-1]


def _returns(body: Node) -> Iterator[Node]:
    for child in body.named_children:
        if child.type in _RETURNS:
            yield child
        elif child.type not in FUNCTIONS and child.type not in LAMBDAS:
            yield from _returns(child)


def _inside(node: Node) -> tuple[int, int]:
    """Return where the text of a literal begins and ends, without its quotes."""
    children = node.children
    inner = [each for each in children if each.is_named and each.type not in DELIMITERS]
    quotes = [each for each in children if not each.is_named or each.type in DELIMITERS]
    if not quotes:
        known = [each for each in inner if each.type in CONTENTS]
        return (known[0].start_byte, known[-1].end_byte) if known else (node.end_byte, node.end_byte)
    first = [each for each in quotes if not inner or each.end_byte <= inner[0].start_byte]
    last = [each for each in quotes if not inner or each.start_byte >= inner[-1].end_byte]
    if not inner:
        # Java has characters between the quotes that no node stands for.
        half = (len(quotes) + 1) // 2
        first, last = quotes[:half], quotes[half:]
    start = max((each.end_byte for each in first), default=node.start_byte)
    return start, min((each.start_byte for each in last), default=node.end_byte)


def _all(root: Node) -> Iterator[Node]:
    cursor = root.walk()
    while True:
        if cursor.node:
            yield cursor.node
        if cursor.goto_first_child() or cursor.goto_next_sibling():
            continue
        while True:
            if not cursor.goto_parent():
                return
            if cursor.goto_next_sibling():
                break
