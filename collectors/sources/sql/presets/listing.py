"""The table of all presets, as the documentation has it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from leverwatch.collectors.sources.sql.presets.interface import Preset

_HEADER = ("| `preset` | Reads | Database | `system`, or others | Cannot tell |", "|---|---|---|---|---|")


def listed(presets: Iterable[Preset]) -> Iterator[str]:
    """Yield the lines of a table of presets."""
    yield from _HEADER
    for it in presets:
        reads = ", ".join(f"`{name}`" for name in ([it.table] if it.table else it.tables))
        cells = (
            f"`{it.name}`",
            f"{reads} of {it.producer} ({it.versions})",
            ", ".join(it.engines),
            "; ".join(_systems(it)),
            ", ".join(it.cannot),
        )
        yield f"| {' | '.join(cells)} |"


def _systems(preset: Preset) -> Iterator[str]:
    yield f"`{preset.system}`" if preset.system else "to be set"
    yield from (f"{what}: `{template}`" for what, template in preset.systems.items())
