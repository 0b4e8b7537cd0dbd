from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pytest

from leverwatch.agent.framework.locked_in import (
    LockedIn,
    LockedInCode,
    OutputChecks,
    Standing,
    Support,
    SupportEvidence,
    locked_in_support,
)
from leverwatch.agent.framework.mistakes import LockedInSettings
from leverwatch.agent.framework.model import PromptFacts
from leverwatch.collectors.interface import EvalResult
from tests.agent.framework.evals import result
from tests.agent.framework.facts import AS_OF, UNWATCHED, ago

CHANGED = PromptFacts(True, ago(300), frozenset({ago(age) for age in (5, 15, 25, 35)}))
DECLARED = ("JSON schema v3",)


def checks(
    invalid: float, *, mode: float | None = 100.0, days: int = 14, checked: float = 100.0
) -> dict[date, OutputChecks]:
    known = 0.0 if mode is None else 100.0
    return {ago(age): OutputChecks(checked, invalid, known, mode or 0.0) for age in range(days)}


def judged(
    declared: Sequence[str] = (),
    outputs: Mapping[date, OutputChecks] | None = None,
    results: Sequence[EvalResult] = (),
    prompts: PromptFacts = UNWATCHED,
    **settings: Any,
) -> LockedIn:
    return locked_in_support(AS_OF, declared, outputs or {}, results, prompts, LockedInSettings(**settings))


def evidence(found: LockedIn, support: Support) -> SupportEvidence:
    return next(item for item in found.evidence if item.support is support)


def scores(*passed: int, metric: str = "format", **changes: Any) -> list[EvalResult]:
    """Results of 40, 30, 20, ... days ago, between which `CHANGED` has its changes."""
    return [result(40 - 10 * index, number, metric=metric, **changes) for index, number in enumerate(passed)]


def test_where_nothing_was_measured_only_the_declaration_speaks() -> None:
    assert judged().standing is Standing.UNMEASURED
    assert judged(DECLARED).standing is Standing.DECLARED_UNMEASURED
    assert [item.support for item in judged().evidence] == list(Support)
    assert all(item.active is None for item in judged().evidence)


def test_failures_with_a_schema_mode_on_support_the_need() -> None:
    found = judged(outputs=checks(3))

    assert evidence(found, Support.VALIDATION_FAILURES) == SupportEvidence(
        Support.VALIDATION_FAILURES,
        active=True,
        value=0.03,
        threshold=0.02,
        unit="share",
        text="3.0% of 1,400 checked outputs failed validation in 14 days (threshold 2%), schema mode on in 100% "
        "of calls",
    )
    assert found.standing is Standing.SUPPORTED_UNDECLARED
    assert [advice.code for advice in found.advice] == [LockedInCode.CONSIDER_DECLARING]
    assert judged(DECLARED, checks(3)).standing is Standing.DECLARED_SUPPORTED
    assert judged(DECLARED, checks(3)).advice == ()


def test_failures_without_a_schema_mode_call_for_one_first() -> None:
    found = judged(outputs=checks(14, mode=0.0))

    assert evidence(found, Support.VALIDATION_FAILURES).active is False
    assert found.standing is Standing.NOT_SUPPORTED
    assert [advice.code for advice in found.advice] == [LockedInCode.STRUCTURED_OUTPUT_FIRST]
    assert found.advice[0].text.startswith("14.0% of 1,400 checked outputs failed validation in 14 days")
    assert judged(DECLARED, checks(14, mode=0.0)).advice == found.advice


@pytest.mark.parametrize(
    ("outputs", "active", "advised"),
    [
        (checks(2), False, False),
        (checks(2, mode=0.0), False, False),
        (checks(3, mode=None), None, False),
        (checks(3, mode=50.0), None, False),
        (checks(3, mode=95.0), True, False),
        (checks(3, mode=5.0), False, True),
        (checks(3, days=6), None, False),
        (checks(3, checked=4), None, False),
        ({}, None, False),
        (checks(0) | checks(90, days=1), False, False),
    ],
)
def test_failures_count_when_both_weeks_have_them_and_the_mode_is_known(
    outputs: Mapping[date, OutputChecks], active: bool | None, advised: bool
) -> None:
    found = judged(outputs=outputs)

    assert evidence(found, Support.VALIDATION_FAILURES).active is active
    assert bool(found.advice) is (advised or active is True)


def test_a_score_that_three_prompt_changes_did_not_mend_supports_the_need() -> None:
    found = judged(results=scores(160, 158, 161, 160), prompts=CHANGED)

    flat = evidence(found, Support.FLAT_SCORES)
    assert (flat.active, flat.value, flat.threshold) == (True, 3.0, 3.0)
    assert flat.text == "answers format is 0.800, below 0.95, and did not get better over 3 prompt changes"
    assert found.standing is Standing.SUPPORTED_UNDECLARED


@pytest.mark.parametrize(
    ("results", "active"),
    [
        (scores(160, 160, 160), None),
        (scores(120, 140, 160, 180), False),
        (scores(160, 195, 160, 160), False),
        (scores(160, 160, 160, 160, metric="accuracy"), None),
        (scores(160, 160, 160, 160, metric="llm/TONE/mean"), True),
        (scores(16, 16, 16, 16, n=20), None),
        (scores(160, 160, 160, 160, higher_is_better=False), None),
        (scores(160, 160, 160, 160, higher_is_better=None), None),
        ([*scores(160, 160, 160), *scores(160, 160, 160, suite_hash="h2")], None),
        ([], None),
    ],
)
def test_scores_are_flat_when_they_miss_their_target_all_along_and_did_not_get_better(
    results: Sequence[EvalResult], active: bool | None
) -> None:
    assert evidence(judged(results=results, prompts=CHANGED), Support.FLAT_SCORES).active is active


def test_where_nobody_watches_the_prompts_versions_tell_the_changes() -> None:
    series = [result(40 - 10 * index, 160, metric="format", prompt_version=f"v{index}") for index in range(4)]

    assert evidence(judged(results=series), Support.FLAT_SCORES).active is True
    same = [result(40 - 10 * index, 160, metric="format") for index in range(4)]
    assert evidence(judged(results=same), Support.FLAT_SCORES).active is None


def test_results_of_days_to_come_do_not_count() -> None:
    ahead = [result(-index, 160, metric="format", prompt_version=f"v{index}") for index in range(1, 6)]

    assert evidence(judged(results=ahead), Support.FLAT_SCORES).active is None


@pytest.mark.parametrize(("age", "active"), [(90, False), (91, True), (200, True)])
def test_a_prompt_is_stable_after_thirteen_weeks_and_supports_nothing_alone(age: int, active: bool) -> None:
    found = judged(prompts=PromptFacts(True, ago(300), frozenset({ago(age)})))

    stable = evidence(found, Support.STABLE_PROMPT)
    assert (stable.active, stable.value) == (active, age / 7)
    assert found.standing is Standing.UNMEASURED
    assert found.advice == ()


def test_a_declaration_that_the_measurements_do_not_bear_out_is_said_to_be_so() -> None:
    found = judged(DECLARED, checks(1))

    assert (found.standing, found.declared, found.advice) == (Standing.DECLARED_UNSUPPORTED, 1, ())
