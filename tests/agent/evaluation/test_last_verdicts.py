"""What is kept of the last evaluation is what working it out again would give."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from leverwatch.agent.evaluation import last_verdicts
from leverwatch.agent.evaluation.last_verdicts import LastVerdicts
from leverwatch.agent.framework.holding import verdict_on
from leverwatch.agent.framework.model import Facts, Verdict
from leverwatch.agent.framework.timeline import Timeline
from tests.agent.framework.facts import AS_OF, SMALL, ago, constant, facts, verdict
from tests.agent.framework.test_assess_properties import ANY_FACTS

FEW = st.lists(ANY_FACTS, min_size=1, max_size=3)
SETTINGS = st.sampled_from([SMALL, replace(SMALL, dwell_days=3)])
STEPS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 3), SETTINGS), min_size=2, max_size=8
)


@given(FEW, FEW, STEPS)
def test_evaluations_in_any_order_give_what_each_alone_gives(
    seen: list[Facts], before: list[Facts], steps: list[tuple[int, int, int, object]]
) -> None:
    # Stored verdicts, of which one is of the same day and some do not know since when they stand.
    stored: list[Verdict | None] = [None]
    for one in before:
        found = verdict(replace(one, as_of=ago(1)))
        stored += [found, replace(found, as_of=AS_OF), replace(found, changed_on=None)]
    last = LastVerdicts()

    for at, age, which, settings in steps:
        of = seen[at % len(seen)]
        line = Timeline(replace(of, as_of=of.as_of - timedelta(days=age)))
        of_before = stored[(which + at) % len(stored)]
        assert last.of(line, settings, of_before) == verdict_on(line, line.facts, settings, of_before)  # type: ignore[arg-type]  # hypothesis loses the type


def test_a_verdict_is_worked_out_again_only_when_something_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Facts] = []

    def counted(line: Timeline, of: Facts, *rest: object) -> Verdict:
        asked.append(of)
        return verdict_on(line, of, *rest)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(last_verdicts, "verdict_on", counted)
    last, calm = LastVerdicts(), facts(constant(20_000.0, 60))
    grown = replace(calm, usage=replace(calm.usage, daily={**calm.usage.daily, ago(3): 20_001.0}))
    first = last.of(Timeline(calm), SMALL, None)
    # From the second evaluation of a day on, the stored verdict is of that day.
    last.of(Timeline(calm), SMALL, first)
    assert len(asked) == 2
    for stored in (first, replace(first, as_of=ago(1)), replace(first, reasons=())):
        assert last.of(Timeline(calm), SMALL, stored) == first
    assert len(asked) == 2

    last.of(Timeline(grown), SMALL, first)
    assert asked == [calm, calm, grown]

    last.keep(())
    last.of(Timeline(grown), SMALL, first)
    assert len(asked) == 4
