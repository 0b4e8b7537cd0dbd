"""Prompt changes are derived from how many calls each version served on each day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from leverwatch.agent.framework.model import PromptDivergence, PromptFacts, PromptOrigin
from leverwatch.agent.framework.served_prompts import Served, divergence, prompt_facts, served, told
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

    found = served({on(0): each, on(1): {**each, OTHER_PROMPTS: 900.0}})
    assert found.scattered
    assert (found.first_day, found.changes) == (None, {})
    assert not served({on(0): each, on(1): {"a": 900.0}}).scattered


def test_without_any_call_nothing_is_known() -> None:
    assert served({}) == Served()


EVERY_DAY = tuple(on(number) for number in range(120))


def both(landed: set[int], begun: set[int], as_of: int = 100) -> tuple[list[int], list[int]]:
    seen = Served(START, {on(number): MODIFIED for number in sorted(begun)}, EVERY_DAY)
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
    seen = Served(on(30), {on(33): MODIFIED}, EVERY_DAY)

    assert divergence(frozenset({on(5)}), START, seen, on(100)) == PromptDivergence()
    assert divergence(frozenset(), None, seen, on(100)) is None
    assert divergence(frozenset({on(5)}), START, Served(), on(100)) is None


def test_a_week_in_which_no_call_tells_its_version_says_nothing_of_a_landing() -> None:
    silent = Served(START, {}, (on(0), on(10), on(29)))
    filled_in = Served(START, {}, EVERY_DAY, frozenset(EVERY_DAY[11:29]))

    for seen in (silent, filled_in):
        landed = frozenset({on(12), on(25)})
        assert divergence(landed, START, seen, on(100)) == PromptDivergence((on(25),))


def test_what_an_earlier_day_knew_is_what_its_records_alone_tell() -> None:
    each = {f"v{number}": 1.0 for number in range(60)}
    days = {
        on(number): counts
        for number, counts in enumerate(
            [{"a": 1.0}, {"a": 9.0}, {"b": 900.0}, *5 * [each], {"a": 900.0}, {"c": 9.0}]
        )
    }

    for number in range(-1, len(days)):
        known = {day: counts for day, counts in days.items() if day <= on(number)}
        assert served(days).as_of(on(number)) == served(known)


def test_traffic_counts_where_no_source_tracks_the_prompts_and_is_compared_elsewhere() -> None:
    seen = Served(START, {on(40): MODIFIED}, EVERY_DAY)
    landed = PromptFacts(True, START, frozenset({on(20)}))

    alone = prompt_facts(PromptFacts(), seen, on(100))
    assert alone == PromptFacts(True, START, frozenset({on(40)}), PromptOrigin.TRAFFIC)
    compared = prompt_facts(landed, seen, on(100))
    assert compared == replace(landed, divergence=PromptDivergence((on(20),), (on(40),)))
    assert prompt_facts(landed, Served(), on(100)) == landed


def test_the_words_name_the_last_day_of_each() -> None:
    assert told(PromptDivergence()) == "prompt changes are taken from git, and records show the same ones"
    text = told(PromptDivergence((on(1),), (on(2), on(4))))
    assert "1 day with a landing that never served (the last one 2031-03-04)" in text
    assert "2 days on which a version began to serve that never landed (the last one 2031-03-07)" in text
