from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from leverwatch.collectors.daily.asking import Asking
from leverwatch.collectors.daily.errors import CredentialsRefused, Locked, RateLimited, TimedOut, Unreachable
from leverwatch.collectors.daily.window import Days
from leverwatch.collectors.errors import CollectorError


class Clock:
    """A clock that only goes on while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def asking(
    clock: Clock, an_hour: int = 100, stopping: Callable[[], bool] = lambda: False, chance: float = 0.5
) -> Asking:
    return Asking(an_hour, stopping, clock, clock.sleep, lambda: chance)


def failing(*errors: CollectorError) -> Callable[[], str]:
    left = list(errors)

    def question() -> str:
        if left:
            raise left.pop(0)
        return "answer"

    return question


def test_a_question_is_asked_once_when_it_has_an_answer(clock: Clock) -> None:
    asked = asking(clock)

    assert asked.ask(failing()) == "answer"
    assert asked.left == 99
    assert clock.now == 1000.0


def test_a_source_that_cannot_be_reached_is_asked_three_times_with_longer_waits(clock: Clock) -> None:
    assert asking(clock).ask(failing(Unreachable("a"), Locked("b"))) == "answer"
    assert clock.now == pytest.approx(1000 + 1 + 4)

    with pytest.raises(Unreachable, match="third"):
        asking(clock).ask(failing(Unreachable("first"), Unreachable("second"), Unreachable("third")))


def test_what_a_person_has_to_mend_is_not_tried_again(clock: Clock) -> None:
    asked = asking(clock)

    with pytest.raises(CredentialsRefused):
        asked.ask(failing(CredentialsRefused("no")))

    assert asked.left == 99
    assert clock.now == 1000.0


def test_a_source_that_asks_for_a_pause_gets_it(clock: Clock) -> None:
    assert asking(clock).ask(failing(RateLimited("slow down", 30))) == "answer"
    assert clock.now == pytest.approx(1031.5)


@pytest.mark.parametrize(("chance", "own", "told"), [(0.0, 0.5 + 2, 30), (0.5, 1 + 4, 31.5), (1.0, 1.5 + 6, 33)])
def test_waits_differ_by_chance_and_are_never_shorter_than_the_source_asks_for(
    clock: Clock, chance: float, own: float, told: float
) -> None:
    asking(clock, chance=chance).ask(failing(Unreachable("a"), Unreachable("b")))
    assert clock.now == pytest.approx(1000 + own)

    clock.now = 1000.0
    asking(clock, chance=chance).ask(failing(RateLimited("slow down", 30)))
    assert clock.now == pytest.approx(1000 + told)


def test_a_minute_that_a_source_asks_for_is_waited_for_whatever_chance_adds(clock: Clock) -> None:
    assert asking(clock, chance=1.0).ask(failing(RateLimited("slow down", 60))) == "answer"


def test_a_smaller_budget_than_before_waits_until_enough_questions_are_an_hour_old(clock: Clock) -> None:
    asked = asking(clock, an_hour=2)
    asked.resume([3000, 2000, 1000], wait=0)

    with pytest.raises(RateLimited, match="in 1600 s"):
        asked.ask(failing())
    clock.now += 1601
    assert asked.ask(failing()) == "answer"


def test_a_long_pause_is_left_to_a_later_run_and_nothing_is_asked_before_its_end(clock: Clock) -> None:
    asked = asking(clock)
    with pytest.raises(RateLimited, match="slow down"):
        asked.ask(failing(RateLimited("slow down", 600)))

    with pytest.raises(RateLimited, match=r"again in 600 s"):
        asked.ask(failing())
    clock.now += 601
    assert asked.ask(failing()) == "answer"


def test_no_more_questions_are_asked_than_an_hour_may_have(clock: Clock) -> None:
    asked = asking(clock, an_hour=2)
    asked.ask(failing())
    clock.now += 1800
    asked.ask(failing())

    with pytest.raises(RateLimited, match=r"2 questions were asked within an hour .* in 1800 s") as caught:
        asked.ask(failing())
    assert caught.value.retry_after == 1800
    clock.now += 1801
    assert asked.ask(failing()) == "answer"


def test_tries_are_questions_too(clock: Clock) -> None:
    asked = asking(clock, an_hour=2)

    with pytest.raises(Unreachable, match="b"):
        asked.ask(failing(Unreachable("a"), Unreachable("b"), Unreachable("c")))
    assert asked.left == 0


def test_a_wait_ends_when_the_agent_stops(clock: Clock) -> None:
    asked = asking(clock, stopping=lambda: clock.now >= 1000.5)

    with pytest.raises(Unreachable):
        asked.ask(failing(*[Unreachable("a")] * 3))
    assert clock.now < 1002


def test_a_question_that_takes_too_long_is_not_asked_again(clock: Clock) -> None:
    asked = asking(clock)

    with pytest.raises(TimedOut):
        asked.ask(failing(TimedOut("slow")))

    assert asked.left == 99
    assert clock.now == 1000.0


def test_after_a_question_that_takes_too_long_others_are_about_half_as_many_days(clock: Clock) -> None:
    asked = asking(clock)
    month, day = Days(date(2026, 11, 1), date(2026, 11, 28)), Days(date(2026, 11, 1), date(2026, 11, 1))

    def slow(_: Days) -> str:
        raise TimedOut("slow")

    def locked(_: Days) -> str:
        raise Locked("locked")

    with pytest.raises(TimedOut, match="slow; the next run asks for at most 14 days at once"):
        asked.ask_for(month, slow, 60)
    with pytest.raises(Locked):
        asked.ask_for(month, locked, 60)
    assert asked.longest == 14
    with pytest.raises(TimedOut, match="at most 1 days"):
        asked.ask_for(day, slow, 60)


def test_quick_answers_make_questions_longer_again(clock: Clock) -> None:
    asked = asking(clock)
    asked.resume([], 0.0, longest=7)
    week, day = Days(date(2026, 11, 1), date(2026, 11, 7)), Days(date(2026, 11, 1), date(2026, 11, 1))

    def answer_after(seconds: float) -> Callable[[Days], None]:
        return lambda _: clock.sleep(seconds)

    asked.ask_for(week, answer_after(20), 60)
    asked.ask_for(day, answer_after(1), 60)
    assert asked.longest == 7
    asked.ask_for(week, answer_after(10), 60)
    assert asked.longest == 14
