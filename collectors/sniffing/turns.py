"""Takes turns for the number of calls of records that are too large for one. Pure."""

from __future__ import annotations

from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.invariants.amounts import with_beside
from leverwatch.collectors.sniffing.invariants.sizes import READS, WRITES
from leverwatch.collectors.sniffing.name_words import words_of
from leverwatch.collectors.sniffing.presummed import names_steps


def set_turns(draft: Draft) -> None:
    """Map a number of turns as that of calls: where every record has more tokens than a model takes in one call,
    and none has in as many calls as it says."""
    if "inferences" in draft.paths:
        return
    taken, given = with_beside(draft, "input_tokens"), with_beside(draft, "output_tokens")
    sizes = {at: (taken.get(at, 0), given.get(at, 0)) for at in {*taken, *given}}
    if len(sizes) < len(draft.columns) or not all(map(_is_large, sizes.values())):
        return
    for path in sorted(filter(names_steps, draft.columns.of), key=lambda it: len(words_of(it[-1]))):
        counts = draft.columns.of[path].counts
        told = draft.is_free(path) and counts.keys() == sizes.keys() and min(counts.values()) > 1
        if not told or any(_is_large((sizes[at][0] / it, sizes[at][1] / it)) for at, it in counts.items()):
            continue
        own = f"inferences: each record counts as one call, and {draft.spell(path)} is"
        draft.notes[:] = [it for it in draft.notes if not it.startswith(own)]
        draft.set("inferences", draft.spell(path), path)
        draft.doubt(
            "inferences",
            f"all {len(sizes)} records have more tokens than a model takes in one call, and stand for as many"
            f" calls as {draft.spell(path)} says, {sum(counts.values()):,.0f} in the sample; were these turns of"
            " people, there could be more calls",
        )
        return


def _is_large(size: tuple[float, float]) -> bool:
    return size[0] > READS or size[1] > WRITES
