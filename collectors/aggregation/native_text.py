"""What the compiled helper is told of the lines of access logs, in the form that it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from leverwatch.collectors.records.filters import ValueTest
from leverwatch.collectors.records.formats.line_layout import Kind, Lines
from leverwatch.collectors.records.formats.line_layout import Step as LineStep
from leverwatch.collectors.records.formats.line_plan import PATH_END
from leverwatch.collectors.records.formats.plain import Plan, Step
from leverwatch.collectors.records.formats.routes import ENDS, Part
from leverwatch.collectors.records.path_words import of_record

Wanted = tuple[tuple[Step, ...], int, int]
"""The path of a value, its role as a number, and its rank."""
Tested = Mapping[str, Sequence[ValueTest]]
_TO_MILLISECONDS = {Kind.SECONDS: 1000.0}


def text_form(
    plan: Plan, lines: Lines, wanted: tuple[Wanted, ...], first_name: int, tested: Tested
) -> tuple[Any, ...]:
    """Return layouts, ends of paths that call a model, labels, their values, the name that an end is, and by name
    the texts and prefixes of which alone it matters whether it has them.

    `first_name` is the role of the first name; `tested` has the tests of values that are only tested, by path.
    """
    roles: dict[bytes, list[int]] = {}
    for (name, *_), role, _ in wanted:
        if isinstance(name, bytes):
            roles.setdefault(name, []).append(role)

    def step(it: LineStep) -> tuple[int, bytes, tuple[int, ...], int, float]:
        text = it.text.encode()
        is_literal = it.kind is Kind.LITERAL
        told = () if is_literal or not text else tuple(roles.get(text, ()))
        return int(it.kind), text if is_literal else b"", told, int(it.asked), _TO_MILLISECONDS.get(it.kind, 1.0)

    by_path = {of_record(path): tests for path, tests in tested.items()}
    named = {name for part, names in plan.named.items() if part not in by_path for name in names}
    (of_path,) = roles[PATH_END.encode()]
    return (
        tuple(tuple(map(step, one)) for one in lines.layouts),
        tuple(tuple(map(_part, end)) for end in ENDS),
        tuple((label.encode(), slot) for slot, it in enumerate(lines.tail) for label in it.labels),
        tuple(step(it.step) for it in lines.tail),
        of_path - first_name,
        tuple(
            (role - first_name, _sorted(texts), _sorted(prefixes))
            for part, tests in by_path.items()
            for texts, prefixes in [_compared(tests)]
            for name in plan.named.get(part, ())
            for role in roles.get(name.encode(), ())
            if name not in named and role >= first_name
        ),
    )


def _compared(tests: Sequence[ValueTest]) -> tuple[set[str], set[str]]:
    compared = [test for test in tests if test.present is None]
    return {text for test in compared for text in test.texts}, {test.prefix for test in compared if test.prefix}


def _sorted(texts: set[str]) -> tuple[bytes, ...]:
    """Return the longest texts first."""
    return tuple(text.encode() for text in sorted(texts, key=len, reverse=True))


def _part(part: Part) -> tuple[tuple[bytes, ...], int, tuple[bytes, ...]]:
    return _texts(part.words), int(part.is_version), _texts(part.endings)


def _texts(texts: tuple[str, ...]) -> tuple[bytes, ...]:
    return tuple(text.encode() for text in texts)
