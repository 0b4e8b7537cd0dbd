"""The arithmetic of counters, with literals, and for any samples and any days."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.sources.prometheus.coverage import Presence, missing
from leverwatch.collectors.sources.prometheus.totals import Grown, chosen, corrected, of_replicas, recovered

NOBODY = Presence(frozenset(), frozenset(), {})


@pytest.mark.parametrize(
    ("before", "samples", "grown"),
    [
        (100, [110, 120], 20),
        (100, [100], 0),
        (100, [7, 9], 9),
        (100, [110, 3, 5, 2], 10 + 3 + 2 + 2),
        (None, [500, 510], 510),
        (None, [], 0),
        (0.25, [0.75, 0.5], 1.0),
        # Two that scrape one counter take turns, and one of them is behind.
        (172_000, [171_990, 172_020, 172_015, 172_040], 40),
        (172_000, [17_000], 17_000),
        (1000, [995], 995),
    ],
)
def test_a_counter_that_starts_anew_goes_on_from_zero(
    before: float | None, samples: list[float], grown: float
) -> None:
    assert recovered(before, samples) == grown


def test_only_the_hours_with_a_new_start_are_corrected() -> None:
    # 100, 120 | 130, 5, 9 | 20, 30 | 4: hours of a day, of which the second and the fourth have a new start.
    assert corrected(100, 4, [(120, [130, 5, 9]), (30, [4])]) == 20 + (10 + 5 + 4) + (11 + 10) + 4
    assert corrected(None, 9, [(None, [3, 9])]) == 9


# A sample: the counter grew, or it started anew.
_STEPS = st.lists(
    st.tuples(st.booleans(), st.integers(0, 40), st.booleans(), st.booleans()), min_size=1, max_size=60
)


@given(_STEPS, st.booleans())
def test_days_of_any_split_add_up_to_the_running_total(
    steps: list[tuple[bool, int, bool, bool]], is_new: bool
) -> None:
    value, samples, hour, day = 50, [], 0, 0
    for is_anew, amount, ends_hour, ends_day in steps:
        value = amount if is_anew else value + amount
        hour, day = hour + (ends_hour or ends_day), day + ends_day
        samples.append((day, hour, value))
    before = None if is_new else 50
    total = recovered(before, [value for _, _, value in samples])

    told, last = 0.0, before
    for number in range(day + 1):
        of_day = [it for it in samples if it[0] == number]
        if not of_day:
            continue
        pieces = []
        for hour in sorted({it[1] for it in of_day}):
            values = [it[2] for it in of_day if it[1] == hour]
            earlier = [it[2] for it in of_day if it[1] < hour]
            first = earlier[-1] if earlier else last
            fell = any(after < one for one, after in zip([first or 0, *values], values, strict=False))
            if fell:
                pieces.append((first, values))
        told += corrected(last, of_day[-1][2], pieces)
        last = of_day[-1][2]

    assert told == total


def test_of_replicas_the_maximum_counts_from_the_newest_total_of_any() -> None:
    # One was blind over midnight: its day has what the other one told the day before.
    blind, other = Grown(100, 190, None, None), Grown(150, 188, None, 150)
    assert of_replicas([blind, other]) == 40
    assert of_replicas([Grown(100, 190, None, 100), Grown(99, 189, None, 99)]) == 90
    # One stopped before the counter started anew, which the other one saw.
    assert of_replicas([Grown(1000, 1000, None, None), Grown(20, 70, None, 20)]) == 50
    # One comes back after a start that the other one saw, and has its own first sample of it.
    assert of_replicas([Grown(1000, 60, 60, None), Grown(20, 61, None, 20)]) == 41
    # One is new beside one that was there.
    assert of_replicas([Grown(None, 125, None, None), Grown(100, 124, None, 100)]) == 25
    assert of_replicas([Grown(None, 5, None, None), Grown(None, 4, None, None)]) == 5
    # Both saw a start, the one of them less of what was before it.
    assert of_replicas([Grown(100, 30, 50, 100), Grown(100, 30, 44, 100)]) == 50


def test_names_of_one_counter_add_up_one_after_the_other_and_not_beside_each_other() -> None:
    assert chosen({0: {"a": 40.0}, 1: {"a": 60.0, "b": 1.0}}, []) == {"a": 100, "b": 1}
    assert chosen({0: {"a": 40.0}, 1: {"a": 100.0}}, [1]) == {"a": 100}
    assert chosen({0: {"a": 100.0}, 1: {"a": 100.0}, 2: {"a": 7.0}}, [1]) == {"a": 107}
    # Under other labels it is still the same.
    assert chosen({0: {"a": 100.0}, 1: {"b": 60.0, "c": 40.0}}, [1]) == {"a": 100}
    assert chosen({1: {"a": 3.0}}, []) == {"a": 3}


def seen(*ends: float) -> Presence:
    return Presence(frozenset(ends), frozenset(), {})


@pytest.mark.parametrize(
    ("presence", "share"),
    [
        (seen(1, 2, 3, 4), 0),
        (seen(1, 4), 0.5),
        (seen(1, 2), 0),
        (seen(0, 5), 1),
        (NOBODY, 0),
        # With a witness: it was there, but nothing was to be scraped; or it was not there either.
        (Presence(frozenset({1, 4}), frozenset({1, 2, 3, 4}), {}), 0),
        (Presence(frozenset({1, 4}), frozenset({1, 3, 4}), {}), 0.25),
        (Presence(frozenset({1, 2}), frozenset({1, 2}), {}), 0.5),
        # Of four targets, one did not answer half of the time.
        (Presence(frozenset({1, 2, 3, 4}), frozenset(), {1: 0.25, 2: 0.25}), 0.125),
        (Presence(frozenset({3, 4}), frozenset({1, 2, 3, 4}), {1: 1, 2: 1}), 0.5),
    ],
)
def test_samples_are_missing_where_something_should_have_been_scraped(presence: Presence, share: float) -> None:
    assert missing(presence, [1, 2, 3, 4]) == share


def test_of_no_time_nothing_is_missing() -> None:
    assert missing(seen(1), []) == 0
