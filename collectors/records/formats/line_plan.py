"""Compiles a declaration, and the layouts of its lines, into what the compiled helper executes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from leverwatch.collectors.records.fields import FIELD_INDEX, PromptPath, parse_path
from leverwatch.collectors.records.formats.declared import Declaration
from leverwatch.collectors.records.formats.interface import Parsed
from leverwatch.collectors.records.formats.line_layout import Asked, Kind, Lines
from leverwatch.collectors.records.formats.plain import NAME, Place, Plainly, Plan
from leverwatch.collectors.records.formats.plan import VALUES, several

PATH_END = "end of the path"
"""The name of what the helper leaves of the path of a call."""
_BY_ITSELF = frozenset({Kind.REQUEST, Kind.METHOD, Kind.TARGET, Kind.SECONDS})
"""What the helper reads of a line as `finish` does."""


def line_plan(
    declaration: Declaration, lines: Lines, template: Sequence[str], read: Callable[[Sequence[bytes]], Parsed]
) -> Plan | None:
    """Return what the helper needs to count plain lines; None when it cannot: the system is named by what
    administrators append, or by something inside of a value."""
    parts = [path for part in template for path in several(declaration.names.get(part, part))]
    first = {path: parse_path(path)[0] for path in parts}
    known = lines.names | lines.appended
    if any(isinstance(part, PromptPath) for part in template):
        return None
    if any(name in known and (name in lines.appended or path != name) for path, name in first.items()):
        return None
    places = dict.fromkeys(_places(declaration, lines))
    others = {path for path, _, _ in places}
    places |= dict.fromkeys(_place(path, NAME) for path in parts if path in lines.names)
    named = {
        part: tuple(it for it in several(declaration.names.get(part, part)) if _steps(it) not in others)
        for part in template
    }
    iso = declaration.convert.get("time")
    return Plan(tuple(places), read, True, Plainly(), lines=lines, iso=iso, named=named)


def _places(declaration: Declaration, lines: Lines) -> Iterator[Place]:
    """Yield what the rows of a declaration are made of but for the system."""
    steps = [step for one in lines.layouts for step in one] + [it.step for it in lines.tail]
    names = lines.names | lines.appended
    by_itself = {step.text for step in steps if step.kind in _BY_ITSELF or step.asked is not Asked.NOTHING}
    yield _place(PATH_END, NAME)
    for name in FIELD_INDEX:
        for path in several(declaration.fields.get(name, ())):
            if path in names:
                yield _place(path, name if name in VALUES else NAME)
    for step in steps:
        if step.kind is Kind.SECONDS:
            yield _place(step.text, "latency_ms")
    if any(step.asked is not Asked.NOTHING for step in steps):
        yield _place("", "attempts")
    for path in (path for paths, _ in declaration.extras.values() for path in several(paths)):
        if path in names and path not in by_itself:
            yield _place(path, NAME)


def _place(name: str, kind: str) -> Place:
    return _steps(name), kind, 1 if kind == NAME else 0


def _steps(name: str) -> tuple[bytes, ...]:
    return (name.encode(),)
