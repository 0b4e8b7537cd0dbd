"""What counting gives to be stored."""

from __future__ import annotations

from datetime import date, datetime

from msgspec import Struct

from leverwatch.collectors.interface import Problem, PromptCount, Result, TierCount, UsageRow


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
