"""Records of text over several lines: where they end, and what is made of their lines."""

from __future__ import annotations

import pytest

from leverwatch.collectors.records.framing.blocks import Blocks, plain_line

BLOCKS = Blocks("at ")
LOG = b"title\nat 1\nmodel: a\n\n---\nat 2\nmodel = b\n"


def test_lines_up_to_the_next_beginning_become_one() -> None:
    units = BLOCKS.split(LOG)

    assert units.units == [b"at 1 | model: a", b"at 2 | model: b"]
    assert (units.lines, units.starts, units.ignored) == ([1, 5], [6, 25], 1)


@pytest.mark.parametrize("end", range(len(LOG) + 1))
def test_a_record_is_whole_once_the_next_one_begins_however_it_is_cut(end: int) -> None:
    cut = BLOCKS.complete(LOG[:end], final=False)
    both = [*BLOCKS.split(LOG[:cut]).units, *BLOCKS.split(LOG[cut:]).units]

    assert both == BLOCKS.split(LOG).units
    assert BLOCKS.complete(LOG[:end], final=True) == end


def test_of_a_record_that_is_too_long_all_up_to_the_next_one_is_dropped() -> None:
    assert BLOCKS.skip(b"more\nand more\nat 3\n") == (14, True)
    assert BLOCKS.skip(b"more\nand mo") == (5, False)


@pytest.mark.parametrize(
    ("line", "plain"),
    [
        ("- **Model:** `a`", "Model: a"),
        ("=== 2026-03-10 ===", "2026-03-10"),
        ("Model      : a", "Model: a"),
        ('model = "a"', 'model: "a"'),
        ("-----", ""),
        ("### Call", "Call"),
        ("it is a=b", "it is a=b"),
    ],
)
def test_what_is_drawn_around_a_line_is_no_part_of_it(line: str, plain: str) -> None:
    assert plain_line(line) == plain
