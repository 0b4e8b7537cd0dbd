"""What counting gives to be stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from msgspec import Struct

from leverwatch.collectors.interface import Batch, Problem, Progress, PromptCount, Result, TierCount, UsageRow


class Counted(Struct, frozen=True):
    """What was counted since the last drain."""

    usage: tuple[UsageRow, ...]
    tallies: dict[Result, int]
    days_seen: frozenset[date]
    newest_record: datetime | None
    problems: tuple[Problem, ...]
    state: dict[str, bytes | None]
    read: int
    """Records read, counted independently of their results."""
    unreadable: dict[str, int]
    """By field, values of counted records that are unknown because they cannot be read."""
    prompts: tuple[PromptCount, ...] = ()
    tiers: tuple[TierCount, ...] = ()
    unattributed: dict[str, int] = {}
    """As in `Batch`."""

    def batch(self, changes: Mapping[str, bytes | None], problems: Iterable[Problem], progress: Progress) -> Batch:
        """Return what one transaction writes: all of this, with what else changed in the state of the source."""
        return Batch(
            state={**self.state, **changes},
            usage=self.usage,
            prompt_counts=self.prompts,
            tier_counts=self.tiers,
            tallies=self.tallies,
            unreadable=self.unreadable,
            unattributed=self.unattributed,
            read=self.read,
            days_seen=self.days_seen,
            newest_record=self.newest_record,
            problems=(*self.problems, *problems),
            progress=progress,
        )
