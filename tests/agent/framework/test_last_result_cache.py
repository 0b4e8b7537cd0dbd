from __future__ import annotations

from leverwatch.agent.framework.last_result_cache import LastResultCache


def test_equal_facts_are_worked_out_once_and_changed_ones_again() -> None:
    asked: list[int] = []

    def work(given: int) -> str:
        asked.append(given)
        return str(given)

    memo = LastResultCache(work)
    questions = [("a", 1), ("a", 1), ("b", 1), ("a", 2), ("a", 1)]
    assert [memo.ask(*question) for question in questions] == list("11121")
    assert asked == [1, 1, 2, 1]


def test_systems_that_are_gone_are_forgotten() -> None:
    asked: list[int] = []
    memo = LastResultCache(asked.append)
    for system in ("a", "b"):
        memo.ask(system, 7)
    memo.keep({"b"})
    for system in ("a", "b"):
        memo.ask(system, 7)
    assert asked == [7, 7, 7]


def test_only_the_mark_of_what_was_given_is_compared() -> None:
    asked: list[str] = []

    def work(given: str) -> str:
        asked.append(given)
        return given.upper()

    memo = LastResultCache(work, len)

    assert [memo.ask("bot", given) for given in ("a", "b", "cc")] == ["A", "A", "CC"]
    assert asked == ["a", "cc"]
