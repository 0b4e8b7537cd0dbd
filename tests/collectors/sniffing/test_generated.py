"""What a user gets who trusts `sniff`, of sixty logs in styles that it was not made for.

`python -m tests.collectors.sniffing.generated --show` prints the whole table, and what sniff said.
"""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest

from .generated.all_styles import STYLES
from .generated.comparing import differences
from .generated.judge import DOUBT, EXACT, EXPECTED_DOUBT, REFUSED, Judgement, doubts_in, judge
from .generated.style import Truth

FINE = (EXACT, EXPECTED_DOUBT)
HONEST = (*FINE, DOUBT, REFUSED)

AT_LEAST_FINE = 58
KNOWN_FAULTS: dict[str, str] = {}
"""What is still counted wrong without a doubt, and why. Whoever mends one takes it out here."""
LONG = ("line-breaks-in-quotes", "column-added-later", "header-again-and-again", "german-sheet", "us-sheet")


@pytest.fixture(scope="module")
def judgements(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> list[Judgement]:
    """What became of each log."""
    return [judge(style, tmp_path_factory.mktemp("log"), migrated_file) for style in STYLES]


def test_there_are_sixty_styles_that_are_written_the_same_each_time() -> None:
    assert len({style.name for style in STYLES}) == len(STYLES) == 60
    assert all(style.log() == style.log() for style in STYLES)


def test_no_generated_log_is_silently_wrong_but_those_that_are_known(judgements: list[Judgement]) -> None:
    wrong = {one.style.name: (one.verdict, one.wrong) for one in judgements if one.verdict not in HONEST}
    assert wrong.keys() == KNOWN_FAULTS.keys(), wrong


def test_most_generated_logs_are_exact_or_doubted_where_nobody_could_tell(judgements: list[Judgement]) -> None:
    others = {one.style.name: (one.verdict, one.wrong) for one in judgements if one.verdict not in FINE}
    assert len(others) <= 60 - AT_LEAST_FINE, others


def test_a_long_table_is_not_read_silently_wrong_either(
    tmp_path_factory: pytest.TempPathFactory, migrated_file: Path
) -> None:
    for style in STYLES:
        if style.name in LONG:
            one = judge(replace(style, number=1500), tmp_path_factory.mktemp("long"), migrated_file)
            assert one.verdict in HONEST, one


def _true() -> Truth:
    return next(style for style in STYLES if style.name == "edge-gateway-export").log()[1]


def test_the_judge_sees_what_differs() -> None:
    true = _true()
    assert differences(true, true) == {}
    assert "calls" in differences(dict(list(true.items())[1:]), true)
    key, cell = next(iter(true.items()))
    for name in ("input", "output", "cost", "ms"):
        changed = deepcopy(true)
        changed[key].sums[name] += 1
        assert list(differences(changed, true)) == [name]
    moved = {(("2026-10-01", *at[1:]) if at == key else at): what for at, what in true.items()}
    assert "day" in differences(moved, true)
    failed = deepcopy(true)
    failed[key].calls += cell.errors + 1
    failed[key].errors = 0
    assert "calls" in differences(failed, true)


def test_failed_calls_that_count_as_successes_are_one_difference() -> None:
    true = _true()
    key = next(key for key, cell in true.items() if cell.errors)
    changed = deepcopy(true)
    changed[key].calls += changed[key].errors
    changed[key].errors = 0
    assert list(differences(changed, true)) == ["errors"]


def test_a_doubt_is_a_comment_or_a_question() -> None:
    said = "log: jsonl\n\nSource:\n  - name: x\n    # time: has no zone\nIs it UTC?\n"
    assert Counter(doubts_in(said)) == Counter(["# time: has no zone", "Is it UTC?"])
