"""What changes while it is counted: names, targets, processes, and what was there before anybody scraped it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import nan

import pytest

from tests.collectors.sources.prometheus.conftest import serving
from tests.collectors.sources.prometheus.stored import DAY, FIRST, HOUR, Stored, calls, day, days, every, source

pytestmark = pytest.mark.e2e


def counter(
    case: str, name: str, first: float, begin: float = 0, end: float = 4 * DAY, instance: str = "", **more: str
) -> Stored:
    """Return a counter that grows by one in each scrape of a minute, from a value."""
    labels = {"case": case, "job": case, "instance": instance or case, **more}
    return Stored(name, labels, [(at, first + n) for n, at in enumerate(every(60.0, begin, end))])


def started(case: str, when: float, begin: float = 0, end: float = 4 * DAY) -> Stored:
    """Return the time at which the process of a target started, as it is scraped."""
    labels = {"job": case, "instance": case}
    at = FIRST.timestamp() + when
    return Stored("process_start_time_seconds", labels, [(moment, at) for moment in every(60.0, begin, end)])


NOON = DAY + 12 * HOUR
A_DAY = 1440
ADDRESSES = (("10.0.0.1:8000", 9000, 5.25), ("chat:8000", 9000, 5.25), ("10.0.0.2:8000", 9001, 5.5))
WORLD = [
    # An upgrade at noon: the old name ends, the new one begins from zero.
    counter("renamed", "old_total", 7000, 0, NOON),
    counter("renamed", "new_total", 1, NOON),
    # Both names from one process; the new one has been there since noon.
    counter("beside", "old_total", 7000),
    counter("beside", "new_total", 1, NOON),
    counter("both", "old_total", 7000),
    counter("both", "new_total", 7000),
    # Half of the targets write the one name, half the other.
    counter("halves", "old_total", 500, instance="a"),
    counter("halves", "new_total", 900, instance="b"),
    # A server that had run for long when it was first scraped, one that started with the first scrape, and one
    # with a label of a team that is new.
    counter("late", "new_total", 1_000_000, NOON),
    started("late", -30 * DAY, NOON),
    counter("young", "new_total", 40, NOON),
    started("young", NOON - 60, NOON),
    counter("team", "new_total", 5, team="a"),
    counter("team", "new_total", 11, NOON, team="b"),
    started("team", -30 * DAY),
    # A label that is added to all series at noon, while the process goes on.
    counter("relabelled", "new_total", 7000, 0, NOON),
    counter("relabelled", "new_total", 7000 + 1440 + 720, NOON, cluster="eu"),
    started("relabelled", -30 * DAY),
    # The first failures of a process, under one label more, while the other series goes on.
    counter("failing", "new_total", 10, 0, 4 * DAY),
    Stored(
        "new_total",
        {"case": "failing", "job": "failing", "instance": "failing", "error": "late"},
        [(at, 9000.0) for at in every(60.0, NOON, 4 * DAY)],
    ),
    started("failing", -30 * DAY),
    # Gone for two days and a half, with more when it is back.
    counter("back", "new_total", 100, 0, 6 * HOUR),
    counter("back", "new_total", 5000, 2 * DAY + 18 * HOUR),
    # Two processes behind one target, of which each writes another name.
    counter("federated", "old_total", 500, exported_instance="a"),
    counter("federated", "new_total", 900, exported_instance="b"),
    # One process that two jobs scrape, and one of the same name elsewhere.
    *(
        Stored(
            "new_total",
            {"case": "twice", "job": job, "instance": instance},
            [(at, first + n) for n, at in enumerate(every(60.0, 0, 4 * DAY))],
        )
        for job, instance, first in (("pods", "a:1", 70.0), ("services", "a:1", 70.0), ("pods", "b:1", 70.0))
    ),
    # One process at the addresses of its pod and of its service, and another one beside it that is as busy.
    *(
        it
        for instance, first, when in (
            ("10.0.0.1:8000", 9000, 5.25),
            ("chat:8000", 9000, 5.25),
            ("10.0.0.2:8000", 9001, 5.5),
        )
        for it in (
            counter("addresses", "new_total", first, instance=instance),
            Stored(
                "process_start_time_seconds",
                {"job": "addresses", "instance": instance},
                [(at, FIRST.timestamp() - 30 * DAY + when) for at in every(60.0, 0, 4 * DAY)],
            ),
        )
    ),
    # A new start whose first sample is exactly at midnight, and scrapes every 5 s to every 5 min.
    Stored(
        "new_total",
        {"case": "midnight", "job": "midnight"},
        [(60.0 * n, float(n + 1 if n < A_DAY else n - A_DAY + 3)) for n in range(4 * A_DAY)],
    ),
    Stored(
        "new_total",
        {"case": "paces", "job": "paces"},
        [
            (at, at // 2)
            for begin, end, step in ((0, NOON, 60.0), (NOON, NOON + HOUR, 5.0), (NOON + HOUR, 4 * DAY, 300.0))
            for at in every(step, begin, end)
        ],
    ),
    # Samples that are no numbers around noon.
    Stored(
        "new_total",
        {"case": "nan", "job": "nan"},
        [(at, nan if NOON < at < NOON + 600 else float(n + 1)) for n, at in enumerate(every(60.0, 0, 4 * DAY))],
    ),
    # What rises and falls, and a process that seldom lives for an hour.
    Stored(
        "new_total",
        {"case": "gauge", "job": "gauge"},
        [(at, float(5 + n % 2)) for n, at in enumerate(every(60.0, 0, 3 * DAY))],
    ),
    Stored(
        "new_total",
        {"case": "hourly", "job": "hourly"},
        [(at, float(n % 70)) for n, at in enumerate(every(60.0, 0, 3 * DAY))],
    ),
    # Fractions.
    Stored("cost_total", {"case": "cost", "job": "cost"}, [(at, at / 8) for at in every(60.0, 0, 3 * DAY)]),
    Stored("new_total", {"case": "cost", "job": "cost"}, [(at, at / 8) for at in every(60.0, 0, 3 * DAY)]),
    # A deployment that was taken away for a day, and one that is idle.
    counter("away", "new_total", 10, 0, DAY),
    counter("away", "new_total", 4, 2 * DAY, instance="away-2"),
    Stored("new_total", {"case": "idle", "job": "idle"}, [(at, 3.0) for at in every(60.0, 0, 4 * DAY)]),
    Stored("prometheus_build_info", {"job": "p"}, [(at, 1.0) for at in every(60.0, 0, 4 * DAY)]),
]


@pytest.fixture(scope="module", params=["prometheus", "victoriametrics"])
def changing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that has all of it."""
    by_series: dict[tuple[str, tuple[tuple[str, str], ...]], list[tuple[float, float]]] = {}
    for it in WORLD:
        by_series.setdefault((it.name, tuple(it.labels.items())), []).extend(it.samples)
    found = [Stored(name, dict(labels), samples) for (name, labels), samples in by_series.items()]
    with serving(request.param, tmp_path_factory.mktemp("changing"), found) as url:
        yield url


