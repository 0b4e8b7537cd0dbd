"""Lines that others can cause are few, and none of those that are left out is forgotten."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from leverwatch.agent.limited_log import LimitedLog, lines_left_out


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_flood_is_a_few_lines_and_later_one_that_says_how_many_were_left_out() -> None:
    clock = Clock()
    log = LimitedLog(structlog.get_logger(), clock)
    before = lines_left_out.counts().get("flood", 0)
    with structlog.testing.capture_logs() as logged:
        for number in range(100):
            log.info("flood", number=number)
        assert [entry["number"] for entry in logged] == [0, 1, 2, 3, 4]
        clock.now += 10
        log.info("flood", number=100)
        log.info("flood", number=101)

    assert logged[5:] == [{"event": "flood", "log_level": "info", "left_out": 95, "number": 100}]
    assert lines_left_out.counts()["flood"] - before == 96


def test_one_event_leaves_the_turns_of_another_alone() -> None:
    log = LimitedLog(structlog.get_logger(), Clock())
    with structlog.testing.capture_logs() as logged:
        for _ in range(50):
            log.warning("often")
        log.warning("seldom")

    assert [entry["event"] for entry in logged] == ["often"] * 5 + ["seldom"]
