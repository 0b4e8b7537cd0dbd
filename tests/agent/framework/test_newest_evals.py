from __future__ import annotations

from leverwatch.agent.framework.newest_evals import MOST, newest_evals
from tests.agent.framework.evals import TUNED, result


def test_the_newest_result_of_each_model_suite_and_metric_is_shown_first() -> None:
    old, new = result(9), result(2)
    tuned, tone = result(1, model=TUNED), result(5, metric="tone")

    assert newest_evals([new, old, tone, tuned]) == (tuned, new, tone)


def test_no_more_results_are_shown_than_the_bound() -> None:
    assert len(newest_evals([result(1, metric=str(number)) for number in range(MOST + 1)])) == MOST
