"""Tables with a text at the end, in lines that fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.agent.cli.output import terminal_width, told_table

HEADER = ("SYSTEM", "A MONTH", "WHY")
WORDS = st.lists(st.text("abcdefg,.", min_size=1, max_size=12), min_size=1, max_size=60).map(" ".join)
ROWS = st.lists(st.tuples(st.text("abc", min_size=1, max_size=12), st.just("1.2M"), WORDS), max_size=5)
WHY = "1.2M inferences a month (28 of 28 days), below the hybrid threshold of 100M and of every other one"


@given(ROWS, st.integers(60, 250))
def test_no_line_is_longer_than_the_terminal_and_no_word_is_lost(
    rows: list[tuple[str, str, str]], width: int
) -> None:
    told = told_table(HEADER, rows, width)

    assert all(len(line) <= width for line in told.splitlines())
    kept = [word for line in told.splitlines()[1:] for word in line.split()]
    assert sorted(kept) == sorted(word for row in rows for cell in row for word in cell.split())


def test_the_text_is_beside_its_row_where_there_is_room_and_else_below_it() -> None:
    assert told_table(HEADER, [("desk", "1.2M", WHY)], 80).splitlines() == [
        "SYSTEM  A MONTH  WHY",
        "desk       1.2M  1.2M inferences a month (28 of 28 days), below the hybrid",
        "                 threshold of 100M and of every other one",
    ]
    long = "a-system-with-quite-a-long-name-that-fills-the-line"
    assert told_table(HEADER, [(long, "1.2M", WHY)], 80).splitlines()[1:] == [
        f"{long}     1.2M",
        "  1.2M inferences a month (28 of 28 days), below the hybrid threshold of 100M",
        "  and of every other one",
    ]


def test_a_name_in_a_text_cannot_make_lines_of_its_own() -> None:
    told = told_table(HEADER, [("desk", "1.2M", "seen in a\nsource  \u2028ok")], 80)

    assert told.splitlines()[1:] == ["desk       1.2M  seen in a source   ok"]


@pytest.mark.parametrize(("columns", "width"), [("132", 132), ("20", 60), ("0", 80), ("", 80)])
def test_lines_are_as_wide_as_the_terminal_says(columns: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    # Where the tests run there may be a terminal; what is captured here is none.
    monkeypatch.setattr("sys.__stdout__", None)

    assert terminal_width() == width
