from __future__ import annotations

from collections.abc import Sequence

import pytest

from leverwatch.agent.framework.eval_trend import eval_gain
from leverwatch.collectors.interface import EvalResult
from tests.agent.framework.evals import result
from tests.agent.framework.facts import AS_OF


@pytest.mark.parametrize(
    ("results", "gain"),
    [
        ([], None),
        ([result(100, 150)], None),
        ([result(5, 150)], None),
        ([result(100, 150), result(5, 190)], True),
        ([result(100, 150), result(5, 152)], False),
        ([result(100, 190), result(5, 150)], False),
        ([result(100, 15, 20), result(5, 190)], None),
        ([result(100, 150, suite_hash="h2"), result(5, 190)], None),
        ([result(91, 150), result(90, 190)], True),
        ([result(182, 150), result(5, 190)], None),
        ([result(181, 150), result(5, 190)], True),
        ([result(100, 150), result(50, 199), result(5, 150)], False),
        ([result(120, 0), result(100, 150), result(5, 150)], False),
        ([result(100, 150), result(5, 150), result(100, 150, metric="tone"), result(5, 190, metric="tone")], True),
        ([result(100, 150), result(-1, 190)], None),
    ],
)
def test_a_gain_is_a_metric_that_got_better_over_thirteen_weeks(
    results: Sequence[EvalResult], gain: bool | None
) -> None:
    assert eval_gain(results, AS_OF) is gain
    assert eval_gain(results[::-1], AS_OF) is gain
