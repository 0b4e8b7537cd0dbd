"""What the compiled helper is told of the lines of access logs, in the form that it takes."""

from __future__ import annotations

from typing import Any

from leverwatch.collectors.records.formats.line_layout import Kind, Lines
from leverwatch.collectors.records.formats.line_layout import Step as LineStep
from leverwatch.collectors.records.formats.line_plan import PATH_END
from leverwatch.collectors.records.formats.plain import Step
from leverwatch.collectors.records.formats.routes import ENDS, Part

Wanted = tuple[tuple[Step, ...], int, int]
"""The path of a value, its role as a number, and its rank."""
_TO_MILLISECONDS = {Kind.SECONDS: 1000.0}


def text_form(lines: Lines, wanted: tuple[Wanted, ...], first_name: int) -> tuple[Any, ...]:
    """Return layouts, ends of paths that call a model, labels, their values, and the name that an end is;
    `first_name` is the role of the first name."""
    roles: dict[bytes, list[int]] = {}
    for (name, *_), role, _ in wanted:
        if isinstance(name, bytes):
            roles.setdefault(name, []).append(role)

    def step(it: LineStep) -> tuple[int, bytes, tuple[int, ...], int, float]:
        text = it.text.encode()
        is_literal = it.kind is Kind.LITERAL
        told = () if is_literal or not text else tuple(roles.get(text, ()))
        return int(it.kind), text if is_literal else b"", told, int(it.asked), _TO_MILLISECONDS.get(it.kind, 1.0)

    (of_path,) = roles[PATH_END.encode()]
    return (
        tuple(tuple(map(step, one)) for one in lines.layouts),
        tuple(tuple(map(_part, end)) for end in ENDS),
        tuple((label.encode(), slot) for slot, it in enumerate(lines.tail) for label in it.labels),
        tuple(step(it.step) for it in lines.tail),
        of_path - first_name,
    )


def _part(part: Part) -> tuple[tuple[bytes, ...], int, tuple[bytes, ...]]:
    return _texts(part.words), int(part.is_version), _texts(part.endings)


def _texts(texts: tuple[str, ...]) -> tuple[bytes, ...]:
    return tuple(text.encode() for text in texts)
