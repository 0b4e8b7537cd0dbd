"""Templates of the alert rules for a ruler that answers no query in a template: Grafana's own.

Both expand them with Go's text/template and the functions of Prometheus, so everything else of them stays. The
`query` of Grafana finds nothing: the branch for "nothing found" would then be said of figures that are known. What
asks is left out, except where an alternative is marked as true either way. Names are `.Labels` and not `$labels`:
a file of Grafana's provisioning has an environment variable where there is a dollar.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

EITHER_WAY = "/* true either way */"
"""The comment after an `else` that holds whether or not something could be asked."""

_ACTION = re.compile(r"{{(-?)\s*(.*?)\s*(-?)}}", re.DOTALL)
_OPENS = ("define", "if", "range", "with")


@dataclass(frozen=True, slots=True)
class _Block:
    """An action with what it holds up to its `end`: the first branch, and the one of its `else`."""

    action: str
    first: tuple[_Part, ...]
    other: tuple[_Part, ...] | None


_Part = str | _Block
"""A text, an action as it is written in the template, or a block."""


def without_queries(template: str, value: str, *, alternatives: bool = False) -> str:
    """Return a template that asks nothing, with `value` in place of the value of the alert.

    `alternatives` says that what the template says where nothing was found takes the place of each question.

    Raises:
        ValueError: a block has no `end`, or an `else` has a condition.
    """
    parts = [*_pieces(template)]
    tree = _tree(parts)
    if parts:
        raise ValueError(f"more ends than blocks: {template}")
    text = "".join(_written(tree, alternatives=alternatives))
    for name in re.findall(r'{{define "(\w+)"}}', text):
        if f'{{{{template "{name}"' not in text:
            text = re.sub(rf'{{{{define "{name}"}}}}.*?{{{{enddefine}}}}', "", text, flags=re.DOTALL)
    text = text.replace("{{enddefine}}", "{{end}}").replace("$labels", ".Labels").replace("$value", value)
    return re.sub(r"\s+", " ", text).strip()


def _pieces(template: str) -> Iterator[str]:
    """Yield texts and actions in turn, with the space that actions trim away already gone."""
    place, trims = 0, ""
    for found in _ACTION.finditer(template):
        text = template[place : found.start()]
        text = text.lstrip() if trims else text
        yield text.rstrip() if found[1] else text
        yield f"{{{{{found[2]}}}}}"
        place, trims = found.end(), found[3]
    yield template[place:].lstrip() if trims else template[place:]


def _tree(pieces: list[str]) -> tuple[_Part, ...]:
    """Take pieces up to the end of a branch, which stays, and return them with their blocks."""
    found: list[_Part] = []
    while pieces and not re.match(r"{{(end|else)\b", pieces[0]):
        piece = pieces.pop(0)
        if re.match(rf"{{{{({'|'.join(_OPENS)})\b", piece):
            first, other = _tree(pieces), None
            if pieces and pieces[0] == "{{else}}":
                pieces.pop(0)
                other = _tree(pieces)
            if not pieces or pieces.pop(0) != "{{end}}":
                raise ValueError(f"without an end: {piece}")
            found.append(_Block(piece, first, other))
        elif not (piece.startswith("{{$") and ":=" in piece):
            # A variable is made of labels for a question alone.
            found.append(piece)
    return tuple(found)


def _written(parts: Sequence[_Part], *, alternatives: bool) -> Iterator[str]:
    for part in parts:
        if isinstance(part, str):
            yield part
            continue
        if part.action.endswith("| query}}"):
            if part.other is not None and (alternatives or f"{{{{{EITHER_WAY}}}}}" in part.other):
                told = [one for one in part.other if one != f"{{{{{EITHER_WAY}}}}}"]
                yield from _written(told, alternatives=alternatives)
            continue
        yield part.action
        yield from _written(part.first, alternatives=alternatives)
        if part.other is not None:
            yield "{{else}}"
            yield from _written(part.other, alternatives=alternatives)
        yield "{{enddefine}}" if part.action.startswith("{{define") else "{{end}}"
