"""Compiles a declaration into what the compiled helper executes; what that is, is in `plain.py`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from leverwatch.collectors.counted_fields import amounts
from leverwatch.collectors.records.fields import FIELD_INDEX, parse_path
from leverwatch.collectors.records.formats.declared import Declaration
from leverwatch.collectors.records.formats.interface import Parsed, Repeats
from leverwatch.collectors.records.formats.plain import (
    ABSENT,
    ADDS,
    ALONE,
    BODY,
    CLASS,
    ENDED,
    FLAT,
    IN_TEXT,
    NAME,
    SESSION,
    TOTAL,
    UNREAD,
    Divided,
    Place,
    Plainly,
    Plan,
    Step,
)
from leverwatch.collectors.records.tokens import Stands

VALUES = frozenset(
    {"time", "request_id", "trace_id", *amounts(), "inferences", "attempts", "errors", "sample_rate"}
)
"""The fields whose values the helper reads itself."""
_PARTS = frozenset({"cached_input_tokens", "cache_write_tokens", "reasoning_tokens"})


def plan_of(
    declaration: Declaration, template: Sequence[str], read: Callable[[Sequence[bytes]], Parsed]
) -> Plan | None:
    """Return what the helper needs to count the plain records of a declaration; None when it cannot."""
    rule = declaration.plainly
    if rule is None:
        return None
    thought_beside = declaration.reasoning is Stands.BESIDE
    has_parts = not _PARTS.isdisjoint(declaration.fields)
    beside = declaration.cached is Stands.BESIDE if has_parts else None
    latency = declaration.convert.get("latency_ms", Divided(1.0))
    converted = {name for name in declaration.convert if name in VALUES} - {"latency_ms"}
    if (beside and (declaration.total or thought_beside)) or not isinstance(latency, Divided):
        return None
    if converted - ({"time"} if rule.text_time or rule.keeps_time else set()):
        return None
    paths = tuple(_settled(_places(declaration, rule, template)))
    by_id = declaration.repeats is Repeats.VERSIONS
    return Plan(paths, read, True, rule, beside, thought_beside, by_id, latency.by)


def _places(declaration: Declaration, rule: Plainly, template: Sequence[str]) -> Iterator[Place]:
    """Yield every value that a declaration reads, with one path of each."""
    before = Counter(kind for _, kind, rank in rule.further if rank != ADDS)
    for name in FIELD_INDEX:
        for rank, path in enumerate(several(declaration.fields.get(name, ())), before[name]):
            yield _steps(path, rule), name if name in VALUES else NAME, rank
    for part in template:
        for path in several(declaration.names.get(part, part)):
            yield _steps(path, rule), NAME, 1
    for rank, path in enumerate(several(declaration.total)):
        yield _steps(path, rule), TOTAL, rank
    for name, (paths, _) in declaration.extras.items():
        if name in rule.within_extras:
            continue
        kind = UNREAD if name in rule.unread else CLASS if name in rule.classes else NAME
        kind = ENDED if name == rule.ended else kind
        for path in several(paths):
            yield _steps(path, rule), kind, 1
            for inner in rule.inside.get(name, ()):
                lists = [at for at, step in enumerate(inner) if step is True]
                for end in (*lists, len(inner)):
                    yield (*_steps(path, rule), *inner[:end]), NAME, 1
    for path, kind, rank in rule.further:
        yield _steps(path, rule), kind, rank
    for path in rule.sessions:
        yield _steps(path, rule), NAME, SESSION
    for path in rule.absent:
        yield _steps(path, rule), ABSENT, 0
    for path in rule.alone:
        yield _steps(path, rule), ALONE, 0
    for key in rule.within:
        yield (key.encode(),), ABSENT, 0
    for path in declaration.in_text:
        yield _steps(path, rule), IN_TEXT, 0
    for path in rule.bodies:
        yield _steps(path, rule), BODY, 0
    for path in rule.flat:
        yield _steps(path, rule), FLAT, 0
    if declaration.nested is not None:
        yield (declaration.nested.encode(),), ABSENT, 0


def _settled(places: Iterator[Place]) -> Iterator[Place]:
    """Yield each place once, without those inside of what is absent."""
    all_places = list(places)
    short = {path for path, _, rank in all_places if rank == SESSION}

    def ranked(path: tuple[Step, ...], kind: str, rank: int) -> Place:
        return path, kind, rank if kind != NAME else SESSION if path in short else 1

    given = list(dict.fromkeys(ranked(*place) for place in all_places))
    gone = {path for path, kind, _ in given if kind in {ABSENT, ALONE}}
    read = {path for path, kind, _ in given if kind != UNREAD}
    for path, kind, rank in given:
        inside = any(path[:end] in gone for end in range(1, len(path)))
        both = path in gone and kind not in {ABSENT, ALONE}
        if not inside and not both and not (kind == UNREAD and path in read):
            yield path, kind, rank


def several(paths: str | tuple[str, ...]) -> tuple[str, ...]:
    """Return the paths of what may be one path, or several."""
    return (paths,) if isinstance(paths, str) else paths


def _steps(path: str, rule: Plainly) -> tuple[Step, ...]:
    first, *rest = parse_path(path)
    start = rule.within.get(first, (first.encode(),))
    return (*start, *(key.encode() for key in rest))
