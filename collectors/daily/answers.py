"""What a source answers for some days, and what is known of each of them afterwards. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum

from msgspec import Struct, field

from leverwatch.collectors.billed import BilledAmount, UncountedTokens
from leverwatch.collectors.daily.window import Days, Wanted, joined, spans_of, without
from leverwatch.collectors.interface import PromptCount, Result, TierCount, UsageRow


class Answer(Struct, frozen=True):
    """What a source has of some days."""

    usage: tuple[UsageRow, ...]
    """All of it: a later answer for the same days takes its place."""
    filled: frozenset[date]
    """The days with at least one row, whatever became of it."""
    tallies: Mapping[Result, int] = field(default_factory=dict)
    """Rows that were moved here, by result."""
    tiers: tuple[TierCount, ...] = ()
    prompts: tuple[PromptCount, ...] = ()
    partial: frozenset[date] = frozenset()
    """Days of which the source itself says that something is still missing."""
    untold: frozenset[date] = frozenset()
    """Days of which the source says nothing, not even that there was nothing: what was counted of them stays."""
    newest: datetime | None = None
    """The time of the newest record, as far as the source tells."""
    problems: tuple[tuple[str, str, str], ...] = ()
    """Place, reason and detail of what could not be counted; never a value."""
    calls: Mapping[Result, int] = field(default_factory=dict)
    """The calls that the rows stand for, by result; empty when each stands for one."""
    unattributed: Mapping[str, int] = field(default_factory=dict)
    """As in `Batch`."""
    billed: tuple[BilledAmount, ...] = ()
    """What the provider bills for these days."""
    uncounted: tuple[UncountedTokens, ...] = ()
    """Tokens of calls whose number the source does not tell."""
    account: str = ""
    """A digest of who answered, as in `collectors/daily/account.py`; empty: the source does not say."""

    @property
    def rows(self) -> int:
        """The rows that were moved here."""
        return sum(self.tallies.values())


class DayState(StrEnum):
    """What is known of a day."""

    COMPLETE = "complete"
    """It is over, and its rows are counted; late ones may still change it."""
    PARTIAL = "partial"
    """It is not over, or the source says that something is missing."""
    EMPTY = "empty"
    """A true zero: it has no row, and there are rows before and after it."""
    UNKNOWN = "unknown"
    """It has no row, and none before it or none after it: nobody may have written any."""


class Gone(Struct, frozen=True):
    """A day that had rows and lost all of them; what was counted of it was taken back."""

    day: date
    calls: float | None
    """How many calls it had; None when an older version counted it, which did not note that."""
    noticed: date
    """The UTC day on which the answer came that has none of its rows."""


class Known(Struct, frozen=True):
    """What earlier answers said."""

    asked: tuple[Days, ...] = ()
    """Days that are over and have an answer that says what they are."""
    filled: tuple[Days, ...] = ()
    """Days that had rows when they were last counted."""
    bare: tuple[Days, ...] = ()
    """Days that had none and are unknown, as there were no rows before them."""
    settings: str = ""
    """A digest of the settings that the answers depend on."""
    counted: Mapping[date, float] = field(default_factory=dict)
    """The calls of days that had rows when they were last counted, as far as that was noted."""
    gone: tuple[Gone, ...] = ()
    """Days that lost all of their rows, oldest first."""


class Settled(Struct, frozen=True):
    """What an answer says of each day, and what is known then."""

    states: Mapping[date, DayState]
    """Of the days that were asked for, and of earlier ones about which nothing was known."""
    replaces: frozenset[date]
    """The days whose stored counts are replaced."""
    lost: frozenset[date]
    """Days that had rows and have none now; their counts are taken back."""
    kept: frozenset[date]
    """Days that had rows, and before which there are none now: they are gone with all older ones, as when old rows
    are deleted. What was counted stays."""
    known: Known


def settle(days: Days, answer: Answer, before: Known, wanted: Wanted, *, has_older: bool = False) -> Settled:
    """Return what an answer for some days says, given what was known before.

    `has_older`: the source was seen to have rows of days before these, so that none was deleted for its age.
    """
    untold = {day for day in answer.untold if day in days} - answer.filled
    had = {day for span in before.filled for day in span if day in days}
    stays = frozenset(had & untold)
    had -= untold
    first_now = min(answer.filled, default=None)
    missing = had - answer.filled
    kept = frozenset(day for day in missing if not has_older and (first_now is None or day < first_now))
    lost = frozenset(missing - kept)
    filled = joined([*without(before.filled, [days]), *spans_of(answer.filled), *spans_of(kept | stays)])
    oldest = filled[0].first if filled else None
    newest = filled[-1].last if filled else None

    def of(day: date) -> DayState:
        if day in answer.filled:
            unfinished = day > wanted.ended or day in answer.partial
            return DayState.PARTIAL if unfinished else DayState.COMPLETE
        if day not in untold and oldest is not None and newest is not None and oldest < day < newest:
            return DayState.EMPTY
        return DayState.UNKNOWN

    states = {day: of(day) for day in days if day not in kept}
    states |= {day: DayState.EMPTY for span in before.bare for day in span if of(day) is DayState.EMPTY}
    replaces = frozenset(day for day, state in states.items() if state is not DayState.UNKNOWN) | lost
    silent = [day for day, state in states.items() if state is DayState.UNKNOWN and day not in untold]
    leading = [day for day in silent if _is_before(day, oldest)]
    # A day after the last row is asked for again: what says whether it was idle comes later.
    answered = [
        day
        for day, state in states.items()
        if day <= wanted.ended and state in (DayState.COMPLETE, DayState.EMPTY)
    ]
    held = {day for span in filled for day in span}
    calls = {day: number for day, number in before.counted.items() if day in held} | _calls(answer)
    gone = {it.day: it for it in before.gone if it.day not in held}
    gone |= {day: Gone(day, before.counted.get(day), wanted.today) for day in lost}
    known = Known(
        asked=joined([*before.asked, *spans_of([*answered, *leading, *kept])]),
        filled=filled,
        bare=joined([*without(before.bare, spans_of(states)), *spans_of(leading)]),
        settings=before.settings,
        counted=calls,
        gone=tuple(gone[day] for day in sorted(gone)),
    )
    return Settled(states, replaces, lost, kept, known)


def _calls(answer: Answer) -> dict[date, float]:
    found = dict.fromkeys(answer.filled, 0.0)
    for row in answer.usage:
        if row.day in found:
            found[row.day] += row.inferences
    return found


def _is_before(day: date, oldest: date | None) -> bool:
    return oldest is not None and day < oldest
