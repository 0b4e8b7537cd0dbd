"""Follows the landings of a branch and says what each one did to a system's prompts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

import msgspec
from msgspec.structs import replace

from leverwatch.collectors.interface import PromptChange
from leverwatch.collectors.prompts.history import (
    SystemHistory,
    Touched,
    apply_touched,
    most_telling,
    transition_digest,
)
from leverwatch.collectors.sources.git.log import Landing
from leverwatch.collectors.sources.git.mainline import Turn
from leverwatch.collectors.sources.git.occurrences import Occurrences, mark, renumber
from leverwatch.collectors.stored_state import Kind, same


class History(msgspec.Struct, forbid_unknown_fields=True):
    """The state after some landings that later runs go on from."""

    head: str
    """The newest commit that was applied."""
    settings: str
    """Digest of the settings that decide what is tracked and how it is compared."""
    systems: dict[str, SystemHistory]
    occurrences: Occurrences
    """Every occurrence of each content transition, by its digest: its number, and which landing it was."""
    reference: str
    """The full name of the branch; empty: not known."""
    turns: list[Turn]
    """The turns of the chain up to `head`, oldest first."""
    newest: int | None
    """The newest sound date of the chain in seconds since 1970; None: none, or not known."""
    misdated: list[str]
    """The landings whose wrong dates were reported."""
    unselected: dict[str, str]
    """What the last look at the whole history said of code that is read whole, by system."""

    @classmethod
    def begun(cls, head: str, settings: str, reference: str = "", turns: Iterable[Turn] = ()) -> History:
        """What is known before the first landing."""
        return cls(head, settings, {}, {}, reference, list(turns), newest=None, misdated=[], unselected={})


def _with_landings(body: bytes) -> bytes:
    """From version 1, which knew how often a transition occurred, and not in which landings."""
    before = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    if "occurrences" in before:
        counts = msgspec.json.decode(before["occurrences"], type=dict[str, Annotated[int, msgspec.Meta(ge=1)]])
        unknown = {digest: [(one, "") for one in range(1, count + 1)] for digest, count in counts.items()}
        before["occurrences"] = msgspec.Raw(msgspec.json.encode(unknown))
    added: dict[str, object] = {"reference": "", "turns": [], "newest": None, "misdated": []}
    return msgspec.json.encode({**before, **added})


def _with_unselected(body: bytes) -> bytes:
    """From version 2, which did not keep what was said of code: that is known again when all is read again."""
    before = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    return msgspec.json.encode({**before, "unselected": {}})


HISTORY: Kind[History] = Kind(
    name="history of the prompts",
    key="history",
    encode=msgspec.json.Encoder().encode,
    decode=msgspec.json.Decoder(History).decode,
    upgrades=(same, _with_landings, _with_unselected),
    is_json=True,
)


def apply_landing(
    history: History,
    landing: Landing,
    touched: Mapping[str, Iterable[Touched]],
    bulk_above: int,
) -> list[PromptChange]:
    """Apply one landing to `history`, and return at most one change per system, sorted by system.

    Args:
        history: changed in place; landings come oldest first.
        landing: against its first parent.
        touched: the prompts that it may have changed, by system.
        bulk_above: more prompts than this in one landing are bulk.
    """
    changes = []
    for name in sorted(touched):
        steps = apply_touched(history.systems.setdefault(name, SystemHistory({}, {})), touched[name])
        if not steps:
            continue
        digest = transition_digest(name, steps)
        known = history.occurrences.setdefault(digest, [])
        occurrence = known[-1][0] + 1 if known else 1
        known.append((occurrence, mark(landing.commit, landing.written)))
        changes.append(
            PromptChange(
                system=name,
                change_id=f"{digest}#{occurrence}",
                landed_at=landing.landed_at,
                kind=most_telling(steps),
                prompts=len(steps),
                bulk=len(steps) > bulk_above,
            )
        )
    return changes


def newly_counted(before: History | None, after: History) -> int:
    """Return how many changes of `after` are not in `before`, so that reading everything again counts none
    twice."""
    known = before.occurrences if before else {}
    return sum(max(0, len(all_) - len(known.get(digest, ()))) for digest, all_ in after.occurrences.items())


def keep_numbers(before: History, after: History, changes: Iterable[PromptChange]) -> list[PromptChange]:
    """Give the changes of a history that was read again the ids that they had, and return them.

    `after` is changed in place. A change keeps its id, and with it the day on which it first landed, by its
    commit; else, as one that was rebased, by its author date; else by its order.
    """
    numbers = {
        digest: renumber(before.occurrences.get(digest, []), all_) for digest, all_ in after.occurrences.items()
    }
    for digest, all_ in after.occurrences.items():
        after.occurrences[digest] = sorted((numbers[digest][number], which) for number, which in all_)
    kept = []
    for change in changes:
        digest, _, number = change.change_id.partition("#")
        kept.append(replace(change, change_id=f"{digest}#{numbers[digest][int(number)]}"))
    return kept
