"""Which mapped fields told nothing in any record that `check-source` read: their paths may match nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from leverwatch.agent.cli.output import count
from leverwatch.collectors.config import SourceConfig
from leverwatch.collectors.interface import UNKNOWN_MODEL, UsageRow
from leverwatch.collectors.records.field_specs import FieldSpec
from leverwatch.collectors.records.format_config import FieldMap

_UNKNOWN = {
    "input_tokens": "unknown_input",
    "cached_input_tokens": "unknown_cached",
    "output_tokens": "unknown_output",
    "cost_usd": "unpriced",
    "latency_ms": "unknown_latency",
}
"""What counts the calls that tell nothing of a field."""


def untold_paths(config: SourceConfig, usage: Sequence[UsageRow]) -> Mapping[str, tuple[str, ...]]:
    """Return the paths of every mapped field that no counted call tells, by field.

    Of a field whose unknown values are not counted apart nothing is said, nor where no call succeeded.
    """
    if not _calls(usage):
        return {}
    return {name: paths for name, paths in _mapped(config).items() if not _is_told(name, usage)}


def nothing_usable(config: SourceConfig, usage: Sequence[UsageRow]) -> bool:
    """Return whether no mapped field told anything: none with amounts; where there are none, not the model."""
    mapped, untold = _mapped(config), untold_paths(config, usage)
    of = mapped.keys() & _UNKNOWN.keys() or mapped.keys()
    return bool(of) and of <= untold.keys()


def untold_lines(untold: Mapping[str, tuple[str, ...]], usage: Sequence[UsageRow]) -> Iterator[str]:
    """Yield a line for each field that told nothing."""
    for name, paths in untold.items():
        where = " and ".join(f"`{path}`" for path in paths)
        yield (
            f"{name}: {where} told nothing in any of the {count(_calls(usage))} calls that were counted: is there"
            " such a path, and does it have a value?"
        )


def _calls(usage: Sequence[UsageRow]) -> float:
    return sum(row.inferences for row in usage)


def _is_told(name: str, usage: Sequence[UsageRow]) -> bool:
    if name == "model":
        return any(row.model != UNKNOWN_MODEL for row in usage)
    return any(row.inferences > getattr(row, _UNKNOWN[name]) for row in usage)


def _mapped(config: SourceConfig) -> dict[str, tuple[str, ...]]:
    fields = getattr(config, "fields", None) or getattr(getattr(config, "format", None), "fields", None)
    if not isinstance(fields, FieldMap):
        return {}
    found = {}
    for name, entry in fields.entries().items():
        spec = FieldSpec((entry,)) if isinstance(entry, str) else entry
        if spec.paths and (name == "model" or name in _UNKNOWN):
            found[name] = tuple(path.lstrip("+") for path in spec.paths)
    return found
