"""Times within other signs, by a format that begins or ends with a star."""

from __future__ import annotations

import pytest

from leverwatch.collectors.records.field_values import NO_TIME, form_fault, time_reader

READ = [
    ("run_%Y%m%dT%H%M%SZ_*", "run_20260514T083011Z_9c1e", "2026-05-14T08:30:11"),
    ("*-%Y-%m-%d_%H-%M-%S", "nightly-a-2026-05-14_08-30-11", "2026-05-14T08:30:11"),
    ("*%Y%m%d%H%M%S%z*", "x7/20260514083011+0200.json", "2026-05-14T08:30:11+02:00"),
    ("%d.%m.%Y*", "14.05.2026, at noon", "2026-05-14T00:00:00"),
]


@pytest.mark.parametrize(("form", "text", "time"), READ)
def test_a_star_stands_for_whatever_is_around_a_time(form: str, text: str, time: str) -> None:
    assert form_fault(form) is None
    assert time_reader(form, None)(text) == time


@pytest.mark.parametrize(
    "text", ["run_20261314T083011Z_9c1e", "run_20260514T0830_9c1e", "walk_20260514T083011Z_9c1e", "run_"]
)
def test_what_has_no_such_time_inside_is_a_bad_time(text: str) -> None:
    assert time_reader("run_%Y%m%dT%H%M%SZ_*", None)(text) == NO_TIME


def test_figures_beside_a_time_are_those_of_another_number() -> None:
    assert time_reader("*%Y%m%d*", None)("1234567890123") == NO_TIME


@pytest.mark.parametrize("form", ["*%b %d %Y", "%A*", "*%H:%M:%S"])
def test_a_format_with_a_star_is_refused_where_it_has_words_or_no_day(form: str) -> None:
    assert form_fault(form) is not None
