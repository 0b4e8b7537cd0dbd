"""A short run of the fuzzer; `make fuzz` is the long one."""

from __future__ import annotations

import pytest

from leverwatch.collectors.interface import Result
from tests.fuzz.followed import follow
from tests.fuzz.fuzz import available, run
from tests.fuzz.records import TEXTS


def test_every_format_has_a_record() -> None:
    assert set(available()) <= set(TEXTS)


@pytest.mark.parametrize("name", available())
def test_no_damaged_line_costs_its_neighbours_anything(name: str) -> None:
    report = run(name, 1500, seed=7)

    assert report.tallies[Result.COUNTED] >= report.neighbours == 1500 + -(-1500 // 40)
    assert report.tallies[Result.INVALID_LINE] > 100


@pytest.mark.parametrize("name", available())
def test_no_damaged_line_costs_its_neighbours_anything_in_a_file_that_is_followed(name: str) -> None:
    assert follow(name, 300, seed=7) == 301
