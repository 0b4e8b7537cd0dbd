"""When a source is asked, and when again: a budget of questions, retries, and waits that the source asks for."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from leverwatch.collectors.daily.errors import BudgetSpent, Locked, RateLimited, TimedOut
from leverwatch.collectors.daily.window import LONGEST_SLICE, Days
from leverwatch.collectors.errors import SourceUnavailable

T = TypeVar("T")

_HOUR = 3600.0
_TICK = 0.1
_FIRST_WAIT = 1.0
_LONGEST_WAIT = 60.0
"""Seconds; a longer wait is left to a later run."""
LONGEST_PAUSE = 86_400.0
"""Seconds; no header silences a source for longer, whatever it says."""
TRIES = 3
_QUICK = 0.25
"""The share of the limit of time within which an answer is quick: twice as many days have room in it."""


class Asking:
    """Asks questions: at most so many an hour, each up to three times, none before the source wants to be asked.

    The clock counts seconds and never goes back; `sleep` waits for some of them. `chance` returns a number from 0
    to 1: no two agents that were refused together ask again together.
    """

    def __init__(
        self,
        an_hour: int,
        stopping: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._chance = chance
        self._an_hour, self._stopping, self._clock, self._sleep = an_hour, stopping, clock, sleep
        self._asked: deque[float] = deque()
        self._not_before = 0.0
        self.longest = LONGEST_SLICE
        """The most days that one question should be about, as far as answers in time tell."""

    @property
    def left(self) -> int:
        """How many more questions may be asked now."""
        while self._asked and self._asked[0] <= self._clock() - _HOUR:
            self._asked.popleft()
        return self._an_hour - len(self._asked)

    def spent(self) -> tuple[Sequence[float], float]:
        """Return how many seconds ago each question of the last hour was asked, oldest first, and for how many
        more the source wants none."""
        now = self._clock()
        return [now - asked for asked in self._asked if asked > now - _HOUR], max(self._not_before - now, 0.0)

    def resume(self, ago: Iterable[float], wait: float, longest: int = LONGEST_SLICE) -> None:
        """Take over what `spent` returned in another process, and how many days a question was about."""
        self.longest = longest
        now = self._clock()
        self._asked = deque(sorted([*(now - seconds for seconds in ago), *self._asked]))
        self._not_before = max(self._not_before, now + wait)

    def ask_for(self, days: Days, question: Callable[[Days], T], limit: float) -> T:
        """Return the answer to a question about some days; `limit` is how many seconds it may take.

        When it takes longer, later questions should be about half as many days, and about twice as many after one
        that was quick.

        Raises:
            CollectorError: as for `ask`.
        """
        started = self._clock()
        try:
            answer = self.ask(lambda: question(days))
        except Locked:
            raise
        except TimedOut as error:
            self.longest = max(min(self.longest, len(days)) // 2, 1)
            raise TimedOut(f"{error}; the next run asks for at most {self.longest} days at once") from None
        if len(days) >= self.longest and self._clock() - started < limit * _QUICK:
            self.longest = min(self.longest * 2, LONGEST_SLICE)
        return answer

    def ask(self, question: Callable[[], T]) -> T:
        """Return the answer to a question. One that takes too long is not asked again: a slow source would get
        slower.

        Raises:
            BudgetSpent: the budget was used up before it could be asked once.
            RateLimited: the source wants to be left alone for longer than a minute.
            CollectorError: what the question raised, the last time that it was asked.
        """
        wait = _FIRST_WAIT
        for again in range(TRIES):
            self._check()
            self._asked.append(self._clock())
            try:
                return question()
            except SourceUnavailable as error:
                asked_for = error.retry_after if isinstance(error, RateLimited) else None
                pause = wait if asked_for is None else asked_for
                if asked_for is not None:
                    self._not_before = self._clock() + asked_for
                too_long = isinstance(error, TimedOut) and not isinstance(error, Locked)
                if again == TRIES - 1 or too_long or pause > _LONGEST_WAIT or self._stopping():
                    raise
                if self.left <= 0:
                    # What is wrong is the source, and not the budget.
                    raise
                # Never earlier than it asks for, and around the growing waits of our own.
                self._pause(pause * (0.5 + self._chance() if asked_for is None else 1 + 0.1 * self._chance()))
                wait *= 4
        raise AssertionError  # the last try returns or raises

    def _check(self) -> None:
        early = self._not_before - self._clock()
        if early > 0:
            raise RateLimited(f"the source wants to be asked again in {early:.0f} s", early)
        if self.left <= 0:
            # With a smaller budget than before, more than one of them has to be an hour old.
            free = self._asked[len(self._asked) - self._an_hour] + _HOUR - self._clock()
            raise BudgetSpent(
                f"{self._an_hour} questions were asked within an hour (`queries_per_hour`);"
                f" the next one may be asked in {free:.0f} s",
                free,
            )

    def _pause(self, seconds: float) -> None:
        end = self._clock() + seconds
        while (left := end - self._clock()) > 0 and not self._stopping():
            self._sleep(min(left, _TICK))
