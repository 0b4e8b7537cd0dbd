"""The summary of a verdict: on one screen, whatever is known."""

from __future__ import annotations

import re
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from leverwatch.agent.cli.output import WIDTH
from leverwatch.agent.cli.summary import LINES, summary
from leverwatch.agent.framework.assess import assess
from leverwatch.agent.framework.assessment import (
    Assessment,
    AssessmentFacts,
    AssessmentSettings,
    assess_context,
)
from leverwatch.agent.framework.economics.model import Economics, Missing, Unknown
from leverwatch.agent.framework.model import Declaration, Facts, PromptFacts, Reason, Strategy, UsageFacts
from leverwatch.agent.framework.shutdowns import Shutdown
from tests.agent.exporter import assessed, samples
from tests.agent.exporter.golden import assert_golden
from tests.examples import examples

AS_OF = date(2026, 3, 30)
DAYS = [AS_OF - timedelta(days=age) for age in range(60)]
NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=200)
FACTS = st.builds(
    Facts,
    NAMES,
    st.just(AS_OF),
    st.builds(
        UsageFacts,
        st.dictionaries(st.sampled_from(DAYS), st.floats(0, 1e9), max_size=60),
        st.lists(NAMES, max_size=4).map(tuple),
        st.booleans(),
    ),
    st.builds(
        PromptFacts,
        st.booleans(),
        st.sampled_from([None, *DAYS]),
        st.frozensets(st.sampled_from(DAYS), max_size=40),
    ),
    st.none()
    | st.builds(
        Declaration, st.none() | st.sampled_from(Strategy), st.none(), st.lists(NAMES, max_size=2).map(tuple)
    ),
)


def fits(text: str) -> bool:
    lines = text.splitlines()
    return len(lines) <= LINES and all(len(line) <= WIDTH for line in lines)


def test_the_summary_of_a_system_of_which_everything_is_known_is_the_golden_one() -> None:
    text = summary(samples.grown().verdict, assessed.everything())

    assert fits(text), text
    assert_golden("explain-summary.txt", text.encode() + b"\n")


@settings(max_examples=examples(150), deadline=None)
@given(FACTS)
def test_the_summary_of_any_facts_fits_on_one_screen(facts: Facts) -> None:
    verdict = assess(facts)
    beside = assess_context(AssessmentFacts(facts, verdict), AssessmentSettings())

    assert fits(summary(verdict, beside))


@settings(max_examples=examples(100), deadline=None)
@given(
    NAMES,
    st.lists(st.text(min_size=1, max_size=400), min_size=1, max_size=30),
    st.sampled_from([assessed.everything(), assessed.little(), assessed.nothing()]),
)
def test_the_summary_fits_however_much_is_doubtful(name: str, texts: list[str], beside: Assessment) -> None:
    verdict = samples.grown().verdict
    reasons = tuple(Reason("overlapping_sources", text) for text in texts)
    verdict = replace(verdict, system=name, reasons=(*verdict.reasons, *reasons))
    if not isinstance(beside.economics, type(assessed.nothing().economics)):
        missing = tuple(Unknown(Missing.PRICE, text) for text in texts)
        beside = replace(beside, economics=replace(beside.economics, unknown=missing))

    assert fits(summary(verdict, beside))


def test_doubts_that_do_not_fit_are_counted() -> None:
    beside = assessed.everything()
    ending = beside.shutdowns
    assert isinstance(ending, tuple)
    assert isinstance(ending[0], Shutdown)
    many = replace(beside, shutdowns=ending * 40)

    text = summary(samples.grown().verdict, many)
    found = re.search(r"and (\d+) more", text)

    assert fits(text)
    assert found is not None
    assert int(found[1]) > 20
    assert text.splitlines()[-1].split() == ["more", "leverwatch", "explain", "checkout-helper", "--all"]


def test_the_whole_story_is_named_for_what_could_not_be_worked_out() -> None:
    text = summary(samples.grown().verdict, assessed.nothing())

    assert "money     unknown: not worked out" in text
    assert "next      unknown: not worked out" in text


def test_what_is_doubtful_is_never_cut_within() -> None:
    everything = assessed.everything()
    long = "the gateway and the batch jobs of the second region may count the same traffic twice, " * 2
    verdict = samples.grown().verdict
    doubtful = tuple(Reason("overlapping_sources", f"{number}: {long}") for number in range(6))

    for width in (WIDTH, 100, 160):
        for number in range(1, 7):
            doubted = replace(verdict, reasons=(*verdict.reasons, *doubtful[:number]))
            told = summary(doubted, everything, width=width)
            doubts = told[told.index("doubtful") :]
            words = " ".join(doubts.split())
            whole = sum(" ".join(doubt.text.split()) in words for doubt in doubtful[:number])
            assert "…" not in doubts
            assert 2 * whole == words.count("second region"), "one was cut"
            assert whole > 0
            assert len(told.splitlines()) <= LINES
            assert all(len(line) <= width for line in told.splitlines())


def test_a_doubt_that_is_longer_than_the_screen_is_said_to_be_there() -> None:
    verdict = samples.grown().verdict
    reason = Reason("overlapping_sources", "one may count what another one counts " * 60)
    told = summary(replace(verdict, reasons=(verdict.reasons[0], reason)), assessed.little())

    assert fits(told)
    assert re.search(r"(and|doubtful +)\s*\d+ (more|things? too long)", told)


def test_a_wider_terminal_has_longer_lines() -> None:
    verdict, beside = samples.grown().verdict, assessed.everything()

    assert len(summary(verdict, beside, width=200).splitlines()) < len(summary(verdict, beside).splitlines())


def test_an_interval_without_its_likely_amount_says_why() -> None:
    beside = assessed.everything()
    assert isinstance(beside.economics, Economics)
    assert beside.economics.change is not None
    change = replace(beside.economics.change, saving=9_900.0)
    told = summary(samples.grown().verdict, replace(beside, economics=replace(beside.economics, change=change)))

    assert "as inputs reach much farther to one side of their likely values" in " ".join(told.split())
