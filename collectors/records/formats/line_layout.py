"""How the lines of an access log are built, as the compiled helper reads them. Pure.

A layout is written as a line with names in braces where its values are: `[{start_time}] "{authority}"`. Behind a
colon stands what a value is; without that it is what the signs around it say, or else one word. What the pattern
of a format takes beyond its layouts is left to that pattern, line by line.
"""

from __future__ import annotations

from enum import IntEnum
from string import Formatter

from msgspec import Struct


class Kind(IntEnum):
    """What a step of a line is, by the number that the helper knows it by."""

    LITERAL = 0
    WORD = 1
    """Up to a blank."""
    DIGITS = 2
    COUNT = 3
    """Digits, or a dash."""
    SECONDS = 4
    """A latency in seconds."""
    LISTED = 5
    """A value for each server that was asked, when there was one of them, or a dash."""
    QUOTED = 6
    """Up to a quote that is not escaped."""
    BRACKETED = 7
    REQUEST = 8
    """A quoted request line."""
    METHOD = 9
    TARGET = 10
    """What the method before it asks for."""
    REST = 11
    """Up to a quote."""
    LAST = 12
    """A blank and a word, when the line does not end there; what is behind does not matter."""
    END = 13
    TAIL = 14
    """Values with labels and without, which administrators append."""


class Asked(IntEnum):
    """What a value says of how many servers were asked."""

    NOTHING = 0
    ONE = 1
    """One, or none where it is a dash."""
    NONE = 2
    """None where it is a dash."""


class Step(Struct, frozen=True):
    """A literal part of a line, or a value."""

    kind: Kind
    text: str = ""
    """What is literal, or else the name of the value; empty: nobody looks at it."""
    asked: Asked = Asked.NOTHING


_KINDS = {
    "digits": Kind.DIGITS, "count": Kind.COUNT, "seconds": Kind.SECONDS, "listed": Kind.LISTED,
    "request": Kind.REQUEST, "method": Kind.METHOD, "target": Kind.TARGET, "rest": Kind.REST, "last": Kind.LAST,
    "server": Kind.QUOTED,
}  # fmt: skip
_ASKED = {"listed": Asked.ONE, "server": Asked.NONE}
_INSIDE = {'"': Kind.QUOTED, "[": Kind.BRACKETED}


def layout(line: str, end: Kind = Kind.END) -> tuple[Step, ...]:
    """Return the steps of a line that ends as `end` says.

    Raises:
        KeyError: it has a value of a kind that is not known.
    """
    steps: list[Step] = []
    for literal, name, kind, _ in Formatter().parse(line):
        if literal:
            steps.append(Step(Kind.LITERAL, literal))
        if name is not None:
            what = _KINDS[kind] if kind else _INSIDE.get(literal[-1:], Kind.WORD)
            steps.append(Step(what, name, _ASKED.get(kind or "", Asked.NOTHING)))
    return (*steps, Step(end)) if steps[-1].kind is not Kind.LAST else tuple(steps)


class Labelled(Struct, frozen=True):
    """A value that is told behind one of several labels, or without one by its place among those of its form."""

    step: Step
    labels: tuple[str, ...]


class Lines(Struct, frozen=True):
    """How the lines of a format are built."""

    layouts: tuple[tuple[Step, ...], ...]
    """No line has more than one of them."""
    tail: tuple[Labelled, ...] = ()
    """The values of a tail; the first two may stand without a label, in this order."""

    @property
    def names(self) -> frozenset[str]:
        """The names of all values that have a place in a layout."""
        return frozenset(step.text for steps in self.layouts for step in steps if step.kind is not Kind.LITERAL)

    @property
    def appended(self) -> frozenset[str]:
        """The names of those of a tail."""
        return frozenset(it.step.text for it in self.tail)
