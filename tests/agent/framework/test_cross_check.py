from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import pytest

from leverwatch.agent.framework.cross_check import CrossCheck, CrossCheckSettings, Divergence, cross_check

MONDAY = date(2026, 3, 2)
DEFAULTS = CrossCheckSettings()


def day(offset: int) -> date:
    return MONDAY + timedelta(days=offset)


def by_day(numbers: Sequence[float]) -> Mapping[date, float]:
    return {day(offset): number for offset, number in enumerate(numbers)}


def compared(
    gateway: Sequence[float],
    database: Sequence[float],
    whole: Sequence[int] | None = None,
    settings: CrossCheckSettings = DEFAULTS,
) -> CrossCheck:
    days = [day(offset) for offset in (range(len(gateway)) if whole is None else whole)]
    return cross_check("gateway", ["database"], (by_day(gateway), by_day(database)), days, settings)


def test_the_days_that_differ_up_to_the_newest_are_said_with_both_sums() -> None:
    found = compared([1000, 1000, 1020, 1030], [1000, 995, 970, 960])

    assert found.source == "gateway"
    assert found.authoritative == ("database",)
    assert found.divergence == Divergence(since=day(2), days=2, compared=2050, authoritative=1930)


@pytest.mark.parametrize(
    ("gateway", "database", "why"),
    [
        ([1000, 1019], [1000, 1000], "within the tolerance"),
        ([1500, 1000], [1000, 1000], "they agree again"),
        ([1000, 1500], [1000, 1000], "one day may still get late rows"),
        ([10, 9, 10, 8], [7, 7, 8, 6], "three calls of a small system"),
        ([0, 0, 0], [0, 0, 0], "idle"),
        ([], [], "no day is known to both"),
    ],
)
def test_numbers_that_are_no_divergence(gateway: Sequence[float], database: Sequence[float], why: str) -> None:
    assert compared(gateway, database).divergence is None, why


def test_a_newest_day_that_differs_is_not_said_to_agree() -> None:
    on = f"on {day(1)}, the newest day that both know whole"

    assert compared([1000, 1500], [1000, 1000]).text == (
        f"gateway says 1.5K, database says 1K {on}; `cross_checks` allows that"
    )
    assert compared([1500, 1000], [1000, 1000]).text == f"gateway agrees with database {on}"


def test_a_small_system_that_differs_for_long_diverges_in_the_end() -> None:
    few = compared([9] * 24, [5] * 24)
    many = compared([9] * 25, [5] * 25)

    assert few.divergence is None
    assert many.divergence == Divergence(since=day(0), days=25, compared=225, authoritative=125)


def test_a_day_that_one_of_both_does_not_know_is_not_looked_at() -> None:
    found = compared([1000, 900, 0, 900], [1000, 1000, 1000, 1000], whole=[0, 1, 3])

    assert [one.day for one in found.days] == [day(0), day(1), day(3)]
    assert found.divergence == Divergence(since=day(1), days=2, compared=1800, authoritative=2000)


def test_an_idle_day_in_between_ends_no_divergence_and_starts_none() -> None:
    found = compared([1000, 0, 900, 0, 900, 0], [1000, 0, 1000, 0, 1000, 0])

    assert found.divergence == Divergence(since=day(2), days=2, compared=1800, authoritative=2000)


def test_days_that_differ_to_both_sides_diverge_although_their_sums_agree() -> None:
    found = compared([900, 1100, 900, 1100], [1000, 1000, 1000, 1000])

    assert found.divergence == Divergence(since=day(0), days=4, compared=4000, authoritative=4000)


def test_a_source_that_sees_nothing_on_days_that_it_knows_diverges() -> None:
    assert compared([0, 0], [400, 400]).divergence == Divergence(day(0), 2, 0, 800)


def test_the_settings_say_what_a_divergence_is() -> None:
    numbers = ([104, 104, 104], [100, 100, 100])

    assert compared(*numbers).divergence is None
    assert compared(*numbers, settings=CrossCheckSettings(least_inferences=12)).divergence is not None
    assert compared(*numbers, settings=CrossCheckSettings(0.04, 12)).divergence is None
    assert compared(*numbers, settings=CrossCheckSettings(least_inferences=12, days=4)).divergence is None
