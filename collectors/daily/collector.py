"""Asks a source for its days and yields each answer as a batch that replaces them.

A source that is asked for whole days implements one method, `ask`. All else is the same for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, timedelta
from types import MappingProxyType
from typing import Protocol, runtime_checkable

from msgspec import Struct

from leverwatch.collectors.daily.account import ACCOUNT, Account, check_account, stored_account
from leverwatch.collectors.daily.answers import Answer, DayState, Known, Settled, settle
from leverwatch.collectors.daily.asking import Asking
from leverwatch.collectors.daily.config import DailyConfig
from leverwatch.collectors.daily.day_states import DaysKnown, days_known, state_of
from leverwatch.collectors.daily.errors import BudgetSpent, RateLimited
from leverwatch.collectors.daily.known_days import DAYS, load_known
from leverwatch.collectors.daily.spent import QUESTIONS, resume, spent_by
from leverwatch.collectors.daily.window import DAY, Days, Wanted, questions, slices
from leverwatch.collectors.errors import CollectorError, SourceWaits
from leverwatch.collectors.interface import (
    BackfillRequest,
    Batch,
    CollectorContext,
    Problem,
    Progress,
    Result,
    SourceState,
)

LOST, KEPT = "rows_lost", "rows_gone"
"""Reasons of problems with days that had rows and have none now."""
_OF_CALLS = frozenset(map(str, Result))
"""Reasons of problems that say of how many calls they are."""


NOTHING_STORED: Mapping[str, bytes] = MappingProxyType({})
_UNTOLD = "the source says nothing of it, not even that there was nothing; what was counted of it stays"
_KEPT = (
    "it had rows when it was last counted, and there are none now up to it: old rows seem to be deleted; what was"
    " counted stays"
)


class Trial(Struct, frozen=True):
    """What a source answers for one day, for somebody who looks whether it is set up right."""

    day: date
    state: DayState
    answer: Answer
    question: str
    """What the source is asked, as a person would ask it."""
    why: str = ""
    """What is known of a day without rows, in words; empty when it has some, or nothing is known of any day."""
    doubts: tuple[str, ...] = ()
    """Why the source may lack something although nothing fails, in words."""


@runtime_checkable
class Doubtful(Protocol):
    """A source that can leave something out without an error."""

    def doubts(self) -> Sequence[str]:
        """Return why something may be missing from its answers, in words."""
        ...


@runtime_checkable
class Trials(Protocol):
    """A source that can be asked for one day without counting it."""

    def trial(self, day: date, stored: Mapping[str, bytes] = NOTHING_STORED) -> Trial:
        """Return what the source answers for a day, given what it stores. Nothing of it is counted.

        Raises:
            CollectorError: there is no answer, or what is stored cannot be read.
        """
        ...


class Asked(Protocol):
    """A source that knows how much was used on a day."""

    @property
    def settings(self) -> str:
        """A digest of the settings that answers depend on: with other ones, every day is asked for again."""
        ...

    def ask(self, days: Days) -> Answer:
        """Return everything that the source has of some consecutive days.

        Raises:
            CollectorError: it has no whole answer; one of those of `collectors/daily/errors.py` where it fits.
        """
        ...

    def shown(self, days: Days) -> str:
        """Return the question for some days as a person would ask it, without secrets.

        Raises:
            CollectorError: it cannot be made without the source, which gives no answer.
        """
        ...


def wanted(config: DailyConfig, today: date, ended: date) -> Wanted:
    """Return the days that a source is asked for."""
    return Wanted(today, ended, lookback=config.lookback // DAY, history=config.history // DAY)


class DailyCollector:
    """A source that is asked for whole days."""

    def __init__(self, config: DailyConfig, context: CollectorContext, source: Asked) -> None:
        self._config, self._context, self._source = config, context, source
        self._asking = Asking(config.queries_per_hour, context.stopping)
        self._limit = config.timeout.total_seconds()
        self._resumed = self._set_back = False
        self._account = ""

    def collect(self, state: SourceState) -> Iterator[Batch]:
        """Yield the answers for the recent days, and then for those that have none yet, the newest first.

        A run that may ask no further question ends without an error when it had an answer, and the next one goes
        on.

        Raises:
            SourceWaits: it may ask no question now.
            CollectorError: as for `Asked.ask` and `load_known`.
        """
        known = self._load(state)
        at = self._wanted()
        yield from self._ask(questions(at, known.asked, self._asking.longest), known, at)

    def backfill(self, state: SourceState, history: BackfillRequest) -> Iterator[Batch]:
        """Yield the answers for the days of a range that are over, whether or not they had one, the newest first.

        Without a first day, the range begins where the history of the source does.

        Raises:
            SourceWaits: it may ask no question now.
            CollectorError: as for `Asked.ask` and `load_known`.
        """
        known = self._load(state)
        at = self._wanted()
        span = Days(history.since or at.all.first, min(history.until or at.ended, at.ended))
        yield from self._ask(list(slices(span, self._asking.longest)), known, at)

    def trial(self, day: date, stored: Mapping[str, bytes] = NOTHING_STORED) -> Trial:
        """Return what the source answers for a day, given what it stores, without counting it or using up a
        question.

        Raises:
            CollectorError: as for `Asked.ask` and `load_known`.
        """
        known = load_known(self._config.name, stored, self._source.settings)
        span, at = Days(day, day), self._wanted()
        answer = self._source.ask(span)
        check_account(
            self._config.name, answer.account, stored_account(self._config.name, stored, self._source.settings)
        )
        found = settle(span, answer, known, at)
        if found.kept and self._has_older(span, known, self._source.ask):
            found = settle(span, answer, known, at, has_older=True)
        state, why = state_of(day, found.known, at)
        if day in answer.filled:
            state, why = found.states[day], ""
        elif day in answer.untold:
            state, why = DayState.UNKNOWN, _UNTOLD
        elif day in found.kept:
            why = _KEPT
        elif not found.known.filled and day not in found.lost:
            why = ""
        doubts = tuple(self._source.doubts()) if isinstance(self._source, Doubtful) else ()
        return Trial(day, state, answer, self._source.shown(span), why, doubts)

    def days(self, stored: Mapping[str, bytes]) -> DaysKnown:
        """Return what is known of the days of the source, from what it stores.

        Raises:
            StateFromNewer, StateUnreadable: as for `load_known`.
        """
        known = load_known(self._config.name, stored, self._source.settings)
        return days_known(known, self._wanted(), self._config.queries_per_hour)

    def _load(self, state: SourceState) -> Known:
        stored = state.load()
        known = load_known(self._config.name, stored, self._source.settings)
        self._account = stored_account(self._config.name, stored, self._source.settings)
        if not self._resumed:
            self._set_back = resume(self._asking, self._config.name, stored, self._context.now())
            self._resumed = True
        return known

    def _wanted(self) -> Wanted:
        now = self._context.now().astimezone(UTC)
        return wanted(self._config, now.date(), (now - self._config.ready_after).date() - DAY)

    def _ask(self, asked: list[Days], known: Known, at: Wanted) -> Iterator[Batch]:
        total, done = sum(map(len, asked)), 0
        for number, days in enumerate(asked):
            left = self._asking.left
            try:
                answer = self._ask_for(days)
            except CollectorError as error:
                if self._asking.left < left or self._set_back:
                    # Times that are yet to come would be taken for now by each later process.
                    self._set_back = False
                    yield Batch(state=self._spent())
                if isinstance(error, RateLimited) and number > 0:
                    return
                if isinstance(error, BudgetSpent):
                    raise SourceWaits(self._waits(error.retry_after)) from None
                raise
            found = settle(days, answer, known, at)
            if found.kept and self._has_older(days, known, self._ask_for):
                found = settle(days, answer, known, at, has_older=True)
            known = found.known
            done += len(days)
            # A process that is killed while it waits for the next answer has asked all the same. The first one is
            # noted with its answer: by a note before it, two agents on one store would overtake each other.
            more = number + 1 < len(asked) and self._asking.left > 0
            yield self._batch(days, answer, found, Progress(done, total, "days"), self._spent(more=int(more)))

    def _waits(self, seconds: float) -> str:
        # Not before the minute that is told.
        at = self._context.now().astimezone(UTC) + timedelta(seconds=seconds + 59)
        return (
            f"its questions of this hour are used up ({self._config.queries_per_hour}, `queries_per_hour`); it"
            f" goes on at {at:%H:%M} UTC"
        )

    def _ask_for(self, days: Days) -> Answer:
        answer = self._asking.ask_for(days, self._source.ask, self._limit)
        check_account(self._config.name, answer.account, self._account)
        self._account = answer.account or self._account
        return answer

    def _has_older(self, days: Days, known: Known, ask: Callable[[Days], Answer]) -> bool:
        """Return whether the source still has rows of the time before some days, if it had any.

        That is as much time as one question is about.
        """
        before = Days(days.first - DAY * self._asking.longest, days.first - DAY)
        if not any(span.first <= before.last and span.last >= before.first for span in known.filled):
            return False
        try:
            return bool(ask(before).filled)
        except RateLimited:
            return False

    def _spent(self, *, more: int = 0) -> Mapping[str, bytes]:
        return {QUESTIONS.key: QUESTIONS.dumps(spent_by(self._asking, self._context.now(), more=more))}

    def _batch(
        self, days: Days, answer: Answer, found: Settled, progress: Progress, spent: Mapping[str, bytes]
    ) -> Batch:
        account: dict[str, bytes] = {}
        if self._account:
            account[ACCOUNT.key] = ACCOUNT.dumps(Account(self._source.settings, self._account))
        return Batch(
            state={DAYS.key: DAYS.dumps(found.known), **account, **spent},
            usage=answer.usage,
            tallies=answer.tallies,
            calls=answer.calls,
            unattributed=answer.unattributed,
            read=answer.rows,
            tier_counts=answer.tiers,
            prompt_counts=answer.prompts,
            billed=tuple(it for it in answer.billed if it.day in found.replaces),
            uncounted_tokens=tuple(it for it in answer.uncounted if it.day in found.replaces),
            newest_record=answer.newest,
            problems=(*(_of(days, *it) for it in answer.problems), *self._changes(found)),
            progress=progress,
            replaces=found.replaces,
        )

    def _changes(self, found: Settled) -> Iterator[Problem]:
        place = f"source {self._config.name}"
        for day in sorted(found.lost):
            yield Problem(f"{place}: {day}", LOST, "had rows and has none now; what was counted is taken back")
        if found.kept:
            detail = (
                f"{len(found.kept)} days up to {max(found.kept)} had rows, and there are none now up to then: old"
                " rows seem to be deleted; what was counted stays"
            )
            yield Problem(place, KEPT, detail)


def _of(days: Days, place: str, reason: str, detail: str) -> Problem:
    """Return a problem of an answer; what says of how many calls it is says of which days as well."""
    span = f"{days.first}" if days.first == days.last else f"{days.first} to {days.last}"
    return Problem(f"{place}: {span}" if reason in _OF_CALLS else place, reason, detail)
