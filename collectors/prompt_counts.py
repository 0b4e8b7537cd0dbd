"""The calls of each version of a prompt, with a bound on the number of versions. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date

from leverwatch.collectors.counted_fields import COLUMN_INDEX
from leverwatch.collectors.interface import MOST_PROMPTS, OTHER_PROMPTS, Operation, PromptCount

_INFERENCES = COLUMN_INDEX["inferences"]
Cells = Mapping[tuple[str, str, Operation, str, date], list[float]]


def heaviest(by_prompt: Mapping[str, Cells]) -> tuple[PromptCount, ...]:
    """Return the generations of each version, by system and day: those of the heaviest versions, and the sum of
    the others. Counts that are taken back weigh as much as others."""
    counts: dict[tuple[str, date], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for version, cells in by_prompt.items():
        for (system, _, operation, _, day), cell in cells.items():
            if operation is Operation.GENERATION and cell[_INFERENCES]:
                counts[system, day][version] += cell[_INFERENCES]
    return tuple(
        PromptCount(system, day, version, number)
        for (system, day), versions in counts.items()
        for version, number in bounded(versions).items()
        if number
    )


def bounded(versions: Mapping[str, float]) -> dict[str, float]:
    """Return the counts of one day with at most `MOST_PROMPTS` versions, and the sum of the others."""
    own = {version: number for version, number in versions.items() if version != OTHER_PROMPTS}
    if len(own) <= MOST_PROMPTS:
        return dict(versions)
    kept = sorted(own, key=lambda version: (-abs(own[version]), version))[:MOST_PROMPTS]
    found = {version: own[version] for version in kept}
    return found | {OTHER_PROMPTS: sum(versions.values()) - sum(found.values())}
