"""When a run that did not fail is loud, and what it says."""

from __future__ import annotations

import pytest

from leverwatch.agent.scheduling.nothing_counted import Concern, concerns
from leverwatch.collectors.interface import Matched, Result

COUNTED, LOST, BAD = Result.COUNTED, Result.UNATTRIBUTED, Result.MISSING_FIELD
EVER = {COUNTED: 100}


@pytest.mark.parametrize(
    "read",
    [
        {},
        {Result.IGNORED: 9},
        {COUNTED: 1, BAD: 1},
        {Result.DUPLICATE: 1, BAD: 1},
        {Result.NOT_A_CALL: 5, Result.PART: 5, BAD: 9},
    ],
    ids=["nothing new", "blank lines", "half", "half of what was read again", "records that are no calls"],
)
def test_a_run_of_which_at_most_half_is_refused_is_quiet(read: dict[Result, int]) -> None:
    assert concerns(read, EVER, Matched(1)) == {}


def test_a_run_of_which_most_is_refused_or_names_no_system_says_how_much_and_why() -> None:
    found = concerns({COUNTED: 900, BAD: 1_200, LOST: 3, Result.IGNORED: 10_000}, EVER, None)

    assert found == {
        "most_refused": (
            "most of what this run read was refused or names no system, 1,203 of 2,103 records:"
            " 1,200 missing_field, 3 unattributed"
        )
    }


def test_a_run_of_which_all_is_refused_counts_for_nothing_and_is_told_once() -> None:
    assert concerns({BAD: 7}, EVER, None) == {
        "nothing_counted": "nothing that this run read could be counted: 7 missing_field"
    }


def test_what_matches_nothing_is_named_beside_what_else_is_wrong() -> None:
    assert concerns({}, {}, Matched(0, ("a/*.log", "bot: p/**"))) == {
        "nothing_counted": "nothing was found to count, now or before: do its paths or patterns match anything?",
        "matches_nothing": "nothing matches a/*.log, bot: p/**",
    }


def test_a_source_without_files_is_told_of_its_table() -> None:
    found = concerns({}, {}, None)[Concern.NOTHING_COUNTED]

    assert "do its settings name what is there?" in found
    assert "patterns" not in found
