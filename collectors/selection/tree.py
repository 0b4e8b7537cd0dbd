"""Finds what a word in a syntax tree is the name of, and what encloses it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from leverwatch.collectors.selection.syntax import (
    BINDINGS,
    CALLS,
    CONTENTS,
    DELIMITERS,
    FUNCTIONS,
    LISTS,
    SCOPES,
    SELF,
    STRINGS,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_NO_NAMES = frozenset(
    {
        "argument_list",
        "arguments",
        "type_arguments",
        "type_annotation",
        "field_initializer_list",
        "literal_value",
        "initializer_expression",
        "token_tree",
        "block",
        "object",
    }
)
"""What stands in the midst of the name of what is called, and names nothing."""
_MOST_OF_A_CALL = 4
"""The names that are kept of a chain of calls, the last ones."""
_LONGEST_NAME = 200


class Name(NamedTuple):
    """A name that is given to a value."""

    steps: tuple[str, ...]
    """The names that enclose it, and its own."""
    value: Node | None
    binding: Node
    in_function: bool

    @property
    def is_call(self) -> bool:
        """Whether it is the name of what is called, and the value what it is called with."""
        return self.binding.type in CALLS


def name_at(root: Node, code: bytes, start: int, end: int) -> Name | None:
    """Return what the word at these bytes of the code is the name of; None when it names nothing."""
    leaf = root.descendant_for_byte_range(start, end)
    if leaf is None or leaf.end_byte != end or _word(leaf).encode() != code[start:end]:
        return None
    node: Node | None = leaf
    while node is not None and (parent := node.parent) is not None:
        if (target := _target(parent, leaf)) is not None:
            steps = tuple(_steps(target))[-_MOST_OF_A_CALL:]
            if not steps or _last_end(target) > leaf.end_byte:
                return None
            outer, in_function = _enclosing(parent)
            return Name((*outer, *steps), _value(parent, target), parent, in_function)
        # A node of a kind that has a name here, and none in another language, is in the midst of a longer name.
        if parent.type in SCOPES or next(_names(parent), None) is not None:
            return None
        node = parent
    return None


def _within(node: Node, outer: Node) -> bool:
    return outer.start_byte <= node.start_byte and node.end_byte <= outer.end_byte


def _target(parent: Node, leaf: Node) -> Node | None:
    """Return the part of a node that holds its name, if the leaf is in it."""
    for part in _names(parent):
        if _within(leaf, part):
            if part.type in LISTS:
                return next((one for one in part.named_children if _within(leaf, one)), None)
            return part
    return None


def _names(node: Node) -> Iterator[Node]:
    if node.type == "jsx_attribute":
        yield from node.named_children[:1]
        return
    fields: tuple[str, ...] = ()
    if node.type in BINDINGS:
        fields = BINDINGS[node.type][0]
    elif node.type in FUNCTIONS:
        fields = ("name",)
    elif node.type in CALLS:
        fields = CALLS[node.type]
    for field in fields:
        yield from node.children_by_field_name(field)


def _value(node: Node, target: Node) -> Node | None:
    if node.type in FUNCTIONS:
        return node.child_by_field_name("body") or node
    if node.type in CALLS:
        return node.child_by_field_name("arguments") or node.child_by_field_name("body") or _last(node, target)
    for field in BINDINGS[node.type][1]:
        value = node.child_by_field_name(field) if field else _last(node, target)
        if value is not None:
            return _own(node, target, value)
    return None


def _last(node: Node, target: Node) -> Node | None:
    last = node.named_children[-1]
    return last if last.start_byte >= target.end_byte else None


def _own(node: Node, target: Node, value: Node) -> Node:
    """Return which of several values belongs to one of several names."""
    for names in _names(node):
        targets = names.named_children if names.type in LISTS else list(_names(node))
        if value.type not in LISTS or len(targets) != len(value.named_children) or target not in targets:
            continue
        if len(targets) > 1 or value.type in {"expression_list", "right_assignment_list"}:
            return value.named_children[targets.index(target)]
    return value


def _enclosing(node: Node) -> tuple[list[str], bool]:
    """Return the names that enclose a node, from the outside in, and whether one is that of a function."""
    found: list[list[str]] = []
    in_function = False
    inner, outer = node, node.parent
    while outer is not None:
        in_function = in_function or outer.type in FUNCTIONS
        if outer.type in SCOPES and outer.type not in CALLS:
            name = outer.child_by_field_name(SCOPES[outer.type])
            found.append(list(_steps(name)) if name else [])
        elif outer.type in BINDINGS or outer.type in CALLS:
            # What a chain of calls goes on with does not enclose what is before it.
            names = [one for one in _names(outer) if one.end_byte <= inner.start_byte]
            found += [list(_steps(one))[-_MOST_OF_A_CALL:] for one in names[:1]]
        inner, outer = outer, outer.parent
    return [step for steps in reversed(found) for step in steps], in_function


def _word(node: Node) -> str:
    return (node.text or b"").decode(errors="replace").lstrip(":@$#")


def leaves(node: Node) -> Iterator[Node]:
    """Yield the words of a name: `a`, `b` and `c` of `a.b["c"]`. What something is called with is none."""
    if node.type in CONTENTS or (node.is_named and not node.named_child_count and node.type not in STRINGS):
        yield node
        return
    for child in node.named_children:
        if child.type not in _NO_NAMES and child.type not in DELIMITERS:
            yield from leaves(child)


def _steps(node: Node) -> Iterator[str]:
    for leaf in leaves(node):
        word = _word(leaf)
        if word and word not in SELF and len(word) <= _LONGEST_NAME and not word[0].isdigit():
            yield word


def _last_end(node: Node) -> int:
    return max((leaf.end_byte for leaf in leaves(node)), default=node.end_byte)
