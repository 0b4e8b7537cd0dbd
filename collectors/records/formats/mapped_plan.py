"""Says how the compiled helper counts the plain records of a field map that has more than single paths."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from leverwatch.collectors.records.field_rows import FieldRows
from leverwatch.collectors.records.field_specs import WHOLE_FIELDS, WHOLE_OF, FieldSpec
from leverwatch.collectors.records.field_values import BOUNDED, PER_MILLISECOND, TEXT
from leverwatch.collectors.records.fields import FIELD_INDEX, parse_path
from leverwatch.collectors.records.formats.interface import Parsed
from leverwatch.collectors.records.formats.plain import ADDS, NAME, Place, Plan

_MOST_PATHS = ADDS - 1


def plan_of(fields: FieldRows, template: Sequence[str], read: Callable[[Sequence[bytes]], Parsed]) -> Plan | None:
    """Return what the helper needs; None when a field is beyond it: Python then reads every record."""
    if not is_plain(fields):
        return None
    places = tuple(places_of(fields, template, _steps))
    return Plan(places, read, fields.has_extended, latency_in=latency_in(fields))


def is_plain(fields: FieldRows) -> bool:
    """Return whether the helper can read every field of a map."""
    if fields.tells_failed or not all(_is_plain(name, spec) for name, spec in fields.rich.items()):
        return False
    return not any(len(spec.paths) > 1 for spec in fields.rich.values() if spec.is_beside)


def latency_in(fields: FieldRows) -> float:
    """Return what the latency is divided by."""
    latency = fields.rich.get("latency_ms", FieldSpec())
    return 1.0 if latency.unit is None else PER_MILLISECOND[latency.unit]


def _is_plain(name: str, spec: FieldSpec) -> bool:
    """Whether the helper reads a field itself, or only compares what its value is made of."""
    if (
        spec.session is not None
        or spec.total is not None
        or spec.written is not None
        or spec.form is not None
        or len(spec.paths) > _MOST_PATHS
    ):
        return False
    if name == "time":
        return spec.unit is None and not spec.is_sum
    if name in {"trace_id", "inferences"}:  # whose blanks and fractions are values to the helper
        return False
    if name in BOUNDED:
        if spec.unit == TEXT or (name == "cost_usd" and spec.unit is not None):
            return False
        return spec.constant is None and (not spec.is_sum or name in WHOLE_FIELDS)
    return True


def places_of(
    fields: FieldRows, template: Sequence[str], steps: Callable[[str], tuple[bytes, ...]]
) -> Iterator[Place]:
    """Yield every path of a map, of which `steps` gives the keys, with what is there."""
    for name in FIELD_INDEX:
        spec = fields.rich.get(name, FieldSpec())
        paths = (fields.plain[name],) if name in fields.plain else spec.paths
        reads = name in BOUNDED or name in {"time", "request_id", "trace_id"}
        for rank, path in enumerate(paths):
            added = spec.is_sum and rank > 0
            yield steps(path), name if reads else NAME, (ADDS if added else rank) if reads else 0
        if spec.is_beside:
            yield steps(paths[0]), WHOLE_OF[name], ADDS
    for path in template:
        yield steps(path), NAME, 0


def _steps(path: str) -> tuple[bytes, ...]:
    return tuple(key.encode() for key in parse_path(path))
