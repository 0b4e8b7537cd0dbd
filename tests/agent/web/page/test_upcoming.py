"""What changes next for a system."""

from __future__ import annotations

from datetime import date

from msgspec.structs import replace

from leverwatch.agent.framework.assessment import Unavailable
from leverwatch.agent.framework.forecast.model import Direction, Outlook, Target
from leverwatch.agent.framework.model import Band, Boundary, Rule, Settings
from leverwatch.agent.snapshot import SystemView
from leverwatch.agent.web.page.upcoming import Upcoming, unforeseen, upcoming
from tests.agent.exporter import assessed, samples

SETTINGS = Settings()
NEWEST = samples.AS_OF


def with_crossing(outlook: Outlook, view: SystemView | None = None) -> SystemView:
    found = replace(assessed.little(), outlook=replace(assessed.outlook(), outlooks=(outlook,)))
    return replace(view or samples.grown(), assessment=found)


def test_the_nearest_day_comes_first() -> None:
    assert upcoming(samples.grown(), SETTINGS) == (
        Upcoming(date(2026, 4, 20), "small-1 is shut down"),
        Upcoming(date(2026, 5, 11), "volume reaches 1.00B: Fine-tuning", "2026-04-20 to 2026-06-08, 75% likely"),
    )


def test_a_candidate_settles_when_it_has_dwelt_long_enough() -> None:
    assert upcoming(samples.discovered(), SETTINGS) == (
        Upcoming(date(2026, 4, 3), "mid band settles if volume stays: Hybrid"),
    )


def test_a_volume_that_falls_leaves_its_band_downwards() -> None:
    falling = Outlook(Target(Boundary.HYBRID, Direction.DOWN, 9e7), date(2026, 6, 1), None, None, None)

    assert upcoming(with_crossing(falling), SETTINGS) == (
        Upcoming(date(2026, 6, 1), "volume falls below 100M: Prompt engineering"),
    )


def test_an_operational_rule_keeps_its_recommendation_at_a_crossing() -> None:
    rising = Outlook(Target(Boundary.HYBRID, Direction.UP, 1e8), date(2026, 6, 1), None, None, 0.5)
    view = samples.agreeing()
    assert view.verdict.rule is Rule.LOCKED_IN_BEHAVIOR

    (found,) = upcoming(with_crossing(rising, view), SETTINGS)
    assert found.text == "volume reaches 100M"
    assert found.more == "50% likely; an operational rule decides, so the recommendation stays"


def test_a_crossing_that_is_only_possible_is_given_as_such() -> None:
    possible = Outlook(Target(Boundary.FINE_TUNING, Direction.UP, 1e9), None, date(2026, 6, 1), None, 0.3)

    (found,) = upcoming(with_crossing(possible), SETTINGS)
    assert found.more == "at the earliest, 30% likely"


def test_a_latest_day_beyond_the_horizon_is_later() -> None:
    open_ended = Outlook(
        Target(Boundary.FINE_TUNING, Direction.UP, 1e9), date(2026, 6, 1), date(2026, 5, 1), None, None
    )

    (found,) = upcoming(with_crossing(open_ended), SETTINGS)
    assert found.more == "2026-05-01 to later"


def test_a_review_is_ahead_until_it_is_due() -> None:
    review = replace(assessed.review(), due=False, due_on=date(2026, 5, 30))
    view = replace(samples.agreeing(), assessment=replace(assessed.little(), review=review))
    due = replace(view, assessment=replace(assessed.little(), review=assessed.review()))

    assert upcoming(view, SETTINGS) == (Upcoming(date(2026, 5, 30), "review due"),)
    assert upcoming(due, SETTINGS) == ()


def test_nothing_in_sight_differs_from_no_forecast() -> None:
    view = samples.agreeing()

    def told(outlook: object) -> str:
        return unforeseen(replace(view, assessment=replace(assessed.little(), outlook=outlook)))

    assert told(assessed.outlook()) == ""
    assert told(assessed.little().outlook) == "no forecast yet: 3 complete weeks of usage"
    assert told(Unavailable("usage is stale")) == "no forecast: usage is stale"
    assert unforeseen(replace(view, assessment=None)) == "no forecast"


def test_a_band_dwells_for_a_day_more_even_when_its_time_is_over() -> None:
    view = samples.discovered()
    volume = replace(view.verdict.volume, candidate=Band.MID, candidate_days=7)

    (found,) = upcoming(replace(view, verdict=replace(view.verdict, volume=volume)), SETTINGS)
    assert (found.day - NEWEST).days == 1
