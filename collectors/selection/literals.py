"""Turns a literal of text, as it is written in code, into the text that it stands for. Pure."""

from __future__ import annotations

import re
from itertools import takewhile

_ESCAPE = re.compile(
    r"\\(?:(?P<end>\n[ \t]*)|u\{(?P<braced>[0-9a-fA-F_]+)\}|u(?P<four>[0-9a-fA-F]{4})|U(?P<eight>[0-9a-fA-F]{8})"
    r"|x(?P<two>[0-9a-fA-F]{1,2})|(?P<octal>[0-7]{1,3})|(?P<other>.))",
    re.DOTALL,
)
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b", "s": " "}
_SAME_IN_EACH = frozenset("\\'\"`$#{}/")
_LARGEST_CODE = 0x10FFFF


def unescaped(text: str, *, keep_unknown: bool, join_lines: bool) -> str:
    r"""Return a text with the characters that its escapes stand for.

    Args:
        text: between its quotes.
        keep_unknown: whether `\d` is a backslash and a `d`, as in Python, or a `d`.
        join_lines: whether an escaped end of line takes the indentation of the next line with it, as in Rust.
    """

    def character(found: re.Match[str]) -> str:
        kind, value = str(found.lastgroup), found[str(found.lastgroup)]
        if kind == "end":
            return "" if join_lines else value[1:]
        if kind == "other":
            known = _SIMPLE.get(value)
            if known is not None:
                return known
            return f"\\{value}" if keep_unknown and value not in _SAME_IN_EACH else value
        code = int(value.replace("_", ""), 8 if kind == "octal" else 16)
        return chr(code) if code <= _LARGEST_CODE else found[0]

    if "\\" not in text:
        return text
    plain = _ESCAPE.sub(character, text)
    # Two halves of a character, as JavaScript and Java write those beyond the first 65,536.
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def unescaped_single(text: str) -> str:
    """Return a text between single quotes of Ruby, in which only these and the backslash are escaped."""
    return re.sub(r"\\([\\'])", r"\1", text)


def without_margin(text: str) -> str:
    """Return a text of several lines without the indentation that all lines after the first one share."""
    first, *others = text.split("\n")
    filled = [line for line in others if line.strip()]
    # What the least and the greatest of some texts begin with, all of them do.
    ends = zip(min(filled, default=""), max(filled, default=""), strict=False)
    margin = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1] and pair[0] in " \t", ends))
    return "\n".join([first, *(line[margin:] if line.strip() else "" for line in others)])
