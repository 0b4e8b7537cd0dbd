from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.sources.bucket.keys import matcher, parse_pattern
from leverwatch.collectors.sources.bucket.prefixes import holds, opened

DAYS = st.dates(date(2001, 1, 1), date(2999, 12, 31))
TEMPLATES = (
    "logs/{%Y/%m/%d}/",
    "{%Y-%m-%d}",
    "a/year={%Y}/month={%m}/day={%d}/",
    "x{%Y%m%d}.log.",
    "{%d}/{%m}-{%Y}/",
    "{%Y/%j}/",
)


def written(template: str) -> str:
    return template.replace("{%", "{date:%")


@given(st.sampled_from(TEMPLATES), DAYS, st.integers(-400, 400), st.text("abc/.-_0123", min_size=1, max_size=9))
def test_a_key_is_of_its_day_and_of_no_other(template: str, day: date, other: int, rest: str) -> None:
    pattern = parse_pattern(f"{written(template)}**")
    key = day.strftime(template.replace("{", "").replace("}", "")) + rest

    assert key.startswith(pattern.prefix(day))
    assert matcher((pattern.text,), day).fullmatch(key)
    if other and date(2001, 1, 1) <= day + timedelta(days=other) <= date(2999, 12, 31):
        assert not key.startswith(pattern.prefix(day + timedelta(days=other)))


GLOBS = [
    ("a/*.json", "a/b.json", True), ("a/*.json", "a/b/c.json", False), ("a/**/*.json", "a/b.json", True),
    ("a/**/*.json", "a/b/c/d.json", True), ("a/**", "a/b/c", True), ("a/", "a/b/c", True), ("a/?", "a/b", True),
    ("a/?", "a//", False), ("a/[bc]", "a/c", True), ("a/[!bc]", "a/c", False), ("a/[!bc]", "a/d", True),
    ("a/b+(c).json", "a/b+(c).json", True), ("a/b+(c).json", "a/bb(c).json", False),
    ("h/{date:%Y/%m/%d/%H}/*", "h/2026/03/10/23/x", True), ("h/{date:%Y/%m/%d/%H}/*", "h/2026/03/10/99/x", False),
]  # fmt: skip


@pytest.mark.parametrize(("glob", "key", "matches"), GLOBS)
def test_a_glob_matches_as_one_of_files_does(glob: str, key: str, matches: bool) -> None:
    pattern = parse_pattern(glob)

    assert (matcher((pattern.text,), date(2026, 3, 10)).fullmatch(key) is not None) is matches


@given(st.lists(st.sets(st.integers(1, 60), max_size=20), max_size=5))
def test_ranges_of_days_hold_every_day_that_was_opened_and_no_other(steps: list[set[int]]) -> None:
    days: tuple[tuple[int, int], ...] = ()
    for step in steps:
        days = opened(days, step)

    assert {day for day in range(70) if holds(days, day)} == set().union(*steps)
    assert all(one[1] + 1 < other[0] for one, other in pairwise(days))
