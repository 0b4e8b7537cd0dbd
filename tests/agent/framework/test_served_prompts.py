"""Prompt changes are derived from how many calls each version served on each day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from leverwatch.agent.framework.model import PromptDivergence
from leverwatch.agent.framework.served_prompts import Served, divergence, divergence_as_of, served, told
from leverwatch.collectors.interface import OTHER_PROMPTS, ChangeKind

START = date(2031, 3, 3)
MODIFIED, REVERTED = ChangeKind.MODIFIED, ChangeKind.REVERTED


def on(number: int) -> date:
    return START + timedelta(days=number)


def changes(*days: dict[str, float]) -> dict[int, ChangeKind]:
    found = served({on(number): counts for number, counts in enumerate(days)})
    return {(day - START).days: kind for day, kind in found.changes.items()}


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        pytest.param([{"a": 900}, {"a": 900}], {}, id="one version is no change"),
        pytest.param([{"a": 900}, {"a": 400, "b": 500}, {"b": 900}], {1: MODIFIED}, id="a new version"),
        pytest.param(
            [{"a": 900}, {"a": 880, "b": 20}, {"b": 900}], {2: MODIFIED}, id="it began below a twentieth"
        ),
        pytest.param([{"a": 900}] + 4 * [{"a": 450, "b": 450}], {1: MODIFIED}, id="two side by side"),
        pytest.param([{"a": 450, "b": 450}] + 2 * [{"a": 900}], {}, id="the end of two side by side"),
        pytest.param([{"a": 900}, {"b": 900}, {"a": 900}], {1: MODIFIED, 2: REVERTED}, id="a rollback"),
        pytest.param(
            [{"a": 900}, {"a": 400, "b": 500}, {"a": 900}], {1: MODIFIED, 2: REVERTED}, id="taken back soon"
        ),
        pytest.param(
            [{"a": 900}, {"a": 400, "b": 500}, {"a": 5}], {1: MODIFIED}, id="a quiet day takes nothing back"
        ),
        pytest.param([{"a": 95, "b": 5}, {"a": 97, "b": 3}, {"a": 94, "b": 6}], {}, id="a share around the mark"),
        pytest.param([{"a": 90}, {"b": 5}, {"a": 5}], {1: MODIFIED}, id="a quiet day makes no version go"),
        pytest.param([{"a": 9}, {"a": 8, "b": 1}], {}, id="one call is no version"),
        pytest.param([{"a": 900}, {"a": 500, "b": 200, "c": 200}], {1: MODIFIED}, id="two new ones on a day"),
        pytest.param(
            [{"a": 900}, {"a": 20, OTHER_PROMPTS: 900}, {"a": 900}], {}, id="one of its own for each call"
        ),
    ],
)
def test_a_version_that_begins_to_serve_is_one_change(
    days: list[dict[str, float]], expected: dict[int, ChangeKind]
) -> None:
    assert changes(*days) == expected


def test_late_records_move_a_change_to_the_day_on_which_it_began() -> None:
    before = {on(0): {"a": 900.0}, on(1): {"a": 900.0}, on(2): {"b": 900.0}}
    after = before | {on(1): {"a": 900.0, "b": 300.0}}

    assert [*served(before).changes] == [on(2)]
    assert [*served(after).changes] == [on(1)]


def test_a_prompt_of_its_own_for_every_call_is_told_as_such() -> None:
    each = {f"v{number}": 1.0 for number in range(60)}

    assert served({on(0): each, on(1): {**each, OTHER_PROMPTS: 900.0}}) == Served(scattered=True)
    assert not served({on(0): each, on(1): {"a": 900.0}}).scattered


def test_without_any_call_nothing_is_known() -> None:
    assert served({}) == Served()


def both(landed: set[int], begun: set[int], as_of: int = 100) -> tuple[list[int], list[int]]:
    seen = Served(START, {on(number): MODIFIED for number in sorted(begun)})
    found = divergence(frozenset(map(on, landed)), START, seen, on(as_of))
    assert found is not None
    return [(day - START).days for day in found.never_served], [(day - START).days for day in found.never_landed]


def test_a_landing_that_serves_within_a_week_is_the_same_change() -> None:
    assert both({20, 40, 60}, {20, 47, 60}) == ([], [])


def test_a_landing_that_never_served_and_a_version_that_never_landed_are_found() -> None:
    assert both({20, 40}, {41, 70}) == ([20], [70])


def test_a_landing_is_given_a_week_to_serve() -> None:
    assert both({95}, set()) == ([], [])
    assert both({93}, set()) == ([93], [])


def test_what_was_not_seen_by_both_is_not_compared() -> None:
    seen = Served(on(30), {on(33): MODIFIED})

    assert divergence(frozenset({on(5)}), START, seen, on(100)) == PromptDivergence()
    assert divergence(frozenset(), None, seen, on(100)) is None
    assert divergence(frozenset({on(5)}), START, Served(), on(100)) is None


def test_an_earlier_day_knows_no_later_divergence() -> None:
    found = PromptDivergence((on(10), on(20)), (on(15), on(30)))

    assert divergence_as_of(found, on(17)) == PromptDivergence((on(10),), (on(15),))


def test_the_words_name_the_last_day_of_each() -> None:
    assert told(PromptDivergence()) == "prompt changes are taken from git, and records show the same ones"
    text = told(PromptDivergence((on(1),), (on(2), on(4))))
    assert "1 day with a landing that never served (the last one 2031-03-04)" in text
    assert "2 days on which a version began to serve that never landed (the last one 2031-03-07)" in text
