"""How much is asked for, and how much comes back, as numbers: not as times."""

from __future__ import annotations

import pytest

from tests.collectors.sources.prometheus.columns import Column
from tests.collectors.sources.prometheus.stored import calls, days, source

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("number", [1, 2])
def test_a_day_of_a_hundred_series_is_four_requests_and_a_hundred_kilobytes_at_most(
    number: int, server: str
) -> None:
    asked = source(server, metrics={"inferences": "fleet_total"}, system="{namespace}", model="model_name")

    answer = asked.ask(days(number, number))

    # Each series grows by two a second; the last sample of one is at most 300 s before midnight.
    assert calls(answer) == {("serving", number): 100 * 2 * 86_400}
    assert len(asked.asked) <= 4
    assert sum(size for _, size in asked.asked) <= 100_000
    assert answer.partial == frozenset()


def test_more_days_are_not_more_requests(server: str) -> None:
    asked = source(server, metrics={"inferences": "fleet_total"}, system="{namespace}")

    answer = asked.ask(days(1, 3))

    assert len(asked.asked) <= 4
    assert len(calls(answer)) == 3


def test_of_series_that_start_anew_only_the_hours_in_which_they_do_are_read(
    server: str, known: dict[str, Column]
) -> None:
    asked = source(server, metrics={"inferences": "calls_total"}, matching='case="resets"', system="{case}")

    asked.ask(days(1, 1))

    # Two starts are within one hour, and one in another; a whole day of samples is more than 100 kB.
    samples = [size for path, size in asked.asked if path == "api/v1/query"]
    assert len(samples) == 2
    assert sum(samples) < 12_000
    assert len(known["resets"].series[0].samples) / 4 * 20 > 100_000
