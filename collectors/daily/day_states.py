"""What is known of each day of a source that is asked for days, with why, from what it stores. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import groupby
from typing import Protocol, runtime_checkable

from msgspec import Struct

from leverwatch.collectors.daily.answers import DayState, Gone, Known
from leverwatch.collectors.daily.window import Days, Wanted, questions, without


class Told(Struct, frozen=True):
    """Consecutive days that are in the same state for the same reason."""

    days: Days
    state: DayState
    why: str
    """The evidence, in words."""


class DaysKnown(Struct, frozen=True):
    """What is known of the days that a source is asked for."""

    told: tuple[Told, ...]
    """The newest days first."""
    answered: int
    """Days of the history that have an answer which says what they are."""
    history: int
    """Days of the history."""
    open_questions: int
    """Questions that are still to be asked for the rest."""
    questions_per_hour: int

    def counts(self) -> Mapping[DayState, int]:
        """Return the number of days of each state."""
        return {state: sum(len(one.days) for one in self.told if one.state is state) for state in DayState}

    def progress(self) -> str:
        """Return how far the history is read: `37 of 90 days, about 2 h at 60 questions an hour`."""
        text = f"{self.answered} of {self.history} days"
        if not self.open_questions:
            return text
        hours = self.open_questions / self.questions_per_hour
        long = "less than 1 h" if hours < 1 else f"about {hours:.0f} h"
        return f"{text}, {long} at {self.questions_per_hour:,} questions an hour"


@runtime_checkable
class TellsDays(Protocol):
    """A source that is asked for days, and knows what of them is known."""

    def days(self, stored: Mapping[str, bytes]) -> DaysKnown:
        """Return what is known of its days, from what the source stores.

        Raises:
            StateFromNewer, StateUnreadable: as for `load_known`.
        """
        ...


_WHY = {
    "asked": "it is over, and its rows are counted",
    "today": "it is not over; its rows until now are counted",
    "open": "it has rows, and is not known to be whole: it was not over when it was last asked for, the source"
    " said that something is missing, or the settings changed",
    "idle": "it has no row, and there are rows before and after it: nobody asked for anything",
    "before": "it has no row, and none before it: the records may begin later",
    "nothing": "no question was answered with a row yet",
    "never": "it was not asked for yet",
    "after": "it has no row, and none after it: it may be idle, or rows may still come; it is asked for again",
}


def whole(day: date, known: Known) -> bool:
    """Return whether a day is known as a whole: complete, or a true zero."""
    return any(day in span for span in known.asked) and not any(day in span for span in known.bare)


def state_of(day: date, known: Known, wanted: Wanted) -> tuple[DayState, str]:
    """Return the state of a day, and the evidence in words."""
    newest = known.filled[-1].last if known.filled else None
    asked = any(day in span for span in known.asked)
    if any(day in span for span in known.filled):
        if asked:
            return DayState.COMPLETE, _WHY["asked"]
        return DayState.PARTIAL, _WHY["today" if day > wanted.ended else "open"]
    if any(day in span for span in known.bare):
        state, why = DayState.UNKNOWN, "before"
    elif asked:
        state, why = DayState.EMPTY, "idle"
    elif newest is None:
        state, why = DayState.UNKNOWN, "nothing"
    else:
        state, why = DayState.UNKNOWN, "after" if day > newest else "never"
    gone = next((it for it in known.gone if it.day == day), None)
    return state, _WHY[why] if gone is None else _gone(gone)


def _gone(day: Gone) -> str:
    had = "calls that an older version counted" if day.calls is None else f"{day.calls:,.0f} calls"
    if day.calls == 1:
        had = "1 call"
    return f"its rows are gone: it had {had}, which are taken back; that was noticed on {day.noticed}"


def days_known(known: Known, wanted: Wanted, queries_per_hour: int) -> DaysKnown:
    """Return the state of every day that a source is asked for, and the present one, from what it stores."""
    days = Days(wanted.all.first, wanted.today)
    told = [
        Told(span, state, why) for (state, why), span in _runs((day, state_of(day, known, wanted)) for day in days)
    ]
    open_days = without([wanted.all], known.asked)
    return DaysKnown(
        told=tuple(reversed(told)),
        answered=len(wanted.all) - sum(map(len, open_days)),
        history=len(wanted.all),
        open_questions=sum(1 for one in questions(wanted, known.asked) if one.last < wanted.recent.first),
        questions_per_hour=queries_per_hour,
    )


def _runs(states: Iterable[tuple[date, tuple[DayState, str]]]) -> Iterable[tuple[tuple[DayState, str], Days]]:
    for state, group in groupby(states, key=lambda pair: pair[1]):
        days = [day for day, _ in group]
        yield state, Days(days[0], days[-1])


def lines(found: DaysKnown, limit: int = 20) -> list[str]:
    """Return the states with their evidence, one line for each span of days, the newest first."""
    shown = [
        f"{one.days} ({len(one.days)} day{'' if len(one.days) == 1 else 's'}): {one.state}: {one.why}"
        for one in found.told[:limit]
    ]
    more = len(found.told) - len(shown)
    return [*shown, f"and {more} more spans of days"] if more > 0 else shown
