"""What deserves a look, and in which order."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from leverwatch.agent.framework.assessment import Assessment
from leverwatch.agent.framework.comparison import ComparisonOutcome
from leverwatch.agent.framework.economics.model import Agreement
from leverwatch.agent.framework.model import Status
from leverwatch.agent.framework.shutdowns import Urgency
from leverwatch.agent.snapshot import SystemView
from leverwatch.agent.web.page.attention import ALL_FLAGS, by_attention, flags
from tests.agent.exporter import assessed, samples
from tests.rules.rulefile import RUNBOOKS, rules


def words(view: SystemView) -> list[str]:
    return [flag.word for flag in flags(view)]


def quiet(**parts: object) -> SystemView:
    """A system that runs what is recommended, with these parts of an assessment."""
    found = assessed.little()
    return replace(samples.agreeing(), assessment=replace(found, **parts))


def test_what_needs_attention_comes_first() -> None:
    assert [view.system for view in by_attention(samples.systems().systems)] == [
        "checkout-helper",
        "contract-writer",
        "mail-sorter",
        samples.AWKWARD,
        "voice-notes",
        "answer-bot",
    ]


def test_of_equals_the_one_with_more_reasons_comes_first_and_then_the_name_decides() -> None:
    plain = replace(samples.grown(), assessment=None)
    views = [replace(plain, system=name) for name in ("c", "a", "b")]
    held = replace(plain, system="d", verdict=replace(plain.verdict, held=True))

    assert [view.system for view in by_attention([*views, held])] == ["d", "a", "b", "c"]


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (samples.grown(), ["Model ends soon", "Differs", "Tuned model worse", "Over-engineered", "Review due"]),
        (samples.conflicting(), ["Conflict", "Sources differ"]),
        (samples.stale(), ["Held"]),
        (samples.discovered(), ["Provisional"]),
        (samples.unseen(), ["Undecided"]),
        (samples.agreeing(), ["As declared"]),
    ],
    ids=lambda value: value.system.split()[0] if isinstance(value, SystemView) else None,
)
def test_the_status_is_in_words(view: SystemView, expected: list[str]) -> None:
    assert words(view) == expected


def test_a_system_can_need_attention_for_several_reasons() -> None:
    grown = samples.grown()
    verdict = replace(grown.verdict, status=Status.PROVISIONAL, held=True)

    assert words(replace(grown, verdict=verdict, assessment=None)) == ["Differs", "Held", "Provisional"]


def test_an_undeclared_system_is_decided_and_neither_agrees_nor_differs() -> None:
    view = samples.agreeing()

    assert words(replace(view, verdict=replace(view.verdict, declared=None, mismatch=None))) == ["Decided"]


@pytest.mark.parametrize("outcome", list(ComparisonOutcome))
def test_a_baseline_is_flagged_unless_it_is_usable_and_not_worse(outcome: ComparisonOutcome) -> None:
    expected = {
        ComparisonOutcome.WORSE: "Tuned model worse",
        ComparisonOutcome.BETTER: "As declared",
        ComparisonOutcome.NO_DIFFERENCE: "As declared",
    }

    assert words(quiet(baseline=replace(assessed.baseline(), outcome=outcome))) == [
        expected.get(outcome, "No baseline")
    ]


@pytest.mark.parametrize(
    ("urgency", "expected"),
    [
        (Urgency.AHEAD, "As declared"),
        (Urgency.WARNING, "Model ends"),
        (Urgency.CRITICAL, "Model ends soon"),
        (Urgency.PAST, "Model ends soon"),
    ],
)
def test_a_model_ends_when_its_shutdown_is_no_longer_far(urgency: Urgency, expected: str) -> None:
    (ending,) = assessed.ending()

    assert words(quiet(shutdowns=(replace(ending, urgency=urgency),))) == [expected]


@pytest.mark.parametrize(
    ("probability", "expected"), [(None, "As declared"), (0.79, "As declared"), (0.8, "Near threshold")]
)
def test_a_threshold_is_near_from_the_probability_of_the_alert_on(
    probability: float | None, expected: str
) -> None:
    outlook = assessed.outlook()
    crossing = replace(outlook.outlooks[1], probability=probability)

    assert words(quiet(outlook=replace(outlook, outlooks=(crossing,)))) == [expected]


def test_cost_disagrees_only_where_the_verdict_is_decided() -> None:
    view = quiet(agreement=Agreement.DISAGREES)
    soft = replace(view, verdict=replace(view.verdict, status=Status.PROVISIONAL))

    assert words(view) == ["Cost disagrees"]
    assert words(soft) == ["Provisional"]
    assert words(quiet(agreement=Agreement.OUTRANKED)) == ["As declared"]


def costing(saving: float) -> SystemView:
    """A system that differs from its declaration, with this saving a month in doing what is recommended."""
    economics = assessed.economics()
    assert economics.change is not None
    change = replace(economics.change, saving=saving)
    found = replace(assessed.little(), economics=replace(economics, change=change), agreement=Agreement.DISAGREES)
    return replace(samples.grown(), assessment=found)


def test_a_system_that_would_pay_more_differs_in_other_words_and_less_urgently() -> None:
    assert words(costing(12.0)) == ["Differs", "Cost disagrees"]
    assert words(costing(0.0)) == ["Differs", "Cost disagrees"]
    assert words(costing(-0.01)) == ["Would cost more"]
    assert by_attention([costing(-5.0), replace(costing(5.0), system="z")])[0].system == "z"


@pytest.mark.parametrize("found", [None, assessed.nothing(), assessed.little()], ids=["none", "nothing", "little"])
def test_what_is_unknown_raises_no_flag(found: Assessment | None) -> None:
    assert words(replace(samples.agreeing(), assessment=found)) == ["As declared"]


def test_flags_and_alerts_agree_on_what_a_system_can_have() -> None:
    """All but the crossing of a threshold, which only Prometheus compares with the review, and prompts that
    are not found, which is about the configuration of a source."""
    view = replace(
        samples.grown(),
        verdict=replace(samples.grown().verdict, held=True, conflict=True),
        assessment=replace(
            assessed.everything(),
            agreement=Agreement.DISAGREES,
            outlook=replace(
                assessed.outlook(), outlooks=(replace(assessed.outlook().outlooks[1], probability=1.0),)
            ),
        ),
    )
    dear = costing(-0.01)
    missing = quiet(baseline=replace(assessed.baseline(), outcome=ComparisonOutcome.MISSING))
    named = {flag.alert for shown in (view, missing, dear, samples.conflicting()) for flag in flags(shown)}

    unseen = {"LeverwatchVolumeThresholdCrossed", "LeverwatchPromptsNotFound"}
    assert named | unseen == {rule["alert"] for rule in rules("leverwatch-systems")}


def test_the_documentation_lists_every_flag_in_its_order_with_its_runbook() -> None:
    documented = (RUNBOOKS.parent / "status-page.md").read_text()
    rows = re.findall(r"^\| (\S) ([A-Z][\w -]+) \| .+ \| (?:\[(\w+)\]\(.+\))? ?\|$", documented, re.MULTILINE)

    assert rows == [(flag.sign, flag.word, flag.alert or "") for flag in ALL_FLAGS]
