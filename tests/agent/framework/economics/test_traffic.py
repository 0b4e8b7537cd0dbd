from __future__ import annotations

from datetime import timedelta

from leverwatch.agent.framework.economics.traffic import Calls, DayCalls, traffic_moments
from tests.agent.framework.economics.cases import DAY, calls, days


def test_four_weeks_end_at_the_newest_day() -> None:
    rows = [DayCalls(day, calls(float(age), "m")) for age, day in enumerate(days(40))]
    moments = traffic_moments(rows, days(40), DAY)
    sums = [block.calls[0].inferences for block in moments.blocks]
    assert sums == [sum(range(21, 28)), sum(range(14, 21)), sum(range(7, 14)), sum(range(7))]
    assert [block.covered for block in moments.blocks] == [7, 7, 7, 7]


def test_models_are_kept_apart_and_rows_of_one_day_add_up() -> None:
    rows = [DayCalls(DAY, calls(1.0, "b")), DayCalls(DAY, calls(2.0, "a")), DayCalls(DAY, calls(3.0, "b"))]
    moments = traffic_moments(rows, days(), DAY)
    assert [(part.model, part.inferences) for part in moments.blocks[-1].calls] == [("a", 2.0), ("b", 4.0)]
    assert moments.models == ("a", "b")
    assert moments.total().inferences == 6.0


def test_a_covered_day_without_rows_is_a_true_zero_and_any_other_is_unknown() -> None:
    covered = [day for day in days() if day < DAY - timedelta(days=3)]
    moments = traffic_moments([DayCalls(DAY, calls(9.0))], covered, DAY)
    assert [block.covered for block in moments.blocks] == [7, 7, 7, 3]
    assert moments.total().inferences == 0.0


def test_a_week_without_a_covered_day_is_left_out() -> None:
    assert len(traffic_moments([], days(14), DAY).blocks) == 2
    assert traffic_moments([], [], DAY).blocks == ()


def test_every_sum_is_added() -> None:
    one = Calls("m", *(float(number) for number in range(1, 14)))
    assert one.plus(one) == Calls("m", *(2.0 * number for number in range(1, 14)))
