"""Samples are few and the newest, and no number is lost between two lines."""

from __future__ import annotations

from leverwatch.agent.scheduling.problem_log import MOST_SAMPLES, ProblemLog
from leverwatch.collectors.interface import UNREADABLE_VALUE, Batch, Problem, Result


def bad(place: str, count: int = 1, reason: Result = Result.MISSING_FIELD) -> Batch:
    return Batch({}, tallies={reason: count, Result.COUNTED: 9}, problems=(Problem(place, reason, "no time"),))


def test_samples_are_the_newest_few_places_of_each_reason() -> None:
    log = ProblemLog()
    for number in range(5):
        log.add(bad(f"a:{number}"))
        log.add(bad("b:1", reason=Result.BAD_TIME))

    assert MOST_SAMPLES == 3
    assert [(it.reason, it.place) for it in log.samples] == [
        (Result.BAD_TIME, "b:1"),
        *((Result.MISSING_FIELD, f"a:{number}") for number in (2, 3, 4)),
    ]


def test_what_comes_without_a_place_counts_with_the_next_line_of_its_reason() -> None:
    log = ProblemLog()
    log.add(bad("a:1", 4))
    assert [(it.problem.place, it.count) for it in log.due(0)] == [("a:1", 4)]
    log.add(Batch({}, tallies={Result.MISSING_FIELD: 30, Result.DUPLICATE: 5}))
    log.add(bad("a:9", 2))

    assert list(log.due(3599)) == []
    assert [(it.problem.place, it.count) for it in log.due(3600)] == [("a:9", 32)]
    assert list(log.due(9999)) == []


def test_values_that_cannot_be_read_are_one_reason() -> None:
    log = ProblemLog()
    problem = Problem("a:1", UNREADABLE_VALUE, "cost_usd: negative")
    counts = {"cost_usd": 3, "latency_ms": 4}
    log.add(Batch({}, tallies={Result.COUNTED: 9}, unreadable=counts, problems=(problem,)))

    assert [(it.problem, it.count) for it in log.due(0)] == [(problem, 7)]


def test_the_same_remark_is_said_once_with_how_often_it_came_up() -> None:
    log = ProblemLog()
    same, other = (Problem("source a", "unlisted_models", text) for text in ("name them", "name others"))
    for problems in ((same,), (same, other), (same,)):
        log.add(Batch({}, problems=problems))

    assert [(it.problem, it.count) for it in log.due(0)] == [(same, 3), (other, 1)]
    assert list(log.due(0)) == []
