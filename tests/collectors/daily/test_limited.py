from __future__ import annotations

import threading
import time

import pytest

from leverwatch.collectors.daily.errors import TimedOut
from leverwatch.collectors.daily.limited import limited
from leverwatch.collectors.errors import SourceUnavailable


def never() -> bool:
    return False


def test_what_a_call_returns_or_raises_is_passed_on() -> None:
    later = time.monotonic() + 60

    assert limited(lambda: 7, place="source s", deadline=later, stopping=never) == 7
    with pytest.raises(ZeroDivisionError):
        limited(lambda: 1 / 0, place="source s", deadline=later, stopping=never)


def test_nobody_waits_beyond_the_limit_or_when_the_agent_stops() -> None:
    free = threading.Event()
    try:
        with pytest.raises(TimedOut, match=r"^source s: the answer was not complete"):
            limited(free.wait, place="source s", deadline=time.monotonic(), stopping=never)
        with pytest.raises(SourceUnavailable, match=r"^source s: ended early"):
            limited(free.wait, place="source s", deadline=time.monotonic() + 60, stopping=lambda: True)
    finally:
        free.set()
