"""The money of a system in a few figures, and of all that differ in a sentence."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec.structs import replace

from leverwatch.agent.framework.assessment import Unavailable
from leverwatch.agent.framework.economics.model import CostOfChange, CostSplit, Economics
from leverwatch.agent.framework.model import Strategy
from leverwatch.agent.framework.review import Review
from leverwatch.agent.snapshot import SystemView
from leverwatch.agent.web.page.money import Money, at_stake, differs, money
from tests.agent.exporter import assessed, samples


def changing(saving: float, **of_economics: object) -> SystemView:
    """A system whose recommendation saves so much a month."""
    before, after = Strategy.PROMPT_ENGINEERING, Strategy.HYBRID
    change = CostOfChange(before, after, saving, saving - 1, saving + 1, 0.25, CostSplit(saving, 0, 0, 0))
    return telling(replace(assessed.economics(), **{"bill": None, "change": change, **of_economics}))


def telling(economics: Economics | Unavailable) -> SystemView:
    """A system that differs, with these economics."""
    found = samples.grown()
    assert found.assessment is not None
    return replace(found, assessment=replace(found.assessment, economics=economics))


@pytest.mark.parametrize(
    ("view", "shown"),
    [
        (changing(1234.5), Money("saves $1,234", ("25% likely to save",), known=True)),
        (changing(-12.5), Money("costs $12.50 more", ("25% likely to save",), known=True)),
        (changing(0.0), Money("costs the same", ("25% likely to save",), known=True)),
        (changing(5, bill=7.25), Money("saves $5.00", ("25% likely to save", "today's tokens $7.25"), known=True)),
        (changing(0, change=None, not_compared="nothing is declared"),
         Money("not compared", ("nothing is declared",), known=False)),
        (changing(0, change=None), Money("unknown", (), known=False)),
        (telling(Unavailable("no prices")), Money("unknown", ("no prices",), known=False)),
        (replace(samples.grown(), assessment=None), Money("unknown", (), known=False)),
    ],
)  # fmt: skip
def test_a_system_has_one_amount_or_says_that_it_is_unknown(view: SystemView, shown: Money) -> None:
    assert money(view) == shown


def test_a_system_as_declared_has_nothing_to_save_and_a_bill() -> None:
    same = CostOfChange(Strategy.HYBRID, Strategy.HYBRID, 0, 0, 0, None, CostSplit(0, 0, 0, 0))

    assert money(changing(0, change=same, bill=250)) == Money(
        "nothing to save", ("today's tokens $250",), known=True
    )


def test_savings_and_costs_are_summed_apart_and_the_unknown_is_no_zero() -> None:
    views = [changing(1000), changing(500.4), changing(-20), changing(0, change=None), samples.agreeing()]

    assert at_stake(views) == (
        "What is recommended would likely save $1,500 a month in 2 systems,"
        " would likely cost $20.00 a month more in 1 system, has an unknown price in 1 system."
    )
    assert at_stake([samples.agreeing()]) == ""


def test_only_a_system_that_differs_says_for_how_long() -> None:
    assert differs(samples.grown()) == "differs for 21 days"
    assert differs(samples.agreeing()) == ""
    assert differs(replace(samples.grown(), assessment=None)) == ""


@pytest.mark.parametrize(("days", "said"), [(0, "differs since 2026-04-01"), (1, "differs for 1 day")])
def test_a_difference_that_began_today_has_its_day(days: int, said: str) -> None:
    view = samples.grown()
    assert view.assessment is not None
    assert isinstance(view.assessment.review, Review)
    review = replace(view.assessment.review, differing_since=date(2026, 4, 1), differing_days=days)

    assert differs(replace(view, assessment=replace(view.assessment, review=review))) == said
