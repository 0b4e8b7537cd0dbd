"""Facts as of past days, derived from the facts of a later day by leaving out what came after."""

from __future__ import annotations

from datetime import date

from msgspec import Struct, field
from msgspec.structs import replace

from leverwatch.agent.framework.model import Facts, PromptFacts
from leverwatch.agent.framework.served_prompts import Served, prompt_facts

OVERLAP_DAYS = 28
"""Usage is doubtful while one of so many trailing days was counted by several sources."""


class Timeline(Struct, frozen=True):
    """The facts as of one day, with everything needed to derive those of any earlier day."""

    facts: Facts
    overlapping_days: frozenset[date] = frozenset()
    """Days on which several counting sources held inferences."""
    landed: PromptFacts | None = None
    """What git alone tells of the prompts; None: `facts` have nothing else."""
    seen: Served = field(default_factory=Served)
    """What traffic shows of them."""


def is_overlapping(overlapping_days: frozenset[date], as_of: date) -> bool:
    """Whether one of the trailing 28 days may be counted twice."""
    return any(0 <= (as_of - day).days < OVERLAP_DAYS for day in overlapping_days)


def facts_as_of(timeline: Timeline, day: date) -> Facts | None:
    """The facts at the end of an earlier day; None when nothing was known or declared of the system by then.

    The declaration is always the present one, as earlier ones are not kept; a review date after `day` is left out.
    """
    facts = timeline.facts
    daily = {on: count for on, count in facts.usage.daily.items() if on <= day}
    landed = facts.prompts if timeline.landed is None else timeline.landed
    first = landed.first_change
    landed = replace(
        landed,
        first_change=first if first is not None and first <= day else None,
        active_days=frozenset(on for on in landed.active_days if on <= day),
    )
    prompts = prompt_facts(landed, timeline.seen.as_of(day), day)
    declaration = facts.declaration
    if declaration is None and not daily and prompts.first_change is None:
        return None
    if declaration is not None and declaration.reviewed is not None and declaration.reviewed > day:
        declaration = replace(declaration, reviewed=None)
    alive = facts.usage.alive_until
    return replace(
        facts,
        as_of=day,
        usage=replace(
            facts.usage,
            daily=daily,
            overlapping=is_overlapping(timeline.overlapping_days, day),
            alive_until=alive and min(alive, day),
            incomplete={on: again for on, again in facts.usage.incomplete.items() if again <= day},
        ),
        prompts=prompts,
        declaration=declaration,
    )
