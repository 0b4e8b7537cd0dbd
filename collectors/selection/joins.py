"""Calls that join texts with another one between them: what stands between, and the parts. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from leverwatch.collectors.selection.syntax import NOT_COMPARED

if TYPE_CHECKING:
    from tree_sitter import Node

_LISTS = frozenset({"list", "tuple", "array", "string_array", "literal_value"})
_CALLS = frozenset({"call", "call_expression", "method_invocation", "invocation_expression", "macro_invocation"})


class Joined(NamedTuple):
    """A text in parts."""

    between: Node | str
    """What stands between two parts, or the code that says it."""
    parts: list[Node]


def joined(node: Node, language: str) -> Joined | None:
    """Return what a call joins; None when it is no such call, or its parts are not written in it."""
    find = _BY_LANGUAGE.get(language) if node.type in _CALLS else None
    return find(node) if find else None


def _python(node: Node) -> Joined | None:
    """`"-".join(["a", "b"])`."""
    called = node.child_by_field_name("function")
    between = _field(called, "object") if _words(_field(called, "attribute")) == "join" else None
    parts = _listed(_arguments(node)[:1])
    return Joined(between, parts) if between and parts else None


def _javascript(node: Node) -> Joined | None:
    """`["a", "b"].join("-")`."""
    called = node.child_by_field_name("function")
    if _words(_field(called, "property")) != "join":
        return None
    return _of_list(_field(called, "object"), _arguments(node), ",")


def _ruby(node: Node) -> Joined | None:
    """`["a", "b"].join("-")`."""
    if _words(_field(node, "method")) != "join":
        return None
    return _of_list(_field(node, "receiver"), _arguments(node), "")


def _go(node: Node) -> Joined | None:
    """`strings.Join([]string{"a", "b"}, "-")`."""
    arguments = _arguments(node)
    if _words(_field(node, "function")) != "strings.Join" or len(arguments) != 2:
        return None
    return _of_list(_field(arguments[0], "body"), arguments[1:], "")


def _java(node: Node) -> Joined | None:
    """`String.join("-", "a", "b")`; a single part is a list that is made elsewhere."""
    if (_words(_field(node, "object")), _words(_field(node, "name"))) != ("String", "join"):
        return None
    arguments = _arguments(node)
    return Joined(arguments[0], arguments[1:]) if len(arguments) > 2 else None


def _csharp(node: Node) -> Joined | None:
    """`string.Join("-", "a", "b")`, `string.Concat("a", "b")`; a single part is a list that is made elsewhere."""
    name = _words(_field(node, "function")).rpartition("String.")[2].removeprefix("string.")
    arguments = _arguments(node)
    if name == "Join" and len(arguments) > 2:
        return Joined(arguments[0], arguments[1:])
    return Joined("", arguments) if name == "Concat" and len(arguments) > 1 else None


def _rust(node: Node) -> Joined | None:
    """`concat!("a", "b")`."""
    if _words(_field(node, "macro")) != "concat":
        return None
    parts = [part for tree in node.named_children[1:] for part in _shown(tree)]
    # Of a macro within it there are only the words.
    return None if any(part.type == "token_tree" for part in parts) else Joined("", parts)


_BY_LANGUAGE: dict[str, Callable[[Node], Joined | None]] = {
    "python": _python,
    "javascript": _javascript,
    "typescript": _javascript,
    "tsx": _javascript,
    "ruby": _ruby,
    "go": _go,
    "java": _java,
    "csharp": _csharp,
    "rust": _rust,
}


def _of_list(parts: Node | None, arguments: list[Node], otherwise: str) -> Joined | None:
    listed = _listed([parts] if parts else [])
    return Joined(arguments[0] if arguments else otherwise, listed) if listed else None


def _listed(nodes: list[Node]) -> list[Node]:
    return [part for node in nodes if node.type in _LISTS for part in _shown(node)]


def _arguments(node: Node) -> list[Node]:
    arguments = node.child_by_field_name("arguments")
    return _shown(arguments) if arguments else []


def _shown(node: Node) -> list[Node]:
    return [child for child in node.named_children if child.type not in NOT_COMPARED]


def _field(node: Node | None, name: str) -> Node | None:
    return node.child_by_field_name(name) if node else None


def _words(node: Node | None) -> str:
    return (node.text or b"").decode(errors="replace") if node else ""
