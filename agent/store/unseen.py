"""Says why a system has no usage at all, from what is configured and what became of records. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from leverwatch.agent.store.source_life import name_of
from leverwatch.collectors.interface import Result

_MOST_SOURCES = 3
"""How many sources are named."""


def why_unseen(
    system: str,
    counting: Mapping[str, frozenset[str]],
    records: Mapping[str, Mapping[Result, int]],
    names: Collection[str],
    open_: Collection[str] = (),
) -> str:
    """Return the reason in words, without numbers, so that it stays the same while nothing else changes.

    Args:
        system: a system without usage.
        counting: the sources that count usage, each with the systems that it feeds; none: its records name them.
        records: the records of each source by result, since the store exists.
        names: the systems that have usage.
        open_: those of the sources whose records may name other systems as well.
    """
    feeding = sorted(source for source, systems in counting.items() if system in systems)
    naming = sorted(source for source, systems in counting.items() if not systems or source in open_)
    if not feeding and not naming:
        return "no source counts this system" + _meant(system, names)
    parts = [_state(source, records, named=not feeding) for source in feeding or naming]
    more = len(parts) - _MOST_SOURCES
    shown = [*parts[:_MOST_SOURCES], *([f"and {more} more source{'' if more == 1 else 's'}"] if more > 0 else [])]
    return "; ".join(shown) + ("" if feeding else _meant(system, names))


def _state(source: str, records: Mapping[str, Mapping[Result, int]], *, named: bool) -> str:
    # Whichever agent decides, and whatever the part is called that it reads itself, the reason is the same.
    source = name_of(source)
    found: Counter[Result] = Counter()
    for name, results in records.items():
        if name_of(name) == source:
            found.update(results)
    read = {result for result, number in found.items() if number > 0 and result is not Result.IGNORED}
    if not read:
        return f"source {source} has found nothing to read"
    if Result.COUNTED not in read:
        return f"nothing that source {source} read could be counted ({', '.join(sorted(map(str, read)))})"
    if named:
        return f"no record that source {source} counted names it"
    return f"what source {source} counted is of other systems"


def _meant(system: str, names: Collection[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(system, sorted(set(names) - {system}), n=1, cutoff=0.8)
    return f'; did you mean "{near[0]}"?' if near else ""