def told(url: str, case: str, first: int = 1, last: int = 1, **settings: object) -> Mapping[int, float]:
    names = {"inferences": ["new_total", "old_total"]}
    asked = source(url, metrics=names, matching=f'case="{case}"', system="{case}", **settings)  # type: ignore[arg-type]
    return {number: value for (_, number), value in calls(asked.ask(days(first, last))).items()}


def test_a_name_that_takes_the_place_of_another_adds_to_it(changing: str) -> None:
    # The old one grew until its last sample before noon, the new one from its first, which is 1.
    assert told(changing, "renamed", 1, 2) == {1: 720 + 720, 2: A_DAY}


def test_of_two_names_beside_each_other_one_counts(changing: str) -> None:
    assert told(changing, "beside", 1, 2) == {1: A_DAY, 2: A_DAY}
    assert told(changing, "both", 1, 2) == {1: A_DAY, 2: A_DAY}


def test_two_names_of_different_targets_both_count(changing: str) -> None:
    assert told(changing, "halves") == {1: 2 * A_DAY}


def test_two_names_of_processes_behind_one_target_both_count(changing: str) -> None:
    assert told(changing, "federated") == {1: 2 * A_DAY}


def test_tokens_without_any_counter_of_calls_are_those_of_an_unknown_number_of_calls(changing: str) -> None:
    """As after an upgrade that renamed the counter of calls alone."""
    names = {"inferences": "renamed_again_total", "input_tokens": "new_total"}
    answer = source(changing, metrics=names, matching='case="team"', system="{case}").ask(days(1, 1))

    assert set(answer.partial) == {day(1)}
    assert [(reason, detail) for _, reason, detail in answer.problems] == [
        ("missing_field", "inferences: 1 systems have tokens, and no counter of calls: their number is unknown")
    ]


def problems(url: str, case: str) -> tuple[list[str], set[object]]:
    asked = source(url, metrics={"inferences": "new_total"}, matching=f'case="{case}"')
    answer = asked.ask(days(1, 1))
    return [f"{reason}: {detail}" for _, reason, detail in answer.problems], set(answer.partial)


def test_a_process_that_two_jobs_scrape_is_said(changing: str) -> None:
    (said,), partial = problems(changing, "twice")

    assert said.startswith("scraped_twice: 1 series have the same total and address under another job")
    assert partial == set()


def test_a_process_that_is_scraped_at_two_addresses_is_said(changing: str) -> None:
    (said,), partial = problems(changing, "addresses")

    assert said.startswith(
        "scraped_twice: 1 pairs of targets are one process each, as 10.0.0.1:8000 and chat:8000: scraped at two"
    )
    assert partial == set()


def test_a_start_that_is_seen_exactly_at_midnight_counts_once(changing: str) -> None:
    # The sample at midnight is the last one of the day that ends: 1439 more, and 3 since the start.
    assert told(changing, "midnight", 0, 2) == {0: 1439 + 3, 1: A_DAY, 2: A_DAY}
    assert {**told(changing, "midnight", 0, 0), **told(changing, "midnight", 1, 1)} == {0: 1439 + 3, 1: A_DAY}


def test_scrapes_of_several_paces_on_one_day_miss_nothing(changing: str) -> None:
    last = {number: max(at for at in every(300.0, NOON + HOUR, number * DAY)) for number in (2, 3)}
    before = max(every(60.0, 0, DAY))

    assert told(changing, "paces", 1, 2) == {1: last[2] // 2 - before // 2, 2: last[3] // 2 - last[2] // 2}


def test_samples_that_are_no_numbers_within_a_day_take_nothing_from_it(changing: str) -> None:
    assert told(changing, "nan", 1, 2) == {1: A_DAY, 2: A_DAY}


def test_what_falls_all_the_time_is_said_to_be_no_counter_and_its_day_is_partial(changing: str) -> None:
    (said,), partial = problems(changing, "gauge")

    assert said.startswith("many_starts: 1 series fell more than 24 times: gauges")
    assert partial == {day(1)}
    assert problems(changing, "hourly") == ([], set())


def test_a_process_that_was_old_when_it_was_first_scraped_brings_nothing_of_its_past(changing: str) -> None:
    asked = source(changing, metrics={"inferences": "new_total"}, matching='case="late"', system="{case}")
    answer = asked.ask(days(1, 2))

    assert calls(answer) == {("late", 1): 719, ("late", 2): A_DAY}
    assert set(answer.partial) == {day(1)}
    assert [reason for _, reason, _ in answer.problems] == ["unknown_beginning"]


def test_a_process_and_a_label_that_are_new_count_from_zero(changing: str) -> None:
    assert told(changing, "young") == {1: 40 + 719}
    assert told(changing, "team") == {1: A_DAY + 11 + 719}


def test_a_process_that_goes_on_under_more_labels_counts_once(changing: str) -> None:
    assert told(changing, "relabelled", 1, 2) == {1: A_DAY, 2: A_DAY}
    assert told(changing, "failing", 1, 2) == {1: A_DAY + 9000, 2: A_DAY}


def test_a_series_that_comes_back_within_the_gap_goes_on_and_after_it_is_new(changing: str) -> None:
    first = 5000 - (100 + 359)
    assert told(changing, "back", 2, 2, max_gap="2d") == {2: first + 359}
    assert told(changing, "back", 2, 2, max_gap="1d") == {2: 5000 + 359}


def test_fractions_of_a_cost_count_and_those_of_calls_are_said(changing: str) -> None:
    asked = source(
        changing,
        metrics={"inferences": "new_total", "cost_usd": "cost_total"},
        matching='case="cost"',
    )
    (row,) = (answer := asked.ask(days(1, 1))).usage

    assert (row.cost_usd, row.inferences, row.unpriced) == (86_400 / 8, 10_800, 0)
    assert answer.problems == ()
    (row,) = (answer := source(changing, metrics={"inferences": "cost_total"}).ask(days(2, 2))).usage
    assert row.inferences == 10_800


def test_what_was_taken_away_is_a_true_zero_and_so_is_what_is_idle(changing: str) -> None:
    away = source(changing, metrics={"inferences": "new_total"}, matching='case="away"').ask(days(1, 3))
    idle = source(changing, metrics={"inferences": "new_total"}, matching='case="idle"').ask(days(1, 3))

    # The witness was scraped all the time: a day without targets has no gap, and no samples.
    assert (set(away.filled), set(away.partial)) == ({day(2), day(3)}, set())
    assert calls(away) == {("bot", 2): 4 + 1439, ("bot", 3): A_DAY}
    assert (set(idle.filled), set(idle.partial), idle.usage) == ({day(1), day(2), day(3)}, set(), ())


def test_more_points_than_a_server_gives_at_once_are_asked_for_in_parts(changing: str) -> None:
    asked = source(changing, metrics={"inferences": "new_total"}, matching='case="team"', gap_after="1m")
    answer = asked.ask(days(-8, 3))

    assert len([path for path, _ in asked.asked if path == "api/v1/query_range"]) > 4
    assert calls(answer)["bot", 2] == 2 * A_DAY
    assert not {day(1), day(2)} & set(answer.partial)
